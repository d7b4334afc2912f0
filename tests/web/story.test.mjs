/** The story as a reader meets it: scrolls through all steps at three widths, changes the sample half-way, comes back by a link, reads it without scripts. */
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { STEPS } from "../../web/story/steps.js";
import { browser, enter, isFirefox, openPage, screenshotFolder, site, siteFolder, stateOf, until, untilState, useSite, violations, waitForState } from "./browser.mjs";

const FIRST_FIGURE_BYTES = 1.5e6;

useSite();

/** @param {any} page */
const ready = (page) => page.waitForSelector("html[data-state=ready]");
/** Waits until a step is the current one and its figure is drawn. @param {any} page @param {string} id */
const drawn = (page, id) => page.waitForSelector(`main[data-step="${id}"][data-drawn=true]`, { timeout: 60000 });

/** Scrolls so that a step's text stands where the reader reads it. @param {any} page @param {string} id */
async function scrollTo(page, id) {
  await page.evaluate((/** @type {string} */ step) => document.getElementById(`step-${step}`)?.scrollIntoView({ block: "start", behavior: "instant" }), id);
  await drawn(page, id);
}

test("the first figure lives after at most 1.5 MB, and nothing is asked of another origin", async () => {
  site.served.length = 0;
  const { page, requests, problems, close } = await openPage(browser);
  try {
    await page.addInitScript(() => {
      const isReady = () => document.documentElement?.dataset.state === "ready" && fetch("favicon.svg?ready");
      new MutationObserver((_, observer) => isReady() && observer.disconnect()).observe(document, { attributes: true, subtree: true });
    });
    await page.goto(site.url);
    const before = await until(() => site.served.findIndex(({ path }) => path.endsWith("?ready")), (at) => at >= 0);
    const bytes = site.served.slice(0, before).reduce((sum, file) => sum + file.bytes, 0);
    assert.ok(bytes <= FIRST_FIGURE_BYTES, `${bytes} bytes: ${JSON.stringify(site.served)}`);
    assert.deepEqual(requests.filter((url) => !url.startsWith(site.url) && !/^(data|blob):/.test(url)), []);
    assert.deepEqual(problems, []);
    console.log(`story: ${(bytes / 1e6).toFixed(2)} MB before the first living figure`);
  } finally {
    await close();
  }
});

for (const [device, context] of /** @type {const} */ ([
  ["desk", { viewport: { width: 1440, height: 900 } }],
  ["tablet", { viewport: { width: 1024, height: 768 } }],
  ["phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
])) {
  test(`scrolling down and up on a ${device} shows every step with its figure and words`, async () => {
    const { page, problems, close } = await openPage(browser, context);
    try {
      await page.goto(site.url);
      await ready(page);
      await mkdir(screenshotFolder, { recursive: true });
      for (const { id } of [...STEPS, ...STEPS.slice(0, -1).reverse()]) {
        await scrollTo(page, id);
        await waitForState(page, { step: id });
        await until(() => page.locator(`#step-${id} .step-text`).innerText(), (words) => words.length > 30 && !/Being worked out/.test(words));
        await until(() => page.locator(".stage-canvas").getAttribute("aria-label"), (alt) => alt.length > 15 && /\d/.test(alt));
      }
      await scrollTo(page, "rows");
      const [figure, text] = await Promise.all([".story-figure", "#step-rows .step-text"].map((part) => page.locator(part).boundingBox()));
      assert.ok(figure.y >= -1 && figure.y < context.viewport.height / 3, `the figure stays in sight: ${JSON.stringify(figure)}`);
      if (device === "phone") assert.ok(figure.y + figure.height <= text.y + 1, "the figure lies above the text");
      else assert.ok(figure.x + figure.width <= text.x || text.x + text.width <= figure.x, "the figure lies beside the text");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} pixels stick out at the side`);
      await page.screenshot({ path: join(screenshotFolder, `story-${device}.png`) });
      assert.deepEqual(problems, []);
    } finally {
      await close();
    }
  });
}

test("another sample half-way: the words change with it, undone by going back", async () => {
  const { page, close } = await openPage(browser);
  try {
    await page.goto(site.url);
    await ready(page);
    const first = stateOf(page).sample;
    await scrollTo(page, "nearest");
    const words = await page.locator("#step-nearest .step-text").innerText();
    const offers = page.locator("button[data-offer]");
    await page.waitForFunction(() => document.querySelectorAll("button[data-offer]").length >= 7);
    const titles = await offers.evaluateAll((/** @type {Element[]} */ nodes) => nodes.map((node) => node.getAttribute("title")));
    assert.equal(new Set(titles).size, titles.length, "each is offered for another reason");
    await page.locator("button[data-offer][aria-pressed=false]").nth(1).click();
    const { sample: chosen } = await untilState(page, ({ sample }) => sample !== first);
    await page.waitForFunction((/** @type {string} */ before) => document.querySelector("#step-nearest .step-text")?.textContent?.includes("nearest at") && document.querySelector("#step-nearest .step-text")?.textContent !== before, words);
    await drawn(page, "nearest");
    await until(() => page.locator(".stage-canvas").getAttribute("aria-label"), (alt) => new RegExp(`no\\. ${Number(chosen).toLocaleString("en")}\\b`).test(alt));
    await waitForState(page, { step: "nearest" });
    await until(() => page.locator(".story-end a[data-view=explore]").first().getAttribute("href"), (href) => href.startsWith("#/explore?") && href.includes(`sample=${chosen}`));
    await page.goBack();
    await page.waitForFunction((/** @type {string} */ sample) => location.hash.includes(`sample=${sample}&`), first);
  } finally {
    await close();
  }
});

test("layers and neighbours are chosen in the menu, and the figure follows", async () => {
  const { page, close } = await openPage(browser);
  try {
    await page.goto(`${site.url}#/story?step=end`);
    await drawn(page, "end");
    await page.locator(".chooser-more summary").click();
    await page.locator(".chooser select[name=to]").selectOption("4");
    await enter(page.locator(".chooser input[name=k-number]"), "30");
    await page.waitForFunction(() => / of 30 /.test(document.querySelector("#step-end .step-text")?.textContent ?? ""));
    await drawn(page, "end");
    await waitForState(page, { to: "4", k: "30", step: "end" });
  } finally {
    await close();
  }
});

test("a reload at a step comes back to it", async () => {
  const { page, close } = await openPage(browser);
  try {
    await page.goto(`${site.url}#/story?sample=77&step=sectors`);
    await drawn(page, "sectors");
    await page.reload();
    await drawn(page, "sectors");
    assert.equal(stateOf(page).sample, "77");
    await until(() => page.locator("#step-sectors").evaluate((/** @type {Element} */ node) => node.getBoundingClientRect().top / innerHeight), (top) => top > -0.2 && top < 0.6);
  } finally {
    await close();
  }
});

test("without scripts the whole story is there, in words and pictures", async () => {
  const { page, close } = await openPage(browser, isFirefox ? {} : { javaScriptEnabled: false });
  try {
    if (isFirefox) await page.route("**/*.js", (/** @type {any} */ route) => route.abort()); // its driver does not switch scripts off
    await page.goto(site.url);
    for (const { id } of STEPS) assert.ok((await page.locator(`#step-${id} .step-text`).innerText()).length > 30, id);
    const { layers, dataset, network } = JSON.parse(await readFile(join(siteFolder, "bundle", JSON.parse(await readFile(join(siteFolder, "bundle/current.json"), "utf8")).manifest), "utf8"));
    await page.locator(".story-background summary").click();
    assert.deepEqual(await page.locator(".network-name").allInnerTexts(), layers.map((/** @type {any} */ { name }) => name));
    assert.deepEqual(await page.locator(".network-size").allInnerTexts(), layers.map((/** @type {any} */ { size }) => `${size} numbers`));
    const background = await page.locator(".story-background-text").innerText();
    assert.ok(background.includes("synthetic") && background.includes("Quick, Draw!") && background.includes(dataset.samples.toLocaleString("en")) && background.includes(`${Math.round(100 * network.accuracy)} %`), background);
    assert.equal(await page.locator(".story-views > div").count(), 3);
    assert.ok((await page.locator(".story-views li").count()) >= 6, "the questions that each view answers");
    const references = await page.locator(".story-references a").evaluateAll((/** @type {HTMLAnchorElement[]} */ links) => links.map(({ href }) => href));
    assert.ok(references.length >= 5 && references.every((/** @type {string} */ href) => href.startsWith("https://doi.org/10.")), `${references}`);
    assert.match(await page.locator(".story-cite").innerText(), /Neighborhood Traces/);
    const pictures = page.locator(".still-figure img");
    assert.ok((await pictures.count()) >= 6);
    for (const picture of await pictures.all()) {
      await picture.scrollIntoViewIfNeeded();
      assert.ok((await picture.getAttribute("alt")).length > 20);
      await picture.evaluate((/** @type {HTMLImageElement} */ image) => image.decode());
    }
  } finally {
    await close();
  }
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe-core finds nothing wrong with the story in ${colorScheme} colours`, async () => {
    const { page, close } = await openPage(browser, { colorScheme, reducedMotion: "reduce" });
    try {
      await page.goto(`${site.url}#/story?step=pattern`);
      await drawn(page, "pattern");
      await page.locator(".story-background summary").click();
      assert.deepEqual(await violations(page), []);
    } finally {
      await close();
    }
  });
}
