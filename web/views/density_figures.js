/** Figures read off a density. */

/** @typedef {import("../../wasm/ntrace.d.ts").Densities} Densities */

/** The distance that half of a class's samples are nearer than; of a class without a density its nearest, or Infinity where it has none. @param {Densities} densities @param {number} c class */
export function median({ at, density, bandwidth, points, nearest }, c) {
  if (bandwidth[c] === 0) return nearest[c][0]?.distance ?? Infinity;
  const row = density.subarray(c * points, (c + 1) * points);
  let half = row.reduce((sum, d) => sum + d, 0) / 2;
  const i = row.findIndex((d) => (half -= d) <= 0);
  return at[Math.max(0, i)];
}
