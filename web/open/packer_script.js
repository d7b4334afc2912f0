/** For the builds of the page: where the script lies that Emscripten makes of wasm/pack.c. */
import { resolve } from "node:path";

/** @param {string} site the folder of the built site, beside which the Makefile leaves the script @returns {import("esbuild").Plugin} */
export const packerIn = (site) => ({
  name: "packer",
  setup: ({ onResolve }) => onResolve({ filter: /^packer$/ }, () => ({ path: resolve(site, "../wasm/packer/pack-simd.js") })),
});
