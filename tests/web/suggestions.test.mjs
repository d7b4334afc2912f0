/** The explorer's suggestions: sentences whose figures are the engine's, pins, picks and ways into the trace. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { REASONS, partsOf, sentenceOf, speechOf, traceOf } from "../../web/explore/suggestion_words.js";
import { browser, site, stateOf, useSite, waitForState } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

/** @typedef {import("../../wasm/ntrace.d.ts").Suggestion} Suggestion */

useSite();

const bundle = /** @type {any} */ ({
  manifest: { classes: ["pear", "apple", "bee"], layers: [{ name: "Input" }, { name: "ReLU" }, { name: "ReLU" }, { name: "Linear" }], dataset: { noun: { one: "sketch", many: "sketches" } } },
  predictions: Uint16Array.of(2, 1),
});

/** One of each reason, and what its sentence has to say. @type {[Suggestion, string][]} */
const SAID = [
  [{ sample: 0, label: 0, reason: "mislabelled", layer: 3, suggested: 1, share: 0.62, probability: 0.999, ownShare: 0 },
    "Labelled pear, but 62 % of its 100 nearest at Linear are labelled apple and none as it is; the network gives apple over 99 %."],
  [{ sample: 0, label: 0, reason: "ambiguous", layer: 3, majority: 0, second: 1, share: 0.5, secondShare: 0.48, probability: 0.35 },
    "At Linear 50 % of its 100 nearest are labelled pear and 48 % apple; the network reads it as bee, 35 % sure."],
  [{ sample: 0, label: 0, reason: "corrected", from: 0, layer: 3, majorityBefore: 2, shareBefore: 0.7, ownShareBefore: 0.005, ownShareAfter: 1 },
    "At Input 70 % of its 100 nearest are labelled bee and under 1 % as it is; at Linear all are labelled as it is."],
  [{ sample: 0, label: 0, reason: "changesClassOverall", from: 0, layer: 3, fromClass: 1, toClass: 0, fromShare: 0.94, toShare: 0.99 },
    "At Input 94 % of its 100 nearest are labelled apple; at Linear 99 % are labelled pear."],
  [{ sample: 0, label: 0, reason: "changesClass", from: 1, layer: 2, fromClass: 1, toClass: 0, fromShare: 0.51, toShare: 0.52 },
    "At ReLU (layer 1) 51 % of its 100 nearest are labelled apple; at ReLU (layer 2) 52 % are labelled pear."],
  [{ sample: 0, label: 0, reason: "unusual", layer: 0, majority: 2, purity: 0, distanceRatio: 1.84 },
    "None of its 100 nearest at Input has its label; most are labelled bee. Neighbour 100 is 1.8 times as far as those of the same class usually are in its class."],
  [{ sample: 0, label: 0, reason: "unusual", layer: 0, majority: 2, purity: 0.03, distanceRatio: 12.3 },
    "3 % of its 100 nearest at Input have its label; most are labelled bee. Those with its label are 12 times as far as is usual in its class."],
  [{ sample: 0, label: 0, reason: "mostStable", from: 0, layer: 3, kept: 80.6, meanKept: 48.4 },
    "Over the layers that follow it keeps 81 of its 100 nearest at Input on average; over all samples the average is 48."],
  [{ sample: 0, label: 0, reason: "leastStable", from: 0, layer: 3, kept: 3.14, meanKept: 48.4 },
    "Over the layers that follow it keeps 3.1 of its 100 nearest at Input on average; over all samples the average is 48."],
  [{ sample: 0, label: 0, reason: "changesMost", from: 2, layer: 3, kept: 8, meanKept: 50.6 },
    "Of its 100 nearest at ReLU (layer 2) it keeps 8 at Linear; the average is 51."],
  [{ sample: 0, label: 0, reason: "hub", layer: 0, neighborhoods: 1595, ownShare: 0.31 },
    "At Input it is among the 100 nearest of 1,595 sketches, 31 % of them with its label."],
  [{ sample: 0, label: 0, reason: "typical", layer: 3, neighborhoods: 1, purity: 0.94 },
    "At Linear it is among the 100 nearest of 1 sketch of its class; 94 % of its 100 nearest have its label."],
];

test("every reason has a sentence that is true to its figures", () => {
  assert.deepEqual([...new Set(SAID.map(([{ reason }]) => reason))].sort(), REASONS.map(({ name }) => name).sort());
  for (const [suggestion, words] of SAID) assert.equal(sentenceOf(suggestion, speechOf(bundle, 100)), words);
  assert.equal(sentenceOf(SAID[10][0], speechOf({ ...bundle, manifest: { ...bundle.manifest, dataset: {} } }, 1)), "At Input it is among the nearest of 1,595 samples, 31 % of them with its label.");
});

test("a suggestion opens the trace between the layers that it speaks of", () => {
  assert.deepEqual(traceOf(SAID[9][0], 4), { from: 2, to: 3 });
  assert.deepEqual(traceOf(SAID[0][0], 4), { from: 0, to: 3 });
  assert.deepEqual(traceOf(SAID[10][0], 4), { from: 0, to: 3 });
});

test("suggestions of a reason are parted by layer, step or class", () => {
  const speech = speechOf(bundle, 100);
  const reasonOf = (/** @type {string} */ wanted) => /** @type {any} */ (REASONS.find(({ name }) => name === wanted));
  const hubs = [0, 1, 1].map((layer) => /** @type {Suggestion} */ ({ sample: layer, label: 0, reason: "hub", layer, neighborhoods: 3, ownShare: 1 }));
  assert.deepEqual(partsOf(hubs, reasonOf("hub"), speech).map(({ title, suggestions }) => [title, suggestions.length]), [["At Input", 1], ["At ReLU (layer 1)", 2]]);
  assert.deepEqual(partsOf([SAID[9][0]], reasonOf("changesMost"), speech)[0].title, "ReLU (layer 2) → Linear");
  assert.deepEqual(partsOf([SAID[11][0]], reasonOf("typical"), speech)[0].title, "pear");
  assert.deepEqual(partsOf([SAID[0][0], SAID[0][0]], reasonOf("mislabelled"), speech).length, 1);
});

/** What the engine suggests, with what sentences need. @param {any} page */
async function suggestedBy(page) {
  const { k, suggestions, manifest, predictions } = await askEngine(page, async (opened) => {
    const { k: nearest, suggestions: all } = await opened.suggestions();
    const { classes, layers, dataset } = opened.manifest;
    return { k: nearest, suggestions: all, manifest: { classes, layers, dataset }, predictions: [...opened.predictions] };
  });
  return { suggestions, speech: speechOf(/** @type {any} */ ({ manifest, predictions: Uint16Array.from(predictions) }), k) };
}

test("every suggestion of the engine is there, by reason, with its sentence", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "tab=suggestions&reason=none");
  try {
    const { suggestions, speech } = await suggestedBy(page);
    await page.waitForSelector(".suggestions-toggle");
    for (const { name, title } of REASONS) {
      const mine = suggestions.filter(({ reason }) => reason === name);
      if (mine.length === 0) continue;
      await page.getByRole("button", { name: new RegExp(`^${title} ?${mine.length}$`) }).click();
      await waitForState(page, { reason: name === "mislabelled" ? null : name });
      for (let more = page.locator(".suggestions-more").first(); (await more.count()) > 0; ) await more.click();
      const shown = await page.locator(`#reason-${name} .suggestion-item`).evaluateAll((/** @type {HTMLElement[]} */ items) =>
        items.map((item) => `${item.dataset.suggested} ${item.querySelector(".suggestion-why")?.textContent}`));
      assert.deepEqual(shown.sort(), mine.map((suggestion) => `${suggestion.sample} ${sentenceOf(suggestion, speech)}`).sort());
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a click pins a suggestion, a group is selected as a whole and let go, a link opens the fitting trace", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url, "tab=suggestions&reason=changesMost");
  try {
    const { suggestions } = await suggestedBy(page);
    const mine = suggestions.filter((suggestion) => suggestion.reason === "changesMost");
    const first = /** @type {Suggestion & { from: number }} */ (mine[0]);
    const group = [...new Set(mine.filter(({ layer }) => layer === first.layer).map(({ sample }) => sample))].sort((a, b) => a - b);
    await page.locator(`[data-suggested="${first.sample}"] .suggestion`).first().click();
    await waitForState(page, { pins: `${first.sample}` });
    await page.waitForSelector(`[data-suggested="${first.sample}"] .suggestion[aria-pressed=true]`);
    await page.locator("#reason-changesMost section").first().getByRole("button", { name: /^Select these/ }).press("Enter");
    await waitForState(page, { picks: group.join(".") });
    await page.waitForFunction((/** @type {string} */ text) => document.querySelector(".toolbar-counts")?.textContent?.startsWith(text), `${group.length} selected of 10,000`);
    await page.locator("#reason-changesMost section").first().getByRole("button", { name: /^Let go/ }).press("Enter");
    await waitForState(page, { picks: null });
    await page.getByRole("button", { name: "Undo" }).click();
    await waitForState(page, { picks: group.join(".") });
    await page.locator(`[data-suggested="${first.sample}"] a`).first().click();
    await page.waitForFunction(() => location.hash.startsWith("#/trace?"));
    const { sample, from, to } = stateOf(page);
    assert.deepEqual([sample, from, to], [`${first.sample}`, `${first.from}`, `${first.layer}`]);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});
