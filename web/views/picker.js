/** The picker: every sketch of a class, a page at a time; right or wrong ones only; one at random; one by number. */
import { select } from "d3";
import { knows } from "../answers.js";
import { count, nounOf, sentence } from "../words.js";

/**
 * @typedef {object} PickerOptions
 * @property {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(sample: number) => void} onPick
 * @property {(change: { shelf?: number | "all", only?: "all" | "right" | "wrong" }) => void} onFilter
 */

/** @typedef {{ sample: number, shelf: number | "all" | null, only: "all" | "right" | "wrong" }} PickerState */

const ACROSS = 6;
const PAGE = 30;
const CELL = 44; // CSS pixels
const SPRITES = 4; // milliseconds of a frame for making thumbnails

/** @param {HTMLElement} root @param {PickerOptions} options */
export function createPicker(root, { bundle, sketches, sprites, theme, onPick, onFilter }) {
  const { classes, dataset, opening } = bundle.manifest;
  const { one, many } = nounOf(bundle.manifest);
  /** @type {PickerState | null} */
  let state = null;
  /** @type {number[]} */
  let found = [];
  /** The page of them. @type {number[]} */
  let shown = [];
  let frame = 0;
  let page = 0;
  let roving = 0;
  let woken = false;

  const block = select(root).append("section").attr("class", "picker").attr("aria-label", `Choose a ${one}`);
  const top = block.append("div").attr("class", "picker-top");
  top.append("h2").text(sentence(many));
  const byNumber = top.append("label").attr("class", "picker-number").text("No. ");
  const field = byNumber.append("input").attr("type", "number").attr("name", "sample").attr("inputmode", "numeric").attr("min", 0).attr("max", dataset.samples - 1);
  const random = top.append("button").attr("type", "button").attr("name", "random").text("Random");
  random.on("click", () => found.length > 0 && onPick(found[Math.floor(Math.random() * found.length)]));
  const note = block.append("p").attr("class", "field-note").attr("role", "status");
  const bar = block.append("div").attr("class", "picker-bar");
  const shelf = bar.append("select").attr("name", "class").attr("aria-label", "Class");
  shelf
    .selectAll("option")
    .data([{ value: "all", text: "All classes" }, ...classes.map((text, c) => ({ value: `${c}`, text }))])
    .join("option")
    .attr("value", ({ value }) => value)
    .text(({ text }) => text);
  shelf.on("change", function () {
    onFilter({ shelf: this.value === "all" ? "all" : Number(this.value) });
  });
  const only = bar.append("select").attr("name", "only").attr("aria-label", "Predictions").attr("hidden", knows(bundle.manifest, "classes") ? null : "");
  for (const [value, text] of [["all", "right or wrong"], ["right", "read rightly"], ["wrong", "read wrongly"]]) {
    only.append("option").attr("value", value).text(text);
  }
  only.on("change", function () {
    onFilter({ only: /** @type {PickerState["only"]} */ (this.value) });
  });

  const grid = block.append("div").attr("class", "picker-grid").attr("role", "group").attr("aria-label", `${sentence(many)}: arrow keys move, Enter chooses`);
  const gridNode = /** @type {HTMLDivElement} */ (grid.node());
  const foot = block.append("div").attr("class", "picker-foot");
  const back = foot.append("button").attr("type", "button").attr("aria-label", "Previous page").text("←");
  const where = foot.append("span").attr("class", "picker-where").attr("role", "status");
  const on = foot.append("button").attr("type", "button").attr("aria-label", "Next page").text("→");
  back.on("click", () => turn(page - 1));
  on.on("click", () => turn(page + 1));
  field.on("change", function () {
    const sample = this.valueAsNumber;
    const fits = Number.isInteger(sample) && sample >= 0 && sample < dataset.samples;
    note.text(fits ? "" : `${sentence(many)} are numbered from 0 to ${count(dataset.samples - 1)}.`);
    field.attr("aria-invalid", fits ? null : "true");
    if (fits) onPick(sample);
  });

  const pages = () => Math.max(1, Math.ceil(found.length / PAGE));

  /** @param {number} to @param {number} [focus] place on the page to focus */
  function turn(to, focus) {
    page = Math.max(0, Math.min(pages() - 1, to));
    roving = focus ?? 0;
    render();
    if (focus !== undefined) gridNode.querySelectorAll("button")[roving]?.focus();
  }

  function render() {
    shown = found.slice(page * PAGE, (page + 1) * PAGE);
    roving = Math.min(roving, Math.max(0, shown.length - 1));
    grid
      .selectAll("button")
      .data(shown, (sample, i) => `${i} ${sample}`)
      .join((enter) => {
        const button = enter.append("button").attr("type", "button");
        button.append("canvas").attr("width", 2 * CELL).attr("height", 2 * CELL).attr("aria-hidden", "true");
        return button;
      })
      .order()
      .attr("class", (sample) => (bundle.labels[sample] === bundle.predictions[sample] ? "picker-cell" : "picker-cell is-wrong"))
      .attr("data-pick", (sample) => sample)
      .attr("aria-current", (sample) => (sample === state?.sample ? "true" : null))
      .attr("tabindex", (_, i) => (i === roving ? 0 : -1))
      .attr("aria-label", (sample) => {
        const [label, prediction] = [bundle.labels[sample], bundle.predictions[sample]];
        return `${classes[label]}, number ${sample}${label === prediction ? "" : `, read as ${classes[prediction]}`}`;
      })
      .on("click", (_, sample) => onPick(sample));
    const first = page * PAGE;
    where.text(found.length === 0 ? "none" : `${count(first + 1)}–${count(first + shown.length)} of ${count(found.length)}`);
    back.property("disabled", page === 0);
    on.property("disabled", page === pages() - 1);
    random.property("disabled", found.length === 0);
    if (woken || isOpening()) sketches.want("picker", shown);
    redraw();
  }

  function draw() {
    frame = 0;
    const complete = sprites.prepare(shown, SPRITES);
    for (const button of gridNode.querySelectorAll("button")) {
      const sample = Number(button.dataset.pick);
      const context = button.querySelector("canvas")?.getContext("2d");
      context?.clearRect(0, 0, 2 * CELL, 2 * CELL);
      if (context && sprites.has(sample)) sprites.draw(context, sample, CELL, CELL, 1.7 * CELL);
    }
    if (!complete) redraw();
  }
  /** Far below what is in sight, on a phone, the samples are drawn when they come near. */
  let isNear = false;
  const redraw = () => void (frame ||= isNear ? requestAnimationFrame(draw) : 0);
  const sight = new IntersectionObserver(
    (entries) => {
      isNear = entries[entries.length - 1].isIntersecting;
      redraw();
    },
    { rootMargin: "25%" },
  );
  sight.observe(gridNode);

  gridNode.addEventListener("keydown", (event) => {
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: ACROSS, ArrowUp: -ACROSS, PageDown: PAGE, PageUp: -PAGE };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = Math.max(0, Math.min(found.length - 1, page * PAGE + roving + step));
    turn(Math.floor(at / PAGE), at % PAGE);
  });

  /** Where nothing is chosen, the sample's class. @param {PickerState} of */
  const shelfOf = ({ shelf: wished, sample }) => wished ?? bundle.labels[sample];
  /** The page of the opening sample's class that it is on comes with the first view. */
  const isOpening = () => state?.only === "all" && shelfOf(state) === bundle.labels[opening.sample] && shown.includes(opening.sample);
  /** Pictures of what nobody looks at yet would swell the first view: they wait for a sign of life. */
  function wake() {
    woken = true;
    for (const sign of SIGNS) removeEventListener(sign, wake);
    render();
  }
  const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"];
  for (const sign of SIGNS) addEventListener(sign, wake, { passive: true });

  /** @param {PickerState} next */
  function filter(next) {
    const [label, which] = [shelfOf(next), next.only];
    found = [];
    for (let i = 0; i < bundle.labels.length; i++) {
      if (label !== "all" && bundle.labels[i] !== label) continue;
      if (which === "all" || (which === "right") === (bundle.labels[i] === bundle.predictions[i])) found.push(i);
    }
    if (label === "all") found.sort((a, b) => scattered(a) - scattered(b));
    shelf.property("value", `${label}`);
    only.property("value", which);
  }

  const ends = [sketches.subscribe(redraw), theme.subscribe(redraw)];
  return {
    /** @param {PickerState} next */
    update(next) {
      const before = state;
      state = next;
      const isSame = before && shelfOf(before) === shelfOf(next) && before.only === next.only;
      if (isSame && before.sample === next.sample) return;
      if (!isSame) {
        filter(next);
        page = Math.max(0, Math.floor(found.indexOf(next.sample) / PAGE));
        roving = Math.max(0, found.indexOf(next.sample)) % PAGE;
      }
      field.property("value", next.sample);
      render();
    },
    destroy() {
      cancelAnimationFrame(frame);
      sight.disconnect();
      for (const sign of SIGNS) removeEventListener(sign, wake);
      for (const end of ends) end();
      block.remove();
    },
  };
}

/** A fixed order that mixes the classes. @param {number} i */
const scattered = (i) => Math.imul(i + 1, 0x9e3779b1) >>> 0;
