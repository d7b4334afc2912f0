/**
 * Two workers for one bundle: the near one answers what a view waits for; the far one, started when it is first needed, searches
 * neighbour graphs and works on them, so that the near one never waits for it.
 */
import { features } from "./core.js";
import { NtraceError, cancelled } from "./errors.js";

/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {CallOptions & { onPreview?: (preview: any) => void }} Options */

/**
 * @typedef {object} Call
 * @property {(result: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {(preview: any) => void} [onPreview]
 * @property {CallOptions["onProgress"]} [onProgress]
 */

/**
 * What a worker opens.
 * @typedef {object} Address
 * @property {string} url of the bundle, absolute; empty where it comes from files
 * @property {ReadonlyMap<string, Blob>} [files]
 * @property {string} [model]
 * @property {"auto" | "simd" | "scalar"} [variant]
 */

/** Why the near worker does not answer: what is asked takes neighbour graphs. */
const ELSEWHERE = new Error("the far worker answers this");

/** Calls to a worker as promises. @param {Worker} worker */
function connect(worker) {
  /** @type {Map<number, Call>} */
  const calls = new Map();
  let next = 0;
  /** @type {NtraceError | undefined} */
  let ended;

  /** @param {NtraceError} error */
  function end(error) {
    ended ??= error;
    worker.terminate();
    for (const call of [...calls.values()]) call.reject(ended);
  }

  worker.onmessage = ({ data: { id, progress, preview, elsewhere, error, result } }) => {
    const call = calls.get(id);
    if (!call) return;
    if (progress) call.onProgress?.(progress);
    else if (preview) call.onPreview?.(preview);
    else if (elsewhere) call.reject(ELSEWHERE);
    else if (error) call.reject(new NtraceError(error.code, error.message, error.hint));
    else call.resolve(result);
  };
  worker.onerror = (event) => {
    event.preventDefault?.();
    end(new NtraceError("crashed", `The engine's worker failed: ${event.message || "it could not be started"}.`));
  };
  worker.onmessageerror = () => end(new NtraceError("crashed", "A message from the engine's worker could not be read."));

  return {
    end,
    hasEnded: () => ended !== undefined,
    /**
     * @param {string} method @param {object} request plain data
     * @param {CallOptions & { onPreview?: (preview: any) => void }} [options]
     * @returns {Promise<any>}
     */
    call(method, request, { signal, onProgress, onPreview } = {}) {
      if (ended) return Promise.reject(ended);
      if (signal?.aborted) return Promise.reject(cancelled());
      const id = next++;
      return new Promise((resolve, reject) => {
        const stop = () => {
          worker.postMessage({ cancel: id });
          settle(() => reject(cancelled()));
        };
        /** @param {() => void} how */
        const settle = (how) => {
          calls.delete(id);
          signal?.removeEventListener("abort", stop);
          how();
        };
        signal?.addEventListener("abort", stop);
        calls.set(id, {
          resolve: (result) => settle(() => resolve(result)),
          reject: (error) => settle(() => reject(error)),
          onProgress,
          onPreview,
        });
        worker.postMessage({ id, method, request });
      });
    },
  };
}

function startWorker() {
  if (!features().wasm) throw new NtraceError("unsupported", "WebAssembly is switched off in this browser: nothing can be computed.");
  if (typeof Worker !== "function") throw new NtraceError("unsupported", "This browser has no Workers: the engine cannot run.");
  const address = new URL("./worker.js", import.meta.url);
  if (address.origin !== globalThis.origin) return startForeign(address);
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "ntrace" }); // spelt out for bundlers
}

/** @type {string | undefined} */
let bootstrap;
/** Browsers start no worker from another site's script; but one of the page's own may import it, where that site allows it (CORS). @param {URL} address */
function startForeign(address) {
  bootstrap ??= URL.createObjectURL(new Blob([`import ${JSON.stringify(address.href)};`], { type: "text/javascript" }));
  return new Worker(bootstrap, { type: "module", name: "ntrace" });
}

let start = startWorker;
/** Where there are no Workers as in browsers: how they are started there. @param {() => Worker} means */
export const startWorkersBy = (means) => void (start = means);

/** What a promise gives, unless the signal fires before. @template T @param {Promise<T>} promise @param {AbortSignal} [signal] @returns {Promise<T>} */
function unlessCancelled(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(cancelled());
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

export function connectPair() {
  const near = connect(start());
  /** What the far worker opens. @type {Address} */
  let address;
  /** @type {{ connection: ReturnType<typeof connect>, opened: Promise<unknown> } | undefined} */
  let far;

  function startFar() {
    if (far && !far.connection.hasEnded()) return far;
    const connection = connect(start());
    const started = { connection, opened: connection.call("open", address) };
    started.opened.catch((error) => connection.end(error));
    far = started;
    return started;
  }

  /** @param {string} method @param {object} request @param {Options} options */
  async function callFar(method, request, options) {
    const { connection, opened } = startFar();
    await unlessCancelled(opened, options.signal);
    return connection.call(method, request, options);
  }

  function endFar() {
    far?.connection.end(cancelled());
    far = undefined;
  }

  return {
    /** @param {Address} request @param {CallOptions} options */
    async open(request, options) {
      const opened = await near.call("open", { ...request, delegates: true }, options);
      address = { ...request, model: opened.models.length > 0 ? opened.model : undefined, variant: opened.engine.variant };
      return opened;
    },
    /** Asks the near worker, and the far one where it says so. @param {string} method @param {object} request @param {Options} [options] @returns {Promise<any>} */
    async call(method, request, options = {}) {
      try {
        return await near.call(method, request, options);
      } catch (error) {
        if (error !== ELSEWHERE) throw error;
        return callFar(method, request, options);
      }
    },
    callFar,
    /** Ends the far worker and what it does; the next call that needs it starts it anew. */
    endFar,
    /** Bytes of both. */
    async memory() {
      const asked = [near.call("memory", {}), far?.opened.then(() => /** @type {any} */ (far).connection.call("memory", {}))];
      const [own, others] = await Promise.all(asked);
      return own + (others ?? 0);
    },
    /** @param {NtraceError} error */
    end(error) {
      near.end(error);
      far?.connection.end(error);
    },
  };
}
