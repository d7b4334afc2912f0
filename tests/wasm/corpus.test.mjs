/** The fuzzers' corpora of manifests and chunks, read by the native readers and by these: the same verdicts in the same words. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { startCore, variants } from "./bundle.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folders = ["manifest", "chunk"].map((name) => join(root, "tests/fuzz/corpus", name));
const ERROR_BYTES = 520;

const bytesOf = (/** @type {string} */ hex) => (hex === "-" ? new Uint8Array() : Buffer.from(hex, "hex"));

/** What the native readers say of each file, and what they were given. */
const verdicts = execFileSync(join(root, "build/native/tests/fuzz/verdicts"), folders, { encoding: "utf8", maxBuffer: 2 ** 28 })
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t"))
  .map(([file, status, text, manifest, chunk]) => ({ file, status: Number(status), text, manifest: bytesOf(manifest), chunk: bytesOf(chunk) }));

/** @param {import("../../wasm/core.js").Core} core @param {(typeof verdicts)[number]} verdict */
function judge(core, { manifest, chunk }) {
  return core.borrow((take) => {
    const place = (/** @type {Uint8Array} */ bytes) => {
      const at = take(Math.max(1, bytes.length));
      core.write(at, bytes);
      return at;
    };
    const handle = take(4), error = take(ERROR_BYTES);
    core.write(error, new Uint8Array(ERROR_BYTES));
    const json = place(manifest);
    let status = core.call("nt_bundle_open", handle, json, manifest.length, core.allocator, error);
    const bundle = new DataView(core.memory.buffer).getUint32(handle, true);
    if (status === 0 && chunk.length > 0) status = core.call("nt_bundle_feed", bundle, 0, place(chunk), chunk.length, error);
    core.call("nt_bundle_close", bundle);
    return { status, text: core.text(error + 4) };
  });
}

test("every file of the corpora is judged, some for good and some not", async () => {
  const files = (await Promise.all(folders.map((folder) => readdir(folder)))).flat();
  assert.equal(verdicts.length, files.length);
  assert.ok(verdicts.filter(({ status }) => status === 0).length >= 10);
  assert.ok(new Set(verdicts.map(({ status }) => status)).size >= 4);
});

for (const variant of variants) {
  test(`the ${variant} build says of each what the native one says`, async () => {
    const core = await startCore(variant);
    for (const verdict of verdicts) assert.deepEqual(judge(core, verdict), { status: verdict.status, text: verdict.text }, verdict.file);
  });
}
