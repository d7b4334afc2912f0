/**
 * Thousands of lines over parallel axes as a picture of how dense they are: where lines are drawn one over the other the last ones hide the rest.
 *
 * Between two axes every line adds its weight to each pixel that it crosses, exactly (in whole numbers, antialiased). A steep one weighs less in each of its more
 * pixels, so that it does not outshine level ones: after Moritz and Fisher, "Visualizing a Million Time Series with the Density Line Chart", 2018, who
 * give every line the same weight in every column; here the weight falls with the square root of its length only, or single steep lines would vanish.
 * A pixel's colour is that of the lines in it, the many far before the few (by the cube of their number: the mean of many colours is mud), and its
 * opacity grows with the logarithm of their number. Values are whole numbers: lines of one value are spread over the space up to the next, each at its own place.
 */

/**
 * What is drawn.
 *
 * @typedef {object} Scene
 * @property {number} layers L, 2 or more
 * @property {number} lines S
 * @property {Uint16Array} values [L, S] row by row
 * @property {Uint32Array} samples [S] whose lines they are: each has its place within a value
 * @property {number} top the largest value that there can be
 * @property {Uint8Array} mask [S]
 * @property {number} least the smallest mask that is drawn
 * @property {Uint8Array} bucket [S] into `colours`
 * @property {number[][]} colours red, green, blue, 0 to 255
 * @property {[number, number]} opacities of a single line among thousands, and of the densest places
 */

/** Of a line among thousands, and of a single one, in pixels of a plain screen. */
const THICKNESS = [1.15, 2.2];
/** Opacity that a single line has more than one among thousands. */
const ALONE = 0.75;
/** How far lines of one value are spread, of the distance to the next value. */
const SPREAD = 0.88;
const STEEPNESS = 0.5;
/** Heights are counted in 1 / FINE pixels. */
const FINE = 256;
const FINE_BITS = 8;
const MOST_WEIGHT = 64;
/** This share of the pixels that are drawn on are less dense than what has full opacity. */
const DENSEST = 0.95;

/** Height of a value; half a value is left above the top and below 0. @param {number} value @param {number} top @param {number} height */
export const heightOf = (value, top, height) => ((top + 0.5 - value) / (top + 1)) * height;

/** The value at a height, not rounded. @param {number} y @param {number} top @param {number} height */
export const valueAt = (y, top, height) => top + 0.5 - (y / height) * (top + 1);

/** Where an axis stands. @param {number} layer @param {number} layers @param {number} width */
export const placeOf = (layer, layers, width) => (layer * width) / Math.max(1, layers - 1);

/** A sample's own place within its value, around 0: spread evenly, the same in every picture. @param {number} sample */
export const offsetOf = (sample) => SPREAD * (((sample * 0.6180339887498949) % 1) - 0.5);

/** Lines that are drawn, those of one colour in a row. @param {Scene} scene */
function grouped({ lines, mask, least, bucket, colours }) {
  const starts = new Uint32Array(colours.length + 1);
  for (let i = 0; i < lines; i++) if (mask[i] >= least) starts[bucket[i] + 1]++;
  for (let g = 1; g < starts.length; g++) starts[g] += starts[g - 1];
  const order = new Uint32Array(starts[colours.length]);
  const next = starts.slice();
  for (let i = 0; i < lines; i++) if (mask[i] >= least) order[next[bucket[i]]++] = i;
  return { starts, order };
}

/** 1 for one line, 0 for thousands. @param {number} lines */
const loneliness = (lines) => Math.max(0, 1 - Math.log10(1 + lines) / 3.5);

/** Heights of all lines on an axis, in 1 / FINE pixels. @param {Scene} scene @param {number} layer @param {number} height @param {number} margin */
function heightsOf({ lines, values, samples, top }, layer, height, margin) {
  const y = new Int32Array(lines);
  const scale = (FINE * height) / (top + 1);
  const most = FINE * height - margin;
  for (let i = 0; i < lines; i++) y[i] = Math.max(margin, Math.min(most, (top + 0.5 - values[layer * lines + i] - offsetOf(samples[i])) * scale));
  return y;
}

/**
 * @typedef {object} Gap between two axes
 * @property {number} columns
 * @property {number} rows
 * @property {Int32Array} from [S] heights at the left axis
 * @property {Int32Array} to [S] at the right one
 * @property {Int32Array} steps [columns, rows + 2] by how much a pixel's weight differs from the one above it
 */

/** Adds lines to the steps. @param {Gap} gap @param {Uint32Array} which @param {number} thickness @param {number} unit weight of a level line */
function addLines({ columns, rows, from, to, steps }, which, thickness, unit) {
  const stride = rows + 2;
  for (const i of which) {
    const slope = (to[i] - from[i]) / columns;
    const span = Math.round(Math.abs(slope) + thickness);
    const weight = Math.max(1, Math.round(unit * Math.pow(thickness / span, STEEPNESS)));
    let top = from[i] + Math.min(slope, 0) - thickness / 2;
    for (let column = 0; column < columns * stride; column += stride, top += slope) {
      const y0 = Math.max(0, top) | 0;
      const y1 = y0 + span;
      const [part0, part1] = [weight * (y0 & (FINE - 1)), weight * (y1 & (FINE - 1))];
      const row0 = column + (y0 >> FINE_BITS);
      const row1 = column + Math.min(rows, y1 >> FINE_BITS);
      steps[row0] += weight * FINE - part0;
      steps[row0 + 1] += part0;
      steps[row1] -= weight * FINE - part1;
      steps[row1 + 1] -= part1;
    }
  }
}

/** @typedef {ReturnType<typeof createSums>} Sums column by column: lines, and their colours weighed @param {number} cells */
const createSums = (cells) => ({ lines: new Float32Array(cells), weight: new Float32Array(cells), red: new Float32Array(cells), green: new Float32Array(cells), blue: new Float32Array(cells) });

/** Adds what the steps come to, in one colour. @param {Sums} sums @param {Gap} gap @param {number} scale @param {number[]} colour */
function addColour({ lines, weight, red, green, blue }, { columns, rows, steps }, scale, [r, g, b]) {
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (let row = 0, from = column * (rows + 2), to = column * rows; row < rows; row++, from++, to++) {
      sum += steps[from];
      if (sum === 0) continue;
      const amount = sum * scale;
      const share = amount * amount * amount;
      lines[to] += amount;
      weight[to] += share;
      red[to] += share * r;
      green[to] += share * g;
      blue[to] += share * b;
    }
  }
}

/** Puts a gap's colours into the picture, and its lines into `dense`. @param {Uint8ClampedArray} picture @param {Float32Array} dense @param {number} width @param {number} left @param {Sums} sums @param {Gap} gap */
function place(picture, dense, width, left, { lines, weight, red, green, blue }, { columns, rows }) {
  for (let row = 0; row < rows; row++) {
    for (let column = 0, from = row, to = row * width + left; column < columns; column++, from += rows, to++) {
      if (lines[from] === 0) continue;
      dense[to] = lines[from];
      const scale = 1 / weight[from];
      picture[4 * to] = red[from] * scale;
      picture[4 * to + 1] = green[from] * scale;
      picture[4 * to + 2] = blue[from] * scale;
    }
  }
}

const BINS = 512;
const BINS_AN_OCTAVE = 24;
const BIN_OF_ONE = 128;

/** The density that DENSEST of the pixels drawn on stay below, 1 at least. @param {Float32Array} dense */
function fullDensity(dense) {
  const bins = new Uint32Array(BINS);
  let drawn = 0;
  for (let i = 0; i < dense.length; i++) {
    if (dense[i] <= 0) continue;
    bins[Math.min(BINS - 1, Math.max(0, Math.round(BINS_AN_OCTAVE * Math.log2(dense[i]) + BIN_OF_ONE)))]++;
    drawn++;
  }
  let bin = 0;
  for (let seen = bins[0]; seen < DENSEST * drawn && bin < BINS - 1; seen += bins[++bin]);
  return Math.max(1, Math.pow(2, (bin - BIN_OF_ONE) / BINS_AN_OCTAVE));
}

/** Gives every pixel its opacity. @param {Uint8ClampedArray} picture @param {Float32Array} dense @param {[number, number]} opacities */
function setOpacity(picture, dense, [low, high]) {
  const scale = (high - low) / Math.log(1 + fullDensity(dense));
  for (let i = 0; i < dense.length; i++) {
    if (dense[i] > 0) picture[4 * i + 3] = 255 * Math.min(1, dense[i]) * Math.min(high, low + scale * Math.log(1 + dense[i]));
  }
}

/**
 * The picture, in slices: after each the caller may do something else.
 * @param {Scene} scene @param {number} width pixels @param {number} height @param {number} density pixels of the picture, from top to bottom, for one of a plain screen
 * @returns {Generator<void, Uint8ClampedArray, void>} [height, width, 4]
 */
export function* paint(scene, width, height, density) {
  const { layers, colours, opacities } = scene;
  const { starts, order } = grouped(scene);
  const unit = Math.max(1, Math.min(MOST_WEIGHT, Math.floor(2 ** 31 / FINE / (order.length + 1))));
  const alone = loneliness(order.length);
  const thickness = Math.round(density * FINE * (THICKNESS[0] + (THICKNESS[1] - THICKNESS[0]) * alone));
  const most = Math.ceil(width / (layers - 1)) + 1;
  const sums = createSums(most * height);
  const steps = new Int32Array(most * (height + 2));
  const dense = new Float32Array(width * height);
  const picture = new Uint8ClampedArray(4 * width * height);
  let to = heightsOf(scene, 0, height, thickness / 2);
  for (let layer = 0; layer + 1 < layers; layer++) {
    const from = to;
    to = heightsOf(scene, layer + 1, height, thickness / 2);
    const left = Math.round(placeOf(layer, layers, width));
    const columns = Math.round(placeOf(layer + 1, layers, width)) - left;
    const gap = { columns, rows: height, from, to, steps };
    for (const sum of Object.values(sums)) sum.fill(0, 0, columns * height);
    for (let c = 0; c < colours.length; c++) {
      if (starts[c] === starts[c + 1]) continue;
      steps.fill(0, 0, columns * (height + 2));
      addLines(gap, order.subarray(starts[c], starts[c + 1]), thickness, unit);
      addColour(sums, gap, 1 / (unit * FINE), colours[c]);
    }
    place(picture, dense, width, left, sums, gap);
    yield;
  }
  setOpacity(picture, dense, [Math.min(opacities[1], opacities[0] + ALONE * alone * opacities[1]), opacities[1]]);
  return picture;
}
