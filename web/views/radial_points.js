/** What can be focused and pointed at: one DOM node a point while there are few, one that roves where there are many. */
import { quadtree, select } from "d3";
import { layerName, ordinal, verdict } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */
/** @typedef {import("./radial_geometry.js").Geometry} Geometry */
/** @typedef {{ point: TracePoint, x: number, y: number }} Place */

const NODES = 300;
const REACH = 28; // pixels

/**
 * @param {SVGGElement} root
 * @param {{ manifest: import("../../wasm/ntrace.d.ts").Manifest, onFocus: (sample: number | null) => void, onTravel: (sample: number) => void }} options
 */
export function createPoints(root, { manifest, onFocus, onTravel }) {
  /** @type {TracePoint[]} by angle */
  let points = [];
  /** @type {Place[]} */
  let places = [];
  const tree = () => quadtree(places, ({ x }) => x, ({ y }) => y);
  let near = tree();
  let roving = 0;
  let size = 12;
  let layers = [0, 0];

  const list = select(root).attr("role", "group").attr("aria-label", "Neighbours: arrow keys go round, Enter travels");

  /** @param {TracePoint} point */
  function describe(point) {
    const [from, to] = layers.map((layer) => layerName(manifest.layers, layer));
    const where = `${ordinal(point.rankFrom)} nearest at ${from}, ${ordinal(point.rankTo)} at ${to}`;
    return `${manifest.classes[point.label]}, number ${point.sample}. ${verdict(point)}. ${where}.`;
  }

  function render() {
    const few = points.length <= NODES;
    const shown = few ? places : places.slice(roving, roving + 1);
    list
      .selectAll("circle")
      .data(shown, (place) => (few ? /** @type {Place} */ (place).point.sample : "roving"))
      .join("circle")
      .attr("class", "point")
      .attr("role", "button")
      .attr("data-sample", ({ point }) => point.sample)
      .attr("tabindex", ({ point }) => (point === points[roving] ? 0 : -1))
      .attr("aria-label", ({ point }) => describe(point))
      .attr("cx", ({ x }) => x)
      .attr("cy", ({ y }) => y)
      .attr("r", size);
  }

  /** @param {number} next */
  function rove(next) {
    roving = (next + points.length) % points.length;
    render();
    focusRoving();
    onFocus(points[roving].sample);
  }
  function focusRoving() {
    const node = root.querySelector('[tabindex="0"]');
    if (node instanceof SVGElement) node.focus();
  }

  /** @type {Record<string, () => number>} */
  const keys = {
    ArrowRight: () => roving + 1,
    ArrowLeft: () => roving - 1,
    ArrowDown: () => byRank(-1),
    ArrowUp: () => byRank(1),
    Home: () => 0,
    End: () => points.length - 1,
  };

  /** The next nearer or farther point at "to". @param {number} step */
  function byRank(step) {
    const order = points.map((_, i) => i).sort((a, b) => points[a].rankTo - points[b].rankTo);
    const at = order.indexOf(roving) + step;
    return order[Math.max(0, Math.min(order.length - 1, at))];
  }

  root.addEventListener("keydown", (event) => {
    if (points.length === 0) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onTravel(points[roving].sample);
    } else if (event.key in keys && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      rove(keys[event.key]());
    }
  });
  // A press focuses too, but it is the pointer that says what is pointed at then: losing that focus must not clear it.
  let pressed = -Infinity;
  let isPress = false;
  root.addEventListener("pointerdown", (event) => (pressed = event.timeStamp));
  root.addEventListener("focusin", (event) => {
    isPress = event.timeStamp - pressed < 1000;
    const sample = Number(/** @type {SVGElement} */ (event.target).dataset.sample);
    const at = points.findIndex((point) => point.sample === sample);
    if (at < 0) return;
    if (at !== roving) {
      roving = at;
      render();
    }
    if (!isPress) onFocus(sample);
  });
  root.addEventListener("focusout", () => !isPress && onFocus(null));

  return {
    /**
     * @param {{ points: TracePoint[], from: number, to: number }} trace @param {Geometry} geometry @param {number} radius of a node
     */
    update(trace, geometry, radius) {
      const before = points[roving]?.sample;
      points = [...trace.points].sort((a, b) => a.angle - b.angle);
      places = points.map((point) => {
        const [x, y] = geometry.place(point.angle, geometry.along(point.radiusTo));
        return { point, x, y };
      });
      near = tree();
      layers = [trace.from, trace.to];
      size = radius;
      roving = Math.max(0, points.findIndex(({ sample }) => sample === before));
      const byKeyboard = root.querySelector(":focus-visible") !== null;
      render();
      if (byKeyboard && !root.querySelector(":focus")) focusRoving();
    },
    /** The sample nearest to a place of the figure, if one is within reach. @param {number} x @param {number} y */
    nearest(x, y) {
      return near.find(x, y, REACH)?.point.sample ?? null;
    },
  };
}
