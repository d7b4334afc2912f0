/** Where the points are at this moment, on their way from one map to the next. */
import { easeCubicInOut, easeCubicOut } from "d3";

/** @param {number} count of points */
export function createMotion(count) {
  const now = new Float32Array(2 * count);
  const start = new Float32Array(2 * count);
  /** @type {Float32Array | null} */
  let goal = null;
  let began = 0;
  let lasts = 0;
  let ease = easeCubicInOut;

  /** @param {Float32Array} a @param {Float32Array} b @param {number} share of b */
  function mix(a, b, share) {
    for (let i = 0; i < now.length; i++) now[i] = a[i] + (b[i] - a[i]) * share;
  }

  return {
    /** [N, 2] in the map's square. */
    now,
    /** What the points are at or on their way to; null before the first map and while held between two. */
    goal: () => goal,
    isMoving: () => lasts > 0,
    /**
     * Sends the points to another map. Those under way turn without stopping first.
     * @param {Float32Array} square @param {number} time @param {number} duration milliseconds; 0 goes there at once
     */
    show(square, time, duration) {
      ease = lasts > 0 ? easeCubicOut : easeCubicInOut;
      began = time;
      lasts = duration;
      goal = square;
      if (duration === 0) now.set(square);
      else start.set(now);
    },
    /** Holds the points between two maps, as while the slider is dragged. @param {Float32Array} a @param {Float32Array} b @param {number} share of b */
    hold(a, b, share) {
      mix(a, b, share);
      goal = null;
      lasts = 0;
    },
    /** Moves the points to where they are at a time. @param {number} time @returns {boolean} whether they are still moving */
    step(time) {
      if (lasts === 0 || !goal) return false;
      const t = Math.max(0, Math.min(1, (time - began) / lasts));
      mix(start, goal, ease(t));
      if (t === 1) lasts = 0;
      return t < 1;
    },
    /** How far the way is done, eased: what belongs to the maps goes along. @param {number} time */
    share: (time) => (lasts === 0 ? 1 : ease(Math.max(0, Math.min(1, (time - began) / lasts)))),
  };
}
