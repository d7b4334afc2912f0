/** What worker.js expects of a browser, for Node.js: messages, and a `fetch` that reads files, too. */
import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
const { fetch: fetchRemote } = globalThis;

/** @type {typeof fetch} */
globalThis.fetch = async (request, init) => {
  if (!String(request).startsWith("file:")) return fetchRemote(request, init);
  try {
    return new Response(new Uint8Array(await readFile(new URL(String(request)), { signal: init?.signal ?? undefined })));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return new Response(null, { status: 404 });
    throw error;
  }
};

const self = Object.assign(globalThis, {
  self: globalThis,
  /** @param {unknown} message @param {{ transfer?: any[] }} [options] */
  postMessage: (message, options) => port.postMessage(message, options?.transfer ?? []),
  /** @type {(event: { data: any }) => void} */
  onmessage() {},
});

await import("./worker.js");
port.on("message", (data) => self.onmessage({ data }));
