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

/** The parts of the state that the URL holds. @param {any} page */
export const stateOf = (page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.split("?")[1]));

/** Waits until the URL holds these parts; null: until it does not hold it. @param {any} page @param {Record<string, string | null>} wanted */
export async function waitForState(page, wanted) {
  await page.waitForFunction((/** @type {Record<string, string | null>} */ parts) => {
    const given = new URLSearchParams(location.hash.split("?")[1]);
    return Object.entries(parts).every(([name, value]) => given.get(name) === value);
  }, wanted);
}

/**
 * Asks a second engine on the page's bundle.
 * @template T @param {any} page @param {(bundle: import("../../wasm/ntrace.d.ts").Bundle, given: any) => Promise<T> | T} ask its code runs in the page @param {any} [given] JSON @returns {Promise<T>}
 */
export const askEngine = (page, ask, given) =>
  page.evaluate(async (/** @type {[string, any]} */ [code, parameter]) => {
    const engine = new URL("engine/ntrace.js", document.baseURI).href;
    const { openBundle } = await import(engine);
    const bundle = await openBundle(new URL("bundle/", document.baseURI));
    try {
      return await (0, eval)(`(${code})`)(bundle, parameter);
    } finally {
      bundle.close();
    }
  }, [String(ask), given]);
