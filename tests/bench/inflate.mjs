/** Inflating the streams in the default bundle's chunks of codes, and reading these chunks whole: megabytes a second of what is inflated, medians of rounds in turns. node tests/bench/inflate.mjs [BUNDLE] */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { defaultBundle, open, startKernels } from "./engines.mjs";
import { median, print, times } from "./table.mjs";

const ROUNDS = 9;
const HEADER = 32;
const RAW_BYTES_AT = 20;

const require = createRequire(import.meta.url);
const fflate = require("fflate");
const pako = require("pako");

const { manifest } = await open();
const files = await Promise.all(manifest.chunks.filter(({ role }) => role === "codes").map(({ file }) => readFile(`${defaultBundle}/${file}`)));
const chunks = files.map((bytes) => {
  const stream = new Uint8Array(bytes.subarray(HEADER));
  return { bytes, stream, raw: bytes.readUInt32LE(RAW_BYTES_AT), inflated: /** @type {Uint8Array} */ (pako.inflate(stream)) };
});
const total = chunks.reduce((sum, { inflated }) => sum + inflated.length, 0);
const numbers = chunks.reduce((sum, { raw }) => sum + raw, 0);

const core = await startKernels("simd");
const room = Math.max(...chunks.map(({ raw, inflated }) => Math.max(raw, inflated.length)));
const out = core.call("nt_wasm_allocate", room);
const given = core.call("nt_wasm_allocate", Math.max(...chunks.map(({ bytes }) => bytes.length)));

/** @type {Record<string, (chunk: typeof chunks[number]) => Uint8Array | null | Promise<Uint8Array>>} */
const ways = {
  engine: ({ stream }) => {
    core.write(given, stream);
    return new Uint8Array(core.memory.buffer, out, core.call("nt_bench_inflate", out, room, given, stream.length));
  },
  /** Checked, inflated, and the numbers put back in their places. */
  whole: ({ bytes }) => {
    core.write(given, bytes);
    core.attempt("nt_bench_chunk", out, given, bytes.length);
    return null;
  },
  fflate: ({ stream, inflated }) => fflate.unzlibSync(stream, { out: new Uint8Array(inflated.length) }),
  pako: ({ stream }) => pako.inflate(stream),
  DecompressionStream: async ({ stream }) => new Uint8Array(await new Response(new Blob([stream]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer()),
};

/** @type {Record<string, number[]>} */
const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) {
    let milliseconds = 0;
    for (const chunk of chunks) {
      const start = performance.now();
      const found = await way(chunk);
      milliseconds += performance.now() - start;
      if (found && Buffer.compare(found, chunk.inflated) !== 0) throw new Error(`${name} differs from what pako inflated first`);
    }
    if (round >= 0) rates[name].push(total / 1000 / milliseconds);
  }
}
const { engine, whole, ...peers } = Object.fromEntries(Object.entries(rates).map(([name, found]) => [name, median(found)]));
const best = Math.max(...Object.values(peers));
const show = (/** @type {number} */ rate) => `${rate.toFixed(0)} MB/s`;
const fflates = engine / peers.fflate;
await print(`inflate, ${chunks.length} chunks of codes, ${(total / 1e6).toFixed(1)} MB`, show(engine), `${Object.entries(peers).map(([name, rate]) => `${name} ${show(rate)}`).join(", ")}: ${times(engine / best)} the best, ${times(fflates)} fflate`, { value: fflates, floor: 2, show: times });
await print("  chunks read whole", show(whole), `checked, inflated, and ${(numbers / 1e6).toFixed(1)} MB of numbers put back from it: ${times(whole / peers.fflate)} fflate's inflating alone`);
