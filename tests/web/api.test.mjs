/** The JavaScript API as a page uses it: module, Worker and WebAssembly in Chromium, on the small test bundle. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { browser, launch, openPage, serveChangedSite, site, useSite } from "./browser.mjs";

useSite(() => serveChangedSite((folder) => writeFile(join(folder, "empty.html"), "<!doctype html><title>API</title>")));

/**
 * Runs a function in a page that has nothing but the API.
 * @template T
 * @param {(api: typeof import("../../wasm/ntrace.js")) => Promise<T>} run
 * @param {any} [on]
 * @returns {Promise<T>}
 */
async function inPage(run, on = browser) {
  const { page, close } = await openPage(on);
  try {
    await page.goto(new URL("empty.html", site.url).href);
    return await page.evaluate(async (/** @type {string[]} */ [code, url]) => (0, eval)(`(${code})`)(await import(url)), [String(run), new URL("engine/ntrace.js", site.url).href]);
  } finally {
    await close();
  }
}

test("graphs are searched in a worker of their own, meanwhile a trace is answered as at any time", async () => {
  const found = await inPage(async ({ openBundle }) => {
    const bundle = await openBundle("/bundle/");
    const { sample, from, to } = bundle.manifest.opening;
    const asked = { k: 30, reference: 5, samples: [3, 200, 599] };
    /** @type {string[]} */
    const order = [];
    const memory = [await bundle.memory()];
    /** @type {number[]} */
    const done = [];
    const searched = bundle.prepareGraphs({ onProgress: (progress) => done.push(progress.done) }).then((graphs) => (order.push("graphs"), graphs));
    await bundle.trace({ sample, from, to, k: 20 });
    order.push("trace");
    const onCodes = await bundle.stability({ ...asked, exact: false });
    order.push("codes");
    const graphs = await searched;
    memory.push(await bundle.memory());
    const exact = await bundle.stability(asked);
    const { index } = await bundle.graph({ layer: 13, k: 5 });
    await bundle.releaseGraphs();
    memory.push(await bundle.memory());
    const live = await bundle.project({ layer: 13, epochs: 20 });
    const shipped = await bundle.project({ layer: 13 });
    bundle.close();
    return {
      order, graphs, memory, done, onCodes: [onCodes.exact, onCodes.recall?.length], exact: [exact.exact, exact.recall], graph: index.length,
      values: [...exact.values], close: exact.values.reduce((sum, value, i) => sum + Math.abs(value - onCodes.values[i]), 0), live: live.shipped, shipped: shipped.shipped,
    };
  });
  assert.deepEqual(found.order, ["trace", "codes", "graphs"]);
  assert.equal(found.graphs.layers.length, 14);
  assert.equal(found.graphs.k, 100);
  assert.ok(found.graphs.bytes > 13 * 600 * 400 && found.graphs.milliseconds > 0);
  assert.deepEqual(found.done, [...found.done].sort((a, b) => a - b), "progress never goes back");
  assert.equal(found.done.at(-1), 1);
  assert.deepEqual(found.onCodes, [false, 14]);
  assert.deepEqual(found.exact, [true, null]);
  assert.ok(found.close <= 0.15 * found.values.reduce((sum, value) => sum + value, 0), `${found.close}`);
  assert.equal(found.graph, 3000);
  assert.ok(found.memory[1] > found.memory[0] + found.graphs.bytes && found.memory[2] < found.memory[1] - found.graphs.bytes, String(found.memory));
  assert.deepEqual([found.live, found.shipped], [false, true]);
});

test("a search of graphs can be cancelled and taken up again, and closing ends it", async () => {
  const found = await inPage(async ({ openBundle }) => {
    const bundle = await openBundle("/bundle/");
    const control = new AbortController();
    const code = (/** @type {Promise<unknown>} */ promise) => promise.then(() => "done", (error) => error.code);
    const cancelled = await code(bundle.prepareGraphs({ signal: control.signal, onProgress: ({ done }) => done > 0.2 && control.abort() }));
    const again = await code(bundle.prepareGraphs({ layers: [11, 12, 13] }));
    const refused = await code(bundle.prepareGraphs({ layers: [14] }));
    const early = AbortSignal.abort();
    const before = await code(bundle.prepareGraphs({ signal: early }));
    const closed = code(bundle.prepareGraphs());
    const other = code(bundle.stability({ k: 7 }));
    setTimeout(() => bundle.close(), 50);
    return [cancelled, again, refused, before, await closed, await other];
  });
  assert.deepEqual(found, ["cancelled", "done", "argument", "cancelled", "cancelled", "cancelled"]);
});

test("a bundle opens with SIMD in a Worker and answers every method", async () => {
  const found = await inPage(async ({ openBundle }) => {
    const bundle = await openBundle("/bundle/");
    const { sample, from, to } = bundle.manifest.opening;
    let previews = 0;
    const trace = await bundle.trace({ sample, from, to, k: 20, onPreview: ({ exact }) => void (previews += exact ? 0 : 1) });
    const neighbors = await bundle.neighbors({ sample, layer: to, k: 20 });
    const probabilities = await bundle.probabilities({ sample });
    const images = await bundle.images({ samples: neighbors.index });
    const stability = await bundle.stability();
    return {
      engine: bundle.engine, previews, exact: trace.exact, points: trace.points.length, overlap: trace.overlap,
      members: trace.points.filter(({ inTo }) => inTo).sort((a, b) => a.rankTo - b.rankTo).map((point) => point.sample), index: [...neighbors.index],
      classes: probabilities.length, pixels: images.length, ink: images.some((pixel) => pixel > 0),
      stability: stability.values.length, samples: bundle.labels.length, layers: bundle.manifest.layers.length, memory: await bundle.memory(),
      url: bundle.url,
    };
  });
  assert.equal(found.engine.variant, "simd");
  assert.equal(found.previews, 1);
  assert.equal(found.exact, true);
  assert.equal(found.points, 40 - found.overlap);
  assert.deepEqual(found.members, found.index);
  assert.equal(found.pixels, 20 * 784);
  assert.ok(found.ink);
  assert.equal(found.stability, found.samples * found.layers);
  assert.ok(found.memory >= 1 << 24);
  assert.equal(found.url, `${site.url}bundle/`);
});

test("both builds answer alike, and the one asked for is taken", async () => {
  const [simd, scalar] = await inPage(async ({ openBundle }) => {
    const answers = [];
    for (const variant of /** @type {const} */ (["simd", "scalar"])) {
      const bundle = await openBundle("/bundle", { variant });
      answers.push({ variant: bundle.engine.variant, trace: { ...(await bundle.trace({ sample: 3, from: 0, to: 9, k: 15 })), milliseconds: 0 } });
    }
    return answers;
  });
  assert.deepEqual([simd.variant, scalar.variant], ["simd", "scalar"]);
  assert.deepEqual(simd.trace, scalar.trace);
});

test("a cancelled call is rejected as such, and the bundle goes on", async () => {
  const found = await inPage(async ({ openBundle, NtraceError }) => {
    const bundle = await openBundle("/bundle/");
    const control = new AbortController();
    const cancelled = bundle.trace({ sample: 9, from: 0, to: 13, k: 100, signal: control.signal }).catch((error) => error);
    control.abort();
    const error = await cancelled;
    const early = await bundle.trace({ sample: 9, from: 0, to: 13, k: 100, signal: control.signal }).catch((thrown) => thrown);
    return { typed: error instanceof NtraceError, code: error.code, early: early.code, exact: (await bundle.trace({ sample: 9, from: 0, to: 13, k: 100 })).exact };
  });
  assert.deepEqual(found, { typed: true, code: "cancelled", early: "cancelled", exact: true });
});

test("errors cross from the Worker with code, words and hint", async () => {
  const found = await inPage(async ({ openBundle, NtraceError }) => {
    const bundle = await openBundle("/bundle/");
    const { samples } = bundle.manifest.dataset;
    const errors = [
      await bundle.trace({ sample: samples, from: 0, to: 1, k: 10 }).catch((error) => error),
      await openBundle("/nowhere/").catch((error) => error),
    ];
    return errors.map((error) => ({ typed: error instanceof NtraceError, code: error.code, message: error.message, hint: error.hint }));
  });
  assert.deepEqual(found.map(({ code, typed }) => [code, typed]), [["argument", true], ["missing", true]]);
  assert.match(found[0].message, /^sample \d+: expected/);
  assert.match(found[1].message, /current\.json is missing/);
  assert.ok(found.every(({ hint }) => hint.length > 10));
});

test("closing rejects what is under way and everything after", async () => {
  const codes = await inPage(async ({ openBundle }) => {
    const bundle = await openBundle("/bundle/");
    const under = bundle.stability().catch((error) => error.code);
    bundle.close();
    return [await under, await bundle.memory().catch((error) => error.code)];
  });
  assert.deepEqual(codes, ["cancelled", "cancelled"]);
});

test("a Worker that cannot be started is an error, not silence", async () => {
  const { page, close } = await openPage(browser);
  try {
    await page.route("**/engine/worker.js", (/** @type {any} */ route) => route.fulfill({ status: 404, body: "" }));
    await page.goto(new URL("empty.html", site.url).href);
    const code = await page.evaluate((/** @type {string} */ url) => import(url).then(({ openBundle }) => openBundle("/bundle/")).catch((error) => error.code), new URL("engine/ntrace.js", site.url).href);
    assert.equal(code, "crashed");
  } finally {
    await close();
  }
});

test("without SIMD the scalar build answers", async () => {
  const plain = await launch("--js-flags=--no-enable-sse4-1");
  try {
    const found = await inPage(async ({ openBundle }) => {
      const bundle = await openBundle("/bundle/");
      return { variant: bundle.engine.variant, exact: (await bundle.trace({ sample: 1, from: 0, to: 2, k: 5 })).exact };
    }, plain);
    assert.deepEqual(found, { variant: "scalar", exact: true });
  } finally {
    await plain.close();
  }
});

test("with WebAssembly switched off the error says so", async () => {
  const plain = await launch("--js-flags=--jitless");
  try {
    const error = await inPage(async ({ openBundle }) => openBundle("/bundle/").then(() => null, (error) => ({ code: error.code, message: error.message, hint: error.hint })), plain);
    assert.equal(error?.code, "unsupported", error?.message);
    assert.match(error?.message ?? "", /WebAssembly is switched off/);
    assert.match(error?.hint ?? "", /allow WebAssembly/);
  } finally {
    await plain.close();
  }
});
