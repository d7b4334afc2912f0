/** Reference vectors and networks: safetensors files of tests/reference. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { referenceFolder } from "./bundle.mjs";

const TYPES = { F32: Float32Array, U8: Uint8Array };

/** The float32 and uint8 tensors of a file. @param {string} file */
export async function readTensors(file) {
  const bytes = await readFile(join(referenceFolder, file));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  /** @type {Map<string, { shape: number[], values: any }>} */
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    if (name === "__metadata__" || !(dtype in TYPES)) continue;
    const data = new Uint8Array(bytes.subarray(start + from, start + to)).buffer;
    tensors.set(name, { shape, values: new TYPES[/** @type {keyof TYPES} */ (dtype)](data) });
  }
  return tensors;
}

/** Address of the network that a safetensors file holds. @param {import("../../wasm/core.js").Core} core @param {Uint8Array} bytes */
export function parseNet(core, bytes) {
  return core.borrow((take) => {
    const [out, at, title] = [take(4), take(bytes.length), take(16)];
    core.write(at, bytes);
    core.write(title, new TextEncoder().encode("weights\0"));
    core.attempt("nt_net_parse", out, at, bytes.length, title, core.allocator);
    return core.readU32(out);
  });
}

/** [C, H, W] to [H, W, C]. @template {Uint8Array | Float32Array} T @param {T} chw @param {number} channels @returns {T} */
export function channelsLast(chw, channels) {
  const area = chw.length / channels;
  return /** @type {T} */ (chw.map((_, i) => chw[(i % channels) * area + Math.floor(i / channels)]));
}
