/** Inflating the default bundle's chunks of codes: megabytes a second of raw bytes, medians of rounds in turns. node tests/bench/inflate.mjs [BUNDLE] */
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
const chunks = files.map((bytes) => ({ bytes, raw: bytes.readUInt32LE(RAW_BYTES_AT), stream: new Uint8Array(bytes.subarray(HEADER)) }));
const total = chunks.reduce((sum, { raw }) => sum + raw, 0);

/** @param {"simd" | "scalar"} variant */
async function ours(variant) {
  const core = await startKernels(variant);
  const raw = core.call("nt_wasm_allocate", Math.max(...chunks.map((chunk) => chunk.raw)));
  const packed = core.call("nt_wasm_allocate", Math.max(...chunks.map(({ bytes }) => bytes.length)));
  return (/** @type {typeof chunks[number]} */ chunk) => {
    core.write(packed, chunk.bytes);
    core.attempt("nt_bench_inflate", raw, packed, chunk.bytes.length);
    return new Uint8Array(core.memory.buffer, raw, chunk.raw);
  };
}

/** @type {Record<string, (chunk: typeof chunks[number]) => Uint8Array | Promise<Uint8Array>>} */
const ways = {
  engine: await ours("simd"),
  fflate: ({ stream, raw }) => fflate.unzlibSync(stream, { out: new Uint8Array(raw) }),
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
      if (found.length !== chunk.raw) throw new Error(`${name}: ${found.length} bytes of ${chunk.raw}`);
      if (round < 0 && Buffer.compare(Buffer.from(found), Buffer.from(await ways.pako(chunk))) !== 0) throw new Error(`${name} differs from pako`);
    }
    if (round >= 0) rates[name].push(total / 1000 / milliseconds);
  }
}
const [own, ...peers] = Object.entries(rates).map(([name, found]) => ({ name, rate: median(found) }));
const best = Math.max(...peers.map(({ rate }) => rate));
const show = (/** @type {number} */ rate) => `${rate.toFixed(0)} MB/s`;
const fflates = own.rate / peers[0].rate;
await print(`inflate, ${chunks.length} chunks of codes, ${(total / 1e6).toFixed(1)} MB`, show(own.rate), `${peers.map(({ name, rate }) => `${name} ${show(rate)}`).join(", ")}: ${times(own.rate / best)} the best, ${times(fflates)} fflate`, { value: fflates, floor: 2, show: times });
