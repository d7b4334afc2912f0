/** The global stability plot as a person uses it, with mouse, touch and keys, held to the engine's own table. On the small bundle, whose graphs are searched in seconds. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { offsetOf } from "../../web/explore/plot_paint.js";
import { browser, clickTwice, enter, needsChromium, openPage, savedBy, serveChangedSite, site, stateOf, useSite, waitForState } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

useSite(() => serveChangedSite(() => {}), learn);
/** The engine's table at the bundle's own k and reference. @type {{ k: number, samples: number, layers: number, values: number[], labels: number[] }} */
let table;

/** @param {any} page @param {{ k?: number, reference?: number }} [asked] @returns {Promise<typeof table>} */
const tableOf = (page, asked = {}) =>
  askEngine(page, async (bundle, given) => {
    const { k, samples, values } = await bundle.stability(given);
    return { k, samples: samples.length, layers: bundle.manifest.layers.length, values: [...values], labels: [...bundle.labels] };
  }, asked);

async function learn() {
  const { page, close } = await openPage(browser);
  await page.goto(`${site.url}favicon.svg`);
  await page.goto(site.url);
  table = await tableOf(page);
  await close();
}

/** Opens the plot with its lines painted. @param {string} [query] @param {object} [context] */
async function openPlot(query, context) {
  const opened = await openExplorer(browser, site.url, query, context);
  await opened.page.waitForSelector(`.plot[data-painted][data-lines="${table.samples}"][data-stale=false]`);
  return opened;
}

/** Where values are on an axis. @param {any} page @param {number} layer @param {number} [k] */
async function axisOf(page, layer, k = table.k) {
  const box = await page.locator(".plot-axis-line").nth(layer).evaluate((/** @type {Element} */ line) => {
    const { x, top, height } = line.getBoundingClientRect();
    return { x, top, height };
  });
  return { x: box.x, y: (/** @type {number} */ value) => box.top + ((k + 0.5 - value) / (k + 1)) * box.height };
}

/** Drags from one value to another on an axis. @param {any} page @param {number} layer @param {number} from @param {number} to */
async function drag(page, layer, from, to) {
  const { x, y } = await axisOf(page, layer);
  await page.mouse.move(x, y(from));
  await page.mouse.down();
  await page.mouse.move(x, y((from + to) / 2), { steps: 3 });
  await page.mouse.move(x, y(to), { steps: 3 });
  await page.mouse.up();
}

/** Samples whose values lie in all ranges. @param {{ layer: number, low: number, high: number }[]} brushes @param {typeof table} [of] */
const selectedBy = (brushes, of = table) =>
  Array.from({ length: of.samples }, (_, i) => i).filter((i) => brushes.every(({ layer, low, high }) => of.values[layer * of.samples + i] >= low && of.values[layer * of.samples + i] <= high));

/** The brushes that are drawn, once the URL holds the same. @param {any} page */
async function brushesOf(page) {
  const found = await page.waitForFunction(() => {
    const drawn = [...document.querySelectorAll(".plot-brush")].map((brush) => {
      const [low, high] = ["low", "high"].map((end) => Number(brush.querySelector(`.plot-handle-${end}`)?.getAttribute("aria-valuenow")));
      return { layer: Number(/** @type {HTMLElement} */ (brush).dataset.layer), low, high };
    });
    const written = new URLSearchParams(location.hash.split("?")[1]).get("brush") ?? "";
    return written === drawn.map(({ layer, low, high }) => `${layer}-${low}~${high}`).join(".") ? drawn : null;
  });
  return /** @type {Promise<{ layer: number, low: number, high: number }[]>} */ (found.jsonValue());
}

/** Waits until as many are said to be selected. @param {any} page @param {number} count */
const waitForCount = (page, count) => page.waitForFunction((/** @type {string} */ words) => document.querySelector(".toolbar-counts")?.textContent?.startsWith(words), `${count} selected of`);

/** The median that is drawn, layer by layer. @param {any} page */
const medianOf = async (page) => (await page.locator(".plot-band:not(.plot-band-all) .plot-median").getAttribute("data-values")).split(" ").map(Number);

/** @param {number[]} samples @param {typeof table} [of] */
const medians = (samples, of = table) =>
  Array.from({ length: of.layers }, (_, layer) => {
    const sorted = samples.map((i) => of.values[layer * of.samples + i]).sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
  });

/** Checks that count, median and number of lines are those of the brushes. @param {any} page @param {{ layer: number, low: number, high: number }[]} brushes */
async function checkSelection(page, brushes) {
  const samples = selectedBy(brushes);
  assert.ok(samples.length > 3 && samples.length < table.samples, `${samples.length} samples make a test`);
  await waitForCount(page, samples.length);
  await page.waitForFunction((/** @type {string} */ lines) => document.querySelector(".plot-band:not(.plot-band-all)")?.getAttribute("data-lines") === lines, `${samples.length}`);
  assert.deepEqual(await medianOf(page), medians(samples));
}

/** How much colour there is on a canvas: opacities added up. @param {any} page @param {"lit" | "rest"} layer @returns {Promise<number>} */
const paintOn = (page, layer) =>
  page.locator(`.plot-${layer}`).evaluate((/** @type {HTMLCanvasElement} */ canvas) => {
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let i = 3; i < data.length; i += 4) sum += data[i];
    return sum;
  });

test("a drag on an axis selects whom the engine's table has between its ends, and paints the others grey", async () => {
  const { page, problems, close } = await openPlot();
  try {
    assert.deepEqual(await medianOf(page), medians(selectedBy([])));
    assert.equal(await paintOn(page, "rest"), 0);
    const all = await paintOn(page, "lit");
    await drag(page, 4, 45, 70);
    const [brush] = await brushesOf(page);
    assert.ok(Math.abs(brush.low - 45) <= 1 && Math.abs(brush.high - 70) <= 1, JSON.stringify(brush));
    await checkSelection(page, [brush]);
    await page.waitForFunction(() => /** @type {any} */ (document.querySelector(".plot-rest"))?.getContext("2d").getImageData(0, 0, 9999, 9999).data.some((/** @type {number} */ v) => v > 0));
    assert.ok((await paintOn(page, "lit")) < all);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("brushes on two axes intersect, are moved, resized and cleared by a click beside, and undo and redo walk through all that", async () => {
  const { page, problems, close } = await openPlot();
  try {
    await drag(page, 4, 40, 90);
    await drag(page, 9, 20, 70);
    const two = await brushesOf(page);
    assert.deepEqual(two.map(({ layer }) => layer), [4, 9]);
    await checkSelection(page, two);

    await drag(page, 9, 45, 55); // its body: moves
    const moved = await brushesOf(page);
    assert.deepEqual([moved[1].high - moved[1].low, moved[1].low > two[1].low], [two[1].high - two[1].low, true]);
    await checkSelection(page, moved);

    await drag(page, 9, moved[1].low - 0.5, moved[1].low + 12); // its lower end
    const resized = await brushesOf(page);
    assert.equal(resized[1].high, moved[1].high);
    assert.ok(Math.abs(resized[1].low - moved[1].low - 12) <= 1);
    await checkSelection(page, resized);

    const { x, y } = await axisOf(page, 9);
    await page.mouse.click(x, y(3));
    await page.waitForFunction(() => document.querySelectorAll(".plot-brush").length === 1);
    await checkSelection(page, [two[0]]);
    assert.equal(stateOf(page).pins, undefined, "a click that clears picks nobody");

    for (const expected of [resized, moved, two, [two[0]]]) {
      await page.keyboard.press("Control+z");
      await page.waitForFunction((/** @type {number} */ n) => document.querySelectorAll(".plot-brush").length === n, expected.length);
      await checkSelection(page, expected);
      assert.deepEqual(await brushesOf(page), expected);
    }
    await page.keyboard.press("Control+Shift+z");
    await checkSelection(page, two);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a URL brings brushes, k, reference and layer back, and a reload too", async () => {
  const brushes = [{ layer: 2, low: 30, high: 80 }, { layer: 11, low: 10, high: 60 }];
  const { page, close } = await openPlot("brush=2-30~80.11-10~60&layer=3");
  try {
    await checkSelection(page, brushes);
    assert.equal(await page.locator(".plot-name[aria-pressed=true]").count(), 1);
    assert.equal(await page.locator(".plot-axis.is-layer .plot-name").getAttribute("aria-pressed"), "true");
    await page.reload();
    await page.waitForSelector(`.plot[data-painted][data-lines="${table.samples}"]`);
    await checkSelection(page, brushes);
  } finally {
    await close();
  }
});

test("the keyboard begins a brush, moves its ends and the whole of it, and removes it", async () => {
  const { page, problems, close } = await openPlot();
  try {
    await page.locator(".plot-name[tabindex='0']").focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await waitForState(page, { layer: "5" });
    await page.keyboard.press("ArrowUp");
    const low = page.locator("[data-layer='5'] .plot-handle-low");
    assert.equal(await low.evaluate((/** @type {Element} */ node) => node === document.activeElement), true);
    for (let i = 0; i < 3; i++) await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowUp");
    await page.waitForFunction(() => location.hash.includes("brush=5-31~100"));
    assert.equal(await low.getAttribute("aria-valuenow"), "31");
    await checkSelection(page, [{ layer: 5, low: 31, high: 100 }]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    await page.locator("[data-layer='5'] .plot-handle-high").focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press("PageDown");
    await page.keyboard.press("Shift+ArrowUp");
    await page.waitForFunction(() => location.hash.includes("brush=5-32~61"));
    await checkSelection(page, [{ layer: 5, low: 32, high: 61 }]);
    await page.keyboard.press("Delete");
    await waitForState(page, { brush: null });
    assert.equal(await page.evaluate(() => document.activeElement?.classList.contains("plot-name")), true);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("pointing finds the nearest line, a click pins it, a double click opens its trace", async () => {
  const { page, problems, close } = await openPlot("layer=9");
  try {
    const [left, right] = [await axisOf(page, 6), await axisOf(page, 7)];
    for (const [share, value] of [[0.3, 55], [0.55, 20], [0.7, 35]]) {
      const [x, y] = [left.x + share * (right.x - left.x), left.y(value)];
      await page.mouse.move(x, y);
      const distances = Array.from({ length: table.samples }, (_, i) => {
        const [from, to] = [6, 7].map((layer) => left.y(table.values[layer * table.samples + i] + offsetOf(i)));
        return Math.abs(from + share * (to - from) - y) / Math.hypot(1, (to - from) / (right.x - left.x));
      });
      const nearest = Math.min(...distances);
      await page.waitForSelector(".plot-marked.is-pointed");
      const sample = Number(await page.locator(".plot-marked.is-pointed").getAttribute("data-sample"));
      assert.ok(distances[sample] <= nearest + 0.6, `sample ${sample} is ${distances[sample]} pixels away, another ${nearest}`);
      assert.match(await page.locator(".plot-tip").innerText(), new RegExp(`no\\. ${sample}\\b`));
      assert.match(await page.locator(".plot-tip").innerText(), new RegExp(`\\b${table.values[(share < 0.5 ? 6 : 7) * table.samples + sample]} of ${table.k} kept`));
      if (share !== 0.7) continue;
      await page.mouse.click(x, y);
      await waitForState(page, { sample: `${sample}`, pins: `${sample}` });
      await clickTwice(page, x, y);
      await waitForState(page, { sample: `${sample}`, from: "0", to: "9" });
      assert.match(page.url(), /#\/trace\?/);
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("only lines that are shown are found, those in colour before the grey ones", async () => {
  const { page, close } = await openPlot("brush=13-15~30&class=2");
  try {
    const shown = new Set(selectedBy([]).filter((i) => table.labels[i] === 2));
    const lit = new Set(selectedBy([{ layer: 13, low: 15, high: 30 }]).filter((i) => shown.has(i)));
    assert.ok(lit.size > 0 && lit.size < shown.size);
    const { x, y } = await axisOf(page, 10);
    for (let value = 1; value < 60; value += 3) {
      await page.mouse.move(x + 15, y(value));
      await page.waitForTimeout(30);
      const found = await page.locator(".plot-marked.is-pointed").evaluateAll((/** @type {Element[]} */ [node]) => node && Number(node.getAttribute("data-sample")));
      if (found === undefined || found === null) continue;
      assert.ok(shown.has(found), `sample ${found} is filtered out`);
    }
    const [sample] = lit;
    await page.mouse.move(x, y(table.values[10 * table.samples + sample] + offsetOf(sample)));
    const first = Number(await page.locator(".plot-marked.is-pointed").getAttribute("data-sample"));
    assert.ok(lit.has(first), `${first} is in colour`);
  } finally {
    await close();
  }
});

test("arrow keys go from line to line by value, Enter takes one, Shift and Enter opens its trace", async () => {
  const { page, close } = await openPlot("layer=8&sample=7");
  try {
    const order = selectedBy([]).sort((a, b) => table.values[8 * table.samples + a] - table.values[8 * table.samples + b] || a - b);
    const place = order.indexOf(7);
    await page.locator(".plot-walk").focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    const sample = order[place + 2];
    assert.equal(await page.locator(".plot-marked.is-pointed").getAttribute("data-sample"), `${sample}`);
    assert.match(await page.locator(".plot-walk").getAttribute("aria-valuetext"), new RegExp(`number ${sample}: ${table.values[8 * table.samples + sample]} of ${table.k} kept`));
    await page.keyboard.press("Enter");
    await waitForState(page, { sample: `${sample}`, pins: `${sample}` });
    await page.keyboard.press("Shift+Enter");
    await page.waitForFunction(() => location.hash.startsWith("#/trace?"));
  } finally {
    await close();
  }
});

test("another k and another reference are worked out, and the plot is then the engine's table of them", async () => {
  const { page, problems, close } = await openPlot("brush=13-2~20");
  try {
    await enter(page.locator("input[name=near]"), "25");
    await page.locator("select[name=reference]").selectOption("6");
    await waitForState(page, { near: "25", reference: "6" });
    await page.waitForSelector(`.plot[data-lines="${table.samples}"][data-stale=false]`, { timeout: 60000 });
    const now = await tableOf(page, { k: 25, reference: 6 });
    const samples = selectedBy([{ layer: 13, low: 2, high: 20 }], now);
    await waitForCount(page, samples.length);
    assert.deepEqual(await medianOf(page), medians(samples, now));
    assert.equal(await page.locator(".figure-work:visible").count(), 0);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a touch drags a brush", { skip: needsChromium }, async () => {
  const { page, close } = await openPlot("", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  try {
    await page.locator(".plot-svg").scrollIntoViewIfNeeded();
    const { x, y } = await axisOf(page, 3);
    const session = await page.context().newCDPSession(page);
    const touch = (/** @type {string} */ type, /** @type {number[]} */ values) => session.send("Input.dispatchTouchEvent", { type, touchPoints: values.map((value) => ({ x, y: y(value) })) });
    await touch("touchStart", [80]);
    for (const value of [75, 65, 50]) await touch("touchMove", [value]);
    await touch("touchEnd", []);
    await page.waitForFunction(() => Number(document.querySelector(".plot-handle-low")?.getAttribute("aria-valuenow")) <= 51);
    const [{ low, high }] = await brushesOf(page);
    assert.ok(Math.abs(low - 50) <= 1 && Math.abs(high - 80) <= 1, `${low} to ${high}`);
  } finally {
    await close();
  }
});

/** What a click on an entry of the export menu downloads. @param {any} page @param {"svg" | "png" | "csv"} kind @returns {Promise<{ name: string, bytes: Buffer }>} */
async function exported(page, kind) {
  await page.locator(".plot .export-button").click();
  return savedBy(page, () => page.locator(`.plot .export-menu [data-kind=${kind}]`).click());
}

test("the plot leaves as an SVG that stands alone, a PNG of twice the size, and a CSV of the selection's figures", async () => {
  const { page, problems, close } = await openPlot("brush=13-2~20");
  try {
    const svg = await exported(page, "svg");
    const drawing = await page.evaluate(async (/** @type {string} */ text) => {
      const { documentElement: root } = new DOMParser().parseFromString(text, "image/svg+xml");
      const pictures = await Promise.all([...root.querySelectorAll("image")].map(async (image) => {
        const picture = new Image();
        picture.src = image.getAttribute("href") ?? "";
        await picture.decode();
        return picture.naturalWidth / Number(image.getAttribute("width"));
      }));
      return { name: root.localName, width: Number(root.getAttribute("width")), texts: [...root.querySelectorAll("text")].map((node) => node.textContent), paths: root.querySelectorAll("path").length, pictures, text: root.textContent };
    }, svg.bytes.toString());
    assert.equal(drawing.name, "svg");
    assert.ok(drawing.texts.includes("chance") && drawing.texts.includes("Flatten") && drawing.paths > 2 * table.layers);
    assert.deepEqual(drawing.pictures.slice(0, 2).map(Math.round), [2, 2], "the lines are painted at twice the density");
    assert.equal(svg.bytes.toString().match(/var\(--|<style|\sstyle=|url\("?http|href="http/)?.[0], undefined, "nothing is fetched or styled from elsewhere");
    assert.match(svg.name, /^stability-100-nearest-at-Input\.svg$/);

    const png = await exported(page, "png");
    assert.deepEqual([...png.bytes.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join(""), "PNG");
    assert.equal(png.bytes.readUInt32BE(16), Math.round(2 * drawing.width));

    const csv = await exported(page, "csv");
    const [head, ...rows] = csv.bytes.toString("utf8").trimEnd().split("\r\n");
    const samples = selectedBy([{ layer: 13, low: 2, high: 20 }]);
    assert.equal(head.match(/kept at/g)?.length, table.layers);
    assert.match(head, /"kept at Conv2d\(1,16,3\)"/);
    assert.deepEqual(rows.map((row) => Number(row.split(",")[0])), samples);
    rows.forEach((row, i) => assert.deepEqual(row.split(",").slice(3).map(Number), Array.from({ length: table.layers }, (_, layer) => table.values[layer * table.samples + samples[i]])));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the export menu is walked by keys", async () => {
  const { page, close } = await openPlot();
  try {
    const focused = () => page.evaluate(() => /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.kind ?? document.activeElement?.className);
    await page.locator(".plot .export-button").focus();
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "svg");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(), "csv");
    await page.keyboard.press("Home");
    assert.equal(await focused(), "svg");
    await page.keyboard.press("Escape");
    assert.equal(await focused(), "export-button");
    assert.equal(await page.locator(".plot .export-menu").isVisible(), false);
  } finally {
    await close();
  }
});

test("curves that the bundle brings along are drawn without its codes, which are most of it", async () => {
  const { page, requests, problems, close } = await openPlot();
  try {
    await page.waitForSelector(".map[data-state=ready]");
    const manifest = await (await fetch(/** @type {string} */ (requests.find((url) => /\/m\.[0-9a-f]{64}\.json$/.test(url))))).json();
    const codes = manifest.chunks.filter((/** @type {{ role: string }} */ { role }) => role === "codes").map((/** @type {{ file: string }} */ { file }) => file);
    assert.ok(codes.length > 5);
    assert.deepEqual(codes.filter((/** @type {string} */ file) => requests.some((url) => url.endsWith(file))), []);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("with other neighbourhoods than the bundle's the explorer is of use at once: progress, some lines, map and filters, then all lines", async () => {
  const opened = await openPage(browser, { viewport: { width: 1440, height: 900 } });
  const { page } = opened;
  try {
    /** Pictures of all samples are held back: no layer can be searched to its end without them. @type {(() => void)[]} */
    let held = [];
    let isHeld = true;
    const { chunks } = await (await fetch(new URL((await (await fetch(`${site.url}bundle/current.json`)).json()).manifest, `${site.url}bundle/`))).json();
    const pictures = new Set(chunks.filter((/** @type {any} */ { role }) => role === "images").map((/** @type {any} */ { file }) => file));
    await page.context().route("**/bundle/c/*", async (/** @type {any} */ route) => {
      if (isHeld && pictures.has(new URL(route.request().url()).pathname.split("/bundle/")[1])) await new Promise((resolve) => held.push(() => resolve(undefined)));
      await route.continue();
    });
    await page.goto(`${site.url}#/explore?near=20`);
    await page.waitForSelector("html[data-state=ready]");
    await page.waitForSelector(".figure-work progress:visible");
    await page.waitForFunction((/** @type {number} */ all) => {
      const lines = Number(document.querySelector(".plot")?.getAttribute("data-lines"));
      return lines > 0 && lines < all;
    }, table.samples);
    await page.waitForSelector(".map[data-state=ready]");
    const wanted = table.labels.filter((label) => label === 3).length;
    await page.locator('[data-keep="classes-3"]').click();
    await page.waitForFunction((/** @type {string} */ words) => document.querySelector(".toolbar-counts")?.textContent?.startsWith(words), `${wanted} of ${table.samples} samples`);
    await page.waitForSelector(".samples-cell");
    isHeld = false;
    for (const release of held) release();
    held = [];
    await page.waitForSelector(`.plot[data-lines="${table.samples}"][data-stale=false]`);
    await page.waitForSelector(".figure-work progress", { state: "hidden" });
    assert.deepEqual(opened.problems, []);
  } finally {
    await opened.close();
  }
});

test("lines are painted by the page itself where no worker can be started", async () => {
  const opened = await openPage(browser, { viewport: { width: 1440, height: 900 } });
  try {
    await opened.page.route("**/painter.js", (/** @type {any} */ route) => route.abort());
    await opened.page.goto(`${site.url}#/explore`);
    await opened.page.waitForSelector(".plot[data-painted]");
    assert.ok((await paintOn(opened.page, "lit")) > 0);
  } finally {
    await opened.close();
  }
});
