/** What is pointed at, beside the pointer: the sketch, its label and what the network says. */
import { select } from "d3";
import { count, predictionWords } from "../words.js";

const FACTOR = 2; // pixels drawn for each of the sketch's
const AWAY = 16; // pixels from the pointer

/** @param {HTMLElement} stage @param {{ bundle: import("../../wasm/ntrace.d.ts").Bundle, sketches: import("../sketches.js").Sketches, sprites: import("../sprites.js").Sprites }} options */
export function createTip(stage, { bundle, sketches, sprites }) {
  const { classes } = bundle.manifest;
  const box = select(stage).append("div").attr("class", "map-tip").attr("hidden", "").attr("aria-hidden", "true").attr("data-export", "skip");
  const canvas = box.append("canvas").attr("width", sketches.width * FACTOR).attr("height", sketches.height * FACTOR);
  const text = box.append("div");
  const title = text.append("p").attr("class", "map-tip-title");
  const reading = text.append("p").attr("class", "map-tip-reading");
  const node = /** @type {HTMLElement} */ (box.node());
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.node()?.getContext("2d"));
  /** @type {number | null} */
  let shown = null;
  let size = { width: 0, height: 0 };

  function drawSketch() {
    if (shown === null) return;
    const picture = sprites.large(shown, FACTOR);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    if (picture) context.drawImage(picture, 0, 0);
    else sketches.want("map tip", [shown]);
  }
  const end = sketches.subscribe(drawSketch);

  return {
    /** @param {number | null} sample @param {number} x of the pointer on the stage @param {number} y @param {{ width: number, height: number }} room */
    show(sample, x, y, room) {
      if (sample !== shown) {
        shown = sample;
        box.attr("hidden", sample === null ? "" : null);
        if (sample === null) return;
        const sketch = { label: bundle.labels[sample], prediction: bundle.predictions[sample], confidence: bundle.confidences[sample] };
        title.text(`${classes[sketch.label]}, ${count(sample)}`);
        reading.text(predictionWords(sketch, classes)).classed("is-wrong", sketch.label !== sketch.prediction);
        drawSketch();
        size = { width: node.offsetWidth, height: node.offsetHeight };
      }
      if (sample === null) return;
      const left = x + AWAY + size.width > room.width ? x - AWAY - size.width : x + AWAY;
      const top = y + AWAY + size.height > room.height ? y - AWAY - size.height : y + AWAY;
      node.style.transform = `translate(${Math.round(Math.max(2, left))}px, ${Math.round(Math.max(2, top))}px)`;
    },
    destroy() {
      end();
      box.remove();
    },
  };
}
