/** The route of the drawing sheet: draw a sketch, or change a sample, and see where the network puts it. */
import { select } from "d3";
import { createExplained } from "../draw/explained.js";
import { createGuest } from "../draw/guest.js";
import { createGuestTrace } from "../draw/guest_trace.js";
import { createLadder } from "../draw/ladder.js";
import { createModelCard } from "../draw/model_card.js";
import { createPad } from "../draw/pad.js";
import { createReading } from "../draw/reading.js";
import { createSeatMap } from "../draw/seat_map.js";
import { createDrawSession } from "../draw/session.js";
import { createTools } from "../draw/tools.js";
import { whyNoDrawing } from "../drawable.js";
import { fitsLink } from "../marks.js";
import { createTurnoverSession } from "../turnover_session.js";
import { createCurve } from "../views/curve.js";
import { createTurnover } from "../views/turnover.js";
import { count, nounOf, sentence, withArticle } from "../words.js";

/** @typedef {import("../params.js").State} State */
/** @typedef {import("../../wasm/ntrace.d.ts").Mark} Mark */
/** @typedef {import("../../wasm/ntrace.d.ts").NtraceError} NtraceError */
/** @typedef {import("../main.js").Context} Context */
/** @typedef {import("../main.js").Route} Route */

/** @param {HTMLElement} root @param {Context} context @returns {Route} */
export function createDrawRoute(root, context) {
  const why = whyNoDrawing(context.bundle.manifest);
  if (why === "") return createSheet(root, context);
  const block = select(root).append("section").attr("class", "draw-refusal");
  block.append("h2").text("No drawing here");
  block.append("p").text(why);
  context.report.ready();
  return { update() {}, destroy: () => void block.remove() };
}

/** @param {HTMLElement} root @param {Context} context @returns {Route} */
function createSheet(root, { bundle, store, sketches, theme, report, sprites, loadFurther }) {
  const { manifest, labels } = bundle;
  const { classes } = manifest;
  const { one } = nounOf(manifest);
  root.setAttribute("aria-label", "Draw: your own sketch through the network");
  /** @param {string} name @param {string} [tag] */
  const part = (name, tag = "div") => /** @type {HTMLElement} */ (select(root).append(tag).attr("class", name).node());
  const [head, sheet, live, aside, rest] = [part("draw-head"), part("draw-sheet"), part("draw-live"), part("draw-aside"), part("draw-rest")];
  const title = select(head).append("h2");
  const lead = select(head).append("p");
  const way = select(head).append("a");

  const guest = createGuest(bundle, { sketches, theme });
  /** What is being drawn and is not in the state yet. @type {Mark | null} */
  let stroke = null;
  /** @type {import("../draw/pad.js").Tool} */
  let tool = "pen";
  /** @type {import("../draw/session.js").Answer | null} */
  let answer = null;
  /** The neighbours of the sample that the sheet began as. @type {import("../../wasm/ntrace.d.ts").Neighborhoods | null} */
  let original = null;
  /** @type {import("../../wasm/ntrace.d.ts").Parting | null} */
  let parting = null;
  /** Places in the history that a mark of ours led to: undoing there takes back that mark. @type {Set<number>} */
  const ours = new Set();
  /** Marks taken back where the history does not hold them apart, as in a link that was opened: the last is the first to come again. @type {Mark[]} */
  let taken = [];
  /** Whose trace is shown. @type {import("../draw/session.js").Wish | null} */
  let traced = null;
  /** Whose explanations are shown. @type {Uint8Array | undefined} */
  let explainedOf;
  let isGone = false;

  const pad = createPad(sheet, { theme, onStroke, onCancel });
  const tools = createTools(sheet, {
    onUndo: undo,
    onRedo: redo,
    onClear: () => keep([]),
    onMarks: (change) => keep(change(store.get().marks)),
    onExample: (marks) => keep(marks),
    onTool(next) {
      tool = next;
      show();
      pad.focus();
    },
  });
  const status = select(sheet).append("p").attr("class", "draw-status").attr("role", "status");
  const reading = createReading(live, { classes });
  const curveBox = /** @type {HTMLElement} */ (select(live).append("div").node());
  const curve = createCurve(curveBox, { manifest: guest.bundle.manifest, labels: guest.bundle.labels, onChoose: lookInto });
  const ladder = createLadder(live, { bundle, sketches, sprites, theme, guest, onLayer: lookInto });
  const map = createSeatMap(aside, { bundle, sketches, sprites, theme, onLayer: (layer) => store.set({ layer }) });
  const card = createModelCard(aside, { manifest });
  const parted = createTurnover(rest, { bundle: guest.bundle, sketches: guest.sketches, sprites: guest.sprites, theme, onLook: (turn) => store.set({ turn }) });
  /** @type {import("../turnover_session.js").KnownTurnover} */
  let knownParted = { value: null, stage: "waiting", progress: "", error: null };
  const partedSession = createTurnoverSession(guest.bundle, (next) => {
    knownParted = next;
    show();
  });
  const explained = createExplained(rest, { guest, theme });
  const board = /** @type {HTMLElement} */ (select(rest).append("section").attr("class", "trace-board").node());
  const trace = createGuestTrace(board, {
    guest, theme, loadFurther,
    onChange: store.set,
    onTravel: (sample) => store.set({ view: "trace", sample, keep: null }),
    onExact: explain,
    onFailed: (error, retry) => report.failed(/** @type {NtraceError} */ (error), retry),
  });
  const session = createDrawSession(bundle, {
    onAnswer,
    onProgress: (words) => void status.text(words ? `${sentence(words)} …` : ""),
    onFailed: (error) => report.failed(error, () => session.retry()),
  });
  const parts = [pad, tools, reading, curve, ladder, map, card, parted, explained, trace, guest];

  /** @param {number} layer */
  function lookInto(layer) {
    store.set({ to: layer, layer, turn: layer > 0 ? layer : null });
  }

  // ---- Marks. ----

  const marksNow = () => (stroke ? [...store.get().marks, stroke] : store.get().marks);
  const isBlank = () => store.get().base === null && marksNow().length === 0;
  const placeNow = () => Number(history.state?.place ?? 0);

  /** @param {Mark[]} marks */
  function keep(marks) {
    if (!fitsLink(marks)) return void status.text("The link cannot hold more marks than these. Take some back first.");
    store.set({ marks });
    ours.add(placeNow());
    taken = [];
  }
  function undo() {
    const { marks } = store.get();
    if (ours.has(placeNow()) && store.canUndo()) return store.undo();
    taken.push(...marks.slice(-1));
    store.set({ marks: marks.slice(0, -1) });
  }
  function redo() {
    const mark = store.canRedo() ? undefined : taken.pop();
    if (mark) store.set({ marks: [...store.get().marks, mark] });
    else store.redo();
  }
  /** @param {Mark} mark @param {boolean} isFinished @param {number} time */
  function onStroke(mark, isFinished, time) {
    stroke = isFinished ? null : mark;
    if (isFinished) keep([...store.get().marks, mark]);
    ask(time);
  }
  function onCancel() {
    stroke = null;
    ask(performance.now());
  }

  // ---- Asking. ----

  /** @param {number} time when the hand was there */
  function ask(time) {
    if (isBlank()) {
      answer = null;
      parting = null;
      session.rest();
      explained.show(false);
      explainedOf = undefined;
      show();
      return;
    }
    session.ask({ marks: marksNow(), base: store.get().base, moving: stroke !== null, asked: time });
  }

  /** @param {import("../draw/session.js").Answer} next */
  function onAnswer(next) {
    if (isGone || isBlank()) return;
    const { base } = next.wish;
    const name = base === null ? "drawing" : `changed ${classes[labels[base]]}`;
    if (answer && answer.wish === next.wish && !next.placed.index) return;
    answer = next;
    guest.set(next.pixels, next.placed, { base, name });
    void compare(next);
    show();
    root.dataset.lag = String(Math.round(performance.now() - next.wish.asked));
    root.dataset.answered = next.placed.exact ? "exact" : next.placed.index ? "codes" : "read";
    root.dataset.answers = String(Number(root.dataset.answers ?? 0) + 1);
    if (next.wish.moving || !next.placed.index) return;
    if (traced !== next.wish) trace.show(store.get()); // it waits for no other answer
    else trace.refresh();
    traced = next.wish;
  }

  /** Where the changed sample parts from the original. @param {import("../draw/session.js").Answer} now */
  async function compare({ wish, placed }) {
    if (wish.base === null || !placed.index) return;
    try {
      if (original?.sample !== wish.base) original = await bundle.neighborhoods({ sample: wish.base, k: placed.k });
      const found = await bundle.parting({ original, changed: placed });
      if (isGone || store.get().base !== wish.base) return;
      parting = found;
      if (placed.exact) explainParting();
      show();
    } catch (error) {
      if (!isGone) report.failed(/** @type {NtraceError} */ (error), () => session.retry());
    }
  }

  /** The layer whose parting is explained: the one that is looked into, or the one where they part, or where they share least. */
  const partedAt = () => store.get().turn ?? parting?.layer ?? parting?.least ?? null;
  function explainParting() {
    const { base } = store.get();
    const layer = partedAt();
    if (base !== null && layer !== null) partedSession.request({ sample: guest.sample, layer, k: 1, other: base });
  }

  async function readStability() {
    try {
      await guest.readStability();
      trace.refresh();
    } catch (error) {
      curveProblem = /** @type {Error} */ (error).message;
    }
    if (!isGone) show();
  }
  let curveProblem = "";

  /** Explanations come after the trace, once for each image. */
  function explain() {
    const pixels = guest.sketches.get(guest.sample);
    if (pixels !== explainedOf) explained.show(pixels !== undefined);
    explainedOf = pixels;
  }

  // ---- Showing. ----

  function tell() {
    const { base } = store.get();
    const isChange = base !== null;
    const name = isChange ? classes[labels[base]] : "";
    title.text(isChange ? `What if this ${name} were different?` : `Draw ${withArticle(one)}`);
    lead.text(
      isChange
        ? `This is ${name} no. ${count(base)}. Erase, add, shift, turn, thicken or blur it with noise, and see layer by layer where the network stops seeing the same neighbours.`
        : "The network reads along while you draw: its guess, the nearest at every layer, the place on the map. When your hand rests, everything is worked out exactly. The link holds the drawing.",
    );
    way.text(isChange ? "Draw your own instead" : `Or change ${classes[labels[store.get().sample]]} no. ${count(store.get().sample)}`)
      .attr("href", isChange ? store.link({ base: null, marks: [] }) : store.link({ base: store.get().sample, marks: [] }));
  }

  let frame = 0;
  const show = () => void (isGone || (frame ||= requestAnimationFrame(draw))); // an answer may come after the end
  function draw() {
    cancelAnimationFrame(frame); // the first drawing does not wait for the frame that was asked for before it
    frame = 0;
    const state = store.get();
    const { marks, base } = state;
    const placed = answer?.placed ?? null;
    const isChange = base !== null;
    tell();
    pad.update({ marks: marksNow(), ground: isChange ? (answer?.pixels ?? sketches.get(base) ?? null) : null, tool: isChange ? tool : "pen", isFull: !fitsLink(marks) });
    tools.update({ marks, isChange, tool, canUndo: marks.length > 0 || (ours.has(placeNow()) && store.canUndo()), canRedo: store.canRedo() || taken.length > 0 });
    reading.update({ placed, before: isChange ? labels[base] : null });
    ladder.update({ placed, original: isChange ? original : null, parting: isChange ? parting : null });
    map.update({ placed: placed?.index ? placed : null, layer: state.layer });
    parted.update({ sample: guest.sample, layer: isChange && parting ? partedAt() : null, known: knownParted, steepest: null, isPair: true });
    /** @type {HTMLElement} */ (rest.querySelector(".turnover")).hidden = !isChange || !parting;
    const isPlaced = placed?.index != null;
    for (const box of [curveBox, rest]) box.hidden = !isPlaced;
    if (isPlaced) curve.update({ sample: guest.sample, from: state.from, to: state.to, stability: guest.stability(), problem: curveProblem });
  }

  void readStability();
  void bundle.preparePlace({ onProgress: ({ label }) => !isGone && status.text(`${sentence(label)} …`) }).then(
    () => !isGone && status.text(""),
    (error) => !isGone && report.failed(error, () => session.retry()),
  );
  ask(performance.now());
  draw();
  report.ready();

  return {
    update(state, before) {
      const isOther = state.marks !== before.marks || state.base !== before.base;
      if (state.base !== before.base) [answer, parting, original, tool] = [null, null, null, "pen"];
      if (isOther) ask(performance.now());
      else if (state.turn !== before.turn && parting) explainParting();
      trace.update(state);
      show();
    },
    destroy() {
      isGone = true;
      cancelAnimationFrame(frame);
      session.stop();
      partedSession.stop();
      for (const each of parts) each.destroy();
      root.replaceChildren();
      for (const name of ["lag", "answered", "answers"]) delete root.dataset[name];
    },
  };
}
