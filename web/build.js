/**
 * Puts the site together: `node build.js SITE`. All that the page loads lies in a folder named after its contents, code/<identity>/, so
 * that a page never gets files of another version, whatever its host or its browser keep; index.html names the folder. The engine
 * lies apart in engine/ too, for those who embed it.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build, transform } from "esbuild";

import { buildEmbed } from "./embed/build.js";
import { hashOf, policyFor } from "./policy.js";

const web = fileURLToPath(new URL(".", import.meta.url));
const wasm = join(web, "../wasm");
const site = process.argv[2];
/** What is copied as it is, beside index.html. */
const STATIC = /\.(svg|png|webmanifest)$/;
const STYLES = ["site", "explorer_route", "trace_route", "draw_route", "open_route"];

/** @type {import("esbuild").BuildOptions} */
const common = { bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", logLevel: "warning" };

/** The page imports the engine from ../wasm, where the type checker finds it; on the site it is its own file. @type {import("esbuild").Plugin} */
const engineApart = {
  name: "engine-apart",
  setup: ({ onResolve }) => onResolve({ filter: /\/wasm\/ntrace\.js$/ }, () => ({ path: "./engine/ntrace.js", external: true })),
};

/** Emscripten's script for the packer, as the Makefile leaves it. @type {import("esbuild").Plugin} */
const packer = {
  name: "packer",
  setup: ({ onResolve }) => onResolve({ filter: /^packer$/ }, () => ({ path: resolve(site, "../wasm/packer/pack-simd.js") })),
};

/** @param {Uint8Array | string} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The files below a folder, in order. @param {string} folder @returns {Promise<string[]>} */
async function filesBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(/** @type {any} */ (entry).parentPath ?? entry.path, entry.name)).sort();
}

/** The engine's scripts, which know the hash of each of its builds. */
async function buildEngine() {
  const engine = join(site, "engine");
  await mkdir(engine, { recursive: true });
  await rm(join(engine, "parts"), { recursive: true, force: true });
  const builds = (await readdir(engine)).filter((name) => name.endsWith(".wasm")).sort();
  const hashes = await Promise.all(builds.map(async (name) => [name, sha256(await readFile(join(engine, name)))]));
  const define = { NTRACE_BUILDS: JSON.stringify(Object.fromEntries(hashes)) };
  await build({ ...common, entryPoints: [join(wasm, "ntrace.js")], outdir: engine });
  await build({ ...common, define, entryPoints: [join(wasm, "worker.js")], outdir: engine, splitting: true, chunkNames: "parts/[name]-[hash]" });
  await cp(join(wasm, "ntrace.d.ts"), join(engine, "ntrace.d.ts"));
}

/** All that the page loads. @returns {Promise<string>} the folder, relative to the site */
async function buildCode() {
  const code = join(site, "code");
  const fresh = join(site, "code.new");
  await rm(fresh, { recursive: true, force: true });
  const entryPoints = { app: join(web, "main.js"), painter: join(web, "explore/plot_worker.js") };
  await build({ ...common, entryPoints, outdir: fresh, splitting: true, chunkNames: "scripts/[name]-[hash]", plugins: [engineApart] });
  await build({ ...common, entryPoints: { opener: join(web, "open/worker.js") }, outdir: fresh, plugins: [packer] });
  await build({ bundle: true, minify: true, logLevel: "warning", entryPoints: STYLES.map((name) => join(web, `styles/${name}.css`)), outdir: join(fresh, "styles") });
  await cp(join(site, "engine"), join(fresh, "engine"), { recursive: true, filter: (path) => !path.endsWith(".d.ts") });
  const listed = await Promise.all((await filesBelow(fresh)).map(async (file) => `${file.slice(fresh.length)} ${sha256(await readFile(file))}`));
  const identity = sha256(listed.join("\n")).slice(0, 16);
  await rm(code, { recursive: true, force: true });
  await mkdir(code);
  await rename(fresh, join(code, identity));
  return `code/${identity}/`;
}

/** Puts something in the place of a piece of index.html. @param {string} page @param {string} piece @param {string} other */
function put(page, piece, other) {
  if (page.split(piece).length !== 2) throw new Error(`index.html has to hold ${piece} once.`);
  return page.replace(piece, () => other);
}

/** @param {string} code */
async function buildPage(code) {
  const early = (await transform(await readFile(join(web, "early.js"), "utf8"), { minify: true, format: "iife", target: "es2022" })).code.trim();
  let page = await readFile(join(web, "index.html"), "utf8");
  page = put(page, 'content="policy"', `content="${policyFor([hashOf(early)])}"`);
  page = put(page, '<script src="early.js"></script>', `<script>${early}</script>`);
  page = put(page, 'href="styles/site.css"', `href="${code}styles/site.css"`);
  page = put(page, 'src="app.js"', `src="${code}app.js"`);
  await writeFile(join(site, "index.html"), page);
}

await mkdir(site, { recursive: true });
await buildEngine();
await buildPage(await buildCode());
for (const entry of await readdir(web, { withFileTypes: true })) {
  if (entry.isFile() && STATIC.test(entry.name)) await cp(join(web, entry.name), join(site, entry.name));
}
for (const old of ["app.js", "early.js", "painter.js", "scripts", "styles", "sw.js", "build.json"]) await rm(join(site, old), { recursive: true, force: true });
await buildEmbed(site, common);
