/** The public C headers as entries: each a comment and the declarations below it. */
import { textOf } from "./comments.js";

/**
 * @typedef {object} Entry
 * @property {string[]} names that it declares, the first one above it
 * @property {string} code as it stands there; empty for a piece of text between
 * @property {string} text
 * @property {{ names: string[], code: string, text: string }[]} [members]
 */

/** @typedef {{ title: string, text: string, entries: Entry[] }} Page */

/** What is there for compilers alone. @param {string} source */
const withoutFrame = (source) =>
  source
    .replace(/#ifdef __cplusplus\n(?:extern "C" \{|\})\n#endif\n/g, "")
    .replace(/^#(?:ifndef|define) NTRACE_\w+_H\n/gm, "")
    .replace(/^#include .*\n/gm, "")
    .replace(/#if defined\(__GNUC__\)\n.*\n#endif\n\s*;/g, ";")
    .replace(/#endif\s*$/, "");

/** What stands together: lines without an empty one between, or within one pair of braces or one comment. @param {string} source */
function blocksOf(source) {
  /** @type {string[][]} */
  const blocks = [[]];
  let depth = 0;
  let isComment = false;
  for (const line of source.split("\n")) {
    if (line.trim() === "" && depth === 0 && !isComment) blocks.push([]);
    else blocks[blocks.length - 1].push(line);
    const plain = line.replace(/\/\*.*?\*\//g, "");
    if (plain.includes("/*")) isComment = true;
    else if (plain.includes("*/")) isComment = false;
    else if (!isComment) depth += plain.split("{").length - plain.split("}").length;
  }
  return blocks.map((lines) => lines.join("\n")).filter((block) => block.trim() !== "");
}

/** @param {string} code */
function namesOf(code) {
  const plain = code.replace(/\/\*[\s\S]*?\*\//g, "");
  const outside = plain.replace(/\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, (body) => body.replace(/[\s\S]/g, " "));
  const found = [
    ...(outside.match(/\bnt_\w+(?= ?\()/g) ?? []),
    ...(plain.match(/(?<=^(?:typedef )?(?:struct|enum|union) )nt_\w+(?= \{)/gm) ?? []),
    ...(outside.match(/(?<=^typedef [^;]*?)nt_\w+(?=;)/gm) ?? []),
    ...(plain.match(/(?<=^#define )NT_\w+/gm) ?? []),
    ...(/^enum \{/m.test(plain) ? (plain.match(/\bNT_\w+(?= ?[=,\n}])/g) ?? []) : []),
  ];
  return [...new Set(found)];
}

/** The body of a function that stands in a header is none of its reader's business. @param {string} code */
const withoutBodies = (code) => code.replace(/^(static inline [^{;]*?) ?\{[\s\S]*?^\}/gm, "$1;");

/** @param {string} block @returns {Entry[]} */
function entriesOf(block) {
  const parts = block.match(/^\/\*[\s\S]*?\*\/[ \t]*$(?:\n(?!\/\*)[\s\S]*?(?=\n\/\*|(?![\s\S])))?|^(?!\/\*)[\s\S]+?(?=\n\/\*|(?![\s\S]))/gm) ?? [];
  return parts.map((part) => {
    const comment = /^\/\*[\s\S]*?\*\//.exec(part)?.[0] ?? "";
    const code = withoutBodies(part.slice(comment.length).trim()).replace(/(?<=[,(])\n {12,}/g, " "); // wrapped anew by who reads it
    return { names: namesOf(code), code, text: comment ? textOf(comment) : "" };
  });
}

/** @param {string} source of a header @param {string} title @returns {Page} */
export function readHeader(source, title) {
  const head = /^\/\*[\s\S]*?\*\//.exec(source)?.[0] ?? "";
  return { title, text: textOf(head), entries: blocksOf(withoutFrame(source.slice(head.length))).flatMap(entriesOf) };
}
