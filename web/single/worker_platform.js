/** Before anything else of a worker runs: its first message hands over the page's files, and `fetch` reads them. */
import { fetchFrom } from "./inline.js";

self.addEventListener(
  "message",
  (event) => {
    event.stopImmediatePropagation(); // it is none of the worker's own
    self.fetch = fetchFrom(event.data.files);
  },
  { once: true },
);
