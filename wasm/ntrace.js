import { features } from "./core.js";
import { NtraceError, cancelled, throwIfCancelled } from "./errors.js";
import { unpackTrace } from "./trace_layout.js";

export { NtraceError };

/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */

/**
 * @typedef {object} Call
 * @property {(result: any) => void} resolve
 * @property {(error: NtraceError) => void} reject
 * @property {(preview: any) => void} [onPreview]
 * @property {CallOptions["onProgress"]} [onProgress]
 */

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

  worker.onmessage = ({ data: { id, progress, preview, error, result } }) => {
    const call = calls.get(id);
    if (!call) return;
    if (progress) call.onProgress?.(progress);
    else if (preview) call.onPreview?.(preview);
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
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "ntrace" });
}

/**
 * @param {string | URL} url
 * @param {import("./ntrace.d.ts").OpenOptions} [options]
 * @returns {Promise<import("./ntrace.d.ts").Bundle>}
 */
export async function openBundle(url, options = {}) {
  throwIfCancelled(options.signal);
  const worker = connect(startWorker());
  const address = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
  try {
    const opened = await worker.call("open", { url: address, variant: options.variant }, options);
    return createBundle(worker, opened);
  } catch (error) {
    worker.end(cancelled());
    throw error;
  }
}

/** @param {ReturnType<typeof connect>} worker @param {any} opened @returns {import("./ntrace.d.ts").Bundle} */
function createBundle(worker, { url, manifest, samples, engine }) {
  return Object.freeze({
    url,
    manifest,
    engine,
    labels: samples.labels,
    predictions: samples.predictions,
    confidences: samples.confidences,

    async trace({ sample, from, to, k, exact, signal, onProgress, onPreview }) {
      const preview = onPreview && ((/** @type {any} */ packed) => onPreview(unpackTrace(packed)));
      return unpackTrace(await worker.call("trace", { sample, from, to, k, exact }, { signal, onProgress, onPreview: preview }));
    },
    neighbors: ({ sample, layer, k, exact, ...options }) => worker.call("neighbors", { sample, layer, k, exact }, options),
    neighborhoods: ({ signal, onProgress, onPreview, ...request }) => worker.call("neighborhoods", request, { signal, onProgress, onPreview }),
    place: ({ signal, onProgress, onPreview, ...request }) => worker.call("place", request, { signal, onProgress, onPreview }),
    async placeTrace({ signal, onProgress, onPreview, ...request }) {
      const preview = onPreview && ((/** @type {any} */ packed) => onPreview(/** @type {any} */ (unpackTrace(packed))));
      return /** @type {any} */ (unpackTrace(await worker.call("placeTrace", request, { signal, onProgress, onPreview: preview })));
    },
    preparePlace: ({ signal, onProgress, ...request } = {}) => worker.call("preparePlace", request, { signal, onProgress }),
    releasePlace: () => worker.call("releasePlace", {}),
    stability: ({ k, reference, samples, exact, ...options } = {}) => worker.call("stability", { k, reference, samples: samples && Array.from(samples), exact }, options),
    overlapMatrix: ({ k, samples, exact, ...options } = {}) => worker.call("overlapMatrix", { k, samples: samples && Array.from(samples), exact }, options),
    graph: ({ layer, k, ...options }) => worker.call("graph", { layer, k }, options),
    densities: ({ signal, onProgress, onPreview, ...request }) => worker.call("densities", request, { signal, onProgress, onPreview }),
    summary: ({ samples: wanted, ...options } = {}) => worker.call("summary", { samples: wanted && Array.from(wanted) }, options),
    measures: ({ signal, onProgress, ...request }) => worker.call("measures", request, { signal, onProgress }),
    suggestions: ({ signal, onProgress, ...request } = {}) => worker.call("suggestions", request, { signal, onProgress }),
    project: ({ signal, onProgress, onPreview, ...request }) => worker.call("project", request, { signal, onProgress, onPreview }),
    probabilities: ({ sample, ...options }) => worker.call("probabilities", { sample }, options),
    images: ({ samples: wanted, ...options }) => worker.call("images", { samples: Array.from(wanted) }, options),
    explain: ({ signal, onProgress, ...request }) => worker.call("explain", request, { signal, onProgress }),
    memory: () => worker.call("memory", {}),
    close: () => worker.end(cancelled()),
  });
}
