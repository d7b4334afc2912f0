/** Damaged, missing and wrong input, cancellation and progress: each failure is one typed error with words. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { NtraceError } from "../../wasm/errors.js";
import { flipped, openTestBundle, withManifest } from "./bundle.mjs";

const REQUEST = { sample: 4, from: 0, to: 9, k: 25 };

/** A promise that settles when the signal fires, as a fetch that is under way does. @param {RequestInit} init */
function untilAborted({ signal }) {
  return new Promise((_, reject) => {
    const stop = () => reject(new DOMException("aborted", "AbortError"));
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
  });
}

/** @param {any} expected @param {Promise<unknown>} promise */
async function rejects(promise, expected) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof NtraceError, String(error));
    assert.ok(error.hint.length > 0);
    for (const [key, value] of Object.entries(expected)) {
      if (value instanceof RegExp) assert.match(/** @type {any} */ (error)[key], value);
      else assert.equal(/** @type {any} */ (error)[key], value);
    }
    return true;
  });
}

test("a chunk with a flipped byte is named, and asked for once more past the cache", async () => {
  const { engine, requests } = await openTestBundle("simd", { change: (path, bytes) => (path.startsWith("c/") && bytes && bytes.length > 20000 ? flipped(bytes) : bytes) });
  await rejects(engine.trace(REQUEST), { code: "damaged", message: /^c\/[0-9a-f]{32}\.bin: damaged/ });
  const last = requests.at(-1);
  assert.equal(requests.filter((/** @type {string} */ file) => file === last).length, 2);
});

test("a chunk that is whole when asked for past the cache is taken", async () => {
  const { engine } = await openTestBundle("simd", { change: (path, bytes, { cache }) => (path.startsWith("c/") && bytes && cache !== "reload" ? flipped(bytes) : bytes) });
  assert.equal((await engine.trace(REQUEST)).head.exact, true);
});

test("every byte of a chunk counts: flipped anywhere, it is refused", async () => {
  for (const share of [0, 0.01, 0.3, 0.9, 0.999999]) {
    const opened = openTestBundle("scalar", { change: (path, bytes) => (path.startsWith("c/") && bytes ? flipped(bytes, Math.floor(bytes.length * share)) : bytes) });
    await rejects(opened, { code: "damaged" });
  }
});

test("a truncated chunk is refused, and one that is too long as well", async () => {
  const cut = openTestBundle("simd", { change: (path, bytes) => (path.startsWith("c/") && bytes ? bytes.subarray(0, bytes.length - 1) : bytes) });
  await rejects(cut, { code: "damaged", message: /expected \d+ bytes, found \d+/ });
  const long = openTestBundle("simd", { change: (path, bytes) => (path.startsWith("c/") && bytes ? Buffer.concat([bytes, bytes]) : bytes) });
  await rejects(long, { code: "damaged", message: /longer than the \d+ bytes/ });
});

test("a missing chunk is named; what needs it not goes on", async () => {
  let weights = "";
  const { engine } = await openTestBundle("simd", { change: (path, bytes) => (path === weights ? null : bytes) });
  weights = /** @type {any} */ (engine.manifest.chunks.find(({ role }) => role === "weights")).file;
  await rejects(engine.trace(REQUEST), { code: "missing", message: new RegExp(`${weights}.*missing`) });
  assert.equal((await engine.trace({ ...REQUEST, exact: false })).head.exact, false);
});

test("a truncated manifest is refused as damaged", async () => {
  const opened = openTestBundle("simd", { change: (path, bytes) => (path.startsWith("m.") && bytes ? bytes.subarray(0, 500) : bytes) });
  await rejects(opened, { code: "damaged", message: /^m\.[0-9a-f]{64}\.json: damaged/ });
});

test("a manifest of a later version is refused as such", async () => {
  const change = withManifest((manifest) => {
    manifest.version = 99;
    manifest.reader = 99;
  });
  await rejects(openTestBundle("simd", { change }), { code: "version" });
});

test("a manifest whose numbers do not fit is refused", async () => {
  for (const change of [
    (/** @type {any} */ manifest) => (manifest.dataset.samples = 1e12),
    (/** @type {any} */ manifest) => (manifest.layers[3].codes = 99),
    (/** @type {any} */ manifest) => (manifest.chunks[0].raw = -1),
    (/** @type {any} */ manifest) => delete manifest.classes,
  ]) {
    const opened = openTestBundle("simd", { change: withManifest(change) });
    await assert.rejects(opened, (/** @type {any} */ error) => ["format", "shape", "value"].includes(error.code) && error.message.length > 10);
  }
});

test("an address without a bundle is told in words", async () => {
  const page = openTestBundle("simd", { change: () => Buffer.from("<!doctype html><title>Not here</title>") });
  await rejects(page, { code: "format", message: /no bundle at this address/ });
  const nothing = openTestBundle("simd", { change: () => null });
  await rejects(nothing, { code: "missing", message: /current\.json is missing.*404/ });
  const other = openTestBundle("simd", { change: () => Buffer.from('{"manifest": "../../etc/passwd"}') });
  await rejects(other, { code: "format", message: /names no manifest/ });
});

test("a connection that fails once is tried again, one that stays broken is told in words", async () => {
  const failOnce = new Set();
  const { engine } = await openTestBundle("simd", {
    change(path, bytes) {
      if (failOnce.has(path)) return bytes;
      failOnce.add(path);
      throw new TypeError("fetch failed");
    },
  });
  assert.equal((await engine.neighbors({ sample: 1, layer: 0, k: 3 })).exact, true);
  const broken = openTestBundle("simd", { change() { throw new TypeError("fetch failed"); } });
  await rejects(broken, { code: "network", message: /current\.json could not be fetched: the connection failed/ });
});

test("a server that says nothing is given up", async () => {
  const silent = openTestBundle("simd", { change: (_path, _bytes, init) => untilAborted(init), quietMilliseconds: 30 });
  await rejects(silent, { code: "network", message: /no answer within 0\.03 seconds/ });
});

test("arguments out of range are named with what was expected", async () => {
  const { engine } = await openTestBundle("simd");
  const n = engine.manifest.dataset.samples;
  await rejects(engine.trace({ ...REQUEST, sample: n }), { code: "argument", message: new RegExp(`sample ${n}: expected .* 0 to ${n - 1}`) });
  await rejects(engine.trace({ ...REQUEST, sample: -1 }), { code: "argument" });
  await rejects(engine.trace({ ...REQUEST, sample: 1.5 }), { code: "argument" });
  await rejects(engine.trace({ ...REQUEST, to: 14 }), { code: "argument", message: /layer 14/ });
  await rejects(engine.trace({ ...REQUEST, k: 0 }), { code: "argument", message: /k = 0/ });
  await rejects(engine.trace({ ...REQUEST, k: n }), { code: "argument", message: new RegExp(`k = ${n}`) });
  await rejects(engine.images({ samples: [0, n] }), { code: "argument" });
  await rejects(engine.probabilities({ sample: NaN }), { code: "argument" });
});

test("a call cancelled while fetching ends at once, and its fetches are given up", async () => {
  const control = new AbortController();
  let aborted = 0;
  const { engine } = await openTestBundle("simd", {
    change(path, bytes, init) {
      if (path.startsWith("c/") && bytes && bytes.length > 20000) return untilAborted(init).catch((error) => { aborted++; throw error; });
      return bytes;
    },
  });
  const trace = engine.trace(REQUEST, { signal: control.signal });
  setTimeout(() => control.abort(), 20);
  await rejects(trace, { code: "cancelled" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(aborted >= 1);
});

test("a fetch that another call waits for is not given up", async () => {
  const control = new AbortController();
  const { engine } = await openTestBundle("simd", { change: async (path, bytes) => (await new Promise((resolve) => setTimeout(resolve, path.startsWith("c/") ? 30 : 0)), bytes) });
  const dropped = engine.trace(REQUEST, { signal: control.signal });
  const kept = engine.trace(REQUEST);
  setTimeout(() => control.abort(), 5);
  await rejects(dropped, { code: "cancelled" });
  assert.equal((await kept).head.exact, true);
});

test("a signal has one listener however many calls wait for it, none when they have ended, and cancels all", async () => {
  const control = new AbortController();
  const listeners = () => getEventListeners(control.signal, "abort").length;
  let most = 0;
  const change = (/** @type {string} */ path, /** @type {Buffer | null} */ bytes) => ((most = Math.max(most, listeners())), bytes);
  const { engine } = await openTestBundle("simd", { change });
  const twelve = (/** @type {typeof engine} */ of) => Array.from({ length: 12 }, (_, sample) => of.trace({ ...REQUEST, sample }, { signal: control.signal }));
  await Promise.all(twelve(engine));
  assert.deepEqual([most, listeners()], [1, 0]);
  const other = await openTestBundle("simd", { change: async (path, bytes) => (path.startsWith("c/") && control.abort(), bytes) });
  await Promise.all(twelve(other.engine).map((call) => rejects(call, { code: "cancelled" })));
  assert.equal(listeners(), 0);
});

test("a call cancelled while ranking stops between two steps, and the next one answers", async () => {
  const { engine } = await openTestBundle("scalar");
  const control = new AbortController();
  let steps = 0;
  const trace = engine.trace(REQUEST, {
    signal: control.signal,
    onProgress({ label }) {
      if (label.startsWith("ranking") && ++steps === 1) setImmediate(() => control.abort());
    },
  });
  await rejects(trace, { code: "cancelled" });
  assert.ok(steps >= 1 && steps < 10);
  assert.equal((await engine.trace(REQUEST)).head.exact, true);
});

test("a call whose signal has fired before does nothing", async () => {
  const { engine, requests } = await openTestBundle("simd");
  const before = requests.length;
  await rejects(engine.trace(REQUEST, { signal: AbortSignal.abort() }), { code: "cancelled" });
  assert.equal(requests.length, before);
});

test("progress ascends within each phase, from fetching to ranking, and ends at 1", async () => {
  const { engine } = await openTestBundle("simd");
  /** @type {import("../../wasm/ntrace.d.ts").Progress[]} */
  const heard = [];
  await engine.trace(REQUEST, { onProgress: (progress) => heard.push(progress) });
  const last = new Map();
  for (const { label, done, bytes, totalBytes } of heard) {
    assert.ok(done >= 0 && done <= 1 && done >= (last.get(label) ?? 0), `${label}: ${done}`);
    if (label.startsWith("fetching")) assert.ok(bytes !== undefined && totalBytes !== undefined && bytes <= totalBytes);
    last.set(label, done);
  }
  const labels = [...last.keys()];
  assert.ok(labels.some((label) => label === "fetching codes of Input"));
  assert.ok(labels.some((label) => /^ranking \d+ candidates$/.test(label)));
  assert.deepEqual([...last.values()].filter((done) => done !== 1), []);
});
