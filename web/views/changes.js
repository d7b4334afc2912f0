/** Every change between the two layers as a bar, from "came closest" to "drifted farthest", with a brush that keeps a part of them. */
import { brushX, pointer, scaleLinear, select } from "d3";
import { count, direction, ordinal, signed } from "../words.js";
import { snap } from "./changes_order.js";

/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */
/** @typedef {import("./changes_order.js").Keep} Keep */

/**
 * @typedef {object} ChangesState
 * @property {TracePoint[]} order in the order of their changes
 * @property {Keep | null} keep null: all
 * @property {number | null} pointed sample
 */

/**
 * @typedef {object} ChangesOptions
 * @property {(sample: number | null) => void} onPoint
 * @property {(keep: Keep | null, dragging: boolean) => void} onKeep
 */

const MARGIN = { top: 8, right: 10, bottom: 24, left: 34 };
const GAP = 1; // pixels between bars, where they are wide enough to spare it
const PAGE = 0.1; // share of the bars that a page key goes over
const coarse = matchMedia("(pointer: coarse)");

/** @param {HTMLElement} root @param {ChangesOptions} options */
export function createChanges(root, { onPoint, onKeep }) {
    /** @type {ChangesState} */
  let state = { order: [], keep: null, pointed: null };
  let width = 0;
  let height = 0;
  const x = scaleLinear();
  const y = scaleLinear();

  const block = select(root).append("section").attr("class", "changes").attr("aria-label", "Every change, sorted");
  const head = block.append("div").attr("class", "figure-head");
  head.append("h2").text("Every change, sorted");
  const kept = head.append("p").attr("class", "changes-kept").attr("role", "status");
  const all = head.append("button").attr("type", "button").attr("class", "changes-all").text("Show all");
  all.on("click", () => choose(null, false));
  block.append("p").attr("class", "figure-note").text("A bar for each trace, as tall as its change of radius: below the line it came closer, above it drifted off. Drag over some to draw only these.");
  const svg = block.append("svg").attr("class", "changes-plot");
  const node = /** @type {SVGSVGElement} */ (svg.node());
  const clip = svg.append("clipPath").attr("id", "changes-kept").append("rect").attr("y", 0);
  const grid = svg.append("g").attr("class", "changes-grid").attr("aria-hidden", "true");
  const dim = svg.append("g").attr("class", "changes-bars is-dim").attr("aria-hidden", "true");
  const bars = svg.append("g").attr("class", "changes-bars").attr("aria-hidden", "true").attr("clip-path", "url(#changes-kept)");
  const zero = svg.append("line").attr("class", "changes-zero").attr("aria-hidden", "true");
  const mark = svg.append("g").attr("class", "changes-pointed").attr("aria-hidden", "true");
  mark.append("line");
  mark.append("rect");
  const words = svg.append("g").attr("class", "changes-words").attr("aria-hidden", "true");
  const layer = svg.append("g").attr("class", "changes-brush");
  const brush = brushX().on("start brush end", brushed);
  let dragging = false;

  /** The bars as one path. @param {TracePoint[]} order @param {"closer" | "farther"} way */
  function path(order, way) {
    const step = x(1) - x(0);
    const gap = step >= 3 * GAP ? GAP : 0;
    let d = "";
    order.forEach((point, i) => {
      if (direction(point) !== way) return;
      const left = x(i) + gap / 2;
      d += `M${left.toFixed(2)},${y(0)}V${y(point.change).toFixed(1)}h${(step - gap).toFixed(2)}V${y(0)}Z`;
    });
    return d;
  }

  function lay() {
    ({ width, height } = node.getBoundingClientRect());
    if (width < 1) return;
    svg.attr("viewBox", `0 0 ${width} ${height}`);
    x.range([MARGIN.left, width - MARGIN.right]);
    y.range([height - MARGIN.bottom, MARGIN.top]);
    clip.attr("height", height);
    brush.extent([[MARGIN.left, MARGIN.top], [width - MARGIN.right, height - MARGIN.bottom]]).handleSize(coarse.matches ? 28 : 12);
    layer.call(brush);
    name(layer.selectAll(".handle"));
    draw();
  }

  /** @param {import("d3").Selection<any, any, SVGGElement, unknown>} handles */
  function name(handles) {
    handles
      .attr("role", "slider")
      .attr("tabindex", 0)
      .attr("aria-orientation", "horizontal")
      .attr("aria-label", ({ type }) => (type === "w" ? "First trace drawn, counted from the one that came closest" : "Last trace drawn, counted from the one that came closest"));
    layer
      .selectAll("path")
      .data([0, 1])
      .join("path")
      .attr("class", "changes-grip")
      .attr("d", () => {
        const middle = (MARGIN.top + height - MARGIN.bottom) / 2;
        return `M0,${MARGIN.top}V${height - MARGIN.bottom}M-3,${middle - 9}v18M3,${middle - 9}v18`;
      });
  }

  function draw() {
    const { order } = state;
    if (width < 1 || order.length === 0) return;
    const changes = [order[0].change, order[order.length - 1].change];
    x.domain([0, order.length]);
    y.domain([Math.min(changes[0], -0.05), Math.max(changes[1], 0.05)]).nice(10);
    for (const group of [dim, bars]) {
      group
        .selectAll("path")
        .data(/** @type {("closer" | "farther")[]} */ (["closer", "farther"]))
        .join("path")
        .attr("class", (way) => `is-${way}`)
        .attr("d", (way) => path(order, way));
    }
    zero.attr("x1", x(0)).attr("x2", x(order.length)).attr("y1", y(0)).attr("y2", y(0));
    ticks();
    label();
    drawKeep();
    drawPointed();
  }

  function ticks() {
    const tick = grid.selectAll("g").data(y.ticks(5), Number).join((enter) => {
      const group = enter.append("g");
      group.append("line");
      group.append("text").attr("dy", "0.32em").attr("text-anchor", "end");
      return group;
    });
    tick.attr("transform", (value) => `translate(0,${y(value)})`);
    tick.select("line").attr("x1", MARGIN.left).attr("x2", width - MARGIN.right);
    tick.select("text").attr("x", MARGIN.left - 6).text(signed);
  }

  function label() {
    words
      .selectAll("text")
      .data([["is-closer", "came closest", "start", MARGIN.left], ["is-farther", "drifted farthest", "end", width - MARGIN.right]])
      .join("text")
      .attr("class", ([kind]) => kind)
      .attr("text-anchor", ([, , anchor]) => anchor)
      .attr("x", ([, , , at]) => at)
      .attr("y", height - 6)
      .text(([, text]) => text);
  }

  function drawKeep() {
    const n = state.order.length;
    const [low, high] = state.keep ?? [0, n];
    svg.classed("is-all", state.keep === null);
    clip.attr("x", x(low)).attr("width", Math.max(0, x(high) - x(low)));
    layer.selectAll(".changes-grip").attr("transform", (_, i) => `translate(${x(i === 0 ? low : high)},0)`);
    if (!dragging) layer.call(brush.move, [x(low), x(high)]);
    const sides = /** @type {const} */ ([["w", low, 1, high], ["e", high - 1, low + 1, n]]);
    for (const [side, at, min, max] of sides) {
      layer.select(`.handle--${side}`).attr("aria-valuemin", min).attr("aria-valuemax", max).attr("aria-valuenow", at + 1).attr("aria-valuetext", `${ordinal(at)} of ${count(n)}, change ${signed(state.order[at].change)}`);
    }
    kept.text(state.keep ? `${count(high - low)} of ${count(n)} drawn` : "");
    all.attr("hidden", state.keep ? null : "");
  }

  function drawPointed() {
    const at = state.pointed === null ? -1 : state.order.findIndex(({ sample }) => sample === state.pointed);
    mark.attr("hidden", at < 0 ? "" : null);
    if (at < 0) return;
    const point = state.order[at];
    const wide = Math.max(3, x(1) - x(0));
    const middle = (x(at) + x(at + 1)) / 2;
    mark.attr("class", `changes-pointed is-${direction(point)}`);
    mark.select("line").attr("x1", middle).attr("x2", middle).attr("y1", MARGIN.top).attr("y2", height - MARGIN.bottom);
    mark
      .select("rect")
      .attr("x", middle - wide / 2)
      .attr("width", wide)
      .attr("y", Math.min(y(0), y(point.change)) - 1)
      .attr("height", Math.abs(y(point.change) - y(0)) + 2);
  }

  /** Drawn at once: the next key or move builds on it, before the answer comes round. @param {Keep | null} keep @param {boolean} isOn */
  function choose(keep, isOn) {
    state = { ...state, keep };
    drawKeep();
    onKeep(keep, isOn);
  }

  /** @param {import("d3").D3BrushEvent<unknown>} event */
  function brushed({ type, selection, sourceEvent }) {
    if (!sourceEvent) return; // moved by draw, not by a hand
    dragging = type !== "end";
    if (selection && type !== "start") {
      const [a, b] = /** @type {[number, number]} */ (selection).map((at) => x.invert(at));
      choose(snap(a, b, state.order.length), dragging);
    } else if (!dragging) {
      drawKeep(); // a press alone chooses nothing: what was kept stays
    }
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const side = /** @type {Element} */ (event.target).classList.contains("handle--w") ? 0 : 1;
    const n = state.order.length;
    const page = Math.max(1, Math.round(PAGE * n));
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: page, PageDown: -page, Home: -n, End: n };
    const step = steps[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || (step === undefined && event.key !== "Escape")) return;
    event.preventDefault();
    if (step === undefined) return choose(null, false);
    const next = [...(state.keep ?? [0, n])];
    next[side] = side === 0 ? Math.max(0, Math.min(next[1] - 1, next[0] + step)) : Math.min(n, Math.max(next[0] + 1, next[1] + step));
    choose(snap(next[0], next[1], n), true);
  }
  const brushNode = /** @type {SVGGElement} */ (layer.node());
  brushNode.addEventListener("keydown", key);
  brushNode.addEventListener("keyup", () => onKeep(state.keep, false)); // ends the run of keys: one entry in the history

  /** @param {PointerEvent} event */
  function look(event) {
    if (dragging || state.order.length === 0) return;
    const [at] = pointer(event, node);
    const i = Math.floor(x.invert(at));
    onPoint(state.order[i]?.sample ?? null);
  }
  node.addEventListener("pointermove", look);
  node.addEventListener("pointerdown", look);
  node.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onPoint(null));

  const observer = new ResizeObserver(lay);
  observer.observe(node);

  return {
    /** @param {ChangesState} next */
    update(next) {
      const before = state;
      state = next;
      if (next.order !== before.order) draw();
      else if (width >= 1 && next.order.length > 0) {
        if (String(next.keep) !== String(before.keep)) drawKeep();
        if (next.pointed !== before.pointed) drawPointed();
      }
    },
    destroy() {
      observer.disconnect();
      block.remove();
    },
  };
}
