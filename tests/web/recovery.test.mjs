/** An engine that fails under the page, and storage that is full or refused. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, openPage, serveChangedSite } from "./browser.mjs";

/** @type {any} */
let browser;
/** @type {any} */
let site;
before(async () => {
  [browser, site] = await Promise.all([launch(), serveChangedSite(() => {})]);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** @param {any} page */
async function exact(page) {
  await page.waitForSelector("html:is([data-state=ready], [data-state=error])");
  assert.deepEqual(await page.locator("[data-error]:visible").allInnerTexts(), []);
  await page.waitForSelector("main[data-exact=true]");
}

/** What is put before the engine's first worker: `nt_query_create` fails in this way. */
const FAULTS = {
  trap: "(exports) => exports.nt_query_create(-16, -16, 0, -16, 3, 10, -16)",
  hang: "() => { for (;;); }",
  memory: "(exports) => { for (const size of [2 ** 26, 2 ** 22, 2 ** 18, 2 ** 14, 2 ** 10, 64]) while (exports.nt_wasm_allocate(size)); }",
};
/** @param {string} fault */
const failing = (fault) => `
  const start = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...given) => {
    const { exports } = (await start(...given)).instance;
    return { instance: { exports: { ...exports, nt_query_create: (...values) => { (${fault})(exports); return exports.nt_query_create(...values); } } } };
  };
`;

for (const [what, words] of /** @type {const} */ ([
  ["trap", /started anew\. The engine failed in nt_query_create: .*out of bounds/],
  ["hang", /started anew\. The engine's worker has not answered for 2 seconds/],
  ["memory", /started anew\. .*not enough memory/i],
])) {
  test(`after a fault (${what}) in the engine the view is there all the same, and the reader is told`, async () => {
    const { page, close } = await openPage(browser);
    try {
      let workers = 0;
      await page.context().route("**/engine/worker.js", async (/** @type {any} */ route) => {
        const response = await route.fetch();
        const fault = workers++ === 0 ? failing(FAULTS[what]) : "";
        await route.fulfill({ response, body: `${await response.text()}\n${fault}` });
      });
      await page.context().route("**/engine/ntrace.js", async (/** @type {any} */ route) => {
        const response = await route.fetch();
        const text = await response.text();
        assert.equal(text.split("3e4").length, 2, "the engine's patience is to be found once");
        await route.fulfill({ response, body: text.replace("3e4", "2e3") });
      });
      await page.goto(`${site.url}#/trace?sample=7&from=2&to=9&k=30`);
      await exact(page);
      assert.match(await page.locator(".bulletin").innerText(), words);
      assert.ok(workers >= 2);
      assert.ok(page.url().endsWith("#/trace?sample=7&from=2&to=9&k=30"));
      assert.ok((await page.locator(".radial .point[data-sample]").count()) >= 30);
    } finally {
      await close();
    }
  });
}

test("where storage is refused, caches fail and there are no service workers, all works online", async () => {
  const { page, problems, close } = await openPage(browser, { serviceWorkers: "allow" });
  try {
    await page.addInitScript(() => {
      const refuse = () => {
        throw new DOMException("refused", "SecurityError");
      };
      for (const name of ["localStorage", "sessionStorage", "caches", "indexedDB"]) Object.defineProperty(globalThis, name, { get: refuse });
      Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => ({ register: () => Promise.reject(new DOMException("refused", "SecurityError")), getRegistration: () => Promise.reject(new DOMException("refused", "SecurityError")) }) });
      delete (/** @type {any} */ (Navigator.prototype).locks);
    });
    await page.goto(`${site.url}#/trace`);
    await exact(page);
    await page.evaluate(() => (location.hash = "#/explore"));
    await page.waitForSelector("html[data-state=ready] main[data-view=explore] canvas");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("where storage is full the page works, and keeping the bundle says that there is no room", async () => {
  const { page, problems, close } = await openPage(browser, { serviceWorkers: "allow" });
  try {
    await page.addInitScript(() => {
      const put = Cache.prototype.put;
      let room = 3;
      Cache.prototype.put = function (/** @type {RequestInfo | URL} */ request, /** @type {Response} */ response) {
        return room-- > 0 ? put.call(this, request, response) : Promise.reject(new DOMException("full", "QuotaExceededError"));
      };
    });
    await page.goto(`${site.url}#/trace`);
    await exact(page);
    await page.waitForSelector("[data-offline=part] [data-offline-error]");
    assert.match(await page.locator("[data-offline]").innerText(), /no room left/);
    await page.evaluate(() => (location.hash = "#/trace?sample=9&from=1&to=4&k=20"));
    await exact(page);
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(site.url).origin, quotaSize: 1000 });
    await page.evaluate(async () => Promise.all((await caches.keys()).map((name) => caches.delete(name))));
    await page.reload();
    await exact(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});
