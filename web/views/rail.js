/** The network as a rail of layers with two stops to choose, "from" and "to"; a bar shows what the sample kept at each layer. */
import { select } from "d3";
import { layerName, nounOf, shapeOf } from "../words.js";
import { glyphOf } from "./glyphs.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Manifest} Manifest */
/** @typedef {"from" | "to"} End */

/**
 * @typedef {object} RailState
 * @property {number} from
 * @property {number} to
 * @property {(layer: number) => number | null} kept overlap with the reference layer, null while not known
 */

/**
 * @param {HTMLElement} root
 * @param {{ manifest: Manifest, onChoose: (end: End, layer: number, dragging: boolean) => void }} options
 */
export function createRail(root, { manifest, onChoose }) {
  const { layers, stability } = manifest;
  /** @type {RailState} */
  let state = { from: 0, to: 0, kept: () => null };
  const block = select(root).append("section").attr("class", "rail").attr("aria-label", "Layers of the network");
  const head = block.append("div").attr("class", "rail-head").attr("aria-hidden", "true");
  for (const title of ["from", "to", "layer", "kept"]) head.append("span").attr("class", `rail-head-${title}`).text(title);
  const list = block.append("ol").attr("class", "rail-list");
  const span = list.append("svg").attr("class", "rail-span").attr("aria-hidden", "true").append("path");
  const chosen = block.append("p").attr("class", "rail-chosen");
  block
    .append("p")
    .attr("class", "rail-note")
    .text(`“Kept”: how many of the ${nounOf(manifest).one}’s ${stability.k} nearest at ${layerName(layers, stability.reference)} are still among its ${stability.k} nearest at this layer.`);

  const rows = list
    .selectAll("li")
    .data(layers)
    .join("li")
    .attr("class", "rail-layer");
  rows.each(function (layer, l) {
    const row = select(this);
    for (const end of /** @type {End[]} */ (["from", "to"])) {
      row
        .append("button")
        .attr("type", "button")
        .attr("class", `rail-stop rail-${end}`)
        .attr(`data-layer-${end}`, l)
        .attr("aria-label", `${end === "from" ? "From" : "To"} ${layerName(layers, l)}, ${shapeOf(layer)}`)
        .on("keydown", (event) => key(event, end, l))
        .on("click", () => onChoose(end, l, false));
    }
    const name = row.append("span").attr("class", "rail-name").attr("title", `${layerName(layers, l)}, ${shapeOf(layer)}`).on("click", () => onChoose("to", l, false)); // the stops are the way for keys
    name.append("svg").attr("class", "rail-glyph").attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").append("path").attr("d", glyphOf(layer.kind));
    name.append("span").attr("class", "rail-title").text(layer.name);
    name.append("span").attr("class", "rail-shape").text(shapeOf(layer));
    const bar = row.append("span").attr("class", "rail-bar");
    bar.append("i");
    row.append("span").attr("class", "rail-kept");
  });
  const listNode = /** @type {HTMLOListElement} */ (list.node());

  /** @param {KeyboardEvent} event @param {End} end @param {number} layer */
  function key(event, end, layer) {
    const last = layers.length - 1;
    /** @type {Record<string, number>} */
    const next = { ArrowDown: layer + 1, ArrowRight: layer + 1, ArrowUp: layer - 1, ArrowLeft: layer - 1, Home: 0, End: last };
    if (!(event.key in next) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const goal = Math.max(0, Math.min(last, next[event.key]));
    onChoose(end, goal, false);
    /** @type {HTMLButtonElement | null} */ (listNode.querySelector(`[data-layer-${end}="${goal}"]`))?.focus();
  }

  /** @type {End | null} */
  let dragged = null;
  listNode.addEventListener("pointerdown", (event) => {
    const stop = /** @type {Element} */ (event.target).closest(".rail-stop");
    if (!stop) return;
    dragged = stop.classList.contains("rail-from") ? "from" : "to";
  });
  /** @param {PointerEvent} event */
  function drag(event) {
    if (!dragged || event.buttons === 0) return;
    const boxes = rows.nodes().map((row) => /** @type {Element} */ (row).getBoundingClientRect());
    const isAcross = boxes.length > 1 && boxes[1].left > boxes[0].left + 2;
    const away = boxes.map((box) => (isAcross ? Math.abs((box.left + box.right) / 2 - event.clientX) : Math.abs((box.top + box.bottom) / 2 - event.clientY)));
    const layer = away.indexOf(Math.min(...away));
    if (layer !== state[dragged]) onChoose(dragged, layer, true);
  }
  function release() {
    if (dragged) onChoose(dragged, state[dragged], false);
    dragged = null;
  }
  addEventListener("pointermove", drag);
  addEventListener("pointerup", release);
  addEventListener("pointercancel", release);

  /** The comet between the two chosen stops: thin at "from", thick at "to". */
  function join() {
    const box = listNode.getBoundingClientRect();
    const [a, b] = /** @type {End[]} */ (["from", "to"]).map((end) => {
      const stop = /** @type {Element} */ (listNode.querySelector(`[data-layer-${end}="${state[end]}"]`)).getBoundingClientRect();
      return [(stop.left + stop.right) / 2 - box.left, (stop.top + stop.bottom) / 2 - box.top];
    });
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const [nx, ny] = [(-(b[1] - a[1]) / length) * 4, ((b[0] - a[0]) / length) * 4];
    span.attr("d", `M${a[0]},${a[1]}L${b[0] + nx},${b[1] + ny}L${b[0] - nx},${b[1] - ny}Z`);
  }
  const observer = new ResizeObserver(join);
  observer.observe(listNode);

  return {
    /** @param {RailState} next */
    update(next) {
      state = next;
      const between = [Math.min(state.from, state.to), Math.max(state.from, state.to)];
      rows
        .classed("is-from", (_, l) => l === state.from)
        .classed("is-to", (_, l) => l === state.to)
        .classed("is-between", (_, l) => l >= between[0] && l <= between[1]);
      for (const end of /** @type {End[]} */ (["from", "to"])) {
        rows
          .select(`.rail-${end}`)
          .attr("aria-pressed", (_, l) => String(l === state[end]))
          .attr("tabindex", (_, l) => (l === state[end] ? 0 : -1));
      }
      rows.select(".rail-kept").text((_, l) => state.kept(l) ?? "");
      rows.select(".rail-bar").style("--kept", (_, l) => String((state.kept(l) ?? 0) / stability.k));
      chosen.text(`${layerName(layers, state.from)} → ${layerName(layers, state.to)}`);
      join();
    },
    destroy() {
      observer.disconnect();
      removeEventListener("pointermove", drag);
      removeEventListener("pointerup", release);
      removeEventListener("pointercancel", release);
      block.remove();
    },
  };
}
