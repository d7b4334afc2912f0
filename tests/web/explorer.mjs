/** The explorer in Chromium, and the engine asked beside it for the figures that it should show. */
import assert from "node:assert/strict";

import { openPage } from "./browser.mjs";

/**
 * Opens the explorer and waits until it shows something.
 * @param {any} browser @param {string} url of the site @param {string} [query] what follows "#/explore?" @param {object} [context] playwright's options
 */
export async function openExplorer(browser, url, query = "", context = {}) {
  const opened = await openPage(browser, { viewport: { width: 1440, height: 900 }, ...context });
  await opened.page.goto(`${url}#/explore?${query}`);
  await opened.page.waitForSelector("html:is([data-state=ready], [data-state=error])");
  assert.deepEqual(await opened.page.locator("[data-error]:visible").allInnerTexts(), []);
  return opened;
}

/**
 * Asks a second engine on the page's bundle.
 * @template T @template G @param {any} page
 * @param {(bundle: import("../../wasm/ntrace.d.ts").Bundle, given: G) => Promise<T> | T} ask runs in the page @param {G} [given] JSON @returns {Promise<T>}
 */
export async function askEngine(page, ask, given) {
  const bundle = await page.evaluateHandle(async () => {
    const engine = new URL("engine/ntrace.js", document.baseURI).href;
    return (await import(engine)).openBundle(new URL("bundle/", document.baseURI));
  });
  try {
    return await bundle.evaluate(ask, given);
  } finally {
    await bundle.evaluate((/** @type {import("../../wasm/ntrace.d.ts").Bundle} */ opened) => opened.close());
    await bundle.dispose();
  }
}

/**
 * The longest task of the page's main thread while something is done, in milliseconds of that thread's own time: what other
 * work takes from a shared machine does not count.
 * @param {any} browser @param {any} page @param {() => Promise<unknown>} run
 */
export async function longestTask(browser, page, run) {
  const session = await browser.newBrowserCDPSession();
  /** @type {any[]} */
  const events = [];
  session.on("Tracing.dataCollected", (/** @type {{ value: any[] }} */ { value }) => events.push(...value));
  const mark = `${Math.round(performance.now() * 1000)}`;
  await session.send("Tracing.start", { traceConfig: { includedCategories: ["toplevel", "blink.user_timing"] }, transferMode: "ReportEvents" });
  await page.evaluate((/** @type {string} */ name) => performance.mark(name), mark);
  await run();
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const { pid, tid } = events.find(({ name }) => name === mark);
  return Math.max(...events.filter((event) => event.pid === pid && event.tid === tid && event.ph === "X" && event.tdur).map(({ tdur }) => tdur / 1000));
}
