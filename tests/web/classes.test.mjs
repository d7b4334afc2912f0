/** The explorer's class view: confusion matrix and figures of each class against the engine's summary. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { rankClasses } from "../../web/explore/class_figures.js";
import { browser, needsChromium, openPage, savedBy, site, stateOf, useSite, waitForState } from "./browser.mjs";
import { askEngine, longestTask, openExplorer } from "./explorer.mjs";

useSite();

const RIGHT = '.confusion-cell[data-row="0"][data-column="0"]';

/** What the engine counts; `least`: of samples whose confidence is at most that. @param {any} page @param {number} [most] */
const summaryOf = (page, most = 1) =>
  askEngine(page, async (bundle, highest) => {
    const samples = [...bundle.labels.keys()].filter((i) => bundle.confidences[i] <= highest);
    const { confusion, precision, recall, f1, support, accuracy, balancedAccuracy } = await bundle.summary({ samples });
    return { n: samples.length, classes: bundle.manifest.classes, confusion: [...confusion], precision: [...precision], recall: [...recall], f1: [...f1], support: [...support], accuracy, balancedAccuracy };
  }, most);

/** The numbers of the matrix, row by row, once its first cell has one. @param {any} page @param {number} first @returns {Promise<number[]>} */
async function matrixOf(page, first) {
  await page.waitForFunction((/** @type {[string, number]} */ [cell, n]) => document.querySelector(cell)?.textContent === (n > 0 ? `${n}` : ""), [RIGHT, first]);
  return page.locator(".confusion-cell").evaluateAll((/** @type {Element[]} */ cells) => cells.map((cell) => Number(cell.textContent)));
}

test("the matrix and the figures are the engine's, sorted by any of them, and overall figures stand in words", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "tab=classes");
  try {
    const summary = await summaryOf(page);
    assert.deepEqual(await matrixOf(page, summary.confusion[0]), summary.confusion);
    const words = (await page.locator(".classes-summary").innerText()).replaceAll("\u00a0", " ");
    assert.ok(words.includes("Of all 10,000 samples") && words.includes(`${Math.round(summary.accuracy * 10000).toLocaleString("en")} rightly: ${Math.round(summary.accuracy * 100)} %`) && words.includes(`${Math.round(summary.balancedAccuracy * 100)} % averaged`), words);
    for (const [button, figure] of /** @type {const} */ ([["Precision", "precision"], ["Recall", "recall"], ["F1", "f1"], ["Number", "support"]])) {
      await page.locator(".figures thead").getByRole("button", { name: button }).click();
      await waitForState(page, { ranking: `-${figure}` });
      const order = rankClasses(/** @type {any} */ (summary), `-${figure}`, summary.classes.length);
      await page.waitForFunction((/** @type {string} */ name) => document.querySelector(".figures tbody th")?.textContent === name, summary.classes[order[0]]);
      assert.deepEqual(await page.locator(".figures tbody th").allInnerTexts(), order.map((c) => summary.classes[c]));
      const shown = await page.locator(`.figures-${figure} span`).allInnerTexts();
      const expected = order.map((c) => summary[figure][c]);
      shown.forEach((/** @type {string} */ text, /** @type {number} */ i) => {
        const value = expected[i];
        if (figure === "support") assert.equal(text, `${value}`);
        else assert.equal(text, value > 0.99 && value < 1 ? "> 99 %" : `${Math.round(value * 100)} %`);
      });
      assert.ok(expected.every((value, i) => i === 0 || value <= expected[i - 1]));
    }
    assert.equal(await page.locator(".figures [aria-sort=descending]").innerText(), "Number ↓");
    await page.getByRole("button", { name: "Undo" }).click();
    await waitForState(page, { ranking: "-f1" });
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a cell keeps its samples and the matrix stays whole; a head keeps its row; a second click lets go", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "tab=classes");
  try {
    const summary = await summaryOf(page);
    const size = summary.classes.length;
    await matrixOf(page, summary.confusion[0]);
    const mistakes = summary.confusion.map((n, i) => (i % (size + 1) ? n : 0));
    const worst = mistakes.indexOf(Math.max(...mistakes));
    const [row, column] = [Math.floor(worst / size), worst % size];
    const cell = page.locator(`.confusion-cell[data-row="${row}"][data-column="${column}"]`);
    await cell.hover();
    const n = summary.confusion[worst];
    await page.waitForFunction((/** @type {string} */ text) => document.querySelector(".confusion-words")?.textContent?.startsWith(text), `${n} of ${summary.support[row]} labelled ${summary.classes[row]} are read as ${summary.classes[column]}`);
    await cell.click();
    await waitForState(page, { class: `${row}`, predicted: `${column}` });
    await page.waitForFunction((/** @type {string} */ text) => document.querySelector(".toolbar-counts")?.textContent === text, `${n} of 10,000 samples`);
    assert.equal(await page.locator('.confusion-cell[aria-selected="true"]').count(), 1);
    assert.deepEqual(await matrixOf(page, summary.confusion[0]), summary.confusion);
    await cell.click();
    await waitForState(page, { class: null, predicted: null });
    await page.locator(`.confusion-head[data-row="-1"][data-column="${column}"]`).click();
    await waitForState(page, { class: null, predicted: `${column}` });
    const read = summary.classes.reduce((sum, _, label) => sum + summary.confusion[label * size + column], 0);
    await page.waitForFunction((/** @type {string} */ text) => document.querySelector(".toolbar-counts")?.textContent === text, `${read} of 10,000 samples`);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("keys walk the matrix and Enter keeps a cell", async () => {
  const { page, close } = await openExplorer(browser, site.url, "tab=classes");
  try {
    const summary = await summaryOf(page);
    await matrixOf(page, summary.confusion[0]);
    assert.equal(await page.locator('.confusion [tabindex="0"]').count(), 1);
    await page.locator('.confusion [tabindex="0"]').focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
    const at = await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).dataset);
    assert.deepEqual([at.row, at.column], ["1", "1"]);
    await page.keyboard.press("Enter");
    await waitForState(page, { class: "1", predicted: "1" });
    await page.keyboard.press("Home");
    await page.keyboard.press(" ");
    await waitForState(page, { class: "1", predicted: null });
  } finally {
    await close();
  }
});

test("a selection's figures stand beside those of all", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "tab=classes&confidence=0~0,8&class=2");
  try {
    const [part, all] = [await summaryOf(page, 0.8), await summaryOf(page)];
    assert.ok(part.n < all.n);
    assert.deepEqual(await matrixOf(page, part.confusion[0]), part.confusion, "the filter by class is set aside");
    const words = (await page.locator(".classes-summary").innerText()).replaceAll("\u00a0", " ");
    assert.ok(words.includes(`Of the ${part.n} samples selected, filters by class aside`) && words.includes(`Of all 10,000: ${Math.round(all.accuracy * 100)} %`), words);
    const bars = await page.locator(".figures-recall i").evaluateAll((/** @type {HTMLElement[]} */ nodes) => nodes.map(({ style }) => [style.getPropertyValue("--share"), style.getPropertyValue("--all")].map(Number)));
    assert.deepEqual(bars, part.recall.map((value, c) => [value, all.recall[c]]));
    assert.equal(stateOf(page).class, "2");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the matrix leaves as CSV with what it shows", async () => {
  const { page, close } = await openExplorer(browser, site.url, "tab=classes");
  try {
    const summary = await summaryOf(page);
    await matrixOf(page, summary.confusion[0]);
    await page.getByRole("button", { name: "Export: Confusion" }).click();
    const { bytes } = await savedBy(page, () => page.getByRole("menuitem", { name: /CSV/ }).click());
    const lines = bytes.toString().trim().split("\r\n").map((line) => line.split(","));
    assert.deepEqual(lines[0].slice(1), summary.classes.map((name) => `read as ${name}`));
    assert.deepEqual(lines.slice(1).flatMap((line) => line.slice(1).map(Number)), summary.confusion);
  } finally {
    await close();
  }
});

test("a hundred classes are built and changed without a task of 50 ms, and heads stay in view", { skip: needsChromium }, async () => {
  const { build } = createRequire(new URL("../../web/package.json", import.meta.url))("esbuild");
  const { outputFiles } = await build({
    stdin: { contents: `export { createConfusion } from "./confusion.js";`, resolveDir: fileURLToPath(new URL("../../web/explore", import.meta.url)) },
    bundle: true, format: "iife", globalName: "built", write: false,
  });
  const styles = await Promise.all(["tokens", "base", "classes"].map((name) => readFile(new URL(`../../web/styles/${name}.css`, import.meta.url), "utf8")));
  const { page, close } = await openPage(browser, { bypassCSP: true });
  try {
    await page.setContent(`<style>${styles.join("\n").replaceAll("@import", "/**/")}</style><div id="root" style="width: 24rem"></div>`);
    await page.addScriptTag({ content: outputFiles[0].text });
    const longest = await longestTask(browser, page, async () => {
      await page.evaluate(async () => {
        const classes = Array.from({ length: 100 }, (_, c) => `class ${c}`);
        const view = /** @type {any} */ (window).built.createConfusion(document.querySelector("#root"), { classes, onKeep: () => undefined });
        for (let time = 0; time < 30; time++) {
          const confusion = Uint32Array.from({ length: 10000 }, (_, i) => (i % 101 === 0 ? 90 : (i * 7 + time) % 9 === 0 ? 1 : 0));
          view.update({ confusion, support: new Uint32Array(100).fill(100) }, { classes: [], predicted: [] });
          await new Promise(requestAnimationFrame);
        }
        while (document.querySelectorAll(".confusion-row").length < 101) await new Promise(requestAnimationFrame);
      });
    });
    console.log(`a matrix of a hundred classes: longest task ${longest.toFixed(1)} ms of the main thread's time`);
    assert.ok(longest < 50, `${longest} ms`);
    const heads = await page.evaluate(async () => {
      const grid = /** @type {HTMLElement} */ (document.querySelector(".confusion"));
      grid.scrollTo(900, 900);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const box = grid.getBoundingClientRect();
      const top = /** @type {Element} */ (document.elementFromPoint(box.left + 200, box.top + 20)).closest("[data-row]");
      const left = /** @type {Element} */ (document.elementFromPoint(box.left + 20, box.top + 200)).closest("[data-row]");
      return [top?.getAttribute("data-row"), left?.getAttribute("data-column"), Number(top?.getAttribute("data-column")) > 20, Number(left?.getAttribute("data-row")) > 20];
    });
    assert.deepEqual(heads, ["-1", "-1", true, true]);
  } finally {
    await close();
  }
});
