/** Searches of tables in WebAssembly against every row measured by the same module, bit for bit; tests/c/test_table.c does so natively, on more kinds. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { instantiate } from "../../wasm/core.js";
import { lehmer } from "../web/random.mjs";
import { variants } from "./bundle.mjs";

const N = 800;
const K = 60;

/** Values by row and column. @type {Record<string, (random: (below: number) => number, i: number, j: number) => number>} */
const kinds = {
  "clusters that are close together": (random, i, j) => 40 * Math.sin((i % 5) * 1.3 + j) + random(1000) / 1e5,
  "rows that stand many times": (random, i, j) => (((i % 31) * 7919 + j * 104729) % 256) / 255,
  "rows of few values": (random) => (random(30) === 0 ? random(1000) / 1000 : 0),
  "rows that are all alike": (random, i, j) => j - 2.5,
  "numbers of all sizes": (random, i) => (random(2000) / 1000 - 1) * 2 ** ((i % 260) - 140),
};

/** @param {import("../../wasm/core.js").Core} core @param {Float32Array} x @param {number} d */
function search(core, x, d) {
  return core.borrow((take) => {
    const [at, index, room, out] = [take(x.byteLength), take(4 * K), take(12 * N), take(4)];
    new Float32Array(core.memory.buffer, at, x.length).set(x);
    core.attempt("nt_bench_table", out, at, N, d);
    const table = core.readU32(out);
    const scratch = take(core.call("nt_bench_table_scratch", table));
    const found = Array.from({ length: 20 }, (_, q) => {
      const self = (q * 41) % N;
      core.call("nt_bench_table_search", index, 0, table, at + 4 * self * d, K, self, scratch);
      const own = core.copyU32(index, K);
      core.call("nt_bench_scan", index, at, N, d, self, K, room);
      return { own, all: core.copyU32(index, K) };
    });
    core.call("nt_bench_table_free", table);
    return found;
  });
}

for (const variant of variants) {
  test(`the ${variant} build finds by bounds what it finds when it measures every row`, async () => {
    const core = await instantiate(await readFile(new URL(`../../build/bench/kernels-${variant}.wasm`, import.meta.url)));
    for (const [kind, value] of Object.entries(kinds)) {
      for (const d of [37, 320]) {
        const random = lehmer(d);
        const x = Float32Array.from({ length: N * d }, (_, at) => value(random, Math.floor(at / d), at % d));
        for (const { own, all } of search(core, x, d)) assert.deepEqual(own, all, kind);
      }
    }
  });
}
