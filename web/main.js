/** The page: opens the bundle, mounts the route that the URL asks for, and keeps the header in step. */
import { select } from "d3";
import { openBundle } from "../wasm/ntrace.js";
import { MILLISECONDS, arrival } from "../wasm/arrival.js";
import { nextTurn } from "../wasm/turns.js";
import { built } from "./address.js";
import { knows } from "./answers.js";
import { createBulletin } from "./bulletin.js";
import { createNotice } from "./notice.js";
import { bundleHere, isOutdated, reloadToNewest } from "./service/version.js";
import { createSketches } from "./sketches.js";
import { spritesOf } from "./sprites_of.js";
import { createStore } from "./store.js";
import { takeDropped } from "./open/gather.js";
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
 * @property {(files: Map<string, Blob>, note: string, signal: AbortSignal) => Promise<void>} [openFiles] opens a bundle's files in the place of what is open; `note` says more of them
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
 * @property {(dropped: import("./open/gather.js").Dropped[]) => void} [receive] takes files that were dropped onto the page
 */

/** The trace view's figures below the first one. */
const loadFurther = () => import("./views/further.js");

/** Where the bundle comes from: where the site keeps its own, or files. @type {string | Map<string, Blob>} */
let place = new URL("bundle/", document.baseURI).href;

/**
 * The routes there are, the default one first: the name in the header, and the script and styles, which are fetched when they are needed.
 * @type {Map<string, { title: string, styles?: string, load: () => Promise<(root: HTMLElement, context: Context) => Route> }>}
 */
const ROUTES = new Map([
  ["story", { title: "Story", load: async () => (await import("./routes/story.js")).createStoryRoute }],
  ["trace", { title: "Trace", styles: "styles/trace_route.css", load: async () => (await import("./routes/trace.js")).createTraceRoute }],
  ["explore", { title: "Explorer", styles: "styles/explore_route.css", load: async () => (await import("./routes/explore.js")).createExploreRoute }],
  ["draw", { title: "Draw", styles: "styles/draw_route.css", load: async () => (await import("./routes/draw.js")).createDrawRoute }],
  ["open", { title: "Your data", styles: "styles/open_route.css", load: async () => (await import("./routes/open.js")).createOpenRoute }],
]);

/** Milliseconds after the first figure. */
const LATER = 3000;
const PART = "A part of the page";
const OUTDATED = { message: "A new version of this page has been published, and this one is not on its server any more.", hint: "Try again to get the new one." };

/** @param {string} selector @returns {HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const page = document.documentElement;
if (!document.querySelector(".colophon")) throw new Error("Only a part of the page has arrived."); // early.js has told the reader
page.dataset.started = "yes"; // from here on the page itself tells what goes wrong
document.querySelector("[data-early=late]")?.remove();
const theme = createTheme(find("[data-theme-toggle]"));
/** @type {() => void} */
let retry = start;
const notice = createNotice(find("[data-notice]"), () => retry());

const bulletin = createBulletin(document.body);
/** What waits for the first figure. @type {(() => unknown)[]} */
const afterwards = [];

/** @type {Report} */
const report = {
  progress: notice.progress,
  ready() {
    page.dataset.state = "ready";
    notice.hide();
    for (const run of afterwards.splice(0)) setTimeout(run, LATER);
  },
  failed(error, again) {
    page.dataset.state = "error";
    retry = again;
    notice.error(error);
    void explain(error);
  },
};

/** What is missing may belong to a version that its server has no more. @param {NtraceError} error */
async function explain({ code }) {
  if (!["missing", "damaged", "network", "version", "format", "crashed"].includes(code) || !(await isOutdated()) || page.dataset.state !== "error") return;
  retry = () => void reloadToNewest();
  notice.error(OUTDATED);
}

/** @param {import("../wasm/ntrace.d.ts").Bundle} bundle @param {string} note */
function describe({ manifest, engine }, note) {
  const { dataset, classes, layers, network } = manifest;
  const number = count(dataset.samples);
  const { many } = nounOf(manifest);
  find("[data-dataset]").textContent = dataset.synthetic ? `The ${number} ${many} are synthetic: a program made them, not people.` : `${dataset.title}, ${number} ${many}.`;
  find("[data-provenance]").textContent =
    `${dataset.title}: ${number} ${classes.length > 1 ? `in ${classes.length} classes` : many}${dataset.source ? `, ${dataset.source}` : ""}. ` +
    `The network has ${layers.length} layers, the input included${knows(manifest, "classes") ? `, and reads ${percent(network.accuracy)} of the ${many} rightly` : ""}.` +
    (dataset.licence ? ` Licence: ${dataset.licence}.` : "") +
    (note ? ` ${note}` : "");
  find("[data-engine]").textContent = `Computed in this tab by the engine ${engine.version}, ${engine.variant === "simd" ? "with SIMD" : "without SIMD"}.`;
}

function reload() {
  stop(); // what stalls holds all the connections that a browser opens to a host
  location.reload();
}

/** Whether a style sheet is in the page, or on its way. @param {string} address */
const hasStyles = (address) => [...document.querySelectorAll("link")].some(({ href }) => href === built(address));

/** Adds a style sheet, once. @param {string} address @returns {Promise<unknown>} */
function fetchStyles(address) {
  if (hasStyles(address)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = built(address);
  return new Promise((done, failed) => {
    const fail = () => {
      link.remove(); // so that it is asked for again
      failed(new Error("its styles did not come"));
    };
    link.onload = () => (link.sheet?.cssRules.length === 0 ? fail() : done(undefined)); // Chromium calls a sheet of another type loaded, and empty
    link.onerror = fail;
    document.head.append(link);
  });
}

/** @typedef {ReturnType<NonNullable<ReturnType<typeof ROUTES.get>>["load"]>} Script */

/** The script of the route that the URL asks for comes while its bundle is being opened; not its styles, as Firefox lets the engine wait behind them. @type {{ view: string, script: Script, since: number } | null} */
let coming = null;
/** Milliseconds that it has at least once the bundle, which comes beside it, is open. */
const LEFT = 4000;
function fetchAhead() {
  const view = page.dataset.route ?? "";
  const script = ROUTES.get(view)?.load();
  coming = script ? { view, script, since: performance.now() } : null;
  script?.catch(() => {}); // told where it is shown
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

/** Ends what is mounted. */
let unmount = () => {};
/** Files that were dropped, until a route takes them. @type {import("./open/gather.js").Dropped[] | null} */
let dropped = null;
/** Shows the route that takes them, where nothing is mounted. */
function openRoute() {
  history.pushState({ place: 0 }, "", "#/open");
  void start();
}
/** Has them taken. */
let receive = openRoute;

/** Samples as they are shown: in pictures, or in what stands for them. @param {import("../wasm/ntrace.d.ts").Bundle} bundle */
async function picturesOf(bundle) {
  const sketches = createSketches(bundle, (error) => notice.error(/** @type {NtraceError} */ (error)));
  return { sketches, sprites: await spritesOf(bundle, sketches, theme) };
}

/** @param {import("../wasm/ntrace.d.ts").Bundle} bundle @param {Awaited<ReturnType<typeof picturesOf>>} pictures @param {string} [note] more about it */
function mount(bundle, { sketches, sprites }, note = "") {
  const { models, firstModel } = bundle;
  const store = createStore({ ...bundle.manifest, models, firstModel }, [...ROUTES.keys()]);
  const root = find("main");
  /** @type {Route | null} */
  let route = null;

  let entered = 0;
  async function enter() {
    const { view } = store.get();
    const mine = ++entered;
    route?.destroy();
    route = null;
    page.dataset.state = "loading";
    page.dataset.route = view; // hides the story's still version where it is not asked for
    try {
      const { load, styles } = /** @type {NonNullable<ReturnType<typeof ROUTES.get>>} */ (ROUTES.get(view));
      const ahead = coming?.view === view ? coming : { script: load(), since: performance.now() };
      coming = null;
      const left = Math.max(LEFT, ahead.since + MILLISECONDS - performance.now());
      const [create] = await Promise.all([arrival(ahead.script, PART, "network", left), styles && arrival(fetchStyles(styles), PART)]);
      await nextTurn(); // opening has been a task of its own
      if (mine !== entered || ended) return; // another wish came in between
      root.replaceChildren();
      root.dataset.view = view;
      route = create(root, { bundle, store, sketches, sprites, theme, report, loadFurther, openFiles });
      hand();
    } catch (error) {
      if (mine === entered && !ended) report.failed(/** @type {NtraceError} */ (error), reload); // a browser may not ask twice for a script
    }
  }
  function hand() {
    if (!dropped || !route?.receive) return;
    route.receive(dropped);
    dropped = null;
  }

  let ended = false;
  unmount = () => {
    ended = true;
    route?.destroy();
    store.destroy();
    sprites.destroy();
    bundle.close();
    unmount = () => {};
    receive = openRoute;
  };
  receive = () => (store.get().view === "open" ? hand() : store.set({ view: "open" }));
  store.subscribe((state, before) => {
    if (state.model !== bundle.model) return void start();
    navigate(store);
    if (state.view !== before.view) void enter();
    else route?.update(state, before);
  });
  describe(bundle, note);
  navigate(store);
  showModels(bundle, store);
  void enter();
}

/** Names the models where there are several. @param {import("../wasm/ntrace.d.ts").Bundle} bundle @param {import("./store.js").Store} store */
function showModels(bundle, store) {
  const root = find("[data-models]");
  root.hidden = bundle.models.length < 2;
  if (root.hidden) return;
  import("./models.js").then(
    ({ createModels }) => createModels(root, { bundle, store, onSwitch: follow, onError: notice.error }),
    (error) => notice.error(error),
  );
}

/** Goes to an address of this page whose bundle is to be opened. @param {string} hash */
function follow(hash) {
  history.pushState({ place: (history.state?.place ?? 0) + 1 }, "", hash);
  void start();
}

/** Opens the model that the URL asks for, or else the first. @param {import("../wasm/ntrace.d.ts").OpenOptions} [more] */
async function openModel(more) {
  const model = new URLSearchParams(location.hash.split("?")[1]).get("model") ?? undefined;
  const options = {
    onProgress: notice.progress,
    onRecovered: (/** @type {NtraceError} */ { message }) => bulletin.tell({ text: `The engine was started anew. ${message} What it had still to answer was asked again.` }),
    ...more,
  };
  try {
    return await openBundle(place, { ...options, model });
  } catch (error) {
    if (model === undefined || /** @type {NtraceError} */ (error).code !== "argument") throw error;
    return openBundle(place, options);
  }
}

/** The bundle that this page was deployed with, where that is not the current one because a new page has come with it. */
async function openAsked() {
  const bundle = await openModel();
  const version = bundleHere();
  if (!bundle.url || !version || version.manifest === bundle.version.manifest || !(await isOutdated())) return bundle;
  bundle.close();
  return openModel({ version });
}

/** @type {NonNullable<Context["openFiles"]>} */
async function openFiles(files, note, signal) {
  const bundle = await openBundle(files, { signal });
  const pictures = await picturesOf(bundle);
  unmount();
  place = files;
  history.pushState({ place: 0 }, "", "#/explore");
  mount(bundle, pictures, `Opened from files: they are in this tab only, and reloading the page returns to its own data. ${note}`);
}

let starts = 0;
/** @type {Promise<void> | null} */
let offline = null;
/** What works without a network, of the bundle that the page was opened with. @param {import("../wasm/ntrace.d.ts").Bundle} bundle */
function startOffline(bundle) {
  offline ??= import("./service/offline.js").then((script) => script.startOffline(bundle, { foot: find(".colophon"), tell: bulletin.tell })).catch(() => {}); // it works online
}

async function start() {
  const own = ++starts;
  unmount();
  page.dataset.state = "loading";
  notice.progress({ label: "starting", done: 0 }); // in the place of what went wrong before
  try {
    const bundle = await openAsked();
    const pictures = await picturesOf(bundle);
    if (own === starts) {
      if (bundle.url) afterwards.push(() => startOffline(bundle));
      mount(bundle, pictures);
    } else {
      pictures.sprites.destroy();
      bundle.close();
    }
  } catch (error) {
    if (own !== starts) return;
    if (location.hash.startsWith("#/open")) void mountOpen();
    else report.failed(/** @type {NtraceError} */ (error), startAnew);
  }
}
function startAnew() {
  stop(); // Firefox lets a request wait for an earlier one of the same file that stalls
  void start();
}

/** Files can be opened where the page's own data cannot. */
async function mountOpen() {
  try {
    const [{ createOpenRoute }] = await arrival(Promise.all([import("./routes/open.js"), fetchStyles("styles/open_route.css")]), PART);
    const root = find("main");
    root.replaceChildren();
    root.dataset.view = page.dataset.route = "open";
    const route = createOpenRoute(root, { report, openFiles });
    unmount = () => {
      route.destroy();
      unmount = () => {};
    };
    receive = () => {
      if (dropped) route.receive?.(dropped);
      dropped = null;
    };
    receive();
  } catch (error) {
    report.failed(/** @type {NtraceError} */ (error), start);
  }
}

if (!hasStyles("styles/site.css")) {
  const action = { label: "Try again", run: reload };
  bulletin.tell({ text: "The page's styles have not arrived yet: all works, but looks plain until they come.", action });
  // After the first figure: Firefox lets what else is asked for wait behind styles.
  afterwards.push(() => fetchStyles("styles/site.css").catch(() => bulletin.tell({ text: "The page's styles could not be fetched: all works, but looks plain.", action })));
}
find("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault(); // the hash holds the state
  find("main").focus();
});

/** @param {DragEvent} event */
function onDrag(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  page.toggleAttribute("data-dragging", event.type === "dragover");
  if (event.type !== "drop") return;
  dropped = takeDropped(event.dataTransfer);
  receive();
}
fetchAhead();
for (const type of /** @type {const} */ (["dragover", "dragleave", "drop"])) addEventListener(type, onDrag);
void start();
