/** What Lighthouse gives the built site, on its phone (slow network and processor, as it takes them) and on its desktop. Ends with 1 where a floor is missed. */
import { createServer } from "node:net";

import { launch, serveSite } from "../web/browser.mjs";
import { print } from "./table.mjs";

// By a name that the type checker does not look up: it is there for this alone.
const { default: lighthouse, desktopConfig } = await import(/** @type {string} */ ("lighthouse"));

/** @type {Record<string, number>} */
const FLOORS = { performance: 95, accessibility: 100, "best-practices": 100 };
const VIEWS = ["story", "trace", "explore"];
/** Of which the middle one counts: blocking times are those of the moment. */
const RUNS = 3;

/** A port that nobody listens at. @returns {Promise<number>} */
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    server.close(() => resolve(port));
  });
});

/** What is to be worked on: audits of a category that are not passed whole. @param {any} report @param {string} category */
const failed = ({ audits, categories }, category) => categories[category].auditRefs
  .filter((/** @type {any} */ { id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 0.9)
  .map((/** @type {any} */ { id }) => `${id}${audits[id].displayValue ? ` ${audits[id].displayValue}` : ""}`);

const port = await freePort();
const site = await serveSite();
const browser = await launch(`--remote-debugging-port=${port}`);
let missed = 0;
for (const [device, config] of /** @type {const} */ ([["phone", undefined], ["desktop", desktopConfig]])) {
  for (const view of VIEWS) {
    const reports = [];
    for (let run = 0; run < RUNS; run++) {
      const result = await lighthouse(`${site.url}#/${view}`, { port, onlyCategories: Object.keys(FLOORS), logLevel: "error" }, config);
      if (!result || result.lhr.runtimeError) throw new Error(result?.lhr.runtimeError?.message ?? "Lighthouse gave no report");
      reports.push(result.lhr);
    }
    for (const [category, floor] of Object.entries(FLOORS)) {
      const scoreOf = (/** @type {any} */ report) => Math.round(100 * (report.categories[category].score ?? 0));
      const ordered = [...reports].sort((/** @type {any} */ a, /** @type {any} */ b) => scoreOf(a) - scoreOf(b));
      const middle = ordered[(RUNS - 1) / 2];
      const words = [`runs ${ordered.map(scoreOf).join(", ")}`, ...failed(middle, category)].join("; ");
      await print(`Lighthouse, ${device}, ${view}: ${category}`, String(scoreOf(middle)), words, { value: scoreOf(middle), floor });
      missed += Number(scoreOf(middle) < floor);
    }
  }
}
await browser.close();
site.close();
process.exitCode = missed > 0 ? 1 : 0;
