/** The panel of the explorer: tabs, and the selection as thumbnails. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, needsChromium, savedBy, site, useSite, waitForState } from "./browser.mjs";
import { askEngine, longestTask, openExplorer } from "./explorer.mjs";

useSite();

const CELLS = ".samples-cell:not([style*=hidden])";

/** The samples of the cells, by their place in the list. @param {any} page @returns {Promise<number[]>} */
const cellsOf = (page) =>
  page.evaluate((/** @type {string} */ selector) =>
    [...document.querySelectorAll(".samples-row:not([hidden])")]
      .sort((a, b) => Number(a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex")))
      .flatMap((row) => [...row.querySelectorAll(selector)].map((cell) => Number(/** @type {HTMLElement} */ (cell).dataset.sample))), CELLS);

/** The sample that has the focus. @param {any} page @returns {Promise<number | null>} */
const focusedSample = (page) => page.evaluate(() => (document.activeElement?.classList.contains("samples-cell") ? Number(/** @type {HTMLElement} */ (document.activeElement).dataset.sample) : null));

/** Waits until the grid begins with a sample. @param {any} page @param {number} sample */
const waitForFirst = (page, sample) =>
  page.waitForFunction((/** @type {number} */ wanted) => document.querySelector(`.samples-row[aria-rowindex="1"] canvas + .samples-cell[data-sample="${wanted}"]`), sample);

test("tabs are walked by keys, stand in the URL, and only the shown one is drawn", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    const tabs = page.getByRole("tab");
    const names = await tabs.allInnerTexts();
    await tabs.first().focus();
    for (let i = 1; i <= names.length; i++) {
      await page.keyboard.press("ArrowRight");
      const selected = page.locator("[role=tab][aria-selected=true]");
      assert.equal(await selected.innerText(), names[i % names.length]);
      assert.equal(await page.locator("[role=tabpanel]:visible").count(), 1);
      assert.equal(await page.locator("[role=tabpanel]:visible").getAttribute("aria-labelledby"), await selected.getAttribute("id"));
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-selected")), "true");
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("samples are sorted by a measure either way, with its value, as the engine has it", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "verdict=wrong");
  try {
    const wrong = await askEngine(page, async ({ labels, predictions, confidences, stability, manifest }) => {
      const { values } = await stability();
      const last = (manifest.layers.length - 1) * manifest.dataset.samples;
      return [...labels.keys()].filter((i) => labels[i] !== predictions[i]).map((i) => ({ i, confidence: confidences[i], kept: values[last + i], prediction: manifest.classes[predictions[i]] }));
    });
    assert.ok(wrong.length > 50, `${wrong.length}`);
    await waitForFirst(page, wrong[0].i);
    for (const [sort, value] of /** @type {const} */ ([["confidence", "confidence"], ["last", "kept"]])) {
      const up = [...wrong].sort((a, b) => a[value] - b[value] || a.i - b.i);
      const down = [...wrong].sort((a, b) => b[value] - a[value] || a.i - b.i);
      await page.locator("select[name=sort]").selectOption(sort);
      await waitForFirst(page, up[0].i);
      let shown = await cellsOf(page);
      assert.deepEqual(shown, up.slice(0, shown.length).map(({ i }) => i));
      await page.locator("button[name=direction]").click();
      await waitForFirst(page, down[0].i);
      await waitForState(page, { sort: `-${sort}` });
      shown = await cellsOf(page);
      assert.deepEqual(shown, down.slice(0, shown.length).map(({ i }) => i));
      const { kept, prediction } = down[0];
      const text = (await page.locator(`.samples-cell[data-sample="${down[0].i}"] span`).allInnerTexts()).join("\n");
      assert.ok(text.includes(`× ${prediction}`), text);
      if (sort === "last") assert.ok(text.split("\n").includes(`${kept}`), text);
      await page.locator("button[name=direction]").click();
    }
    assert.equal(await page.locator(".samples").getAttribute("aria-rowcount"), `${Math.ceil(wrong.length / Number(await page.locator(".samples").getAttribute("aria-colcount")))}`);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("every measure that the bundle ships sorts the samples by the engine's values", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "layer=6");
  try {
    const values = await askEngine(page, async (bundle) => {
      const { credibility } = (await bundle.measures({ layer: 1, names: ["credibility"] })).values;
      const { purity, predictionPurity, occurrence, rbo } = (await bundle.measures({ layer: 6 })).values;
      return Object.fromEntries(Object.entries({ purity, predictionPurity, occurrence, rbo, credibility }).map(([name, all]) => [name, [.../** @type {Float32Array} */ (all)]]));
    });
    for (const [name, all] of Object.entries(values)) {
      const order = [...all.keys()].sort((a, b) => all[b] - all[a] || a - b);
      await page.goto(`${site.url}#/explore?layer=6&sort=-${name}`);
      await waitForFirst(page, order[0]);
      const shown = await cellsOf(page);
      assert.deepEqual(shown, order.slice(0, shown.length), name);
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("keys walk the grid, Enter pins, T opens the trace, and going back finds the pin", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    await waitForFirst(page, 0);
    const across = Number(await page.locator(".samples").getAttribute("aria-colcount"));
    await page.locator('.samples-cell[data-sample="0"]').focus();
    for (const [key, sample] of /** @type {const} */ ([["ArrowRight", 1], ["ArrowDown", 1 + across], ["ArrowLeft", across], ["ArrowUp", 0], ["End", across - 1], ["Home", 0], ["Control+End", 9999], ["Control+Home", 0], ["ArrowRight", 1]])) {
      await page.keyboard.press(key);
      assert.equal(await focusedSample(page), sample, key);
      assert.ok(await page.evaluate(() => {
        const [cell, grid] = [document.activeElement, document.querySelector(".samples")].map((node) => /** @type {Element} */ (node).getBoundingClientRect());
        return cell.top >= grid.top - 1 && cell.bottom <= grid.bottom + 1;
      }), `${key}: in view`);
    }
    assert.equal(await page.locator('.samples-cell[tabindex="0"]').count(), 1);
    await page.mouse.move(1300, 500);
    await page.mouse.wheel(0, 20000);
    await page.waitForFunction(() => /** @type {Element} */ (document.querySelector(".samples")).scrollTop > 10000);
    assert.equal(await focusedSample(page), 1, "the focus stays where it was while the grid scrolls");
    await page.keyboard.press("Enter");
    await waitForState(page, { pins: "1" });
    await page.waitForSelector('.samples-cell[data-sample="1"][aria-selected=true]', { state: "attached" });
    await page.keyboard.press("t");
    await page.waitForFunction(() => location.hash.startsWith("#/trace?sample=1&"));
    await page.goBack();
    await page.waitForSelector('.samples-cell[data-sample="1"][aria-selected=true]');
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a click pins and a second one unpins, of seven the oldest gives way, and undo brings it back", async () => {
  const { page, close } = await openExplorer(browser, site.url);
  try {
    await waitForFirst(page, 0);
    for (const sample of [0, 1, 2, 3, 4, 5]) await page.locator(`.samples-cell[data-sample="${sample}"]`).click();
    await waitForState(page, { pins: "0.1.2.3.4.5" });
    await page.locator('.samples-cell[data-sample="6"]').click();
    await waitForState(page, { pins: "1.2.3.4.5.6" });
    await page.locator('.samples-cell[data-sample="3"]').click();
    await waitForState(page, { pins: "1.2.4.5.6" });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await waitForState(page, { pins: "0.1.2.3.4.5" });
    await page.reload();
    await page.waitForSelector('.samples-cell[data-sample="5"][aria-selected=true]');
    assert.equal(await page.locator(".samples-cell[aria-selected=true]").count(), 6);
  } finally {
    await close();
  }
});

test("10,000 samples scroll without a task of 50 ms, and thumbnails follow", { skip: needsChromium }, async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    await waitForFirst(page, 0);
    const longest = await longestTask(browser, page, () => page.evaluate(async () => {
      const grid = /** @type {HTMLElement} */ (document.querySelector(".samples"));
      const end = grid.scrollHeight - grid.clientHeight;
      for (let i = 0; i <= 200; i++) {
        grid.scrollTop = i < 100 ? i * 37 : end * ((i - 100) / 100); // by a wheel, then by dragging the bar
        await new Promise(requestAnimationFrame);
      }
    }));
    const cells = await page.locator(".samples-cell").count();
    console.log(`scrolling: longest task ${longest.toFixed(1)} ms of the main thread's time, ${cells} cells`);
    assert.ok(longest < 50, `${longest} ms`);
    assert.ok(cells < 150, `${cells} cells`);
    const shown = await cellsOf(page);
    assert.equal(shown[shown.length - 1], 9999);
    await page.waitForFunction(() => {
      const row = document.querySelector('.samples-cell[data-sample="9999"]')?.closest(".samples-row");
      const canvas = row?.querySelector("canvas");
      return canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
    });
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the selection leaves as CSV with the measures at hand", async () => {
  const { page, close } = await openExplorer(browser, site.url, "class=3&sort=-confidence");
  try {
    await page.waitForSelector(".samples-cell");
    await page.getByRole("button", { name: "Export: selected samples" }).click();
    const { bytes } = await savedBy(page, () => page.getByRole("menuitem", { name: /CSV/ }).click());
    const lines = bytes.toString().trim().split("\r\n");
    const expected = await askEngine(page, ({ labels, predictions, confidences, manifest }) =>
      [...labels.keys()].filter((i) => labels[i] === 3).sort((a, b) => confidences[b] - confidences[a] || a - b).map((i) => [i, manifest.classes[3], manifest.classes[predictions[i]], confidences[i]]));
    const columns = lines[0].split(",");
    assert.deepEqual(columns.slice(0, 3), ["sample", "label", "prediction"]);
    const at = columns.indexOf("confidence");
    assert.ok(columns.includes("last") && at > 2, lines[0]);
    assert.deepEqual(lines.slice(1).map((line) => line.split(",")).map((row) => [Number(row[0]), row[1], row[2], Number(row[at])]), expected);
  } finally {
    await close();
  }
});
