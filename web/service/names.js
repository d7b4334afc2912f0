/** Names that the page and its service worker share: of caches, locks and files. */

/** Caches belong to a whole origin, where other sites may lie in other folders. @param {string} root the site's address */
const siteOf = (root) => `ntrace ${new URL(root).pathname}`;

/** @param {string} root */
export const pagePrefixOf = (root) => `${siteOf(root)} page `;
/** Holds one build of the page. @param {string} root @param {string} build */
export const pageCacheOf = (root, build) => `${pagePrefixOf(root)}${build}`;
/** Holds what there is of bundles: files named after their contents, and the last current.json. @param {string} root */
export const bundleCacheOf = (root) => `${siteOf(root)} bundles`;
/** Held by every page of a build, so that its cache stays. @param {string} cache */
export const lockOf = (cache) => `in use: ${cache}`;

/** A bundle's one file that changes. */
export const CURRENT = /\/current\.json$/;

/** @param {ArrayBuffer} bytes */
export const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** What a file's name says about its contents: a chunk's has the first half of their SHA-256, a manifest's all of it. @param {string} path */
export function hashNameOf(path) {
  const chunk = /\/c\/([0-9a-f]{32})\.bin$/.exec(path);
  if (chunk) return { sha256: chunk[1], type: "application/octet-stream" };
  const manifest = /\/m\.([0-9a-f]{64})\.json$/.exec(path);
  return manifest && { sha256: manifest[1], type: "application/json" };
}
