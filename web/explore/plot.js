/** The global stability plot: every sample as a line over all layers, its height how many of its neighbours at the reference layer are kept. */
import { pointer, select } from "d3";
import { knows } from "../answers.js";
import { chance, layerName } from "../words.js";
import { createAxes } from "./plot_axes.js";
import { bandOf } from "./plot_bands.js";
import { createBrushes } from "./plot_brushes.js";
import { createFrame } from "./plot_frame.js";
import { createHead, traceOf } from "./plot_head.js";
import { createMarks } from "./plot_marks.js";
import { createNearest } from "./plot_nearest.js";
import { createPainter } from "./plot_painter.js";
import { createScene, lineOf, linesOf, ofLines, valuesOf } from "./plot_scene.js";
import { createTip } from "./plot_tip.js";
import { createWalk } from "./plot_walk.js";
import { createWork } from "./plot_work.js";
import { addPin } from "./pins.js";

/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("./plot_scene.js").Lines} Lines */

/** Pixels from a line within which it is pointed at. */
const REACH = 14;
const MOST_DENSITY = 2;

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createPlot(root, options) {
  const { bundle, ledger, sketches, theme, onChange, onPoint } = options;
  const { layers, classes, dataset } = bundle.manifest;
  const block = select(root).append("section").attr("class", "plot").attr("aria-labelledby", "plot-title");
  const head = createHead(/** @type {HTMLElement} */ (block.node()), options, { title: "Stability plot", name: fileName, figure: () => /** @type {Element} */ (block.node()), table, redraw });
  const body = block.append("div").attr("class", "plot-body");
  const plate = body.append("div").attr("class", "plot-plate");
  const canvases = /** @type {Record<string, HTMLCanvasElement>} */ ({});
  for (const layer of ["rest", "lit"]) canvases[layer] = /** @type {HTMLCanvasElement} */ (plate.append("canvas").attr("class", `plot-${layer}`).attr("aria-hidden", "true").node());
  const svg = body.append("svg").attr("class", "plot-svg");
  const group = () => /** @type {SVGGElement} */ (svg.append("g").node());
  const walk = createWalk(group(), { layers, classes, labels: bundle.labels, onPoint, onPick: pick, onOpen: openTrace });
  const marks = createMarks(group());
  const axes = createAxes(group(), { layers, onLayer: (layer) => onChange({ layer }), onBrush: beginBrush });
  const brushes = createBrushes(group(), { layers, onBrush: brush, onLeave: (layer) => axes.focus(layer) });
  const tip = createTip(/** @type {HTMLElement} */ (body.node()), options);
  const work = createWork(/** @type {HTMLElement} */ (body.node()), ledger.retry);
  let paintings = 0;
  const painter = createPainter(canvases, {
    onPainted: () => block.attr("data-painted", ++paintings),
    onFailed: (error) => work.render({ progress: null, error: asError(error) }),
  });
  const scene = createScene(painter);

  const measure = createMeasure(/** @type {SVGSVGElement} */ (svg.node()));

  /** @type {Facts | null} */
  let facts = null;
  /** @type {Lines | null} */
  let lines = null;
  /** @type {ReturnType<typeof createNearest> | null} */
  let nearest = null;
  /** @type {unknown} */
  let table0 = null;
  /** @type {unknown[]} */
  let banded = [];
  let size = { width: 0, height: 0 };
  /** @type {number | null} */
  let pointed = null;
  /** @type {{ x: number, y: number } | null} */
  let place = null;
  /** @type {import("./plot_frame.js").Frame | null} */
  let frame = null;
  const isNew = createMemory();
  let isOpen = false;
  let opening = 0;

  /** The curves there are: of all samples, or of some, or those of an earlier wish. @param {Facts} given */
  function takeLines({ state, stability }) {
    const found = stability.value ?? (stability.error ? null : ledger.glimpse(state));
    if (!found || found === table0 || found.samples.length === 0) return;
    table0 = found;
    lines = linesOf(found, dataset.samples);
    nearest = createNearest(lines);
  }

  function render() {
    if (!facts || size.width === 0) return;
    const { state, stability } = facts;
    takeLines(facts);
    const isStale = lines !== null && (lines.top !== state.near || lines.reference !== state.reference);
    const most = lines && isStale ? lines.top : state.near;
    if (!frame || isNew("frame", size.width, size.height, most)) {
      frame = createFrame(size, layers, most, measure);
      plate.style("left", `${frame.left}px`).style("top", `${frame.top}px`).style("width", `${frame.width}px`).style("height", `${frame.height}px`);
      svg.attr("viewBox", `0 0 ${size.width} ${size.height}`);
    }
    block.classed("is-stale", isStale).attr("data-lines", lines?.samples.length ?? 0).attr("data-stale", String(isStale));
    if (isNew("axes", frame, state.layer, state.reference)) axes.render(frame, { layer: state.layer, reference: state.reference, chance: chance(frame.most, dataset.samples) });
    brushes.render(frame, state.brushes);
    walk.render(frame, lines, facts);
    work.render(stability);
    head.render(facts, lines && !lines.isAll && !isStale ? lines.samples.length : null);
    if (isOpen) renderLines();
    else if (lines && !opening) opening = window.setTimeout(open);
  }
  /** The first lines have a task of their own, after that of the axes. */
  function open() {
    isOpen = true;
    renderLines();
  }

  function renderLines() {
    if (!facts || !lines || !frame) return;
    scene.render(lines, facts, theme.tokens(), { width: frame.width, height: frame.height, density: Math.min(MOST_DENSITY, devicePixelRatio || 1) });
    renderBands();
    renderMarked();
  }

  function renderBands() {
    if (!facts || !lines || !frame) return;
    const { selection } = facts;
    if (banded[0] !== lines || banded[1] !== selection) {
      const mask = ofLines(lines, selection.mask);
      banded = [lines, selection, bandOf(lines, mask, 2), selection.isPart ? bandOf(lines, mask, 1) : null];
    }
    if (isNew("bands", frame, banded[2], banded[3])) marks.renderBands(frame, /** @type {any} */ (banded[2]), /** @type {any} */ (banded[3]));
  }

  function renderMarked() {
    if (!facts || !lines || !frame) return;
    const { state, colouring } = facts;
    const kinds = new Map([...state.pins.map((pin) => [pin, "pinned"]), [state.sample, "current"], ...(pointed === null ? [] : [[pointed, "pointed"]])].map(([sample, kind]) => /** @type {[number, any]} */ ([sample, kind])));
    const marked = [...kinds].flatMap(([sample, kind]) => {
      const line = lineOf(/** @type {Lines} */ (lines), sample);
      return line < 0 ? [] : [{ sample, kind, colour: colouring.colours[colouring.bucket[sample]], values: valuesOf(/** @type {Lines} */ (lines), line) }];
    });
    marked.sort((a, b) => Number(a.kind === "pointed") - Number(b.kind === "pointed") || Number(a.kind === "current") - Number(b.kind === "current"));
    if (isNew("marked", frame, lines, marked.map(({ sample, kind, colour }) => `${sample} ${kind} ${colour}`).join())) marks.renderLines(frame, marked);
    const top = marked[marked.length - 1];
    tip.renderThumb(frame, top?.sample ?? null, top?.values[layers.length - 1] ?? 0);
    const layer = place ? Math.max(0, Math.min(layers.length - 1, Math.round((place.x - frame.left) / frame.gap))) : 0;
    const said = place && top?.kind === "pointed" ? { sample: top.sample, layer, value: top.values[layer], near: lines.top, ...place } : null;
    tip.renderTip(said, frame);
    sketches.want("plot", kinds.keys());
  }

  /** The sample whose line is nearest to a place. @param {number} x @param {number} y @returns {number | null} */
  function sampleAt(x, y) {
    if (!facts || !lines || !nearest || !frame) return null;
    const pixels = frame.height / (frame.most + 1);
    const mask = facts.selection.mask;
    const { samples } = lines;
    for (const least of facts.selection.isPart ? [2, 1] : [1]) {
      const line = nearest.find((x - frame.left) / frame.gap, frame.value(y), { reach: REACH / pixels, ratio: frame.gap / pixels, isDrawn: (i) => mask[samples[i]] >= least });
      if (line >= 0) return samples[line];
    }
    return null;
  }

  /** @param {number} sample */
  function pick(sample) {
    if (facts) onChange({ sample, ...addPin(facts.state, sample) });
  }
  /** @param {number} sample */
  function openTrace(sample) {
    if (facts) onChange({ view: "trace", sample, ...traceOf(facts.state, layers.length - 1) });
  }

  /** @param {number} layer @param {{ low: number, high: number } | null} ends @param {boolean} isNew */
  function brush(layer, ends, isNew) {
    if (!facts) return;
    const others = options.store.get().brushes.filter((other) => other.layer !== layer);
    onChange({ brushes: [...others, ...(ends ? [{ layer, ...ends }] : [])].sort((a, b) => a.layer - b.layer) }, { replace: !isNew });
  }
  /** @param {number} layer @param {"low" | "high"} end */
  function beginBrush(layer, end) {
    if (!facts || !frame) return;
    if (!facts.state.brushes.some((other) => other.layer === layer)) brush(layer, { low: 0, high: frame.most }, true);
    brushes.render(frame, options.store.get().brushes);
    brushes.focus(layer, end);
  }

  svg.on("pointermove", (/** @type {PointerEvent} */ event) => {
    if (event.buttons !== 0) return leave();
    const [x, y] = pointer(event, svg.node());
    place = { x, y };
    const sample = sampleAt(x, y);
    onPoint(sample);
    if (sample !== null) renderMarked();
  });
  svg.on("pointerleave", leave);
  function leave() {
    if (place === null) return;
    place = null;
    onPoint(null);
  }
  /** Whom a click means: who is drawn thick, as a click's place is rounded. @param {MouseEvent} event */
  function clicked(event) {
    const [x, y] = pointer(event, svg.node());
    const isThere = place !== null && Math.hypot(place.x - x, place.y - y) < 2;
    return isThere && pointed !== null ? pointed : sampleAt(x, y);
  }
  svg.on("click", (/** @type {MouseEvent} */ event) => {
    if (brushes.takesClick()) return;
    const sample = clicked(event);
    if (sample !== null) pick(sample);
  });
  svg.on("dblclick", (/** @type {MouseEvent} */ event) => {
    const sample = clicked(event);
    if (sample !== null) openTrace(sample);
  });

  function fileName() {
    const { near, reference } = /** @type {Facts} */ (facts).state;
    return `stability-${near}-nearest-at-${layerName(layers, reference).replace(/\W+/g, "-").replace(/-$/, "")}`;
  }
  function table() {
    const { selection } = /** @type {Facts} */ (facts);
    const shown = /** @type {Lines} */ (lines);
    const isRead = knows(bundle.manifest, "classes");
    function* rows() {
      for (const sample of selection.selected) {
        const line = lineOf(shown, sample);
        if (line >= 0) yield [sample, classes[bundle.labels[sample]], ...(isRead ? [classes[bundle.predictions[sample]]] : []), ...valuesOf(shown, line)];
      }
    }
    return { columns: ["sample", "class", ...(isRead ? ["predicted class"] : []), ...layers.map((_, layer) => `kept at ${layerName(layers, layer)}`)], rows: rows() };
  }
  /** @param {HTMLCanvasElement} canvas */
  async function redraw(canvas) {
    const layer = Object.keys(canvases).find((name) => canvases[name] === canvas);
    return layer ? ((await painter.picture(layer, MOST_DENSITY))?.toDataURL() ?? null) : null;
  }

  let first = 0;
  const observer = new ResizeObserver(([{ contentRect }]) => {
    const isFirst = size.width === 0;
    size = { width: contentRect.width, height: contentRect.height };
    if (isFirst) first = window.setTimeout(render); // not in the frame in which all parts are placed
    else render();
  });
  observer.observe(/** @type {HTMLElement} */ (body.node()));
  const end = sketches.subscribe(render);

  return {
    update(next) {
      facts = next;
      render();
    },
    point(sample) {
      pointed = sample;
      walk.point(sample);
      renderMarked();
    },
    destroy() {
      observer.disconnect();
      clearTimeout(first);
      clearTimeout(opening);
      end();
      painter.destroy();
      head.destroy();
      block.remove();
    },
  };
}

/** Tells whether what a part is drawn from is other than the last time. @returns {(part: string, ...from: unknown[]) => boolean} */
function createMemory() {
  /** @type {Map<string, unknown[]>} */
  const last = new Map();
  return (part, ...from) => {
    const before = last.get(part);
    if (before && from.every((one, i) => one === before[i])) return false;
    last.set(part, from);
    return true;
  };
}

/** Widths of texts in an element's font. @param {Element} element @returns {import("./plot_frame.js").Measure} */
function createMeasure(element) {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  const { fontFamily } = getComputedStyle(element);
  return (text, size) => {
    context.font = `${size}px ${fontFamily}`;
    return context.measureText(text).width;
  };
}

/** @param {Error} error */
const asError = ({ message }) => /** @type {import("../../wasm/ntrace.d.ts").NtraceError} */ ({ name: "Error", code: "crashed", message: `The lines could not be painted: ${message}.`, hint: "Load the page again." });
