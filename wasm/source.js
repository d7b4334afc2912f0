import { whenAborted } from "./abort.js";
import { NtraceError, cancelled } from "./errors.js";

/** Twice this and a pause: the reader is told within ten seconds. */
const QUIET_MILLISECONDS = 4000;
const QUIET_TICKS = 8;
const RETRY_MILLISECONDS = 300;
/** A server that is busy may ask for so long a pause at most. */
const MOST_RETRY_MILLISECONDS = 1500;
const LESS_THAN = 0x3c; // "<" begins a web page, and no file of ours

/**
 * @typedef {object} GetOptions
 * @property {AbortSignal} [signal]
 * @property {(bytes: number) => void} [onBytes] called with the bytes so far
 * @property {RequestCache} [cache]
 * @property {number} [limit] more bytes than this are refused
 * @property {boolean} [anything] a web page is an answer too
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
        await pause(error instanceof Refusal ? error.pause : RETRY_MILLISECONDS, how.signal);
        return getOnce(request, url, path, quiet, how);
      }
    },
  };
}

/**
 * Gets a file and takes it, as `take` does that checks it. One that is damaged or missing is asked for once more, past every cache.
 * @template T
 * @param {Source} source @param {string} path @param {GetOptions} how @param {(bytes: Uint8Array) => T | Promise<T>} take
 * @returns {Promise<T>}
 */
export async function getSound(source, path, how, take) {
  try {
    return await take(await source.get(path, how));
  } catch (error) {
    if (!(error instanceof NtraceError) || !["damaged", "missing"].includes(error.code)) throw error;
    return take(await source.get(path, { ...how, cache: "reload" }));
  }
}

/** @typedef {ReturnType<typeof createSource>} Source */

/**
 * @param {typeof fetch} request @param {string} url @param {string} path @param {number} quiet @param {GetOptions} how
 */
async function getOnce(request, url, path, quiet, { signal, onBytes, cache = "default", limit = Infinity, anything = false }) {
  if (signal?.aborted) throw cancelled();
  const control = new AbortController();
  const stop = () => control.abort();
  const leave = whenAborted(signal, stop);
  let ticks = 0; // counted one by one: while this thread computes, none passes
  const timer = setInterval(() => ++ticks === QUIET_TICKS && stop(), quiet / QUIET_TICKS);
  try {
    const response = await request(url, { signal: control.signal, cache });
    if (!response.ok) throw refusal(response, path, url);
    return await readBody(response, path, limit, (bytes, piece) => {
      if (bytes === piece.length && piece[0] === LESS_THAN && !anything) throw new NtraceError("missing", `${path} is missing: its server answers with a web page instead (${url}).`);
      ticks = 0;
      onBytes?.(bytes);
    });
  } catch (error) {
    stop(); // what is left of the body is not wanted
    if (error instanceof NtraceError) throw error;
    if (signal?.aborted) throw cancelled();
    const reason = ticks >= QUIET_TICKS ? `no answer within ${quiet / 1000} seconds` : "the connection failed";
    throw new NtraceError("network", `${path} could not be fetched: ${reason} (${url}).`);
  } finally {
    clearInterval(timer);
    leave();
  }
}

/** A server's refusal that may pass, and how long to wait before asking again. */
class Refusal extends NtraceError {
  /** @param {string} message @param {string} hint @param {number} pause */
  constructor(message, hint, pause) {
    super("network", message, hint);
    this.pause = pause;
  }
}

/** @param {Response} response @param {string} path @param {string} url */
function refusal({ status, headers }, path, url) {
  if (status === 404 || status === 410) return new NtraceError("missing", `${path} is missing: its server answers ${status} (${url}).`);
  const asked = Number(headers.get("retry-after")) * 1000 || RETRY_MILLISECONDS;
  return new Refusal(`${path} could not be fetched: its server answers ${status} (${url}).`, adviceFor(status), Math.min(asked, MOST_RETRY_MILLISECONDS));
}

/** @param {number} status */
function adviceFor(status) {
  if (status === 401 || status === 403) return "The server does not give this file away: check the permissions of the site's files.";
  if (status === 429) return "The server is asked too often: wait a minute and try again.";
  return status >= 500 ? "The server has a problem: try again later." : "Check the site's address and try again.";
}

/** @param {Response} response @param {string} path @param {number} limit @param {(bytes: number, piece: Uint8Array) => void} onBytes */
async function readBody(response, path, limit, onBytes) {
  const reader = response.body?.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let total = 0;
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    total += piece.value.length;
    onBytes(total, piece.value);
    if (total > limit) throw new NtraceError("damaged", `${path} is longer than the ${limit} bytes that were expected.`);
    parts.push(piece.value);
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
    const timer = setTimeout(() => {
      leave();
      resolve(undefined);
    }, milliseconds);
    const leave = whenAborted(signal, () => {
      clearTimeout(timer);
      reject(cancelled());
    });
  });
}
