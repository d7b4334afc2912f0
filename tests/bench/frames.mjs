/** Frames and tasks of the page's thread while something is done, printed. */
import { longestTask } from "../web/explorer.mjs";

/** @param {string} name @param {string} figure */
export const print = (name, figure) => console.log(`${name.padEnd(12)}${figure}`);

/** @param {number[]} values @param {number} share */
const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
/** @param {number[]} values */
export const spread = (values) => `median ${quantile(values, 0.5).toFixed(1)} ms, 95 % within ${quantile(values, 0.95).toFixed(1)} ms, longest ${Math.max(...values).toFixed(1)} ms`;

/** Remembers frames and long tasks from now on. @param {any} page */
const watch = (page) =>
  page.evaluate(() => {
    const seen = { frames: /** @type {number[]} */ ([]), tasks: /** @type {number[]} */ ([]), on: true };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ["longtask"] });
    let last = performance.now();
    const tick = (/** @type {number} */ now) => {
      seen.frames.push(now - last);
      last = now;
      if (seen.on) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });

/** What was seen since, and no more of it. @param {any} page @returns {Promise<{ frames: number[], tasks: number[] }>} */
const take = (page) => page.evaluate(() => Object.assign(/** @type {any} */ (globalThis).seen, { on: false }));

/** @param {any} browser @param {any} page @param {string} name @param {() => Promise<unknown>} act */
export async function frames(browser, page, name, act) {
  await watch(page);
  const own = await longestTask(browser, page, act);
  const { frames, tasks } = await take(page);
  const fast = frames.filter((frame) => frame < 17.5).length / frames.length;
  print(name, `frames ${spread(frames)}; ${(100 * fast).toFixed(0)} % at 60 a second or more`);
  print("", `longest task ${tasks.length ? Math.max(...tasks).toFixed(0) : "below 50"} ms, ${own.toFixed(1)} ms of the thread's own time (to hold: 50 ms)`);
}
