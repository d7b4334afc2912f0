/** The page: opens the bundle, mounts the route that the URL asks for, and keeps the header in step. */
import { select } from "d3";
import { openBundle } from "../wasm/ntrace.js";
import { built } from "./address.js";
import { createNotice } from "./notice.js";
import { createSketches } from "./sketches.js";
import { createSprites } from "./sprites.js";
import { createStore } from "./store.js";
import { createTheme } from "./theme.js";
import { count, nounOf, percent } from "./words.js";

/** @typedef {import("../wasm/ntrace.d.ts").NtraceError} NtraceError */
/** @typedef {import("./params.js").State} State */

/**
 * What the page offers every route.
 *
 * @typedef {object} Context
 * @property {import("../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("./store.js").Store} store
 * @property {import("./sketches.js").Sketches} sketches
 * @property {import("./sprites.js").Sprites} sprites
 * @property {import("./theme.js").Theme} theme
 * @property {Report} report
 * @property {import("./views/trace.js").TraceOptions["loadFurther"]} [loadFurther]
 */

/**
 * How a route says in the page's notice how far it is.
 *
 * @typedef {object} Report
 * @property {(progress: import("../wasm/ntrace.d.ts").Progress) => void} progress while there is nothing to see yet
 * @property {(answer?: import("./session.js").Answer) => void} ready what the URL asks for is drawn
 * @property {(error: NtraceError, retry: () => void) => void} failed
 */

/**
 * A route that is mounted: told of every change of the state, until it is destroyed.
 *
 * @typedef {object} Route
 * @property {(state: State, before: State) => void} update
 * @property {() => void} destroy empties its root
 */

/** The trace view's figures below the first one. */
const loadFurther = () => import("./views/further.js");

/** Where the site keeps its bundle. */
const BUNDLE = "bundle/";

/**
 * The routes there are, the default one first: the name in the header, and the script and styles, which are fetched when they are needed.
 * @type {Map<string, { title: string, styles?: string, load: () => Promise<(root: HTMLElement, context: Context) => Route> }>}
 */
const ROUTES = new Map([
  ["story", { title: "Story", load: async () => (await import("./routes/story.js")).createStoryRoute }],
  ["trace", { title: "Trace", styles: "styles/trace_route.css", load: async () => (await import("./routes/trace.js")).createTraceRoute }],
  ["explore", { title: "Explorer", styles: "styles/explorer_route.css", load: async () => (await import("./routes/explore.js")).createExploreRoute }],
  ["draw", { title: "Draw", styles: "styles/draw_route.css", load: async () => (await import("./routes/draw.js")).createDrawRoute }],
]);

/** @param {string} selector @returns {HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const page = document.documentElement;
page.dataset.started = ""; // from here on the page itself tells what goes wrong
const theme = createTheme(find("[data-theme-toggle]"));
/** @type {() => void} */
let retry = start;
const notice = createNotice(find("[data-notice]"), () => retry());

notice.progress({ label: "starting", done: 0 });

/** @type {Report} */
const report = {
  progress: notice.progress,
  ready() {
    page.dataset.state = "ready";
    notice.hide();
  },
  failed(error, again) {
    page.dataset.state = "error";
    retry = again;
    notice.error(error);
  },
};

/** @param {import("../wasm/ntrace.d.ts").Bundle} bundle */
function describe({ manifest, engine }) {
  const { dataset, classes, layers, network } = manifest;
  const number = count(dataset.samples);
  const { many } = nounOf(manifest);
  find("[data-dataset]").textContent = dataset.synthetic ? `The ${number} ${many} are synthetic: a program made them, not people.` : `${dataset.title}, ${number} ${many}.`;
  find("[data-provenance]").textContent =
    `${dataset.title}: ${number} in ${classes.length} classes${dataset.source ? `, ${dataset.source}` : ""}. ` +
    `The network has ${layers.length} layers, the input included, and reads ${percent(network.accuracy)} of the ${many} rightly.` +
    (dataset.licence ? ` Licence: ${dataset.licence}.` : "");
  find("[data-engine]").textContent = `Computed in this tab by the engine ${engine.version}, ${engine.variant === "simd" ? "with SIMD" : "without SIMD"}.`;
}

/** Adds a style sheet, once. @param {string} address @returns {Promise<unknown>} */
function fetchStyles(address) {
  const href = built(address);
  if ([...document.querySelectorAll("link")].some((link) => link.href === href)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  return new Promise((done, failed) => {
    link.onload = done;
    link.onerror = () => {
      link.remove(); // so that it is asked for again
      failed(new Error(`${address} could not be fetched: check the connection and try again.`));
    };
    document.head.append(link);
  });
}

/** The header's links: each goes to its route with the state that the URL has now. @param {import("./store.js").Store} store */
function navigate(store) {
  select("[data-nav]")
    .selectAll("a")
    .data([...ROUTES])
    .join("a")
    .attr("href", ([view]) => store.link({ view }))
    .attr("aria-current", ([view]) => (view === store.get().view ? "page" : null))
    .text(([, { title }]) => title);
}

/** @param {import("../wasm/ntrace.d.ts").Bundle} bundle */
function mount(bundle) {
  const store = createStore(bundle.manifest, [...ROUTES.keys()]);
  const sketches = createSketches(bundle, (error) => notice.error(/** @type {NtraceError} */ (error)));
  const sprites = createSprites(sketches, theme);
  const root = find("main");
  /** @type {Route | null} */
  let route = null;

  async function enter() {
    const { view } = store.get();
    route?.destroy();
    route = null;
    page.dataset.state = "loading";
    page.dataset.route = view; // hides the story's still version where it is not asked for
    try {
      const { load, styles } = /** @type {NonNullable<ReturnType<typeof ROUTES.get>>} */ (ROUTES.get(view));
      const [create] = await Promise.all([load(), styles ? fetchStyles(styles) : null]);
      if (store.get().view !== view) return; // another wish came in between
      root.replaceChildren();
      root.dataset.view = view;
      route = create(root, { bundle, store, sketches, sprites, theme, report, loadFurther });
    } catch (error) {
      report.failed(/** @type {NtraceError} */ (error), enter);
    }
  }

  store.subscribe((state, before) => {
    navigate(store);
    if (state.view !== before.view) void enter();
    else route?.update(state, before);
  });
  describe(bundle);
  navigate(store);
  void enter();
}

async function start() {
  page.dataset.state = "loading";
  try {
    mount(await openBundle(new URL(BUNDLE, document.baseURI), { onProgress: notice.progress }));
  } catch (error) {
    report.failed(/** @type {NtraceError} */ (error), start);
  }
}

find("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault(); // the hash holds the state
  find("main").focus();
});
void start();
