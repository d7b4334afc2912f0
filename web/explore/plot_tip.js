/** The sample that is pointed at in the stability plot: its picture at the end of its line, and what is said of it beside the pointer. */
import { select } from "d3";
import { layerName } from "../words.js";

/** @typedef {import("./plot_frame.js").Frame} Frame */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */

const THUMB = 34;
const PICTURE = 48;
const FACTOR = 6;
const AWAY = 14;

/** @param {HTMLCanvasElement} canvas @param {number} sample @param {number} size @param {Pick<PartOptions, "sprites" | "sketches">} from */
function drawSketch(canvas, sample, size, { sprites, sketches }) {
  const density = devicePixelRatio || 1;
  const side = Math.round(size * density);
  if (canvas.width !== side) Object.assign(canvas, { width: side, height: side });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.clearRect(0, 0, side, side);
  const picture = sprites.large(sample, FACTOR);
  if (!picture) return;
  const scale = side / Math.max(sketches.width, sketches.height) / FACTOR;
  const [width, height] = [picture.width * scale, picture.height * scale];
  context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
}

/** Draws a sample's sketch into a canvas, where it is not there already. @param {HTMLCanvasElement} canvas @param {number} size @param {Pick<PartOptions, "sprites" | "sketches">} from */
export function createPicture(canvas, size, from) {
  /** What is drawn. @type {unknown[]} */
  let drawn = [];
  return (/** @type {number} */ sample) => {
    const now = [sample, from.sprites.large(sample, FACTOR), devicePixelRatio];
    if (now.every((part, i) => part === drawn[i])) return;
    drawn = now;
    drawSketch(canvas, sample, size, from);
  };
}

/** @param {HTMLElement} root @param {PartOptions} options */
export function createTip(root, { bundle, sprites, sketches }) {
  const { classes, layers } = bundle.manifest;
  const thumb = select(root).append("canvas").attr("class", "plot-thumb").attr("aria-hidden", "true").attr("hidden", "").style("width", `${THUMB}px`).style("height", `${THUMB}px`);
  const tip = select(root).append("div").attr("class", "plot-tip").attr("aria-hidden", "true").attr("data-export", "skip").attr("hidden", "");
  const picture = tip.append("canvas").style("width", `${PICTURE}px`).style("height", `${PICTURE}px`);
  const drawThumb = createPicture(/** @type {HTMLCanvasElement} */ (thumb.node()), THUMB, { sprites, sketches });
  const drawPicture = createPicture(/** @type {HTMLCanvasElement} */ (picture.node()), PICTURE, { sprites, sketches });
  const words = tip.append("div");
  const name = words.append("p").attr("class", "plot-tip-name");
  const kept = words.append("p");
  const reading = words.append("p").attr("class", "plot-tip-reading");

  return {
    /** A sample's picture at the height where its line ends. @param {Frame} frame @param {number | null} sample @param {number} value at the last axis */
    renderThumb({ left, width, top, height, y }, sample, value) {
      thumb.attr("hidden", sample === null ? "" : null);
      if (sample === null) return;
      drawThumb(sample);
      thumb.style("left", `${left + width + 8}px`).style("top", `${Math.max(top - 8, Math.min(top + height - THUMB, y(value) - THUMB / 2))}px`);
    },
    /** @param {{ sample: number, layer: number, value: number, near: number, x: number, y: number } | null} said where the pointer is @param {Frame} frame */
    renderTip(said, frame) {
      tip.attr("hidden", said ? null : "");
      if (!said) return;
      const { sample, layer, value, near, x, y } = said;
      const [label, prediction] = [bundle.labels[sample], bundle.predictions[sample]];
      drawPicture(sample);
      name.text(classes[label]).append("span").text(` no. ${sample}`);
      kept.text(`${value} of ${near} kept at ${layerName(layers, layer)}`);
      reading.text(label === prediction ? "" : `read as ${classes[prediction]}`);
      const [isRight, isLow] = [x > frame.left + frame.width / 2, y > frame.top + frame.height / 2]; // on the side with more room: nothing needs to be measured
      tip.style("transform", `translate(${Math.round(x + (isRight ? -AWAY : AWAY))}px, ${Math.round(y + (isLow ? -AWAY : AWAY))}px) translate(${isRight ? "-100%" : "0"}, ${isLow ? "-100%" : "0"})`);
    },
  };
}
