/** What the explorer knows of the whole dataset: each thing is asked of the engine when a view first wants it, kept, and announced. */

/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../../wasm/ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("../../wasm/ntrace.d.ts").MeasureName} MeasureName */
/** @typedef {import("../../wasm/ntrace.d.ts").NtraceError} NtraceError */

/**
 * A thing asked for: what is there, and how far the rest is.
 *
 * @template T
 * @typedef {object} Entry
 * @property {T | null} value null while there is nothing yet
 * @property {import("../../wasm/ntrace.d.ts").Progress | null} progress null when nothing is under way
 * @property {NtraceError | null} error why there is nothing; asking again after retry() tries anew
 */

/**
 * The stability of some samples.
 * @typedef {object} Glimpse
 * @property {number} k
 * @property {number} reference
 * @property {Uint32Array} samples [S]
 * @property {Uint16Array} values [L, S]
 */

/** Samples of a glimpse, and milliseconds from one announcement of more of them to the next. */
const GLIMPSED = 400;
const GLIMPSE_PACE = 200;

/**
 * How far a map can be trusted.
 *
 * @typedef {object} Quality
 * @property {Float32Array} trustworthiness [N] 1 where the k nearest on the map are near at the layer
 * @property {Float32Array} continuity [N] 1 where the k nearest at the layer are near on the map
 * @property {number} k
 */

/** Entries that are kept, the newest: the maps of all layers by both methods, and more. Each may hold some numbers for every sample. */
const MOST_KEPT = 64;

/**
 * @param {Bundle} bundle
 * @param {() => void} onChange something has arrived, got on or failed
 */
export function createLedger(bundle, onChange) {
  /** @type {Map<string, Entry<any> & { control: AbortController }>} */
  const entries = new Map();
  let closed = false;
  let mayStart = true;

  /**
   * The entry of a key, started where there is none.
   * @template T @param {string} key @param {(options: CallOptions & { onPreview: (value: T) => void }) => Promise<T>} start @returns {Entry<T>}
   */
  function entry(key, start) {
    const kept = entries.get(key);
    if (kept) {
      entries.delete(key); // the newest stand last
      entries.set(key, kept);
      return kept;
    }
    if (!mayStart) return { value: null, progress: null, error: null };
    const control = new AbortController();
    /** @type {Entry<T> & { control: AbortController }} */
    const made = { value: null, progress: { label: "starting", done: 0 }, error: null, control };
    entries.set(key, made);
    forget();
    const tell = (/** @type {Partial<Entry<T>>} */ change) => {
      if (closed || entries.get(key) !== made) return;
      Object.assign(made, change);
      onChange();
    };
    start({ signal: control.signal, onProgress: (progress) => tell({ progress }), onPreview: (value) => tell({ value }) }).then(
      (value) => tell({ value, progress: null }),
      (error) => tell({ error, progress: null }),
    );
    return made;
  }

  /** Gives up what is under way for other neighbourhoods than those now wanted. @param {string} kind @param {string} wanted */
  function giveUp(kind, wanted) {
    for (const [key, { progress, control }] of entries) {
      if (!progress || !key.startsWith(`${kind} `) || key === wanted) continue;
      control.abort();
      entries.delete(key);
    }
  }

  function forget() {
    for (const [key, { control }] of entries) {
      if (entries.size <= MOST_KEPT) return;
      control.abort();
      entries.delete(key);
    }
  }

  const { stability, layers, dataset } = bundle.manifest;
  /** Whether the bundle brings the curves along: others take a minute. @param {{ near: number, reference: number }} asked */
  const isShipped = ({ near, reference }) => near === stability.k && reference === stability.reference;

  /** Some samples' curves from codes, one after the other, until all of them have theirs. @param {{ near: number, reference: number }} asked @param {CallOptions & { onPreview: (value: Glimpse) => void }} options */
  async function glimpse({ near, reference }, { signal, onPreview }) {
    const step = Math.max(1, Math.floor(dataset.samples / GLIMPSED));
    /** @type {Uint32Array[]} */
    const curves = [];
    const soFar = () => ({
      k: near, reference, samples: Uint32Array.from(curves, (_, i) => i * step),
      values: Uint16Array.from({ length: layers.length * curves.length }, (_, at) => curves[at % curves.length][Math.floor(at / curves.length)]),
    });
    let told = performance.now();
    while ((curves.length + 1) * step <= dataset.samples && curves.length < GLIMPSED && !entries.get(`stability ${near} ${reference}`)?.value) {
      const { overlap } = await bundle.neighborhoods({ sample: curves.length * step, k: near, reference, exact: false, signal });
      curves.push(overlap);
      if (performance.now() - told < GLIMPSE_PACE) continue;
      told = performance.now();
      onPreview(soFar());
    }
    return soFar();
  }

  /** A map of a layer. @param {{ layer: number, method: "umap" | "pca" }} asked */
  const map = ({ layer, method }) =>
    entry(`map ${layer} ${method}`, (options) => {
      const { onPreview, ...rest } = options;
      return bundle.project(method === "umap" ? { layer, ...options } : { layer, method, ...rest });
    });

  /** @param {number} layer @param {import("../../wasm/ntrace.d.ts").Projection} projection @param {CallOptions} options @returns {Promise<Quality>} */
  async function judge(layer, { points }, { signal, onProgress }) {
    const k = Math.min(stability.k, Math.floor((dataset.samples - 1) / 2));
    const { values } = await bundle.measures({ layer, k, map: points, names: ["trustworthiness", "continuity"], signal, onProgress });
    return { trustworthiness: /** @type {Float32Array} */ (values.trustworthiness), continuity: /** @type {Float32Array} */ (values.continuity), k };
  }

  return {
    /** How many of the `near` nearest at each layer are among those at the reference. @param {{ near: number, reference: number }} asked */
    stability({ near, reference }) {
      const key = `stability ${near} ${reference}`;
      for (const kind of ["stability", "glimpse"]) giveUp(kind, `${kind} ${near} ${reference}`);
      return entry(key, ({ signal, onProgress }) => bundle.stability({ ...(isShipped({ near, reference }) ? {} : { k: near, reference }), signal, onProgress }));
    },
    isShipped,
    /** The same of more and more samples, while all are worked out; none of curves that the bundle brings along, which are there before. @param {{ near: number, reference: number }} asked @returns {Glimpse | null} */
    glimpse: (asked) => (isShipped(asked) ? null : entry(`glimpse ${asked.near} ${asked.reference}`, (options) => glimpse(asked, options)).value),
    map,
    /**
     * How far a map can be trusted: maps of the bundle bring it along, of others it is worked out where that is asked for.
     * @param {{ layer: number, method: "umap" | "pca" }} asked @param {{ work: boolean }} options @returns {Quality | null} null while it is not there
     */
    quality(asked, { work }) {
      const { value, progress } = map(asked);
      if (!value || progress) return null;
      const { trustworthiness, continuity, qualityK } = value;
      if (trustworthiness && continuity) return { trustworthiness, continuity, k: qualityK };
      return work ? entry(`quality ${asked.layer} ${asked.method}`, (options) => judge(asked.layer, value, options)).value : null;
    },
    /** The measures of a layer, [N] each. @param {number} layer */
    measures: (layer) => entry(`measures ${layer}`, (options) => bundle.measures({ layer, signal: options.signal, onProgress: options.onProgress })),
    /** How well a sample's neighbours at all layers support one class, [N]. */
    credibility: () =>
      entry("credibility", async ({ signal, onProgress }) => (await bundle.measures({ layer: layers.length - 1, names: ["credibility"], signal, onProgress })).values.credibility ?? null),
    /** Samples worth a look. */
    suggestions: () => entry("suggestions", (options) => bundle.suggestions({ signal: options.signal, onProgress: options.onProgress })),
    /** Accuracy, confusion matrix and the like of some samples; `key` names them. @param {string} key @param {Uint32Array} samples */
    summary: (key, samples) => entry(`summary ${key}`, (options) => bundle.summary({ samples, signal: options.signal })),
    /** Overlap of every two layers, averaged over some samples; `key` names them. @param {string} key @param {number} k @param {Uint32Array} samples */
    overlaps(key, k, samples) {
      const name = `overlaps ${k} ${key}`;
      giveUp("overlaps", name);
      return entry(name, ({ signal, onProgress }) => bundle.overlapMatrix({ k, samples, signal, onProgress }));
    },
    /** The same on codes: soon of few samples, later of more. @param {"few" | "more"} kind @param {string} key @param {number} k @param {Uint32Array} samples */
    overlapsOnCodes(kind, key, k, samples) {
      const name = `${kind} ${k} ${key}`;
      giveUp(kind, name);
      return entry(name, ({ signal, onProgress }) => bundle.overlapMatrix({ k, samples, exact: false, recall: false, signal, onProgress }));
    },
    /** Another model's manifest. @param {string} model */
    manifestOf: (model) => entry(`manifest ${model}`, ({ signal }) => bundle.manifestOf(model, { signal })),
    /** The stability of another model. @param {string} model @param {{ near: number, reference: number }} asked @param {{ k: number, reference: number }} shipped by that model */
    stabilityOf(model, { near, reference }, shipped) {
      const isShipped = near === shipped.k && reference === shipped.reference;
      const name = `kept ${model} ${near} ${reference}`;
      giveUp("kept", name);
      return entry(name, ({ signal, onProgress }) => bundle.stability({ model, ...(isShipped ? {} : { k: near, reference }), signal, onProgress }));
    },
    /** Neighbours in common with another model, averaged over some samples; `key` names them. @param {"comparison" | "glance"} kind a glance is on codes @param {string} model @param {string} key @param {number} k @param {Uint32Array} samples */
    comparison(kind, model, key, k, samples) {
      const name = `${kind} ${model} ${k} ${key}`;
      giveUp(kind, name);
      return entry(name, ({ signal, onProgress }) => bundle.compare({ with: model, k, samples, ...(kind === "glance" ? { exact: false } : {}), signal, onProgress }));
    },
    /** Ends the overlaps that are under way; asked for again they begin anew. */
    stopOverlaps() {
      for (const kind of ["overlaps", "more", "comparison"]) giveUp(kind, "");
      onChange();
    },
    layers: layers.length,
    /** What `read` finds in the ledger without anything being asked of the engine. @template T @param {() => T} read @returns {T} */
    atHand(read) {
      mayStart = false;
      try {
        return read();
      } finally {
        mayStart = true;
      }
    },
    /** Forgets what failed, so that it is asked anew. */
    retry() {
      for (const [key, { error }] of entries) if (error) entries.delete(key);
      onChange();
    },
    /** What is under way or has failed, for the status line. */
    status: () => [...entries].flatMap(([key, entry]) => (!key.startsWith("glimpse") && (entry.progress || entry.error) ? [entry] : [])),
    close() {
      closed = true;
      for (const { control } of entries.values()) control.abort();
      entries.clear();
    },
  };
}

/** @typedef {ReturnType<typeof createLedger>} Ledger */
