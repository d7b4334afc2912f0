/** The stability plot's lines on canvases, painted by a worker; where no worker can be started, in slices on the page's thread. */
import { startModuleWorker } from "../../wasm/start_worker.js";
import { built } from "../address.js";
import { createPaintQueue } from "./plot_queue.js";

/** @typedef {import("./plot_paint.js").Scene} Scene */
/** @typedef {import("./plot_queue.js").Wish} Wish */
/** @typedef {import("./plot_queue.js").Painted} Painted */
/** @typedef {{ put: (wish: Wish) => void, close: () => void }} Queue */

/** build.js makes it. */
const SCRIPT = "painter.js";

/** @param {(painted: Painted) => void} onPainted @param {() => void} onFailed @returns {Queue} */
function startWorker(onPainted, onFailed) {
  const worker = startModuleWorker(built(SCRIPT), "painter");
  worker.onmessage = ({ data }) => onPainted(data);
  worker.onerror = (event) => {
    event.preventDefault();
    onFailed();
  };
  return { put: (wish) => worker.postMessage(wish), close: () => worker.terminate() };
}

/**
 * @param {Record<string, HTMLCanvasElement>} canvases by layer
 * @param {{ onPainted: (layer: string, fine: boolean) => void, onFailed: (error: Error) => void }} options
 */
export function createPainter(canvases, { onPainted, onFailed }) {
  /** What each layer is to show: sent once more if the worker fails. @type {Map<string, Wish>} */
  const newest = new Map();
  /** Pictures asked for apart. @type {Map<number, (painted: Painted) => void>} */
  const asked = new Map();
  let numbers = 0;
  let queue = open();

  function open() {
    try {
      return startWorker(show, fallBack);
    } catch {
      return createPaintQueue(show, onFailed);
    }
  }
  function fallBack() {
    queue.close();
    queue = createPaintQueue(show, onFailed);
    for (const wish of newest.values()) queue.put(wish);
  }

  /** @param {Painted} painted */
  function show(painted) {
    const { layer, number, width, height, pixels, fine } = painted;
    const answer = asked.get(number);
    if (answer) {
      if (fine) answer(painted);
      return;
    }
    const canvas = canvases[layer];
    if (!canvas || number < (newest.get(layer)?.number ?? 0)) return; // a newer wish is under way
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(new ImageData(/** @type {any} */ (pixels), width, height), 0, 0);
    onPainted(layer, fine);
  }

  return {
    /** Paints a layer anew. @param {string} layer @param {Partial<Scene>} change of its scene @param {{ width: number, height: number, density: number }} size */
    paint(layer, change, { width, height, density }) {
      const number = ++numbers;
      const wish = { layer, number, change, width, height, density };
      newest.set(layer, { ...wish, change: { ...newest.get(layer)?.change, ...change } });
      queue.put(wish);
    },
    /** A layer as a picture of another density. @param {string} layer @param {number} density @returns {Promise<HTMLCanvasElement | null>} null: nothing is painted there */
    async picture(layer, density) {
      const wish = newest.get(layer);
      if (!wish) return null;
      const number = ++numbers;
      const { width, height, pixels } = await new Promise((/** @type {(painted: Painted) => void} */ resolve) => {
        asked.set(number, resolve);
        queue.put({ ...wish, layer: `${layer} apart`, number, density });
      });
      asked.delete(number);
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(new ImageData(/** @type {any} */ (pixels), width, height), 0, 0);
      return canvas;
    },
    /** Empties a layer. @param {string} layer */
    clear(layer) {
      const canvas = canvases[layer];
      const wish = newest.get(layer);
      if (wish) newest.set(layer, { ...wish, number: ++numbers });
      canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
    },
    destroy: () => queue.close(),
  };
}

/** @typedef {ReturnType<typeof createPainter>} Painter */
