/** What the page's policy forbids, its workers' too, and that nothing in a bundle can become markup. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch, openPage, serveChangedSite, siteFolder } from "./browser.mjs";

/** @type {any} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const NASTY = '<img src=x onerror="hit=1"><b>&amp;"\'';
/** @param {any} page */
async function ready(page) {
  await page.waitForSelector("html:is([data-state=ready], [data-state=error])");
  assert.deepEqual(await page.locator("[data-error]:visible").allInnerTexts(), []);
}

/** Gives everything in a bundle that has a name a name that is markup. @param {string} folder of the site */
async function rename(folder) {
  const bundle = join(folder, "bundle");
  const { manifest: file } = JSON.parse(await readFile(join(bundle, "current.json"), "utf8"));
  const manifest = JSON.parse(await readFile(join(bundle, file), "utf8"));
  manifest.classes = manifest.classes.map((/** @type {string} */ _, /** @type {number} */ c) => `${NASTY}${c}`);
  manifest.layers.forEach((/** @type {any} */ layer, /** @type {number} */ l) => (layer.name = `${NASTY}${l}`));
  Object.assign(manifest.dataset, { title: NASTY, source: NASTY, licence: NASTY, synthetic: false, noun: { one: NASTY, many: NASTY } });
  const text = JSON.stringify(manifest);
  await rm(join(bundle, file));
  const name = `m.${createHash("sha256").update(text).digest("hex")}.json`;
  await writeFile(join(bundle, name), text);
  await writeFile(join(bundle, "current.json"), JSON.stringify({ manifest: name }));
}

test("the policy allows neither inline scripts nor eval nor another origin", async () => {
  const page = await readFile(join(siteFolder, "index.html"), "utf8");
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  assert.doesNotMatch(policy, /'unsafe-(inline|eval)'|https?:|\*/);
  assert.match(policy, /^default-src 'none';/);
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval' 'sha256-[^']+';/);
});

test("page and engine are refused another origin and eval, and inline scripts and styles do not run", async () => {
  let asked = 0;
  const other = createServer((_, response) => void (asked++, response.writeHead(200, { "access-control-allow-origin": "*" }).end("{}")));
  await new Promise((done) => other.listen(0, "127.0.0.1", () => done(undefined)));
  const elsewhere = `http://127.0.0.1:${/** @type {any} */ (other.address()).port}/`;
  const site = await serveChangedSite(() => {});
  const { page, close } = await openPage(browser);
  try {
    await page.goto(`${site.url}#/trace`);
    await ready(page);
    /** @param {string} url */
    const reach = (url) => fetch(url).then(() => "answered", (error) => error.name);
    const [engine] = page.workers();
    assert.ok(engine, "the engine runs in a worker");
    assert.equal(await page.evaluate(reach, elsewhere), "TypeError");
    assert.equal(await engine.evaluate(reach, elsewhere), "TypeError");
    assert.equal(await engine.evaluate((/** @type {string} */ url) => import(url).then(() => "ran", (error) => error.name), `data:text/javascript,1`), "TypeError");
    assert.equal(asked, 0, "nothing was asked of the other origin");
    const found = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "globalThis.inline = 1";
      const box = document.createElement("div");
      box.innerHTML = '<img src=x onerror="globalThis.handler = 1"><p style="color: rgb(1, 2, 3)">styled</p>';
      document.body.append(script, box);
      const evaluated = new Promise((done) => {
        addEventListener("securitypolicyviolation", (event) => event.blockedURI === "eval" && done("refused"));
        setTimeout(() => /** @type {any} */ (setTimeout)("globalThis.evaluated = 1", 0), 0);
        setTimeout(() => done("ran"), 2000);
      });
      const outcome = await evaluated;
      const { inline, handler, evaluated: ran } = /** @type {any} */ (globalThis);
      return { outcome, inline, handler, ran, colour: getComputedStyle(/** @type {Element} */ (box.querySelector("p"))).color };
    });
    assert.deepEqual([found.outcome, found.inline, found.handler, found.ran], ["refused", undefined, undefined, undefined]);
    assert.notEqual(found.colour, "rgb(1, 2, 3)");
    // A worker started from the file itself has no policy on a plain host: what the page does is what holds its engine.
    const unbound = await page.evaluate(async (/** @type {string} */ url) => {
      const worker = new Worker(/** @type {HTMLScriptElement} */ (document.querySelector("script[src]")).src.replace("app.js", "engine/worker.js"), { type: "module" });
      worker.postMessage({ id: 1, method: "open", request: { url, variant: "scalar" } });
      const { error } = await new Promise((done) => (worker.onmessage = ({ data }) => !data.progress && done(data)));
      worker.terminate();
      return error.code;
    }, elsewhere);
    assert.ok(asked > 0 && unbound === "format", `the other origin answers whoever may ask: ${asked} ${unbound}`);
  } finally {
    await close();
    await site.close();
    other.close();
  }
});

test("names in a bundle stay text in every view, in the tour and in what is exported", async () => {
  const site = await serveChangedSite(rename);
  const { page, problems, close } = await openPage(browser);
  const clean = async (/** @type {string} */ where) => {
    const found = await page.evaluate(() => ({ hit: /** @type {any} */ (globalThis).hit, images: document.querySelectorAll('img[src="x"], main b b').length, shown: document.body.innerText.includes("<img src=x") || document.body.textContent?.includes("<img src=x") }));
    assert.deepEqual(found, { hit: undefined, images: 0, shown: true }, where);
  };
  try {
    for (const view of ["trace", "story", "explore", "draw"]) {
      await page.goto(`${site.url}#/${view}`);
      await ready(page);
      await page.waitForTimeout(300);
      await clean(view);
    }
    await page.goto(`${site.url}#/explore`);
    await ready(page);
    await page.locator("[name=tour]").click();
    await page.waitForSelector(".driver-popover");
    await clean("the tour");
    assert.deepEqual(problems, []);
  } finally {
    await close();
    await site.close();
  }
});
