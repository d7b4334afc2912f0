/** The trace view's figures, used as a reader uses them, with mouse and keys, and held to the engine's own figures. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { browser, needsChromium, openPage, savedBy, screenshotFolder, site, stateOf, untilState, useSite, violations, waitForState } from "./browser.mjs";

const POINTS = ".radial .point[data-sample]";
const TRACE = "#/trace?sample=1234&from=0&to=13&k=100";
const LAST = 13;

useSite();

/**
 * A trace's page with all its figures, at rest.
 * @param {(page: any) => Promise<void>} use @param {{ hash?: string, context?: object }} [options]
 */
async function onTrace(use, { hash = TRACE, context = {} } = {}) {
  const { page, problems, close } = await openPage(browser, context);
  try {
    await page.goto(site.url + hash);
    await settled(page);
    await page.evaluate(() => void (document.documentElement.dataset.drawn = `${performance.now()}`));
    await page.locator(".trace-bars").scrollIntoViewIfNeeded();
    await page.waitForSelector(".changes-bars path");
    await use(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
}

/** @param {any} page */
async function settled(page) {
  await page.waitForSelector("html[data-state=ready] main[data-exact=true]");
  await page.waitForSelector(POINTS, { state: "attached" });
}

/** @param {any} page @param {number} count */
const untilDrawn = (page, count) => page.waitForFunction((/** @type {[string, number]} */ [points, count]) => document.querySelectorAll(points).length === count, [POINTS, count]);
/** @param {any} page @returns {Promise<number[]>} */
const drawn = async (page) => (await page.locator(POINTS).evaluateAll((/** @type {SVGElement[]} */ nodes) => nodes.map((node) => Number(node.dataset.sample)))).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
/** The part that is kept, once its ends are where they were drawn to. @param {any} page @param {number} low @param {number} high @param {number} off by how many either may be off @returns {Promise<number[]>} */
const untilKept = async (page, low, high, off) => {
  const ends = (/** @type {Record<string, string>} */ { keep = "" }) => keep.split("~").map(Number);
  return ends(await untilState(page, (state) => state.keep && Math.abs(ends(state)[0] - low) <= off && Math.abs(ends(state)[1] - high) <= off));
};
/** @param {any} page */
const historyLength = (page) => page.evaluate(() => history.length);

/**
 * Asks the engine in the page, on a bundle of its own.
 * @template T @param {any} page @param {(bundle: import("../../wasm/ntrace.d.ts").Bundle) => Promise<T>} question @returns {Promise<T>}
 */
async function ask(page, question) {
  const bundle = await page.evaluateHandle(async (/** @type {string} */ base) => (await import(new URL("engine/ntrace.js", base).href)).openBundle(new URL("bundle/", base)), site.url);
  const answer = await page.evaluate(question, bundle);
  await bundle.evaluate((/** @type {any} */ opened) => opened.close());
  return answer;
}

/** The samples of the trace above in the order of their changes. @param {any} page @returns {Promise<number[]>} */
const order = (page) =>
  ask(page, async (bundle) => (await bundle.trace({ sample: 1234, from: 0, to: 13, k: 100 })).points.sort((a, b) => a.change - b.change || a.sample - b.sample).map(({ sample }) => sample));

/** Drags over the bars, in shares of their width. @param {any} page @param {number} from @param {number} to */
async function brush(page, from, to) {
  const box = await page.locator(".changes-brush .overlay").boundingBox();
  const y = box.y + box.height / 3;
  await page.mouse.move(box.x + from * box.width, y);
  await page.mouse.down();
  for (const t of [0.3, 0.6, 1]) await page.mouse.move(box.x + (from + (to - from) * t) * box.width, y);
  await page.mouse.up();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

test("dragging over the bars draws these traces alone, says how many, and can be undone", () =>
  onTrace(async (page) => {
    const all = await drawn(page);
    const sorted = await order(page);
    const before = await historyLength(page);
    assert.deepEqual([...sorted].sort((a, b) => a - b), all);
    await brush(page, 0.1, 0.4);
    const [low, high] = await untilKept(page, 0.1 * all.length, 0.4 * all.length, 1);
    await untilDrawn(page, high - low);
    assert.deepEqual(await drawn(page), sorted.slice(low, high).sort((a, b) => a - b));
    assert.match(await page.locator(".summary-moves").innerText(), new RegExp(`^${high - low} of the ${all.length} traces are drawn`));
    assert.equal(await historyLength(page), before + 1);

    await page.reload();
    await settled(page);
    await untilDrawn(page, high - low);
    await page.getByRole("button", { name: "Show all" }).first().click();
    await untilDrawn(page, all.length);
    await waitForState(page, { keep: null });
    await page.goBack();
    await untilDrawn(page, high - low);
  }));

test("a part that is kept can be moved, and a press on the bars alone changes nothing", () =>
  onTrace(async (page) => {
    const count = (await drawn(page)).length;
    await brush(page, 0.1, 0.4);
    const [low, high] = await untilKept(page, 0.1 * count, 0.4 * count, 1);
    await brush(page, 0.25, 0.55);
    const [movedLow, movedHigh] = await untilKept(page, low + 0.3 * count, high + 0.3 * count, 2);
    assert.equal(movedHigh - movedLow, high - low);
    const box = await page.locator(".changes-brush .overlay").boundingBox();
    await page.mouse.click(box.x + 0.95 * box.width, box.y + 10);
    await page.waitForTimeout(100);
    assert.equal(stateOf(page).keep, `${movedLow}~${movedHigh}`);
  }));

test("the handles of the brush move by keys, a run of keys is one step back, and Escape draws all", () =>
  onTrace(async (page) => {
    const count = (await drawn(page)).length;
    const before = await historyLength(page);
    const [first, last] = [page.getByRole("slider", { name: /First trace drawn/ }), page.getByRole("slider", { name: /Last trace drawn/ })];
    await first.focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
    await waitForState(page, { keep: `3~${count}` });
    await last.focus();
    await page.keyboard.press("PageDown");
    const high = count - Math.round(count / 10);
    await waitForState(page, { keep: `3~${high}` });
    await untilDrawn(page, high - 3);
    assert.deepEqual([await first.getAttribute("aria-valuenow"), await last.getAttribute("aria-valuenow")], ["4", `${high}`]);
    await page.keyboard.press("Home");
    await waitForState(page, { keep: "3~4" });
    assert.ok((await historyLength(page)) <= before + 5);
    await page.keyboard.press("Escape");
    await waitForState(page, { keep: null });
    await untilDrawn(page, count);
  }));

test("a finger draws a part, and moves its edge", { skip: needsChromium }, () =>
  onTrace(async (page) => {
    const touch = await page.context().newCDPSession(page);
    const drag = async (/** @type {number} */ from, /** @type {number} */ to) => {
      const box = await page.locator(".changes-brush .overlay").boundingBox();
      const at = (/** @type {number} */ share) => [{ x: box.x + share * box.width, y: box.y + box.height / 3 }];
      await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(from) });
      for (const t of [0.25, 0.5, 0.75, 1]) await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(from + (to - from) * t) });
      await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    };
    const count = (await drawn(page)).length;
    await drag(0.2, 0.6);
    const [low, high] = await untilKept(page, 0.2 * count, 0.6 * count, 2);
    await drag(0.61, 0.8);
    const [same, wider] = await untilKept(page, low, high + 0.19 * count, 2);
    assert.equal(same, low);
    await untilDrawn(page, wider - low);
  }, { context: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } }));

test("another trace begins with all its traces", () =>
  onTrace(async (page) => {
    await page.locator("[data-layer-to='12']").click();
    await waitForState(page, { keep: null });
    await settled(page);
    assert.ok((await drawn(page)).length >= 100);
    await page.goBack();
    await waitForState(page, { keep: "4~20" });
    await untilDrawn(page, 16);
  }, { hash: `${TRACE}&keep=4~20` }));

test("pointing at a bar points at its mark, and the other way round", () =>
  onTrace(async (page) => {
    const sorted = await order(page);
    const box = await page.locator(".changes-brush .overlay").boundingBox();
    const at = 40;
    await page.mouse.move(box.x + ((at + 0.5) / sorted.length) * box.width, box.y + box.height / 2);
    await page.waitForSelector(".radial.is-pointing");
    assert.equal((await page.locator(".card-number").innerText()).replace(/\D/g, ""), `${sorted[at]}`);

    await page.locator(`${POINTS}[data-sample="${sorted[7]}"]`).focus();
    await page.keyboard.press("Shift"); // a key, so that it is the keyboard's focus
    await page.locator(`${POINTS}[data-sample="${sorted[7]}"]`).evaluate((/** @type {SVGElement} */ node) => {
      node.blur();
      node.focus();
    });
    const mark = page.locator(".changes-pointed rect");
    await page.waitForFunction((/** @type {number} */ x) => Math.abs(Number(document.querySelector(".changes-pointed line")?.getAttribute("x1")) - x) < 1.5, await page.evaluate((/** @type {number} */ share) => {
      const overlay = /** @type {SVGRectElement} */ (document.querySelector(".changes-brush .overlay"));
      return Number(overlay.getAttribute("x")) + share * Number(overlay.getAttribute("width"));
    }, 7.5 / sorted.length));
    assert.ok(await mark.isVisible());
  }));

test("the humps are the engine's densities, at both layers, with its nearest and farthest", () =>
  onTrace(async (page) => {
    await page.locator(".distances").scrollIntoViewIfNeeded();
    await page.getByText("Exact: distances between the network's own activations").waitFor();
    const expected = await ask(page, async (bundle) =>
      Promise.all([0, 13].map(async (layer) => {
        const { density, points, nearest, farthest, at } = await bundle.densities({ sample: 1234, layer, points: 128 });
        return { density: Array.from(density), points, nearest, farthest, low: at[0], high: at[points - 1] };
      })));
    const names = await page.locator(".distances-rows button").evaluateAll((/** @type {HTMLElement[]} */ nodes) => nodes.map((node) => Number(node.dataset.class)));
    assert.equal(new Set(names).size, 15);
    for (const [i, end] of ["from", "to"].entries()) {
      const { density, points } = expected[i];
      const top = Math.max(...density);
      const paths = await page.locator(`.ridge-${end} .ridge-line`).evaluateAll((/** @type {Element[]} */ nodes) => nodes.map((node) => node.getAttribute("d")));
      for (const [row, label] of names.entries()) {
        const heights = [...paths[row].matchAll(/,([-\d.e]+)/g)].map(([, y]) => top * (1 - Number(y) / 100));
        assert.equal(heights.length, points);
        heights.forEach((height, at) => assert.ok(Math.abs(height - density[label * points + at]) < 1e-3 * top, `class ${label} at ${at}: ${height}`));
      }
    }
    const own = await page.locator(".distances-rows .is-own button").getAttribute("data-class");
    const shown = () => page.locator("[data-example]").evaluateAll((/** @type {HTMLElement[]} */ nodes) => nodes.map((node) => Number(node.dataset.example)));
    const examples = (/** @type {number} */ label) => expected.flatMap(({ nearest, farthest }) => [...nearest[label], ...farthest[label]].map(({ sample }) => sample));
    assert.deepEqual(await shown(), examples(Number(own)));
    await page.locator(".distances-rows button[data-class='3']").hover();
    await page.waitForSelector(".distances-rows .is-looked [data-class='3']");
    assert.deepEqual(await shown(), examples(3));
    await page.locator(".distances-rows button[data-class='3']").focus();
    await page.keyboard.press("ArrowDown");
    const next = names[names.indexOf(3) + 1] ?? 3;
    await page.waitForSelector(`.distances-rows .is-looked [data-class='${next}']`);
    assert.deepEqual(await shown(), examples(next));

    const example = page.locator("[data-example]").first();
    const travelled = await example.getAttribute("data-example");
    await example.click();
    await waitForState(page, { sample: travelled });
  }));

test("the curve is the shipped table's, with its quartiles, and a layer of it becomes the one travelled to", () =>
  onTrace(async (page) => {
    await page.locator(".curve").scrollIntoViewIfNeeded();
    await page.waitForSelector(".curve-dot");
    const { curve, quarters } = await ask(page, async (bundle) => {
      const { values } = await bundle.stability();
      const { dataset, layers } = bundle.manifest;
      const rows = layers.map((_, l) => Array.from(values.subarray(l * dataset.samples, (l + 1) * dataset.samples)));
      const sorted = rows.map((row) => [...row].sort((a, b) => a - b));
      return { curve: rows.map((row) => row[1234]), quarters: sorted.map((row) => [0.25, 0.5, 0.75].map((share) => row[Math.ceil(share * row.length) - 1])) };
    });
    const steps = page.locator(".curve-step");
    for (const layer of [0, 3, 9, 13]) {
      const words = await steps.nth(layer).getAttribute("aria-label");
      const [low, median, high] = quarters[layer];
      assert.ok(words.endsWith(`keeps ${curve[layer]}. Half of all sketches keep ${low} to ${high}, the median is ${median}.`), words);
    }
    const heights = await page.locator(".curve-dot").evaluateAll((/** @type {Element[]} */ nodes) => nodes.map((node) => Number(node.getAttribute("cy"))));
    const slope = (heights[0] - heights[4]) / (curve[0] - curve[4]);
    heights.forEach((/** @type {number} */ y, /** @type {number} */ layer) => assert.ok(Math.abs(y - heights[0] - slope * (curve[layer] - curve[0])) < 0.01));

    await steps.nth(5).click();
    await waitForState(page, { to: "5" });
    await steps.nth(5).focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await waitForState(page, { to: "4" });
    await page.waitForSelector(".curve-dot.is-to >> nth=0");
    assert.equal(await steps.nth(4).getAttribute("aria-pressed"), "true");
  }));

test("stepping walks 'to' from layer to layer with the same marks, as one step of the history", () =>
  onTrace(async (page) => {
    const before = await historyLength(page);
    const [back, on] = [page.getByRole("button", { name: "Step back a layer" }), page.getByRole("button", { name: "Step on a layer" })];
    await back.click();
    await waitForState(page, { to: "6" });
    await settled(page);
    const [fewer, more] = await ask(page, (bundle) => Promise.all([5, 6].map(async (to) => (await bundle.trace({ sample: 1234, from: 0, to, k: 100 })).points.length)));
    await untilDrawn(page, more);
    const sorted = await drawn(page);
    await page.locator(POINTS).evaluateAll((/** @type {any[]} */ nodes) => nodes.forEach((node) => (node.kept = true)));
    await back.click();
    await waitForState(page, { to: "5" });
    await settled(page);
    await untilDrawn(page, fewer);
    const stayed = await page.locator(POINTS).evaluateAll((/** @type {any[]} */ nodes) => nodes.filter((node) => node.kept).map((node) => Number(node.dataset.sample)));
    const now = await drawn(page);
    assert.deepEqual(stayed.sort((/** @type {number} */ a, /** @type {number} */ b) => a - b), now.filter((sample) => sorted.includes(sample)));
    assert.ok(stayed.length >= 100, "all of the neighbours at 'from' are there at every step");
    await on.click();
    await waitForState(page, { to: "6" });
    await on.focus();
    await page.keyboard.press("ArrowRight");
    await waitForState(page, { to: "7" });
    await page.keyboard.press("ArrowLeft");
    await waitForState(page, { to: "6" });
    assert.equal(stateOf(page).from, "0");
    assert.equal(await historyLength(page), before + 1);
  }, { hash: "#/trace?sample=1234&from=0&to=7&k=100" }));

for (const reducedMotion of /** @type {const} */ (["no-preference", "reduce"])) {
  test(`playing walks on to the last layer and stops there, and space pauses, with motion: ${reducedMotion}`, () =>
    onTrace(async (page) => {
      const before = await historyLength(page);
      await page.getByLabel("Speed").selectOption({ label: "fast" });
      await page.evaluate(() => {
        const seen = /** @type {string[]} */ (/** @type {any} */ (window).seen = []);
        const replace = history.replaceState.bind(history);
        const push = history.pushState.bind(history);
        const note = (/** @type {any} */ url) => void seen.push(String(new URLSearchParams(String(url).split("?")[1]).get("to")));
        history.replaceState = (...given) => (note(given[2]), replace(...given));
        history.pushState = (...given) => (note(given[2]), push(...given));
      });
      const play = page.locator("[data-player=play]");
      await play.focus();
      await page.keyboard.press("Space");
      await page.waitForFunction(() => document.querySelector("[data-player=play]")?.textContent === "Pause");
      await waitForState(page, { to: `${LAST - 4}` });
      await page.keyboard.press("Space");
      await page.waitForFunction(() => document.querySelector("[data-player=play]")?.textContent === "Play");
      const { to } = stateOf(page); // a step later where the machine is slow
      await page.waitForTimeout(1500);
      assert.equal(stateOf(page).to, to, "paused");
      assert.ok(Number(to) < LAST, "on the way");
      await play.click();
      await page.waitForFunction((/** @type {number} */ last) => location.hash.includes(`to=${last}`) && document.querySelector("[data-player=play]")?.textContent === "Play", LAST);
      assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).seen), [4, 3, 2, 1, 0].map((before) => `${LAST - before}`));
      assert.equal(await historyLength(page), before + 1);
      assert.equal(stateOf(page).from, "0");
    }, { hash: `#/trace?sample=1234&from=0&to=${LAST - 5}&k=100`, context: { reducedMotion } }));
}

test("playing from the last layer begins again at the first, and another hand on the layers ends it", () =>
  onTrace(async (page) => {
    const play = page.locator("[data-player=play]");
    await play.click();
    await waitForState(page, { to: "0" });
    await waitForState(page, { to: "1" });
    await page.locator("[data-layer-to='9']").click();
    await waitForState(page, { to: "9" });
    await page.waitForFunction(() => document.querySelector("[data-player=play]")?.textContent === "Play");
    await page.waitForTimeout(2500);
    assert.equal(stateOf(page).to, "9");
  }));

test("the centre's own class is marked even where none of the neighbours is of it", () =>
  onTrace(async (page) => {
    const absent = await ask(page, async (bundle) => {
      for (let sample = 0; sample < bundle.labels.length; sample++) {
        if (bundle.labels[sample] === bundle.predictions[sample]) continue;
        const { sectors } = await bundle.trace({ sample, from: 0, to: 13, k: 10 });
        if (sectors.every(({ label }) => label !== bundle.labels[sample])) return { sample, name: bundle.manifest.classes[bundle.labels[sample]] };
      }
      return null;
    });
    assert.ok(absent, "no sample has lost its class: choose another way to test this");
    await page.goto(`${site.url}#/trace?sample=${absent.sample}&from=0&to=13&k=10`);
    await page.waitForFunction((/** @type {string} */ text) => document.querySelector(".sector-name.is-own")?.textContent === text, `${absent.name}0 → 0`);
    const { width } = await page.locator(".sector-arc.is-own").boundingBox();
    assert.ok(width > 3);
  }));

/** What is saved when a figure's export menu is used. @param {any} page @param {string} root @param {string} kind @returns {Promise<string>} */
async function exported(page, root, kind) {
  await page.locator(`${root} > .export .export-button`).click();
  const { name, bytes } = await savedBy(page, () => page.locator(`${root} > .export [data-kind=${kind}]`).click());
  assert.ok(name.endsWith(`.${kind}`));
  return bytes.toString();
}

test("the neighbours leave as a table with their ranks and distances, the figures as drawings", () =>
  onTrace(async (page) => {
    const trace = await ask(page, (bundle) => bundle.trace({ sample: 1234, from: 0, to: 13, k: 100 }));
    const [head, ...rows] = (await exported(page, ".trace-figure", "csv")).trim().split("\r\n").map((line) => line.split(","));
    assert.equal(rows.length, trace.points.length);
    const of = (/** @type {string} */ column) => head.indexOf(column);
    for (const row of rows) {
      const point = trace.points.find(({ sample }) => sample === Number(row[of("sample")]));
      assert.ok(point);
      assert.equal(Number(row[of("rank_to")]), point.rankTo + 1);
      assert.equal(Math.fround(Number(row[of("distance_from")])), Math.fround(point.distanceFrom));
      assert.equal(row[of("near_from")] + row[of("near_to")], `${Number(point.inFrom)}${Number(point.inTo)}`);
    }
    await page.locator(".curve").scrollIntoViewIfNeeded();
    await page.waitForSelector(".curve-dot");
    const curve = (await exported(page, ".curve", "csv")).trim().split("\r\n");
    const table = await ask(page, async (bundle) => { const { values } = await bundle.stability(); const n = bundle.manifest.dataset.samples; return bundle.manifest.layers.map((_, l) => values[l * n + 1234]); });
    assert.deepEqual(curve.slice(1).map((line) => Number(line.split(",").pop())), table);
    for (const root of [".trace-figure", ".changes", ".distances", ".curve"]) {
      const drawing = await exported(page, root, "svg");
      const marks = await page.evaluate((/** @type {string} */ text) => {
        const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
        return parsed.querySelector("parsererror") ? -1 : parsed.querySelectorAll("path, circle, rect, line, image, text").length;
      }, drawing);
      assert.ok(marks > 10, `${root}: ${marks} marks`);
    }
  }));

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe-core finds nothing wrong with the trace view in ${colorScheme} colours, part of it kept or not`, () =>
    onTrace(async (page) => {
      await page.locator(".distances").scrollIntoViewIfNeeded();
      await page.getByText("Exact: distances between the network's own activations").waitFor();
      await page.waitForSelector(".curve-dot");
      assert.deepEqual(await violations(page), []);
      await brush(page, 0.2, 0.5).catch(() => undefined);
      await page.locator(".trace-bars").scrollIntoViewIfNeeded();
      const count = (await drawn(page)).length;
      await brush(page, 0.2, 0.5);
      const [low, high] = await untilKept(page, 0.2 * count, 0.5 * count, 1);
      await untilDrawn(page, high - low);
      assert.deepEqual(await violations(page), []);
    }, { context: { colorScheme } }));
}

for (const [width, height] of [[1440, 900], [1024, 800], [390, 844], [360, 740]]) {
  test(`the trace view fits ${width} pixels, and what comes later moves nothing that is seen`, () =>
    onTrace(async (page) => {
      await page.locator(".curve").scrollIntoViewIfNeeded();
      await page.waitForSelector(".curve-dot");
      await page.getByText("Exact: distances between the network's own activations").waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} pixels stick out at the side`);
      const shifted = await page.evaluate(() => new Promise((resolve) => {
        const drawn = Number(document.documentElement.dataset.drawn);
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of /** @type {any[]} */ (list.getEntries())) if (!entry.hadRecentInput && entry.startTime > drawn) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 200);
      }));
      assert.ok(Number(shifted) < 0.02, `layout shifts add up to ${shifted}`);
      await mkdir(screenshotFolder, { recursive: true });
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: join(screenshotFolder, `trace-${width}.png`), fullPage: true });
    }, { context: { viewport: { width, height } } }));
}
