/** Paints the stability plot's lines away from the page's thread. Messages in: a layer's scene and size; out: pictures, a quick one first where the fine one takes long. */
import { createPaintQueue } from "./plot_queue.js";

const queue = createPaintQueue(({ pixels, ...rest }) => self.postMessage({ pixels, ...rest }, { transfer: [pixels.buffer] }));
self.onmessage = ({ data }) => queue.put(data);
