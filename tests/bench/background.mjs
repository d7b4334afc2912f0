/** How long calls take while the graphs of all layers are searched in the background, and what they cost, in headless Chromium. */
import { launch, openPage, serveSite } from "../web/browser.mjs";

const CALLS = 60;
const K = 100;

/** @param {string} name @param {string} figure */
const print = (name, figure) => console.log(`${name.padEnd(12)}${figure}`);

/** @param {number[]} values */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(0);
  return `median ${at(0.5)} ms, 90 % within ${at(0.9)} ms, slowest ${at(1)} ms, of ${values.length}`;
}

/** Runs in the page. @param {{ url: string, calls: number, k: number }} asked */
async function measure({ url, calls, k }) {
  const { openBundle } = await import(`${url}engine/ntrace.js`);
  const bundle = await openBundle(`${url}bundle/`);
  const { layers, dataset } = bundle.manifest;
  let state = 20261124;
  const random = (/** @type {number} */ below) => (state = (state * 48271) % 2147483647) % below;
  /** @template T @param {() => Promise<T>} call @returns {Promise<[number, T]>} */
  const timed = async (call) => {
    const start = performance.now();
    const answer = await call();
    return [performance.now() - start, answer];
  };
  const jobs = {
    "trace, on codes": (/** @type {number} */ sample) => bundle.trace({ sample, from: random(layers.length), to: random(layers.length), k, exact: false }),
    "trace, exact": (/** @type {number} */ sample) => bundle.trace({ sample, from: random(layers.length), to: random(layers.length), k }),
    images: () => bundle.images({ samples: Array.from({ length: 100 }, () => random(dataset.samples)) }),
    gradient: (/** @type {number} */ sample) => bundle.explain({ method: "gradient", sample }),
    densities: (/** @type {number} */ sample) => bundle.densities({ sample, layer: random(layers.length), exact: false }),
  };
  /** @param {() => boolean} goOn */
  const round = async (goOn) => {
    /** @type {Record<string, number[]>} */
    const times = Object.fromEntries(Object.keys(jobs).map((name) => [name, []]));
    for (let i = 0; goOn(); i++) {
      for (const [name, job] of Object.entries(jobs)) times[name].push((await timed(() => job(random(dataset.samples))))[0]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return times;
  };
  const counted = (/** @type {number} */ count) => () => count-- > 0;
  for (let layer = 0; layer < layers.length; layer++) await bundle.trace({ sample: 0, from: layer, to: 0, k });
  await bundle.images({ samples: Array.from({ length: dataset.samples }, (_, i) => i) });
  await round(counted(10));
  const alone = await round(counted(calls));
  const some = Array.from({ length: 300 }, (_, i) => Math.floor((i * dataset.samples) / 300));
  const [onCodes] = await timed(() => bundle.stability({ k: 50, reference: 3, samples: some, exact: false, recall: false }));
  let searching = true;
  const searched = timed(() => bundle.prepareGraphs()).finally(() => (searching = false));
  const meanwhile = await round(() => searching);
  const [seconds, graphs] = await searched;
  const stabilities = [];
  for (let i = 0; i < 7; i++) stabilities.push((await timed(() => bundle.stability({ k: 20 + 10 * i, reference: i })))[0]);
  const [matrix] = await timed(() => bundle.overlapMatrix({ k }));
  return { alone, meanwhile, onCodes, seconds: seconds / 1000, computing: graphs.milliseconds / 1000, bytes: graphs.bytes, stabilities, matrix, memory: await bundle.memory() };
}

const [browser, site] = await Promise.all([launch(), serveSite()]);
try {
  const { page, close } = await openPage(browser);
  await page.goto(`${site.url}favicon.svg`);
  const found = await page.evaluate(measure, { url: site.url, calls: CALLS, k: K });
  for (const name of Object.keys(found.alone)) {
    print(name, "");
    print("", `alone                    ${spread(found.alone[name])}`);
    print("", `while graphs are searched ${spread(found.meanwhile[name])}`);
  }
  print("graphs", `all layers in ${found.seconds.toFixed(1)} s, ${found.computing.toFixed(1)} s of it computing, ${(found.bytes / 2 ** 20).toFixed(0)} MiB`);
  print("stability", `all samples, new k and reference, from graphs: ${spread(found.stabilities)} (to hold: 100 ms); matrix of overlaps ${found.matrix.toFixed(0)} ms`);
  print("", `300 samples on codes, before the graphs are there: ${found.onCodes.toFixed(0)} ms`);
  print("memory", `${(found.memory / 2 ** 20).toFixed(0)} MiB of WebAssembly memory in both workers (to hold: 256 MiB)`);
  await close();
} finally {
  await browser.close();
  site.close();
}
