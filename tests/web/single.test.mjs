/** The site in one HTML file, opened from disk: the same living page, and not one request. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { serve } from "../../web/serve.js";
import { launch, launchFirefox, openPage, ntrace, serveSite, siteFolder } from "./browser.mjs";
import { traceOf } from "./one_trace.mjs";

const TRACE = "#/trace?sample=1234&from=3&to=12&k=60";

const scratch = mkdtempSync(join(tmpdir(), "ntrace single "));
const file = join(scratch, "one file.html");
const address = pathToFileURL(file).href;
/** @type {any} */
let browser;

before(async () => {
  const { status, stderr } = spawnSync(ntrace, ["site", join(siteFolder, "bundle"), "--single-file", "-o", file], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true });
});

/** What the served site shows. @type {Awaited<ReturnType<typeof traceOf>> | undefined} */
let served;
async function servedTrace() {
  const site = await serveSite();
  const { page, close } = await openPage(browser);
  try {
    return await traceOf(page, site.url + TRACE);
  } finally {
    await close();
    site.close();
  }
}

test("activations chosen in the file from disk are packed and opened in it", async () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (40, 3), }".padEnd(117) + "\n";
  const layer = (/** @type {number} */ turn) => Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]), Buffer.from(header), Buffer.from(Float32Array.from({ length: 120 }, (_, i) => Math.sin(turn * i * i)).buffer)]);
  const { page, requests, problems, close } = await openPage(browser);
  try {
    await page.goto(`${address}#/open`);
    await page.locator("input[type=file][name=files]").setInputFiles([1, 2].map((turn) => ({ name: `${turn} layer.npy`, mimeType: "application/octet-stream", buffer: layer(turn) })));
    await page.waitForSelector("html[data-route=explore][data-state=ready], .open-error:not([hidden])");
    assert.deepEqual(await page.locator(".open-error [data-error]:visible").allInnerTexts(), []);
    assert.match(await page.locator("[data-provenance]").innerText(), /Activations: 40 .*Opened from files/);
    assert.deepEqual(requests.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(address)), []);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

for (const [name, start] of /** @type {const} */ ([["Chromium", async () => browser], ["Firefox", launchFirefox]])) {
  test(`opened from disk in ${name}, the file draws the neighbours that the served site draws, and asks for nothing`, async () => {
    const started = await start();
    const { page, requests, problems, close } = await openPage(started);
    try {
      const fromDisk = await traceOf(page, address + TRACE);
      assert.ok(fromDisk.places.length >= 60);
      assert.deepEqual(fromDisk, (served ??= await servedTrace()));
      assert.deepEqual(requests.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(address)), []);
      assert.deepEqual(problems, []);
    } finally {
      await close();
      if (started !== browser) await started.close();
    }
  });
}

test("put on a host, the file asks that host for nothing else", async () => {
  /** @type {string[]} */
  const asked = [];
  const host = await serve(scratch, 0, (path) => asked.push(path));
  const { page, problems, close } = await openPage(browser, { serviceWorkers: "allow" });
  try {
    await page.goto(`${host.url}one%20file.html`);
    await page.waitForSelector("html[data-state=ready] main[data-view=story][data-drawn=true]");
    assert.deepEqual(asked, ["/one%20file.html"]);
    assert.deepEqual(problems, []);
  } finally {
    await close();
    host.close();
  }
});

test("the explorer and the story live in it too", async () => {
  const { page, requests, problems, close } = await openPage(browser);
  try {
    await page.goto(`${address}#/explore`);
    await page.waitForSelector("html[data-state=ready] main[data-view=explore] canvas");
    assert.deepEqual(await page.locator("[data-error]:visible").allInnerTexts(), []);
    await page.locator("[data-nav] a", { hasText: "Story" }).click();
    await page.waitForSelector("html[data-state=ready] main[data-view=story][data-drawn=true]");
    await page.reload();
    await page.waitForSelector("html[data-state=ready] main[data-view=story][data-drawn=true]");
    assert.deepEqual(requests.filter((url) => !/^(data|blob):/.test(url) && url !== address), []);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});
