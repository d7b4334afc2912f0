/** The page in Firefox: each view opens, draws and answers as it does in Chromium. `make test-firefox` runs every test of the page there. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, launchFirefox, openPage, serveChangedSite, until, waitForState } from "./browser.mjs";
import { traceOf } from "./one_trace.mjs";

const TRACE = "#/trace?sample=123&from=3&to=12&k=40";

/** @type {any} */
let opened;
/** @type {Awaited<ReturnType<typeof serveChangedSite>>} */
let site;
/** @type {any} */
let firefox;

before(async () => {
  [firefox, site] = await Promise.all([launchFirefox(), serveChangedSite(() => {})]);
  opened = await openPage(firefox);
});
after(async () => {
  await firefox?.close();
  await site?.close();
});

test("the story draws itself", async () => {
  await opened.page.goto(`${site.url}#/story`);
  await opened.page.waitForSelector("html[data-state=ready] main[data-view=story][data-drawn=true]");
});

test("the explorer draws itself, and a key moves it to another tab", async () => {
  const { page } = opened;
  await page.locator("[data-nav] a", { hasText: "Explorer" }).click();
  await page.waitForSelector("html[data-state=ready] main[data-view=explore] canvas");
  const tab = page.getByRole("tab", { selected: true });
  await tab.focus();
  await page.keyboard.press("ArrowRight");
  await waitForState(page, { tab: "classes" });
});

test("a trace has the neighbours, places and words that Chromium draws", async () => {
  const chromium = await launch();
  const other = await openPage(chromium);
  try {
    const [there, here] = await Promise.all([traceOf(other.page, site.url + TRACE), traceOf(opened.page, site.url + TRACE)]);
    assert.ok(here.places.length >= 40);
    assert.deepEqual(here, there);
  } finally {
    await chromium.close();
  }
});

test("another sample's address is answered too", async () => {
  const { page } = opened;
  const before = await page.locator(".summary").first().innerText();
  await page.goto(`${site.url}#/trace?sample=124&from=0&to=13&k=50`);
  await until(() => page.locator(".summary").first().innerText(), (words) => words !== before);
  await page.waitForSelector("html[data-state=ready] main[data-view=trace][data-exact=true]");
});

test("nothing went wrong in all this", () => assert.deepEqual(opened.problems, []));
