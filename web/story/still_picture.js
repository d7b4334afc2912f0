/** A scene as an SVG of its own: for readers without scripts, in light and dark. */

/** @typedef {import("./scenes.js").Picture} Picture */
/** @typedef {import("./scenes.js").Size} Size */
/** @typedef {import("../tree.js").Tree} Tree */
import { h, toMarkup } from "../tree.js";

/** Tokens whose names in scenes differ from those in the style sheet. @type {Record<string, string>} */
const TOKENS = { quiet: "ink-3", closerSoft: "closer-soft", fartherSoft: "farther-soft" };
/** @param {string} colour */
const token = (colour) => `var(--${TOKENS[colour] ?? colour})`;
/** @param {number} value */
const short = (value) => String(Math.round(value * 10) / 10);
/** @param {[number, number][]} points */
const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${short(x)},${short(y)}`).join("");

/** @param {import("./scenes.js").Line} line */
const lineOf = ({ points, colour, width, alpha, fill, dash }) =>
  fill
    ? h("path", { d: `${path(points)}Z`, style: `fill:${token(colour)}`, opacity: short(alpha) === "0" ? String(alpha) : short(alpha) })
    : h("path", { d: path(points), style: `fill:none;stroke:${token(colour)}`, "stroke-width": String(width), opacity: String(alpha), "stroke-dasharray": dash?.join(" ") });

/** @param {import("./scenes.js").Label} label */
function labelOf({ x, y, text, size, colour, align, weight }) {
  const anchor = align === "center" ? "middle" : align === "right" || align === "slanted" ? "end" : "start";
  const turn = align === "slanted" ? `rotate(-37 ${short(x)} ${short(y)})` : null;
  return h("text", { x: short(x), y: short(y), "text-anchor": anchor, "font-size": String(size), "font-weight": String(weight ?? 400), style: `fill:${token(colour)}`, transform: turn }, text);
}

/** A plate with a text on it. @param {string} text @param {number} x @param {number} y @param {number} size @param {number} alpha */
const markOf = (text, x, y, size, alpha) =>
  h("g", { opacity: alpha === 1 ? null : String(alpha) },
    h("rect", { x: short(x - 0.46 * size), y: short(y - 0.46 * size), width: short(0.92 * size), height: short(0.92 * size), rx: short(0.14 * size), style: `fill:${token("plate")};stroke:${token("rule")}` }),
    h("text", { x: short(x), y: short(y + 0.13 * size), "text-anchor": "middle", "font-size": short(Math.min(0.4, 1.2 / Math.max(2, text.length)) * size), style: `fill:${token("ink")}` }, text));

/**
 * @param {Picture} picture @param {Size} size
 * @param {(sample: number) => { address: string | null, text: string }} imageOf address of a sample's image, and what stands for it where there is none
 * @param {string} light declarations of the tokens' values, for the style sheet inside @param {string} dark
 * @param {boolean} isInk whether images are black ink on nothing, which turns white in the dark
 */
export function stillPicture({ marks, lines, circles, labels, alt }, { width, height }, imageOf, light, dark, isInk) {
  const style = `:root{${light}font-family:sans-serif}@media(prefers-color-scheme:dark){:root{${dark}}${isInk ? "image{filter:invert(1)}" : ""}}`;
  return toMarkup(
    h(
      "svg",
      { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width: String(width), height: String(height) },
      h("title", {}, alt),
      h("style", {}, style),
      ...lines.map(lineOf),
      ...circles.map(({ x, y, r, colour, width: stroke, fill }) => h("circle", { cx: short(x), cy: short(y), r: short(r), style: fill ? `fill:${token(colour)}` : `fill:none;stroke:${token(colour)}`, "stroke-width": String(stroke) })),
      ...marks
        .filter(({ alpha }) => alpha !== 0)
        .flatMap(({ sample, x, y, size, alpha = 1, disc }) => [
          ...(disc ? [h("circle", { cx: short(x), cy: short(y), r: short(size * 0.62), style: `fill:${token(disc)}` })] : []),
          imageOf(sample).address === null ? markOf(imageOf(sample).text, x, y, size, alpha) : h("image", { href: imageOf(sample).address, x: short(x - size / 2), y: short(y - size / 2), width: short(size), height: short(size), opacity: alpha === 1 ? null : String(alpha) }),
        ]),
      ...labels.map(labelOf),
    ),
  );
}
