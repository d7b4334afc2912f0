/** What draws a bundle's samples: sketches as ink, pictures in colour as they are, plates where there are no pictures. The first is the usual one: the others come when they are needed. */
import { createSprites } from "./sprites.js";

/**
 * @param {import("../wasm/ntrace.d.ts").Bundle} bundle
 * @param {import("./sketches.js").Sketches} sketches
 * @param {import("./theme.js").Theme} theme
 */
export async function spritesOf(bundle, sketches, theme) {
  if (sketches.channels === 1) return createSprites(sketches, theme);
  return sketches.channels === 0 ? (await import("./plates.js")).createPlates(bundle, sketches, theme) : (await import("./photos.js")).createPhotos(sketches);
}
