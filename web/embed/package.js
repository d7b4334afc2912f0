/** The npm package, ready for `npm pack`: `node package.js SITE SMALL.wasm VERSION FOLDER` takes what the site has built. */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

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
for (const file of ["engine/ntrace.js", "engine/worker.js", "engine/ntrace.d.ts", "embed"]) await cp(join(site, file), join(folder, file), { recursive: true });
await cp(module, join(folder, "engine/ntrace-simd.wasm"));
await cp(join(here, "examples"), join(folder, "examples"), { recursive: true });
await cp(join(here, "README.md"), join(folder, "README.md"));
await build({
  entryPoints: [join(wasm, "node.js"), join(wasm, "node_worker.js")],
  outdir: join(folder, "engine"),
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "warning",
  external: ["./worker.js"],
});
await writeFile(join(folder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
