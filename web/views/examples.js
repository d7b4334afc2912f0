/** The nearest and the farthest sketches of one class at the two layers, each to be pointed at and travelled to. */
import { select } from "d3";
import { count, distance, nounOf } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Densities} Densities */
/** @typedef {{ sample: number, distance: number }} Example */

/**
 * @typedef {object} ExamplesState
 * @property {number} label class
 * @property {boolean} isOwn whether it is the centre's class
 * @property {Densities | null} from
 * @property {Densities | null} to
 */

const CELL = 40; // CSS pixels
const SPRITES = 6; // milliseconds of a frame for making thumbnails
const GROUPS = /** @type {const} */ (["nearest", "farthest"]);
const ENDS = /** @type {const} */ (["from", "to"]);

/**
 * @param {HTMLElement} root
 * @param {Pick<import("./distances.js").DistancesOptions, "manifest" | "sketches" | "sprites" | "theme" | "onPoint" | "onTravel">} options
 */
export function createExamples(root, { manifest, sketches, sprites, theme, onPoint, onTravel }) {
  /** @type {number[]} */
  let shown = [];
  let frame = 0;
  const block = select(root).attr("class", "distances-row examples").attr("role", "group").attr("aria-label", "Nearest and farthest of the class");
  const who = block.append("p").attr("class", "examples-class");
  const columns = block.selectAll("div").data(ENDS).join("div").attr("class", "examples-end");
  columns.each(function () {
    for (const group of GROUPS) {
      const part = select(this).append("div").attr("class", "examples-group");
      part.append("span").attr("class", "examples-title").text(group);
      part.append("div").attr("class", `examples-list examples-${group}`);
    }
  });

  /** @param {import("d3").Selection<any, any, any, any>} list @param {Example[]} found @param {string} name */
  function fill(list, found, name) {
    const button = list
      .selectAll("button")
      .data(found, (/** @type {any} */ { sample }) => sample)
      .join((enter) => {
        const made = enter.append("button").attr("type", "button").attr("class", "example");
        made.append("canvas").attr("width", 2 * CELL).attr("height", 2 * CELL).attr("aria-hidden", "true");
        made.append("span");
        return made;
      })
      .order()
      .attr("data-example", ({ sample }) => sample)
      .attr("aria-label", ({ sample, distance: d }) => `${name}, number ${sample}, at distance ${distance(d)}: put it in the centre`)
      .on("click", (_, { sample }) => onTravel(sample))
      .on("pointerenter focus", (_, { sample }) => onPoint(sample))
      .on("pointerleave blur", () => onPoint(null));
    button.select("span").text(({ distance: d }) => distance(d));
  }

  function draw() {
    frame = 0;
    const complete = sprites.prepare(shown, SPRITES);
    for (const button of root.querySelectorAll("button")) {
      const sample = Number(button.dataset.example);
      const context = button.querySelector("canvas")?.getContext("2d");
      context?.clearRect(0, 0, 2 * CELL, 2 * CELL);
      if (context && sprites.has(sample)) sprites.draw(context, sample, CELL, CELL, 1.7 * CELL);
    }
    if (!complete) redraw();
  }
  const redraw = () => void (frame ||= requestAnimationFrame(draw));
  const ends = [sketches.subscribe(redraw), theme.subscribe(redraw)];

  return {
    /** @param {ExamplesState} state */
    update(state) {
      const { label, isOwn } = state;
      const name = manifest.classes[label];
      const known = state.to ?? state.from;
      who.text(name);
      who.append("span").text(known ? `${count(known.count[label])} ${isOwn ? "others" : nounOf(manifest).many}` : "");
      shown = [];
      columns.each(function (end) {
        for (const group of GROUPS) {
          const found = state[end]?.[group][label] ?? [];
          shown.push(...found.map(({ sample }) => sample));
          fill(select(this).select(`.examples-${group}`), found, name);
        }
      });
      sketches.want("examples", shown);
      redraw();
    },
    destroy() {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
      root.remove();
    },
  };
}
