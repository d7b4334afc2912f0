/** Puts the site's scripts together: `node build.js SITE`. Engine and page are bundled apart, so that others can embed the engine. */
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { buildEmbed } from "./embed/build.js";

const web = fileURLToPath(new URL(".", import.meta.url));
const wasm = join(web, "../wasm");
const site = process.argv[2];
/** What is copied as it is: page, styles, pictures, fonts. */
const STATIC = /\.(html|css|svg|png|woff2|webmanifest)$/;

/** @type {import("esbuild").BuildOptions} */
const common = { bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", logLevel: "warning" };

/** The page imports the engine from ../wasm, where the type checker finds it; on the site it is its own file. @type {import("esbuild").Plugin} */
const engineApart = {
  name: "engine-apart",
  setup: ({ onResolve }) => onResolve({ filter: /\/wasm\/ntrace\.js$/ }, () => ({ path: "./engine/ntrace.js", external: true })),
};

await mkdir(join(site, "engine"), { recursive: true });
await build({ ...common, entryPoints: [join(wasm, "ntrace.js"), join(wasm, "worker.js")], outdir: join(site, "engine") });
await cp(join(wasm, "ntrace.d.ts"), join(site, "engine/ntrace.d.ts"));
await rm(join(site, "scripts"), { recursive: true, force: true });
const entryPoints = { app: join(web, "main.js"), early: join(web, "early.js"), painter: join(web, "explore/plot_worker.js") };
await build({ ...common, entryPoints, outdir: site, splitting: true, chunkNames: "scripts/[name]-[hash]", plugins: [engineApart] });
for (const entry of await readdir(web, { withFileTypes: true })) {
  if (entry.isFile() && STATIC.test(entry.name)) await cp(join(web, entry.name), join(site, entry.name));
}
await rm(join(site, "styles"), { recursive: true, force: true });
await build({ bundle: true, minify: true, logLevel: "warning", entryPoints: ["site", "explorer_route", "trace_route"].map((name) => join(web, `styles/${name}.css`)), outdir: join(site, "styles") });
await buildEmbed(site, common);
