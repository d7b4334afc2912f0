/**
 * Files that stand in the page itself, as base64 in script elements that no browser runs: `<script type="text/plain" data-file="bundle/current.json">`.
 * What asks for an address is answered out of them, so that nothing is ever requested.
 */

/** Paths of the site to base64: what a worker is handed. A Blob is passed on without being copied. @typedef {Map<string, Blob>} Files */

/** @param {string} text base64 @returns {Uint8Array<ArrayBuffer>} */
export function decodeBase64(text) {
  const native = /** @type {{ fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }} */ (/** @type {unknown} */ (Uint8Array));
  if (native.fromBase64) return native.fromBase64(text);
  const latin = atob(text);
  const bytes = new Uint8Array(latin.length);
  for (let i = 0; i < latin.length; i++) bytes[i] = latin.charCodeAt(i);
  return bytes;
}

/** The path that an address ends in, wherever the page lies. @param {Iterable<string>} paths @param {string | URL} address */
export function findPath(paths, address) {
  const { pathname } = new URL(address, "file:///");
  for (const path of paths) if (pathname.endsWith(`/${path}`)) return path;
  return undefined;
}

/** A `fetch` that reads these files; of others it says that they are missing, as a server would. @param {Files} files @returns {typeof fetch} */
export const fetchFrom = (files) =>
  async function fetchInline(request, { signal } = {}) {
    const path = findPath(files.keys(), request instanceof Request ? request.url : request);
    const text = path === undefined ? undefined : await files.get(path)?.text();
    signal?.throwIfAborted();
    return text === undefined ? new Response(null, { status: 404 }) : new Response(decodeBase64(text));
  };
