/** Sketches on the map where there is room: more of them the nearer one looks. Who is drawn from afar is drawn from near, too. */
import { createPace } from "./pace.js";
import { onStage } from "./map_view.js";

/** @typedef {import("./map_view.js").View} View */
/** @typedef {import("./colours.js").Colouring} Colouring */

/** A square of the stage for each sample, in pixels, from which sketches help: with less they would hide the map. */
const ROOM = 110;
/** The whole map is left to the names, however few samples it has. */
const LEAST_SCALE = 1.5;
const SIZES = [30, 60]; // pixels
const GAP = 5;
const LEVELS_PER_DOUBLING = 2;
const BUDGET = 4; // milliseconds of a frame for making sprites
const STEPS_A_BREATH = 2000;

/** The map, who may be drawn, the first first, and what they are known by. @typedef {{ square: Float32Array, samples: Uint32Array, key: object }} Crowd */

/**
 * @param {{ sketches: import("../sketches.js").Sketches, sprites: import("../sprites.js").Sprites, onReady: () => void }} options
 */
export function createThumbnails({ sketches, sprites, onReady }) {
  /** @type {Crowd | null} */
  let crowd = null;
  let fit = 1;
  /** Who is drawn at each level. @type {Uint32Array[]} */
  let levels = [];
  let control = new AbortController();
  let isWorking = false;
  /** @type {number[]} */
  let wanted = [];

  /** The scale from which there is room. */
  const firstScale = () => (crowd ? Math.max(LEAST_SCALE, Math.sqrt((ROOM * crowd.square.length) / 2) / fit) : Infinity);
  /** @param {number} scale */
  const levelAt = (scale) => Math.floor(LEVELS_PER_DOUBLING * Math.log2(scale / firstScale()) + 1e-9);
  /** @param {number} level */
  const scaleOf = (level) => firstScale() * Math.pow(2, level / LEVELS_PER_DOUBLING);
  /** @param {number} level */
  const sizeOf = (level) => Math.min(SIZES[1], SIZES[0] * Math.pow(2, level / 8));

  /** Adds to those of the level before all that have room. @param {Crowd} of @param {number} level @param {() => Promise<void> | null} pace */
  async function choose({ square, samples }, level, pace) {
    const apart = (sizeOf(level) + GAP) / (fit * scaleOf(level));
    const across = Math.ceil(1 / apart) + 3;
    /** @type {Map<number, number>} cell to the only sample in it */
    const cells = new Map();
    /** @type {number[]} */
    const chosen = [];
    /** @param {number} i */
    function tryOne(i) {
      const [x, y] = [square[2 * i], square[2 * i + 1]];
      const cell = Math.floor(y / apart + 1) * across + Math.floor(x / apart + 1);
      for (let row = -across; row <= across; row += across) {
        for (let at = cell + row - 1; at <= cell + row + 1; at++) {
          const other = cells.get(at);
          if (other !== undefined && Math.abs(square[2 * other] - x) < apart && Math.abs(square[2 * other + 1] - y) < apart) return;
        }
      }
      cells.set(cell, i);
      chosen.push(i);
    }
    for (const i of levels[level - 1] ?? []) tryOne(i);
    for (let s = 0; s < samples.length; s++) {
      if (s % STEPS_A_BREATH === 0) await pace();
      tryOne(samples[s]);
    }
    return Uint32Array.from(chosen);
  }

  /** @param {number} level */
  async function prepare(level) {
    if (isWorking || !crowd) return;
    isWorking = true;
    const { signal } = control;
    const pace = createPace(signal);
    try {
      while (levels.length <= level) levels.push(await choose(crowd, levels.length, pace));
      isWorking = false;
      onReady();
    } catch (reason) {
      if (!signal.aborted) throw reason;
    }
  }

  /** @param {Float32Array} points @param {View} view @param {Uint32Array} samples @param {number} size @returns {number[]} */
  function seen(points, view, samples, size) {
    const edge = size / view.side;
    const [left, top] = [-view.left / view.side - edge, -view.top / view.side - edge];
    const [right, bottom] = [left + view.width / view.side + 2 * edge, top + view.height / view.side + 2 * edge];
    /** @type {number[]} */
    const inside = [];
    for (const i of samples) {
      const [x, y] = [points[2 * i], points[2 * i + 1]];
      if (x > left && x < right && y > top && y < bottom) inside.push(i);
    }
    return inside;
  }

  /** @param {number[]} samples */
  function want(samples) {
    if (samples.length === wanted.length && samples.every((sample, i) => sample === wanted[i])) return;
    wanted = samples;
    sketches.want("map", samples);
  }

  return {
    /** @param {Crowd | null} next @param {number} side of the map when all of it is seen, in pixels */
    update(next, side) {
      if (next?.square === crowd?.square && next?.key === crowd?.key && side === fit) return;
      control.abort();
      control = new AbortController();
      isWorking = false;
      [crowd, fit, levels] = [next, side, []];
    },
    /** Whether sketches are drawn at a scale. @param {number} scale */
    isOn: (scale) => levelAt(scale) >= 0,
    /**
     * @param {CanvasRenderingContext2D} context @param {Float32Array} points [N, 2] where they are now @param {View} view @param {Colouring} colouring @param {import("../theme.js").Tokens} tokens
     * @returns {boolean} whether all that was to be drawn could be
     */
    draw(context, points, view, colouring, tokens) {
      const level = levelAt(view.scale);
      if (!crowd || level < 0) return true;
      if (levels.length <= level) void prepare(level);
      const there = Math.min(level, levels.length - 1);
      if (there < 0) return true;
      const size = sizeOf(there);
      const shown = seen(points, view, levels[there], size);
      want(shown);
      const complete = sprites.prepare(shown, BUDGET);
      context.lineWidth = 1.5;
      for (const sample of shown) {
        if (!sprites.has(sample)) continue;
        const [x, y] = onStage(view, points[2 * sample], points[2 * sample + 1]);
        context.fillStyle = tokens.plate;
        context.fillRect(x - size / 2, y - size / 2, size, size);
        context.strokeStyle = colouring.colours[colouring.bucket[sample]];
        context.strokeRect(x - size / 2, y - size / 2, size, size);
        sprites.draw(context, sample, x, y, size - 3);
      }
      return complete;
    },
    destroy: () => control.abort(),
  };
}
