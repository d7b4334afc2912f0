import assert from "node:assert/strict";
import { test } from "node:test";

import { features, instantiate } from "../../wasm/core.js";
import { loadCore } from "../../wasm/loader.js";
import { readBuild, startCore, variants } from "./bundle.mjs";

test("this Node has the SIMD that the faster build needs", () => {
  assert.deepEqual(features(), { wasm: true, simd: true });
});

for (const variant of variants) {
  test(`the ${variant} build starts, passes its self-test and tells its version`, async () => {
    const core = await startCore(variant);
    assert.match(core.text(core.call("nt_wasm_version")), /^\d+\.\d+\.\d+$/);
  });

  test(`a ${variant} build that computes wrongly is refused by its self-test`, async () => {
    const bytes = Buffer.from(await readBuild(`ntrace-${variant}.wasm`));
    const digest = bytes.indexOf("ba7816bf");
    assert.notEqual(digest, -1);
    bytes[digest] = "c".charCodeAt(0);
    await assert.rejects(instantiate(bytes), { name: "NtraceError", code: "unsupported", message: /SHA-256 failed the engine's self-test/ });
  });

  test(`a failed assertion in the ${variant} build ends it, with the assertion's words`, async () => {
    const core = await startCore(variant);
    const crashed = { name: "NtraceError", code: "crashed" };
    assert.throws(() => core.call("nt_net_layer", core.borrow((take) => take(4096)), 1e9), { ...crashed, message: /Assertion failed/ });
    assert.throws(() => core.call("nt_wasm_version"), { ...crashed, message: /after an earlier failure/ });
  });

  test(`the ${variant} build says that memory is short, and goes on`, async () => {
    const core = await startCore(variant);
    assert.throws(() => core.borrow((take) => [take(2 ** 30), take(2 ** 30), take(2 ** 30)]), { code: "memory" });
    assert.equal(core.borrow((take) => take(2 ** 20)) % 64, 0);
  });

  test(`memory of the ${variant} build grows, and what it held stays`, async () => {
    const core = await startCore(variant);
    core.borrow((take) => {
      const small = take(3);
      core.write(small, Uint8Array.of(1, 2, 3));
      const before = core.memory.buffer.byteLength;
      take(before);
      assert.ok(core.memory.buffer.byteLength > before);
      assert.deepEqual(core.copyU8(small, 3), Uint8Array.of(1, 2, 3));
    });
  });
}

test("where the SIMD build does not start, the scalar one is taken", async () => {
  const read = async (/** @type {string} */ file) => (file === "ntrace-simd.wasm" ? Buffer.from("not WebAssembly") : readBuild(file));
  assert.equal((await loadCore(read)).variant, "scalar");
});

test("where both start, the SIMD build is taken", async () => {
  assert.equal((await loadCore(readBuild)).variant, "simd");
});

test("bytes that are no module are refused in words", async () => {
  await assert.rejects(instantiate(Buffer.from("nothing")), { code: "unsupported", message: /did not start the engine/ });
});

test("without WebAssembly the reader is told so", async () => {
  const kept = globalThis.WebAssembly;
  try {
    // @ts-expect-error: what a browser with WebAssembly switched off has
    delete globalThis.WebAssembly;
    await assert.rejects(loadCore(readBuild), { code: "unsupported", message: /switched off/, hint: /allow WebAssembly/ });
  } finally {
    globalThis.WebAssembly = kept;
  }
});
