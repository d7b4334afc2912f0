/** The sheet's place on the map of a layer, among all samples. */
import { select } from "d3";
import { colourSamples } from "../explore/colours.js";
import { createStage } from "../explore/map_stage.js";
import { placeInSquare, toSquare } from "../explore/plane.js";
import { count, layerName } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Placed} Placed */

const TIED = 5; // neighbours with a line to the place

/**
 * @param {HTMLElement} root
 * @param {Pick<import("../views/trace.js").TraceOptions, "bundle" | "sketches" | "sprites" | "theme"> & { onLayer: (layer: number) => void }} options
 */
export function createSeatMap(root, { bundle, sketches, sprites, theme, onLayer }) {
  const { layers } = bundle.manifest;
  const block = select(root).append("section").attr("class", "seat").attr("aria-label", "Its place on the map");
  const head = block.append("div").attr("class", "seat-head");
  head.append("h2").text("Its place on the map");
  const choice = head.append("label").text("at ").append("select");
  choice.selectAll("option").data(layers).join("option").attr("value", (_, layer) => layer).text((_, layer) => layerName(layers, layer));
  choice.on("change", (/** @type {any} */ event) => onLayer(Number(event.target.value)));
  const ground = /** @type {HTMLDivElement} */ (block.append("div").attr("class", "map-ground is-whole seat-ground").node());
  const note = block.append("p").attr("class", "figure-note").attr("role", "status");
  const stage = createStage(ground, { bundle, sketches, sprites, theme, onZoom() {}, isPan: () => true, onView: drawSeat, onRest: drawSeat });
  const overlay = select(ground).append("svg").attr("class", "seat-overlay").attr("aria-hidden", "true");
  const ties = overlay.append("g");
  const here = overlay.append("circle").attr("r", 7);

  /** @type {{ placed: Placed | null, layer: number }} */
  let state = { placed: null, layer: -1 };
  /** @type {Float32Array | null} */
  let points = null;
  /** Where the sheet is, in the square. @type {[number, number] | null} */
  let seat = null;
  let asked = 0;
  let isGone = false;

  function colour() {
    const colouring = colourSamples(/** @type {any} */ ({ bundle, state: { colour: "class" } }), theme.tokens());
    const mask = new Uint8Array(bundle.labels.length).fill(2);
    stage.update({ selection: /** @type {any} */ ({ mask }), colouring, labels: bundle.labels });
  }

  function drawSeat() {
    const { left, top, side } = stage.view.get();
    const at = (/** @type {readonly [number, number]} */ [x, y]) => [left + x * side, top + y * side];
    overlay.attr("hidden", seat && stage.isReady() ? null : "");
    if (!seat) return;
    const [x, y] = at(seat);
    const { placed, layer } = state;
    const near = placed?.index ? Array.from(placed.index.subarray(layer * placed.k, layer * placed.k + TIED)) : [];
    here.attr("cx", x).attr("cy", y);
    ties
      .selectAll("line")
      .data(near)
      .join("line")
      .attr("x1", x)
      .attr("y1", y)
      .attr("x2", (sample) => at(stage.placeOf(sample))[0])
      .attr("y2", (sample) => at(stage.placeOf(sample))[1]);
  }

  /** @param {number} layer */
  async function fetchMap(layer) {
    points = null;
    seat = null;
    try {
      const { points: found } = await bundle.project({ layer });
      if (isGone || state.layer !== layer) return;
      points = found;
      stage.show(toSquare(points), true);
      void place();
    } catch (error) {
      if (!isGone) note.text(/** @type {Error} */ (error).message);
    }
  }

  async function place() {
    const { placed, layer } = state;
    const mine = ++asked;
    const of = points;
    if (!of || !placed?.index || !placed.distance) {
      seat = null;
      note.text(placed ? "It has no place yet: its neighbours are being looked for." : "");
      return drawSeat();
    }
    const [from, to] = [layer * placed.k, (layer + 1) * placed.k];
    try {
      const { x, y, neighbors } = await bundle.seat({ layer, index: placed.index.subarray(from, to), distance: placed.distance.subarray(from, to) });
      if (isGone || mine !== asked) return;
      seat = placeInSquare(of, x, y);
      block.attr("data-seat", seat.map((value) => value.toFixed(4)).join(" "));
      note.text(`The ring stands at the weighted mean of its ${count(neighbors)} nearest samples’ places; lines lead to the nearest ${count(TIED)}. Where they lie far apart, it is near none of them.`);
      drawSeat();
    } catch (error) {
      if (!isGone && mine === asked) note.text(/** @type {Error} */ (error).message);
    }
  }

  colour();
  const end = theme.subscribe(colour);
  return {
    /** @param {{ placed: Placed | null, layer: number }} next */
    update(next) {
      const before = state;
      state = next;
      choice.property("value", String(next.layer));
      if (before.layer !== next.layer) void fetchMap(next.layer);
      else if (before.placed !== next.placed) void place();
    },
    destroy() {
      isGone = true;
      end();
      stage.destroy();
      block.remove();
    },
  };
}
