/** The explorer's filters: what is kept, counted and reset, by mouse and by keys. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { countFilters, selectSamples } from "../../web/explore/selection.js";
import { binsOf, placesOf } from "../../web/explore/range.js";
import { browser, isFirefox, site, stateOf, useSite, waitForState } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

useSite();

/** What the engine says of every sample. @param {any} page */
const samplesOf = (page) =>
  askEngine(page, async ({ labels, predictions, confidences, stability, manifest }) => {
    const { values } = await stability();
    const last = (manifest.layers.length - 1) * manifest.dataset.samples;
    return [...labels.keys()].map((i) => ({ i, label: labels[i], prediction: predictions[i], confidence: confidences[i], kept: values[last + i] }));
  });

/** Waits until the explorer says how many samples are shown. @param {any} page @param {number} wanted */
const waitForCount = (page, wanted) =>
  page.waitForFunction((/** @type {string} */ text) => document.querySelector(".toolbar-counts")?.textContent?.startsWith(text), `${wanted.toLocaleString("en")} ${wanted === 10000 ? "samples" : "of 10,000 samples"}`);

/** The number on a button. @param {any} page @param {string} selector */
const numberOn = async (page, selector) => Number((await page.locator(selector).innerText()).replace(/\D/g, ""));

/**
 * Drags a handle of a range to a share of its track, watching where it goes, as a person does: a browser keeps some pixels of where the handle was taken hold of.
 * @param {any} page @param {string} range @param {0 | 1} end @param {number} share
 */
async function dragHandle(page, range, end, share) {
  const plot = await page.locator(`[data-range="${range}"] .range-plot`).boundingBox();
  const input = page.locator(`[name="${range}-${end}"]`);
  const max = Number(await input.getAttribute("max"));
  const goal = Math.round(share * max);
  const at = (await input.inputValue()) / max;
  const y = plot.y + plot.height - 12.8;
  await page.mouse.move(plot.x + at * plot.width, y);
  await page.mouse.down();
  let x = plot.x + ((at + share) / 2) * plot.width;
  await page.mouse.move(x, y, { steps: 4 });
  for (let tries = 0, off; tries < 8 && (off = goal - (await input.inputValue())) !== 0; tries++) {
    x += (off / max) * plot.width;
    await page.mouse.move(x, y, { steps: 4 });
  }
  await page.mouse.up();
  assert.equal(Number(await input.inputValue()), goal);
}

test("each filter has a bit, so that its choices are counted with itself set aside", () => {
  const bundle = /** @type {any} */ ({ manifest: { classes: ["pear", "7 up"] }, labels: Uint16Array.of(0, 0, 1, 1), predictions: Uint16Array.of(0, 1, 1, 0), confidences: Float32Array.of(0.9, 0.4, 0.8, 0.6) });
  const nothing = { classes: [], predicted: [], verdict: "all", confidence: null, find: "", ranges: [], brushes: [], lasso: null, picks: [] };
  /** @param {object} change */
  const chosenBy = (change) => selectSamples(/** @type {any} */ ({ bundle, ledger: {}, state: { ...nothing, ...change } }));
  const both = chosenBy({ classes: [0], verdict: "wrong", picks: [1, 2] });
  assert.deepEqual([...both.failed], [4, 0, 5, 1]);
  assert.deepEqual([...both.mask], [0, 2, 0, 0]);
  assert.deepEqual([...both.chosen], [0, 1, 1, 0]);
  assert.deepEqual([...chosenBy({ predicted: [1], confidence: [0.5, 0.85] }).selected], [2]);
  assert.deepEqual([...chosenBy({ ranges: [{ name: "confidence", low: 0.6, high: 0.85 }] }).shown], [2, 3].filter((i) => bundle.confidences[i] >= 0.6));
  assert.deepEqual([...chosenBy({ find: "PEA" }).shown], [0, 1]);
  assert.deepEqual([...chosenBy({ find: "0" }).shown], [0]);
  assert.deepEqual([...chosenBy({ find: "7" }).shown], [2, 3], "a class whose name has the digit");
  assert.deepEqual([...chosenBy({ find: "plum" }).shown], []);
  assert.equal(countFilters(/** @type {any} */ ({ ...nothing, classes: [0], find: "a", ranges: [{}, {}] })), 4);
});

test("a range's handles stand at round numbers that hold every value", () => {
  for (const domain of /** @type {[number, number][]} */ ([[0, 1], [0, 100], [3, 1234], [-0.0123456, 0.07], [5, 5]])) {
    const { count, at, near } = placesOf(domain);
    assert.ok(at(0) <= domain[0] && at(count) >= domain[1] && count >= 1 && count <= 210, `${domain}: ${at(0)} to ${at(count)} in ${count}`);
    for (const place of [0, 1, count >> 1, count]) assert.equal(near(at(place)), place);
  }
  const { kept, all } = binsOf([0, 0.5, 0.5, 1, NaN], 0, 1, (i) => i % 3);
  assert.deepEqual([all[0], all[20], all[39], kept[20]], [0, 2, 0, 1]);
});

test("classes are kept by label and by prediction, and every count is the engine's", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    const samples = await samplesOf(page);
    /** @param {(sample: typeof samples[number]) => boolean} fits */
    const number = (fits) => samples.filter(fits).length;
    await page.getByRole("button", { name: /^labelled bee: / }).click();
    await waitForState(page, { class: "2" });
    await waitForCount(page, number(({ label }) => label === 2));
    assert.equal(await numberOn(page, '[data-keep="classes-5"]'), number(({ label }) => label === 5), "labels are counted with the filter by label set aside");
    assert.equal(await numberOn(page, '[data-keep="predicted-5"]'), number(({ label, prediction }) => label === 2 && prediction === 5));
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await waitForState(page, { class: "2.3" });
    await page.locator('[data-keep="predicted-5"]').click();
    await waitForState(page, { class: "2.3", predicted: "5" });
    await waitForCount(page, number(({ label, prediction }) => [2, 3].includes(label) && prediction === 5));
    await page.getByRole("radio", { name: /^Wrong/ }).click();
    await waitForState(page, { verdict: "wrong" });
    await page.locator('[data-keep="predicted-5"]').click();
    await waitForState(page, { predicted: null });
    const wrong = number(({ label, prediction }) => [2, 3].includes(label) && prediction !== label);
    await waitForCount(page, wrong);
    const counts = await page.locator(".facet-choice .facet-count").allInnerTexts();
    assert.deepEqual(counts.map((/** @type {string} */ text) => Number(text.replace(/\D/g, ""))), [number(({ label }) => [2, 3].includes(label)), number(({ label, prediction }) => [2, 3].includes(label) && prediction === label), wrong]);
    await page.getByRole("button", { name: "Show all" }).click();
    await waitForCount(page, 10000);
    await page.keyboard.press("Control+z");
    await waitForState(page, { class: "2.3", verdict: "wrong" });
    await waitForCount(page, wrong);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("confidence is kept between two handles, dragged or moved by keys, one step of history a drag", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    const samples = await samplesOf(page);
    const before = await page.evaluate(() => history.length);
    await dragHandle(page, "confidence", 0, 0.4);
    await waitForState(page, { confidence: "0,4~1" });
    assert.equal(await page.evaluate(() => history.length), before + 1);
    await waitForCount(page, samples.filter(({ confidence }) => confidence >= 0.4).length);
    await page.locator('[name="confidence-1"]').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
    const state = { confidence: "0,4~0,97" };
    await waitForState(page, state);
    const kept = samples.filter(({ confidence }) => confidence >= 0.4 && confidence <= 0.97).length;
    await waitForCount(page, kept);
    assert.match(await page.locator('[data-range="confidence"] .range-words').innerText(), new RegExp(`${kept.toLocaleString("en")}$`));
    await page.getByRole("button", { name: "Reset: Confidence" }).click();
    await waitForCount(page, 10000);
    await page.getByRole("button", { name: "Undo" }).click();
    await waitForState(page, state);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a range of a measure is added, drawn, dragged, restored by the URL and removed", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    const samples = await samplesOf(page);
    await page.locator("select[name=add-range]").selectOption("last");
    await page.waitForSelector('[data-range="last"] .range-all[d^="M"]');
    assert.equal(stateOf(page).range, undefined, "a histogram alone filters nothing");
    await dragHandle(page, "last", 1, 0.2);
    await dragHandle(page, "last", 0, 0.1);
    await waitForState(page, { range: "last-10~20" });
    const kept = samples.filter(({ kept: n }) => n >= 10 && n <= 20).length;
    assert.ok(kept > 0);
    await waitForCount(page, kept);
    await page.reload();
    await page.waitForSelector('[data-range="last"] .range-kept[d^="M"]');
    await waitForCount(page, kept);
    await page.getByRole("button", { name: /^Remove: Neighbours kept at the last layer/ }).click();
    await waitForCount(page, 10000);
    assert.equal(await page.locator('[data-range="last"]').count(), 0);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("search finds a number and a part of a class's name; a word typed is one step of history", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    const samples = await samplesOf(page);
    const before = await page.evaluate(() => history.length);
    await page.getByRole("searchbox", { name: "Find" }).pressSequentially("apple");
    await waitForCount(page, samples.filter(({ label }) => [1, 10].includes(label)).length);
    await page.getByRole("searchbox", { name: "Find" }).blur();
    assert.equal(await page.evaluate(() => history.length), before + 1);
    await page.getByRole("searchbox", { name: "Find" }).fill("4321");
    await waitForCount(page, 1);
    await page.waitForSelector('.samples-cell[data-sample="4321"]');
    await page.getByRole("searchbox", { name: "Find" }).fill("");
    await waitForCount(page, 10000);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("on a phone the classes fold away too, and a tap keeps one", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  try {
    const button = page.getByRole("button", { name: "Classes, to keep some" });
    assert.equal(await page.locator("#classes-list").isVisible(), false);
    const press = isFirefox ? "click" : "tap"; // its driver knows no fingers
    await button[press]();
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    const last = page.locator("#classes-list .classes-row").last();
    const [list, row] = await Promise.all([page.locator("#classes-list").boundingBox(), last.boundingBox()]);
    assert.ok(row.y + row.height <= list.y + list.height + 1, "no list within the page scrolls by itself");
    await page.locator('[data-keep="classes-3"]')[press]();
    await waitForState(page, { class: "3" });
    await button[press]();
    assert.equal(await page.locator("#classes-list").isVisible(), false);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("below a desk's width the filters fold away behind a button that counts them", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "class=3&verdict=right&range=last-5~40", { viewport: { width: 1024, height: 768 } });
  try {
    const button = page.getByRole("button", { name: "Filters: 3 active" });
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    assert.equal(await page.getByRole("searchbox", { name: "Find" }).isVisible(), false);
    await button.press("Enter");
    assert.equal(await page.getByRole("searchbox", { name: "Find" }).isVisible(), true);
    await page.getByRole("radio", { name: /^All/ }).click();
    await page.waitForSelector("text=Filters: 2 active");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});
