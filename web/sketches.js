/** The samples' images: fetched in batches when wanted, kept, announced when they arrive. */

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */

const BATCH = 128;

/**
 * @param {Bundle} bundle
 * @param {(error: Error) => void} onError
 */
export function createSketches(bundle, onError) {
  const { height, width } = bundle.manifest.dataset.image;
  const pixels = height * width;
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
        batch.forEach((sample, i) => kept.set(sample, images.slice(i * pixels, (i + 1) * pixels)));
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
    /** Grey image [height * width], ink 255. @param {number} sample */
    get: (sample) => kept.get(sample),
    /** @param {string} who @param {Iterable<number>} samples the most wanted first */
    want(who, samples) {
      wishes.delete(who);
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
