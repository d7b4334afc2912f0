/** The map: every sample as a point in the plane, layer by layer. Who is near at the layer is near on the map, as far as a plane allows. */
import { select } from "d3";
import { readingOf } from "../answers.js";
import { count, layerName, say } from "../words.js";
import { createExport } from "./export.js";
import { createFull } from "./map_full.js";
import { createKeys } from "./map_keys.js";
import { createOutline } from "./map_outline.js";
import { createPlayer } from "./map_player.js";
import { createStage } from "./map_stage.js";
import { createTip } from "./map_tip.js";
import { createTools } from "./map_tools.js";
import { mapName, outlineWords, trustWords } from "./map_words.js";
import { togglePin } from "./pins.js";
import { toSquare, within } from "./plane.js";

/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("./map_tools.js").Tool} Tool */

const REACH = 24; // pixels within which pointing finds a sample
const METHODS = /** @type {const} */ ([{ method: "umap", title: "UMAP" }, { method: "pca", title: "PCA" }]);
const HELP =
  "Arrow keys move a cursor that finds the nearest sample, with Shift they draw a rectangle, Alt makes them fine; Enter chooses the sample, T opens it in the trace view. " +
  "M, R and L choose a tool, plus, minus and 0 zoom, F fills the screen, Space plays, comma and full stop change the layer, Escape removes the outline.";

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createMap(root, { bundle, ledger, store, sketches, sprites, theme, onChange, onPoint }) {
  const { layers, classes } = bundle.manifest;
  /** @type {Facts | null} */
  let facts = null;
  /** @type {Tool} */
  let tool = "move";
  let shift = false;
  /** @type {number | null} */
  let position = null;
  /** The sample at the pointer or the cursor. @type {number | null} */
  let own = null;
  /** @type {number | null} */
  let pointed = null;
  /** Where a press began, in the square: to the fraction of a pixel, which a click itself is cut to. @type {[number, number]} */
  let pressed = [0, 0];

  const block = select(root).append("section").attr("class", "map").attr("aria-label", "Map of all samples");
  const head = block.append("div").attr("class", "map-head");
  const heading = head.append("h2");
  const methods = head.append("div").attr("class", "map-methods").attr("role", "group").attr("aria-label", "How the map is made").attr("data-export", "skip");
  const methodButtons = methods
    .selectAll("button")
    .data(METHODS)
    .join("button")
    .attr("type", "button")
    .attr("name", ({ method }) => method)
    .text(({ title }) => title)
    .on("click", (_, { method }) => onChange({ method }));
  const plate = block.append("div").attr("class", "map-plate");
  const groundBox = plate.append("div").attr("class", "map-ground").attr("tabindex", 0).attr("role", "application").attr("aria-label", "Map").attr("aria-describedby", "map-help");
  plate.append("p").attr("id", "map-help").attr("class", "unseen").text(HELP);
  const told = plate.append("p").attr("class", "unseen").attr("role", "status");
  const wait = plate.append("div").attr("class", "map-wait").attr("hidden", "").attr("data-export", "skip");
  const waitText = wait.append("span");
  const waitBar = wait.append("progress").attr("max", 1).attr("aria-label", "The map is being made");
  const inside = plate.append("p").attr("class", "map-inside").attr("hidden", "").attr("data-export", "skip");
  const ground = /** @type {HTMLElement} */ (groundBox.node());

  const stage = createStage(ground, {
    bundle, sketches, sprites, theme, isPan, onRest, onView,
    onZoom: (zoom) => onChange({ zoom }, { replace: true }),
  });
  const tip = createTip(ground, { bundle, sketches, sprites });
  const tools = createTools(/** @type {HTMLElement} */ (plate.node()), { onTool: choose, onNearer: stage.view.nearer, onFarther: stage.view.farther, onFit: stage.view.fit });
  const player = createPlayer(/** @type {HTMLElement} */ (block.node()), { layers, onLayer: (layer, options) => onChange({ layer }, options), onHold: hold });
  const foot = block.append("div").attr("class", "map-foot").attr("data-export", "skip");
  const outlineText = plate.append("p").attr("class", "map-outline-words").attr("role", "status").attr("data-export", "skip");
  const outlineSaid = outlineText.append("span");
  outlineText.append("button").attr("type", "button").attr("name", "clear-outline").text("Remove").attr("aria-label", "Remove the outline").on("click", () => onChange({ lasso: null }));
  const trust = foot.append("p").attr("class", "map-trust");
  const chosen = foot.append("p").attr("class", "map-chosen");
  const chosenName = chosen.append("span");
  const open = chosen.append("a").text("Open in Trace");
  const full = createFull(/** @type {HTMLElement} */ (block.node()), /** @type {HTMLElement} */ (head.node()));
  const save = createExport(/** @type {HTMLElement} */ (head.node()), {
    title: "Map",
    name: () => `map-${facts?.state.method}-layer-${facts?.state.layer}`,
    figure: () => /** @type {Element} */ (plate.node()),
    redraw: async (canvas) => stage.finer(canvas),
  });

  const outline = createOutline(ground, {
    shapeOf: (event) => (isBusy() ? null : shapeOf(event.shiftKey)),
    placeOf: stage.view.placeOf,
    sideOf: () => stage.view.get().side,
    onDraft: draft,
    onDone: (points) => selectWithin(points, { replace: false }),
  });
  const keys = createKeys(/** @type {HTMLElement} */ (block.node()), ground, {
    sideOf: () => stage.view.get().side,
    begin: () => (facts ? stage.placeOf(facts.state.sample) : [0.5, 0.5]),
    onCursor,
    onRectangle: selectWithin,
    onChoose: () => own !== null && pick(own),
    onEscape,
    shortcuts: {
      m: () => choose("move"), r: () => choose("rectangle"), l: () => choose("lasso"), "+": stage.view.nearer, "=": stage.view.nearer, "-": stage.view.farther, 0: stage.view.fit,
      ",": () => player.step(-1), ".": () => player.step(1), " ": player.toggle, f: full.toggle, t: () => facts && onChange({ view: "trace", sample: own ?? facts.state.sample }),
    },
  });

  /** Shift swaps moving and selecting for as long as it is held. @param {boolean} isSwapped @returns {"rectangle" | "lasso" | null} */
  const shapeOf = (isSwapped) => (tool === "move" ? (isSwapped ? "rectangle" : null) : isSwapped ? null : tool);
  /** No outline can be drawn on a map that is not the finished one of the layer. */
  const isBusy = () => !facts?.map.value || facts.map.progress !== null || !stage.isReady();

  /** @param {any} event */
  function isPan(event) {
    if (event.type === "dblclick") return true;
    if (event.type === "touchstart") return event.touches.length > 1 || (tool === "move" && stage.view.get().scale > 1);
    return event.button === 1 || (event.button === 0 && shapeOf(event.shiftKey) === null);
  }
  /** @param {Tool} next */
  function choose(next) {
    tool = next;
    render();
  }
  function render() {
    const { scale } = stage.view.get();
    tools.update(tool, scale === 1);
    groundBox.attr("data-tool", shapeOf(shift) ?? "move").classed("is-whole", scale === 1);
  }
  function onView() {
    render();
    tip.show(null, 0, 0, { width: 0, height: 0 });
  }

  // ---- What is selected. ----

  /** @param {import("./map_outline.js").Corners} points @param {{ replace: boolean }} options */
  function selectWithin(points, options) {
    if (facts && !isBusy()) onChange({ lasso: { layer: facts.state.layer, method: facts.state.method, points } }, options);
  }
  /** @param {import("./map_outline.js").Corners | null} points */
  function draft(points) {
    const square = facts?.map.value && points ? toSquare(facts.map.value.points) : null;
    stage.mark({ outline: points ?? outlineOf(), isDraft: points !== null });
    inside.attr("hidden", square ? null : "");
    if (!square || !facts || !points) return;
    inside.text(`${count(countInside(square, { ...facts.state, points }))} inside`);
  }
  /** @param {Float32Array} square @param {import("../params.js").Lasso} lasso */
  function countInside(square, lasso) {
    const mask = facts?.selection.mask;
    return within(square, lasso).reduce((sum, isIn, i) => sum + Number(isIn === 1 && mask !== undefined && mask[i] > 0), 0);
  }
  /** The outline, where it belongs to what is seen. */
  function outlineOf() {
    const { lasso, layer, method } = facts?.state ?? {};
    return lasso && lasso.layer === layer && lasso.method === method && position === null ? lasso.points : null;
  }
  function onEscape() {
    if (outline.cancel()) return true;
    if (player.isPlaying()) return player.stop(), true;
    if (!facts?.state.lasso) return false;
    onChange({ lasso: null });
    return true;
  }
  /** @param {number} sample */
  function pick(sample) {
    if (facts) onChange({ sample, ...togglePin(facts.state, sample) });
  }

  // ---- What is pointed at. ----

  /** @param {number | null} sample */
  function point(sample) {
    own = sample;
    onPoint(sample);
  }
  /** @param {PointerEvent} event */
  function onMove(event) {
    keys.hide();
    shift = event.shiftKey;
    render();
    const box = ground.getBoundingClientRect();
    const isPressed = event.buttons !== 0 || outline.isDrawing();
    const sample = isPressed ? null : stage.nearest(...stage.view.placeOf(event), REACH);
    tip.show(sample, event.clientX - box.x, event.clientY - box.y, box);
    if (sample !== own) point(sample);
  }
  function onLeave() {
    tip.show(null, 0, 0, { width: 0, height: 0 });
    if (own !== null) point(null);
  }
  /** @param {[number, number] | null} place */
  function onCursor(place) {
    stage.mark({ cursor: place });
    if (!place) return;
    stage.view.reveal(...place);
    const sample = stage.nearest(...place, Infinity);
    point(sample);
    if (sample === null) return void told.text("");
    told.text(`${describe(sample)}. ${readingOf(bundle, sample)}`);
  }
  /** @param {number} sample */
  const describe = (sample) => `${classes[bundle.labels[sample]]} no. ${count(sample)}`;
  groundBox
    .on("pointermove", onMove)
    .on("pointerleave blur", onLeave)
    .on("pointerdown", (event) => (pressed = stage.view.placeOf(event)))
    .on("click", () => {
      const sample = outline.isDrawing() ? null : stage.nearest(...pressed, stage.reach());
      if (sample !== null) pick(sample);
    });

  function rings() {
    if (!facts) return;
    const { sample, pins } = facts.state;
    const pinned = pins.filter((pin) => pin !== sample).map((pin) => ({ sample: pin, kind: /** @type {const} */ ("pinned") }));
    const now = pointed === null ? [] : [{ sample: pointed, kind: /** @type {const} */ ("pointed") }];
    stage.mark({ rings: [...pinned, { sample, kind: "chosen" }, ...now], outline: outlineOf(), isDraft: false });
  }

  // ---- From layer to layer. ----

  /** The finished map of a layer, or what there is of it. @param {number} layer */
  function squareOf(layer) {
    const { value } = ledger.map({ layer, method: /** @type {Facts} */ (facts).state.method });
    return value ? toSquare(value.points) : null;
  }
  /** @param {number | null} next */
  function hold(next) {
    position = next;
    if (facts) arrange(facts);
  }
  /** Shows the map of the state's layer, or what lies between two while the slider is held. @param {Facts} now */
  function arrange({ map, state }) {
    if (position !== null) return holdAt(position);
    if (map.value) stage.show(toSquare(map.value.points), map.progress === null);
    if (player.isPlaying() && state.layer + 1 < layers.length) ledger.map({ layer: state.layer + 1, method: state.method });
  }
  /** @param {number} next */
  function holdAt(next) {
    const [a, b] = [squareOf(Math.floor(next)), squareOf(Math.ceil(next))];
    if (a && b) stage.hold(a, b, next - Math.floor(next));
    stage.mark({ outline: outlineOf() });
  }
  function onRest() {
    block.attr("data-state", isBusy() ? "busy" : "ready");
    if (facts) player.update(facts.state.layer, facts.map.progress === null && facts.map.value !== null && stage.isReady());
  }

  /** @param {Facts} now */
  function tell({ state, map }) {
    say(heading, mapName(state.method, layers, state.layer));
    groundBox.attr("aria-label", `Map: ${mapName(state.method, layers, state.layer)}`);
    methodButtons.attr("aria-pressed", ({ method }) => String(method === state.method));
    wait.attr("hidden", map.progress || map.error ? null : "");
    say(waitText, map.error ? map.error.message : map.progress ? `Making the map of ${layerName(layers, state.layer)}: ${map.progress.label}` : "");
    waitBar.attr("hidden", map.progress ? null : "").property("value", map.progress?.done ?? 0);
    plate.classed("is-waiting", map.progress !== null && map.value === null);
    const lassoMap = state.lasso ? ledger.map(state.lasso).value : null;
    say(outlineSaid, outlineWords(state, layers, state.lasso && lassoMap ? countInside(toSquare(lassoMap.points), state.lasso) : null));
    outlineText.attr("hidden", state.lasso ? null : "");
    const isJudged = state.colour === "trust";
    say(trust, trustWords(ledger.quality(state, { work: isJudged }), bundle.manifest.stability.k, isJudged || map.progress !== null));
    say(chosenName, describe(state.sample));
    open.attr("href", store.link({ view: "trace" }));
  }

  render();
  return {
    update(next) {
      facts = next;
      const { state, selection, colouring } = next;
      stage.update({ selection, colouring, labels: colouring.name === "prediction" ? bundle.predictions : bundle.labels });
      stage.view.set(state.zoom);
      arrange(next);
      tell(next);
      rings();
      onRest();
    },
    point(sample) {
      pointed = sample;
      rings();
    },
    destroy() {
      for (const made of [stage, tip, tools, player, full, save, outline, keys]) made.destroy();
      block.remove();
    },
  };
}
