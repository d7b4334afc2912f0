/** The drawing sheet, changed samples and turnovers, used as a reader uses them: with mouse, finger and keys. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { whyNoDrawing } from "../../web/drawable.js";
import { fitsLink, marksCodec, tidied } from "../../web/marks.js";
import { steepestDrop } from "../../web/views/turnover.js";
import { browser, needsChromium, ntrace, openPage, screenshotFolder, serveChangedSite, site, stateOf, until, useSite, violations, waitForState } from "./browser.mjs";

const LAYERS = 14;
const UMBRELLA = "pwCguBgCvdoPnGoUnKgLwH4MgM.pAguBwN_EgP3GwfnR.pwe4dwMgf";

useSite(() => serveChangedSite(() => {}));

/** @param {string} hash @param {(page: any) => Promise<void>} use @param {object} [context] @param {{ url: string }} [from] */
async function on(hash, use, context = {}, from = site) {
  const { page, problems, close } = await openPage(browser, context);
  try {
    await page.goto(from.url + hash);
    await page.waitForSelector("html[data-state=ready]");
    await use(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
}

/** @param {any} page */
const exact = (page) => page.waitForSelector("main[data-answered=exact]");
/** @param {any} page */
const traced = async (page) => {
  await exact(page);
  await page.waitForSelector(".trace-board[data-exact=true] .point", { state: "attached" });
};
/** @param {any} page */
const said = (page) => page.locator(".reading-said").textContent();
/** Names of the nearest, layer by layer. @param {any} page @param {string} kind @returns {Promise<string[]>} */
const nearest = (page, kind = "own") => page.locator(`canvas.ladder-${kind}`).evaluateAll((/** @type {Element[]} */ nodes) => nodes.map((node) => node.getAttribute("aria-label")));

/** Draws a line with the mouse, button held until `then` is done. @param {any} page @param {[number, number][]} places shares of the pad @param {() => Promise<unknown>} [then] */
async function stroke(page, places, then) {
  const box = await page.locator(".pad-sheet").boundingBox();
  const at = (/** @type {[number, number]} */ [x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(places[0]));
  await page.mouse.down();
  for (const place of places.slice(1)) await page.mouse.move(...at(place), { steps: 6 });
  await then?.();
  await page.mouse.up();
}

test("a hand that moves sees class, neighbours, curve and place; one that rests the exact trace; the link holds it all", () =>
  on("#/draw", async (page) => {
    await page.locator(".pad-sheet.is-empty").waitFor();
    assert.equal(await page.locator(".draw-rest").isVisible(), false);
    await stroke(page, [[0.1, 0.5], [0.5, 0.1], [0.9, 0.5], [0.1, 0.5]], async () => {
      await page.waitForSelector("main[data-answered=codes]");
      await until(() => said(page), (text) => /, .*% sure$/.test(text));
      assert.equal(stateOf(page).marks, undefined, "the stroke is not finished");
      assert.ok((await nearest(page)).every((label) => /^Nearest at .*: .* no\. \d/.test(label)));
      await page.waitForSelector("[data-seat]", { state: "attached" });
      await page.waitForSelector(".draw-live .curve-own[d]", { state: "attached" });
    });
    await traced(page);
    const first = stateOf(page).marks;
    assert.match(first, /^p/);
    await page.waitForSelector(".explained li:not(.is-waiting)[data-method=gradCam]");
    await stroke(page, [[0.5, 0.3], [0.5, 0.9]]);
    await until(() => stateOf(page).marks, (marks) => marks?.startsWith(`${first}.p`));
    await traced(page);
    const [both, read] = [stateOf(page).marks, await said(page)];
    await page.reload();
    await traced(page);
    assert.deepEqual([stateOf(page).marks, await said(page)], [both, read]);
    await page.locator("[data-undo]").click();
    await waitForState(page, { marks: first });
    await page.locator("[data-undo]").click();
    await waitForState(page, { marks: null });
    await page.goBack();
    await waitForState(page, { marks: first });
    await page.locator("[data-redo]").click();
    await waitForState(page, { marks: null });
    await page.locator(".pad-sheet.is-empty").waitFor();
    await until(() => said(page), (text) => text === "Nothing yet.");
  }));

test("a sample's own strokes are that sample at every layer, on the page too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ntrace-draw-"));
  execFileSync(ntrace, ["sketch", "--count", "600", "--seed", "1", "--class", "pear", "--strokes", "-o", folder]);
  const [line] = (await readFile(join(folder, "pear.ndjson"), "utf8")).split("\n");
  await rm(folder, { recursive: true });
  const marks = JSON.parse(line).drawing.map((/** @type {number[][]} */ [xs, ys]) => ({ kind: "pen", points: xs.flatMap((x, i) => [x, ys[i]]) }));
  await on(`#/draw?marks=${marksCodec.write(marks)}`, async (page) => {
    await exact(page);
    const labels = await until(() => nearest(page), (found) => found.every((label) => / no\. /.test(label)));
    const firsts = new Set(labels.map((label) => /: (pear no\. \d+)/.exec(label)?.[1]));
    assert.equal(firsts.size, 1, labels.join("\n"));
    assert.ok(!firsts.has(undefined));
  });
});

test("keys alone reach a result: a drawn line, an example, undo", () =>
  on("#/draw", async (page) => {
    await page.locator(".pad-sheet").focus();
    for (const key of [" ", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "ArrowDown", "Escape"]) await page.keyboard.press(key === " " ? "Space" : key);
    assert.equal(stateOf(page).marks, undefined, "Escape drops the stroke");
    for (const key of ["Space", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowDown", "Space"]) await page.keyboard.press(key);
    await until(() => stateOf(page).marks, Boolean);
    await exact(page);
    await page.locator("[data-example]").first().focus();
    await page.keyboard.press("Enter");
    await until(() => stateOf(page).marks, (marks) => marks?.length > 40);
    await traced(page);
    await page.locator("[data-undo]").focus();
    await page.keyboard.press("Enter");
    await until(() => stateOf(page).marks, (marks) => marks?.length < 40);
  }));

test("on a phone a finger draws on a pad that comes first; axe-core finds nothing, light and dark", { skip: needsChromium }, async () => {
  for (const colorScheme of ["light", "dark"]) {
    await on(
      "#/draw",
      async (page) => {
        const box = await page.locator(".pad-sheet").boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.y + box.height <= 740, JSON.stringify(box));
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        const touch = await page.context().newCDPSession(page);
        const send = (/** @type {string} */ type, /** @type {number[][]} */ places) =>
          touch.send("Input.dispatchTouchEvent", { type, touchPoints: places.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height })) });
        await send("touchStart", [[0.2, 0.5]]);
        for (let i = 1; i <= 10; i++) await send("touchMove", [[0.2 + 0.06 * i, 0.5 + 0.03 * i]]);
        assert.equal(await page.evaluate(() => scrollY), 0, "the page does not scroll under the finger");
        await send("touchEnd", []);
        await until(() => stateOf(page).marks, Boolean);
        await traced(page);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        assert.deepEqual(await violations(page), []);
        await mkdir(screenshotFolder, { recursive: true });
        await page.screenshot({ path: join(screenshotFolder, `draw-360-${colorScheme}.png`) });
      },
      { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme },
    );
  }
});

test("a sample is changed from its trace's card by keys; where the two part is named and explained", () =>
  on("#/trace?sample=340&from=0&to=13&k=50", async (page) => {
    await page.locator(".card-change").focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("html[data-state=ready] main[data-view=draw]");
    await waitForState(page, { base: "340", marks: null });
    await exact(page);
    const words = () => page.locator(".ladder .figure-note").textContent();
    await until(words, (text) => text.startsWith("Their neighbourhoods never part"));
    for (let i = 0; i < 3; i++) {
      await page.locator('[data-change="Turn right by 10 degrees"]').focus();
      await page.keyboard.press("Enter");
    }
    await page.locator('[data-change="Shift left by a pixel"]').focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press("Enter");
    await until(() => stateOf(page).marks, (marks) => marks?.split(".").length === 3);
    await until(words, (text) => /part at .*: the first layer/.test(text));
    await traced(page);
    const shares = await page.locator(".ladder-shared span").allTextContents();
    const parting = shares.slice(-LAYERS).findIndex((/** @type {string} */ text) => parseInt(text.replace(/\D*/, ""), 10) < 50);
    assert.equal(await page.locator(".ladder-row.is-parting").getAttribute("data-layer"), String(parting));
    await page.waitForSelector(".draw-rest > .turnover[data-state=ready]");
    assert.match(await page.locator(".draw-rest > .turnover h2").textContent(), /^What parts them at /);
    assert.ok((await page.locator(".draw-rest > .turnover .turnover-channels li").count()) > 0);
    const before = stateOf(page).marks;
    await page.locator('[data-tool="eraser"]').click();
    await stroke(page, [[0.2, 0.2], [0.8, 0.8]]);
    await until(() => stateOf(page).marks, (marks) => marks?.startsWith(`${before}.e`));
    await page.locator('[data-change="Add noise"]').click();
    await until(() => stateOf(page).marks, (marks) => marks?.endsWith(".nwBC"));
    await traced(page);
    assert.deepEqual(await violations(page), []);
    await page.locator("[data-clear]").click();
    await waitForState(page, { base: "340", marks: null });
  }));

test("the curve leads to what turned a neighbourhood over, by click and by keys", () =>
  on("#/trace?sample=340&from=0&to=13&k=50", async (page) => {
    await page.locator(".trace-more").scrollIntoViewIfNeeded();
    await page.waitForSelector(".curve-dot");
    await page.locator(".turnover-way").click();
    const state = await until(() => stateOf(page), ({ turn }) => turn);
    const values = await page.locator(".curve-dot").evaluateAll((/** @type {Element[]} */ dots) => dots.map((dot) => -Number(dot.getAttribute("cy"))));
    assert.equal(Number(state.turn), steepestDrop((layer) => values[layer], LAYERS));
    await page.locator('.curve-step[data-layer="7"]').focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await waitForState(page, { to: "6", turn: "6" });
    await page.waitForSelector(".turnover[data-state=ready]");
    const words = await page.locator(".turnover .figure-note").textContent();
    assert.match(words, /kept \d+ of its 100 nearest; \d+ left and as many arrived/);
    const [, stayed, gone] = words.match(/kept (\d+) of its 100 nearest; (\d+) left/) ?? [];
    assert.equal(Number(stayed) + Number(gone), 100, words);
    const parts = await page.locator(".turnover-share").allTextContents();
    assert.ok(parts.length > 1 && parts.every((/** @type {string} */ part) => /^[+-−]?\d+\s?%$/.test(part)), parts.join(" "));
    assert.deepEqual(await violations(page), []);
    await page.locator('.curve-step[data-layer="9"]').click();
    await waitForState(page, { to: "9", turn: "9" });
    await page.waitForSelector(".turnover[data-state=ready]");
    await page.locator(".turnover-close").click();
    await waitForState(page, { turn: null });
  }));

test("the explorer's panel and its cards lead to the sheet", () =>
  on("#/explore?sample=12&pins=30", async (page) => {
    await page.waitForSelector(".panel-change");
    assert.match(await page.locator(".panel-change").getAttribute("href"), /^#\/draw\?.*base=12/);
    await page.locator(".compare-foot a", { hasText: "Change it" }).waitFor({ state: "attached" });
    assert.match(await page.locator(".compare-foot a", { hasText: "Change it" }).getAttribute("href"), /^#\/draw\?.*base=30/);
  }));

test("the model card tells how people's sketches are read, for the weights that were measured alone", async () => {
  const { balancedAccuracy } = JSON.parse(await readFile(new URL("../../data/people.json", import.meta.url), "utf8"));
  const text = (/** @type {any} */ page) => page.locator(".model-card").textContent();
  await on("#/draw", async (page) => assert.ok((await text(page)).includes(`${(100 * balancedAccuracy).toFixed(1)} %`)));
  const other = await serveChangedSite(async (folder) => {
    const current = join(folder, "bundle/current.json");
    const name = JSON.parse(await readFile(current, "utf8")).manifest;
    const manifest = JSON.parse(await readFile(join(folder, "bundle", name), "utf8"));
    manifest.provenance.weightsSha256 = "0".repeat(64);
    const written = JSON.stringify(manifest);
    const fresh = `m.${createHash("sha256").update(written).digest("hex")}.json`;
    await writeFile(join(folder, "bundle", fresh), written);
    await writeFile(current, JSON.stringify({ manifest: fresh }));
  });
  try {
    await on("#/draw", async (page) => assert.doesNotMatch(await text(page), /people/), {}, other);
  } finally {
    await other.close();
  }
});

test("where nothing can be drawn, it is said why", () => {
  const manifest = (/** @type {object} */ image, /** @type {string} */ role) => /** @type {any} */ ({ dataset: { image }, chunks: [{ role }] });
  assert.equal(whyNoDrawing(manifest({ channels: 1, height: 28, width: 28 }, "weights")), "");
  assert.match(whyNoDrawing(manifest({ channels: 1, height: 28, width: 28 }, "codes")), /no network/);
  assert.match(whyNoDrawing(manifest({ channels: 3, height: 32, width: 32 }, "weights")), /32 × 32 pixels in 3 channels/);
});

test("a stroke is thinned to what its line needs, and a link holds only so much", () => {
  const line = Array.from({ length: 50 }, (_, i) => [i, 2 * i]).flat();
  assert.deepEqual(tidied(line), [0, 0, 49, 98]);
  assert.deepEqual(tidied([0, 0, 50, 0, 50, 50]), [0, 0, 50, 0, 50, 50]);
  assert.deepEqual(tidied([3.1, 4.9]), [3, 5]);
  const scribble = Array.from({ length: 4000 }, (_, i) => (i * 97) % 250);
  assert.equal(fitsLink([{ kind: "pen", points: scribble }]), false);
  assert.ok(fitsLink(/** @type {any} */ (marksCodec.read(UMBRELLA))));
});
