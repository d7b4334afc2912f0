/** A piece of a page as plain records: made into elements by a browser, written as HTML where there is none. */

/** @typedef {{ tag: string, attributes: Record<string, string | null | undefined>, children: (Tree | string)[] }} Tree */

/** @param {string} tag @param {Tree["attributes"]} [attributes] null or undefined: left out @param {...(Tree | string | null)} children @returns {Tree} */
export const h = (tag, attributes = {}, ...children) => ({ tag, attributes, children: children.filter((child) => child !== null) });

/** @type {Record<string, string>} */
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** @param {string} text */
export const escape = (text) => text.replace(/[&<>"]/g, (sign) => ESCAPES[sign]);

const SVG = new Set(["svg", "path", "circle", "image", "text", "title", "style"]);
const VOID = new Set(["img", "input"]);

/** @param {Tree | string} tree @returns {Node} */
export function toNode(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const element = SVG.has(tree.tag) ? document.createElementNS("http://www.w3.org/2000/svg", tree.tag) : document.createElement(tree.tag);
  for (const [name, value] of Object.entries(tree.attributes)) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...tree.children.map(toNode));
  return element;
}

/** @param {Tree | string} tree @returns {string} */
export function toMarkup(tree) {
  if (typeof tree === "string") return escape(tree);
  const attributes = Object.entries(tree.attributes).map(([name, value]) => (value === null || value === undefined ? "" : ` ${name}="${escape(value)}"`));
  const open = `<${tree.tag}${attributes.join("")}>`;
  return VOID.has(tree.tag) ? open : `${open}${tree.children.map(toMarkup).join("")}</${tree.tag}>`;
}
