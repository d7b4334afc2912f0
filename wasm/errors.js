/** @typedef {import("./ntrace.d.ts").ErrorCode} ErrorCode */

/** What a reader can do about an error of each kind. @type {Record<ErrorCode, string>} */
const HINTS = {
  argument: "Choose a sample, a layer and a k that this bundle has.",
  memory: "Close other tabs, or choose a smaller k, and try again.",
  io: "Try again.",
  format: "Check that the address is that of a bundle folder, as ntrace pack writes it.",
  shape: "Pack the bundle again with ntrace pack.",
  value: "Pack the bundle again with ntrace pack.",
  damaged: "Reload the page. If it stays, the bundle's files are damaged on their server: copy them again and check them with ntrace verify.",
  version: "Reload the page. If it stays, page and bundle were made by different versions: deploy both together.",
  missing: "Check that the bundle's folder was copied completely; ntrace verify tells what is missing.",
  cancelled: "Ask again if it is still wanted.",
  network: "Check the connection and try again.",
  unsupported: "Use a current browser, and allow WebAssembly for this page.",
  crashed: "Reload the page. If it happens again, please report it.",
};

/** In the order of enum nt_status in include/ntrace/status.h. @type {ErrorCode[]} */
export const STATUS_CODES = [
  "crashed", "argument", "memory", "io", "format", "shape", "value", "damaged", "version", "missing", "cancelled",
];

export class NtraceError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message what failed, in words
   * @param {string} [hint] what to do about it
   */
  constructor(code, message, hint = HINTS[code]) {
    super(message);
    this.name = "NtraceError";
    this.code = code;
    this.hint = hint;
  }
}

/** Thrown where a worker leaves long work to another one. */
export class Elsewhere extends Error {}

/** Any thrown thing as an NtraceError. @param {unknown} error */
export function asNtraceError(error) {
  if (error instanceof NtraceError) return error;
  if (error instanceof DOMException && error.name === "AbortError") return cancelled();
  return new NtraceError("crashed", `The engine failed: ${error instanceof Error ? error.message : String(error)}`);
}

export function cancelled() {
  return new NtraceError("cancelled", "The call was cancelled.");
}

/** Throws where a signal has fired. @param {AbortSignal} [signal] */
export function throwIfCancelled(signal) {
  if (signal?.aborted) throw cancelled();
}
