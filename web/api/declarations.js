/** Type declarations as entries, as the compiler reads them. */
import ts from "typescript";

import { textOf } from "./comments.js";

/** @typedef {import("./headers.js").Entry} Entry */

/** @param {ts.Node} node @param {ts.SourceFile} file */
function commentOf(node, file) {
  const [last] = (ts.getLeadingCommentRanges(file.text, node.getFullStart()) ?? []).slice(-1);
  return last && file.text.startsWith("/**", last.pos) ? textOf(file.text.slice(last.pos, last.end)) : "";
}

/** Its text, one level of indentation for its members. @param {ts.Node} node @param {ts.SourceFile} file */
const codeOf = (node, file) => node.getText(file).replace(/^ {2}(?=\S)/gm, ts.isInterfaceDeclaration(node.parent) || ts.isClassDeclaration(node.parent) ? "" : "  ");

/** @param {ts.Node} node @param {ts.SourceFile} file @returns {Entry} */
function entryOf(node, file) {
  const name = /** @type {any} */ (node).name?.getText(file) ?? "";
  const text = commentOf(node, file);
  const isList = ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node);
  if (!isList || !node.members.some((member) => commentOf(member, file))) return { names: name ? [name] : [], code: codeOf(node, file), text };
  const head = file.text.slice(node.getStart(file), node.members.pos).trim();
  const members = node.members.map((member) => ({ names: [`${name}.${/** @type {any} */ (member).name?.getText(file) ?? "constructor"}`], code: codeOf(member, file), text: commentOf(member, file) }));
  return { names: [name], code: `${head} … }`, text, members };
}

/** @param {string} source @param {string} title @returns {import("./headers.js").Page} */
export function readDeclarations(source, title) {
  const file = ts.createSourceFile(title, source, ts.ScriptTarget.ES2022, true);
  const head = /^\/\*\*[\s\S]*?\*\//.exec(source)?.[0] ?? "";
  const entries = file.statements.filter((node) => !ts.isImportDeclaration(node) && !ts.isModuleDeclaration(node)).map((node) => entryOf(node, file));
  if (entries[0]?.text === textOf(head)) entries[0].text = ""; // it is the file's
  return { title, text: textOf(head), entries };
}
