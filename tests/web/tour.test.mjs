/** The explorer's guide: offered once, taken by mouse and by keys, and the list of keys. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, site, useSite, violations } from "./browser.mjs";
import { openExplorer } from "./explorer.mjs";

useSite();

const CARD = ".driver-popover";

test("the tour is offered once, leads through a dozen stops, each at something that is there, and can be taken again", async () => {
  const { page, problems, close } = await openExplorer(browser, site.url);
  try {
    await page.locator("button[name=take-tour]").click();
    const titles = new Set();
    for (;;) {
      await page.waitForSelector(`${CARD}:visible`);
      titles.add(await page.locator(`${CARD} .driver-popover-title`).innerText());
      const [at, all] = (await page.locator(`${CARD} .driver-popover-progress-text`).innerText()).split(" of ").map(Number);
      assert.equal(titles.size, at);
      const box = await page.locator(".driver-active-element").last().boundingBox();
      assert.ok(box && box.width > 0 && box.height > 0, [...titles].pop());
      await page.locator(`${CARD} .driver-popover-next-btn`).click();
      if (at === all) break;
      await page.waitForFunction((/** @type {string} */ seen) => document.querySelector(".driver-popover-progress-text")?.textContent !== seen, `${at} of ${all}`);
    }
    assert.ok(titles.size >= 12, `${titles.size} stops`);
    await page.waitForSelector(CARD, { state: "detached" });
    await page.reload();
    await page.waitForSelector("html[data-state=ready]");
    assert.equal(await page.locator(".guide-offer").isVisible(), false);
    await page.locator("button[name=tour]").click();
    await page.waitForSelector(`${CARD}:visible`);
    await page.keyboard.press("Escape");
    await page.waitForSelector(CARD, { state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "tour");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("who declines the tour is not asked again", async () => {
  const { page, close } = await openExplorer(browser, site.url);
  try {
    await page.locator("button[name=decline-tour]").click();
    await page.reload();
    await page.waitForSelector("html[data-state=ready]");
    assert.equal(await page.locator(".guide-offer").isVisible(), false);
  } finally {
    await close();
  }
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`the list of keys opens with "?", and axe-core finds nothing wrong with it and with the tour in ${colorScheme} colours`, async () => {
    const { page, close } = await openExplorer(browser, site.url, "", { colorScheme, reducedMotion: "reduce" });
    try {
      await page.locator("button[name=keys]").focus();
      await page.keyboard.press("?");
      assert.ok((await page.locator("dialog.keys dt").count()) > 10);
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press("Escape");
      assert.equal(await page.locator("dialog.keys").isVisible(), false);
      await page.locator("button[name=tour]").click();
      await page.waitForSelector(`${CARD}:visible`);
      assert.deepEqual(await violations(page), []);
    } finally {
      await close();
    }
  });
}
