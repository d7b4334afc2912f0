/** Before anything else of the page runs: `fetch` reads the files that stand in it, and a Worker starts from a script that does. */
import { decodeBase64, fetchFrom, findPath } from "./inline.js";

/** @type {import("./inline.js").Files} */
const files = new Map();
/** Workers' scripts, as the addresses of blobs. @type {Map<string, string>} */
const scripts = new Map();

for (const element of document.querySelectorAll("script[data-file]")) {
  const path = /** @type {string} */ (element.getAttribute("data-file"));
  const text = element.textContent ?? "";
  if (path.endsWith(".js")) scripts.set(path, URL.createObjectURL(new Blob([decodeBase64(text)], { type: "text/javascript" })));
  else files.set(path, new Blob([text]));
  element.remove(); // its text is not to be kept twice
}

globalThis.fetch = fetchFrom(files);
globalThis.Worker = class extends Worker {
  /** @param {string | URL} address @param {WorkerOptions} [options] */
  constructor(address, options) {
    const script = scripts.get(findPath(scripts.keys(), address) ?? "");
    if (script === undefined) throw new Error(`${address} is not in this file.`);
    super(script, { name: options?.name });
    this.postMessage({ files });
  }
};
