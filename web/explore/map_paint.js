/**
 * Draws many points as discs, fast: each is stamped into an array of pixels, which goes to the canvas in one piece. The same pixels in every browser, with a
 * graphics processor or without: 10,000 points take some 2 milliseconds, where WebGL drawn in software takes 50.
 */
import { rgb } from "d3";

/** @typedef {import("./map_view.js").View} View */

/**
 * @typedef {object} Crowd points drawn alike but for their colour
 * @property {Uint32Array} samples in the order in which they are drawn
 * @property {Int32Array | null} colours [N] packed, of every sample; null: all have `colour`
 * @property {number} colour packed
 * @property {number} radius CSS pixels
 */

/** Positions of a disc's middle within a pixel, in each direction. */
const PLACES = 4;
const STEP = 0.25; // of a radius, pixels of the canvas
const MOST_RADIUS = 26;
const PAD = MOST_RADIUS + 3;

/** A colour as a pixel of an ImageData read as one number: bytes red, green, blue, alpha. @param {string} colour CSS */
export function packed(colour) {
  const { r, g, b } = rgb(colour);
  return (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
}

/**
 * The pixels of a disc around the pixel that its middle is in: those wholly within, and those on its edge with their share of 256.
 * @typedef {{ full: Int32Array, edge: Int32Array, share: Int32Array }} Stamp
 */

/** @param {number} radius @param {number} fx of the middle within its pixel @param {number} fy @param {number} width of a row @returns {Stamp} */
function stampOf(radius, fx, fy, width) {
  /** @type {number[]} */ const full = [];
  /** @type {number[]} */ const edge = [];
  /** @type {number[]} */ const share = [];
  const reach = Math.ceil(radius + 1);
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const covered = Math.min(1, radius + 0.5 - Math.hypot(x + 0.5 - fx, y + 0.5 - fy));
      if (covered > 0.98) full.push(y * width + x);
      else if (covered > 0.02) {
        edge.push(y * width + x);
        share.push(Math.round(256 * covered));
      }
    }
  }
  return { full: Int32Array.from(full), edge: Int32Array.from(edge), share: Int32Array.from(share) };
}

/** @param {HTMLCanvasElement} canvas */
export function createPainter(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  let image = new ImageData(1, 1);
  let pixels = new Int32Array(image.data.buffer);
  let width = 1;
  let height = 1;
  let ratio = 1;
  /** @type {Map<number, Stamp[]>} */
  let stamps = new Map();

  /** @param {number} radius pixels of the canvas */
  function stampsOf(radius) {
    const step = Math.max(2, Math.min(MOST_RADIUS / STEP, Math.round(radius / STEP)));
    let set = stamps.get(step);
    if (!set) {
      set = Array.from({ length: PLACES * PLACES }, (_, i) => stampOf(step * STEP, ((i % PLACES) + 0.5) / PLACES, (Math.floor(i / PLACES) + 0.5) / PLACES, image.width));
      stamps.set(step, set);
    }
    return set;
  }

  /** @param {Float32Array} points [N, 2] @param {View} view @param {Crowd} crowd */
  function stamp(points, view, { samples, colours, colour, radius }) {
    const set = stampsOf(radius * ratio);
    const row = image.width;
    const scale = view.side * ratio;
    const [left, top] = [view.left * ratio + PAD, view.top * ratio + PAD];
    const [low, right, bottom] = [PAD - MOST_RADIUS, width + PAD + MOST_RADIUS, height + PAD + MOST_RADIUS];
    for (let s = 0; s < samples.length; s++) {
      const i = samples[s];
      const x = left + points[2 * i] * scale;
      const y = top + points[2 * i + 1] * scale;
      if (!(x > low && x < right && y > low && y < bottom)) continue;
      const [px, py] = [x | 0, y | 0];
      const { full, edge, share } = set[(((y - py) * PLACES) | 0) * PLACES + (((x - px) * PLACES) | 0)];
      const at = py * row + px;
      const ink = colours ? colours[i] : colour;
      for (let q = 0; q < full.length; q++) pixels[at + full[q]] = ink;
      const [redBlue, green] = [ink & 0xff00ff, ink & 0xff00];
      for (let q = 0; q < edge.length; q++) {
        const under = pixels[at + edge[q]];
        const [rb, g] = [under & 0xff00ff, under & 0xff00];
        pixels[at + edge[q]] = (255 << 24) | ((rb + (((redBlue - rb) * share[q]) >> 8)) & 0xff00ff) | ((g + (((green - g) * share[q]) >> 8)) & 0xff00);
      }
    }
  }

  return {
    /** @param {number} wide CSS pixels @param {number} high @param {number} scale pixels of the canvas for each of them */
    resize(wide, high, scale) {
      ratio = scale;
      [width, height] = [Math.max(1, Math.round(wide * scale)), Math.max(1, Math.round(high * scale))];
      [canvas.width, canvas.height] = [width, height];
      image = new ImageData(width + 2 * PAD, height + 2 * PAD);
      pixels = new Int32Array(image.data.buffer);
      stamps = new Map();
    },
    /** @param {Float32Array} points [N, 2] in the map's square @param {View} view @param {number} ground packed @param {Crowd[]} crowds the last on top */
    paint(points, view, ground, crowds) {
      pixels.fill(ground);
      for (const crowd of crowds) stamp(points, view, crowd);
      context.putImageData(image, -PAD, -PAD, PAD, PAD, width, height);
    },
  };
}

/** @typedef {ReturnType<typeof createPainter>} Painter */
