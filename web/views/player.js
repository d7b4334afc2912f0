/** Walks through the layers: "to" goes from one to the next, "from" stays. Plays, pauses, steps. */
import { select } from "d3";
import { layerName } from "../words.js";

/**
 * @typedef {object} PlayerState
 * @property {number} sample
 * @property {number} k
 * @property {number} from layer
 * @property {number} to layer
 * @property {"waiting" | "drawn" | "failed"} stage whether the figure shows what is asked for
 */

/** How long a layer stays once it is drawn, in milliseconds: the marks travel for the first 650. */
const SPEEDS = [
  { name: "slow", rest: 3000 },
  { name: "normal", rest: 1600 },
  { name: "fast", rest: 800 },
];
const PLAY = "M4,2.5L13.5,8L4,13.5Z";
const PAUSE = "M3.5,2.5H6.5V13.5H3.5ZM9.5,2.5H12.5V13.5H9.5Z";
const ON = "M3,2.5L10.5,8L3,13.5ZM11,2.5H13V13.5H11Z";
const BACK = "M13,2.5L5.5,8L13,13.5ZM5,2.5H3V13.5H5Z";

/**
 * @param {HTMLElement} root
 * @param {{
 *   manifest: import("../../wasm/ntrace.d.ts").Manifest,
 *   onStep: (to: number) => void,
 *   onAhead: (layer: number) => void,
 * }} options onAhead: the layer that is likely to come next
 */
export function createPlayer(root, { manifest, onStep, onAhead }) {
  const { layers } = manifest;
  const last = layers.length - 1;
  /** @type {PlayerState} */
  let state = { sample: 0, k: 0, from: 0, to: 0, stage: "waiting" };
  let playing = false;
  /** The layer that was asked for last, here: another one comes from another hand, and ends the play. */
  let wished = -1;
  /** Which way the last step went. */
  let way = 0;
  let timer = 0;

  const block = select(root).append("section").attr("class", "player").attr("aria-label", "Walk through the layers");
  const bar = block.append("div").attr("class", "player-bar").attr("role", "group").attr("aria-label", "Walk through the layers: left and right arrow step");
  const back = button("back", BACK).attr("aria-label", "Step back a layer");
  const play = button("play", PLAY);
  const on = button("on", ON).attr("aria-label", "Step on a layer");
  const label = bar.append("label").attr("class", "player-speed");
  label.append("span").text("Speed");
  const speed = label.append("select").attr("name", "speed");
  speed.selectAll("option").data(SPEEDS).join("option").attr("value", (_, i) => i).property("selected", (_, i) => i === 1).text(({ name }) => name);
  const words = block.append("p").attr("class", "player-words");

  /** @param {string} name @param {string} path */
  function button(name, path) {
    const made = bar.append("button").attr("type", "button").attr("class", `player-${name}`).attr("data-player", name);
    made.append("svg").attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").append("path").attr("d", path);
    if (name === "play") made.append("span");
    return made;
  }

  /** @param {number} to */
  function go(to) {
    way = Math.sign(to - state.to);
    wished = to;
    onStep(to);
  }
  /** A press steps and pauses. @param {number} by */
  function step(by) {
    stop();
    const to = Math.max(0, Math.min(last, state.to + by));
    if (to !== state.to) go(to);
  }
  function start() {
    playing = true;
    wished = state.to;
    if (state.to === last) go(0);
    schedule();
    render();
  }
  function stop() {
    playing = false;
    clearTimeout(timer);
    timer = 0;
    render();
  }

  /** The next step: prepared once this layer has been drawn, taken once it has been looked at. */
  function schedule() {
    if (timer || state.stage !== "drawn" || state.to !== wished) return;
    const next = state.to + (playing ? 1 : way);
    if (next >= 0 && next <= last) onAhead(next);
    if (!playing) return;
    if (state.to === last) return stop();
    timer = window.setTimeout(() => {
      timer = 0;
      go(state.to + 1);
    }, SPEEDS[Number(speed.property("value"))].rest);
  }

  function render() {
    const { from, to } = state;
    back.attr("aria-disabled", String(to === 0)); // not disabled: the focus would be lost
    on.attr("aria-disabled", String(to === last));
    play.classed("is-playing", playing).select("path").attr("d", playing ? PAUSE : PLAY);
    play.select("span").text(playing ? "Pause" : "Play");
    words.text(
      playing
        ? `Now at ${layerName(layers, to)}, ${to} of ${last}.`
        : `Walks “to” through the layers from ${layerName(layers, to === last ? 0 : to)} on; “from” stays at ${layerName(layers, from)}.`,
    );
  }

  back.on("click", () => step(-1));
  on.on("click", () => step(1));
  play.on("click", () => (playing ? stop() : start()));
  /** @type {HTMLElement} */ (bar.node()).addEventListener("keydown", (event) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0 || event.altKey || event.ctrlKey || event.metaKey || event.target === speed.node()) return;
    event.preventDefault();
    step(by);
  });
  const hide = () => document.hidden && playing && stop();
  document.addEventListener("visibilitychange", hide);

  return {
    /** @param {PlayerState} next */
    update(next) {
      const isOther = next.sample !== state.sample || next.k !== state.k || next.from !== state.from || (next.to !== state.to && next.to !== wished);
      state = next;
      if (playing && (isOther || next.stage === "failed")) stop();
      schedule();
      render();
    },
    destroy() {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", hide);
      block.remove();
    },
  };
}
