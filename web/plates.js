/** Stand-ins for pictures: where a bundle holds none, a sample is its label and its number on a small plate. */

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("./theme.js").Theme} Theme */

const ROOMY = 34; // pixels from which a mark has room for two lines
const SHORT = 3; // letters of a label where there is room for one

/** The text of a mark: the label, where labels tell samples apart, and the number. @param {Bundle} bundle */
const textsOf = ({ manifest: { classes }, labels }) => (/** @type {number} */ sample, /** @type {boolean} */ roomy) => {
  const name = classes[labels[sample]];
  if (classes.length === 1) return [String(sample)];
  return roomy ? [name, String(sample)] : [name.length <= SHORT + 1 ? name : name.slice(0, SHORT)];
};

/** A line cut to a width. @param {CanvasRenderingContext2D} context @param {string} text @param {number} width */
function fitted(context, text, width) {
  let cut = text;
  while (cut.length > 1 && context.measureText(cut === text ? cut : `${cut}…`).width > width) cut = cut.slice(0, -1).trimEnd();
  return cut === text ? text : `${cut}…`;
}

/**
 * Plates with the interface of sprites: they are there at once.
 *
 * @param {Bundle} bundle
 * @param {{ width: number, height: number }} sketches the size that views expect of a picture
 * @param {Theme} theme
 * @returns {import("./sprites.js").Sprites}
 */
export function createPlates(bundle, { width, height }, theme) {
  const textOf = textsOf(bundle);
  /** @type {Map<string, HTMLCanvasElement>} */
  let large = new Map();
  const end = theme.subscribe(() => (large = new Map()));

  /** @param {CanvasRenderingContext2D} context @param {number} sample @param {number} x @param {number} y @param {number} size */
  function draw(context, sample, x, y, size) {
    const { plate, rule, ink, quiet, sans } = theme.tokens();
    const lines = textOf(sample, size >= ROOMY);
    const side = 0.92 * size;
    context.save();
    context.beginPath();
    context.roundRect(x - side / 2, y - side / 2, side, side, 0.14 * size);
    context.fillStyle = plate;
    context.fill();
    context.strokeStyle = rule;
    context.lineWidth = Math.max(1, size / 80);
    context.stroke();
    context.textAlign = "center";
    context.textBaseline = "middle";
    lines.forEach((line, i) => {
      const letters = lines.length > 1 ? 5 : Math.max(2, line.length);
      context.font = `${i === 0 ? 600 : 400} ${Math.min(0.42, 1.3 / letters) * side}px ${sans}`;
      context.fillStyle = i === 0 ? ink : quiet;
      context.fillText(fitted(context, line, 0.88 * side), x, y + (lines.length > 1 ? (i - 0.5) * 0.34 * side : 0));
    });
    context.restore();
    return true;
  }

  return {
    has: () => true,
    prepare: () => true,
    draw,
    large(sample, factor) {
      const key = `${sample} ${factor}`;
      const made = large.get(key) ?? document.createElement("canvas");
      if (large.has(key)) return made;
      [made.width, made.height] = [width * factor, height * factor];
      draw(/** @type {CanvasRenderingContext2D} */ (made.getContext("2d")), sample, made.width / 2, made.height / 2, Math.min(made.width, made.height));
      if (large.size > 48) large.delete(/** @type {string} */ (large.keys().next().value));
      large.set(key, made);
      return made;
    },
    forget() {}, // a plate does not change
    destroy: end,
  };
}
