/** A small sign for each kind of layer, 16 x 16, drawn in the current colour. */

/** @type {Record<string, string>} */
const PATHS = {
  input: "M2.5 2.5h11v11h-11z M2.5 6.17h11 M2.5 9.83h11 M6.17 2.5v11 M9.83 2.5v11",
  conv2d: "M2.5 2.5h11v11h-11z M5 5h4.5v4.5h-4.5z M9.5 9.5l4 4",
  relu: "M2 12.5h6l5.5 -9",
  maxpool2d: "M2.5 2.5h11v11h-11z M8 2.5v11 M2.5 8h11 M10 5.25h1.5",
  flatten: "M3.5 3v10 M8 3v10 M12.5 3v10 M2 8h12",
  linear: "M3 3.5l10 4.5l-10 4.5 M3 3.5v0 M3 8h10 M3 12.5v0",
  batchnorm2d: "M2 13h12 M3 12.5c3.5 0 3 -9.5 5 -9.5s1.5 9.5 5 9.5",
  leakyrelu: "M2 13.5l6 -2l5.5 -8",
  gelu: "M2 11.5c3 0 3.5 1.5 5 1.5c2.5 0 4 -5.5 6.5 -9.5",
  silu: "M2 10.5c2.5 .5 3.5 2.5 5.5 2.5c2.5 0 3.5 -5.5 6 -9.5",
  avgpool2d: "M2.5 2.5h11v11h-11z M8 2.5v11 M2.5 8h11 M5.25 5.25h5.5v5.5h-5.5z",
  globalavgpool2d: "M2.5 2.5h11v11h-11z M4.5 4.5l2.5 2.5 M11.5 4.5l-2.5 2.5 M4.5 11.5l2.5 -2.5 M11.5 11.5l-2.5 -2.5",
  dropout: "M3 4h2 M7 4h2 M11 4h2 M3 8h2 M11 8h2 M7 12h2 M11 12h2",
  identity: "M3 6h10 M3 10h10",
  add: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0 -11z M8 5v6 M5 8h6",
  softmax: "M3.5 13v-2 M6.5 13v-10 M9.5 13v-4.5 M12.5 13v-1",
  logsoftmax: "M3.5 3v7.5 M6.5 3v1 M9.5 3v5 M12.5 3v10",
};
const OTHER = "M3 8h10";

/** @param {string} kind of a layer @returns {string} path */
export const glyphOf = (kind) => PATHS[kind] ?? OTHER;
