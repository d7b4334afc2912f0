/** Whether anything can be drawn for a bundle's network. */
import { count } from "./words.js";

/** The side of a drawing in pixels, as the rasteriser makes it. */
const SIDE = 28;

/** Why not, in words; empty where it can. @param {import("../wasm/ntrace.d.ts").Manifest} manifest */
export function whyNoDrawing({ dataset, chunks }) {
  const { image } = dataset;
  if (!image || !chunks.some(({ role }) => role === "weights")) return "This bundle holds activations and no network: what a network would make of a drawing cannot be worked out from it.";
  const { height, width, channels } = image;
  if (height === SIDE && width === SIDE && channels === 1) return "";
  return `Drawings are grey pictures of ${SIDE} × ${SIDE} pixels. This network takes pictures of ${height} × ${width} pixels in ${channels === 1 ? "one channel" : `${count(channels)} channels`}, so there is nothing to draw for it.`;
}
