/** Every file that the first trace takes, failing in every way a host can fail: words within ten seconds or success, trying again works, and no promise is left alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

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
/** What keeps the page, and the page itself: each is asked for before anything else could help, or beside it. @type {Record<string, RegExp>} */
const FIRST = { service: /^sw\.js$/, index: /^$/ };
/** Browsers run no module and use no sheet that is called otherwise. */
const NAMED = ["script", "shared", "route", "styles", "routeStyles", "api", "worker", "part"];

/** Whether the page has said it, and not the browser of a file that it could not use; of half a page the page's script says that it cannot begin. @param {string} text */
const isPages = (text) => !/^Failed to load|^Loading (module|failed)|^The stylesheet|MIME type|fetching the script|a part of the page/.test(text);

/** @type {Awaited<ReturnType<typeof serveFaulty>>} */
let server;
useSite(/** @type {any} */ (() => serveChangedSite(() => {}, async (folder) => (server = await serveFaulty(folder, { ...NEEDED, ...DISPENSABLE, ...FIRST })))));

/** What the reader is told, or that all is there. @param {any} page @returns {Promise<string>} */
const outcomeOf = async (page) =>
  (
    await page.waitForFunction(() => {
      const words = [...document.querySelectorAll("[data-error], .bulletin p")].filter((node) => node.checkVisibility()).map((node) => node.textContent);
      return words.join(" ") || (document.documentElement?.dataset.state === "ready" && "ready");
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
    assert.deepEqual(problems.filter(isPages), []);
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

/** The page without its service worker: what it says of it, fault by fault, until it comes. @param {string[]} faults @param {boolean} heals */
async function loseService([first, ...others], heals) {
  const { page, problems, close } = await openPage(browser, { serviceWorkers: "allow" });
  const lost = page.locator("[data-offline=none]");
  try {
    await page.goto(`${server.addressOf(first, "service")}#/trace`);
    assert.equal(await outcomeOf(page), "ready");
    for (const fault of [first, ...others]) {
      server.change(first, "service", fault);
      if (fault !== first) await lost.locator("button").click();
      const met = /** @type {number} */ (await until(() => server.metAt(first, "service"), (at) => at !== undefined));
      assert.match(await lost.innerText(), /with a network only/, fault);
      const milliseconds = performance.now() - met;
      assert.ok(milliseconds < MILLISECONDS, `${fault}: told after ${milliseconds} ms`);
      assert.equal(await outcomeOf(page), "ready", fault);
    }
    server.heal(first, "service");
    if (heals) await lost.locator("button").click();
    if (heals) await page.waitForSelector("[data-offline=whole]");
    assert.deepEqual(problems.filter(isPages), []);
  } finally {
    await close();
  }
}

describe("the page itself and what keeps it", { concurrency: true }, () => {
  test("without its service worker the page works, says that it needs a network, and is kept where trying again brings it", async () => {
    const told = [...HARMFUL, "mime"].filter((fault) => fault !== "stall"); // a browser goes on waiting for what stalls, whatever a page asks
    await Promise.all([loseService(told, true), loseService(["stall"], false)]);
  });

  test("a page that is kept opens with every fault of the page itself", async () => {
    const { page, problems, close } = await openPage(browser, { serviceWorkers: "allow" });
    try {
      await page.goto(`${server.addressOf("good", "index")}#/trace`);
      await page.waitForSelector("[data-offline=whole]");
      for (const fault of [...HARMFUL, ...HARMLESS]) {
        server.change("good", "index", fault);
        await page.reload({ waitUntil: "commit" });
        await page.waitForSelector("html[data-started]");
      }
      await until(() => outcomeOf(page), (words) => words === "ready");
      assert.deepEqual(problems.filter(isPages), []);
    } finally {
      await close();
    }
  });

  test("a page that is not kept opens when it is asked for again; of half a page the reader is told", async () => {
    const { page, problems, close } = await openPage(browser);
    const address = (/** @type {string} */ fault) => `${server.addressOf(fault, "index")}#/trace`;
    try {
      for (const fault of [...HARMFUL, "mime"]) {
        await page.goto(address(fault), { waitUntil: "commit", timeout: 1000 }).catch(() => {}); // the browser's own words
        if (fault !== "half") continue;
        assert.match(await outcomeOf(page), /Check the connection and try again/);
        server.heal(fault, "index");
        await page.getByRole("button", { name: "Try again" }).click();
        assert.equal(await outcomeOf(page), "ready");
      }
      server.heal("stall", "index");
      await page.goto(address("stall"), { waitUntil: "commit" });
      assert.equal(await outcomeOf(page), "ready");
      assert.deepEqual(problems.filter(isPages), []);
    } finally {
      await close();
    }
  });
});
