import { NtraceError, cancelled } from "./errors.js";

const QUIET_MILLISECONDS = 20000;
const RETRY_MILLISECONDS = 300;

/**
 * @typedef {object} GetOptions
 * @property {AbortSignal} [signal]
 * @property {(bytes: number) => void} [onBytes] called with the bytes so far
 * @property {RequestCache} [cache]
 * @property {number} [limit] more bytes than this are refused
 */

/**
 * Files below an address: whole-file requests, given up after a time without a byte and tried a second time where that can help.
 * @param {string} base
 * @param {{ fetch?: typeof fetch, quietMilliseconds?: number }} [options]
 */
export function createSource(base, options = {}) {
  const request = options.fetch ?? globalThis.fetch.bind(globalThis);
  const quiet = options.quietMilliseconds ?? QUIET_MILLISECONDS;
  const root = new URL(base.endsWith("/") ? base : `${base}/`);

  return {
    base: root.href,
    /**
     * @param {string} path
     * @param {GetOptions} [how]
     * @returns {Promise<Uint8Array>}
     */
    async get(path, how = {}) {
      const url = new URL(path, root).href;
      try {
        return await getOnce(request, url, path, quiet, how);
      } catch (error) {
        if (!(error instanceof NtraceError) || error.code !== "network") throw error;
        await pause(RETRY_MILLISECONDS, how.signal);
        return getOnce(request, url, path, quiet, how);
      }
    },
  };
}

/** @typedef {ReturnType<typeof createSource>} Source */

/**
 * @param {typeof fetch} request @param {string} url @param {string} path @param {number} quiet @param {GetOptions} how
 */
async function getOnce(request, url, path, quiet, { signal, onBytes, cache = "default", limit = Infinity }) {
  if (signal?.aborted) throw cancelled();
  const control = new AbortController();
  const stop = () => control.abort();
  signal?.addEventListener("abort", stop);
  let timer = setTimeout(stop, quiet);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, quiet);
  };
  try {
    const response = await request(url, { signal: control.signal, cache });
    if (!response.ok) throw refusal(response.status, path, url);
    return await readBody(response, path, limit, (bytes) => {
      alive();
      onBytes?.(bytes);
    });
  } catch (error) {
    if (error instanceof NtraceError) throw error;
    if (signal?.aborted) throw cancelled();
    const reason = control.signal.aborted ? `no answer within ${quiet / 1000} seconds` : "the connection failed";
    throw new NtraceError("network", `${path} could not be fetched: ${reason} (${url}).`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** @param {number} status @param {string} path @param {string} url */
function refusal(status, path, url) {
  if (status === 404 || status === 410) return new NtraceError("missing", `${path} is missing: its server answers ${status} (${url}).`);
  return new NtraceError("network", `${path} could not be fetched: its server answers ${status} (${url}).`);
}

/** @param {Response} response @param {string} path @param {number} limit @param {(bytes: number) => void} onBytes */
async function readBody(response, path, limit, onBytes) {
  const reader = response.body?.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let total = 0;
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    total += piece.value.length;
    if (total > limit) {
      await reader?.cancel();
      throw new NtraceError("damaged", `${path} is longer than the ${limit} bytes that were expected.`);
    }
    parts.push(piece.value);
    onBytes(total);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {number} milliseconds @param {AbortSignal} [signal] */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve(undefined);
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
