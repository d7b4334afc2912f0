/**
 * A cell of an Observable notebook: `import { trace } from "./observable.js"` in Observable Framework; in a notebook on the web, the body of
 * `trace` is the cell. The notebook puts the element on the page, and takes it away before the cell runs again.
 *
 * @param {{ sample?: number, k?: number }} [inputs] such as Inputs.range gives
 */
export async function trace({ sample = 12, k = 50 } = {}) {
  const { neighborhoodTrace } = await import("https://traces.example/embed/neighborhood-trace.js");
  return neighborhoodTrace({ src: "https://traces.example/bundle/", sample, from: 0, to: 13, k });
}
