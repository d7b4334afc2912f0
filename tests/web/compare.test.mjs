/** Samples laid side by side in the explorer, and how they are explained. */
import assert from "node:assert/strict";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { createExplanations } from "../../web/explore/explanations.js";
import { browser, serveChangedSite, site, useSite, waitForState } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

useSite();

const PINS = [5, 20, 77];

/** Pins in the order of the cards. @param {any} page @returns {Promise<number[]>} */
const cardsOf = (page) => page.locator("[data-pin]").evaluateAll((/** @type {HTMLElement[]} */ cards) => cards.map(({ dataset }) => Number(dataset.pin)));

/**
 * Colour and opacity of every pixel of a card's explanation, when it is drawn.
 * @param {any} page @param {number} sample @returns {Promise<number[]>}
 */
async function pixelsOf(page, sample) {
  await page.waitForSelector(`[data-pin="${sample}"] .compare-heat:not([hidden])`);
  return page.locator(`[data-pin="${sample}"] .compare-heat`).evaluate((/** @type {HTMLCanvasElement} */ canvas) =>
    [.../** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height).data]);
}

/** @param {any} page @param {string} name @returns {Promise<number[]>} */
const token = (page, name) => page.evaluate((/** @type {string} */ of) => {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${of}`).trim();
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}, name);

test("pinned samples lie side by side, are moved and taken away by keys, and the URL restores them", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, `pins=${PINS.join(".")}&beside=open`);
  try {
    await page.waitForSelector('[data-pin="77"]');
    assert.deepEqual(await cardsOf(page), PINS);
    await page.locator('[data-pin="20"]').getByRole("button", { name: /^Move right/ }).press("Enter");
    await waitForState(page, { pins: "5.77.20" });
    await page.waitForFunction(() => document.querySelector("[data-pin]:last-child")?.getAttribute("data-pin") === "20");
    assert.deepEqual(await cardsOf(page), [5, 77, 20]);
    await page.locator('[data-pin="5"]').getByRole("button", { name: /^Unpin/ }).press("Enter");
    await waitForState(page, { pins: "77.20" });
    await page.getByRole("button", { name: "Undo" }).click();
    await waitForState(page, { pins: "5.77.20" });
    await page.reload();
    await page.waitForSelector('[data-pin="77"]');
    assert.deepEqual(await cardsOf(page), [5, 77, 20]);
    await page.getByRole("button", { name: "Hide" }).click();
    await waitForState(page, { beside: null });
    assert.equal(await page.locator('[data-pin="77"]').isVisible(), false);
    await page.getByRole("button", { name: "Unpin all" }).click();
    await waitForState(page, { pins: null });
    assert.equal(await page.locator(".compare").isVisible(), false);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a card says label, prediction and confidence, draws the sample's curve, and opens its trace", async () => {
  const { page, close } = await openExplorer(browser, site.url, `pins=${PINS.join(".")}&beside=open`);
  try {
    const expected = await askEngine(page, async ({ labels, predictions, confidences, stability, manifest }, pins) => {
      const { values } = await stability();
      const n = manifest.dataset.samples;
      return pins.map((i) => ({
        i, label: manifest.classes[labels[i]], prediction: manifest.classes[predictions[i]], isRight: labels[i] === predictions[i], confidence: confidences[i],
        curve: manifest.layers.map((_, l) => values[l * n + i]),
      }));
    }, PINS);
    assert.deepEqual([...new Set(expected.map(({ isRight }) => isRight))].length, 2, "one read rightly and one wrongly, at least");
    for (const { i, label, prediction, isRight, confidence, curve } of expected) {
      const card = page.locator(`[data-pin="${i}"]`);
      await page.waitForSelector(`[data-pin="${i}"] .compare-own[d^="M"]`);
      assert.equal(await card.locator("h3").innerText(), `${label} no. ${i}`);
      const reading = await card.locator(".compare-reading").innerText();
      assert.ok(reading.startsWith(isRight ? "✓ read rightly" : `× read as ${prediction}`), reading);
      if (confidence < 0.99) assert.ok(reading.includes(`${Math.round(confidence * 100)} %`), reading);
      const heights = (await card.locator(".compare-own").getAttribute("d")).slice(1).split("L").map((/** @type {string} */ point) => Number(point.split(",")[1]));
      assert.deepEqual(heights.map((/** @type {number} */ y) => Math.round(100 - (y / 24) * 100)), curve);
    }
    await page.locator('[data-pin="20"]').getByRole("link", { name: /^Open trace/ }).click();
    await page.waitForFunction(() => location.hash.startsWith("#/trace?sample=20&"));
  } finally {
    await close();
  }
});

test("signed explanations are drawn in two colours, pixel by pixel as the engine has them", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, `pins=${PINS.join(".")}&beside=open`);
  try {
    const [up, down] = [await token(page, "closer"), await token(page, "farther")];
    for (const method of /** @type {const} */ (["gradient", "integratedGradients", "occlusion"])) {
      await page.locator("select[name=explain]").selectOption(method);
      await page.waitForSelector(`[data-pin="20"] .compare-heat[aria-label*="strongest"]:not([hidden])`);
      const { values, image, most } = await askEngine(page, async (bundle, how) => {
        const { values: all, min, max } = await bundle.explain({ method: how, sample: 20 });
        return { values: [...all], image: [...(await bundle.images({ samples: [20] }))], most: Math.max(-min, max) };
      }, method);
      await page.waitForFunction((/** @type {string} */ text) => document.querySelector('[data-pin="20"] .compare-note')?.textContent?.includes(text), `±${new Intl.NumberFormat("en", { maximumSignificantDigits: 2 }).format(most)}`);
      const pixels = await pixelsOf(page, 20);
      let checked = 0;
      values.forEach((value, i) => {
        if (image[i] > 0 || Math.abs(value) < 0.2 * most) return;
        checked++;
        const [r, g, b, alpha] = pixels.slice(4 * i, 4 * i + 4);
        assert.ok(Math.abs(alpha - 255 * (Math.abs(value) / most) ** 0.7) < 2, `${method} ${i}: ${alpha}`);
        const colour = value > 0 ? up : down;
        assert.ok([r, g, b].every((part, c) => Math.abs(part - colour[c]) <= 4), `${method} ${i}: ${[r, g, b]} is not ${colour}`);
      });
      assert.ok(checked > 0 || method === "integratedGradients", `${method}: ${checked} pixels`);
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("Grad-CAM, the neighbours' mean and probabilities show the engine's values", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, `pins=${PINS.join(".")}&beside=open&explain=gradCam`);
  try {
    const expected = await askEngine(page, async (bundle) => ({
      cam: [...(await bundle.explain({ method: "gradCam", sample: 5 })).values],
      mean: [...(await bundle.explain({ method: "neighborMean", sample: 5, k: bundle.manifest.stability.k })).values],
      image: [...(await bundle.images({ samples: [5] }))],
      shares: [...(await bundle.probabilities({ sample: 20 }))],
      classes: bundle.manifest.classes,
    }));
    await page.waitForSelector('[data-pin="5"] .compare-heat:not([hidden])');
    const cam = await pixelsOf(page, 5);
    expected.cam.forEach((value, i) => {
      if (expected.image[i] === 0) assert.ok(Math.abs(cam[4 * i + 3] - 255 * Math.min(1, 0.9 * value + 0.08)) < 2, `${i}`);
    });
    await page.locator("select[name=explain]").selectOption("neighborMean");
    await page.waitForSelector('[data-pin="5"] .compare-heat[aria-label*="of 100"]:not([hidden])');
    const mean = await pixelsOf(page, 5);
    expected.mean.forEach((value, i) => assert.ok(Math.abs(mean[4 * i + 3] - 255 * value) < 2, `${i}`));
    await page.locator("select[name=explain]").selectOption("probabilities");
    await page.waitForSelector('[data-pin="20"] .compare-bars:not([hidden]) li');
    const bars = await page.locator('[data-pin="20"] .compare-bars li').evaluateAll((/** @type {HTMLElement[]} */ items) =>
      items.map((item) => ({ name: item.querySelector(".compare-class")?.textContent, share: Number(item.querySelector("i")?.style.getPropertyValue("--share")) })));
    assert.ok(bars.length > 2);
    for (const { name, share } of bars) assert.ok(Math.abs(share - expected.shares[expected.classes.indexOf(name)]) < 1e-6, name);
    assert.equal(bars[0].share, Math.max(...bars.map((/** @type {any} */ bar) => bar.share)));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("an explanation that nobody looks at any more is cancelled, and what failed is tried anew", async () => {
  /** @type {{ sample: number, signal: AbortSignal, resolve: (value: any) => void, reject: (error: any) => void }[]} */
  const calls = [];
  const bundle = /** @type {any} */ ({ explain: (/** @type {any} */ { sample, signal }) => new Promise((resolve, reject) => calls.push({ sample, signal, resolve, reject })) });
  let changes = 0;
  const explanations = createExplanations(bundle, () => changes++);
  const wish = (/** @type {number} */ sample) => ({ sample, method: /** @type {const} */ ("occlusion"), k: 10 });
  explanations.want([wish(1), wish(2)]);
  explanations.want([wish(2)]);
  assert.deepEqual(calls.map(({ sample, signal }) => [sample, signal.aborted]), [[1, true], [2, false]]);
  calls[0].reject(new Error("cancelled"));
  calls[1].reject(Object.assign(new Error("no network"), { code: "missing" }));
  await new Promise(setImmediate);
  assert.equal(changes, 1, "what is cancelled is not told");
  assert.equal(explanations.get(wish(2)).error?.message, "no network");
  explanations.want([]);
  explanations.want([wish(2)]);
  calls[2].resolve({ method: "occlusion" });
  await new Promise(setImmediate);
  assert.deepEqual(explanations.get(wish(2)), { value: { method: "occlusion" }, error: null, control: /** @type {any} */ (explanations.get(wish(2))).control });
  explanations.want([]);
  explanations.want([wish(2)]);
  assert.equal(calls.length, 3, "what is there is kept");
});

test("what an explanation lacks is said in words", async () => {
  const damaged = await serveChangedSite(async (folder) => {
    const bundle = join(folder, "bundle");
    const [name] = (await readdir(bundle)).filter((file) => file.startsWith("m."));
    const { chunks } = JSON.parse(await readFile(join(bundle, name), "utf8"));
    await rm(join(bundle, chunks.find((/** @type {any} */ chunk) => chunk.role === "weights").file));
  });
  const { page, close } = await openExplorer(browser, damaged.url, "pins=5&beside=open&explain=gradient");
  try {
    await page.waitForSelector('[data-pin="5"] .compare-note.is-error');
    assert.match(await page.locator('[data-pin="5"] .compare-note').innerText(), /\.bin is missing/);
  } finally {
    await close();
    await damaged.close();
  }
});
