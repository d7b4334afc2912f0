/**
 * What each step's figure shows, as plain marks in pixels: the stage moves from one scene's marks to the next one's by their keys, and the
 * still version of the story writes the same marks as SVG.
 */
import { scaleLinear } from "d3";
import { count, distance, inWords, layerName } from "../words.js";
import { createGeometry } from "../views/radial_geometry.js";
import { bandOf, byStability, farthestOf, membersOf, unlikest } from "./figures.js";

/** @typedef {import("./facts.js").Facts} Facts */
/** A sketch. @typedef {{ key: string, sample: number, x: number, y: number, size: number, alpha?: number, disc?: Colour | null }} Mark */
/** A line, or a filled outline. @typedef {{ key: string, points: [number, number][], colour: Colour, width: number, alpha: number, fill?: boolean, dash?: number[] }} Line */
/** @typedef {{ key: string, x: number, y: number, text: string, size: number, colour: Colour, align?: "left" | "center" | "right" | "slanted", weight?: number, serif?: boolean }} Label */
/** @typedef {{ key: string, x: number, y: number, r: number, colour: Colour, width: number, fill?: boolean, alpha?: number }} Circle */
/** A colour by its token: "ink", "closer", "class-3". @typedef {string} Colour */
/** Lines of many samples over all layers, drawn in bulk. @typedef {{ label: number | null, box: Box, top: number, alpha: number }} Field */
/** @typedef {{ left: number, right: number, top: number, bottom: number }} Box */

/**
 * @typedef {object} Picture
 * @property {Mark[]} marks
 * @property {Line[]} lines
 * @property {Label[]} labels
 * @property {Circle[]} circles
 * @property {Field | null} field
 * @property {string} alt what it shows, with figures
 */

/** @typedef {{ width: number, height: number }} Size */

const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/** @param {Partial<Picture> & { alt: string }} parts @returns {Picture} */
const picture = (parts) => ({ marks: [], lines: [], labels: [], circles: [], field: null, ...parts });
/** @param {Facts} f @param {number} layer */
const named = (f, layer) => layerName(f.manifest.layers, layer);
/** @param {Facts} f @param {number} x @param {number} y @param {number} size @returns {Mark} */
const self = (f, x, y, size) => ({ key: "self", sample: f.sample, x, y, size });
/** @param {Size} size */
const middle = ({ width, height }) => ({ x: width / 2, y: height / 2, side: Math.min(width, height) });

// ---- One, and its distances. ----

/** @param {Facts} f @param {Size} size */
function one(f, size) {
  const { x, y, side } = middle(size);
  return picture({
    marks: [self(f, x, y, side * 0.62)],
    labels: [{ key: "self-name", x, y: y + side * 0.42, text: `${f.manifest.classes[f.label]}, no. ${count(f.sample)}`, size: 15, colour: "quiet", align: "center" }],
    alt: `${f.manifest.classes[f.label]} no. ${count(f.sample)}, large.`,
  });
}

/** @param {"from" | "to"} which */
const densitiesAt = (which) => (/** @type {Facts} */ f, /** @type {Size} */ { width, height }) => {
  const found = f.densities[which];
  if (!found) return null;
  const box = { left: 16, right: width - 16, top: height * 0.2, bottom: height - 56 };
  const { at, density, bandwidth, points } = found;
  const own = f.label;
  const peak = (/** @type {number} */ c) => density.subarray(c * points, (c + 1) * points).reduce((most, value) => Math.max(most, value), 0);
  const shown = f.manifest.classes.map((_, c) => c).filter((c) => bandwidth[c] > 0);
  const x = scaleLinear([at[0], at[points - 1]], [box.left, box.right]);
  const y = scaleLinear([0, Math.max(...shown.map(peak), 1e-9)], [box.bottom, box.top]);
  /** @param {number} c @returns {[number, number][]} */
  const curve = (c) => Array.from(at, (d, p) => [x(d), y(density[c * points + p])]);
  /** @type {Line[]} */
  const lines = [{ key: "axis", points: [[box.left, box.bottom], [box.right, box.bottom]], colour: "rule", width: 1, alpha: 1 }];
  for (const c of [...shown.filter((other) => other !== own), ...(shown.includes(own) ? [own] : [])]) {
    lines.push({ key: `area-${c}`, points: [[box.left, box.bottom], ...curve(c), [box.right, box.bottom]], colour: `class-${c}`, width: 0, alpha: c === own ? 0.28 : 0.05, fill: true });
    lines.push({ key: `density-${c}`, points: curve(c), colour: `class-${c}`, width: c === own ? 3 : 1.25, alpha: c === own ? 1 : 0.75 });
  }
  const ticks = x.ticks(Math.max(3, Math.round(width / 130))).map((d) => /** @type {Label} */ ({ key: `tick-${distance(d)}`, x: x(d), y: box.bottom + 18, text: distance(d), size: 12, colour: "quiet", align: "center" }));
  /** @type {Label[]} */
  const names = [];
  for (const c of [...shown].sort((a, b) => (b === own ? 1 : 0) - (a === own ? 1 : 0) || peak(b) - peak(a))) {
    const p = Array.from({ length: points }, (_, i) => i).reduce((best, i) => (density[c * points + i] > density[c * points + best] ? i : best), 0);
    const label = { key: `name-${c}`, x: Math.max(box.left + 40, Math.min(box.right - 40, x(at[p]))), y: y(density[c * points + p]) - 8, text: f.manifest.classes[c], size: c === own ? 15 : 12, colour: `class-${c}`, align: /** @type {const} */ ("center"), weight: c === own ? 600 : 400 };
    if (names.every((other) => Math.abs(other.x - label.x) > 76 || Math.abs(other.y - label.y) > 15)) names.push(label);
  }
  return picture({
    marks: [self(f, box.left + height * 0.075, height * 0.09, height * 0.14)],
    lines,
    labels: [...ticks, ...names, { key: "axis-name", x: box.right, y: box.bottom + 38, text: `distance at ${named(f, which === "from" ? f.from : f.to)}`, size: 12, colour: "quiet", align: "right" }],
    alt: `Densities of the distances from no. ${count(f.sample)} to the ${f.noun.many} of each class at ${named(f, which === "from" ? f.from : f.to)}, from ${distance(at[0])} to ${distance(at[points - 1])}; one curve for each of ${count(shown.length)} classes.`,
  });
};

/** @param {Facts} f @param {Size} size */
function examples(f, { width, height }) {
  const { from, to } = f.densities;
  if (!from || !to || !f.hood) return null;
  const many = width < 520 ? 8 : 12;
  const rows = [
    { title: `Nearest at ${named(f, f.from)}`, list: Array.from(f.hood.nearest(f.from).slice(0, many)) },
    { title: `Nearest at ${named(f, f.to)}`, list: Array.from(f.hood.nearest(f.to).slice(0, many)) },
    { title: `Farthest at ${named(f, f.from)}`, list: farthestOf(from, many).map(({ sample }) => sample) },
    { title: `Farthest at ${named(f, f.to)}`, list: farthestOf(to, many).map(({ sample }) => sample) },
  ];
  const step = width / many;
  const gap = height / rows.length;
  const size = Math.min(step * 0.92, gap * 0.55);
  return picture({
    marks: rows.flatMap(({ list }, r) => list.map((sample, i) => ({ key: `${sample}-${r}`, sample, x: step * (i + 0.5), y: gap * (r + 0.62), size }))),
    labels: rows.map(({ title }, r) => ({ key: `row-${r}`, x: 4, y: gap * (r + 0.2), text: title, size: 14, colour: "ink", weight: 600 })),
    alt: rows.map(({ title, list }) => `${title}: ${list.map((i) => f.manifest.classes[f.labels[i]]).join(", ")}.`).join(" "),
  });
}

// ---- Neighbourhoods as spirals and as rows. ----

/** Places from the middle outwards. @param {Facts} f @param {Size} size @param {number} layer */
function spiral(f, size, layer) {
  const { x, y, side } = middle(size);
  const list = /** @type {NonNullable<Facts["hood"]>} */ (f.hood).nearest(layer);
  const reach = side * 0.47;
  const start = 0.12;
  const each = Math.max(7, Math.min(side * 0.11, (1.55 * reach) / Math.sqrt(list.length)));
  const marks = Array.from(list, (sample, rank) => {
    const out = reach * Math.sqrt(start + (1 - start) * ((rank + 0.5) / list.length));
    return { key: `${sample}`, sample, x: x + out * Math.cos(rank * GOLDEN), y: y + out * Math.sin(rank * GOLDEN), size: each };
  });
  return { marks, centre: self(f, x, y, reach * 2 * Math.sqrt(start) * 0.7) };
}

/** @param {Facts} f @param {Size} size */
function nearest(f, size) {
  if (!f.hood) return null;
  const { marks, centre } = spiral(f, size, f.from);
  return picture({ marks: [centre, ...marks], alt: `The ${count(f.k)} nearest of no. ${count(f.sample)} at ${named(f, f.from)} around it, nearest in the middle.` });
}

/** @param {Facts} f @param {Size} size */
function next(f, size) {
  if (!f.hood) return null;
  const before = new Set(f.hood.nearest(f.from));
  const { marks, centre } = spiral(f, size, f.next);
  for (const mark of marks) /** @type {Mark} */ (mark).disc = before.has(mark.sample) ? "closerSoft" : null;
  return picture({
    marks: [centre, ...marks],
    alt: `The ${count(f.k)} nearest of no. ${count(f.sample)} at ${named(f, f.next)} around it; the ${count(f.hood.kept(f.next))} that were near at ${named(f, f.from)} too stand on discs.`,
  });
}

/** Both rows, and where the counting puts its number. @param {Facts} f @param {Size} size @param {boolean} counting */
function twoRows(f, { width, height }, counting) {
  if (!f.hood) return null;
  const [above, below] = [f.hood.nearest(f.from), f.hood.nearest(f.next)];
  const staggered = Math.min(height < 480 ? 4 : 6, Math.max(1, Math.ceil((f.k * 34) / width))); // so many stand below one another, so that each has room
  const step = (width - 24) / f.k;
  const each = Math.max(6, Math.min(40, step * staggered * 0.95));
  const [top, bottom] = [height * (height < 480 ? 0.14 : 0.2), height * 0.68];
  const x = (/** @type {number} */ rank) => 12 + step * (rank + 0.5);
  const y = (/** @type {number} */ base, /** @type {number} */ rank) => base + (rank % staggered) * each * 0.9;
  const rankBelow = new Map(Array.from(below, (sample, rank) => [sample, rank]));
  const inAbove = new Set(above);
  const quiet = counting ? 0.16 : 0.9;
  /** @type {Line[]} */
  const lines = [];
  const marks = height < 480 ? [] : [self(f, 12 + height * 0.05, height * 0.08, height * 0.12)];
  above.forEach((sample, rank) => {
    const other = rankBelow.get(sample);
    marks.push({ key: `${sample}-above`, sample, x: x(rank), y: y(top, rank), size: each, alpha: other === undefined ? quiet : 1 });
    if (other === undefined) return;
    lines.push({ key: `join-${sample}`, points: [[x(rank), y(top, staggered - 1) + each / 2], [x(other), bottom - each / 2]], colour: "closer", width: counting ? 1.6 : 1.1, alpha: counting ? 0.9 : 0.55 });
  });
  below.forEach((sample, rank) => marks.push({ key: `${sample}`, sample, x: x(rank), y: y(bottom, rank), size: each, alpha: inAbove.has(sample) ? 1 : quiet }));
  /** @type {Label[]} */
  const labels = [
    { key: "row-0", x: 12, y: top - each / 2 - 10, text: named(f, f.from), size: 13, colour: "ink", weight: 600 },
    { key: "row-1", x: 12, y: bottom + each * (0.5 + 0.9 * (staggered - 1)) + 18, text: named(f, f.next), size: 13, colour: "ink", weight: 600 },
  ];
  if (counting) labels.push({ key: "number", x: width / 2, y: (top + bottom) / 2 + height * 0.06, text: count(f.hood.kept(f.next)), size: Math.min(110, height * 0.18), colour: "ink", align: "center", weight: 600, serif: true });
  const kept = f.hood.kept(f.next);
  return picture({ marks, lines, labels, alt: `The ${count(f.k)} nearest at ${named(f, f.from)} in a row, those at ${named(f, f.next)} in a row below, sorted by distance; ${count(kept)} ${kept === 1 ? "line joins one that is" : "lines join those that are"} in both.` });
}

// ---- Curves over the layers. ----

/** @param {Size} size @returns {Box} */
const chart = ({ width, height }) => ({ left: 44, right: width - (width < 520 ? 20 : 52), top: 26, bottom: height - Math.min(132, height * 0.3) });

/** Axes for curves: a column a layer, 0 to `most`. @param {Facts} f @param {Size} size @param {number} most */
function axes(f, size, most) {
  const box = chart(size);
  const layers = f.manifest.layers.length;
  const x = scaleLinear([0, Math.max(1, layers - 1)], [box.left, box.right]);
  const y = scaleLinear([0, most], [box.bottom, box.top]);
  /** @type {Line[]} */
  const lines = f.manifest.layers.map((_, l) => ({ key: `axis-${l}`, points: [[x(l), box.top], [x(l), box.bottom]], colour: "hair", width: 1, alpha: 1 }));
  /** @type {Label[]} */
  const labels = y.ticks(5).map((value) => ({ key: `value-${value}`, x: box.left - 10, y: y(value) + 4, text: count(value), size: 12, colour: "quiet", align: "right" }));
  f.manifest.layers.forEach((_, l) => labels.push({ key: `layer-${l}`, x: x(l), y: box.bottom + 14, text: f.manifest.layers[l].name, size: 11, colour: "quiet", align: "slanted" }));
  /** @param {number} l @param {number} value @returns {[number, number]} */
  const place = (l, value) => [x(l), y(value)];
  return { box, lines, labels, place };
}

/** @param {(l: number, value: number) => [number, number]} place @param {number[]} values */
const along = (place, values) => values.map((value, l) => place(l, value));

/** @param {string} key @param {(l: number, value: number) => [number, number]} place @param {import("./figures.js").Band} band @param {Colour} colour @param {number} alpha @returns {Line[]} */
const bandLines = (key, place, { median, low, high }, colour, alpha = 0.2) => [
  { key: `${key}-band`, points: [...along(place, high), ...along(place, low).reverse()], colour, width: 0, alpha, fill: true },
  { key: `${key}-median`, points: along(place, median), colour, width: 3, alpha: 1 },
];

/** @param {Facts} f @param {Size} size */
function point(f, size) {
  if (!f.hood) return null;
  const { lines, labels, place } = axes(f, size, f.k);
  const kept = f.hood.kept(f.next);
  const [px, py] = place(f.next, kept);
  const curve = f.hood.curve.map((value, l) => (l <= f.from ? place(f.from, f.k) : place(f.next, kept)));
  const before = new Set(f.hood.nearest(f.from));
  return picture({
    marks: [self(f, size.width - 40, 34, 52), ...Array.from(f.hood.nearest(f.next)).filter((sample) => before.has(sample)).map((sample) => ({ key: `${sample}`, sample, x: px, y: py, size: 6, alpha: 0 }))],
    lines: [...lines, { key: "curve", points: curve, colour: "ink", width: 2.5, alpha: 1 }],
    circles: [{ key: "start", x: place(f.from, f.k)[0], y: place(f.from, f.k)[1], r: 5, colour: "ink", width: 2 }, { key: "point", x: px, y: py, r: 6, colour: "ink", width: 0, fill: true }],
    labels: [...labels, { key: "number", x: px + 14, y: py + 6, text: count(kept), size: 22, colour: "ink", weight: 600, serif: true }],
    alt: `An axis from 0 to ${count(f.k)} for each layer; a point at ${count(kept)} on that of ${named(f, f.next)}.`,
  });
}

/** @param {Facts} f @param {Size} size */
function line(f, size) {
  if (!f.hood) return null;
  const { lines, labels, place } = axes(f, size, f.k);
  const { curve } = f.hood;
  const end = place(f.last, curve[f.last]);
  return picture({
    marks: [self(f, size.width - 40, 34, 52)],
    lines: [...lines, { key: "curve", points: along(place, curve), colour: "ink", width: 2.5, alpha: 1 }],
    circles: curve.map((value, l) => ({ key: l === f.next ? "point" : l === f.from ? "start" : `point-${l}`, x: place(l, value)[0], y: place(l, value)[1], r: 4, colour: "ink", width: 0, fill: true })),
    labels: [...labels, { key: "number", x: end[0] + 8, y: end[1] + 6, text: count(curve[f.last]), size: 18, colour: "ink", weight: 600, serif: true }],
    alt: `Neighbours kept of the ${count(f.k)} at ${named(f, f.from)}, layer by layer: ${curve.map((value, l) => `${f.manifest.layers[l].name} ${count(value)}`).join(", ")}.`,
  });
}

/** A sample's own line out of the table. @param {Facts} f @param {number} sample */
const curveOf = (f, sample) => f.manifest.layers.map((_, l) => f.kept(l, sample));

/** @param {Facts} f @param {Size} size */
function lines(f, size) {
  if (!f.offers || !f.table) return null;
  const { lines: frame, labels, place } = axes(f, size, f.tableK);
  const shown = f.offers.filter(({ sample }) => sample !== f.sample);
  const ends = [...shown.map(({ sample }) => sample), f.sample].sort((a, b) => f.kept(f.last, b) - f.kept(f.last, a));
  const step = Math.min(40, (chart(size).bottom - chart(size).top) / ends.length);
  const ys = spread(ends.map((sample) => place(f.last, f.kept(f.last, sample))[1]), step, chart(size).top, chart(size).bottom);
  return picture({
    marks: ends.map((sample, i) => ({ ...self(f, size.width - step * 0.5 - 2, ys[i], step * 0.95), key: sample === f.sample ? "self" : `${sample}`, sample })),
    lines: [
      ...frame,
      ...shown.map(({ sample }, i) => /** @type {Line} */ ({ key: `line-${sample}`, points: along(place, curveOf(f, sample)), colour: `class-${i}`, width: 2, alpha: 0.9 })),
      { key: "curve", points: along(place, curveOf(f, f.sample)), colour: "ink", width: 3, alpha: 1 },
    ],
    labels,
    alt: `Lines of ${inWords(ends.length)} ${f.noun.many}. At the last layer they keep: ${ends.map((sample) => `no. ${count(sample)} (${f.manifest.classes[f.labels[sample]]}) ${count(f.kept(f.last, sample))}`).join(", ")}.`,
  });
}

/** Heights at least `step` apart, in order, within an interval. @param {number[]} ys ascending @param {number} step @param {number} low @param {number} high */
function spread(ys, step, low, high) {
  const out = [...ys];
  for (let i = 0; i < out.length; i++) out[i] = Math.max(out[i], i === 0 ? low : out[i - 1] + step);
  for (let i = out.length - 1; i >= 0; i--) out[i] = Math.min(out[i], i === out.length - 1 ? high : out[i + 1] - step);
  return out;
}

/** @param {Facts} f @param {Size} size */
function all(f, size) {
  if (!f.table) return null;
  const { box, lines: frame, labels, place } = axes(f, size, f.tableK);
  return picture({
    field: { label: null, box, top: f.tableK, alpha: 1 },
    lines: [...frame, { key: "curve", points: along(place, curveOf(f, f.sample)), colour: "ink", width: 2.5, alpha: 1 }],
    labels,
    alt: `${count(f.samples)} lines over ${count(f.manifest.layers.length)} layers.`,
  });
}

/** @param {Facts} f @param {Size} size */
function pattern(f, size) {
  if (!f.table) return null;
  const { box, lines: frame, labels, place } = axes(f, size, f.tableK);
  const band = bandOf(f.table, f.samples, f.everyone);
  return picture({
    field: { label: null, box, top: f.tableK, alpha: 0.35 },
    lines: [...frame, ...bandLines("all", place, band, "ink", 0.18)],
    labels,
    alt: `Median of all lines with the band of the middle half. Median, layer by layer: ${band.median.map((value, l) => `${f.manifest.layers[l].name} ${count(value)}`).join(", ")}.`,
  });
}

/** @param {Facts} f @param {Size} size */
function ofClass(f, size) {
  if (!f.table) return null;
  const { box, lines: frame, labels, place } = axes(f, size, f.tableK);
  const band = bandOf(f.table, f.samples, membersOf(f.labels, f.label));
  const { median } = bandOf(f.table, f.samples, f.everyone);
  return picture({
    field: { label: f.label, box, top: f.tableK, alpha: 1 },
    lines: [...frame, { key: "all-median", points: along(place, median), colour: "quiet", width: 2, alpha: 1, dash: [5, 4] }, { key: "class-median", points: along(place, band.median), colour: "ink", width: 3, alpha: 1 }],
    labels: [...labels, { key: "class-name", x: box.right, y: box.top + 4, text: `${f.manifest.classes[f.label]}; dashed: all`, size: 13, colour: "ink", align: "right" }],
    alt: `Lines of the class ${f.manifest.classes[f.label]} and their median: ${band.median.map((value, l) => `${f.manifest.layers[l].name} ${count(value)}`).join(", ")}.`,
  });
}

/** @param {Facts} f @param {Size} size */
function stable(f, { width, height }) {
  if (!f.table) return null;
  const order = byStability(f.table, f.reference, f.labels, f.label);
  const across = width < 520 ? 5 : 6;
  const many = Math.min(2 * across, Math.floor(order.length / 2));
  if (many === 0) return null;
  const groups = [
    { title: "Keep most", list: order.slice(0, many) },
    { title: "Keep least", list: order.slice(-many).reverse() },
  ];
  const step = width / across;
  const half = height / 2;
  const size = Math.min(step * 0.8, (half - 56) / 2.9);
  return picture({
    marks: groups.flatMap(({ list }, g) => list.map(({ sample }, i) => ({ key: `${sample}`, sample, x: step * ((i % across) + 0.5), y: half * g + 42 + size * 0.5 + Math.floor(i / across) * (size * 1.45), size }))),
    labels: groups.flatMap(({ title, list }, g) => [
      /** @type {Label} */ ({ key: `group-${g}`, x: 6, y: half * g + 22, text: title, size: 15, colour: "ink", weight: 600 }),
      ...list.map(({ sample, kept }, i) => /** @type {Label} */ ({ key: `kept-${sample}`, x: step * ((i % across) + 0.5), y: half * g + 42 + size * 1.18 + Math.floor(i / across) * (size * 1.45), text: kept.toFixed(0), size: 12, colour: "quiet", align: "center" })),
    ]),
    alt: groups.map(({ title, list }) => `${title}: ${list.map(({ sample, kept }) => `no. ${count(sample)} ${kept.toFixed(0)}`).join(", ")}.`).join(" "),
  });
}

/** @param {Facts} f @param {Size} size */
function other(f, size) {
  if (!f.table) return null;
  const found = unlikest(f.table, f.reference, f.labels, f.label, f.manifest.classes.length);
  if (!found) return null;
  const { box, lines: frame, labels, place } = axes(f, size, f.tableK);
  const mine = bandOf(f.table, f.samples, membersOf(f.labels, f.label)).median;
  return picture({
    field: { label: found.label, box, top: f.tableK, alpha: 0.8 },
    lines: [...frame, { key: "class-median", points: along(place, mine), colour: "quiet", width: 2, alpha: 1, dash: [5, 4] }, { key: "other-median", points: along(place, found.median), colour: "ink", width: 3, alpha: 1 }],
    labels: [...labels, { key: "class-name", x: box.right, y: box.top + 4, text: `${f.manifest.classes[found.label]}; dashed: ${f.manifest.classes[f.label]}`, size: 13, colour: "ink", align: "right" }],
    alt: `Lines of the class ${f.manifest.classes[found.label]} and their median: ${found.median.map((value, l) => `${f.manifest.layers[l].name} ${count(value)}`).join(", ")}.`,
  });
}

// ---- Around one sample. ----

/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */
/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */

/** @param {Facts} f @param {Size} size @param {Trace} trace */
function round(f, { width, height }, trace) {
  const plate = createGeometry(width, height, { side: width < 520 ? 22 : 90, top: 34 });
  const centre = self(f, plate.cx, plate.cy, plate.inner * 1.2);
  const each = Math.max(8, Math.min(34, (plate.outer * 2.2) / Math.sqrt(trace.points.length + 20)));
  /** @type {Circle[]} */
  const circles = [
    { key: "outer", x: plate.cx, y: plate.cy, r: plate.outer, colour: "rule", width: 1 },
    { key: "inner", x: plate.cx, y: plate.cy, r: plate.inner, colour: "rule", width: 1 },
  ];
  return { plate, centre, each, circles };
}

/** @param {Facts} f @param {Size} size */
function around(f, size) {
  const trace = f.traces.first;
  if (!trace) return null;
  const { plate, centre, each, circles } = round(f, size, trace);
  const marks = trace.points
    .filter(({ inFrom }) => inFrom)
    .map(({ sample, rankFrom, radiusFrom }) => {
      const [x, y] = plate.place(rankFrom * GOLDEN, plate.along(radiusFrom));
      return { key: `${sample}`, sample, x, y, size: each };
    });
  return picture({ marks: [centre, ...marks], circles, alt: `No. ${count(f.sample)} in the centre, its ${count(f.k)} nearest at ${named(f, f.from)} around it at their distance.` });
}

/** Arcs of the sectors and the names that have room. @param {Facts} f @param {Trace} trace @param {ReturnType<typeof round>["plate"]} plate */
function sectorsOf(f, trace, plate) {
  const radius = plate.beyond + 8;
  /** @type {Line[]} */
  const arcs = trace.sectors.map(({ label, start, end }) => {
    const points = Array.from({ length: 97 }, (_, i) => plate.place(start + 0.012 + ((end - start - 0.024) * i) / 96, radius));
    return { key: `sector-${label}`, points, colour: label === f.label ? "ink" : "rule", width: label === f.label ? 6 : 3, alpha: 1 };
  });
  const names = trace.sectors
    .filter(({ start, end }) => end - start > 0.14)
    .map(({ label, start, end }) => {
      const [x, y] = plate.place((start + end) / 2, radius + 14);
      const sine = Math.sin((start + end) / 2);
      const align = /** @type {"left" | "center" | "right"} */ (sine > 0.25 ? "left" : sine < -0.25 ? "right" : "center");
      return /** @type {Label} */ ({ key: `sector-name-${label}`, x, y: y + 4, text: f.manifest.classes[label], size: 12, colour: "ink", align, weight: label === f.label ? 600 : 400 });
    })
    .filter(({ x, text, align }) => {
      const wide = 7 * text.length;
      const left = align === "left" ? x : align === "right" ? x - wide : x - wide / 2;
      return left >= 0 && left + wide <= plate.width;
    });
  return { arcs, names };
}

/** @param {Facts} f @param {Size} size */
function sectors(f, size) {
  const trace = f.traces.first;
  if (!trace) return null;
  const { plate, centre, each, circles } = round(f, size, trace);
  const { arcs, names } = sectorsOf(f, trace, plate);
  const marks = trace.points
    .filter(({ inFrom }) => inFrom)
    .map(({ sample, angle, radiusFrom }) => {
      const [x, y] = plate.place(angle, plate.along(radiusFrom));
      return { key: `${sample}`, sample, x, y, size: each };
    });
  return picture({ marks: [centre, ...marks], circles, lines: arcs, labels: names, alt: `The same ${count(f.k)}, each in the sector of its class: ${trace.sectors.filter(({ countFrom }) => countFrom > 0).map(({ label, countFrom }) => `${f.manifest.classes[label]} ${count(countFrom)}`).join(", ")}.` });
}

/** Thin where it was, thick where it is. @param {TracePoint} one @param {ReturnType<typeof round>["plate"]} plate @returns {Line} */
function wedge({ sample, angle, radiusFrom, radiusTo, change, inTo }, plate) {
  const [from, to] = [plate.along(radiusFrom), plate.along(radiusTo)];
  const spreadAngle = 3.2 / Math.max(24, to);
  return {
    key: `trace-${sample}`,
    points: [plate.place(angle, from), plate.place(angle - spreadAngle, to), plate.place(angle + spreadAngle, to)],
    colour: change < 0 ? "closer" : "farther", width: 0, alpha: inTo ? 0.85 : 0.3, fill: true,
  };
}

/** @param {"first" | "end"} which */
const tracesOf = (which) => (/** @type {Facts} */ f, /** @type {Size} */ size) => {
  const trace = f.traces[which];
  if (!trace) return null;
  const { plate, centre, each, circles } = round(f, size, trace);
  const { arcs, names } = sectorsOf(f, trace, plate);
  const marks = trace.points.map(({ sample, angle, radiusTo, inFrom, inTo }) => {
    const [x, y] = plate.place(angle, plate.along(radiusTo));
    return { key: `${sample}`, sample, x, y, size: each, alpha: inTo ? 1 : 0.35, disc: inFrom && inTo ? "closerSoft" : null };
  });
  return picture({
    marks: [centre, ...marks], circles,
    lines: [...arcs, ...trace.points.map((one) => wedge(one, plate))],
    labels: names,
    alt: `Traces from ${named(f, trace.from)} to ${named(f, trace.to)} of ${count(trace.points.length)} ${f.noun.many}: ${count(trace.closer)} came closer, ${count(trace.farther)} drifted off, ${count(trace.overlap)} of ${count(trace.k)} stayed.`,
  });
};

/** By the name that a step gives. A scene whose facts have not arrived is null. @type {Record<string, (f: Facts, size: Size) => Picture | null>} */
export const SCENES = {
  one, examples, nearest, next, point, line, lines, all, pattern, stable, other, around, sectors,
  "densities-from": densitiesAt("from"),
  "densities-to": densitiesAt("to"),
  rows: (f, size) => twoRows(f, size, false),
  count: (f, size) => twoRows(f, size, true),
  class: ofClass,
  first: tracesOf("first"),
  end: tracesOf("end"),
};

/** Samples whose pictures a scene needs, the most wanted first. @param {Picture} picture */
export const samplesOf = ({ marks }) => marks.filter(({ alpha }) => alpha !== 0).map(({ sample }) => sample);
