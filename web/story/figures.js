/** What the story's sentences and figures are worked out from: counts and quantiles of what the engine answered. */

/** @typedef {import("../../wasm/ntrace.d.ts").Densities} Densities */
/** @typedef {import("../../wasm/ntrace.d.ts").Suggestion} Suggestion */

/** How many of the listed samples have each label, the most frequent first. @param {ArrayLike<number>} samples @param {ArrayLike<number>} labels */
export function labelsOf(samples, labels) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (let i = 0; i < samples.length; i++) counts.set(labels[samples[i]], (counts.get(labels[samples[i]]) ?? 0) + 1);
  return [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count || a.label - b.label);
}

/** Samples by class, worked out once for a dataset. @type {WeakMap<object, number[][]>} */
const sorted = new WeakMap();

/** Samples of a class, ascending. @param {Uint16Array} labels @param {number} label @returns {number[]} */
export function membersOf(labels, label) {
  let groups = sorted.get(labels);
  if (!groups) {
    groups = [];
    for (let i = 0; i < labels.length; i++) (groups[labels[i]] ??= []).push(i);
    sorted.set(labels, groups);
  }
  return groups[label] ?? [];
}

/** The value that a share `q` of them does not exceed, out of how many have each value: the nearest rank. @param {Uint32Array} counts @param {number} total @param {number} q */
function quantile(counts, total, q) {
  let left = Math.max(1, Math.ceil(q * total));
  for (let value = 0; value < counts.length; value++) if ((left -= counts[value]) <= 0) return value;
  return 0;
}

/**
 * Median and quartiles at every layer.
 * @param {Uint16Array} table [L, N] @param {number} samples N @param {ArrayLike<number>} list whose
 */
export function bandOf(table, samples, list) {
  const layers = table.length / samples;
  const band = { median: new Array(layers), low: new Array(layers), high: new Array(layers) };
  for (let l = 0; l < layers; l++) {
    let most = 0;
    for (let i = 0; i < list.length; i++) most = Math.max(most, table[l * samples + list[i]]);
    const counts = new Uint32Array(most + 1);
    for (let i = 0; i < list.length; i++) counts[table[l * samples + list[i]]]++;
    band.low[l] = quantile(counts, list.length, 0.25);
    band.median[l] = quantile(counts, list.length, 0.5);
    band.high[l] = quantile(counts, list.length, 0.75);
  }
  return band;
}
/** @typedef {{ median: number[], low: number[], high: number[] }} Band */

/** The step from one layer to the next at which a curve falls most, and the one at which it rises most; null where it does neither. @param {number[]} curve */
export function stepsOf(curve) {
  /** @type {{ layer: number, by: number } | null} */
  let fall = null;
  /** @type {{ layer: number, by: number } | null} */
  let rise = null;
  for (let layer = 1; layer < curve.length; layer++) {
    const by = curve[layer] - curve[layer - 1];
    if (by < 0 && (!fall || by < fall.by)) fall = { layer, by };
    if (by > 0 && (!rise || by > rise.by)) rise = { layer, by };
  }
  return { fall, rise };
}

/** How much a sample keeps on average over all layers but the reference. @param {Uint16Array} table [L, N] @param {number} samples @param {number} reference @param {number} sample */
export function meanKept(table, samples, reference, sample) {
  const layers = table.length / samples;
  let sum = 0;
  for (let l = 0; l < layers; l++) if (l !== reference) sum += table[l * samples + sample];
  return layers > 1 ? sum / (layers - 1) : 0;
}

/** A class's samples, those that keep most first. @param {Uint16Array} table @param {number} reference @param {Uint16Array} labels @param {number} label */
export function byStability(table, reference, labels, label) {
  const score = (/** @type {number} */ i) => meanKept(table, labels.length, reference, i);
  return membersOf(labels, label)
    .map((sample) => ({ sample, kept: score(sample) }))
    .sort((a, b) => b.kept - a.kept || a.sample - b.sample);
}

/**
 * The class whose median curve lies farthest from that of `label`, by the mean difference over the layers but the reference.
 * @param {Uint16Array} table @param {number} reference @param {Uint16Array} labels @param {number} label @param {number} classes
 */
export function unlikest(table, reference, labels, label, classes) {
  const own = bandOf(table, labels.length, membersOf(labels, label)).median;
  /** @type {{ label: number, median: number[], difference: number } | null} */
  let found = null;
  for (let c = 0; c < classes; c++) {
    const members = c === label ? [] : membersOf(labels, c);
    if (members.length === 0) continue;
    const { median } = bandOf(table, labels.length, members);
    const others = own.length - 1;
    const difference = others > 0 ? median.reduce((sum, value, l) => (l === reference ? sum : sum + value - own[l]), 0) / others : 0;
    if (!found || Math.abs(difference) > Math.abs(found.difference)) found = { label: c, median, difference };
  }
  return found;
}

/** Where a class's density is highest: the distance that is usual for it. Null where it has no density. @param {Densities} densities @param {number} label */
export function usualDistance({ at, density, bandwidth, points }, label) {
  if (!(bandwidth[label] > 0)) return null;
  let best = 0;
  for (let p = 1; p < points; p++) if (density[label * points + p] > density[label * points + best]) best = p;
  return at[best];
}

/** Classes from the one whose usual distance is least. @param {Densities} densities */
export function byUsualDistance(densities) {
  return Array.from(densities.bandwidth.keys())
    .flatMap((label) => {
      const distance = usualDistance(densities, label);
      return distance === null ? [] : [{ label, distance }];
    })
    .sort((a, b) => a.distance - b.distance || a.label - b.label);
}

/**
 * The overlap of the density of one class with that of all others together: the area under both, 1 where they are the same, 0
 * where they have nothing in common. Null where either has no density.
 * @param {Densities} densities @param {number} label
 */
export function overlapWithOthers({ at, density, bandwidth, count, points }, label) {
  const others = Array.from(bandwidth.keys()).filter((c) => c !== label && bandwidth[c] > 0);
  const all = others.reduce((sum, c) => sum + count[c], 0);
  if (!(bandwidth[label] > 0) || all === 0) return null;
  let area = 0;
  const value = (/** @type {number} */ p) => {
    const mixed = others.reduce((sum, c) => sum + (count[c] / all) * density[c * points + p], 0);
    return Math.min(density[label * points + p], mixed);
  };
  for (let p = 1; p < points; p++) area += ((value(p) + value(p - 1)) / 2) * (at[p] - at[p - 1]);
  return Math.min(1, area);
}

/** The farthest samples of all classes together. @param {Densities} densities @param {number} many */
export const farthestOf = ({ farthest }, many) => farthest.flat().sort((a, b) => b.distance - a.distance || a.sample - b.sample).slice(0, many);

/** The reasons of which one sample each is offered, and what it is called. */
const OFFERS = /** @type {const} */ ([
  ["mostStable", "very stable"],
  ["leastStable", "very unstable"],
  ["corrected", "corrected by the network"],
  ["ambiguous", "between two classes"],
  ["mislabelled", "probably mislabelled"],
  ["typical", "typical of its class"],
  ["hub", "near to many"],
]);

/**
 * One sample for each reason, the first of those that stand at the last layer, none twice.
 * @param {Suggestion[]} suggestions @returns {{ sample: number, title: string, reason: Suggestion }[]}
 */
export function offersOf(suggestions) {
  /** @type {Set<number>} */
  const taken = new Set();
  return OFFERS.flatMap(([reason, title]) => {
    const those = suggestions.filter((one) => one.reason === reason && !taken.has(one.sample));
    const last = Math.max(...those.map(({ layer }) => layer));
    const found = those.find(({ layer }) => layer === last);
    if (!found) return [];
    taken.add(found.sample);
    return [{ sample: found.sample, title, reason: found }];
  });
}
