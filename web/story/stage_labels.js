/** The stage's labels as small pictures: to draw a text with a halo is costly, and while things move it would be drawn sixty times a second. */

/** Pixels of the halo on each side. */
const HALO = 2;
/** Labels kept: a few pictures' worth. */
const MOST = 200;

/**
 * How a label is drawn.
 * @typedef {{ text: string, font: string, height: number, colour: string, paper: string, ratio: number }} Style
 */

export function createLabels() {
  /** @type {Map<string, { canvas: HTMLCanvasElement, wide: number, base: number }>} */
  const kept = new Map();

  /** @param {Style} style */
  function make({ text, font, height, colour, paper, ratio }) {
    const canvas = document.createElement("canvas");
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.font = font;
    const wide = context.measureText(text).width;
    const base = Math.ceil(1.1 * height) + HALO;
    canvas.width = Math.ceil((wide + 2 * HALO + 2) * ratio);
    canvas.height = Math.ceil((base + 0.4 * height + HALO) * ratio);
    context.scale(ratio, ratio);
    context.font = font; // another size has reset it
    context.lineWidth = 2 * HALO;
    context.lineJoin = "round";
    context.strokeStyle = paper;
    context.strokeText(text, HALO + 1, base);
    context.fillStyle = colour;
    context.fillText(text, HALO + 1, base);
    return { canvas, wide, base };
  }

  return {
    /**
     * @param {CanvasRenderingContext2D} context @param {Style} style @param {number} x of its beginning, middle or end @param {number} y of its base line
     * @param {"left" | "center" | "right"} align @param {number} scale of its height
     */
    draw(context, style, x, y, align, scale) {
      const key = JSON.stringify(style);
      const { canvas, wide, base } = kept.get(key) ?? make(style);
      kept.delete(key); // the newest stand last
      kept.set(key, { canvas, wide, base });
      if (kept.size > MOST) kept.delete(/** @type {string} */ (kept.keys().next().value));
      const left = x - scale * (HALO + 1 + { left: 0, center: wide / 2, right: wide }[align]);
      const onPixel = (/** @type {number} */ at) => Math.round(at * style.ratio) / style.ratio;
      context.drawImage(canvas, onPixel(left), onPixel(y - scale * base), (scale * canvas.width) / style.ratio, (scale * canvas.height) / style.ratio);
    },
  };
}
