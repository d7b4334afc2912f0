/** Figures of the story in headless Chromium, drawn in software, on the default bundle: how soon there is something to read, how soon the first figure lives, and frames while scrolling. */
import { STEPS } from "../../web/story/steps.js";
import { launch, openPage, serveSite } from "../web/browser.mjs";
import { frames, print } from "./frames.mjs";

const OPENINGS = 5;
const median = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const [browser, site] = await Promise.all([launch(), serveSite()]);
try {
  /** @type {{ content: number, figure: number }[]} */
  const times = [];
  for (let i = 0; i < OPENINGS; i++) {
    const { page, close } = await openPage(browser, { viewport: { width: 1440, height: 900 } }); // a context of its own: nothing is cached
    await page.goto(site.url);
    await page.waitForSelector("html[data-state=ready]");
    times.push(
      await page.evaluate(() => ({ figure: performance.now(), content: performance.getEntriesByName("first-contentful-paint")[0].startTime })),
    );
    await close();
  }
  print("story, cold", `first content after ${median(times.map(({ content }) => content)).toFixed(0)} ms (to hold: 1,000), first living figure after ${median(times.map(({ figure }) => figure)).toFixed(0)} ms (to hold: 2,000); medians of ${OPENINGS}`);
  const { page, close } = await openPage(browser, { viewport: { width: 1440, height: 900 } });
  await page.goto(`${site.url}#/story?step=end`);
  await page.waitForSelector("main[data-step=end][data-drawn=true]", { timeout: 120000 });
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  await page.waitForTimeout(4000);
  await frames(browser, page, "scrolling", async () => {
    await page.mouse.move(1200, 500);
    for (let i = 0; i < 3 * STEPS.length; i++) {
      await page.mouse.wheel(0, 300);
      await page.waitForTimeout(120);
    }
  });
  await close();
} finally {
  await browser.close();
  site.close();
}
