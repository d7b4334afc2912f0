/** What part of the map is looked at: d3-zoom over the map's square, kept as a place and a scale so that it survives another size of the window. */
import { pointer, select, zoom, zoomIdentity } from "d3";
import { MOST_ZOOM, SIDE } from "../params.js";

/** @typedef {import("../params.js").Zoom} Zoom */

/**
 * Where the map's square lies on the stage, in CSS pixels.
 *
 * @typedef {object} View
 * @property {number} width of the stage
 * @property {number} height
 * @property {number} left of the square
 * @property {number} top
 * @property {number} side of the square
 * @property {number} scale 1: the whole map fits
 */

/**
 * @typedef {object} ViewOptions
 * @property {() => void} onMove
 * @property {(zoom: Zoom | null) => void} onEnd it has come to rest
 * @property {(event: any) => boolean} isPan whether a press begins to move the map
 * @property {() => boolean} isCalm no motion is wanted
 */

const MOVE = 350; // milliseconds
const NEARER = 1.7;

/** @param {HTMLElement} stage @param {ViewOptions} options */
export function createView(stage, { onMove, onEnd, isPan, isCalm }) {
  let [width, height] = [0, 0];
  let fit = 1;
  let isLaying = false;
  /** @type {Zoom | null} what was last set or come to rest at */
  let rest = null;
  let transform = zoomIdentity;
  const origin = () => [(width - fit) / 2, (height - fit) / 2];

  /** The middle of the stage in the square. @param {import("d3").ZoomTransform} t */
  function middleOf(t) {
    const [ox, oy] = origin();
    return [((width / 2 - t.x) / t.k - ox) / fit, ((height / 2 - t.y) / t.k - oy) / fit];
  }
  /** @param {number} x @param {number} y in the square @param {number} k */
  function around(x, y, k) {
    const [ox, oy] = origin();
    return zoomIdentity.translate(width / 2 - k * (ox + x * fit), height / 2 - k * (oy + y * fit)).scale(k);
  }
  /** The map cannot be lost: its middle stays as near as the scale allows. @param {import("d3").ZoomTransform} t */
  function constrain(t) {
    const room = 0.5 / t.k;
    const [x, y] = middleOf(t).map((place) => Math.max(room, Math.min(1 - room, place)));
    return around(x, y, t.k);
  }
  /** @returns {Zoom | null} */
  function written() {
    const [x, y] = middleOf(transform).map((place) => Math.round(place * SIDE));
    const scale = Math.round(100 * transform.k) / 100;
    return scale <= 1 ? null : { x, y, scale };
  }

  const behaviour = /** @type {import("d3").ZoomBehavior<HTMLElement, unknown>} */ (zoom())
    .scaleExtent([1, MOST_ZOOM])
    .constrain(constrain)
    .filter((event) => event.type === "wheel" || isPan(event))
    .on("zoom", (event) => {
      transform = event.transform;
      onMove();
    })
    .on("end", () => {
      if (isLaying) return;
      rest = written();
      onEnd(rest);
    });
  const node = /** @type {import("d3").Selection<HTMLElement, unknown, null, undefined>} */ (select(stage)).call(behaviour);
  const moved = () => node.transition().duration(isCalm() ? 0 : MOVE);

  /** @param {Zoom | null} wanted */
  const transformOf = (wanted) => (wanted ? constrain(around(wanted.x / SIDE, wanted.y / SIDE, wanted.scale)) : around(0.5, 0.5, 1));

  return {
    /** @returns {View} */
    get() {
      const [ox, oy] = origin();
      const { x, y, k } = transform;
      return { width, height, left: x + k * ox, top: y + k * oy, side: k * fit, scale: k };
    },
    /** @param {number} wide @param {number} high CSS pixels */
    resize(wide, high) {
      isLaying = true;
      node.interrupt(); // it was on its way by the old measures
      isLaying = false;
      [width, height] = [wide, high];
      fit = Math.max(1, Math.min(wide, high));
      behaviour.extent([[0, 0], [wide, high]]);
      node.property("__zoom", (transform = transformOf(rest))); // told to nobody: what is looked at is the same
    },
    /** Looks at what the state says. @param {Zoom | null} wanted */
    set(wanted) {
      if (JSON.stringify(wanted) === JSON.stringify(rest)) return;
      rest = wanted;
      if (width > 0) moved().call(behaviour.transform, transformOf(wanted));
    },
    nearer: () => void moved().call(behaviour.scaleBy, NEARER),
    farther: () => void moved().call(behaviour.scaleBy, 1 / NEARER),
    fit: () => void moved().call(behaviour.transform, transformOf(null)),
    /** @param {number} x @param {number} y CSS pixels of the stage */
    nearerAt: (x, y) => void moved().call(behaviour.scaleBy, NEARER, [x, y]),
    /** Moves the map so that a place of it is seen. @param {number} x @param {number} y in the square */
    reveal(x, y) {
      const [px, py] = transform.apply([origin()[0] + x * fit, origin()[1] + y * fit]);
      const out = Math.min(px, py, width - px, height - py) < 0;
      if (out) moved().call(behaviour.translateTo, origin()[0] + x * fit, origin()[1] + y * fit);
    },
    /** A place of the square from an event. @param {any} event @returns {[number, number]} */
    placeOf(event) {
      const [px, py] = transform.invert(pointer(event, stage));
      return [(px - origin()[0]) / fit, (py - origin()[1]) / fit];
    },
    destroy() {
      node.interrupt().on(".zoom", null);
    },
  };
}

/** On the stage, in CSS pixels. @param {View} view @param {number} x @param {number} y in the square @returns {[number, number]} */
export const onStage = ({ left, top, side }, x, y) => [left + x * side, top + y * side];
