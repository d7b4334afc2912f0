/** The explorer as a whole, in each of its states: no rule of axe-core is broken and nothing sticks out, on a desk and on a phone, light and dark. On the small bundle. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, serveChangedSite, site, useSite, violations } from "./browser.mjs";
import { openExplorer } from "./explorer.mjs";

useSite(() => serveChangedSite(() => {}));

/** What follows "#/explore?", and what is there when it is shown. */
const SCENES = [
  ["brush=13-2~20.4-10~90", ".plot-brush[data-layer='4']"],
  ["verdict=wrong&sort=-last&class=3&range=last-3~90", ".range-kept[d^=M]"],
  ["layer=6&lasso=13.umap.3000.3000.7000.3000.7000.7000.3000.7000&colour=trust", ".map-outline-words:not([hidden])"],
  ["pins=5.20.77&beside=open&explain=probabilities&colour=right", "[data-pin='5'] .compare-bars li"],
  ["pins=5.20&beside=open&explain=gradient&colour=last", "[data-pin='5'] .compare-heat:not([hidden])"],
  ["tab=classes&confidence=0~0,8&class=2", ".confusion-cell"],
  ["tab=layers", ".matrix-table a"],
  ["tab=suggestions&reason=hub&pins=423", ".explore-panel [role=tabpanel] button"],
];
const DEVICES = /** @type {const} */ ([
  ["desk", { viewport: { width: 1440, height: 900 } }],
  ["phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
]);

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const [device, context] of DEVICES) {
    test(`the explorer breaks no rule of axe-core on a ${device} in ${colorScheme} colours, and nothing sticks out`, async () => {
      const { page, problems, close } = await openExplorer(browser, site.url, "", { ...context, colorScheme, reducedMotion: "reduce" });
      try {
        const fold = page.locator(".filters-toggle");
        if (await fold.isVisible()) await fold.click();
        for (const [query, sign] of SCENES) {
          await page.evaluate((/** @type {string} */ hash) => void (location.hash = hash), `#/explore?${query}`);
          for (const there of [sign, ".plot[data-painted]", ".map[data-state=ready]"]) await page.waitForSelector(there, { state: "attached" });
          // What is far below is not laid out yet, and axe in Firefox takes it for hidden.
          await page.evaluate((/** @type {string} */ selector) => document.querySelector(selector)?.scrollIntoView({ block: "center" }), sign);
          assert.deepEqual(await violations(page), [], query);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, query);
        }
        assert.deepEqual(problems, []);
      } finally {
        await close();
      }
    });
  }
}
