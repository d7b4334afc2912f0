/** One trace as a page draws it, to be compared between ways of serving the same site. */

const POINTS = ".radial .point[data-sample]";

/** What a trace shows once it is exact: each point's sample and words, in the order of the samples, and the headline. @param {any} page @param {string} url */
export async function traceOf(page, url) {
  await page.goto(url);
  await page.waitForSelector("html[data-state=ready] main[data-exact=true]");
  await page.waitForSelector(POINTS, { state: "attached" });
  /** @type {[number, string][]} */
  const places = await page.locator(POINTS).evaluateAll((/** @type {SVGElement[]} */ nodes) => nodes.map((node) => [Number(node.dataset.sample), node.getAttribute("aria-label") ?? node.textContent]));
  return { places: places.sort((a, b) => a[0] - b[0]), words: await page.locator(".summary").first().innerText() };
}
