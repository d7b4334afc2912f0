/** Figures of the explorer's map in headless Chromium, drawn in software, on the default bundle: how soon it is there, and frames under the pointer and from layer to layer. */
import { launch, openPage, serveSite } from "../web/browser.mjs";
import { frames, print } from "./frames.mjs";

const READY = ".map[data-state=ready]";

/** @param {any} page @param {string} name @param {() => Promise<unknown>} go */
async function opening(page, name, go) {
  const start = performance.now();
  await go();
  await page.waitForSelector(READY);
  print(name, `drawn ${(performance.now() - start).toFixed(0)} ms after the page was asked for`);
}

const [browser, site] = await Promise.all([launch(), serveSite()]);
const { page, close } = await openPage(browser, { viewport: { width: 1440, height: 900 } });
try {
  await opening(page, "map, cold", () => page.goto(`${site.url}#/explore?layer=0`));
  await opening(page, "map, warm", () => page.reload());
  await page.waitForLoadState("networkidle");
  await page.waitForTimeout(4000);
  await page.evaluate(() => document.querySelector(".map")?.scrollIntoView({ block: "end" }));
  const box = await page.locator(".map-plate").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await frames(browser, page, "map at rest", () => page.waitForTimeout(2000));
  await frames(browser, page, "pointing", async () => {
    for (let i = 0; i < 160; i++) {
      await page.mouse.move(x + 150 * Math.cos(i / 9), y + 120 * Math.sin(i / 7));
      await page.waitForTimeout(12);
    }
  });
  await frames(browser, page, "zooming", async () => {
    await page.mouse.move(x + 60, y - 60);
    for (let i = 0; i < 80; i++) {
      await page.mouse.wheel(0, i < 50 ? -60 : 60);
      await page.waitForTimeout(30);
    }
  });
  await frames(browser, page, "panning", async () => {
    await page.mouse.down();
    for (let i = 0; i < 140; i++) {
      await page.mouse.move(x + 60 + 100 * Math.sin(i / 8), y - 140 + 80 * Math.cos(i / 8));
      await page.waitForTimeout(12);
    }
    await page.mouse.up();
  });
  await page.click(".map [name=fit]");
  await page.waitForTimeout(1000);
  await frames(browser, page, "all layers", async () => {
    await page.click(".map [name=play]");
    await page.waitForFunction(() => !location.hash.includes("layer="), undefined, { timeout: 60000 }); // the last is the usual one: it is left out
    await page.waitForTimeout(1200);
  });
} finally {
  await close();
  await browser.close();
  site.close();
}
