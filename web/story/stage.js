/** The story's figure: a canvas on which pictures turn into one another. Pointing at a sketch names it, a click chooses it. */
import { createLabels } from "./stage_labels.js";
import { KINDS, createStageMotion } from "./stage_motion.js";
import { createField } from "./field.js";
import { membersOf } from "./figures.js";
import { samplesOf } from "./scenes.js";

/** @typedef {import("./scenes.js").Picture} Picture */
/** @typedef {import("./stage_motion.js").Moving} Moving */

/**
 * @typedef {object} StageOptions
 * @property {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(sample: number) => void} onPick
 * @property {() => void} onResize pictures depend on the size
 */

const MOVE = 900; // milliseconds
const SPRITES = 6; // milliseconds of a frame for making thumbnails
const LARGE = 96; // CSS pixels from which a sketch is drawn enlarged, with smooth edges
const SLANT = -0.65;

/** @param {HTMLElement} root @param {StageOptions} options */
export function createStage(root, { bundle, sketches, sprites, theme, onPick, onResize }) {
  const { classes, layers, stability } = bundle.manifest;
  const everyone = Uint32Array.from(bundle.labels, (_, i) => i);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const canvas = document.createElement("canvas");
  canvas.className = "stage-canvas";
  canvas.setAttribute("role", "img");
  const tip = document.createElement("p");
  tip.className = "stage-tip";
  tip.hidden = true;
  root.append(canvas, tip);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const motion = createStageMotion();
  const labels = createLabels();
  const field = createField(() => redraw());
  /** @type {Picture | null} */
  let picture = null;
  /** @type {Uint16Array | null} */
  let table = null;
  let size = { width: 0, height: 0 };
  let ratio = 1;
  let frame = 0;
  let fieldAlpha = 0;
  let isSeen = false;

  const redraw = () => void (frame ||= requestAnimationFrame(draw));

  function measure() {
    const box = root.getBoundingClientRect();
    if (Math.abs(box.width - size.width) < 1 && Math.abs(box.height - size.height) < 1) return;
    size = { width: box.width, height: box.height };
    ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.round(size.width * ratio));
    canvas.height = Math.max(1, Math.round(size.height * ratio));
    onResize();
    redraw();
  }

  /** @param {string} name of a token, as scenes say it @param {ReturnType<typeof theme.tokens>} tokens @returns {string} */
  function colour(name, tokens) {
    if (name.startsWith("class-")) return tokens.classes[Number(name.slice(6)) % tokens.classes.length];
    return /** @type {any} */ (tokens)[name];
  }

  /** @param {Moving} moving @param {ReturnType<typeof theme.tokens>} tokens */
  function drawLine({ item, now }, tokens) {
    const [alpha, width] = now;
    if (alpha <= 0.003) return;
    context.globalAlpha = alpha;
    context.beginPath();
    for (let i = 2; i < now.length; i += 2) {
      if (i === 2) context.moveTo(now[i], now[i + 1]);
      else context.lineTo(now[i], now[i + 1]);
    }
    if (item.fill) {
      context.fillStyle = colour(item.colour, tokens);
      context.fill();
      return;
    }
    context.setLineDash(item.dash ?? []);
    context.lineWidth = width;
    context.lineJoin = "round";
    context.strokeStyle = colour(item.colour, tokens);
    context.stroke();
    context.setLineDash([]);
  }

  /** @param {Moving} moving @param {ReturnType<typeof theme.tokens>} tokens */
  function drawCircle({ item, now }, tokens) {
    const [alpha, x, y, r] = now;
    context.globalAlpha = alpha;
    context.beginPath();
    context.arc(x, y, Math.max(0, r), 0, 2 * Math.PI);
    context.fillStyle = context.strokeStyle = colour(item.colour, tokens);
    context.lineWidth = item.width;
    if (item.fill) context.fill();
    else context.stroke();
  }

  /** @param {Moving} moving @param {ReturnType<typeof theme.tokens>} tokens */
  function drawMark({ item, now }, tokens) {
    const [alpha, x, y, across] = now;
    if (alpha <= 0.01 || across < 1) return;
    context.globalAlpha = alpha;
    if (item.disc) {
      context.beginPath();
      context.arc(x, y, across * 0.62, 0, 2 * Math.PI);
      context.fillStyle = colour(item.disc, tokens);
      context.fill();
    }
    const enlarged = across >= LARGE ? sprites.large(item.sample, Math.ceil((across * ratio) / sketches.width)) : null;
    if (enlarged) context.drawImage(enlarged, x - across / 2, y - across / 2, across, across);
    else if (sprites.has(item.sample)) sprites.draw(context, item.sample, x, y, across);
    else {
      context.globalAlpha = 0.4 * alpha;
      context.fillStyle = tokens.rule;
      context.beginPath();
      context.arc(x, y, Math.min(3, across / 4), 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** @param {Moving} moving @param {ReturnType<typeof theme.tokens>} tokens */
  function drawLabel({ item, now }, tokens) {
    const [alpha, x, y, height] = now;
    context.globalAlpha = alpha;
    const fontOf = (/** @type {number} */ tall) => `${item.weight ?? 400} ${tall}px ${item.serif ? tokens.serif : tokens.sans}`;
    if (item.align === "slanted") {
      context.font = fontOf(height);
      context.fillStyle = colour(item.colour, tokens);
      context.save();
      context.translate(x, y);
      context.rotate(SLANT);
      context.textAlign = "right";
      context.fillText(item.text, 0, 0);
      context.restore();
      return;
    }
    const style = { text: item.text, font: fontOf(item.size), height: item.size, colour: colour(item.colour, tokens), paper: tokens.paper, ratio };
    labels.draw(context, style, x, y, item.align ?? "left", height / item.size);
  }

  /** @param {ReturnType<typeof theme.tokens>} tokens */
  function prepareField(tokens) {
    const wish = picture?.field;
    if (!wish || !table) return;
    const list = wish.label === null ? everyone : membersOf(bundle.labels, wish.label);
    const shade = wish.label === null ? tokens.closer : colour(`class-${wish.label}`, tokens);
    const key = `${wish.label} ${shade} ${size.width} ${size.height} ${ratio} ${wish.top}`;
    field.show({ key, table, list, box: wish.box, top: wish.top, colour: shade, ratio, ...size, layers: layers.length, reference: stability.reference });
  }

  function draw() {
    frame = 0;
    if (!isSeen) return; // it is drawn as it then is when it comes into sight
    const tokens = theme.tokens();
    const moves = motion.step(performance.now());
    const wanted = picture?.field?.alpha ?? 0;
    fieldAlpha = calm.matches || Math.abs(wanted - fieldAlpha) < 0.02 ? wanted : fieldAlpha + (wanted - fieldAlpha) * 0.12;
    const complete = sprites.prepare([...motion.shown.marks.values()].map(({ item }) => item.sample), SPRITES);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    if (fieldAlpha > 0) {
      context.globalAlpha = fieldAlpha;
      context.drawImage(field.canvas, 0, 0, size.width, size.height);
    }
    const painters = { lines: drawLine, circles: drawCircle, marks: drawMark, labels: drawLabel };
    for (const kind of KINDS) for (const moving of motion.shown[kind].values()) painters[kind](moving, tokens);
    context.globalAlpha = 1;
    if (moves || !complete || fieldAlpha !== wanted) redraw();
  }

  /** The topmost sketch at a place. @param {PointerEvent | MouseEvent} event */
  function markAt(event) {
    const box = canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let found = null;
    for (const { item, now: [alpha, x, y, across] } of motion.shown.marks.values()) {
      if (alpha > 0.1 && Math.max(Math.abs(px - x), Math.abs(py - y)) <= Math.max(across / 2, 8)) found = { sample: item.sample, x, y: y - across / 2 };
    }
    return found;
  }
  /** @param {PointerEvent} event */
  function onMove(event) {
    const found = markAt(event);
    canvas.classList.toggle("is-pointing", Boolean(found));
    tip.hidden = !found;
    if (!found) return;
    tip.textContent = `${classes[bundle.labels[found.sample]]}, no. ${found.sample}`;
    tip.style.left = `${Math.max(50, Math.min(size.width - 50, found.x))}px`;
    tip.style.top = `${Math.max(24, found.y)}px`;
  }
  canvas.addEventListener("pointermove", onMove);
  canvas.addEventListener("pointerleave", () => (tip.hidden = true));
  canvas.addEventListener("click", (event) => {
    const found = markAt(event);
    if (found) onPick(found.sample);
  });

  const observer = new ResizeObserver(measure);
  observer.observe(root);
  const sight = new IntersectionObserver((entries) => {
    isSeen = entries[entries.length - 1].isIntersecting;
    if (isSeen) redraw();
  });
  sight.observe(root);
  const ends = [
    sketches.subscribe(redraw),
    theme.subscribe(() => {
      prepareField(theme.tokens());
      redraw();
    }),
  ];
  measure();

  return {
    size: () => size,
    /** @param {{ picture: Picture, table: Uint16Array | null, still?: boolean }} next still: without moving there, as after a change of size */
    update(next) {
      if (next.picture === picture && next.table === table) return;
      picture = next.picture;
      table = next.table;
      canvas.setAttribute("aria-label", picture.alt);
      motion.show(picture, performance.now(), next.still || calm.matches ? 0 : MOVE);
      sketches.want("story", samplesOf(picture));
      prepareField(theme.tokens());
      redraw();
    },
    destroy() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      sight.disconnect();
      field.destroy();
      for (const end of ends) end();
      canvas.remove();
      tip.remove();
    },
  };
}
