/** A trace's points in the order of their changes, and the part of them that a brush keeps. */

/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */

/**
 * A part of the order: from the first place, counted from 0, to before the second.
 * @typedef {readonly [number, number]} Keep
 */

/** From "came closest" to "drifted farthest"; equal changes by number, so that a place means the same on every machine. @param {TracePoint[]} points */
export const byChange = (points) => [...points].sort((a, b) => a.change - b.change || a.sample - b.sample);

/** The part as it applies to so many points; null where it keeps all of them, or none. @param {Keep | null} keep @param {number} count @returns {Keep | null} */
export function fit(keep, count) {
  if (!keep) return null;
  const [low, high] = [Math.max(0, keep[0]), Math.min(count, keep[1])];
  return low < high && high - low < count ? [low, high] : null;
}

/** The part between two places that a hand has chosen: whole bars, at least one. @param {number} a @param {number} b @param {number} count @returns {Keep | null} */
export function snap(a, b, count) {
  const low = Math.max(0, Math.min(count - 1, Math.round(a)));
  return fit([low, Math.max(low + 1, Math.round(b))], count);
}
