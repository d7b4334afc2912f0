/** Text in parts, plain or of a kind; never markup. Built for the page, or written as HTML for the story's still version. */

/** A plain text, a text of a kind, or a link. @typedef {string | ["em" | "strong" | "closer" | "farther", string] | ["a", string, string]} Part */
/** A paragraph. @typedef {Part[]} Parts */

/** @param {Part} part */
function read(part) {
  if (typeof part === "string") return { tag: null, text: part, name: null, value: "" };
  const [kind, text, href] = part;
  if (kind === "a") return { tag: "a", text, name: "href", value: href ?? "" };
  if (kind === "closer" || kind === "farther") return { tag: "span", text, name: "class", value: `is-${kind}` };
  return { tag: kind, text, name: null, value: "" };
}

/** @param {Element} element its content is replaced @param {Parts} parts */
export function fill(element, parts) {
  element.replaceChildren(
    ...parts.map((part) => {
      const { tag, text, name, value } = read(part);
      if (!tag) return text;
      const child = document.createElement(tag);
      child.textContent = text;
      if (name) child.setAttribute(name, value);
      return child;
    }),
  );
}

/** @type {Record<string, string>} */
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** @param {string} text */
export const escape = (text) => text.replace(/[&<>"]/g, (sign) => ESCAPES[sign]);

/** @param {Parts} parts @returns {string} HTML */
export function toHtml(parts) {
  return parts
    .map((part) => {
      const { tag, text, name, value } = read(part);
      if (!tag) return escape(text);
      return `<${tag}${name ? ` ${name}="${escape(value)}"` : ""}>${escape(text)}</${tag}>`;
    })
    .join("");
}

/** The words alone. @param {Parts} parts */
export const toText = (parts) => parts.map((part) => read(part).text).join("");
