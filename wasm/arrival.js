import { NtraceError } from "./errors.js";

/** How long a script may take: what is late is told within ten seconds. */
export const MILLISECONDS = 8000;

/**
 * A script that is imported when it is needed. One that fails or is late is an error in words: `import` itself waits for ever.
 * @template T
 * @param {Promise<T>} script
 * @param {string} what in words
 * @param {import("./ntrace.d.ts").ErrorCode} [code]
 * @param {number} [milliseconds] how long it may take
 * @returns {Promise<T>}
 */
export function arrival(script, what, code = "network", milliseconds = MILLISECONDS) {
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ reason) => reject(new NtraceError(code, `${what} could not be fetched: ${reason}.`, "Check the connection and try again."));
    const timer = setTimeout(() => fail(`it has not arrived within ${MILLISECONDS / 1000} seconds`), milliseconds);
    script.then(resolve, (error) => fail(error instanceof Error ? error.message : String(error))).finally(() => clearTimeout(timer));
  });
}
