/** Figures of the explorer in headless Chromium, on the default bundle: frames and tasks of the page's thread under brush and pointer, and how soon every view shows a new brush. */
import { launch, openPage, serveSite } from "../web/browser.mjs";
import { openExplorer } from "../web/explorer.mjs";
import { frames, print, spread } from "./frames.mjs";

const STEPS = 240;
const BRUSHES = 24;
const OPENINGS = 5;
const LONGEST = 3000;
/** Places that show the selection: what is drawn or written in one of them first is its answer to a brush. */
const VIEWS = ["toolbar", "filters", "plot", "map", "panel"];

/** Where an axis is on the page, from its top to its bottom. @param {any} page @param {number} layer */
async function axisOf(page, layer) {
  const box = await page.locator(".plot-axis-line").nth(layer).boundingBox();
  return { x: box.x + box.width / 2, top: box.y, bottom: box.y + box.height };
}

/** A long drag that makes a brush, and one that moves it. @param {any} page */
async function drag(page) {
  const { x, top, bottom } = await axisOf(page, 9);
  const at = (/** @type {number} */ share) => top + share * (bottom - top);
  await page.mouse.move(x, at(0.95));
  await page.mouse.down();
  for (let i = 0; i < STEPS; i++) {
    await page.mouse.move(x, at(0.5 + 0.45 * Math.cos((5 * i) / STEPS)));
    await page.waitForTimeout(12);
  }
  await page.mouse.up();
}

/** @param {any} page */
async function hover(page) {
  const [first, last] = [await axisOf(page, 0), await axisOf(page, 13)];
  for (let i = 0; i < STEPS; i++) {
    const share = i / STEPS;
    await page.mouse.move(first.x + share * (last.x - first.x), first.top + (0.5 + 0.4 * Math.sin(9 * share)) * (first.bottom - first.top));
    await page.waitForTimeout(12);
  }
}

/** Milliseconds from a brush to the first change of each view. @param {any} page */
async function reflections(page) {
  await page.evaluate((/** @type {string[]} */ views) => {
    const first = /** @type {Record<string, number>} */ ({});
    let from = 0;
    /** @param {Node | null} node */
    function note(node) {
      const place = /** @type {Element | null} */ (node instanceof Element ? node : node?.parentElement)?.closest("[class^=explore-]");
      const name = place?.className.replace("explore-", "") ?? "";
      if (views.includes(name)) first[name] ??= performance.now() - from;
    }
    const parts = views.filter((name) => name !== "plot");
    for (const name of parts) {
      const place = document.querySelector(`.explore-${name}`);
      if (place) new MutationObserver(([change]) => note(change.target)).observe(place, { subtree: true, childList: true, characterData: true, attributes: true });
    }
    for (const method of /** @type {const} */ (["putImageData", "drawImage", "clearRect"])) {
      const draw = CanvasRenderingContext2D.prototype[method];
      /** @type {any} */ (CanvasRenderingContext2D.prototype)[method] = function (/** @type {any[]} */ ...given) {
        if (!this.canvas.closest(".explore-plot") || this.canvas.className === "plot-lit") note(this.canvas);
        return /** @type {any} */ (draw).apply(this, given);
      };
    }
    const begin = () => {
      for (const name of views) delete first[name];
      from = performance.now();
    };
    addEventListener("pointermove", (event) => event.buttons && begin(), { capture: true });
    Object.assign(globalThis, { reflected: first });
  }, VIEWS);
  /** @type {Record<string, number[]>} */
  const times = {};
  const { x, top, bottom } = await axisOf(page, 12);
  await page.mouse.move(x, top);
  await page.mouse.down();
  for (let i = 1; i <= BRUSHES; i++) {
    await page.mouse.move(x, top + (0.2 + (0.6 * ((i * 7) % BRUSHES)) / BRUSHES) * (bottom - top));
    const all = (/** @type {string[]} */ views) => views.every((name) => name in /** @type {any} */ (globalThis).reflected);
    await page.waitForFunction(all, VIEWS, { timeout: LONGEST }).catch(() => undefined); // a view that shows the same as before does not change
    await page.waitForTimeout(100);
    for (const [name, time] of Object.entries(await page.evaluate(() => ({ .../** @type {any} */ (globalThis).reflected })))) (times[name] ??= []).push(/** @type {number} */ (time));
  }
  await page.mouse.up();
  for (const name of VIEWS) print("", times[name] ? `${name.padEnd(8)} ${spread(times[name])}, ${times[name].length} of ${BRUSHES} brushes` : `${name.padEnd(8)} did not change`);
}

/** Runs in the page, before its scripts: notes the frame in which lines and map are first there. Asking from outside would add its own pace. */
function watchOpening() {
  const watch = new MutationObserver(() => {
    if (!document.querySelector(".plot[data-painted]") || !document.querySelector(".map[data-state=ready]")) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => Object.assign(globalThis, { opened: performance.now() })));
  });
  watch.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-painted", "data-state"] });
}

/**
 * Milliseconds until lines and map are drawn, cold and warm: a browser without anything in its caches, then the same again.
 * @param {string} url
 */
async function openings(url) {
  /** @type {Record<"cold" | "warm", number[]>} */
  const times = { cold: [], warm: [] };
  for (let i = 0; i < OPENINGS; i++) {
    const fresh = await launch();
    const { page, close } = await openPage(fresh, { viewport: { width: 1440, height: 900 } });
    await page.addInitScript(watchOpening);
    for (const kind of /** @type {const} */ (["cold", "warm"])) {
      if (kind === "warm") await page.goto("about:blank");
      await page.goto(`${url}#/explore`);
      times[kind].push(await (await page.waitForFunction(() => /** @type {any} */ (globalThis).opened)).jsonValue());
    }
    await close();
    await fresh.close();
  }
  print("opening", `cold ${spread(times.cold)} (to hold: 2,000 ms); warm ${spread(times.warm)} (to hold: 1,000 ms); lines and map drawn, ${OPENINGS} times`);
}

const [browser, site] = await Promise.all([launch(), serveSite()]);
try {
  await openings(site.url);
  const { page, close } = await openExplorer(browser, site.url);
  await page.waitForSelector(".plot[data-painted]");
  await page.waitForTimeout(4000);
  await frames(browser, page, "brushing", () => drag(page));
  await frames(browser, page, "pointing", () => hover(page));
  print("new brush", "until each view shows it (to hold: 100 ms)");
  await reflections(page);
  await close();
} finally {
  await browser.close();
  site.close();
}
