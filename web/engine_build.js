/** The engine's part of the site, and of the npm package. */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const wasm = fileURLToPath(new URL("../wasm/", import.meta.url));

/** @type {import("esbuild").BuildOptions} */
export const common = { bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", logLevel: "warning" };

/** @param {Uint8Array | string} bytes */
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The engine's scripts, beside its builds in a folder: they know the hash of each. @param {string} engine */
export async function buildEngine(engine) {
  await mkdir(engine, { recursive: true });
  await rm(join(engine, "parts"), { recursive: true, force: true });
  const builds = (await readdir(engine)).filter((name) => name.endsWith(".wasm")).sort();
  const hashes = await Promise.all(builds.map(async (name) => [name, sha256(await readFile(join(engine, name)))]));
  const define = { NTRACE_BUILDS: JSON.stringify(Object.fromEntries(hashes)) };
  await build({ ...common, entryPoints: [join(wasm, "ntrace.js")], outdir: engine });
  await build({ ...common, define, entryPoints: [join(wasm, "worker.js")], outdir: engine, splitting: true, chunkNames: "parts/[name]-[hash]" });
  await cp(join(wasm, "ntrace.d.ts"), join(engine, "ntrace.d.ts"));
}
