/** Whatever is clicked, pressed, dragged and asked for, in whatever order: no error, and the page goes on. MONKEY_SECONDS and MONKEY_SEED let it work longer and otherwise. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, openPage, serveChangedSite, site, useSite } from "./browser.mjs";
import { letIn, monkey } from "./monkey.mjs";

const SECONDS = Number(process.env.MONKEY_SECONDS ?? 20);
const SEED = Number(process.env.MONKEY_SEED ?? 20261125);

useSite(/** @type {any} */ (() => serveChangedSite(() => {})));

test(`a monkey works at the page for ${SECONDS} seconds, and nothing goes wrong`, async (t) => {
  const { page, problems, close } = await openPage(browser);
  const look = async () => {
    assert.deepEqual(problems, []);
    assert.notEqual(await page.evaluate(() => document.documentElement.dataset.state), "error");
  };
  try {
    await letIn(page, site.url);
    const { steps } = await monkey(page, { seed: SEED, milliseconds: 1000 * SECONDS, look });
    t.diagnostic(`${steps} steps`);
    assert.ok(steps >= SECONDS / 4, "it has hardly moved");
    await page.goto(`${site.url}#/trace?sample=5&from=0&to=13&k=20`);
    await page.waitForSelector("html[data-state=ready] main[data-view=trace][data-exact=true]");
    await look();
  } finally {
    await close();
  }
});
