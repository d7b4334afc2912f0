/** What hosts of static files look for beside a page: `node build.js SITE` writes 404.html and _headers into the site. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { hashOf } from "../policy.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const site = process.argv[2];

const page = await readFile(join(here, "404.html"), "utf8");
const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? "";
await writeFile(join(site, "404.html"), page.replace('content="policy"', `content="default-src 'none'; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'"`));
await cp(join(here, "_headers"), join(site, "_headers"));
