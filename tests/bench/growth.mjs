/**
 * How bytes, memory and times grow with the number of samples: bundles of 10,000, 30,000 and 100,000 seeded sketches, made once by
 * `ntrace sketch` and `ntrace pack` (which takes long), measured in WebAssembly in this V8, printed, and drawn to build/bench/growth.svg.
 * node tests/bench/growth.mjs [SAMPLES...]
 */
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";

import { layerGraph } from "../../wasm/graph.js";
import { neighborhoods } from "../../wasm/neighborhoods.js";
import { stability } from "../../wasm/stability.js";
import { loadAll, open } from "./engines.mjs";
import { pack as packSketches, printPacking } from "./packing.mjs";
import { folder, lehmer, median, print, time } from "./table.mjs";

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10000, 30000, 100000];
const K = 100;
const PROBES = 9;
/** Whose graph is searched: 128 values. */
const LAYER = 11;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What is measured, and how it is shown. @type {Record<string, { title: string, show: (value: number) => string }>} */
const FIGURES = {
  packing: { title: "packing, both processors", show: time },
  bytes: { title: "bundle, bytes a sample", show: (value) => value.toFixed(0) },
  memory: { title: "memory, all loaded", show: (value) => `${Math.ceil(value / MIB)} MiB` },
  codes: { title: "one neighbourhood, 14 layers, on codes", show: time },
  exact: { title: "one neighbourhood, 14 layers, exact", show: time },
  graph: { title: "exact graph of 128 values", show: time },
  stability: { title: "stability of 1,000 samples on codes", show: time },
};

/** @param {string} path */
const exists = (path) => access(path).then(() => true, () => false);

/** The bundle of so many sketches, packed once, and how long that took. @param {number} samples */
async function pack(samples) {
  const place = `${folder}growth/${samples}`;
  const [bundle, note] = [`${place}/bundle`, `${place}/packing.json`];
  if (!(await exists(note))) {
    await rm(place, { recursive: true, force: true });
    await mkdir(place, { recursive: true });
    const packed = await packSketches(samples, `${place}/packed`);
    await rename(`${place}/packed`, bundle);
    await writeFile(note, JSON.stringify(packed));
  }
  const packed = JSON.parse(await readFile(note, "utf8"));
  await printPacking(samples, packed);
  return { bundle, packing: packed.took };
}

/** @param {number} samples @returns {Promise<Record<string, number>>} */
async function measure(samples) {
  const { bundle, packing } = await pack(samples);
  const engine = await open(bundle);
  await loadAll(engine);
  const memory = engine.memory();
  const random = lehmer(3);
  const timed = async (/** @type {boolean} */ exact) => {
    const found = [];
    for (let i = -2; i < PROBES; i++) {
      const { milliseconds } = await neighborhoods(engine, { sample: random(samples), k: K, exact });
      if (i >= 0) found.push(milliseconds);
    }
    return median(found);
  };
  const [codes, exact] = [await timed(false), await timed(true)];
  const some = Array.from({ length: 50 }, () => random(samples));
  const start = performance.now();
  await stability(engine, { k: 50, samples: some, exact: false, recall: false });
  const slow = (performance.now() - start) * (1000 / some.length);
  const { milliseconds: graph } = await layerGraph(engine, LAYER);
  const most = samples > 10000 ? GIB : 256 * MIB;
  const show = FIGURES.memory.show;
  await print(`memory at ${samples} samples`, show(engine.memory()), `${show(memory)} when all is loaded; with the search for a graph`, { value: engine.memory(), floor: most, atMost: true, show });
  const bytes = engine.manifest.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0) / samples;
  return { packing, bytes, memory, codes, exact, graph, stability: slow };
}

/* ---- Drawing: one panel a figure, both axes logarithmic, and what growing in proportion would be. ---- */

const [PANEL, GAP, HEIGHT, TOP] = [230, 26, 150, 54];

/** @param {string} name @param {number[]} values @param {number} left @param {number} top */
function panel(name, values, left, top) {
  const logs = values.map((value) => Math.log10(Math.max(value, 1e-6)));
  const low = Math.min(...logs) - 0.15;
  const high = Math.max(...logs, low + 1) + 0.15;
  const across = (/** @type {number} */ size) => left + 30 + ((PANEL - 60) * Math.log10(size / SIZES[0])) / Math.max(Math.log10(/** @type {number} */ (SIZES.at(-1)) / SIZES[0]), 1e-9);
  const up = (/** @type {number} */ log) => top + HEIGHT - ((log - low) / (high - low)) * HEIGHT;
  const points = SIZES.map((size, i) => `${across(size).toFixed(1)},${up(logs[i]).toFixed(1)}`);
  const { title, show } = FIGURES[name];
  return [
    `<text x="${left}" y="${top - 12}" font-weight="600">${title}</text>`,
    `<rect x="${left}" y="${top}" width="${PANEL}" height="${HEIGHT}" fill="none" stroke="#bbb"/>`,
    `<polyline points="${points.join(" ")}" fill="none" stroke="#2b6cb0" stroke-width="2"/>`,
    ...SIZES.map((size, i) => `<circle cx="${points[i].split(",")[0]}" cy="${points[i].split(",")[1]}" r="3.5" fill="#2b6cb0"><title>${size}: ${show(values[i])}</title></circle>`),
    ...SIZES.map((size, i) => `<text x="${across(size).toFixed(1)}" y="${(up(logs[i]) - 8).toFixed(1)}" text-anchor="middle">${show(values[i])}</text>`),
    ...SIZES.map((size) => `<text x="${across(size).toFixed(1)}" y="${top + HEIGHT + 14}" text-anchor="middle" fill="#666">${size.toLocaleString("en")}</text>`),
  ].join("\n");
}

/** @param {Record<string, number>[]} measured */
function draw(measured) {
  const names = Object.keys(FIGURES);
  const columns = 4;
  const [width, height] = [GAP + columns * (PANEL + GAP), Math.ceil(names.length / columns) * (HEIGHT + TOP + 8) + GAP];
  const panels = names.map((name, i) => panel(name, measured.map((row) => row[name]), GAP + (i % columns) * (PANEL + GAP), TOP + Math.floor(i / columns) * (HEIGHT + TOP + 8)));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n<text x="${GAP}" y="20" font-size="14">Growth with the number of samples; both axes logarithmic</text>\n${panels.join("\n")}\n</svg>\n`;
}

/** @type {Record<string, number>[]} */
const measured = [];
for (const samples of SIZES) measured.push(await measure(samples));
for (const [name, { title, show }] of Object.entries(FIGURES)) {
  const exponent = Math.log(measured[measured.length - 1][name] / measured[0][name]) / Math.log(/** @type {number} */ (SIZES.at(-1)) / SIZES[0]);
  const words = SIZES.map((size, i) => `${size.toLocaleString("en")}: ${show(measured[i][name])}`).join(", ");
  console.log(`${title.padEnd(46)} ${words}${SIZES.length > 1 ? `; grows as N^${exponent.toFixed(2)}` : ""}`);
}
await writeFile(`${folder}growth.svg`, draw(measured));
console.log(`drawn to ${folder}growth.svg`);
