/** The radial figure: one sample in the middle, its neighbours of two layers around it, each trace from where it was to where it is. */
import { select } from "d3";
import { createGeometry } from "./radial_geometry.js";
import { createLabels, placeLabels } from "./radial_labels.js";
import { choosePictures, densityOf, drawMarks, drawPointed } from "./radial_marks.js";
import { createMotion } from "./radial_motion.js";
import { createPoints } from "./radial_points.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */

/**
 * @typedef {object} RadialState
 * @property {Trace | null} trace what is known, possibly of an earlier wish
 * @property {number} sample the centre that is wished for
 * @property {number | null} pointed sample
 * @property {ReadonlySet<number> | null} kept samples whose traces are drawn; null: all
 */

/**
 * @typedef {object} RadialOptions
 * @property {import("../../wasm/ntrace.d.ts").Manifest} manifest
 * @property {Uint16Array} labels
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(sample: number | null) => void} onPoint
 * @property {(sample: number) => void} onTravel
 */

const MOVE = 650; // milliseconds
const STILL_ABOVE = 700; // points: beyond, a change is shown at once, so that no frame is late
const SPRITES = 6; // milliseconds of a frame for making thumbnails
const HOLD = 400; // milliseconds of touch after which it looks instead of travelling

/** @param {HTMLElement} root @param {RadialOptions} options */
export function createRadial(root, { manifest, labels: classOf, sketches, sprites, theme, onPoint, onTravel }) {
  const figure = select(root).append("div").attr("class", "radial");
  const node = /** @type {HTMLDivElement} */ (figure.node());
  const back = figure.append("svg").attr("class", "radial-back").attr("aria-hidden", "true");
  const base = figure.append("canvas").attr("class", "radial-base").attr("aria-hidden", "true");
  const top = figure.append("canvas").attr("class", "radial-top").attr("aria-hidden", "true");
  const front = figure.append("svg").attr("class", "radial-front");
  const rings = back.append("g").attr("class", "rings");
  const names = createLabels(/** @type {SVGGElement} */ (back.append("g").node()), "sector");
  const baseContext = contextOf(base);
  const topContext = contextOf(top);
  const points = createPoints(/** @type {SVGGElement} */ (front.append("g").node()), { manifest, onFocus: onPoint, onTravel });
  const motion = createMotion();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const measurer = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

  /** @type {RadialState} */
  let state = { trace: null, sample: -1, pointed: null, kept: null };
  let geometry = createGeometry(1, 1, { side: 0, top: 0 });
  let density = densityOf(1, geometry);
  /** The centre's sketch on its way from where it was pointed at. */
  const centre = { sample: -1, before: -1, x: 0, y: 0, size: 0, began: 0, lasts: 0 };
  /** Samples whose thumbnails have room. @type {Set<number>} */
  let pictures = new Set();
  let stale = true;
  let isTopStale = true;
  let frame = 0;

  /** @param {number} count */
  const duration = (count) => (calm.matches || count > STILL_ABOVE ? 0 : MOVE);
  const centreSize = () => geometry.inner * 1.22;

  /** @param {boolean} [marks] false: only what lies on top of the marks has changed */
  function redraw(marks = true) {
    stale ||= marks;
    isTopStale = true;
    next();
  }
  function next() {
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  /** @param {number} now */
  function draw(now) {
    frame = 0;
    const moving = motion.step(now);
    const travelling = now < centre.began + centre.lasts;
    const style = { geometry, density, tokens: theme.tokens(), sprites };
    let complete = true;
    if (stale) {
      complete = sprites.prepare(pictures, SPRITES);
      clear(baseContext);
      drawMarks(baseContext, motion.marks.values(), style);
    }
    stale = moving || !complete;
    if (isTopStale || (state.pointed !== null && !moving)) {
      clear(topContext);
      drawCentre(now);
      const mark = state.pointed === null || moving ? undefined : motion.marks.get(state.pointed);
      node.classList.toggle("is-pointing", mark !== undefined);
      if (mark) drawPointed(topContext, mark, style);
    }
    isTopStale = travelling; // else it stays as it is while marks move below it
    if (stale || travelling) next();
  }

  /** @param {number} now */
  function drawCentre(now) {
    const t = centre.lasts === 0 ? 1 : Math.min(1, (now - centre.began) / centre.lasts);
    const e = 1 - Math.pow(1 - t, 3);
    if (t < 1 && centre.before >= 0) {
      topContext.globalAlpha = 1 - e;
      drawSketch(centre.before, geometry.cx, geometry.cy, centreSize());
      topContext.globalAlpha = 1;
    }
    const x = centre.x + (geometry.cx - centre.x) * e;
    const y = centre.y + (geometry.cy - centre.y) * e;
    drawSketch(centre.sample, t < 1 ? x : geometry.cx, t < 1 ? y : geometry.cy, t < 1 ? centre.size + (centreSize() - centre.size) * e : centreSize());
  }

  /** @param {number} sample @param {number} x @param {number} y @param {number} size */
  function drawSketch(sample, x, y, size) {
    const picture = sprites.large(sample, 6);
    if (picture) topContext.drawImage(picture, x - size / 2, y - (size * picture.height) / picture.width / 2, size, (size * picture.height) / picture.width);
  }

  /** @param {CanvasRenderingContext2D} context */
  const clear = (context) => context.clearRect(0, 0, geometry.width, geometry.height);

  function lay() {
    const { width, height } = node.getBoundingClientRect();
    if (width < 1 || height < 1) return;
    const wide = width >= 560;
    geometry = createGeometry(width, height, wide ? { side: 106, top: 44 } : { side: 27, top: 27 });
    for (const context of [baseContext, topContext]) {
      const scale = Math.min(devicePixelRatio || 1, 2);
      context.canvas.width = Math.round(width * scale);
      context.canvas.height = Math.round(height * scale);
      context.setTransform(scale, 0, 0, scale, 0, 0);
    }
    for (const svg of [back, front]) svg.attr("viewBox", `0 0 ${width} ${height}`);
    rings
      .selectAll("circle")
      .data([
        { name: "ring-band", radius: geometry.beyond },
        { name: "ring-annulus", radius: geometry.outer },
        { name: "ring-centre", radius: geometry.inner },
      ])
      .join("circle")
      .attr("class", ({ name }) => name)
      .attr("cx", geometry.cx)
      .attr("cy", geometry.cy)
      .attr("r", ({ radius }) => radius);
    if (state.trace) show(state.trace, 0);
    redraw();
  }

  /** @param {Trace} trace @param {number} lasts */
  function show(trace, lasts) {
    const { kept } = state;
    const drawn = kept ? trace.points.filter(({ sample }) => kept.has(sample)) : trace.points;
    density = densityOf(trace.points.length, geometry);
    pictures = choosePictures(drawn, geometry, density);
    motion.show(drawn, pictures, performance.now(), lasts);
    points.update({ ...trace, points: drawn }, geometry, Math.max(8, density.picture / 2));
    sketches.want("figure", [trace.sample, ...pictures]);
    label(trace);
  }

  /** @param {Trace} trace */
  function label(trace) {
    measurer.font = `12px ${theme.tokens().sans}`;
    const placed = placeLabels(trace.sectors, geometry, manifest.classes, (text) => measurer.measureText(text).width, geometry.width >= 560, classOf[trace.sample]);
    names.update(placed, geometry, classOf[trace.sample]);
    names.point(state.pointed === null ? null : classOf[state.pointed]);
  }

  /** The wished-for centre sets out at once, from its place among the neighbours where it has one. */
  function setOut() {
    const now = performance.now();
    const mark = motion.marks.get(state.sample);
    const lasts = mark ? duration(0) : 0;
    const [x, y] = mark ? geometry.place(mark.pose.angle, geometry.along(mark.pose.to)) : [geometry.cx, geometry.cy];
    Object.assign(centre, { before: centre.sample, sample: state.sample, x, y, size: density.picture, began: now, lasts });
    sketches.want("centre", [state.sample]);
    if (state.trace?.sample !== state.sample) motion.recede(now, duration(motion.marks.size));
  }

  /** @param {{ clientX: number, clientY: number }} event */
  function under({ clientX, clientY }) {
    const box = node.getBoundingClientRect();
    return points.nearest(clientX - box.left, clientY - box.top);
  }
  let pressed = { time: 0, x: 0, y: 0, touch: false };
  node.addEventListener("pointermove", (event) => onPoint(under(event)));
  node.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onPoint(null));
  node.addEventListener("pointerdown", (event) => {
    pressed = { time: event.timeStamp, x: event.clientX, y: event.clientY, touch: event.pointerType !== "mouse" };
    onPoint(under(event));
  });
  node.addEventListener("click", (event) => {
    const looked = pressed.touch && (event.timeStamp - pressed.time > HOLD || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 10);
    const target = /** @type {Element} */ (event.target).closest("[data-sample]");
    const sample = event.detail === 0 && target ? Number(target.getAttribute("data-sample")) : under(event);
    if (sample !== null && !looked) onTravel(sample);
  });
  node.addEventListener("contextmenu", (event) => pressed.touch && event.preventDefault());

  const observer = new ResizeObserver(lay);
  observer.observe(node);
  const ends = [sketches.subscribe(redraw), theme.subscribe(redraw)];

  return {
    /** @param {RadialState} next */
    update(next) {
      const before = state;
      state = next;
      if (next.sample !== before.sample) setOut();
      if (next.trace && next.trace !== before.trace) show(next.trace, before.trace ? duration(Math.max(next.trace.points.length, motion.marks.size)) : duration(next.trace.points.length));
      else if (next.trace && next.kept !== before.kept) show(next.trace, 0);
      if (next.pointed !== before.pointed) names.point(next.pointed === null ? null : classOf[next.pointed]);
      redraw(next.trace !== before.trace || next.sample !== before.sample || next.kept !== before.kept);
    },
    destroy() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      for (const end of ends) end();
      node.remove();
    },
  };
}

/** @param {import("d3").Selection<HTMLCanvasElement, unknown, null, undefined>} canvas */
function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (/** @type {HTMLCanvasElement} */ (canvas.node()).getContext("2d"));
}
