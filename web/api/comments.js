/** Doc comments as pieces of a page: paragraphs, tables of arguments, and what is laid out by hand. */
import { h } from "../tree.js";

/** @typedef {import("../tree.js").Tree} Tree */

/** "index  out  [K] ascending by (distance, index)": a name, which way it goes, what it is. */
const ARGUMENT = /^(\w+(?:, \w+)*)(?: {2,}(?:(in\/out|in, out|in|out) +)?|(?<=^[a-z]\w*) (in|out) +)(\S.*)$/;

/** The text of a comment, without its frame. @param {string} comment */
export const textOf = (comment) =>
  comment
    .replace(/^\/\*+ ?/, "")
    .replace(/\s*\*+\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();

/** What stands in backticks is code. @param {string} text */
export const wordsOf = (text) => text.split(/`([^`]+)`/).map((part, i) => (i % 2 === 0 ? part : h("code", {}, part)));

/** @param {string[]} lines @returns {Tree | null} */
function tableOf(lines) {
  if (!ARGUMENT.test(lines[0])) return null;
  /** @type {{ name: string, way: string, what: string }[]} */
  const rows = [];
  for (const line of lines) {
    const found = ARGUMENT.exec(line);
    if (found && !/^\s/.test(line)) rows.push({ name: found[1], way: found[2] ?? found[3] ?? "", what: found[4] });
    else if (/^\s{3,}/.test(line) && rows.length > 0) rows[rows.length - 1].what += ` ${line.trim()}`;
    else return null;
  }
  const row = (/** @type {typeof rows[number]} */ { name, way, what }) => h("div", {}, h("dt", {}, h("code", {}, name), way ? ` ${way}` : ""), h("dd", {}, ...wordsOf(what)));
  return h("dl", { class: "api-arguments" }, ...rows.map(row));
}

/** @param {string} text @returns {Tree[]} */
export function piecesOf(text) {
  return text
    .split(/\n\s*\n/)
    .filter((block) => block.trim() !== "")
    .flatMap((block) => {
      const lines = block.split("\n");
      // Arguments may be followed by a sentence without a line between.
      for (let end = lines.length; end > 0; end--) {
        const table = tableOf(lines.slice(0, end));
        if (table) return end < lines.length ? [table, ...piecesOf(lines.slice(end).join("\n"))] : [table];
      }
      if (lines.some((line) => /^\s{2,}/.test(line))) return [h("pre", {}, block)];
      return [h("p", {}, ...wordsOf(lines.join(" ")))];
    });
}
