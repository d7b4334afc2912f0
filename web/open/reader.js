/** Has files read by a worker of their own, which is ended with them, or before where that is wished. */

import { startModuleWorker } from "../../wasm/start_worker.js";
import { built } from "../address.js";

/** @typedef {import("./gather.js").Given} Given */
/** @typedef {{ bundle: Map<string, Blob>, unused: string[] }} Read */

/**
 * @param {Given[]} given @param {{ signal: AbortSignal, onProgress: (progress: { label: string, done: number }) => void }} options
 * @returns {Promise<Read>} rejects in words
 */
export function readFiles(given, { signal, onProgress }) {
  const worker = startModuleWorker(built("opener.js"), "opener");
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("Cancelled: nothing was opened.")));
    worker.onmessage = ({ data: { progress, bundle, unused, error } }) => {
      if (progress) onProgress(progress);
      else if (bundle) resolve({ bundle, unused });
      else reject(new Error(error));
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      reject(new Error(`The reader of files failed: ${event.message || "it could not be started"}.`));
    };
    worker.postMessage({ files: given.map(({ path, file }) => ({ path, blob: file })) });
  }).finally(() => worker.terminate());
}
