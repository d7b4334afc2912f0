/** The JavaScript API for Node.js: the same engine, in worker threads. A bundle's address may be a folder's path, too. */
import { pathToFileURL } from "node:url";
import { Worker as Thread } from "node:worker_threads";

import { openBundle as open } from "./ntrace.js";
import { startWorkersBy } from "./workers.js";

export { NtraceError } from "./ntrace.js";

/** As much of a browser's Worker as workers.js uses. */
function startThread() {
  const thread = new Thread(new URL("./node_worker.js", import.meta.url), { name: "ntrace" });
  const worker = {
    /** @type {(event: { data: any }) => void} */
    onmessage() {},
    /** @type {(event: { message: string }) => void} */
    onerror() {},
    onmessageerror() {},
    postMessage: (/** @type {unknown} */ message) => thread.postMessage(message),
    terminate: () => void thread.terminate(),
  };
  thread.on("message", (data) => worker.onmessage({ data }));
  thread.on("error", ({ message }) => worker.onerror({ message }));
  thread.on("messageerror", () => worker.onmessageerror());
  return /** @type {Worker} */ (/** @type {unknown} */ (worker));
}

startWorkersBy(startThread);

/** @type {typeof open} */
export const openBundle = (url, options) => open(typeof url === "string" && !/^[a-z][a-z\d+.-]+:/i.test(url) ? pathToFileURL(url) : url, options);
