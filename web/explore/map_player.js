/** Plays the network from input to output: step, play, pause, and a slider over the layers, between which it can be held. */
import { select } from "d3";
import { glyphOf } from "../views/glyphs.js";
import { layerName } from "../words.js";

/**
 * @typedef {object} PlayerOptions
 * @property {import("../../wasm/ntrace.d.ts").Layer[]} layers
 * @property {(layer: number, options: { replace: boolean }) => void} onLayer
 * @property {(position: number | null) => void} onHold between which layers the slider is held: 2.25 is a quarter of the way from 2 to 3; null: let go
 */

const REST = 450; // milliseconds at each layer
const ONE_GO = 1200; // milliseconds within which changes are one entry of the history
const MOST_SIGNS = 20; // over the slider: more would run into each other
const GLYPHS = { back: "M11 3.5l-5 4.5l5 4.5z M4.5 3.5v9", play: "M5 3l8 5l-8 5z", pause: "M5 3.5v9 M11 3.5v9", forward: "M5 3.5l5 4.5l-5 4.5z M11.5 3.5v9" };

/** @param {HTMLElement} root @param {PlayerOptions} options */
export function createPlayer(root, { layers, onLayer, onHold }) {
  const last = layers.length - 1;
  const every = Math.ceil(layers.length / MOST_SIGNS);
  const signed = layers.flatMap((_, l) => (l % every === 0 ? [l] : []));
  const now = { layer: 0, isReady: false };
  let playing = false;
  let timer = 0;
  let isHeld = false;
  let changed = -Infinity;

  const bar = select(root).append("div").attr("class", "map-player").attr("role", "group").attr("aria-label", "From input to output").attr("data-export", "skip");
  const buttons = bar.append("div").attr("class", "map-player-buttons");
  /** @param {keyof typeof GLYPHS} name @param {string} text @param {() => void} act */
  function add(name, text, act) {
    const button = buttons.append("button").attr("type", "button").attr("name", name).attr("aria-label", text).attr("title", text).on("click", act);
    button.append("svg").attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").append("path").attr("d", GLYPHS[name]);
    return button;
  }
  const back = add("back", "One layer back (comma)", () => go(now.layer - 1));
  const play = add("play", "Play (Space)", () => (playing ? stop() : start()));
  const forward = add("forward", "One layer on (full stop)", () => go(now.layer + 1));
  const track = bar.append("div").attr("class", "map-track");
  const stops = track.append("div").attr("class", "map-stops").attr("aria-hidden", "true").selectAll("svg").data(signed).join("svg");
  stops.attr("viewBox", "0 0 16 16").style("left", (l) => `${(100 * l) / last}%`).append("path").attr("d", (l) => glyphOf(layers[l].kind));
  const slider = track.append("input").attr("type", "range").attr("name", "player").attr("min", 0).attr("max", last).attr("step", 1).attr("aria-label", "Layer");
  const name = bar.append("p").attr("class", "map-layer");
  const title = name.append("strong");
  const number = name.append("span");
  const node = /** @type {HTMLInputElement} */ (slider.node());

  /** @param {number} layer @param {boolean} [isOn] part of playing */
  function go(layer, isOn = false) {
    if (!isOn) stop();
    const goal = Math.max(0, Math.min(last, layer));
    if (goal === now.layer) return;
    const time = performance.now();
    onLayer(goal, { replace: time - changed < ONE_GO || (isOn && changed > -Infinity) });
    changed = performance.now();
  }
  function start() {
    playing = true;
    changed = -Infinity;
    render();
    if (now.layer === last) go(0, true);
    else plan();
  }
  function stop() {
    if (playing) changed = -Infinity;
    playing = false;
    clearTimeout(timer);
    timer = 0;
    render();
  }
  /** The next step, once this layer's map is there and its points have come to rest. */
  function plan() {
    if (!playing || !now.isReady || timer) return;
    if (now.layer === last) return void stop();
    timer = window.setTimeout(() => {
      timer = 0;
      go(now.layer + 1, true);
    }, REST);
  }

  function render() {
    const text = playing ? "Pause (Space)" : "Play (Space)";
    play.attr("aria-label", text).attr("title", text).classed("is-playing", playing).select("path").attr("d", GLYPHS[playing ? "pause" : "play"]);
    back.property("disabled", now.layer === 0);
    forward.property("disabled", now.layer === last);
    const where = `layer ${now.layer} of ${last}`;
    title.text(layers[now.layer].name);
    number.text(where);
    stops.classed("is-here", (l) => l === now.layer);
    slider.attr("aria-valuetext", `${layerName(layers, now.layer)}, ${where}`);
    if (!isHeld) node.value = `${now.layer}`;
    node.style.setProperty("--filled", `${node.valueAsNumber / last}`);
  }

  slider
    .on("pointerdown", () => {
      stop();
      [isHeld, node.step] = [true, "any"];
      changed = -Infinity;
    })
    .on("input", () => {
      if (!isHeld) return go(node.valueAsNumber);
      onHold(node.valueAsNumber);
      go(Math.round(node.valueAsNumber));
      changed = performance.now() + ONE_GO; // while it is held all is one go
      render();
    })
    .on("change pointerup pointercancel", () => {
      if (!isHeld) return;
      const goal = Math.round(node.valueAsNumber);
      [isHeld, node.step, node.value] = [false, "1", `${goal}`];
      onHold(null);
      go(goal);
      changed = -Infinity;
      render();
    });

  return {
    /** @param {number} layer @param {boolean} isReady whether its map is there and at rest */
    update(layer, isReady) {
      if (layer !== now.layer) {
        clearTimeout(timer);
        timer = 0;
      }
      Object.assign(now, { layer, isReady });
      render();
      plan();
    },
    isPlaying: () => playing,
    toggle: () => (playing ? stop() : start()),
    stop,
    /** @param {number} by */
    step: (by) => go(now.layer + by),
    destroy() {
      clearTimeout(timer);
      bar.remove();
    },
  };
}
