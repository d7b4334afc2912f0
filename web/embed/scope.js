/**
 * Makes of the page's style sheets one for a shadow tree, whose host is what the root element is to the page: lengths do not follow
 * the embedding page's type size, and what depends on the window's width depends on the host's.
 */

/** What only a page of our own has. */
const PAGE_ONLY = /^(body|main:|\.(masthead|skip|colophon|theme-toggle|mark)\b|\[data-state|:is\(\[data-state)/;
const NESTING = /^@(media|supports|container|layer)/;
const ROOT_TEXT = 16;

/** The blocks of a sheet without comments, as esbuild writes it: each with what stands before its brace. @param {string} css @returns {{ head: string, body: string }[]} */
function blocksOf(css) {
  const blocks = [];
  for (let start = 0, depth = 0, open = 0, i = 0; i < css.length; i++) {
    if (css[i] === '"' || css[i] === "'") i = css.indexOf(css[i], i + 1);
    else if (css[i] === "{" && depth++ === 0) open = i;
    else if (css[i] === "}" && --depth === 0) {
      blocks.push({ head: css.slice(start, open).trim(), body: css.slice(open + 1, i) });
      start = i + 1;
    }
  }
  return blocks;
}

/** The parts of a selector list; commas within brackets part nothing. @param {string} list */
const partsOf = (list) => list.split(/,(?![^([]*[)\]])/);

/** @param {string} selector */
function scopeSelector(selector) {
  return selector
    .replace(/^html$/, ":host")
    .replace(/^:root((?:\[[^\]]*\]|:not\([^)]*\))+)/, (_, how) => `:host(${how.replaceAll("data-theme", "theme")})`)
    .replace(/^:root/, ":host");
}

/** @param {string} body declarations */
const scopeLengths = (body) => body.replace(/(\d*\.?\d+)rem\b/g, (_, n) => `${Number((n * ROOT_TEXT).toFixed(3))}px`).replace(/(\d)vw\b/g, "$1cqi");

/** @param {string} css @returns {string} */
function scopeBlocks(css) {
  return blocksOf(css)
    .map(({ head, body }) => {
      if (NESTING.test(head)) return `${/\bwidth\b/.test(head) ? head.replace("@media", "@container") : head}{${scopeBlocks(body)}}`;
      if (head.startsWith("@")) return `${head}{${body}}`;
      const kept = partsOf(head).map((part) => part.trim()).filter((part) => !PAGE_ONLY.test(part)).map(scopeSelector);
      return kept.length > 0 ? `${kept.join(",")}{${scopeLengths(body)}}` : "";
    })
    .join("");
}

/** @param {string} css minified, its imports within */
export const scope = (css) => `:host{all:initial}${scopeBlocks(css)}`;
