/** The npm package, ready for `npm pack`: `node package.js SITE SMALL.wasm VERSION FOLDER` takes what the site has built. */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { buildEngine, common } from "../engine_build.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const wasm = join(here, "../../wasm");
const [site, module, version, folder] = process.argv.slice(2);

const description = {
  name: "neighborhood-traces",
  version,
  description: "How a neural network moves the neighbours of a sample, layer by layer: an element for any page, and the engine behind it, in WebAssembly",
  keywords: ["neural-network", "embeddings", "nearest-neighbors", "visualization", "web-component", "webassembly"],
  type: "module",
  engines: { node: ">=20" },
  sideEffects: ["./embed/neighborhood-trace.js"],
  exports: {
    ".": { types: "./engine/ntrace.d.ts", node: "./engine/node.js", default: "./engine/ntrace.js" },
    "./element": { types: "./embed/neighborhood-trace.d.ts", default: "./embed/neighborhood-trace.js" },
    "./package.json": "./package.json",
  },
  types: "./engine/ntrace.d.ts",
  files: ["engine", "embed", "examples"],
};

await rm(folder, { recursive: true, force: true });
await mkdir(join(folder, "engine"), { recursive: true });
await cp(join(site, "embed"), join(folder, "embed"), { recursive: true });
await cp(join(site, "engine/ntrace-sheet.wasm"), join(folder, "engine/ntrace-sheet.wasm"));
await cp(module, join(folder, "engine/ntrace-simd.wasm"));
await buildEngine(join(folder, "engine"));
await cp(join(here, "examples"), join(folder, "examples"), { recursive: true });
await cp(join(here, "README.md"), join(folder, "README.md"));
// What browsers and Node.js share comes once; in this folder, where it finds the worker.
await build({
  ...common,
  entryPoints: ["ntrace", "node", "node_worker"].map((name) => join(wasm, `${name}.js`)),
  outdir: join(folder, "engine"),
  splitting: true,
  chunkNames: "shared-[hash]",
  external: ["node:*", "./worker.js"],
});
await writeFile(join(folder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
