/**
 * Puts the site together: `node build.js SITE`. All that the page loads lies in a folder named after its contents, code/<identity>/, so
 * that a page never gets files of another version, whatever its host or its browser keep; index.html names the folder. The engine
 * lies apart in engine/ too, for those who embed it.
 */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build, transform } from "esbuild";

import { buildEmbed } from "./embed/build.js";
import { packerIn } from "./open/packer_script.js";
import { buildEngine, common, sha256 } from "./engine_build.js";
import { hashOf, policyFor } from "./policy.js";
import { buildScripts } from "./scripts_build.js";
import { TYPES } from "./serve.js";

const web = fileURLToPath(new URL(".", import.meta.url));
const site = process.argv[2];
/** What is copied as it is, beside index.html. */
const STATIC = /\.(svg|png|webmanifest)$/;
const STYLES = ["site", "explore_route", "trace_route", "draw_route", "open_route"];

/** The files below a folder, in order. @param {string} folder @returns {Promise<string[]>} */
async function filesBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(/** @type {any} */ (entry).parentPath ?? entry.path, entry.name)).sort();
}

/** All that the page loads, and the page without it, in a folder that has no name yet. @param {string} fresh */
async function buildCode(fresh) {
  await rm(fresh, { recursive: true, force: true });
  const scripts = await buildScripts(fresh);
  await build({ ...common, entryPoints: { opener: join(web, "open/worker.js") }, outdir: fresh, plugins: [packerIn(site)] });
  await build({ bundle: true, minify: true, logLevel: "warning", entryPoints: STYLES.map((name) => join(web, `styles/${name}.css`)), outdir: join(fresh, "styles") });
  await cp(join(site, "engine"), join(fresh, "engine"), { recursive: true, filter: (path) => !path.endsWith(".d.ts") });
  return scripts;
}

/** Has the page ask at once for what it would else hear of script by script, and early.js for the route's. @param {string} folder @param {Awaited<ReturnType<typeof buildScripts>>} scripts */
function askAhead(folder, { always, parts }) {
  const routes = [...parts].flatMap(([script, files]) => {
    const [, name] = /^routes\/(\w+)\.js$/.exec(script) ?? [];
    return name ? [`<meta name="ahead-${name}" content="${files.map((file) => folder + file).join(" ")}">`] : [];
  });
  return [...always.map((file) => `<link rel="modulepreload" href="${folder}${file}">`), ...routes].join("\n    ");
}

/** Puts something in the place of a piece of index.html. @param {string} page @param {string} piece @param {string} other */
function put(page, piece, other) {
  if (page.split(piece).length !== 2) throw new Error(`index.html has to hold ${piece} once.`);
  return page.replace(piece, () => other);
}

/** index.html with its policy and its early script. */
async function buildPage() {
  const early = (await transform(await readFile(join(web, "early.js"), "utf8"), { minify: true, format: "iife", target: "es2022" })).code.trim();
  const page = put(await readFile(join(web, "index.html"), "utf8"), 'content="policy"', `content="${policyFor([hashOf(early)])}"`);
  return put(page, '<script src="early.js"></script>', `<script>${early}</script>`);
}

/** @param {string} folder @param {string} file */
const listed = async (folder, file) => ({ path: file.slice(folder.length + 1), sha256: sha256(await readFile(file)), type: TYPES[extname(file)] ?? "application/octet-stream" });

/** The service worker's script, which knows its build. @param {string} identity @param {Awaited<ReturnType<typeof listed>>[]} files */
async function buildService(identity, files) {
  const define = { NTRACE_SITE: JSON.stringify({ build: identity, files }) };
  await build({ ...common, format: "iife", define, entryPoints: { sw: join(web, "service/worker.js") }, outdir: site });
}

/** The whole page, in a folder named after all that it is made of. */
async function buildSite() {
  const fresh = join(site, "code.new");
  const scripts = await buildCode(fresh);
  const beside = (await readdir(web, { withFileTypes: true })).filter((entry) => entry.isFile() && STATIC.test(entry.name)).map(({ name }) => name).sort();
  for (const name of beside) await cp(join(web, name), join(site, name));
  const [page, ...service] = await Promise.all([buildPage(), ...["worker", "names"].map((name) => readFile(join(web, `service/${name}.js`), "utf8"))]);
  const code = await Promise.all((await filesBelow(fresh)).map((file) => listed(fresh, file)));
  const others = await Promise.all(beside.map((name) => listed(site, join(site, name))));
  const identity = sha256(JSON.stringify([code, others, page, service])).slice(0, 16);
  const folder = `code/${identity}/`;
  await rm(join(site, "code"), { recursive: true, force: true });
  await mkdir(join(site, "code"));
  await rename(fresh, join(site, folder));
  await buildService(identity, [...code.map((file) => ({ ...file, path: folder + file.path })), ...others]);
  const placed = [
    ["<!-- ahead -->", askAhead(folder, scripts)],
    ['href="styles/site.css"', `href="${folder}styles/site.css"`],
    ['src="app.js"', `src="${folder}app.js"`],
  ];
  await writeFile(join(site, "index.html"), placed.reduce((text, [piece, other]) => put(text, piece, other), page));
}

await mkdir(site, { recursive: true });
await buildEngine(join(site, "engine"));
await buildSite();
for (const old of ["app.js", "early.js", "painter.js", "scripts", "styles"]) await rm(join(site, old), { recursive: true, force: true });
await buildEmbed(site);
