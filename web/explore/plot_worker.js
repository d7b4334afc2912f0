/** Paints the stability plot's lines away from the page's thread. Messages in: a layer's scene and size; out: pictures, a quick one first where the fine one takes long. */
import { createPaintQueue } from "./plot_queue.js";

const queue = createPaintQueue(
  (painted) => self.postMessage(painted, { transfer: [painted.pixels.buffer] }),
  (error) =>
    setTimeout(() => {
      throw error; // the page hears of it and paints by itself
    }),
);
self.onmessage = ({ data }) => queue.put(data);
