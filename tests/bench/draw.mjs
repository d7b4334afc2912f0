/** Figures of the drawing sheet in headless Chromium, drawn in software, on the default bundle: from the pen to what is shown, from rest to the exact trace, and frames while a hand draws. */
import { launch, openPage, serveSite } from "../web/browser.mjs";
import { frames, print } from "./frames.mjs";

const MOVES = 60;
const PAUSE = 40; // milliseconds between two of the hand's places
const RESTS = 5;
const median = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const [browser, site] = await Promise.all([launch(), serveSite()]);
const { page, close } = await openPage(browser, { viewport: { width: 1440, height: 1000 } });

/** Where the hand is after a share of its way: a wobbling loop. @param {number} t @returns {[number, number]} shares of the pad */
const hand = (t) => [0.5 + (0.32 + 0.05 * Math.sin(19 * t)) * Math.cos(2 * Math.PI * t), 0.5 + (0.32 + 0.05 * Math.sin(19 * t)) * Math.sin(2 * Math.PI * t)];

/** Draws one stroke, button up at its end. */
async function drawLoop() {
  const box = await page.locator(".pad-sheet").boundingBox();
  const at = (/** @type {number} */ t) => /** @type {[number, number]} */ (hand(t).map((share, axis) => share * (axis ? box.height : box.width) + (axis ? box.y : box.x)));
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let i = 1; i <= MOVES; i++) {
    await page.mouse.move(...at(i / MOVES));
    await page.waitForTimeout(PAUSE);
  }
  await page.mouse.up();
}

/** Remembers each answer's way from the hand to the screen. */
const watch = () =>
  page.evaluate(() => {
    const main = /** @type {HTMLElement} */ (document.querySelector("main"));
    const seen = { lags: /** @type {number[]} */ ([]) };
    Object.assign(globalThis, { lags: seen });
    new MutationObserver(() => main.dataset.answered === "codes" && seen.lags.push(Number(main.dataset.lag))).observe(main, { attributeFilter: ["data-answers"] });
  });

/** From the button's release until the exact trace is drawn. */
async function restUntilTrace() {
  return page.evaluate(async () => {
    const main = /** @type {HTMLElement} */ (document.querySelector("main"));
    const board = /** @type {HTMLElement} */ (document.querySelector(".trace-board"));
    const released = await new Promise((done) => addEventListener("pointerup", () => done(performance.now()), { once: true, capture: true }));
    let [placed, traced] = [0, 0];
    while (!traced) {
      await new Promise(requestAnimationFrame);
      if (main.dataset.answered === "exact" && !placed) placed = performance.now() - released;
      if (placed && board.dataset.exact === "true") traced = performance.now() - released;
    }
    return { placed, traced };
  });
}

try {
  await page.goto(`${site.url}#/draw`);
  await page.waitForSelector("html[data-state=ready]");
  const started = Date.now();
  await drawLoop();
  await page.waitForSelector("main[data-answered=exact]", { timeout: 180000 });
  print("drawing", `axes found and the first drawing placed exactly ${((Date.now() - started) / 1000).toFixed(1)} s after the page was ready (once)`);
  await page.waitForSelector(".trace-board[data-exact=true]", { timeout: 60000 });
  await watch();
  /** @type {{ placed: number, traced: number }[]} */
  const rests = [];
  for (let i = 0; i < RESTS; i++) {
    await page.locator("[data-clear]").click();
    await page.waitForSelector(".pad-sheet.is-empty");
    await page.evaluate(() => void (/** @type {HTMLElement} */ (document.querySelector(".trace-board")).dataset.exact = "false"));
    const rest = restUntilTrace();
    await drawLoop();
    rests.push(await rest);
  }
  const lags = await page.evaluate(() => /** @type {any} */ (globalThis).lags.lags);
  const sorted = [...lags].sort((a, b) => a - b);
  print("", `pen to probabilities and neighbours at 14 layers: median ${median(lags)} ms, 95 % within ${sorted[Math.floor(0.95 * (sorted.length - 1))]} ms, slowest ${Math.max(...lags)} ms of ${lags.length} (to hold: 100 ms)`);
  print("", `pen lifted to exact neighbours at 14 layers: median ${median(rests.map(({ placed }) => placed)).toFixed(0)} ms; to the exact trace: median ${median(rests.map(({ traced }) => traced)).toFixed(0)} ms, slowest ${Math.max(...rests.map(({ traced }) => traced)).toFixed(0)} ms of ${RESTS} (to hold: 1,000 ms)`);
  await page.locator("[data-clear]").click();
  await frames(browser, page, "", drawLoop);
} finally {
  await close();
  await browser.close();
  site.close();
}
