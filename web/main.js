/** The page: opens the bundle, mounts the view that the URL asks for, and keeps view, store and engine in step. */
import { select } from "d3";
import { openBundle } from "../wasm/ntrace.js";
import { createNotice } from "./notice.js";
import { createSession } from "./session.js";
import { createSketches } from "./sketches.js";
import { createSprites } from "./sprites.js";
import { createStore, formatHash } from "./store.js";
import { createTheme } from "./theme.js";
import { createTrace } from "./views/trace.js";
import { count, percent } from "./words.js";

/** Where the site keeps its bundle. */
const BUNDLE = "bundle/";
/** The routes there are and their names in the header, the default one first. */
const VIEWS = new Map([["trace", "Trace"]]);

/** @param {string} selector @returns {HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const page = document.documentElement;
const theme = createTheme(find("[data-theme-toggle]"));
/** @type {() => void} */
let retry = start;
const notice = createNotice(find("[data-notice]"), () => retry());

/** @param {import("../wasm/ntrace.d.ts").Bundle} bundle */
function describe({ manifest, engine }) {
  const { dataset, classes, layers, network } = manifest;
  const number = count(dataset.samples);
  find("[data-dataset]").textContent = dataset.synthetic ? `The ${number} sketches are synthetic: a program drew them, not people.` : `${dataset.title}, ${number} samples.`;
  find("[data-provenance]").textContent =
    `${dataset.title}: ${number} in ${classes.length} classes${dataset.source ? `, ${dataset.source}` : ""}. ` +
    `The network has ${layers.length} layers, the input included, and reads ${percent(network.accuracy)} of the samples rightly.` +
    (dataset.licence ? ` Licence: ${dataset.licence}.` : "");
  find("[data-engine]").textContent = `Computed in this tab by the engine ${engine.version}, ${engine.variant === "simd" ? "with SIMD" : "without SIMD"}.`;
}

/** The header's links: each goes to its view with the state that the URL has now. @param {import("./store.js").State} state */
function navigate(state) {
  select("[data-nav]")
    .selectAll("a")
    .data([...VIEWS])
    .join("a")
    .attr("href", ([view]) => formatHash({ ...state, view }))
    .attr("aria-current", ([view]) => (view === state.view ? "page" : null))
    .text(([, name]) => name);
}

/** @param {import("../wasm/ntrace.d.ts").Bundle} bundle */
function mount(bundle) {
  const store = createStore(bundle.manifest, [...VIEWS.keys()]);
  const sketches = createSketches(bundle, (error) => notice.error(/** @type {import("../wasm/ntrace.d.ts").NtraceError} */ (error)));
  const sprites = createSprites(sketches, theme);
  const view = createTrace(find("main"), { bundle, sketches, sprites, theme, onChange: store.set });
  /** @type {Uint16Array | null} */
  let stability = null;
  /** @type {import("./session.js").Answer} */
  let answer = { trace: null, stage: "waiting", progress: "", error: null };
  let frame = 0;

  function update() {
    frame = 0;
    navigate(store.get());
    view.update({ chosen: store.get(), answer, stability });
  }
  const later = () => (frame ||= requestAnimationFrame(update));

  const session = createSession(bundle, (next) => {
    answer = next;
    if (answer.stage === "waiting") find("main").dataset.exact = "false"; // at once: what is drawn no longer answers the URL
    if (answer.stage === "failed" && answer.error) {
      page.dataset.state = "error";
      retry = session.retry;
      notice.error(answer.error);
    } else if (answer.trace && answer.stage !== "waiting") {
      page.dataset.state = "ready";
      notice.hide();
    } else if (!answer.trace) {
      notice.progress({ label: answer.progress || "computing the first neighbourhood", done: 0.9 });
    }
    if (answer.stage === "exact" && !stability) void readStability();
    later();
  });

  async function readStability() {
    try {
      stability = (await bundle.stability()).values;
      later();
    } catch {
      return; // the bars stay empty: the figure does not need them
    }
  }

  store.subscribe((state, before) => {
    const isAsked = state.sample !== before.sample || state.from !== before.from || state.to !== before.to || state.k !== before.k;
    if (isAsked) session.request(state);
    later();
  });
  describe(bundle);
  session.request(store.get());
}

async function start() {
  page.dataset.state = "loading";
  try {
    mount(await openBundle(new URL(BUNDLE, document.baseURI), { onProgress: notice.progress }));
  } catch (error) {
    page.dataset.state = "error";
    retry = start;
    notice.error(/** @type {import("../wasm/ntrace.d.ts").NtraceError} */ (error));
  }
}

find("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault(); // the hash holds the state
  find("main").focus();
});
void start();
