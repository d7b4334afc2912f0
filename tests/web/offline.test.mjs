/** The site without its server, and from one version to the next: all or nothing, and old pages go on. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { launch, openPage, until } from "./browser.mjs";
import { makeVersion, serveVersions } from "./versions.mjs";

const POINTS = ".radial .point[data-sample]";

/** @type {any} */
let browser;
/** @type {import("./versions.mjs").Version} */
let one;
/** @type {import("./versions.mjs").Version} */
let two;

before(async () => {
  [browser, one, two] = await Promise.all([launch(), makeVersion("Version one"), makeVersion("Version two")]);
});
after(async () => {
  await browser?.close();
  for (const version of [one, two]) if (version) await rm(version.folder, { recursive: true });
});

const withWorkers = () => openPage(browser, { serviceWorkers: "allow" });
/** @param {any} page */
const settled = (page) => page.waitForSelector("html:is([data-state=ready], [data-state=error])");
/** @param {any} page */
async function ready(page) {
  await settled(page);
  assert.deepEqual(await page.locator("[data-error]:visible").allInnerTexts(), []);
}
/** @param {any} page @param {string} hash */
async function go(page, hash) {
  await page.evaluate((/** @type {string} */ next) => (location.hash = next), hash);
  await page.waitForFunction((/** @type {string} */ view) => document.querySelector("main")?.dataset.view === view, /#\/([a-z]+)/.exec(hash)?.[1]);
  await ready(page);
}
/** Waits until page and bundle are kept. @param {any} page */
const whole = (page) => page.waitForSelector("[data-offline=whole]", { timeout: 60000 });
/** Which version a page is of, in each of its parts. @param {any} page */
const versionOf = (page) =>
  page.evaluate(() => ({
    code: /code\/([0-9a-f]+)\//.exec(/** @type {HTMLScriptElement} */ (document.querySelector("script[src]")).src)?.[1],
    bundle: /Version \w+/.exec(document.querySelector("[data-dataset]")?.textContent ?? "")?.[0],
  }));
/** @param {import("./versions.mjs").Version} version */
const parts = ({ build, title }) => ({ code: build, bundle: title });

test("after one visit the whole site works with the server stopped, from any of its pages", async () => {
  const server = await serveVersions(one);
  const { page, problems, close } = await withWorkers();
  try {
    await page.goto(`${server.url}#/trace`);
    await ready(page);
    await whole(page);
    assert.match(await page.locator("[data-offline]").innerText(), /Page and bundle are kept offline, \d+\.\d MB\./);
    server.close();
    await page.reload();
    await ready(page);
    await page.waitForSelector(POINTS, { state: "attached" });
    await go(page, "#/trace?sample=300&from=2&to=7&k=20");
    await page.waitForSelector("main[data-exact=true]");
    await go(page, "#/explore");
    await page.waitForSelector("main canvas");
    await go(page, "#/story");
    const fresh = await page.context().newPage();
    await fresh.goto(server.url);
    await ready(fresh);
    assert.deepEqual(problems.filter((text) => !/ERR_CONNECTION_REFUSED/.test(text)), []);
  } finally {
    await close();
    server.close();
  }
});

test("what is kept and damaged is dropped and fetched anew; what is missing is fetched alone", async () => {
  const server = await serveVersions(one);
  const { page, close } = await withWorkers();
  try {
    await page.goto(`${server.url}#/trace`);
    await ready(page);
    await whole(page);
    const damaged = await page.evaluate(async () => {
      const names = [];
      for (const key of await caches.keys()) {
        const cache = await caches.open(key);
        for (const { url } of await cache.keys()) {
          if (!/app\.js$|simd\.wasm$|\/c\/[0-9a-f]+\.bin$/.test(url)) continue;
          const bytes = new Uint8Array(await /** @type {Response} */ (await cache.match(url)).arrayBuffer());
          bytes[bytes.length >> 1] ^= 1;
          await cache.put(url, new Response(bytes, { headers: { "content-type": url.endsWith(".js") ? "text/javascript" : "application/octet-stream" } }));
          names.push(new URL(url).pathname);
        }
      }
      return names;
    });
    assert.ok(damaged.length > 10);
    await page.reload();
    await ready(page);
    await page.waitForSelector(POINTS, { state: "attached" });
    const removed = await page.evaluate(async () => {
      const cache = await caches.open(/** @type {string} */ ((await caches.keys()).find((name) => name.endsWith(" bundles"))));
      const some = (await cache.keys()).map(({ url }) => url).filter((url) => /\/c\//.test(url)).slice(3, 6);
      for (const url of some) await cache.delete(url);
      return some.map((url) => new URL(url).pathname);
    });
    server.asked.length = 0;
    await page.reload();
    await ready(page);
    await whole(page);
    const chunks = new Set(server.asked.map(({ path }) => path).filter((path) => path.includes("/c/") && removed.includes(path)));
    assert.deepEqual([...chunks].sort(), removed.sort());
  } finally {
    await close();
    server.close();
  }
});

test("keeping the bundle shows how far it is, can be broken off, goes on, and can be taken back", async () => {
  const server = await serveVersions(one);
  const { page, close } = await withWorkers();
  try {
    let chunks = 0;
    server.fail((path) => (path.includes("/c/") && ++chunks > 8 ? 503 : undefined));
    await page.goto(`${server.url}#/trace`);
    await page.waitForSelector("[data-offline=part] [data-offline-error]", { timeout: 60000 });
    assert.match(await page.locator("[data-offline]").innerText(), /its server answers 503.*\d\.\d MB of \d\.\d MB are kept offline/s);
    server.fail(() => undefined);
    const before = await page.locator("[data-offline] progress").evaluate((/** @type {HTMLProgressElement} */ bar) => bar.value);
    assert.ok(before > 0 && before < 1, `${before}`);
    await page.locator("[name=keep-offline]").click();
    await whole(page);
    assert.match(await page.locator("[data-offline]").innerText(), /browser (will not clear it|may clear it)/, "the browser was asked to keep it");
    await page.locator("[name=remove-offline]").click();
    await page.waitForSelector("[data-offline=part]");
    assert.match(await page.locator("[data-offline]").innerText(), /with 0\.0 MB of/);
  } finally {
    await close();
    server.close();
  }
});

test("a new version is installed beside the old one, takes over only when complete, and old pages go on", async () => {
  const server = await serveVersions(one);
  const { page, problems, close } = await withWorkers();
  try {
    await page.goto(`${server.url}#/trace`);
    await ready(page);
    await whole(page);
    const other = await page.context().newPage();
    await other.goto(`${server.url}#/trace`);
    await ready(other);
    const update = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update().catch(() => {}));
    const keysOf = () => page.evaluate(() => caches.keys());
    server.fail((path) => (path.includes(`/code/${two.build}/styles/`) ? 500 : undefined)); // it cannot be completed
    server.deploy(two);
    await update();
    await until(() => server.asked.some(({ path }) => path.includes(`/code/${two.build}/styles/`)), Boolean);
    await page.bringToFront();
    await page.reload();
    await ready(page);
    assert.deepEqual(await versionOf(page), parts(one), "a version that is not complete shows nowhere");
    server.fail(() => undefined);
    await update();
    await page.waitForSelector(".bulletin button", { timeout: 60000 });
    assert.match(await page.locator(".bulletin").innerText(), /new version/);
    assert.deepEqual(await versionOf(page), parts(one));
    await page.locator(".bulletin button", { hasText: "Reload" }).click();
    await page.waitForFunction((/** @type {string} */ build) => document.querySelector(`script[src*="${build}"]`), two.build);
    await ready(page);
    assert.deepEqual(await versionOf(page), parts(two));
    await other.bringToFront();
    await go(other, "#/explore"); // never loaded before, and not on the server any more
    assert.deepEqual(await versionOf(other), parts(one), "the old page is of one piece still");
    await go(other, "#/trace?sample=17&from=1&to=5&k=10");
    assert.ok((await keysOf()).some((/** @type {string} */ key) => key.endsWith(one.build)), "its files are kept as long as it is open");
    await other.close();
    await page.reload();
    await ready(page);
    await until(keysOf, (keys) => !keys.some((/** @type {string} */ key) => key.endsWith(one.build)));
    assert.deepEqual(problems.filter((text) => !/500/.test(text)), []);
  } finally {
    await close();
    server.close();
  }
});

test("deployed at any request of a page that loads, a new version is never mixed with the old one", async () => {
  const server = await serveVersions(one);
  const opened = await openPage(browser); // without service workers: nothing but the server
  try {
    await opened.page.goto(`${server.url}#/trace`);
    await ready(opened.page);
    const requests = server.asked.length;
    assert.ok(requests > 15, `${requests}`);
    const outcomes = { one: 0, two: 0, told: 0 };
    for (let n = 0; n <= requests; n++) {
      server.deploy(one);
      const { page, close } = await openPage(browser);
      try {
        server.deployAfter(two, n);
        await page.goto(`${server.url}#/trace`);
        await settled(page);
        const told = async () => (await page.locator("[data-error]:visible").allInnerTexts()).join(" ");
        if (await told()) {
          outcomes.told++;
          await until(told, (words) => /new version|could not be fetched/i.test(words));
          server.deploy(two);
          await page.locator("button:visible", { hasText: "Try again" }).first().click();
          await page.waitForSelector("html[data-state=ready]");
          assert.deepEqual(await versionOf(page), parts(two), `tried again after request ${n}`);
        } else {
          const version = await versionOf(page);
          const whole = version.code === one.build ? one : two;
          assert.deepEqual(version, parts(whole), `request ${n}`);
          outcomes[whole === one ? "one" : "two"]++;
        }
      } finally {
        await close();
      }
    }
    console.log(`${requests + 1} deployments: the old version ${outcomes.one} times, the new one ${outcomes.two} times, told ${outcomes.told} times`);
    assert.ok(outcomes.one > 0 && outcomes.two > 0 && outcomes.told > 0);
    assert.deepEqual(await versionOf(opened.page), parts(one), "the page that was open all the time");
    await go(opened.page, "#/trace?sample=5&from=0&to=13&k=10");
  } finally {
    await opened.close();
    server.close();
  }
});
