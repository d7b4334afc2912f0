/** What is pointed at, beside the pointer: the sketch, its label and what the network says. */
import { select } from "d3";
import { readingOf } from "../answers.js";
import { count } from "../words.js";

const SIZE = 56; // pixels of the sketch's square
const SHARP = 2; // pixels drawn for each of these
const AWAY = 16; // pixels from the pointer

/** @param {HTMLElement} stage @param {{ bundle: import("../../wasm/ntrace.d.ts").Bundle, sketches: import("../sketches.js").Sketches, sprites: import("../sprites.js").Sprites }} options */
export function createTip(stage, { bundle, sketches, sprites }) {
  const { classes } = bundle.manifest;
  const box = select(stage).append("div").attr("class", "map-tip").attr("hidden", "").attr("aria-hidden", "true").attr("data-export", "skip");
  const canvas = box.append("canvas").attr("width", SIZE * SHARP).attr("height", SIZE * SHARP);
  const text = box.append("div");
  const title = text.append("p").attr("class", "map-tip-title");
  const reading = text.append("p").attr("class", "map-tip-reading");
  const node = /** @type {HTMLElement} */ (box.node());
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.node()?.getContext("2d"));
  /** @type {number | null} */
  let shown = null;
  context.scale(SHARP, SHARP);

  function drawSketch() {
    if (shown === null) return;
    context.clearRect(0, 0, SIZE, SIZE);
    if (!sprites.draw(context, shown, SIZE / 2, SIZE / 2, SIZE - 4)) sketches.want("map tip", [shown]);
  }
  const end = sketches.subscribe(drawSketch);

  return {
    /** @param {number | null} sample @param {number} x of the pointer on the stage @param {number} y @param {{ width: number, height: number }} room */
    show(sample, x, y, room) {
      if (sample !== shown) {
        shown = sample;
        box.attr("hidden", sample === null ? "" : null);
        if (sample === null) return;
        title.text(`${classes[bundle.labels[sample]]} no. ${count(sample)}`);
        reading.text(readingOf(bundle, sample)).classed("is-wrong", bundle.labels[sample] !== bundle.predictions[sample]);
        drawSketch();
      }
      if (sample === null) return;
      const [isRight, isLow] = [x > room.width / 2, y > room.height / 2]; // on the side with more room: nothing needs to be measured
      node.style.transform = `translate(${Math.round(x + (isRight ? -AWAY : AWAY))}px, ${Math.round(y + (isLow ? -AWAY : AWAY))}px) translate(${isRight ? "-100%" : "0"}, ${isLow ? "-100%" : "0"})`;
    },
    destroy() {
      end();
      box.remove();
    },
  };
}
