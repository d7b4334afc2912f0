/** The page's scripts: few files, of which a page can ask at once for all that it needs. */
import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { common } from "./engine_build.js";

/** @typedef {import("esbuild").Metafile} Metafile */

const web = fileURLToPath(new URL(".", import.meta.url));
const PAGE = join(web, "main.js");
const PAINTER = join(web, "explore/plot_worker.js");
/** Bytes below which what several parts share is not worth a request of its own. */
const SMALL = 4096;

/** The page imports the engine from ../wasm, where the type checker finds it; on the site it is its own file, seen from the scripts' folder. @type {import("esbuild").Plugin} */
const engineApart = {
  name: "engine-apart",
  setup: ({ onResolve }) => onResolve({ filter: /\/wasm\/ntrace\.js$/ }, () => ({ path: "../engine/ntrace.js", external: true })),
};

/** Modules that import others before all that they import anyway. @param {Map<string, string[]>} more @returns {import("esbuild").Plugin} */
const importing = (more) => ({
  name: "importing",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const paths = more.get(path);
      return paths && { contents: `${paths.map((each) => `import ${JSON.stringify(each)};`).join("\n")}\n${await readFile(path, "utf8")}`, loader: "js" };
    }),
});

/** @param {string} folder @param {import("esbuild").Plugin[]} plugins @param {boolean} write */
async function bundle(folder, plugins, write) {
  const names = { entryPoints: { app: PAGE, painter: PAINTER }, chunkNames: "scripts/[name]-[hash]" };
  const { metafile } = await build({ ...common, ...names, outdir: folder, splitting: true, metafile: true, write, plugins: [engineApart, ...plugins] });
  return metafile;
}

/** A script that is loaded by itself, and all that comes with it. @param {Metafile} metafile @param {string} script @returns {Set<string>} */
function filesOf({ outputs }, script) {
  const found = new Set(Object.keys(outputs).filter((file) => resolve(outputs[file].entryPoint ?? "") === script));
  for (const file of found) for (const { path, kind, external } of outputs[file].imports) if (kind === "import-statement" && !external) found.add(path);
  return found;
}

/** The page's own scripts that come when they are needed. @param {Metafile} metafile */
const partsOf = ({ outputs }) =>
  Object.values(outputs).flatMap(({ entryPoint }) => (entryPoint && !entryPoint.includes("node_modules") ? [resolve(entryPoint)] : [])).filter((script) => script !== PAGE && script !== PAINTER);

/** Modules that several parts share and that are small. @param {Metafile} metafile */
function smallShared(metafile) {
  const painter = filesOf(metafile, PAINTER);
  const shared = Object.entries(metafile.outputs).filter(([file, { entryPoint, bytes }]) => !entryPoint && bytes < SMALL && !painter.has(file));
  return shared.flatMap(([, { inputs }]) => Object.keys(inputs)).filter((module) => !module.includes("node_modules")).map((module) => resolve(module));
}

/**
 * Builds the page's scripts into a folder. What a part has in common with the page itself, which is always there before it, stands in
 * one file, since the part imports the page; so do small modules that parts share. Otherwise each set of parts that shares anything
 * has its own file, most of them tiny, and each takes a slow network's time to ask for it.
 * @param {string} folder
 * @returns {Promise<{ always: string[], parts: Map<string, string[]> }>} the files that the page always needs, and those of each part, by its path in web/
 */
export async function buildScripts(folder) {
  const plain = await bundle(folder, [], false);
  const more = new Map(partsOf(plain).map((script) => [script, [PAGE]]));
  const metafile = await bundle(folder, [importing(more.set(PAGE, smallShared(plain).filter((module) => module !== PAGE)))], true);
  const page = filesOf(metafile, PAGE);
  const named = (/** @type {Iterable<string>} */ files) => Array.from(files, (file) => relative(folder, file));
  const parts = partsOf(metafile).map((script) => /** @type {[string, string[]]} */ ([relative(web, script), named([...filesOf(metafile, script)].filter((file) => !page.has(file)))]));
  return { always: [...named(page), "engine/ntrace.js"], parts: new Map(parts) };
}
