/** The layer matrix: cells as the engine has them, walked and opened by mouse and keys, stopped, taken along. On the small bundle. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { spread } from "../../web/explore/matrix.js";
import { inkOn, lightness, short } from "../../web/explore/matrix_grid.js";
import { browser, savedBy, serveChangedSite, site, useSite, waitForState } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

useSite(() => serveChangedSite(() => {}));

/** Opens the matrix with its cells worked out. @param {string} [query] @param {object} [context] */
async function openMatrix(query = "", context = {}) {
  const opened = await openExplorer(browser, site.url, `tab=layers&${query}`, context);
  await opened.page.waitForSelector(".matrix[aria-busy=false]:not(.is-stale)", { timeout: 90000 });
  return opened;
}

/** The engine's matrix of the samples whose values at a layer lie in a range. @param {any} page @param {{ k?: number, layer?: number, low?: number, high?: number }} asked */
const matrixOf = (page, asked) =>
  askEngine(page, async (bundle, { k, layer = 0, low = 0, high = 1000 }) => {
    const { values } = await bundle.stability();
    const n = bundle.manifest.dataset.samples;
    const samples = Array.from({ length: n }, (_, i) => i).filter((i) => values[layer * n + i] >= low && values[layer * n + i] <= high);
    const { mean, exact } = await bundle.overlapMatrix({ k: k ?? bundle.manifest.stability.k, samples });
    return { mean: [...mean], exact, samples: samples.length, layers: bundle.manifest.layers.length };
  }, asked);

/** What the cells say. @param {any} page @returns {Promise<string[]>} */
const cellsOf = (page) => page.locator(".matrix-table a").allInnerTexts();

/** @param {any} page @param {number} from @param {number} to */
const cell = (page, from, to) => page.locator(`.matrix-table a[data-from="${from}"][data-to="${to}"]`);

test("the cells are the engine's means, of all samples and of a brushed part of them", async () => {
  const { page, problems, close } = await openMatrix();
  try {
    const all = await matrixOf(page, {});
    assert.ok(all.exact);
    assert.deepEqual(await cellsOf(page), all.mean.map(short));
    assert.match(await page.locator(".matrix-about").innerText(), /Of 600 samples, exact/);

    await page.evaluate(() => void (location.hash += "&brush=13-0~20"));
    const part = await matrixOf(page, { layer: 13, low: 0, high: 20 });
    assert.ok(part.samples > 10 && part.samples < 600);
    await page.waitForSelector(`.matrix[data-samples="${part.samples}"][data-exact=true]:not(.is-stale)`);
    assert.deepEqual(await cellsOf(page), part.mean.map(short));
    assert.notDeepEqual(part.mean.map(short), all.mean.map(short));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a click on a cell opens its two layers in the trace view", async () => {
  const { page, close } = await openMatrix("sample=12");
  try {
    await cell(page, 4, 9).hover();
    assert.match(await page.locator(".matrix-said").innerText(), /^Conv2d\(16,32,3\) and MaxPool2d\(2\) \(layer 9\): [\d.]+ of 100$/);
    await cell(page, 4, 9).click();
    await waitForState(page, { sample: "12", from: "4", to: "9" });
    assert.match(page.url(), /#\/trace\?/);
  } finally {
    await close();
  }
});

test("arrow keys, Home, End and pages walk the cells, Enter opens the layers", async () => {
  const { page, problems, close } = await openMatrix();
  try {
    const focused = () => page.evaluate(() => ["from", "to"].map((name) => Number(/** @type {HTMLElement} */ (document.activeElement).dataset[name])));
    assert.equal(await page.locator(".matrix-table a[tabindex='0']").count(), 1);
    await page.locator(".matrix-table a[tabindex='0']").focus();
    assert.deepEqual(await focused(), [0, 1]);
    const last = 13;
    for (const [key, place] of /** @type {[string, number[]][]} */ ([
      ["ArrowUp", [0, 1]], ["ArrowDown", [1, 1]], ["ArrowRight", [1, 2]], ["End", [1, last]], ["PageDown", [last, last]], ["ArrowRight", [last, last]],
      ["Home", [last, 0]], ["Control+Home", [0, 0]], ["Control+End", [last, last]], ["PageUp", [0, last]], ["ArrowLeft", [0, last - 1]],
    ])) {
      await page.keyboard.press(key);
      assert.deepEqual(await focused(), place, key);
    }
    assert.match(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), /^Input and ReLU \(layer 12\): [\d.]+ of 100$/);
    await page.keyboard.press("Enter");
    await waitForState(page, { from: "0", to: "12" });
    assert.match(page.url(), /#\/trace\?/);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("beyond a hundred neighbours the cells come from codes, of some samples, and say so", async () => {
  const { page, close } = await openMatrix("near=150");
  try {
    assert.match(await page.locator(".matrix-about").innerText(), /150 nearest .* Of 240 of 600 samples, on codes/);
    assert.equal(await cell(page, 3, 3).innerText(), "150");
  } finally {
    await close();
  }
});

test("the work can be stopped, leaves what was seen first, and be taken up again", async () => {
  const opened = await openExplorer(browser, site.url, "tab=layers");
  const { page, problems, close } = opened;
  try {
    await page.locator(".matrix button[name=stop]").click();
    await page.waitForSelector(".matrix button[name=go]:visible");
    await page.waitForSelector(".matrix[data-samples='48']");
    assert.match(await page.locator(".matrix-about").innerText(), /A first look at 48 of 600 samples, on codes/);
    await page.locator(".matrix button[name=go]").click();
    await page.waitForSelector(".matrix[data-samples='600'][data-exact=true]", { timeout: 90000 });
    assert.equal(await page.locator(".matrix button[name=go]").isVisible(), false);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the matrix leaves as a drawing with every figure in it, and as a table of the engine's own numbers", async () => {
  const { page, problems, close } = await openMatrix();
  try {
    const { mean, layers } = await matrixOf(page, {});
    const exported = async (/** @type {string} */ kind) => {
      await page.locator(".matrix .export-button").click();
      const { bytes } = await savedBy(page, () => page.locator(`.matrix .export-menu [data-kind=${kind}]`).click());
      return bytes.toString();
    };
    const drawn = await page.evaluate((/** @type {string} */ text) => {
      const { documentElement: root } = new DOMParser().parseFromString(text, "image/svg+xml");
      return { name: root.localName, texts: [...root.querySelectorAll("text")].map((node) => node.textContent ?? ""), fills: [...root.querySelectorAll("rect")].map((node) => node.getAttribute("fill")) };
    }, await exported("svg"));
    assert.equal(drawn.name, "svg");
    assert.deepEqual(drawn.texts.filter((/** @type {string} */ text) => /^\d+(\.\d)?$/.test(text)).slice(0, mean.length), mean.map(short));
    assert.ok(new Set(drawn.fills).size > 40, "cells keep their colours");
    const rows = (await exported("csv")).trimEnd().split("\r\n").slice(1);
    assert.equal(rows.length, layers);
    const numbers = rows.flatMap((row) => row.replace(/^("[^"]*"|[^,]*),/, "").split(",").map(Number));
    assert.deepEqual(numbers, mean);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the table is one for screen readers: a grid with names for rows and columns", async () => {
  const { page, close } = await openMatrix();
  try {
    const grid = page.getByRole("grid", { name: /layer by layer/ });
    assert.equal(await grid.getByRole("columnheader").count(), 14);
    assert.equal(await grid.getByRole("rowheader", { name: "Flatten" }).count(), 1);
    assert.equal(await grid.getByRole("gridcell").count(), 14 * 14 + 1, "and the empty corner");
    assert.equal(await grid.getByRole("link", { name: /^Input and Flatten: [\d.]+ of 100$/ }).count(), 1);
  } finally {
    await close();
  }
});

test("a number is legible on every colour: black or white reaches a contrast of 4.5", () => {
  for (let r = 0; r < 256; r += 15) {
    for (let g = 0; g < 256; g += 15) {
      for (let b = 0; b < 256; b += 15) {
        const colour = `rgb(${r}, ${g}, ${b})`;
        const [ink, ground] = [inkOn(colour, { overLight: "#000000", overDark: "#ffffff" }), colour].map(lightness);
        const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        assert.ok(contrast >= 4.5, `${colour}: ${contrast}`);
      }
    }
  }
});

test("some of a selection are spread over all of it, and few are taken as they are", () => {
  const list = Uint32Array.from({ length: 1000 }, (_, i) => 3 * i);
  assert.deepEqual([...spread(list, 4)], [0, 750, 1500, 2250]);
  assert.equal(spread(list.subarray(0, 4), 4).length, 4);
});
