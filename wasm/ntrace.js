import { NtraceError, cancelled, throwIfCancelled } from "./errors.js";
import { unpackTrace } from "./trace_layout.js";
import { connectPair } from "./workers.js";

export { NtraceError };

/**
 * @param {string | URL | import("./ntrace.d.ts").BundleFiles} from
 * @param {import("./ntrace.d.ts").OpenOptions} [options]
 * @returns {Promise<import("./ntrace.d.ts").Bundle>}
 */
export async function openBundle(from, options = {}) {
  throwIfCancelled(options.signal);
  const place = from instanceof Map ? { url: "", files: from } : { url: new URL(/** @type {string} */ (from), globalThis.document?.baseURI ?? globalThis.location?.href).href };
  const { model, version, variant, patience, onRecovered, signal, onProgress } = options;
  const worker = connectPair({ patience, onRecovered });
  try {
    return createBundle(worker, await worker.open({ ...place, model, version, variant }, { signal, onProgress }));
  } catch (error) {
    worker.end(cancelled());
    throw error;
  }
}

/** @param {ReturnType<typeof connectPair>} worker @param {any} opened @returns {import("./ntrace.d.ts").Bundle} */
function createBundle(worker, { url, version, models, model, firstModel, manifest, samples, engine }) {
  return Object.freeze({
    url,
    version,
    models,
    model,
    firstModel,
    manifest,
    engine,
    labels: samples.labels,
    predictions: samples.predictions,
    confidences: samples.confidences,

    async trace({ sample, from, to, k, exact, signal, onProgress, onPreview }) {
      const preview = onPreview && ((/** @type {any} */ packed) => onPreview(unpackTrace(packed)));
      return unpackTrace(await worker.call("trace", { sample, from, to, k, exact }, { signal, onProgress, onPreview: preview }));
    },
    neighbors: ({ sample, layer, k, exact, model, ...options }) => worker.call("neighbors", { sample, layer, k, exact, model }, options),
    neighborhoods: ({ signal, onProgress, onPreview, ...request }) => worker.call("neighborhoods", request, { signal, onProgress, onPreview }),
    place: ({ signal, onProgress, onPreview, ...request }) => worker.call("place", request, { signal, onProgress, onPreview }),
    async placeTrace({ signal, onProgress, onPreview, ...request }) {
      const preview = onPreview && ((/** @type {any} */ packed) => onPreview(/** @type {any} */ (unpackTrace(packed))));
      return /** @type {any} */ (unpackTrace(await worker.call("placeTrace", request, { signal, onProgress, onPreview: preview })));
    },
    preparePlace: ({ signal, onProgress, ...request } = {}) => worker.call("preparePlace", request, { signal, onProgress }),
    draw: ({ marks, base, ...options }) => worker.call("draw", { marks, base }, options),
    seat: ({ layer, index, distance, ...options }) => worker.call("seat", { layer, index: Array.from(index), distance: Array.from(distance) }, options),
    parting: ({ original, changed }) => worker.call("parting", { original, changed }),
    releasePlace: () => worker.call("releasePlace", {}),
    stability: ({ samples, signal, onProgress, ...request } = {}) => worker.call("stability", { ...request, samples: samples && Array.from(samples) }, { signal, onProgress }),
    overlapMatrix: ({ samples, signal, onProgress, ...request } = {}) => worker.call("overlapMatrix", { ...request, samples: samples && Array.from(samples) }, { signal, onProgress }),
    compare: ({ samples, signal, onProgress, ...request }) => worker.call("compare", { ...request, samples: samples && Array.from(samples) }, { signal, onProgress }),
    manifestOf: (name, options) => worker.call("manifest", { model: name }, options),
    prepareGraphs: ({ signal, onProgress, ...request } = {}) => worker.callFar("prepareGraphs", request, { signal, onProgress }),
    releaseGraphs: async () => worker.endFar(),
    graph: ({ layer, k, ...options }) => worker.call("graph", { layer, k }, options),
    densities: ({ signal, onProgress, onPreview, ...request }) => worker.call("densities", request, { signal, onProgress, onPreview }),
    summary: ({ samples: wanted, ...options } = {}) => worker.call("summary", { samples: wanted && Array.from(wanted) }, options),
    measures: ({ signal, onProgress, ...request }) => worker.call("measures", request, { signal, onProgress }),
    suggestions: ({ signal, onProgress, ...request } = {}) => worker.call("suggestions", request, { signal, onProgress }),
    project: ({ signal, onProgress, onPreview, ...request }) => worker.call("project", request, { signal, onProgress, onPreview }),
    probabilities: ({ sample, ...options }) => worker.call("probabilities", { sample }, options),
    images: ({ samples: wanted, ...options }) => worker.call("images", { samples: Array.from(wanted) }, options),
    explain: ({ signal, onProgress, ...request }) => worker.call("explain", request, { signal, onProgress }),
    memory: () => worker.memory(),
    close: () => worker.end(cancelled()),
  });
}
