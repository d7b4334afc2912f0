/** Text in parts, plain or of a kind; never markup. */
import { h, toNode } from "./tree.js";

/** A plain text, a text of a kind, or a link. @typedef {string | ["em" | "strong" | "closer" | "farther", string] | ["a", string, string]} Part */
/** A paragraph. @typedef {Part[]} Parts */

/** @param {Parts} parts @returns {(import("./tree.js").Tree | string)[]} */
export const toTrees = (parts) =>
  parts.map((part) => {
    if (typeof part === "string") return part;
    const [kind, text, href] = part;
    if (kind === "a") return h("a", { href }, text);
    return kind === "closer" || kind === "farther" ? h("span", { class: `is-${kind}` }, text) : h(kind, {}, text);
  });

/** @param {Element} element its content is replaced @param {Parts} parts */
export const fill = (element, parts) => element.replaceChildren(...toTrees(parts).map(toNode));

/** The words alone. @param {Parts} parts */
export const toText = (parts) => parts.map((part) => (typeof part === "string" ? part : part[1])).join("");
