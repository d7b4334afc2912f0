/** What is to be painted, the newest wish of each layer: quickly and coarsely where it would take long, then finely, in slices between which newer wishes are heard. */
import { paint } from "./plot_paint.js";

/** @typedef {import("./plot_paint.js").Scene} Scene */

/**
 * A wish to see a layer of the picture painted.
 *
 * @typedef {object} Wish
 * @property {string} layer
 * @property {number} number of the wish
 * @property {Partial<Scene>} change of the layer's scene
 * @property {number} width CSS pixels
 * @property {number} height
 * @property {number} density pixels of the screen for one of these
 */

/** @typedef {{ layer: string, number: number, width: number, height: number, pixels: Uint8ClampedArray, fine: boolean }} Painted */

/** Lines times columns that are painted in some hundredths of a second. */
const QUICK = 1.5e6;
const MOST_COARSE = 4;
const SLICE = 6;

const channel = new MessageChannel();
/** @type {(() => void)[]} */
const waiting = [];
channel.port1.onmessage = () => waiting.shift()?.();
/** Lets messages that have arrived be handled. @returns {Promise<void>} */
const nextTurn = () =>
  new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });

/** @param {(painted: Painted) => void} onPainted @param {(error: Error) => void} onFailed */
export function createPaintQueue(onPainted, onFailed) {
  /** @type {Map<string, Scene>} */
  const scenes = new Map();
  /** The newest wish of each layer that is not painted finely yet; those not painted at all stand before the others. @type {Map<string, Wish & { seen: boolean }>} */
  const wishes = new Map();
  let busy = false;
  let closed = false;

  /** @param {Wish} wish @param {number} coarse columns of the screen in one of the picture's */
  async function paintOne(wish, coarse) {
    const scene = /** @type {Scene} */ (scenes.get(wish.layer));
    const density = coarse > 1 ? 1 : wish.density;
    const width = Math.max(scene.layers, Math.round((wish.width * density) / coarse));
    const height = Math.max(2, Math.round(wish.height * density));
    const work = paint(scene, width, height, density);
    for (let until = performance.now() + SLICE, step = work.next(); ; step = work.next()) {
      if (step.done) return onPainted({ layer: wish.layer, number: wish.number, width, height, pixels: step.value, fine: coarse === 1 });
      if (performance.now() < until) continue;
      await nextTurn();
      if (closed || wishes.get(wish.layer) !== wish) return;
      until = performance.now() + SLICE;
    }
  }

  async function work() {
    for (;;) {
      const wish = [...wishes.values()].find(({ seen }) => !seen) ?? [...wishes.values()][0];
      if (!wish || closed) break;
      const coarse = wish.seen ? 1 : coarseness(/** @type {Scene} */ (scenes.get(wish.layer)), wish.width);
      await paintOne(wish, coarse);
      wish.seen = true;
      if (coarse === 1 && wishes.get(wish.layer) === wish) wishes.delete(wish.layer);
      await nextTurn();
    }
  }
  async function begin() {
    if (busy) return;
    busy = true;
    try {
      await work();
    } catch (error) {
      wishes.clear();
      onFailed(/** @type {Error} */ (error));
    } finally {
      busy = false;
    }
  }

  return {
    /** @param {Wish} wish */
    put(wish) {
      scenes.set(wish.layer, /** @type {Scene} */ ({ ...scenes.get(wish.layer), ...wish.change }));
      wishes.set(wish.layer, { ...wish, seen: false });
      void begin();
    },
    close() {
      closed = true;
    },
  };
}

/** How many columns of the screen the quick picture puts into one. @param {Scene} scene @param {number} width */
function coarseness({ mask, least }, width) {
  let lines = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] >= least) lines++;
  return Math.max(1, Math.min(MOST_COARSE, Math.ceil((lines * width) / QUICK)));
}
