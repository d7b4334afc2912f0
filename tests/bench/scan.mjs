/**
 * Exact scans and all pairs of float32 rows, one thread, SIMD and scalar, beside plain JavaScript in the same V8 and, from Debian's packages,
 * FAISS and scikit-learn. A scan searches a table that was made ready once, as FAISS's index is; every row measured, which needs no table, stands
 * beside it. The answers are compared too. node tests/bench/scan.mjs [BUNDLE]
 */
import { readFile, writeFile } from "node:fs/promises";

import { activations, loadAll, open, startKernels } from "./engines.mjs";
import { startPeers } from "./peers.mjs";
import { folder, lehmer, median, print, time, times } from "./table.mjs";

const K = 100;
const QUERIES = 15;
const ROUNDS = 3;
const ROOM_BYTES = 96 << 20;
/** Of these layers: 784 values, and 128. */
const WIDE = 0;
const NARROW = 11;

/** A bounded heap over squared distances: the k nearest by (distance, index). @param {Float32Array} x @param {number} n @param {number} d @param {number} self */
function plainScan(x, n, d, self) {
  const [far, at] = [new Float32Array(K).fill(Infinity), new Uint32Array(K)];
  const own = x.subarray(self * d, self * d + d);
  for (let i = 0, from = 0; i < n; i++, from += d) {
    let [a, b, c, e] = [0, 0, 0, 0];
    for (let j = 0; j < d; j += 4) {
      const [p, q, r, s] = [own[j] - x[from + j], own[j + 1] - x[from + j + 1], own[j + 2] - x[from + j + 2], own[j + 3] - x[from + j + 3]];
      a += p * p;
      b += q * q;
      c += r * r;
      e += s * s;
    }
    const square = a + b + c + e;
    if (i === self || square >= far[0]) continue;
    let hole = 0;
    for (let child = 1; child < K; child = 2 * hole + 1) {
      if (child + 1 < K && far[child + 1] > far[child]) child++;
      if (far[child] <= square) break;
      far[hole] = far[child];
      at[hole] = at[child];
      hole = child;
    }
    far[hole] = square;
    at[hole] = i;
  }
  return at;
}

/** @param {Float32Array} x @param {number} n @param {number} d @param {"simd" | "scalar"} variant */
async function kernels(x, n, d, variant) {
  const core = await startKernels(variant);
  const [at, index, room, out] = [x.byteLength, 4 * K, 12 * n, 4].map((bytes) => core.call("nt_wasm_allocate", bytes));
  new Float32Array(core.memory.buffer, at, x.length).set(x);
  const making = clock(() => core.call("nt_bench_table", out, at, n, d));
  const table = core.readU32(out);
  const scratch = core.call("nt_wasm_allocate", core.call("nt_bench_table_scratch", table));
  return {
    making,
    bytes: core.call("nt_bench_table_bytes", table),
    /** By the table. */
    scan(/** @type {number} */ self) {
      core.call("nt_bench_table_search", index, 0, table, at + 4 * self * d, K, self, scratch);
      return core.copyU32(index, K);
    },
    /** Every row measured. */
    measure(/** @type {number} */ self) {
      core.call("nt_bench_scan", index, at, n, d, self, K, room);
      return core.copyU32(index, K);
    },
    /** [N, K] of all, and how long that took. */
    all() {
      const start = performance.now();
      const search = core.borrow((take) => {
        const out = take(4);
        core.attempt("nt_bench_graph", out, at, n, d, K, ROOM_BYTES);
        return core.readU32(out);
      });
      core.borrow((take) => {
        const done = take(8);
        do core.attempt("nt_graph_search_step", done, search);
        while (new DataView(core.memory.buffer).getFloat64(done, true) < 1);
      });
      const milliseconds = performance.now() - start;
      const graph = core.call("nt_graph_search_take", search);
      const near = new Uint32Array(n * K);
      for (let i = 0; i < n; i++) {
        core.call("nt_graph_get", index, 0, graph, i, K);
        near.set(new Uint32Array(core.memory.buffer, index, K), i * K);
      }
      core.call("nt_graph_free", graph);
      core.call("nt_graph_search_free", search);
      return { milliseconds, near };
    },
  };
}

/** @param {() => void} run */
function clock(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** How many of `theirs` are missing in `ours`, of all. @param {ArrayLike<number>} ours @param {ArrayLike<number>} theirs */
function missing(ours, theirs) {
  let count = 0;
  for (let from = 0; from < ours.length; from += K) {
    const own = new Set(Array.prototype.slice.call(ours, from, from + K));
    for (let i = from; i < from + K; i++) count += own.has(theirs[i]) ? 0 : 1;
  }
  return count;
}

const engine = await open();
await loadAll(engine);
const n = engine.manifest.dataset.samples;
const peers = startPeers();
const versions = await peers.ask("versions");
const random = lehmer(5);

for (const layer of [WIDE, NARROW]) {
  const d = engine.manifest.layers[layer].size;
  const x = await activations(engine, layer);
  const file = `${folder}rows.f32`;
  await writeFile(file, x);
  const [simd, scalar] = [await kernels(x, n, d, "simd"), await kernels(x, n, d, "scalar")];
  const queries = Array.from({ length: QUERIES }, () => random(n));
  /** @type {Record<"simd" | "scalar" | "measured" | "plain", number[]>} */
  const found = { simd: [], scalar: [], measured: [], plain: [] };
  let wrong = 0;
  let other = 0;
  for (let round = -1; round < ROUNDS; round++) {
    for (const self of queries) {
      const own = simd.scan(self);
      if (round < 0) wrong += missing(own, plainScan(x, n, d, self));
      if (round < 0) other += simd.measure(self).reduce((count, sample, i) => count + Number(sample !== own[i]), 0);
      const each = {
        simd: clock(() => simd.scan(self)),
        scalar: clock(() => scalar.scan(self)),
        measured: clock(() => simd.measure(self)),
        plain: clock(() => plainScan(x, n, d, self)),
      };
      for (const [name, milliseconds] of Object.entries(each)) if (round >= 0) found[/** @type {"simd"} */ (name)].push(milliseconds);
    }
  }
  const theirs = await peers.ask("one_scan", { file, samples: n, k: K, queries });
  const [own, plain] = [median(found.simd), median(found.plain)];
  const where = `${n} x ${d}`;
  const beside = `plain JS ${time(plain)}: ${times(plain / own)}; every row measured ${time(median(found.measured))}; FAISS ${versions.FAISS} ${time(theirs.faiss)}, scikit-learn ${time(theirs.sklearn)}; scalar build ${times(median(found.scalar) / own)} slower; made ready once in ${time(simd.making)}, ${(simd.bytes / 2 ** 20).toFixed(1)} MiB; ${wrong} of ${QUERIES * K} neighbours differ, ${other} from every row measured`;
  await print(`one exact scan, ${where}`, time(own), beside, layer === WIDE ? { value: plain / own, floor: 7, show: times } : undefined);
  const all = [0, 1, 2].map(() => simd.all());
  const faiss = [];
  for (let i = 0; i < 3; i++) faiss.push((await peers.ask("faiss_all", { file, samples: n, k: K, near: `${folder}near.u32` })).milliseconds);
  const near = new Uint32Array((await readFile(`${folder}near.u32`)).buffer);
  const slow = plain * n;
  const whole = median(all.map(({ milliseconds }) => milliseconds));
  const both = `FAISS ${time(median(faiss))}: ${times(median(faiss) / whole)}; plain JS, from ${QUERIES * ROUNDS} scans, ${time(slow)}: ${times(slow / whole)}; ${missing(all[0].near, near)} of ${n * K} neighbours differ`;
  await print(`all pairs, ${where}, exact`, time(whole), both, layer === WIDE ? { value: slow / whole, floor: 15, aim: slow / median(faiss), show: times } : { value: median(faiss) / whole, floor: 1, aim: 2, show: times });
}
peers.close();
