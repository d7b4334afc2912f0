/** The buttons on the map: what a drag does, and what part of the map is looked at. */
import { select } from "d3";

/** @typedef {"move" | "rectangle" | "lasso"} Tool */

const GLYPHS = {
  move: "M8 1.5v13 M1.5 8h13 M6 3.5l2 -2l2 2 M6 12.5l2 2l2 -2 M3.5 6l-2 2l2 2 M12.5 6l2 2l-2 2",
  rectangle: "M2.5 4v-1.5h1.5 M6.5 2.5h3 M12 2.5h1.5v1.5 M13.5 6.5v3 M13.5 12v1.5h-1.5 M9.5 13.5h-3 M4 13.5h-1.5v-1.5 M2.5 9.5v-3",
  lasso: "M4.6 10.6c-1.5 -.8 -2.6 -2 -2.6 -3.4c0 -2.7 2.7 -4.7 6 -4.7s6 1.9 6 4.5s-2.7 4.5 -6 4.5c-.5 0 -.9 0 -1.3 -.1 M3.8 11.6a1.4 1.4 0 1 0 2.8 0a1.4 1.4 0 1 0 -2.8 0 M5.3 13c.1 .8 -.3 1.3 -1.2 1.6",
  nearer: "M8 3v10 M3 8h10",
  farther: "M3 8h10",
  fit: "M2.5 6v-3.5h3.5 M10 2.5h3.5v3.5 M13.5 10v3.5h-3.5 M6 13.5h-3.5v-3.5 M6 8a2 2 0 1 0 4 0a2 2 0 1 0 -4 0",
};

/** What each tool does, in the words of its button. @type {{ tool: Tool, text: string }[]} */
const TOOLS = [
  { tool: "move", text: "Move the map (M)" },
  { tool: "rectangle", text: "Select with a rectangle (R)" },
  { tool: "lasso", text: "Select with a lasso (L)" },
];

/**
 * @param {HTMLElement} stage
 * @param {{ onTool: (tool: Tool) => void, onNearer: () => void, onFarther: () => void, onFit: () => void }} options
 */
export function createTools(stage, { onTool, onNearer, onFarther, onFit }) {
  const bar = select(stage).append("div").attr("class", "map-tools").attr("data-export", "skip");
  /** @param {any} group @param {keyof typeof GLYPHS} name @param {string} text @param {() => void} act */
  function add(group, name, text, act) {
    const button = group.append("button").attr("type", "button").attr("name", name).attr("aria-label", text).attr("title", text).on("click", act);
    button.append("svg").attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").append("path").attr("d", GLYPHS[name]);
    return button;
  }
  const drags = bar.append("div").attr("class", "map-buttons").attr("role", "group").attr("aria-label", "What a drag does");
  const tools = TOOLS.map(({ tool, text }) => ({ tool, button: add(drags, tool, text, () => onTool(tool)) }));
  const looks = bar.append("div").attr("class", "map-buttons").attr("role", "group").attr("aria-label", "What is looked at");
  add(looks, "nearer", "Zoom in (+)", onNearer);
  const farther = add(looks, "farther", "Zoom out (−)", onFarther);
  const fit = add(looks, "fit", "Show the whole map (0)", onFit);

  return {
    /** @param {Tool} chosen @param {boolean} isWhole whether all of the map is seen */
    update(chosen, isWhole) {
      for (const { tool, button } of tools) button.attr("aria-pressed", String(tool === chosen));
      for (const button of [farther, fit]) button.property("disabled", isWhole);
    },
    destroy() {
      bar.remove();
    },
  };
}
