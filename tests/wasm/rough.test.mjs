/** Products of rows in 7 bits, by which packing proposes neighbours: the kernels of both builds against plain loops. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { variants } from "./bundle.mjs";

for (const variant of variants) {
  test(`products in 7 bits are right in the ${variant} build`, async () => {
    const bytes = await readFile(new URL(`../../build/tests/rough-${variant}.wasm`, import.meta.url));
    const { instance } = await WebAssembly.instantiate(bytes, { env: {}, wasi_snapshot_preview1: {} });
    const exported = /** @type {Record<string, (depth?: number) => number>} */ (/** @type {unknown} */ (instance.exports));
    for (const depth of [8, 24, 64, 128]) assert.equal(exported.nt_wrong_products(depth), 0, `products of ${depth} values`);
    assert.equal(exported.nt_wrong_dots(), 0);
    assert.equal(exported.nt_wrong_masks(), 0);
  });
}
