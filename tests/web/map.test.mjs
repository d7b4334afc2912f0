/** The explorer's map, used as a person uses it, against the points that the engine gives. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, clickTwice, needsChromium, openPage, savedBy, site, stateOf, until, untilState, useSite, waitForState } from "./browser.mjs";
import { askEngine, openExplorer } from "./explorer.mjs";

useSite(undefined, learn);
/** Labels and classes; squares of layers by number, worked out here from the engine's points. @type {{ labels: number[], predictions: number[], classes: string[], layers: number }} */
let dataset;
/** @type {Map<number, [number, number][]>} */
const squares = new Map();

const MARGIN = 0.03;
const SIDE = 10000;

/** The points of a map in its square: all within 3 to 97 %, both axes scaled alike, y downwards. @param {number[]} points @returns {[number, number][]} */
function squareOf(points) {
  const xs = points.filter((_, i) => i % 2 === 0);
  const ys = points.filter((_, i) => i % 2 === 1);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (1 - 2 * MARGIN) / Math.max(right - left, high - low);
  return xs.map((x, i) => [0.5 + (x - (left + right) / 2) * scale, 0.5 - (ys[i] - (low + high) / 2) * scale]);
}

async function learn() {
  const { page, close } = await openExplorer(browser, site.url);
  const found = await askEngine(page, async (bundle) => {
    const maps = [];
    for (const layer of [0, 6, 12, 13]) maps.push({ layer, points: [...(await bundle.project({ layer })).points] });
    const { classes, layers } = bundle.manifest;
    return { maps, dataset: { labels: [...bundle.labels], predictions: [...bundle.predictions], classes, layers: layers.length } };
  });
  for (const { layer, points } of found.maps) squares.set(layer, squareOf(points));
  dataset = found.dataset;
  await close();
}

/** @param {number} layer */
const mapOf = (layer) => /** @type {[number, number][]} */ (squares.get(layer));

/** Opens the explorer with its map in view and at rest. @param {string} query @param {object} [context] */
async function openMap(query, context) {
  const opened = await openExplorer(browser, site.url, query, context);
  await atRest(opened.page);
  await opened.page.evaluate(() => document.querySelector(".map-plate")?.scrollIntoView({ block: "center" }));
  return { ...opened, ...(await frameOf(opened.page)) };
}
/** @param {any} page */
const atRest = (page) => page.waitForSelector(".map[data-state=ready]");

/** Where the map's whole square is on the page. @param {any} page */
async function frameOf(page) {
  const box = await page.locator(".map-ground").boundingBox();
  const side = Math.min(box.width, box.height);
  const [left, top] = [box.x + (box.width - side) / 2, box.y + (box.height - side) / 2];
  return { box, side, at: (/** @type {[number, number]} */ [x, y]) => /** @type {[number, number]} */ ([left + x * side, top + y * side]) };
}

/** How often a line around a place goes: not 0 within. @param {[number, number]} place @param {[number, number][]} corners */
function windings([x, y], corners) {
  let turns = 0;
  corners.forEach(([bx, by], i) => {
    const [ax, ay] = corners.at(i - 1) ?? corners[0];
    const side = (bx - ax) * (y - ay) - (x - ax) * (by - ay);
    if (ay <= y && by > y && side > 0) turns++;
    if (ay > y && by <= y && side < 0) turns--;
  });
  return turns;
}

/** The outline in the URL, its corners in the square, once there is one. @param {any} page @returns {Promise<{ layer: number, method: string, corners: [number, number][] }>} */
async function outlineOf(page) {
  const { lasso } = await untilState(page, (state) => state.lasso);
  const [layer, method, ...places] = lasso.split(".");
  const flat = places.map((/** @type {string} */ place) => Number(place) / SIDE);
  return { layer: Number(layer), method, corners: flat.flatMap((/** @type {number} */ x, /** @type {number} */ i) => (i % 2 ? [] : [[x, flat[i + 1]]])) };
}

/** The selection as the panel lets it be taken along. @param {any} page @returns {Promise<number[]>} */
async function selectionOf(page) {
  const open = page.locator(".explore-panel .export-button").first();
  await open.evaluate((/** @type {HTMLElement} */ button) => button.click());
  const csv = page.locator(".explore-panel [data-kind=csv]").first();
  const { bytes } = await savedBy(page, () => csv.evaluate((/** @type {HTMLElement} */ item) => item.click()));
  const [names, ...rows] = bytes.toString().trim().split("\r\n").map((row) => row.split(","));
  const column = names.indexOf("sample");
  return rows.map((row) => Number(row[column])).sort((a, b) => a - b);
}

/** Those of a layer within an outline, one by one. @param {number} layer @param {[number, number][]} corners */
const insideOf = (layer, corners) => mapOf(layer).flatMap((place, i) => (windings(place, corners) !== 0 ? [i] : []));

/** @param {any} page @param {number[]} samples */
async function assertSelected(page, samples) {
  const words = `${samples.length.toLocaleString("en")} selected`;
  await page.waitForFunction((/** @type {string} */ text) => document.querySelector(".toolbar-counts")?.textContent?.startsWith(text), words);
  assert.deepEqual(await selectionOf(page), samples);
}

/** @param {any} page @param {[number, number][]} path on the page */
async function drag(page, path) {
  await page.mouse.move(...path[0]);
  await page.mouse.down();
  for (const place of path) await page.mouse.move(...place, { steps: 2 });
  await page.mouse.up();
}

/** The ring around the chosen sample, in pixels of the plate. @param {any} page @returns {Promise<[number, number]>} */
const ringOf = (page) =>
  page.evaluate(() => /** @type {[number, number]} */ (document.querySelector(".map-ring.is-chosen")?.getAttribute("transform")?.match(/-?[\d.]+/g)?.map(Number)));

/** Waits until that ring is at a place. @param {any} page @param {number[]} wanted @param {number} [off] pixels */
const untilRing = (page, wanted, off = 0.2) => until(() => ringOf(page), (found) => Math.hypot(found[0] - wanted[0], found[1] - wanted[1]) <= off);

/** Where the ring is at each frame from now until the map has been at rest for a while. @param {any} page @param {string} selector of the button that is pressed @returns {Promise<number[][]>} */
const ringsAfter = (page, selector) =>
  page.evaluate(async (/** @type {string} */ button) => {
    const seen = /** @type {string[]} */ ([]);
    const before = location.hash;
    /** @type {HTMLElement | null} */ (document.querySelector(button))?.click();
    const map = document.querySelector(".map");
    while (location.hash === before) await new Promise(requestAnimationFrame);
    for (let still = 0; still < 30 || map?.getAttribute("data-state") !== "ready"; ) { // its map may have to be fetched first
      await new Promise(requestAnimationFrame);
      const now = document.querySelector(".map-ring.is-chosen")?.getAttribute("transform") ?? "";
      still = now === seen.at(-1) ? still + 1 : 0;
      if (still === 0) seen.push(now);
    }
    return seen.map((text) => text.match(/-?[\d.]+/g)?.map(Number) ?? []);
  }, selector);

/** Asserts that two places are the same but for rounding. @param {number[]} found @param {number[]} wanted @param {number} [off] pixels */
function assertAt(found, wanted, off = 0.2) {
  assert.ok(Math.hypot(found[0] - wanted[0], found[1] - wanted[1]) <= off, `${found} is not ${wanted}`);
}
/** @param {{ box: any, at: (place: [number, number]) => [number, number] }} frame @param {[number, number]} place */
const onPlate = ({ box, at }, place) => [at(place)[0] - box.x, at(place)[1] - box.y];

test("a rectangle drawn with the mouse selects exactly the samples within, in all views, and its outline stays", async () => {
  const { page, problems, close } = await openMap("layer=12");
  try {
    await page.click("[name=rectangle]");
    const { at } = await frameOf(page); // Firefox's driver scrolls to what it clicks on
    await drag(page, [at([0.3, 0.25]), at([0.5, 0.5]), at([0.72, 0.61])]);
    const { layer, method, corners } = await outlineOf(page);
    assert.equal(stateOf(page).layer, "12");
    assert.deepEqual([layer, method], [12, "umap"]);
    const [[x0, y0], , [x1, y1]] = corners;
    assertAt([x0, y0], [0.3, 0.25], 0.003);
    assertAt([x1, y1], [0.72, 0.61], 0.003);
    const wanted = mapOf(12).flatMap(([x, y], i) => (x >= x0 && x < x1 && y >= y0 && y < y1 ? [i] : []));
    assert.ok(wanted.length > 500 && wanted.length < dataset.labels.length / 2, `${wanted.length}`);
    await assertSelected(page, wanted);
    assert.ok((await page.locator(".map-outline").getAttribute("d"))?.startsWith("M"));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

/** A star around a place: a line that bends both ways. @param {[number, number]} middle @param {number} size */
const star = ([x, y], size) =>
  Array.from({ length: 41 }, (_, i) => /** @type {[number, number]} */ ([x + size * (1 + 0.4 * Math.sin(i * 0.94)) * Math.cos(i * 0.1571), y + size * (1 + 0.4 * Math.sin(i * 0.94)) * Math.sin(i * 0.1571)]));

test("a lasso selects exactly the samples within; at another layer they stay selected, in words; Escape removes it, undo brings it back", async () => {
  const { page, at, problems, close } = await openMap("layer=12");
  try {
    await page.locator(".map-ground").focus();
    await page.keyboard.press("l");
    assert.equal(await page.locator("[name=lasso]").getAttribute("aria-pressed"), "true");
    await drag(page, star([0.55, 0.5], 0.2).map(at));
    const { corners } = await outlineOf(page);
    assert.ok(corners.length > 12, `${corners.length} corners`);
    const wanted = insideOf(12, corners);
    const meant = insideOf(12, star([0.55, 0.5], 0.2));
    assert.ok(wanted.length > 300 && Math.abs(wanted.length - meant.length) < 0.03 * meant.length, `${wanted.length}, ${meant.length}`);
    await assertSelected(page, wanted);

    await page.click(".map [name=back]");
    await waitForState(page, { layer: "11" });
    await assertSelected(page, wanted);
    assert.match(await page.locator(".map-outline-words").innerText(), new RegExp(`The ${wanted.length.toLocaleString("en")} samples in the outline on the map .UMAP of ReLU \\(layer 12\\)`));
    assert.equal(await page.locator(".map-outline").getAttribute("d"), null);

    await page.locator(".map-ground").focus();
    await page.keyboard.press("Escape");
    await waitForState(page, { lasso: null });
    assert.equal(await page.locator(".map-outline-words").isVisible(), false);
    await page.click("[name=undo]");
    await page.waitForFunction(() => location.hash.includes("lasso="));
    await assertSelected(page, wanted);
    await page.click("[name=clear-outline]");
    await waitForState(page, { lasso: null });
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a finger draws a lasso on a phone, two zoom; with the tool that moves, the page scrolls", { skip: needsChromium }, async () => {
  const { page, at, problems, close } = await openMap("layer=13", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  try {
    assert.equal(await page.locator(".map-ground").evaluate((/** @type {Element} */ ground) => getComputedStyle(ground).touchAction), "pan-y");
    await page.locator("[name=lasso]").tap();
    assert.equal(await page.locator(".map-ground").evaluate((/** @type {Element} */ ground) => getComputedStyle(ground).touchAction), "none");
    const session = await page.context().newCDPSession(page);
    const touch = (/** @type {string} */ type, /** @type {[number, number][]} */ points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
    const path = star([0.5, 0.5], 0.22).map(at);
    await touch("touchStart", [path[0]]);
    for (const place of path) await touch("touchMove", [place]);
    await touch("touchEnd", []);
    await page.waitForFunction(() => location.hash.includes("lasso="));
    await assertSelected(page, insideOf(13, (await outlineOf(page)).corners));
    assert.equal(stateOf(page).zoom, undefined);

    await page.evaluate(() => document.querySelector(".map-plate")?.scrollIntoView({ block: "center" }));
    const [x, y] = (await frameOf(page)).at([0.5, 0.5]);
    /** @param {number} apart @returns {[number, number][]} */
    const fingers = (apart) => [[x - apart, y], [x + apart, y]];
    await touch("touchStart", fingers(30));
    for (let apart = 35; apart <= 90; apart += 5) await touch("touchMove", fingers(apart));
    await touch("touchEnd", []);
    await untilState(page, ({ zoom }) => Math.abs(Number(zoom?.split(".")[2]) - 300) < 20);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("by keyboard a cursor finds samples, Shift draws a rectangle, Enter chooses, T opens the trace", async () => {
  const { page, problems, side, close } = await openMap("layer=12&sample=1500");
  try {
    await page.locator(".map-ground").focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
    const step = 14 / side;
    const [x, y] = mapOf(12)[1500];
    const cursor = /** @type {[number, number]} */ ([x - 3 * step, y]);
    const found = nearestTo(12, cursor);
    assert.ok((await page.locator(".map-plate > [role=status].unseen").innerText()).startsWith(`${dataset.classes[dataset.labels[found]]} no. ${found.toLocaleString("en")}.`));
    await page.keyboard.down("Shift");
    for (const key of ["ArrowDown", "ArrowRight"]) for (let i = 0; i < 6; i++) await page.keyboard.press(key);
    await page.keyboard.up("Shift");
    const { corners } = await outlineOf(page);
    assertAt(corners[0], [cursor[0] - step / 2, cursor[1] - step / 2], 0.0002);
    await page.keyboard.press("Enter");
    const end = nearestTo(12, [cursor[0] + 6 * step, cursor[1] + 6 * step]);
    await waitForState(page, { sample: `${end}`, pins: `${end}` });
    await assertSelected(page, insideOf(12, (await outlineOf(page)).corners));
    await page.locator(".map-ground").focus();
    await page.keyboard.press("t");
    await page.waitForFunction((/** @type {number} */ sample) => location.hash.startsWith("#/trace?") && location.hash.includes(`sample=${sample}&`), end);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

/** @param {number} layer @param {[number, number]} place */
function nearestTo(layer, [px, py]) {
  const far = mapOf(layer).map(([x, y]) => Math.hypot(x - px, y - py));
  return far.indexOf(Math.min(...far));
}

test("pointing finds the nearest sample and says who it is; a click chooses and pins it, and the link opens its trace", async () => {
  const { page, side, problems, close } = await openMap("layer=6");
  try {
    const mouse = await page.evaluateHandle(() => {
      const place = { x: 0, y: 0 };
      addEventListener("pointermove", ({ clientX, clientY }) => Object.assign(place, { x: clientX, y: clientY }), true);
      return place;
    });
    for (const sample of [17, 4711, 9001]) {
      const [x, y] = mapOf(6)[sample];
      const { at } = await frameOf(page);
      const [px, py] = at([x + 1 / side, y - 1 / side]);
      await page.mouse.move(px, py);
      // The mouse is at whole pixels at times: whoever is nearest to where the page has it, to a fifth of a pixel, is right.
      const there = await mouse.jsonValue();
      assert.ok(Math.hypot(there.x - px, there.y - py) <= 1);
      const far = mapOf(6).map((other) => Math.hypot(at(other)[0] - there.x, at(other)[1] - there.y));
      const numberIn = (/** @type {string} */ title) => Number(title.replaceAll(",", "").match(/no\. (\d+)$/)?.[1]);
      const title = await until(() => page.locator(".map-tip-title").innerText(), (words) => far[numberIn(words)] <= Math.min(...far) + 0.2);
      const found = numberIn(title);
      assert.ok(title.startsWith(dataset.classes[dataset.labels[found]]), title);
      assert.match(await page.locator(".map-tip-reading").innerText(), dataset.labels[found] === dataset.predictions[found] ? /rightly/ : new RegExp(`wrongly, as ${dataset.classes[dataset.predictions[found]]}`));
      assertAt(await page.evaluate(() => document.querySelector(".map-ring.is-pointed")?.getAttribute("transform")?.match(/-?[\d.]+/g)?.map(Number)), onPlate(await frameOf(page), mapOf(6)[found]));
      await page.mouse.click(px, py);
      await untilState(page, ({ sample, pins = "" }) => sample === `${found}` && pins.split(".").includes(`${found}`));
      await until(() => page.locator(".map-chosen").innerText(), (words) => words.includes(`no. ${found.toLocaleString("en")}`));
    }
    const { sample } = stateOf(page);
    await page.mouse.move(0, 0);
    assert.equal(await page.locator(".map-tip").isVisible(), false);
    await page.locator(".map-chosen a").press("Enter"); // the tray of pinned samples may lie over it for the mouse until one scrolls
    await page.waitForFunction((/** @type {string} */ wanted) => location.hash.startsWith("#/trace?") && location.hash.includes(`sample=${wanted}&`), sample);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("samples that are filtered out cannot be pointed at", async () => {
  const { page, at, side, problems, close } = await openMap("layer=13&class=3");
  try {
    const other = dataset.labels.findIndex((label, i) => label !== 3 && mapOf(13).every(([x, y], o) => dataset.labels[o] !== 3 || Math.hypot(x - mapOf(13)[i][0], y - mapOf(13)[i][1]) * side > 30));
    await page.mouse.move(...at(mapOf(13)[other]));
    assert.equal(await page.locator(".map-tip").isVisible(), false);
    await page.mouse.move(...at(mapOf(13)[dataset.labels.indexOf(3)]));
    assert.match(await page.locator(".map-tip-title").innerText(), new RegExp(`^${dataset.classes[3]} no`));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("another layer moves the points: from where they were to where the engine has them, eased", async () => {
  const { page, problems, close, ...frame } = await openMap("layer=12&sample=7000");
  try {
    const [from, to] = [onPlate(frame, mapOf(12)[7000]), onPlate(frame, mapOf(13)[7000])];
    assertAt(await ringOf(page), from);
    const way = await ringsAfter(page, ".map [name=forward]");
    assert.ok(way.length >= 5, `${way.length} places on the way`);
    assertAt(/** @type {number[]} */ (way.at(-1)), to);
    const share = way.map((place) => Math.hypot(place[0] - from[0], place[1] - from[1]) / Math.hypot(to[0] - from[0], to[1] - from[1]));
    assert.ok(share.every((now, i) => i === 0 || now >= share[i - 1] - 0.02), `${share}`);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("whoever wants less motion sees the next map at once", async () => {
  const { page, problems, close, ...frame } = await openMap("layer=12&sample=7000", { reducedMotion: "reduce" });
  try {
    const way = await ringsAfter(page, ".map [name=forward]");
    assert.ok(way.length <= 2, `${way.length} places on the way`);
    assertAt(/** @type {number[]} */ (way.at(-1)), onPlate(frame, mapOf(13)[7000]));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the player plays to the output and rests there, as one step of the history; Space pauses it", async () => {
  const { page, problems, close } = await openMap("layer=10");
  try {
    const before = await page.evaluate(() => history.length);
    await page.click(".map [name=play]");
    assert.match(await page.locator(".map [name=play]").getAttribute("aria-label"), /Pause/);
    await waitForState(page, { layer: null });
    await page.waitForFunction(() => document.querySelector(".map [name=play]")?.getAttribute("aria-label")?.startsWith("Play"));
    assert.equal(await page.locator("[name=player]").getAttribute("aria-valuetext"), "Linear(128,15), layer 13 of 13");
    assert.equal(await page.evaluate(() => history.length), before + 1);
    await page.click("[name=undo]");
    await waitForState(page, { layer: "10" });
    await atRest(page);
    await page.locator(".map-ground").focus();
    await page.keyboard.press(" ");
    await waitForState(page, { layer: "11" });
    await page.keyboard.press(" ");
    await page.waitForFunction(() => document.querySelector(".map [name=play]")?.getAttribute("aria-label")?.startsWith("Play"));
    const { layer } = stateOf(page); // a step later where the machine is slow
    await page.waitForTimeout(2500);
    assert.equal(stateOf(page).layer, layer);
    assert.ok(Number(layer) < 13, "paused on the way");
    await page.locator("[name=player]").focus();
    await page.keyboard.press("Home");
    await waitForState(page, { layer: "0" });
    await page.keyboard.press("ArrowRight");
    await waitForState(page, { layer: "1" });
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the slider held between two layers shows the points half-way, and lets go to the nearer one", async () => {
  const { page, problems, close, ...frame } = await openMap("layer=12&sample=7000");
  try {
    const slider = await page.locator("[name=player]").boundingBox();
    const thumb = 1.1 * 16;
    const x = (/** @type {number} */ layer) => slider.x + thumb / 2 + (layer / 13) * (slider.width - thumb);
    const y = slider.y + slider.height / 2;
    await page.mouse.move(x(12), y);
    await page.mouse.down();
    await page.mouse.move(x(12.4), y, { steps: 8 });
    const shareOf = async () => (await page.locator("[name=player]").evaluate((/** @type {HTMLInputElement} */ node) => node.valueAsNumber)) - 12;
    const share = await until(shareOf, (now) => Math.abs(now - 0.4) < 0.03);
    const [from, to] = [onPlate(frame, mapOf(12)[7000]), onPlate(frame, mapOf(13)[7000])];
    await untilRing(page, [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])], 0.5);
    await page.mouse.up();
    await untilRing(page, from);
    assert.equal(stateOf(page).layer, "12");
    assert.equal(await page.locator("[name=player]").inputValue(), "12");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("F and its button give the map the whole screen and take it back, and the map is drawn as large", async () => {
  const { page, problems, box, close } = await openMap("layer=12");
  try {
    const isFull = (/** @type {boolean} */ wanted) => page.waitForFunction((/** @type {boolean} */ full) => (document.fullscreenElement === document.querySelector(".map")) === full, wanted);
    await page.locator(".map-ground").focus();
    await page.keyboard.press("f");
    await isFull(true);
    await page.waitForSelector(".map [name=full][aria-label^=Leave]");
    const larger = await until(() => frameOf(page), (frame) => frame.side > Math.min(box.width, box.height));
    await untilRing(page, onPlate(larger, mapOf(12)[Number(stateOf(page).sample)]));
    await page.click(".map [name=full]");
    await isFull(false);
    const same = await until(() => frameOf(page), (frame) => frame.box.width === box.width && frame.box.height === box.height);
    await untilRing(page, onPlate(same, mapOf(12)[Number(stateOf(page).sample)]));
    assert.match(await page.locator(".map [name=full]").getAttribute("aria-label"), /^Fill/);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

/** How many pixels of the sketches' canvas are drawn. @param {any} page */
const inked = (page) =>
  page.locator(".map-pictures").evaluate((/** @type {HTMLCanvasElement} */ canvas) => {
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 3 && value > 0).length;
  });

test("the whole map has names, near by it has sketches instead; wheel, buttons, keys and double click zoom, a drag moves; the URL holds it", async () => {
  const { page, at, problems, close } = await openMap("layer=13");
  try {
    await page.waitForFunction((/** @type {number} */ classes) => document.querySelectorAll(".map-names text").length === classes, dataset.classes.length);
    assert.equal(await inked(page), 0);
    const boxes = await page.locator(".map-names text").evaluateAll((/** @type {Element[]} */ texts) => texts.map((text) => text.getBoundingClientRect().toJSON()));
    for (const [i, a] of boxes.entries()) for (const b of boxes.slice(0, i)) assert.ok(a.x >= b.right || b.x >= a.right || a.y + 2 >= b.bottom || b.y + 2 >= a.bottom, "two names lie over each other");

    await page.mouse.move(...at(mapOf(13)[5000]));
    for (let i = 0; i < 8; i++) {
      await page.mouse.wheel(0, -120);
      await page.waitForTimeout(40);
    }
    await page.waitForFunction(() => Number(new URLSearchParams(location.hash.split("?")[1]).get("zoom")?.split(".")[2]) > 300);
    await page.waitForFunction(() => document.querySelectorAll(".map-names text").length === 0);
    await page.waitForFunction(() => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector(".map-pictures"));
      return canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
    });
    await until(() => inked(page), (drawn) => drawn > 5000);

    await atRest(page);
    const near = await page.evaluate(() => {
      dispatchEvent(new Event("pagehide")); // the URL as it would be left
      return new URLSearchParams(location.hash.split("?")[1]).get("zoom");
    });
    const [x, y] = at([0.5, 0.5]);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 80, y - 50, { steps: 5 });
    await page.mouse.up();
    const { side } = await frameOf(page);
    await untilState(page, ({ zoom }) => {
      const [[x0, y0, scale], [x1, y1]] = [near, zoom].map((text) => text.split(".").map(Number));
      return Math.hypot(x1 - x0 - (80 * SIDE * 100) / side / scale, y1 - y0 - (50 * SIDE * 100) / side / scale) <= 20;
    });

    await page.click(".map [name=fit]");
    await waitForState(page, { zoom: null });
    const doubleClick = async () => {
      const [middle, height] = (await frameOf(page)).at([0.5, 0.5]);
      await clickTwice(page, middle + 150, height);
    };
    for (const act of [() => page.click(".map [name=nearer]"), doubleClick, () => page.locator(".map-ground").press("+")]) {
      const before = Number(stateOf(page).zoom?.split(".")[2] ?? 100);
      await act();
      await page.waitForFunction((/** @type {number} */ was) => Number(new URLSearchParams(location.hash.split("?")[1]).get("zoom")?.split(".")[2]) > 1.5 * was, before);
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a link restores layer, outline and what part of the map is looked at", async () => {
  const { page, problems, box, side, close } = await openMap("layer=6&sample=300&zoom=6000.4500.250&lasso=6.umap.5000.4000.7000.4000.6500.5500");
  try {
    /** @param {[number, number]} place */
    const zoomed = ([x, y]) => [box.width / 2 + (x - 0.6) * side * 2.5, box.height / 2 + (y - 0.45) * side * 2.5];
    await page.waitForFunction(() => document.querySelector(".map-outline")?.getAttribute("d"));
    assertAt(await ringOf(page), zoomed(mapOf(6)[300]));
    const drawn = ((await page.locator(".map-outline").getAttribute("d")).match(/-?[\d.]+/g) ?? []).map(Number);
    assertAt(drawn.slice(0, 2), zoomed([0.5, 0.4]));
    assertAt(drawn.slice(4, 6), zoomed([0.65, 0.55]));
    await assertSelected(page, insideOf(6, [[0.5, 0.4], [0.7, 0.4], [0.65, 0.55]]));
    assert.equal(stateOf(page).zoom, "6000.4500.250");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("trust in the map colours each point by the engine's number, and the mean is said in words", async () => {
  const { page, problems, side, ...rest } = await openMap("layer=6&colour=trust");
  try {
    const { trust, mean, continuity } = await askEngine(page, async (bundle) => {
      const { trustworthiness } = await bundle.project({ layer: 6 });
      return { trust: [...(trustworthiness ?? [])], mean: bundle.manifest.layers[6].map?.trustworthiness, continuity: bundle.manifest.layers[6].map?.continuity };
    });
    await page.waitForFunction((/** @type {number} */ value) => document.querySelector(".map-trust")?.textContent?.includes(`Trustworthiness ${value.toFixed(3)}`), mean);
    assert.ok((await page.locator(".map-trust").innerText()).includes(`Continuity ${continuity?.toFixed(3)}`));
    const ramp = await page.locator(".colours-strip").evaluate((/** @type {HTMLElement} */ strip) => strip.style.background.match(/rgb\([^)]*\)/g)?.map((colour) => colour.match(/\d+/g)?.map(Number)));
    // Points that lie alone: the pixel in their middle is theirs.
    const square = mapOf(6);
    const alone = square.flatMap(([x, y], i) => (square.every(([ox, oy], o) => o === i || Math.hypot(ox - x, oy - y) * side > 5) ? [i] : [])).slice(0, 60);
    assert.ok(alone.length > 20, `${alone.length} alone`);
    const pixels = await page.locator(".map-points").evaluate((/** @type {HTMLCanvasElement} */ canvas, /** @type {number[][]} */ places) => {
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      return places.map(([x, y]) => [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data].slice(0, 3));
    }, alone.map((i) => onPlate(/** @type {any} */ (rest), square[i])));
    const wanted = alone.map((i) => ramp[Math.max(0, Math.min(ramp.length - 1, Math.floor((trust[i] - 0.5) * 2 * ramp.length)))]);
    const right = pixels.filter((/** @type {number[]} */ pixel, /** @type {number} */ i) => pixel.every((value, c) => Math.abs(value - wanted[i][c]) <= 3)).length;
    assert.ok(right >= 0.9 * alone.length, `${right} of ${alone.length}: ${JSON.stringify([pixels.slice(0, 5), wanted.slice(0, 5)])}`);
    assert.ok(new Set(wanted.map(String)).size > 5);
    assert.deepEqual(problems, []);
  } finally {
    await rest.close();
  }
});

test("a map that the bundle does not ship is made, with its progress in place", async () => {
  const { page, problems, close } = await openMap("layer=13");
  try {
    await page.click(".map-methods [name=pca]");
    await page.waitForSelector(".map-wait:visible progress");
    assert.match(await page.locator(".map-wait").innerText(), /Making the map of Linear\(128,15\)/);
    await page.waitForSelector(".map-wait", { state: "hidden", timeout: 120000 });
    await atRest(page);
    const points = await askEngine(page, async (bundle) => [...(await bundle.project({ layer: 13, method: "pca" })).points]);
    const frame = await frameOf(page);
    await untilRing(page, onPlate(frame, squareOf(points)[Number(stateOf(page).sample)]));
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("the map can be taken along as SVG, with names as text and points four times as fine, and as PNG", async () => {
  const { page, problems, box, close } = await openMap("layer=12");
  try {
    await page.waitForFunction((/** @type {number} */ classes) => document.querySelectorAll(".map-names text").length === classes, dataset.classes.length);
    const take = async (/** @type {string} */ kind) => {
      await page.click(".map .export-button");
      return savedBy(page, () => page.click(`.map [data-kind=${kind}]`));
    };
    const svg = await take("svg");
    assert.equal(svg.name, "map-umap-layer-12.svg");
    const text = svg.bytes.toString();
    for (const name of dataset.classes) assert.ok(text.includes(`>${name}</text>`), name);
    const image = Buffer.from(/** @type {RegExpMatchArray} */ (text.match(/data:image\/png;base64,([^"]+)/))[1], "base64");
    assert.equal(image.readUInt32BE(16), Math.round(box.width * 4));
    const png = await take("png");
    assert.equal(png.name, "map-umap-layer-12.png");
    assert.ok(Math.abs(png.bytes.readUInt32BE(16) - 2 * box.width) <= 8, `${png.bytes.readUInt32BE(16)}`);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

/** What stands in the explorer's places that are far below on a phone. @param {any} page */
const below = (page) => page.locator(".explore-map canvas, .explore-panel [role=tab]");
const PHONE = { viewport: { width: 390, height: 700 }, isMobile: true, hasTouch: true };

test("on a phone map and panel are made when they come near, and nothing is fetched for them before", async () => {
  const { page, requests, problems, close } = await openPage(browser, PHONE);
  try {
    await page.addInitScript(() => Object.assign(globalThis, { requestIdleCallback: () => 0, cancelIdleCallback: () => {} })); // a browser that is never idle
    await page.goto(`${site.url}#/explore`);
    await page.waitForSelector("html[data-state=ready]");
    await page.waitForSelector("[data-painted]");
    assert.equal(await below(page).count(), 0);
    const manifest = await (await fetch(new URL((await (await fetch(`${site.url}bundle/current.json`)).json()).manifest, `${site.url}bundle/`))).json();
    const maps = new Set(manifest.chunks.filter((/** @type {any} */ { role }) => role === "map").map((/** @type {any} */ { file }) => file));
    const fetched = () => requests.filter((url) => maps.has(url.replace(`${site.url}bundle/`, "")));
    assert.deepEqual(fetched(), []);
    await page.locator(".explore-map").scrollIntoViewIfNeeded();
    await page.waitForSelector(".explore-map canvas");
    await until(fetched, (found) => found.length > 0);
    await page.locator(".explore-panel").scrollIntoViewIfNeeded();
    await page.waitForSelector(".explore-panel [role=tab]");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("on a phone map and panel are made where nobody scrolls too, once the browser is idle", async () => {
  const { page, problems, close } = await openPage(browser, PHONE);
  try {
    await page.goto(`${site.url}#/explore`);
    await page.waitForSelector("html[data-state=ready]");
    await page.waitForSelector(".explore-map canvas", { state: "attached" });
    await page.waitForSelector(".explore-panel [role=tab]", { state: "attached" });
    assert.equal(await page.evaluate(() => scrollY), 0);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});
