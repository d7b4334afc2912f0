/** Frames of the explorer's map in headless Chromium, drawn in software, on the default bundle of 10,000 samples: hover, pan, zoom, from layer to layer. */
import { launch, openPage, serveSite } from "../web/browser.mjs";

const LAST = 13;

/** @param {string} name @param {string} figure */
const print = (name, figure) => console.log(`${name.padEnd(12)}${figure}`);

/** What the page counts: times between frames, tasks over 50 ms. @param {any} page */
async function watch(page) {
  await page.evaluate(() => {
    const seen = { frames: /** @type {number[]} */ ([]), tasks: /** @type {number[]} */ ([]), isOn: false };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => seen.isOn && seen.tasks.push(entry.duration))).observe({ entryTypes: ["longtask"] });
    let last = performance.now();
    const tick = (/** @type {number} */ now) => {
      if (seen.isOn) seen.frames.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
}

/** @param {any} page @param {string} name @param {() => Promise<void>} act */
async function measure(page, name, act) {
  await page.evaluate(() => Object.assign(/** @type {any} */ (globalThis).seen, { frames: [], tasks: [], isOn: true }));
  await act();
  const { frames, tasks } = await page.evaluate(() => {
    const { seen } = /** @type {any} */ (globalThis);
    seen.isOn = false;
    return seen;
  });
  frames.sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
  const at = (/** @type {number} */ share) => frames[Math.floor(share * (frames.length - 1))];
  const late = frames.filter((/** @type {number} */ time) => time > 25).length;
  const perSecond = 1000 / (frames.reduce((/** @type {number} */ sum, /** @type {number} */ time) => sum + time, 0) / frames.length);
  print(name, `${perSecond.toFixed(1)} frames a second; 95 % of frames within ${at(0.95).toFixed(1)} ms, longest ${at(1).toFixed(0)} ms, ${late} of ${frames.length} late; ` +
    `longest task ${tasks.length ? `${Math.max(...tasks).toFixed(0)} ms` : "below 50 ms"}`);
}

/** Whether the machine itself keeps the pace: the same page at rest. @param {any} page */
const idle = (page) => measure(page, "at rest", () => page.waitForTimeout(2000));

const [browser, site] = await Promise.all([launch(), serveSite()]);
const { page, close } = await openPage(browser, { viewport: { width: 1440, height: 900 } });
try {
  const start = performance.now();
  await page.goto(`${site.url}#/explore?layer=0`);
  await page.waitForSelector(".map[data-state=ready]");
  print("map", `drawn ${(performance.now() - start).toFixed(0)} ms after the page was asked for, cold`);
  const again = performance.now();
  await page.reload();
  await page.waitForSelector(".map[data-state=ready]");
  print("", `drawn after ${(performance.now() - again).toFixed(0)} ms, warm`);
  await page.waitForLoadState("networkidle");
  await page.waitForTimeout(1000);
  await page.locator(".map-plate").scrollIntoViewIfNeeded();
  const box = await page.locator(".map-plate").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await watch(page);
  await idle(page);
  await measure(page, "hover", async () => {
    for (let i = 0; i < 120; i++) {
      await page.mouse.move(x + 150 * Math.cos(i / 9), y + 120 * Math.sin(i / 7));
      await page.waitForTimeout(10);
    }
  });
  await measure(page, "zoom", async () => {
    await page.mouse.move(x + 60, y - 60);
    for (let i = 0; i < 60; i++) {
      await page.mouse.wheel(0, i < 40 ? -60 : 60);
      await page.waitForTimeout(30);
    }
  });
  await measure(page, "pan", async () => {
    await page.mouse.down();
    for (let i = 0; i < 100; i++) {
      await page.mouse.move(x + 60 + 100 * Math.sin(i / 8), y - 60 + 80 * Math.cos(i / 8) - 80);
      await page.waitForTimeout(14);
    }
    await page.mouse.up();
  });
  await page.keyboard.press("0");
  await page.locator("[name=fit]").click({ force: true });
  await page.waitForTimeout(1000);
  await measure(page, "layers", async () => {
    await page.click(".map [name=play]");
    await page.waitForFunction((/** @type {number} */ last) => new RegExp(`layer=|${last}`).test(location.hash) && !location.hash.includes("layer="), LAST, { timeout: 60000 });
    await page.waitForTimeout(1200);
  });
} finally {
  await close();
  await browser.close();
  site.close();
}
