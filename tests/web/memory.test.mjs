/** The page used for long keeps nothing: heap, engine memory, document and listeners stay as they were. MEMORY_CHANGES=1000 for a thousand changes (140 s). */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, needsChromium, openPage, serveChangedSite } from "./browser.mjs";

const CHANGES = Number(process.env.MEMORY_CHANGES ?? 200);
/** What a reader goes to, one after the other; with "exact" it is looked at until it is. Each has ten addresses, so that a hundred changes are all there are. @type {((n: number) => string)[]} */
const VIEWS = [
  (n) => `trace?sample=${n}&from=${n % 7}&to=${7 + (n % 7)}&k=${20 + 10 * (n % 3)} exact`,
  (n) => `trace?sample=${n}&from=0&to=13&k=30`,
  (n) => `trace?sample=${15 * n}&from=${n % 7}&to=13&k=30 exact`,
  (n) => `explore?layer=${n}`,
  (n) => `explore?layer=${13 - n}&reference=${n}&sample=${n}`,
  (n) => `explore?layer=${n}&tab=classes`,
  (n) => `trace?sample=${n}&from=3&to=${4 + n}&k=30`,
  (n) => `story?sample=${n}`,
  (n) => `draw?layer=${n}`,
  () => "open",
];
const ALL = VIEWS.length * 10;
/** @param {number} from @param {number} count */
const views = (from, count) => Array.from({ length: count }, (_, i) => VIEWS[(from + i) % VIEWS.length](Math.floor((from + i) / VIEWS.length) % 10));
const REST = "trace?sample=3&from=0&to=13&k=30 exact";
/** What takes the neighbours of all samples at all layers, which the engine keeps. */
const GREEDY = "explore?near=25&reference=6 exact";

/** @type {any} */
let browser;
/** @type {any} */
let site;
before(async () => {
  // Code that the browser compiles anew while it is used would count as the page's.
  [browser, site] = await Promise.all([launch("--js-flags=--no-turbofan --no-maglev"), serveChangedSite(() => {})]);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** Goes to views one after the other, each once the one before is there. @param {any} page @param {string[]} asked */
const walk = (page, asked) =>
  page.evaluate(async (/** @type {string[]} */ asked) => {
    const html = document.documentElement;
    const main = /** @type {HTMLElement} */ (document.querySelector("main"));
    for (const view of asked) {
      const [hash, name, exact] = /** @type {RegExpExecArray} */ (/^(\w+)[^ ]*( exact)?/.exec(view));
      location.hash = `#/${hash.replace(" exact", "")}`;
      const isThere = () => html.dataset.state === "ready" && main.dataset.view === name && (!exact || main.querySelector(".explore-work[hidden]") || (name === "trace" && main.dataset.exact === "true"));
      const end = performance.now() + 60000;
      do {
        if (performance.now() > end || html.dataset.state === "error") throw new Error(`${view} is not there: ${main.innerText}`);
        await new Promise(requestAnimationFrame);
      } while (!isThere());
    }
  }, asked);

/** Lets the worker of the engine be asked for its memory. @param {any} context */
const askable = (context) =>
  context.route("**/engine/worker.js", async (/** @type {any} */ route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}
      const start = WebAssembly.instantiate;
      const built = [];
      globalThis.pages = () => built.reduce((sum, { instance }) => sum + (instance.exports.memory?.buffer.byteLength ?? 0) / 65536, 0);
      WebAssembly.instantiate = async (...given) => built[built.push(await start(...given)) - 1];` });
  });

test(`${CHANGES} changes of the view leave the heap, the engine's memory, the document and its listeners as they were`, { skip: needsChromium }, async (t) => {
  const { page, problems, close } = await openPage(browser);
  try {
    await askable(page.context());
    await page.goto(`${site.url}#/trace`);
    await page.waitForSelector("html[data-state=ready]");
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const look = async () => {
      await walk(page, ["open", REST]);
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (/** @type {string} */ name) => metrics.find((/** @type {any} */ metric) => metric.name === name).value;
      const pages = await Promise.all(page.workers().map((/** @type {any} */ worker) => worker.evaluate(() => /** @type {any} */ (globalThis).pages?.() ?? 0)));
      return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners"), pages: pages.reduce((sum, one) => sum + one, 0), workers: pages.length };
    };
    /** The least of several: what is under way at that moment comes on top. */
    const measure = async () => [await look(), await look(), await look()].reduce((least, other) => (other.heap < least.heap ? other : least));
    await walk(page, [GREEDY, ...views(0, ALL)]);
    const before = await measure();
    await walk(page, views(0, ALL));
    const between = await measure();
    await walk(page, views(0, CHANGES - ALL));
    const later = await measure();
    for (const [changes, figures] of [[0, before], [ALL, between], [CHANGES, later]]) t.diagnostic(`after ${changes} changes: ${JSON.stringify(figures)}`);
    assert.ok(before.pages > 0);
    assert.ok(later.heap <= 1.05 * before.heap, `heap ${before.heap} to ${later.heap}`);
    assert.deepEqual([later.pages, later.workers], [before.pages, before.workers], "WebAssembly pages, workers");
    for (const what of /** @type {const} */ (["nodes", "listeners"])) assert.ok(later[what] <= 1.02 * before[what], `${what} ${before[what]} to ${later[what]}`);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});
