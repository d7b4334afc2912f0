/** A small sign for each kind of layer, 16 x 16, drawn in the current colour. */

/** @type {Record<string, string>} */
const PATHS = {
  input: "M2.5 2.5h11v11h-11z M2.5 6.17h11 M2.5 9.83h11 M6.17 2.5v11 M9.83 2.5v11",
  conv2d: "M2.5 2.5h11v11h-11z M5 5h4.5v4.5h-4.5z M9.5 9.5l4 4",
  relu: "M2 12.5h6l5.5 -9",
  maxpool2d: "M2.5 2.5h11v11h-11z M8 2.5v11 M2.5 8h11 M10 5.25h1.5",
  flatten: "M3.5 3v10 M8 3v10 M12.5 3v10 M2 8h12",
  linear: "M3 3.5l10 4.5l-10 4.5 M3 3.5v0 M3 8h10 M3 12.5v0",
};
const OTHER = "M3 8h10";

/** @param {string} kind of a layer @returns {string} path */
export const glyphOf = (kind) => PATHS[kind] ?? OTHER;
