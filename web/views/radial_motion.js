/** The marks of the radial figure between two states: each keeps its identity from one trace to the next. */
import { easeCubicInOut } from "d3";

/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */

/**
 * @typedef {object} Pose
 * @property {number} angle
 * @property {number} from radius at the layer "from"
 * @property {number} to radius at the layer "to"
 * @property {number} alpha
 */

/**
 * @typedef {object} Mark
 * @property {TracePoint} point
 * @property {boolean} picture whether there is room for its thumbnail
 * @property {Pose} pose where it is now
 * @property {Pose} start
 * @property {Pose} goal
 */

const TURN = 2 * Math.PI;

/** The angle equal to b that is nearest to a. @param {number} a @param {number} b */
const nearestTurn = (a, b) => b + TURN * Math.round((a - b) / TURN);

export function createMotion() {
  /** @type {Map<number, Mark>} */
  const marks = new Map();
  let began = 0;
  let lasts = 0;

  /** @param {TracePoint} point @returns {Pose} */
  const goalOf = ({ angle, radiusFrom, radiusTo }) => ({ angle, from: radiusFrom, to: radiusTo, alpha: 1 });

  /** @param {number} t 0 to 1 */
  function pose(t) {
    const e = easeCubicInOut(t);
    for (const [sample, mark] of marks) {
      const { start, goal, pose: now } = mark;
      now.angle = start.angle + (goal.angle - start.angle) * e;
      now.from = start.from + (goal.from - start.from) * e;
      now.to = start.to + (goal.to - start.to) * e;
      now.alpha = start.alpha + (goal.alpha - start.alpha) * e;
      if (t === 1 && goal.alpha === 0) marks.delete(sample);
    }
  }

  /** @param {number} now @param {number} duration milliseconds; 0 goes there at once */
  function begin(now, duration) {
    began = now;
    lasts = duration;
    if (duration === 0) pose(1);
  }

  return {
    marks,
    /**
     * @param {TracePoint[]} points
     * @param {Set<number>} pictures samples whose thumbnails have room
     * @param {number} now @param {number} duration
     */
    show(points, pictures, now, duration) {
      for (const mark of marks.values()) {
        mark.start = { ...mark.pose };
        mark.goal = { ...mark.pose, alpha: 0 };
      }
      for (const point of points) {
        const goal = goalOf(point);
        const mark = marks.get(point.sample);
        const picture = pictures.has(point.sample);
        if (mark) {
          goal.angle = nearestTurn(mark.pose.angle, goal.angle);
          Object.assign(mark, { point, goal, picture });
        } else {
          const start = { ...goal, to: goal.from, alpha: 0 };
          marks.set(point.sample, { point, picture, pose: { ...start }, start, goal });
        }
      }
      begin(now, duration);
    },
    /** Everything recedes while another sample travels to the centre. @param {number} now @param {number} duration */
    recede(now, duration) {
      for (const mark of marks.values()) {
        mark.start = { ...mark.pose };
        mark.goal = { ...mark.pose, alpha: 0.12 };
      }
      begin(now, duration);
    },
    /** Poses the marks for this moment. @param {number} now @returns {boolean} whether they are still moving */
    step(now) {
      if (lasts === 0) return false;
      const t = Math.min(1, (now - began) / lasts);
      pose(t);
      if (t === 1) lasts = 0;
      return t < 1;
    },
  };
}
