/** Pages of the API reference: HTML without scripts, in the site's style. */
import { h, toMarkup } from "../tree.js";
import { piecesOf, wordsOf } from "./comments.js";

/** @typedef {import("../tree.js").Tree} Tree */
/** @typedef {import("./headers.js").Entry} Entry */
/** @typedef {{ path: string, language: "C" | "JavaScript", page: import("./headers.js").Page }} Placed */

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** @param {string} from @param {string} to paths below api/ */
const between = (from, to) => (from.includes("/") ? `../${to}` : to);
/** @param {string} name */
const anchorOf = (name) => name.replace(/[^\w.]/g, "");

/** Code whose names lead to where they are declared. @param {string} code @param {Map<string, string>} places @param {string} here */
function linked(code, places, here) {
  return code.split(/(\b[A-Za-z_]\w*\b)/).map((word) => {
    const path = places.get(word);
    return path === undefined ? word : h("a", { href: `${path === here ? "" : between(here, path)}#${anchorOf(word)}` }, word);
  });
}

/** @param {Entry} entry @param {Map<string, string>} places @param {string} here @returns {Tree} */
function entryTree({ names, code, text, members }, places, here) {
  const [first, ...others] = names;
  const heading = first ? h("h2", { id: anchorOf(first) }, ...others.map((name) => h("span", { id: anchorOf(name) })), h("code", {}, first), others.length > 0 ? h("span", { class: "api-others" }, ` and ${others.length} more`) : null) : null;
  const rows = (members ?? []).map((member) =>
    h("li", { id: anchorOf(member.names[0]) }, h("pre", {}, h("code", {}, ...linked(member.code, places, here))), ...piecesOf(member.text)));
  return h("section", { class: "api-entry" }, heading, ...(text ? piecesOf(text) : []), code ? h("pre", {}, h("code", {}, ...linked(code, places, here))) : null, rows.length > 0 ? h("ul", { class: "api-members" }, ...rows) : null);
}

/** @param {Placed[]} all @param {string} here */
function navigation(all, here) {
  const list = (/** @type {string} */ language) =>
    h("ul", {}, ...all.filter((placed) => placed.language === language).map(({ path, page }) => h("li", {}, h("a", { href: between(here, path), "aria-current": path === here ? "page" : null }, page.title))));
  return h("nav", { class: "api-nav", "aria-label": "Reference" }, h("a", { href: between(here, "index.html"), "aria-current": here === "index.html" ? "page" : null }, "Overview"), h("p", {}, "JavaScript"), list("JavaScript"), h("p", {}, "C"), list("C"));
}

/** @param {{ path: string, title: string, main: Tree[], all: Placed[] }} options */
function document({ path, title, main, all }) {
  const up = between(path, "");
  const head = h("header", { class: "masthead" }, h("a", { class: "api-home", href: `${up}../` }, "Neighborhood Traces"), h("p", { class: "masthead-line" }, "API reference"));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="${POLICY}">
    <meta name="color-scheme" content="light dark">
    <title>${toMarkup(title)} · Neighborhood Traces</title>
    <link rel="icon" href="${up}../favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="${up}api.css">
  </head>
  <body>
    ${toMarkup(head)}
    <div class="api-desk">
      ${toMarkup(navigation(all, path))}
      ${toMarkup(h("main", { id: "view" }, ...main))}
    </div>
  </body>
</html>
`;
}

/** @param {Placed} placed @param {Placed[]} all @param {Map<string, string>} places */
export function referencePage({ path, page, language }, all, places) {
  const how = language === "C" ? `#include <ntrace/${page.title}>` : `import … from "${page.title}"`;
  const main = [h("h1", {}, page.title), h("p", { class: "api-how" }, h("code", {}, how)), ...piecesOf(page.text), ...page.entries.map((entry) => entryTree(entry, places, path))];
  return document({ path, title: page.title, main, all });
}

/** @param {Placed[]} all */
export function overview(all) {
  const list = (/** @type {string} */ language) =>
    h("dl", { class: "api-overview" }, ...all.filter((placed) => placed.language === language).map(({ path, page }) =>
      h("div", {}, h("dt", {}, h("a", { href: path }, page.title)), h("dd", {}, ...wordsOf(page.text.split(/\n\s*\n|(?<=\.)\s/)[0].replace(/\s+/g, " "))))));
  const main = [
    h("h1", {}, "API reference"),
    h("p", {}, "Made of the type declarations and of the public headers, each time the site is built."),
    h("h2", {}, "JavaScript"), list("JavaScript"), h("h2", {}, "C"), list("C"),
  ];
  return document({ path: "index.html", title: "API reference", main, all });
}
