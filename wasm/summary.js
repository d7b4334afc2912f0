import { NtraceError } from "./errors.js";
import { copyF64 } from "./room.js";

/** struct nt_summary: two float64, five addresses, and four bytes of padding. */
const SUMMARY_BYTES = 40;

/**
 * How the network's predictions compare with the true labels, for all samples or some.
 * @param {import("./engine.js").Engine} engine
 * @param {{ samples?: ArrayLike<number> }} request
 * @returns {import("./ntrace.d.ts").Summary}
 */
export function summary(engine, { samples }) {
  const { core, handle, manifest } = engine;
  const wanted = samples && Array.from(samples);
  wanted?.forEach((sample) => engine.check(sample, "sample", manifest.dataset.samples));
  if (wanted?.length === 0) throw new NtraceError("argument", "samples: expected at least one.");
  const count = wanted ? wanted.length : manifest.dataset.samples;
  const c = manifest.classes.length;
  return core.borrow((take) => {
    const [at, list] = [take(SUMMARY_BYTES), take(4 * count)];
    const [recall, precision, f1, support, confusion] = [take(8 * c), take(8 * c), take(8 * c), take(4 * c), take(4 * c * c)];
    new Uint32Array(core.memory.buffer, at + 16, 5).set([recall, precision, f1, support, confusion]);
    if (wanted) new Uint32Array(core.memory.buffer, list, count).set(wanted);
    const [labels, predictions] = [core.call("nt_bundle_labels", handle), core.call("nt_bundle_predictions", handle)];
    core.attempt("nt_summarise", at, labels, predictions, wanted ? list : 0, count, c);
    const [accuracy, balancedAccuracy] = copyF64(core, at, 2);
    return {
      samples: count,
      accuracy,
      balancedAccuracy,
      recall: copyF64(core, recall, c),
      precision: copyF64(core, precision, c),
      f1: copyF64(core, f1, c),
      support: core.copyU32(support, c),
      confusion: core.copyU32(confusion, c * c),
    };
  });
}
