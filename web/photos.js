/** Pictures in colour, as they are: no ink, and so no halo. */

/** @typedef {import("./sketches.js").Sketches} Sketches */

const KEPT = 2000;

/** A picture on a canvas of its own. @param {Uint8Array} image [height, width, channels] @param {number} width @param {number} height @param {number} channels 2 to 4; an even number has opacity last */
function canvasOf(image, width, height, channels) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const data = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const from = channels * i;
    for (let c = 0; c < 3; c++) data.data[4 * i + c] = image[from + (channels > 2 ? c : 0)];
    data.data[4 * i + 3] = channels % 2 === 0 ? image[from + channels - 1] : 255;
  }
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(data, 0, 0);
  return canvas;
}

/**
 * Photographs with the interface of sprites.
 *
 * @param {Sketches} sketches
 * @returns {import("./sprites.js").Sprites}
 */
export function createPhotos(sketches) {
  const { width, height, channels } = sketches;
  /** @type {Map<number, HTMLCanvasElement>} the oldest first */
  const made = new Map();
  /** @type {Map<string, HTMLCanvasElement>} */
  const large = new Map();

  /** @param {number} sample */
  function get(sample) {
    const known = made.get(sample);
    const image = known ? undefined : sketches.get(sample);
    if (known || !image) return known ?? null;
    const canvas = canvasOf(image, width, height, channels);
    if (made.size >= KEPT) made.delete(/** @type {number} */ (made.keys().next().value));
    made.set(sample, canvas);
    return canvas;
  }

  return {
    has: (sample) => made.has(sample),
    prepare(samples, budget) {
      const until = performance.now() + budget;
      for (const sample of samples) {
        if (made.has(sample)) continue;
        if (performance.now() > until) return false;
        get(sample);
      }
      return true;
    },
    draw(context, sample, x, y, size) {
      const canvas = get(sample);
      if (!canvas) return false;
      const scale = size / Math.max(width, height);
      context.drawImage(canvas, x - (width * scale) / 2, y - (height * scale) / 2, width * scale, height * scale);
      return true;
    },
    large(sample, factor) {
      const key = `${sample} ${factor}`;
      const known = large.get(key);
      const canvas = known ? null : get(sample);
      if (known || !canvas) return known ?? null;
      const enlarged = document.createElement("canvas");
      [enlarged.width, enlarged.height] = [width * factor, height * factor];
      const context = /** @type {CanvasRenderingContext2D} */ (enlarged.getContext("2d"));
      context.imageSmoothingQuality = "high";
      context.drawImage(canvas, 0, 0, enlarged.width, enlarged.height);
      if (large.size > 48) large.delete(/** @type {string} */ (large.keys().next().value));
      large.set(key, enlarged);
      return enlarged;
    },
    forget(sample) {
      made.delete(sample);
      for (const key of large.keys()) if (key.startsWith(`${sample} `)) large.delete(key);
    },
    destroy() {},
  };
}
