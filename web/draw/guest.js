/** The bundle with one sample more, the one on the sheet, so that every view shows it as it shows any other. */
import { createSprites } from "../sprites.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../../wasm/ntrace.d.ts").Placed} Placed */

/** @template {ArrayLike<number>} T @param {T} values @returns {T} */
function longer(values) {
  const Kind = /** @type {any} */ (values).constructor;
  const copy = new Kind(values.length + 1);
  copy.set(values);
  return copy;
}

/**
 * @param {Bundle} bundle
 * @param {{ sketches: import("../sketches.js").Sketches, theme: import("../theme.js").Theme }} shared
 */
export function createGuest(bundle, { sketches, theme }) {
  const sample = bundle.labels.length;
  const [labels, predictions, confidences] = [longer(bundle.labels), longer(bundle.predictions), longer(bundle.confidences)];
  const called = { sample, name: "drawing" };
  /** @type {Uint8Array | undefined} */
  let pixels;
  /** @type {number | undefined} */
  let base;
  /** @type {Set<() => void>} */
  const readers = new Set();

  const manifest = { ...bundle.manifest, dataset: { ...bundle.manifest.dataset, samples: sample + 1 }, guest: called };
  const outside = () => ({ pixels: /** @type {Uint8Array} */ (pixels), exclude: base });
  const most = () => sample - (base === undefined ? 0 : 1);
  /** @type {Bundle["trace"]} */
  async function trace({ sample: asked, k, onPreview, ...options }) {
    if (asked !== sample) return bundle.trace({ sample: asked, k, onPreview, ...options });
    const own = (/** @type {any} */ found) => ({ ...found, sample });
    return own(await bundle.placeTrace({ ...outside(), ...options, k: Math.min(k, most()), onPreview: onPreview && ((found) => onPreview(own(found))) }));
  }
  /** @type {Bundle["densities"]} */
  async function densities({ sample: asked, ...options }) {
    if (asked !== sample) return bundle.densities({ sample: asked, ...options });
    return { ...(await bundle.densities({ ...options, pixels })), sample };
  }
  /** @type {Bundle["neighborhoods"]} */
  async function neighborhoods({ sample: asked, onPreview, ...options }) {
    if (asked !== sample) return bundle.neighborhoods({ sample: asked, onPreview, ...options });
    return /** @type {any} */ ({ ...(await bundle.place({ ...outside(), ...options })), sample });
  }
  const explain = /** @type {Bundle["explain"]} */ (
    (/** @type {any} */ { sample: asked, ...options }) => bundle.explain(asked === sample ? { ...options, pixels } : { ...options, sample: asked })
  );
  /** @type {Bundle} */
  const wider = Object.freeze({ ...bundle, manifest, labels, predictions, confidences, trace, densities, neighborhoods, explain });

  /** @type {import("../sketches.js").Sketches} */
  const withOwn = {
    ...sketches,
    get: (asked) => (asked === sample ? pixels : sketches.get(asked)),
    want: (who, samples) => sketches.want(who, [...samples].filter((asked) => asked !== sample)),
    subscribe(read) {
      const end = sketches.subscribe(read);
      readers.add(read);
      return () => {
        readers.delete(read);
        end();
      };
    },
  };
  const sprites = createSprites(withOwn, theme);

  /** What every sample keeps at each layer, [L, N + 1]; the last of each row is the sheet's own. @type {Uint16Array | null} */
  let kept = null;
  /** @type {Uint32Array | null} */
  let overlap = null;
  function writeOwn() {
    if (kept && overlap) for (let layer = 0; layer < overlap.length; layer++) kept[layer * (sample + 1) + sample] = overlap[layer];
  }

  return {
    sample,
    /** Read once; rejects as Bundle.stability does. */
    async readStability() {
      const { values } = await bundle.stability();
      const wider = new Uint16Array(manifest.layers.length * (sample + 1));
      manifest.layers.forEach((_, layer) => wider.set(values.subarray(layer * sample, (layer + 1) * sample), layer * (sample + 1)));
      kept = wider;
      writeOwn();
    },
    stability: () => kept,
    bundle: wider,
    sketches: withOwn,
    sprites,
    /** What is on the sheet now. @param {Uint8Array} image @param {Placed | null} placed @param {{ base: number | null, name: string }} from */
    set(image, placed, from) {
      pixels = image;
      base = from.base ?? undefined;
      called.name = from.name;
      if (placed) {
        labels[sample] = predictions[sample] = placed.class;
        confidences[sample] = placed.probabilities[placed.class];
        overlap = placed.overlap ?? overlap;
        writeOwn();
      }
      sprites.forget(sample);
      for (const read of readers) read();
    },
    destroy: sprites.destroy,
  };
}

/** @typedef {ReturnType<typeof createGuest>} Guest */
