/** Sketches as ink on nothing: small ones in an atlas, each with a halo of the plate's colour so that it reads on top of others. */

/** @typedef {import("./sketches.js").Sketches} Sketches */
/** @typedef {import("./theme.js").Theme} Theme */

const HALO = 2; // pixels of the sketch
const PAGE = 24; // cells across a page of the atlas

/**
 * @param {Sketches} sketches
 * @param {Theme} theme
 */
export function createSprites(sketches, theme) {
  const cellWidth = sketches.width + 2 * HALO;
  const cellHeight = sketches.height + 2 * HALO;
  /** @type {CanvasRenderingContext2D[]} */
  let pages = [];
  /** @type {Map<number, number>} sample to cell */
  let cells = new Map();
  /** @type {Map<string, HTMLCanvasElement>} */
  let large = new Map();
  const end = theme.subscribe(() => {
    pages = [];
    cells = new Map();
    large = new Map();
  });

  /** @param {number} sample @param {Uint8Array} image */
  function add(sample, image) {
    const cell = cells.size;
    if (cell % (PAGE * PAGE) === 0) {
      const canvas = document.createElement("canvas");
      canvas.width = PAGE * cellWidth;
      canvas.height = PAGE * cellHeight;
      pages.push(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")));
    }
    put(cell, image);
    cells.set(sample, cell);
    return cell;
  }
  /** @param {number} cell @param {Uint8Array} image */
  function put(cell, image) {
    const { ink, plate } = theme.tokens();
    const data = inkWithHalo(image, sketches.width, sketches.height, rgb(ink), rgb(plate));
    const [x, y] = cornerOf(cell);
    pages[Math.floor(cell / (PAGE * PAGE))].putImageData(data, x, y);
  }
  /** @param {number} cell */
  const cornerOf = (cell) => {
    const at = cell % (PAGE * PAGE);
    return [(at % PAGE) * cellWidth, Math.floor(at / PAGE) * cellHeight];
  };

  return {
    /** Whether drawing it costs nothing but the drawing. @param {number} sample */
    has: (sample) => cells.has(sample),
    /**
     * Makes sprites ready for drawing, those whose images are there.
     *
     * @param {Iterable<number>} samples @param {number} budget milliseconds
     * @returns {boolean} false when time ran out before all were made
     */
    prepare(samples, budget) {
      const until = performance.now() + budget;
      for (const sample of samples) {
        const image = cells.has(sample) ? undefined : sketches.get(sample);
        if (!image) continue;
        if (performance.now() > until) return false;
        add(sample, image);
      }
      return true;
    },
    /**
     * Draws a sketch centred at x, y; false where its image is not there yet.
     *
     * @param {CanvasRenderingContext2D} context @param {number} sample @param {number} x @param {number} y
     * @param {number} size of the sketch's longer side, without the halo
     */
    draw(context, sample, x, y, size) {
      let cell = cells.get(sample);
      if (cell === undefined) {
        const image = sketches.get(sample);
        if (!image) return false;
        cell = add(sample, image);
      }
      const scale = size / Math.max(sketches.width, sketches.height);
      const width = cellWidth * scale;
      const height = cellHeight * scale;
      const [left, top] = cornerOf(cell);
      const page = pages[Math.floor(cell / (PAGE * PAGE))].canvas;
      context.drawImage(page, left, top, cellWidth, cellHeight, x - width / 2, y - height / 2, width, height);
      return true;
    },
    /** A sketch enlarged with smooth edges, or null where its image is not there yet. @param {number} sample @param {number} factor */
    large(sample, factor) {
      const key = `${sample} ${factor}`;
      let canvas = large.get(key);
      if (canvas) return canvas;
      const image = sketches.get(sample);
      if (!image) return null;
      canvas = enlarge(image, sketches.width, sketches.height, factor, rgb(theme.tokens().ink));
      if (large.size > 48) large.delete(/** @type {string} */ (large.keys().next().value));
      large.set(key, canvas);
      return canvas;
    },
    /** The sample has another image now. @param {number} sample */
    forget(sample) {
      for (const key of large.keys()) if (key.startsWith(`${sample} `)) large.delete(key);
      const image = sketches.get(sample);
      const cell = cells.get(sample);
      if (image && cell !== undefined) put(cell, image);
    },
    destroy: end,
  };
}

/** @typedef {ReturnType<typeof createSprites>} Sprites */
/** @typedef {{ r: number, g: number, b: number }} Rgb */

/** Colours that were asked for: each sprite asks, and a canvas of its own for each would take longer than the sprite. @type {Map<string, Rgb>} */
const colours = new Map();

/** A colour as a canvas understands it: "#rrggbb". @param {string} colour @returns {Rgb} */
function rgb(colour) {
  const known = colours.get(colour);
  if (known) return known;
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  context.fillStyle = colour;
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(String(context.fillStyle).slice(at, at + 2), 16));
  colours.set(colour, { r, g, b });
  return { r, g, b };
}

/** Faint strokes gain more than strong ones: at a thumbnail's size they would vanish. @param {number} grey 0 to 1 */
const opacity = (grey) => Math.min(1, 1.15 * Math.pow(grey, 0.75));

/** @param {Uint8Array} image @param {number} width @param {number} height @param {Rgb} ink @param {Rgb} plate */
function inkWithHalo(image, width, height, ink, plate) {
  const data = new ImageData(width + 2 * HALO, height + 2 * HALO);
  const halo = dilate(image, width, height);
  for (let i = 0, y = -HALO; y < height + HALO; y++) {
    for (let x = -HALO; x < width + HALO; x++, i++) {
      const inside = x >= 0 && x < width && y >= 0 && y < height;
      const stroke = inside ? opacity(image[y * width + x] / 255) : 0;
      const around = 0.9 * (halo[i] / 255) * (1 - stroke);
      const alpha = stroke + around;
      if (alpha === 0) continue;
      const share = stroke / alpha;
      data.data[4 * i] = ink.r * share + plate.r * (1 - share);
      data.data[4 * i + 1] = ink.g * share + plate.g * (1 - share);
      data.data[4 * i + 2] = ink.b * share + plate.b * (1 - share);
      data.data[4 * i + 3] = 255 * alpha;
    }
  }
  return data;
}

/** Largest grey within HALO pixels, by rows and then by columns. @param {Uint8Array} image @param {number} width @param {number} height */
function dilate(image, width, height) {
  const wide = width + 2 * HALO;
  const tall = height + 2 * HALO;
  const rows = new Uint8Array(wide * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const grey = image[y * width + x];
      if (grey === 0) continue;
      for (let d = 0; d <= 2 * HALO; d++) rows[y * wide + x + d] = Math.max(rows[y * wide + x + d], grey);
    }
  }
  const out = new Uint8Array(wide * tall);
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] === 0) continue;
    for (let d = 0; d <= 2 * HALO; d++) out[i + d * wide] = Math.max(out[i + d * wide], rows[i]);
  }
  return out;
}

/** Each row of an image enlarged, 0 to 1, between two empty rows. @param {Uint8Array} image @param {number} width @param {number} height @param {number} factor */
function widen(image, width, height, factor) {
  const wide = width * factor;
  const rows = new Float64Array(wide * (height + 2));
  for (let px = 0; px < wide; px++) {
    const x = (px + 0.5) / factor - 0.5;
    const x0 = Math.floor(x);
    const u = x - x0;
    for (let y = 0; y < height; y++) {
      const left = x0 < 0 ? 0 : image[y * width + x0] / 255;
      const right = x0 + 1 >= width ? 0 : image[y * width + x0 + 1] / 255;
      rows[(y + 1) * wide + px] = left * (1 - u) + right * u;
    }
  }
  return rows;
}

/**
 * Bilinear enlargement whose edges are drawn tight again: a stroke stays a stroke.
 *
 * @param {Uint8Array} image @param {number} width @param {number} height @param {number} factor @param {Rgb} ink
 */
function enlarge(image, width, height, factor, ink) {
  const canvas = document.createElement("canvas");
  canvas.width = width * factor;
  canvas.height = height * factor;
  const wide = canvas.width;
  const data = new ImageData(wide, canvas.height);
  const pixels = data.data;
  const rows = widen(image, width, height, factor);
  for (let i = 0, py = 0; py < canvas.height; py++) {
    const y = (py + 0.5) / factor - 0.5;
    const v = y - Math.floor(y);
    const above = (Math.floor(y) + 1) * wide;
    for (let px = 0; px < wide; px++, i++) {
      const t = Math.max(0, Math.min(1, (rows[above + px] * (1 - v) + rows[above + wide + px] * v - 0.12) / 0.55));
      pixels[4 * i] = ink.r;
      pixels[4 * i + 1] = ink.g;
      pixels[4 * i + 2] = ink.b;
      pixels[4 * i + 3] = 255 * t * t * (3 - 2 * t);
    }
  }
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(data, 0, 0);
  return canvas;
}
