/** From radii and angles of the engine to places on the plate. */

/** Radii of the nearest and of the k-th nearest, as the engine gives them. */
export const NEAREST = 0.5;
export const EDGE = 1.5;

/**
 * A piece of a ring round the origin, angles clockwise from 12 o'clock. (d3's `arc` comes with all of d3-shape, 5 kB of every first view.)
 * @param {number} inner @param {number} outer @param {number} start @param {number} end
 */
export function ringPiece(inner, outer, start, end) {
  const last = Math.min(end, start + 2 * Math.PI - 1e-4);
  const large = last - start > Math.PI ? 1 : 0;
  const at = (/** @type {number} */ angle, /** @type {number} */ radius) => `${radius * Math.sin(angle)},${-radius * Math.cos(angle)}`;
  return `M${at(start, outer)}A${outer},${outer} 0 ${large} 1 ${at(last, outer)}L${at(last, inner)}A${inner},${inner} 0 ${large} 0 ${at(start, inner)}Z`;
}

/** Width of the band for what is no longer among the k, as a share of the outer circle's radius. */
const BAND = 0.15;

/**
 * @param {number} width @param {number} height of the figure in CSS pixels
 * @param {{ side: number, top: number }} margin room for labels beside and above the sectors' arcs
 */
export function createGeometry(width, height, margin) {
  const cx = width / 2;
  const cy = height / 2;
  const beyond = Math.max(60, Math.min(width / 2 - margin.side, height / 2 - margin.top));
  const outer = beyond / (1 + BAND);

  /**
   * Pixels from the centre: linear up to the k-th nearest, then ever slower, so that whatever left stays on the plate.
   * @param {number} radius
   */
  function along(radius) {
    if (radius <= EDGE) return (radius / EDGE) * outer;
    return outer + BAND * outer * (1 - Math.exp(-(radius - EDGE) / 0.6));
  }

  return {
    width,
    height,
    cx,
    cy,
    inner: along(NEAREST),
    outer,
    beyond,
    along,
    /** @param {number} angle @param {number} pixels from the centre @returns {[number, number]} */
    place: (angle, pixels) => [cx + pixels * Math.sin(angle), cy - pixels * Math.cos(angle)],
  };
}

/** @typedef {ReturnType<typeof createGeometry>} Geometry */
