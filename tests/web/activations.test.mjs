/** The page on bundles of activations: no pictures, no network, perhaps no labels; and with pictures in colour. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { npy, numbers } from "../cli/arrays.mjs";
import { launch, ntrace, openPage, serveChangedSite, until, violations } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

const N = 160;
const NAMES = ["noun", "verb", "adjective"];
const label = Array.from({ length: N }, (_, i) => i % NAMES.length);
/** @type {string} */
let scratch;
/** @type {any} */
let browser;
/** @type {any} */
let site;

/** @param {string} bundle @param {...string} words */
function pack(bundle, ...words) {
  const layers = [0, 1, 2].map((l) => join(scratch, `${l} ${["tokens", "attention", "head"][l]}.npy`));
  const { status, stderr } = spawnSync(ntrace, ["pack", "--activations", ...layers, "--title", "Words", ...words, "-o", join(scratch, bundle)], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), "ntrace-web-activations-"));
  for (const [l, [name, size]] of /** @type {[string, number][]} */ ([["tokens", 24], ["attention", 16], ["head", 8]]).entries()) {
    npy(join(scratch, `${l} ${name}.npy`), "<f4", [N, size], numbers(N * size, l + 1).map((value, i) => value + 2 * Number(i % size === label[Math.floor(i / size)])));
  }
  npy(join(scratch, "labels.npy"), "<i8", [N], label);
  await writeFile(join(scratch, "names.txt"), NAMES.map((name) => `${name}\n`).join(""));
  npy(join(scratch, "pictures.npy"), "|u1", [N, 3, 8, 8], label.flatMap((c) => [0, 1, 2].flatMap((channel) => Array(64).fill(channel === c ? 250 : 20))));
  pack("bare", "--noun", "word", "--nouns", "words");
  pack("labelled", "--labels", join(scratch, "labels.npy"), "--classes", join(scratch, "names.txt"));
  pack("pictured", "--labels", join(scratch, "labels.npy"), "--classes", join(scratch, "names.txt"), "--thumbnails", join(scratch, "pictures.npy"));
  browser = await launch();
  site = await serveChangedSite(async (folder) => {
    for (const bundle of ["bare", "labelled", "pictured"]) await cp(join(scratch, bundle), join(folder, bundle), { recursive: true });
  });
});
after(async () => {
  await browser?.close();
  await site?.close();
  await rm(scratch, { recursive: true, force: true });
});

/** Everything asked of "bundle/" comes from another one. @param {any} page @param {string} bundle */
const answerFrom = (page, bundle) =>
  page.route("**/bundle/**", (/** @type {any} */ route) => route.continue({ url: route.request().url().replace("/bundle/", `/${bundle}/`) }));

/** @param {string} bundle @param {string} hash */
async function open(bundle, hash) {
  const opened = await openPage(browser, { viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
  await answerFrom(opened.page.context(), bundle);
  await opened.page.goto(`${site.url}${hash}`);
  await opened.page.waitForSelector("html:is([data-state=ready], [data-state=error])");
  assert.deepEqual(await opened.page.locator("[data-error]:visible").allInnerTexts(), []);
  return opened;
}

/** How many pixels of the first canvas that matches are not blank. @param {any} page @param {string} selector @returns {Promise<number>} */
const inkOf = (page, selector) =>
  page.evaluate((/** @type {string} */ where) => {
    const canvas = /** @type {HTMLCanvasElement | null} */ (document.querySelector(where));
    const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let ink = 0;
    for (let i = 3; i < data.length; i += 4) ink += Number(data[i] > 0);
    return ink;
  }, selector);

test("without a network the trace says that codes answer, and marks stand for pictures", async () => {
  const { page, problems, close } = await open("labelled", "#/trace?sample=7&to=2");
  try {
    const words = await until(() => page.locator("main").innerText(), (/** @type {string} */ text) => text.includes("holds no network to rank them exactly"));
    assert.match(words, /From compressed codes, which find (over )?\d+ % of the true nearest here/);
    assert.match(words, /verb\s+no\. 7/);
    assert.doesNotMatch(words, /The network reads|rightly|wrongly|NaN|undefined/);
    await until(() => inkOf(page, ".card-picture"), (ink) => ink > 1000);
    await page.mouse.move(500, 500);
    await until(() => inkOf(page, ".picker-cell canvas"), (ink) => ink > 200);
    await until(() => page.locator(".rail-kept").allInnerTexts(), (/** @type {string[]} */ kept) => kept.length === 3 && kept.every((text) => /^\d+$/.test(text.trim())));
    assert.equal(await page.locator("select[name=only]:visible").count(), 0);
    assert.match(await page.locator("[data-provenance]").innerText(), /The network has 3 layers, the input included\./);
    await page.locator(".picker-cell").nth(3).click();
    await until(() => page.locator(".card-title").innerText(), (/** @type {string} */ title) => !title.includes("no. 7"));
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await until(() => page.locator("main").innerText(), (/** @type {string} */ text) => text.includes("On compressed codes, in units of the activations"));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("unlabelled samples are called by their noun and number", async () => {
  const { page, problems, close } = await open("bare", "#/trace?sample=3");
  try {
    const words = await until(() => page.locator("main").innerText(), (/** @type {string} */ text) => text.includes("no. 3"));
    assert.match(words, /words nearest to this word/);
    assert.doesNotMatch(words, /its own class/);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the explorer leaves out what is not known, and says why explanations are absent", async () => {
  const { page, problems, close } = await open("labelled", "#/explore?pins=4.9&beside=open&explain=gradient");
  try {
    await page.waitForSelector(".samples-cell");
    const colours = await page.locator("select[name=colour] option").allInnerTexts();
    assert.ok(colours.includes("Class") && colours.includes("Neighbours of its own class"));
    for (const name of ["Predicted class", "Read rightly or wrongly", "Confidence", "Neighbours read alike"]) assert.ok(!colours.includes(name), name);
    assert.equal(await page.locator("input[name=verdict]").count(), 0);
    await until(() => page.locator(".compare-note").first().innerText(), (/** @type {string} */ text) => /This bundle holds no network: gradient cannot be had/.test(text));
    assert.deepEqual(await page.locator("select[name=explain] option").evaluateAll((/** @type {HTMLOptionElement[]} */ options) => options.filter(({ disabled }) => !disabled).map(({ value }) => value)), ["none"]);
    await page.locator("select[name=explain]").selectOption("none");
    await until(() => page.locator(".compare-about").innerText(), (/** @type {string} */ text) => text.includes("holds no network, which explanations need"));
    assert.doesNotMatch(await page.locator(".compare").innerText(), /sure|read/);
    await until(() => inkOf(page, ".samples-row canvas"), (ink) => ink > 500);
    await page.getByRole("tab", { name: "Classes" }).click();
    await until(() => page.locator("[role=tabpanel]:visible").innerText(), (/** @type {string} */ text) => text.includes("does not say what the network answers"));
    await page.getByRole("tab", { name: "Layers" }).click();
    await until(() => page.locator("[role=tabpanel]:visible").innerText(), (/** @type {string} */ text) => /attention/.test(text));
    await page.getByRole("tab", { name: "Suggestions" }).click();
    const said = await until(() => page.locator("[role=tabpanel]:visible").innerText(), (/** @type {string} */ text) => text.includes("nearest"));
    assert.doesNotMatch(said, /the network (reads|gives)/);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("there is nothing to draw for, and the page says why", async () => {
  const { page, problems, close } = await open("labelled", "#/draw");
  try {
    await until(() => page.locator("main").innerText(), (/** @type {string} */ text) => text.includes("This bundle holds activations and no network"));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the story tells itself of samples without pictures", async () => {
  const { page, problems, close } = await open("labelled", "#/story");
  try {
    await until(() => page.locator("main").innerText(), (/** @type {string} */ text) => text.includes("What happened to it"));
    await page.evaluate(() => document.querySelector("[data-step=words], [id*=words]")?.scrollIntoView());
    await until(() => page.locator("main").innerText(), (/** @type {string} */ text) => text.includes("Neighbours of its own class"));
    assert.doesNotMatch(await page.locator("main").innerText(), /The network reads it|undefined|NaN/);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("pictures in colour are drawn in their colours; the mean of the nearest is the one explanation", async () => {
  const { page, problems, close } = await open("pictured", "#/explore?pins=4&beside=open&explain=neighborMean");
  try {
    await page.waitForSelector(".samples-cell");
    const middle = () =>
      page.evaluate(() => {
        const canvas = /** @type {HTMLCanvasElement | null} */ (document.querySelector(".compare-sketch"));
        return [...(canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data ?? [])];
      });
    await until(middle, (/** @type {number[]} */ [r, g, b]) => r < 60 && g > 200 && b < 60); // the second class is green
    await until(() => inkOf(page, ".compare-heat"), (ink) => ink > 0);
    assert.deepEqual(await page.locator(".compare-note").allInnerTexts().then((/** @type {string[]} */ notes) => notes.filter((note) => /cannot/.test(note))), []);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the engine answers on codes, and refuses images and explanations in words", async () => {
  const { page, close } = await openExplorer(browser, site.url);
  try {
    await answerFrom(page, "labelled");
    const found = await askEngine(page, async (bundle) => {
      const refused = async (/** @type {Promise<unknown>} */ asked) => asked.then(() => null, (/** @type {any} */ error) => [error.code, error.message]);
      const { exact, index } = await bundle.neighbors({ sample: 5, layer: 1, k: 7 });
      return {
        exact, count: index.length, image: bundle.manifest.dataset.image, answers: bundle.manifest.answers,
        images: await refused(bundle.images({ samples: [1] })),
        mean: await refused(bundle.explain({ method: "neighborMean", sample: 1 })),
        occlusion: await refused(bundle.explain({ method: "occlusion", sample: 1 })),
        place: await refused(bundle.place({ pixels: new Uint8Array(4), k: 3 })),
      };
    });
    assert.deepEqual([found.exact, found.count, found.image, found.answers], [false, 7, null, "none"]);
    assert.deepEqual(found.images, ["missing", "This bundle holds no images: it was packed from activations alone."]);
    assert.deepEqual(found.mean, ["missing", "This bundle holds no images: neighborMean cannot be had."]);
    assert.deepEqual(found.occlusion, ["missing", "This bundle holds no network: occlusion cannot be had."]);
    assert.equal(found.place?.[0], "missing");
  } finally {
    await close();
  }
});
