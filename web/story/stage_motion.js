/** What the stage shows between two pictures: every item keeps its identity by its key, comes in and goes out by fading. */
import { easeCubicInOut } from "d3";

/** @typedef {import("./scenes.js").Picture} Picture */
/** @typedef {"marks" | "lines" | "labels" | "circles"} Kind */

/**
 * @typedef {object} Moving
 * @property {any} item as the scene gave it
 * @property {Float64Array} start
 * @property {Float64Array} goal
 * @property {Float64Array} now see NUMBERS
 */

/** What changes steadily, as numbers; the first is always the opacity. @type {Record<Kind, (item: any) => number[]>} */
const NUMBERS = {
  marks: ({ alpha = 1, x, y, size }) => [alpha, x, y, size],
  circles: ({ alpha = 1, x, y, r }) => [alpha, x, y, r],
  labels: ({ x, y, size }) => [1, x, y, size],
  lines: ({ alpha, width, points }) => [alpha, width, ...points.flat()],
};
export const KINDS = /** @type {Kind[]} */ (["lines", "circles", "marks", "labels"]);

export function createStageMotion() {
  /** @type {Record<Kind, Map<string, Moving>>} */
  const shown = { marks: new Map(), lines: new Map(), labels: new Map(), circles: new Map() };
  let began = 0;
  let lasts = 0;

  /** @param {Map<string, Moving>} kept @param {string} key @param {Moving} moving */
  function leave(kept, key, moving) {
    moving.start = moving.now.slice();
    moving.goal = moving.now.slice();
    moving.goal[0] = 0;
    kept.delete(key);
    kept.set(`${key} leaving`, moving);
  }

  /** @param {Kind} kind @param {any[]} items */
  function goTo(kind, items) {
    const kept = shown[kind];
    const wanted = new Set(items.map(({ key }) => key));
    for (const [key, moving] of [...kept]) if (!wanted.has(key) && !key.endsWith(" leaving")) leave(kept, key, moving);
    for (const item of items) {
      const goal = Float64Array.from(NUMBERS[kind](item));
      const moving = kept.get(item.key);
      if (moving && moving.now.length === goal.length) {
        kept.delete(item.key); // drawn in the order of the new picture
        kept.set(item.key, Object.assign(moving, { item, start: moving.now.slice(), goal }));
        continue;
      }
      if (moving) leave(kept, item.key, moving);
      const start = goal.slice();
      start[0] = 0;
      kept.set(item.key, { item, start, goal, now: start.slice() });
    }
  }

  /** @param {number} t 0 to 1 */
  function pose(t) {
    const e = easeCubicInOut(t);
    for (const kind of KINDS) {
      for (const [key, { start, goal, now }] of shown[kind]) {
        for (let i = 0; i < now.length; i++) now[i] = start[i] + (goal[i] - start[i]) * e;
        if (t === 1 && key.endsWith(" leaving")) shown[kind].delete(key);
      }
    }
  }

  return {
    shown,
    /** @param {Picture} picture @param {number} now @param {number} duration milliseconds; 0 goes there at once */
    show(picture, now, duration) {
      for (const kind of KINDS) goTo(kind, picture[kind]);
      began = now;
      lasts = duration;
      pose(duration === 0 ? 1 : 0);
    },
    /** @param {number} now @returns {boolean} whether anything still moves */
    step(now) {
      if (lasts === 0) return false;
      const t = Math.min(1, (now - began) / lasts);
      pose(t);
      if (t === 1) lasts = 0;
      return t < 1;
    },
  };
}
