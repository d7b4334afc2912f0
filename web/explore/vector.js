/**
 * A figure on the page as one SVG that stands alone: what is SVG stays vector, text and boxes of HTML become vector, canvases become pictures.
 * Colours and fonts are written out as they are computed, so that no style sheet is needed. What is marked data-export="skip" is left out.
 */

/**
 * @typedef {object} Drawing
 * @property {string} text
 * @property {number} width CSS pixels
 * @property {number} height
 */

/**
 * @typedef {object} DrawingOptions
 * @property {string} title
 * @property {string} about
 * @property {(canvas: HTMLCanvasElement) => Promise<string | null>} [redraw] a canvas drawn finer than on the screen, as a data URL; null: as it is
 */

const SVG = "http://www.w3.org/2000/svg";

/** Properties that children take over: written where they differ from the parent's. */
const INHERITED = [
  "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin",
  "paint-order", "font-family", "font-size", "font-weight", "font-style", "font-variant-numeric", "letter-spacing", "text-anchor",
];
/** Properties that they do not: written where they are not what is usual. @type {[string, string][]} */
const OWN = [["opacity", "1"], ["vector-effect", "none"], ["dominant-baseline", "auto"], ["clip-path", "none"], ["stop-color", "rgb(0, 0, 0)"], ["stop-opacity", "1"], ["mix-blend-mode", "normal"]];
const ATTRIBUTE_LEFT_OUT = /^(class|style|tabindex|role|focusable|xmlns|href|aria-.*|data-.*|on.*)$/;
const SKIPPED = "[data-export='skip'], script, style, select, input, textarea, progress";
const CLEAR = /^(transparent|rgba\(.*, 0\))$/;

/** @param {string} name @param {Record<string, string | number>} [attributes] */
function make(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, typeof value === "number" ? `${Math.round(value * 100) / 100}` : value);
  return element;
}

/** The first background behind an element that can be seen. @param {Element | null} element @returns {string} */
function backgroundOf(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!CLEAR.test(colour)) return colour;
  }
  return "white";
}

/** @param {Element} root @param {DrawingOptions} options @returns {Promise<Drawing>} */
export async function drawingOf(root, { title, about, redraw }) {
  const frame = root.getBoundingClientRect();
  const { width, height } = frame;
  const picture = make("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` });
  for (const [name, text] of [["title", title], ["desc", about]]) picture.appendChild(make(name)).textContent = text;
  picture.append(make("rect", { width: "100%", height: "100%", fill: backgroundOf(root) }));
  await addHtml(picture, root, { frame, redraw });
  return { text: new XMLSerializer().serializeToString(picture), width, height };
}

/** @typedef {{ frame: DOMRect, redraw: DrawingOptions["redraw"] }} Ground */

/** @param {Element} target @param {Element} element @param {Ground} ground */
async function addHtml(target, element, ground) {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === "none" || style.opacity === "0" || element.matches(SKIPPED) || box.width * box.height <= 1) return;
  if (element instanceof SVGSVGElement) return void target.append(vectorOf(element, box, ground));
  if (element instanceof HTMLCanvasElement || element instanceof HTMLImageElement) return void target.append(await imageOf(element, box, ground));
  const layer = style.opacity === "1" ? target : target.appendChild(make("g", { opacity: style.opacity }));
  if (style.visibility === "visible") addBox(layer, style, box, ground.frame);
  for (const child of element.childNodes) {
    if (child instanceof Element) await addHtml(layer, child, ground);
    else if (child instanceof Text && style.visibility === "visible") addText(layer, child, style, ground.frame);
  }
}

/** Background and borders. @param {Element} target @param {CSSStyleDeclaration} style @param {DOMRect} box @param {DOMRect} frame */
function addBox(target, style, box, frame) {
  const [x, y] = [box.x - frame.x, box.y - frame.y];
  if (!CLEAR.test(style.backgroundColor)) {
    target.append(make("rect", { x, y, width: box.width, height: box.height, rx: parseFloat(style.borderTopLeftRadius) || 0, fill: style.backgroundColor }));
  }
  const sides = { top: [0, 0, 1, 0], right: [1, 0, 1, 1], bottom: [0, 1, 1, 1], left: [0, 0, 0, 1] };
  for (const [side, [x1, y1, x2, y2]] of Object.entries(sides)) {
    const width = parseFloat(style.getPropertyValue(`border-${side}-width`));
    const colour = style.getPropertyValue(`border-${side}-color`);
    if (!(width > 0) || CLEAR.test(colour)) continue;
    const [w, h] = [box.width, box.height];
    target.append(make("line", { x1: x + x1 * w, y1: y + y1 * h, x2: x + x2 * w, y2: y + y2 * h, stroke: colour, "stroke-width": width }));
  }
}

/** @type {CanvasRenderingContext2D | null} */
let measure = null;

/** How far the top of a line's box is above its baseline. @param {CSSStyleDeclaration} style */
function ascentOf(style) {
  measure ??= /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  measure.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  return measure.measureText("x").fontBoundingBoxAscent;
}

/** The words of a text, line by line as the page has broken them. @param {Element} target @param {Text} node @param {CSSStyleDeclaration} style @param {DOMRect} frame */
function addText(target, node, style, frame) {
  const range = document.createRange();
  /** @type {{ box: DOMRect, words: string[] }[]} */
  const lines = [];
  for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    const last = lines[lines.length - 1];
    if (last && Math.abs(last.box.y - box.y) < 1) last.words.push(word);
    else if (box.width > 0) lines.push({ box, words: [word] });
  }
  for (const { box, words } of lines) {
    const text = make("text", {
      x: box.x - frame.x, y: box.y - frame.y + ascentOf(style), fill: style.color, "font-family": style.fontFamily, "font-size": style.fontSize,
      "font-weight": style.fontWeight, "font-style": style.fontStyle,
    });
    const plain = words.join(" ");
    text.textContent = style.textTransform === "uppercase" ? plain.toUpperCase() : plain;
    target.append(text);
  }
}

/** @param {HTMLCanvasElement | HTMLImageElement} element @param {DOMRect} box @param {Ground} ground */
async function imageOf(element, box, { frame, redraw }) {
  const finer = element instanceof HTMLCanvasElement ? await redraw?.(element) : null;
  const place = { x: box.x - frame.x, y: box.y - frame.y, width: box.width, height: box.height };
  return make("image", { ...place, preserveAspectRatio: "none", href: finer ?? pixelsOf(element) });
}

/** @param {HTMLCanvasElement | HTMLImageElement} element */
function pixelsOf(element) {
  if (element instanceof HTMLCanvasElement) return element.toDataURL("image/png");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [element.naturalWidth, element.naturalHeight];
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(element, 0, 0);
  return canvas.toDataURL("image/png");
}

/** An SVG of the page, at its place. @param {SVGSVGElement} element @param {DOMRect} box @param {Ground} ground */
function vectorOf(element, box, { frame }) {
  const copy = copyOf(element, null);
  const place = { x: box.x - frame.x, y: box.y - frame.y, width: box.width, height: box.height };
  for (const [key, value] of Object.entries(place)) copy?.setAttribute(key, `${Math.round(value * 100) / 100}`);
  if (getComputedStyle(element).overflow === "visible") copy?.setAttribute("overflow", "visible");
  return copy ?? make("g");
}

/** An element of an SVG with its style written out; null where it is not seen. @param {Element} element @param {CSSStyleDeclaration | null} outer the parent's @returns {Element | null} */
function copyOf(element, outer) {
  const style = getComputedStyle(element);
  if (element.matches(SKIPPED) || style.display === "none" || (style.visibility !== "visible" && element.childElementCount === 0)) return null;
  const copy = make(element.localName);
  for (const { name, value } of element.attributes) if (!ATTRIBUTE_LEFT_OUT.test(name)) copy.setAttribute(name, value);
  const link = element.getAttribute("href");
  if (link && (link.startsWith("#") || link.startsWith("data:"))) copy.setAttribute("href", link);
  for (const name of INHERITED) {
    const value = style.getPropertyValue(name);
    if (value && (!outer || value !== outer.getPropertyValue(name) || element.hasAttribute(name))) copy.setAttribute(name, value);
  }
  for (const [name, usual] of OWN) {
    const value = style.getPropertyValue(name);
    if (value && value !== usual) copy.setAttribute(name, value);
  }
  for (const child of element.childNodes) {
    if (child instanceof Text) copy.append(child.data);
    else if (child instanceof Element) copy.append(...[copyOf(child, style)].filter((made) => made !== null));
  }
  return copy;
}
