/**
 * The reference network in WebAssembly beside onnxruntime-web and tfjs-backend-wasm, SIMD, one thread, in Node and in
 * headless Chromium: sketches a second from floats to floats, medians of rounds in turns. `node forward.mjs [ENGINE.wasm]`
 */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { serve } from "../../web/serve.js";
import { launch } from "../web/browser.mjs";
import { measure } from "./forward_jobs.mjs";
import { print, times } from "./table.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
const require = createRequire(import.meta.url);
const { build } = createRequire(new URL("../../web/package.json", import.meta.url))("esbuild");

const enginePath = process.argv[2] ?? join(root, "build/site/engine/ntrace-simd.wasm");
const weightsPath = join(root, "data/reference.safetensors");
const tensorflowWasm = join(here, "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm");
const onnxWasm = join(here, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm");

/** What is to be reached, over the best of the peers. @type {Record<string, Record<number, [floor: number, aim: number]>>} */
const TARGETS = { forward: { 64: [2.5, 4], 1: [2.5, 3.5] }, gradient: { 64: [10, 15], 1: [10, 15] } };
const SAME = 1e-3;

/** @param {string} name */
const versionOf = async (name) => JSON.parse(await readFile(join(here, "node_modules", name, "package.json"), "utf8")).version;

const folder = join(root, "build/bench/forward");
const GRADIENTS = 'import "@tensorflow/tfjs-core/dist/register_all_gradients";';

/** @param {string} contents @param {string} file */
const bundle = (contents, file) =>
  build({ stdin: { contents, resolveDir: here }, outfile: join(folder, file), bundle: true, format: "esm", logLevel: "error" });

async function inNode() {
  const [tf, backend, ort] = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm", "onnxruntime-web"].map((name) => require(name));
  tf.env().set("PROD", true);
  await bundle(GRADIENTS, "gradients.mjs"); /* tfjs-core for Node comes without; it keeps them in one place for all its copies */
  await import(join(folder, "gradients.mjs"));
  backend.setThreadsCount(1);
  await tf.setBackend("wasm");
  ort.env.wasm.numThreads = 1;
  const [engine, weights] = await Promise.all([readFile(enginePath), readFile(weightsPath)]);
  return measure({ engine, weights, tf, ort });
}

const PAGE = `
${GRADIENTS}
import * as tf from "@tensorflow/tfjs-core";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as ort from "onnxruntime-web/wasm";
import { measure } from "./forward_jobs.mjs";
globalThis.run = async () => {
  const fetched = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  setWasmPaths("./");
  setThreadsCount(1);
  await tf.setBackend("wasm");
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await fetched("onnx.wasm");
  return measure({ engine: await fetched("engine.wasm"), weights: await fetched("weights"), tf, ort });
};`;

/** Makes the folder a page that measures. */
async function buildPage() {
  await bundle(PAGE, "page.js");
  await writeFile(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>');
  const files = { [enginePath]: "engine.wasm", [weightsPath]: "weights", [onnxWasm]: "onnx.wasm", [tensorflowWasm]: "tfjs-backend-wasm-simd.wasm" };
  for (const [from, to] of Object.entries(files)) await copyFile(from, join(folder, to));
}

async function inChromium() {
  await buildPage();
  const server = await serve(folder);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction("globalThis.run");
    return { version: browser.version(), results: await page.evaluate("run()") };
  } finally {
    await browser.close();
    server.close();
  }
}

/** @param {string} where @param {Awaited<ReturnType<typeof measure>>} results @param {Record<string, string>} versions */
async function report(where, results, versions) {
  for (const { what, batch, rates, apart } of results) {
    const peers = Object.entries(rates).filter(([name]) => name !== "engine");
    const ratio = rates.engine / Math.max(...peers.map(([, rate]) => rate));
    const [floor, aim] = TARGETS[what][batch];
    const beside = peers.map(([name, rate]) => `${name} ${versions[name]} ${rate.toFixed(0)}`).join(", ");
    const same = apart <= SAME ? "" : `; THEIR ANSWERS ARE ${apart.toExponential(1)} APART`;
    const own = `${rates.engine.toFixed(0)}/s`;
    await print(`${what}, ${batch} at a time, ${where}`, own, `sketches; ${beside}: ${times(ratio)} the best${same}`, { value: ratio, floor, aim, show: times });
  }
  return results.every(({ apart }) => apart <= SAME);
}

await mkdir(folder, { recursive: true });
const versions = { "tfjs-wasm": await versionOf("@tensorflow/tfjs-backend-wasm"), "onnxruntime-web": await versionOf("onnxruntime-web") };
const sameInNode = await report(`Node ${process.versions.node}`, await inNode(), versions);
const { version, results } = await inChromium();
const sameInChromium = await report(`Chromium ${version}`, results, versions);
process.exitCode = sameInNode && sameInChromium ? 0 : 1;
