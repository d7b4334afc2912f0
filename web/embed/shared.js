/** One engine for all elements of a page that show the same bundle: opened for the first, closed with the last. */
import { openBundle } from "../../wasm/ntrace.js";

/** @typedef {(progress: import("../../wasm/ntrace.d.ts").Progress) => void} OnProgress */
/** @typedef {{ bundle: Promise<import("../../wasm/ntrace.d.ts").Bundle>, users: Set<OnProgress>, control: AbortController }} Opened */

/** @type {Map<string, Opened>} */
const opened = new Map();

/** @param {string} url @returns {Opened} */
function open(url) {
  const control = new AbortController();
  /** @type {Set<OnProgress>} */
  const users = new Set();
  const bundle = openBundle(url, { signal: control.signal, onProgress: (progress) => users.forEach((tell) => tell(progress)) });
  const entry = { bundle, users, control };
  opened.set(url, entry);
  bundle.catch(() => forget(url, entry)); // so that it is tried again
  return entry;
}

/** @param {string} url @param {Opened} entry */
function forget(url, entry) {
  if (opened.get(url) === entry) opened.delete(url);
}

/** @param {string} url of a bundle @param {OnProgress} onProgress of opening it */
export function share(url, onProgress) {
  const entry = opened.get(url) ?? open(url);
  /** @type {OnProgress} */
  const user = (progress) => onProgress(progress);
  entry.users.add(user);
  return {
    bundle: entry.bundle,
    release() {
      if (!entry.users.delete(user) || entry.users.size > 0) return;
      forget(url, entry);
      entry.control.abort();
      entry.bundle.then((bundle) => bundle.close(), () => {});
    },
  };
}
