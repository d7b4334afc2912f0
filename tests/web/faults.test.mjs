/** Every file that the first trace takes, failing in every way a host can fail: words within ten seconds or success, trying again works, and no promise is left alone. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { HARMFUL, HARMLESS, serveFaulty } from "../wasm/faulty.mjs";
import { browser, openPage, serveChangedSite, until, useSite } from "./browser.mjs";

const MILLISECONDS = 10000;
/** Pages at a time, where the machine is what they wait for and not the clock. */
const LANES = 4;
/** What there is no figure without. @type {Record<string, RegExp>} */
const NEEDED = {
  script: /\/app\.js$/, shared: /\/scripts\/chunk-\w+\.js$/, route: /\/scripts\/trace-\w+\.js$/, styles: /\/styles\/site\.css$/, routeStyles: /\/styles\/trace_route\.css$/,
  api: /\/engine\/ntrace\.js$/, worker: /\/engine\/worker\.js$/, part: /\/engine\/parts\/chunk-\w+\.js$/, engine: /\/engine\/ntrace-simd\.wasm$/,
  current: /bundle\/current\.json$/, manifest: /bundle\/m\.\w+\.json$/, chunks: /bundle\/c\/\w+\.bin$/,
};
/** What the page is whole without. @type {Record<string, RegExp>} */
const DISPENSABLE = { icon: /favicon\.svg$/, install: /app\.webmanifest$/ };
/** Browsers run no module and use no sheet that is called otherwise. */
const NAMED = ["script", "shared", "route", "styles", "routeStyles", "api", "worker", "part"];

/** @type {Awaited<ReturnType<typeof serveFaulty>>} */
let server;
useSite(/** @type {any} */ (() => serveChangedSite(() => {}, async (folder) => (server = await serveFaulty(folder, { ...NEEDED, ...DISPENSABLE })))));

/** What the reader is told, or that all is there. @param {any} page @returns {Promise<string>} */
const outcomeOf = async (page) =>
  (
    await page.waitForFunction(() => {
      const words = [...document.querySelectorAll("[data-error], .bulletin p")].filter((node) => node.checkVisibility()).map((node) => node.textContent);
      return words.join(" ") || (document.documentElement.dataset.state === "ready" && "ready");
    })
  ).jsonValue();

/**
 * A file that fails in one way after the other, each time the reader tries again, and comes in the end.
 * @param {string} name @param {string[]} faults @param {string} end how it comes
 */
async function meet(name, faults, end) {
  const [first] = faults;
  const { page, problems, close } = await openPage(browser);
  let now = first;
  const again = () => page.getByRole("button", { name: "Try again" }).first().dispatchEvent("click"); // a click waits for what it leads to
  try {
    await page.goto(`${server.addressOf(first, name)}#/trace`, { waitUntil: "commit" });
    for (const fault of faults) {
      now = fault;
      if (fault !== first) {
        server.change(first, name, fault);
        await again();
      }
      const met = /** @type {number} */ (await until(() => server.metAt(first, name), (at) => at !== undefined));
      const words = await outcomeOf(page);
      const milliseconds = performance.now() - met;
      assert.ok(milliseconds < MILLISECONDS, `told after ${milliseconds} ms`);
      assert.ok(words.length > 30, words);
    }
    server.change(first, name, (now = end));
    await again();
    await until(() => outcomeOf(page), (words) => words === "ready");
    assert.deepEqual(problems.filter((text) => !text.startsWith("Failed to load")), []);
  } catch (error) {
    throw new Error(`${name}, ${now}: ${/** @type {Error} */ (error).message}`, { cause: error });
  } finally {
    await close();
  }
}

test("each file, failing in one way after the other: words within ten seconds each time, and it goes on where the file comes at last", async () => {
  const cases = Object.keys(NEEDED).map((name, at) => {
    const faults = NAMED.includes(name) ? [...HARMFUL, "mime"] : HARMFUL;
    const turn = (3 * at) % faults.length; // not all of them wait for what stalls at the same time
    return () => meet(name, [...faults.slice(turn), ...faults.slice(0, turn)], HARMLESS[1 + (at % 2)]);
  });
  const lane = async () => {
    for (let run = cases.shift(); run; run = cases.shift()) await run();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
});

test("without its icons the page is whole", async () => {
  for (const name of Object.keys(DISPENSABLE)) {
    const { page, close } = await openPage(browser);
    await page.goto(`${server.addressOf("stall", name)}#/trace`, { waitUntil: "commit" });
    assert.equal(await outcomeOf(page), "ready");
    await close();
  }
});
