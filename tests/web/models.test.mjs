/** A bundle of several models: named in the header, kept in the URL, and compared in the explorer; the engine asked beside it for the figures. */
import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { counterpart } from "../../web/models.js";
import { roughly } from "../../web/words.js";
import { browser, openPage, serveChangedSite, site, siteFolder, stateOf, until, useSite, violations, waitForState } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

const short = (/** @type {number} */ value) => (value >= 9.95 ? value.toFixed(0) : value.toFixed(1));

useSite(() =>
  serveChangedSite(async (folder) => {
    await rm(join(folder, "bundle"), { recursive: true });
    await cp(join(siteFolder, "../tests/models"), join(folder, "bundle"), { recursive: true });
  }),
);

/** @param {any} page @param {string} model */
const isShown = (page, model) => page.waitForFunction((/** @type {string} */ name) => document.documentElement.dataset.state === "ready" && (/** @type {HTMLSelectElement | null} */ (document.querySelector("select[name=model]:not([aria-busy])"))?.selectedOptions[0]?.textContent === name), model);

test("the header names the models; another one is shown with the state that it has a place for, and going back returns", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "sample=12&from=3&to=11&layer=9&brush=4-0~90&near=50&lasso=9.umap.0.0.10.0.10.10");
  try {
    await isShown(page, "trained");
    assert.deepEqual(await page.locator("select[name=model] option").allInnerTexts(), ["untrained", "after epoch 1", "trained", "planes"]);
    await page.locator("select[name=model]").selectOption({ label: "untrained" });
    await isShown(page, "untrained");
    const { model, sample, from, to, layer, brush, near, lasso } = stateOf(page);
    assert.deepEqual({ model, sample, from, to, layer, brush, near, lasso }, { model: "untrained", sample: "12", from: "3", to: "11", layer: "9", brush: "4-0~90", near: "50", lasso: undefined });
    assert.match(await page.locator("[data-provenance]").innerText(), /reads \d+ % of/);
    await page.locator("select[name=model]").selectOption({ label: "planes" });
    await isShown(page, "planes");
    await waitForState(page, { model: "planes", from: "0", to: "1" });
    await page.goBack();
    await isShown(page, "untrained");
    await waitForState(page, { from: "3", to: "11", layer: "9" });
    await page.goBack();
    await isShown(page, "trained");
    await waitForState(page, { model: null, lasso: "9.umap.0.0.10.0.10.10" });
    await page.reload();
    await isShown(page, "trained");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a link holds the model, in every view; a model that there is not gives way to the first", async () => {
  const { page, problems, close } = await openPage(browser);
  try {
    await page.goto(`${site.url}#/trace?model=untrained&sample=5&from=0&to=13&k=20`);
    await isShown(page, "untrained");
    const drawn = async () => (await page.locator("[data-view=trace] svg .point[data-sample]").evaluateAll((/** @type {Element[]} */ nodes) => nodes.map((node) => Number(node.getAttribute("data-sample"))))).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
    const expected = await askEngine(page, async (bundle) => {
      const near = await Promise.all([0, 13].map((layer) => bundle.neighbors({ sample: 5, layer, k: 20, model: "untrained" })));
      return [...new Set(near.flatMap(({ index }) => [...index]))].sort((a, b) => a - b);
    });
    assert.deepEqual(await until(drawn, (samples) => samples.join() === expected.join()), expected);
    await page.goto(`${site.url}#/trace?model=nobody&sample=5`);
    await page.reload();
    await isShown(page, "trained");
    assert.equal(stateOf(page).model, undefined);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("two models are compared: the cells are the engine's means, of all samples and of a selection, and the lines theirs", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "tab=models&against=untrained&near=20");
  try {
    const compared = (/** @type {number[] | undefined} */ samples) =>
      askEngine(page, async (bundle, given) => ({ ...(await bundle.compare({ with: "untrained", k: 20, samples: given ?? undefined })), layers: 0 }), samples ?? null).then(({ mean, ...rest }) => ({ ...rest, mean: Object.values(mean) }));
    const cells = () => page.locator(".models .matrix-table a").allInnerTexts();
    await page.waitForSelector(".models[data-samples='180'][data-exact=true]");
    const all = await compared(undefined);
    assert.deepEqual(await cells(), all.mean.map(short));
    assert.deepEqual(await page.locator(".kept-key li").allInnerTexts(), ["trained: kept from its Input", "untrained: kept from its Input", "in common, each layer with its counterpart", `chance: ${roughly(400 / 179)}`]);
    assert.equal(await page.locator(".kept-line[d]").count(), 3);
    const spoken = await page.locator(".kept-plot").getAttribute("aria-label");
    assert.ok(spoken.includes(`counterpart: ${[0, 1, 2].map((layer) => roughly(all.mean[15 * layer])).join(", ")}`), spoken);

    await page.evaluate(() => void (location.hash += "&picks=3.17.44"));
    await page.waitForSelector(".models[data-samples='3'][data-exact=true]");
    assert.deepEqual(await cells(), (await compared([3, 17, 44])).mean.map(short));

    await page.locator(".models select[name=against]").selectOption({ label: "planes" });
    await waitForState(page, { against: "planes" });
    await page.waitForSelector(".models[data-against=planes][data-samples='3'][data-exact=false]");
    assert.equal((await cells()).length, 28);
    assert.match(await page.locator(".models .matrix-about").innerText(), /on codes/);
    await page.locator(".models .matrix-table a[data-from='4'][data-to='1']").click();
    await waitForState(page, { layer: "4", tab: "models" });
    assert.deepEqual(problems, []);
    assert.deepEqual((await violations(page)).filter((words) => /models|kept|matrix/.test(words)), []);
  } finally {
    await close();
  }
});

test("a layer's counterpart has its name, as the same one of several; else it is as far along", () => {
  const named = (/** @type {string[]} */ ...names) => names.map((name) => ({ name }));
  const one = named("Input", "Conv", "ReLU", "Conv", "ReLU", "Linear");
  const other = named("Input", "Conv", "Norm", "ReLU", "Conv", "Norm", "ReLU", "Pool", "Linear");
  assert.deepEqual(one.map((_, layer) => counterpart(one, other, layer)), [0, 1, 3, 4, 6, 8]);
  assert.deepEqual(one.map((_, layer) => counterpart(one, named("a", "b", "c"), layer)), [0, 0, 1, 1, 2, 2]);
  assert.equal(counterpart(other, one, 7), 4);
});

test("a bundle of one model has neither names in the header nor a tab for them", async () => {
  const plain = await serveChangedSite(() => {});
  const { page, close } = await openExplorer(browser, plain.url, "tab=models");
  try {
    assert.equal(await page.locator("select[name=model]").count(), 0);
    assert.equal(await page.locator("[data-models]").isVisible(), false);
    assert.deepEqual(await page.locator(".panel-tabs button").allInnerTexts(), ["Samples", "Classes", "Layers", "Suggestions"]);
  } finally {
    await close();
    await plain.close();
  }
});
