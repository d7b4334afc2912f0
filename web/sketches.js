/** The samples' images: fetched in batches when wanted, kept, announced when they arrive. */

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */

const BATCH = 128;
const NONE = { channels: 0, height: 28, width: 28 }; // where a bundle holds no images: the size of what stands for them

/**
 * @param {Bundle} bundle
 * @param {(error: Error) => void} onError
 */
export function createSketches(bundle, onError) {
  const { channels, height, width } = bundle.manifest.dataset.image ?? NONE;
  const bytes = height * width * channels;
  /** @type {Map<number, Uint8Array>} */
  const kept = new Map();
  /** @type {Set<() => void>} */
  const readers = new Set();
  /** Samples wanted and not there, by who wants them: a newer wish of the same reader replaces its older one. @type {Map<string, number[]>} */
  const wishes = new Map();
  let busy = false;

  function nextBatch() {
    /** @type {Set<number>} */
    const batch = new Set();
    for (const [who, samples] of wishes) {
      while (samples.length > 0 && batch.size < BATCH) {
        const sample = /** @type {number} */ (samples.shift());
        if (!kept.has(sample)) batch.add(sample);
      }
      if (samples.length === 0) wishes.delete(who);
    }
    return [...batch];
  }

  async function work() {
    if (busy) return;
    busy = true;
    try {
      for (let batch = nextBatch(); batch.length > 0; batch = nextBatch()) {
        const images = await bundle.images({ samples: batch });
        batch.forEach((sample, i) => kept.set(sample, images.slice(i * bytes, (i + 1) * bytes)));
        for (const read of readers) read();
      }
    } catch (error) {
      wishes.clear();
      onError(/** @type {Error} */ (error));
    } finally {
      busy = false;
    }
  }

  return {
    width,
    height,
    channels,
    /** Image [height, width, channels]; of one channel, ink is 255. @param {number} sample */
    get: (sample) => kept.get(sample),
    /** @param {string} who @param {Iterable<number>} samples the most wanted first */
    want(who, samples) {
      wishes.delete(who);
      if (channels === 0) return;
      const missing = [...samples].filter((sample) => !kept.has(sample));
      if (missing.length === 0) return;
      wishes.set(who, missing);
      void work();
    },
    /** @param {() => void} read called when images have arrived @returns {() => void} ends it */
    subscribe(read) {
      readers.add(read);
      return () => readers.delete(read);
    },
  };
}

/** @typedef {ReturnType<typeof createSketches>} Sketches */
