/** The API reference, made of the public headers and the type declarations: `node build.js SITE` writes SITE/api/. */
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { readDeclarations } from "./declarations.js";
import { readHeader } from "./headers.js";
import { overview, referencePage } from "./page.js";

/** @typedef {import("./page.js").Placed} Placed */

const root = fileURLToPath(new URL("../../", import.meta.url));
const DECLARATIONS = [
  { file: "wasm/ntrace.d.ts", title: "neighborhood-traces", path: "javascript.html" },
  { file: "web/embed/neighborhood-trace.d.ts", title: "neighborhood-traces/element", path: "element.html" },
];

/** @returns {Promise<Placed[]>} */
async function readAll() {
  const declared = DECLARATIONS.map(async ({ file, title, path }) => ({ path, language: /** @type {const} */ ("JavaScript"), page: readDeclarations(await readFile(join(root, file), "utf8"), title) }));
  const names = (await readdir(join(root, "include/ntrace"))).filter((name) => name.endsWith(".h")).sort();
  const headers = names.map(async (name) => ({ path: `c/${name.replace(".h", ".html")}`, language: /** @type {const} */ ("C"), page: readHeader(await readFile(join(root, "include/ntrace", name), "utf8"), name) }));
  return Promise.all([...declared, ...headers]);
}

/** Where each name is declared. @param {Placed[]} all */
export function placesOf(all) {
  /** @type {Map<string, string>} */
  const places = new Map();
  for (const { path, page } of all) for (const { names } of page.entries) for (const name of names) if (!places.has(name)) places.set(name, path);
  return places;
}

/** @param {string} site */
async function buildApi(site) {
  const folder = join(site, "api");
  const all = await readAll();
  const places = placesOf(all);
  await rm(folder, { recursive: true, force: true });
  const pages = [{ path: "index.html", html: overview(all) }, ...all.map((placed) => ({ path: placed.path, html: referencePage(placed, all, places) }))];
  for (const { path, html } of pages) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), html);
  }
  await build({ bundle: true, minify: true, logLevel: "warning", entryPoints: [join(root, "web/styles/api.css")], outdir: folder });
}

await buildApi(process.argv[2]);
