/** The lines of many samples over all layers, on a canvas of their own: drawn in slices, so that no frame waits for ten thousand of them. */

/** @typedef {import("./scenes.js").Box} Box */

const SLICE = 6; // milliseconds of a frame

/**
 * @typedef {object} FieldWish
 * @property {Uint16Array} table [L, N]
 * @property {number} layers L
 * @property {number} reference where all lines meet
 * @property {ArrayLike<number>} list whose lines
 * @property {Box} box in CSS pixels
 * @property {number} top the value at the box's upper edge
 * @property {string} colour
 * @property {number} ratio device pixels to a CSS pixel
 * @property {number} width @property {number} height of the figure in CSS pixels
 */

/** @param {() => void} onProgress more is drawn than before */
export function createField(onProgress) {
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let frame = 0;
  let key = "";

  /** @param {FieldWish} wish @param {number} at */
  function draw({ table, layers, reference, list, box, top, colour, ratio }, at) {
    const samples = table.length / layers;
    const until = performance.now() + SLICE;
    const total = list.length;
    const step = layers > 1 ? (box.right - box.left) / (layers - 1) : 0;
    const scale = (box.bottom - box.top) / top;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.globalAlpha = Math.max(0.02, Math.min(0.5, 60 / total));
    while (at < total && performance.now() < until) {
      context.beginPath();
      for (const end = Math.min(total, at + 20); at < end; at++) {
        const sample = list[at];
        const apart = ((Math.imul(sample + 1, 0x9e3779b1) >>> 0) / 2 ** 32 - 0.5) * 0.8; // counts are whole: this keeps equal lines from hiding one another
        for (let l = 0; l < layers; l++) {
          const x = box.left + step * l;
          const y = box.bottom - scale * (table[l * samples + sample] + (l === reference ? 0 : apart));
          if (l === 0) context.moveTo(x, y);
          else context.lineTo(x, y);
        }
      }
      context.stroke();
    }
    return at;
  }

  return {
    canvas,
    /** @param {FieldWish & { key: string }} wish a key of before leaves what is drawn */
    show(wish) {
      if (wish.key === key) return;
      key = wish.key;
      cancelAnimationFrame(frame);
      canvas.width = Math.max(1, Math.round(wish.width * wish.ratio));
      canvas.height = Math.max(1, Math.round(wish.height * wish.ratio));
      let at = 0;
      const advance = () => {
        at = draw(wish, at);
        onProgress();
        if (at < wish.list.length) frame = requestAnimationFrame(advance);
      };
      advance();
    },
    destroy: () => cancelAnimationFrame(frame),
  };
}
