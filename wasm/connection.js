import { whenAborted } from "./abort.js";
import { NtraceError, cancelled } from "./errors.js";

/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {CallOptions & { onPreview?: (preview: any) => void }} Options */

/**
 * @typedef {object} Call
 * @property {object} message
 * @property {(result: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {(preview: any) => void} [onPreview]
 * @property {CallOptions["onProgress"]} [onProgress]
 */

/** Why the near worker does not answer: what is asked takes neighbour graphs. */
export const ELSEWHERE = new Error("the far worker answers this");

const TICK = 500;
/** Time for a worker to say its first word. */
const START_MILLISECONDS = 4000; // two ways within ten seconds, on slow machines too
/** How long one step of the engine may take, on the slowest machines. */
const PATIENCE_MILLISECONDS = 30000;

/**
 * Calls to a worker as promises. A worker that does not start is started in the next of `starts`; one that ends, or says nothing
 * for a long time, ends all calls as "crashed".
 * @param {(() => Worker)[]} starts
 * @param {{ patience?: number, onEnd?: (error: NtraceError) => void, onLate?: () => void }} [options] patience: milliseconds; onLate: told of a worker that has not started in time
 */
export function connect(starts, { patience = PATIENCE_MILLISECONDS, onEnd, onLate } = {}) {
  /** @type {Map<number, Call>} */
  const calls = new Map();
  let next = 0;
  /** @type {NtraceError | undefined} */
  let ended;
  let attempt = 0;
  let heard = false;
  /** Ticks since a ping that is not answered yet; while this thread computes, none passes. */
  let silent = 0;
  let timer = 0;
  let worker = start();

  /** @returns {Worker} */
  function startAny() {
    try {
      return starts[attempt]();
    } catch (error) {
      if (++attempt < starts.length) return startAny();
      throw new NtraceError("crashed", `The engine's worker could not be started: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  function start() {
    const started = startAny();
    started.onmessage = ({ data }) => {
      heard = true;
      silent = 0;
      hear(data);
    };
    started.onerror = (event) => {
      event.preventDefault?.();
      fail(`The engine's worker failed: ${event.message || "it could not be started"}.`);
    };
    started.onmessageerror = () => end(new NtraceError("crashed", "A message from the engine's worker could not be read."));
    return started;
  }

  /** @param {string} words */
  function fail(words) {
    if (heard || attempt + 1 === starts.length) return end(new NtraceError("crashed", words));
    attempt++;
    silent = 0;
    worker.terminate();
    worker = start();
    for (const { message } of calls.values()) worker.postMessage(message);
  }

  function tick() {
    if (silent === 0) worker.postMessage({ ping: next });
    silent++;
    if (!heard && silent * TICK >= START_MILLISECONDS) {
      onLate?.();
      fail(`The engine's worker has not started within ${START_MILLISECONDS / 1000} seconds.`);
    } else if (heard && silent * TICK > patience) end(new NtraceError("crashed", `The engine's worker has not answered for ${patience / 1000} seconds.`));
  }
  function watch() {
    if (calls.size === 0 || ended) {
      clearInterval(timer);
      timer = 0;
      silent = 0;
    } else if (timer === 0) {
      timer = /** @type {any} */ (setInterval(tick, TICK));
    }
  }

  /** @param {NtraceError} error */
  function end(error) {
    if (ended) return;
    ended = error;
    worker.terminate();
    for (const call of [...calls.values()]) call.reject(ended);
    watch();
    onEnd?.(error);
  }

  /** @param {any} message */
  function hear({ id, progress, preview, elsewhere, error, result }) {
    const call = calls.get(id);
    if (!call) return;
    if (progress) call.onProgress?.(progress);
    else if (preview) call.onPreview?.(preview);
    else if (elsewhere) call.reject(ELSEWHERE);
    else if (error) call.reject(new NtraceError(error.code, error.message, error.hint));
    else call.resolve(result);
  }

  return {
    end,
    hasEnded: () => ended !== undefined,
    /**
     * @param {string} method @param {object} request plain data
     * @param {Options} [options]
     * @returns {Promise<any>}
     */
    call(method, request, { signal, onProgress, onPreview } = {}) {
      if (ended) return Promise.reject(ended);
      if (signal?.aborted) return Promise.reject(cancelled());
      const id = next++;
      return new Promise((resolve, reject) => {
        /** @param {() => void} how */
        const settle = (how) => {
          calls.delete(id);
          leave();
          watch();
          how();
        };
        const leave = whenAborted(signal, () => {
          worker.postMessage({ cancel: id });
          settle(() => reject(cancelled()));
        });
        const message = { id, method, request };
        calls.set(id, {
          message,
          resolve: (result) => settle(() => resolve(result)),
          reject: (error) => settle(() => reject(error)),
          onProgress,
          onPreview,
        });
        worker.postMessage(message);
        watch();
      });
    },
  };
}

/** @typedef {ReturnType<typeof connect>} Connection */
