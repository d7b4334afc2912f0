/** The pad: a sheet to draw on, by mouse, touch, pen or keys. It shows marks and tells of strokes; it keeps nothing. */
import { rgb, select } from "d3";
import { EDGE, tidied } from "../marks.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Mark} Mark */
/** @typedef {"pen" | "eraser"} Tool */

/**
 * @typedef {object} PadState
 * @property {Mark[]} marks
 * @property {Uint8Array | null} ground pixels under the stroke that is being drawn; null: the marks themselves are drawn
 * @property {Tool} tool
 * @property {boolean} isFull no more strokes fit into a link
 */

const SPAN = EDGE.high - EDGE.low + 1;
const WIDTHS = { pen: 16, eraser: 32 };
const SIDE = 28;
/** How far a key moves the pen, and how far with Shift. */
const STEPS = [10, 2];
/** @type {Record<string, [number, number]>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {HTMLElement} root
 * @param {{
 *   theme: import("../theme.js").Theme,
 *   onStroke: (stroke: Mark, isFinished: boolean, time: number) => void,
 *   onCancel: () => void,
 * }} options onStroke: while it is drawn, and when it is finished
 */
export function createPad(root, { theme, onStroke, onCancel }) {
  const block = select(root).append("div").attr("class", "pad");
  const node = /** @type {HTMLDivElement} */ (
    block
      .append("div")
      .attr("class", "pad-sheet")
      .attr("tabindex", 0)
      .attr("role", "application")
      .attr("aria-label", "Drawing sheet")
      .attr("aria-describedby", "pad-keys")
      .node()
  );
  const canvas = /** @type {HTMLCanvasElement} */ (select(node).append("canvas").attr("aria-hidden", "true").node());
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  block
    .append("p")
    .attr("class", "pad-keys")
    .attr("id", "pad-keys")
    .text("With keys: arrows move the pen, with Shift finely; Space lowers and lifts it; Escape drops the stroke.");
  const spoken = block.append("p").attr("class", "pad-spoken").attr("role", "status");

  /** @type {PadState} */
  let state = { marks: [], ground: null, tool: "pen", isFull: false };
  /** The stroke under way. @type {number[] | null} */
  let stroke = null;
  /** @type {number | null} */
  let pointer = null;
  /** Where the keys have put the pen. @type {[number, number] | null} */
  let cursor = null;
  let frame = 0;
  let size = 0;

  const redraw = () => void (frame ||= requestAnimationFrame(draw));
  const markOf = (/** @type {number[]} */ points) => /** @type {Mark} */ ({ kind: state.tool, points });

  /** @param {ArrayLike<number>} points @param {number} width @param {string} colour */
  function drawStroke(points, width, colour) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    if (points.length === 2) {
      context.arc(points[0], points[1], width / 2, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    context.stroke();
  }

  /** @param {Uint8Array} pixels @param {string} colour */
  function drawGround(pixels, colour) {
    const small = new OffscreenCanvas(SIDE, SIDE);
    const { r, g, b } = rgb(colour);
    const data = new ImageData(SIDE, SIDE);
    pixels.forEach((ink, i) => data.data.set([r, g, b, ink], 4 * i));
    small.getContext("2d")?.putImageData(data, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, EDGE.low, EDGE.low, SPAN, SPAN);
  }

  function draw() {
    frame = 0;
    const { ink, raised, focus } = theme.tokens();
    const scale = canvas.width / SPAN;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, -EDGE.low * scale, -EDGE.low * scale);
    context.lineCap = context.lineJoin = "round";
    if (state.ground) drawGround(state.ground, ink);
    else for (const mark of state.marks) if (mark.kind === "pen") drawStroke(mark.points, WIDTHS.pen, ink);
    if (stroke) drawStroke(stroke, WIDTHS[state.tool], state.tool === "pen" ? ink : raised);
    if (cursor) {
      context.strokeStyle = focus;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(cursor[0], cursor[1], WIDTHS[state.tool] / 2 + 3, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  function placeOf({ clientX, clientY }) {
    const box = node.getBoundingClientRect();
    const along = (/** @type {number} */ at, /** @type {number} */ length) => Math.max(EDGE.low, Math.min(EDGE.high, EDGE.low + (SPAN * at) / length));
    return [along(clientX - box.left, box.width), along(clientY - box.top, box.height)];
  }
  /** @param {[number, number][]} places @param {number} time */
  function extend(places, time) {
    if (!stroke) return;
    for (const [x, y] of places) if (Math.hypot(x - stroke[stroke.length - 2], y - stroke[stroke.length - 1]) >= 1) stroke.push(x, y);
    onStroke(markOf([...stroke]), false, time);
    redraw();
  }
  /** @param {number} time */
  function finish(time) {
    if (!stroke) return;
    const points = tidied(stroke);
    stroke = pointer = null;
    onStroke(markOf(points), true, time);
    redraw();
  }
  function drop() {
    if (!stroke) return false;
    stroke = pointer = null;
    onCancel();
    redraw();
    return true;
  }

  node.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || state.isFull) return;
    event.preventDefault(); // no text is selected; the sheet takes the focus itself
    node.focus({ preventScroll: true });
    if (stroke) finish(event.timeStamp);
    cursor = null;
    pointer = event.pointerId;
    node.setPointerCapture(pointer);
    stroke = [...placeOf(event)];
    onStroke(markOf([...stroke]), false, event.timeStamp);
    redraw();
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    extend((events.length > 0 ? events : [event]).map(placeOf), event.timeStamp);
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    node.addEventListener(name, (event) => event.pointerId === pointer && finish(event.timeStamp));
  }

  node.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = KEYS[event.key];
    if (step) {
      const far = STEPS[event.shiftKey ? 1 : 0];
      const at = cursor ?? [128, 128];
      cursor = /** @type {[number, number]} */ (at.map((value, axis) => Math.max(EDGE.low, Math.min(EDGE.high, value + far * step[axis]))));
      extend([cursor], event.timeStamp);
      redraw();
    } else if (event.key === " ") {
      cursor ??= [128, 128];
      if (stroke) finish(event.timeStamp);
      else if (!state.isFull) {
        stroke = [...cursor];
        onStroke(markOf([...stroke]), false, event.timeStamp);
      }
      spoken.text(stroke ? "The pen is down." : "The pen is up.");
      redraw();
    } else if (event.key !== "Escape" || !drop()) return;
    event.preventDefault();
  });
  node.addEventListener("blur", () => {
    if (pointer === null) finish(performance.now());
    cursor = null;
    redraw();
  });

  function lay() {
    const wide = node.getBoundingClientRect().width;
    if (wide < 1 || wide === size) return;
    size = wide;
    canvas.width = canvas.height = Math.round(wide * Math.min(devicePixelRatio || 1, 2));
    draw();
  }
  const observer = new ResizeObserver(lay);
  observer.observe(node);
  const end = theme.subscribe(redraw);

  return {
    /** @param {PadState} next */
    update(next) {
      state = next;
      node.classList.toggle("is-empty", next.marks.length === 0 && !next.ground && !stroke);
      node.dataset.tool = next.tool;
      redraw();
    },
    focus: () => node.focus(),
    isDrawing: () => stroke !== null,
    destroy() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      end();
      block.remove();
    },
  };
}
