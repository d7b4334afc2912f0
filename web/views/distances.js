/** How far each class lies from the sample at the two layers: a hump a class and layer, and the nearest and farthest of the class looked at. */
import { area, line, scaleLinear, select } from "d3";
import { callOf, count, distance, layerName, nounOf, ordinal } from "../words.js";
import { createExamples } from "./examples.js";
import { median } from "./density_figures.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Densities} Densities */
/** @typedef {import("../density_session.js").KnownDensities} KnownDensities */
/** @typedef {"from" | "to"} End */

/**
 * @typedef {object} DistancesState
 * @property {number} sample
 * @property {number} from layer
 * @property {number} to layer
 * @property {number} k
 * @property {Record<End, KnownDensities>} known
 * @property {Record<End, number> | null} reach distance of the k-th nearest
 */

/**
 * @typedef {object} DistancesOptions
 * @property {import("../../wasm/ntrace.d.ts").Manifest} manifest
 * @property {Uint16Array} labels
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(sample: number | null) => void} onPoint
 * @property {(sample: number) => void} onTravel
 */

/** @type {End[]} */
const ENDS = ["from", "to"];
const OVER = 1.75; // rows that the highest hump is tall
const TALL = 100; // of the drawing's own units
const TICKS = 4;

/** @param {HTMLElement} root @param {DistancesOptions} options */
export function createDistances(root, { manifest, labels, sketches, sprites, theme, onPoint, onTravel }) {
  const { classes, layers, dataset } = manifest;
  /** @type {DistancesState | null} */
  let state = null;
  /** The class looked at; null follows the sample's own. @type {number | null} */
  let looked = null;
  /** The rows from top to bottom, and for whom. */
  let order = classes.map((_, c) => c);
  let orderOf = "";
  /** What the humps and the dotted lines were drawn from. @type {Record<End, unknown[]>} */
  const drawn = { from: [undefined], to: [undefined] };

  const block = select(root).append("section").attr("class", "distances").attr("aria-label", "How far each class lies");
  block.append("div").attr("class", "figure-head").append("h2").text("How far each class lies");
  const note = block.append("p").attr("class", "figure-note");
  const head = block.append("div").attr("class", "distances-row distances-head");
  head.append("span");
  const heads = head.selectAll("p").data(ENDS).join("p");
  const rows = block.append("ol").attr("class", "distances-rows").attr("aria-label", "Classes: arrow keys go from one to the next");
  const rowsNode = /** @type {HTMLOListElement} */ (rows.node());
  const foot = block.append("div").attr("class", "distances-row distances-foot").attr("aria-hidden", "true");
  foot.append("span").text("distance");
  const axes = foot.selectAll("div").data(ENDS).join("div").attr("class", "distances-axis");
  const examples = createExamples(/** @type {HTMLElement} */ (block.append("div").node()), { manifest, sketches, sprites, theme, onPoint, onTravel });
  const words = block.append("p").attr("class", "figure-state").attr("role", "status");

  const own = () => labels[/** @type {DistancesState} */ (state).sample];
  const shown = () => looked ?? own();
  /** What there is for an end, of this sample and layer. @param {End} end @returns {Densities | null} */
  function found(end) {
    const value = state?.known[end].value;
    return value && state && value.sample === state.sample && value.layer === state[end] ? value : null;
  }

  /** Classes from the nearest to the farthest at "from", as soon as that is known: an exact answer does not shuffle them again. */
  function sort() {
    const densities = found("from");
    if (!densities || !state || orderOf === `${state.sample} ${state.from}`) return;
    orderOf = `${state.sample} ${state.from}`;
    const typical = classes.map((_, c) => median(densities, c));
    order = classes.map((_, c) => c).sort((a, b) => typical[a] - typical[b] || a - b);
  }

  /** @param {number} next */
  function look(next) {
    if (next === looked) return;
    looked = next;
    drawLooked();
  }

  function drawRows() {
    const row = rows
      .selectAll("li")
      .data(order, (c) => /** @type {number} */ (c))
      .join((enter) => {
        const item = enter.append("li").attr("class", "distances-row");
        item.append("button").attr("type", "button").attr("data-class", (c) => c).append("span").text((c) => classes[c]);
        for (const end of ENDS) {
          const svg = item.append("svg").attr("class", `ridge ridge-${end}`).attr("viewBox", `0 0 1 ${TALL}`).attr("preserveAspectRatio", "none").attr("aria-hidden", "true");
          for (const part of ["fill", "line", "reach"]) svg.append("path").attr("class", `ridge-${part}`);
        }
        return item.on("pointerenter", (_, c) => look(c)).on("pointerdown", (_, c) => look(c));
      })
      .order()
      .classed("is-own", (c) => c === own());
    rows.classed("is-waiting", orderOf === ""); // names that would change their places are not shown yet
    for (const end of ENDS) {
      const now = [found(end), state?.reach?.[end]];
      if (drawn[end].some((part, i) => part !== now[i])) drawEnd(end, row.select(`.ridge-${end}`));
      drawn[end] = now;
    }
  }

  /** @param {End} end @param {import("d3").Selection<any, number, any, unknown>} svg */
  function drawEnd(end, svg) {
    const densities = found(end);
    const points = densities?.points ?? 2;
    svg.attr("viewBox", `0 0 ${points - 1} ${TALL}`);
    const top = Math.max(1e-12, ...(densities?.density ?? []));
    /** @param {number} c */
    const values = (c) => (densities && densities.bandwidth[c] > 0 ? Array.from(densities.density.subarray(c * points, (c + 1) * points)) : []);
    const y = (/** @type {number} */ d) => TALL * (1 - d / top);
    const curve = line((d) => y(/** @type {any} */ (d))).x((_, i) => i).y((d) => y(/** @type {any} */ (d)));
    const hill = area().x((_, i) => i).y0(TALL).y1((d) => y(/** @type {any} */ (d)));
    svg.select(".ridge-line").attr("d", (c) => curve(/** @type {any} */ (values(c))));
    svg.select(".ridge-fill").attr("d", (c) => hill(/** @type {any} */ (values(c))));
    const at = densities && state?.reach ? place(densities, state.reach[end]) : null;
    svg.select(".ridge-reach").attr("d", at === null ? null : `M${at * (points - 1)},${TALL * (1 - 1 / OVER)}V${TALL}`);
  }

  function drawAxes() {
    axes.each(function (end) {
      const densities = found(end);
      const scale = densities ? scaleLinear([densities.at[0], densities.at[densities.points - 1]], [0, 100]) : null;
      select(this)
        .selectAll("span")
        .data(scale ? scale.ticks(TICKS) : [])
        .join("span")
        .style("left", (value) => `${scale?.(value)}%`)
        .text((value) => distance(value));
    });
    heads.text((end) => (state ? layerName(layers, state[end]) : ""));
    heads.append("span").text((end) => (state?.reach ? ` ${ordinal(state.k - 1)} nearest at ${distance(state.reach[end])}` : ""));
  }

  function drawLooked() {
    if (!state) return;
    rows
      .selectAll("li")
      .classed("is-looked", (c) => c === shown())
      .select("button")
      .attr("tabindex", (c) => (c === shown() ? 0 : -1))
      .attr("aria-pressed", (c) => String(c === shown()));
    examples.update({ label: shown(), isOwn: shown() === own(), from: found("from"), to: found("to") });
  }

  function tell() {
    if (!state) return;
    const name = callOf(manifest, labels, state.sample);
    note.text(
      `All ${count(dataset.samples - 1)} other ${nounOf(manifest).many} by their distance from this ${name}: the farther left a class’s hump, the nearer it lies. ` +
        `Dotted: the ${ordinal(state.k - 1)} nearest. Classes are listed from the nearest at ${layerName(layers, state.from)} on.`,
    );
  }

  rowsNode.addEventListener("focusin", (event) => {
    const { class: c } = /** @type {HTMLElement} */ (event.target).dataset;
    if (c !== undefined) look(Number(c));
  });
  rowsNode.addEventListener("keydown", (event) => {
    const last = order.length - 1;
    const at = order.indexOf(shown());
    /** @type {Record<string, number>} */
    const next = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: last };
    if (!(event.key in next) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const goal = order[Math.max(0, Math.min(last, next[event.key]))];
    /** @type {HTMLButtonElement | null} */ (rowsNode.querySelector(`[data-class="${goal}"]`))?.focus();
  });

  return {
    /** @param {DistancesState} next */
    update(next) {
      const before = state && [state.sample, state.from, state.to, state.k, state.reach, ...ENDS.map(found)];
      if (next.sample !== state?.sample) looked = null;
      state = next;
      words.text(certainty(state.known)); // all that changes while the engine measures
      if (before && [next.sample, next.from, next.to, next.k, next.reach, ...ENDS.map(found)].every((part, i) => part === before[i])) return;
      sort();
      drawRows();
      drawAxes();
      drawLooked();
      tell();
    },
    destroy() {
      examples.destroy();
      block.remove();
    },
  };
}

/** Where a distance lies on the axis, 0 to 1; null beyond it. @param {Densities} densities @param {number} value */
function place({ at, points }, value) {
  const share = (value - at[0]) / (at[points - 1] - at[0]);
  return share >= 0 && share <= 1 ? share : null;
}

/** @param {Record<End, KnownDensities>} known */
function certainty({ from, to }) {
  const both = [from, to];
  const failed = both.find(({ stage }) => stage === "failed");
  if (failed) return failed.error?.message ?? "";
  if (both.every(({ stage }) => stage === "exact")) return "Exact: distances between the network's own activations, in their units.";
  const progress = both.map((one) => one.progress).find(Boolean);
  const words = both.every(({ stage }) => stage === "waiting") ? "" : "On compressed codes, in units of the activations. ";
  return `${words}${progress ? `${progress.charAt(0).toUpperCase()}${progress.slice(1)} …` : ""}`;
}
