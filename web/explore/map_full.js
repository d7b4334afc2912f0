/** The button that gives the map the whole screen, where the browser can. */
import { select } from "d3";

const GLYPHS = { fill: "M9.5 2.5h4v4 M13.5 2.5l-4.5 4.5 M6.5 13.5h-4v-4 M2.5 13.5l4.5 -4.5", leave: "M13 7h-4v-4 M9 7l4.5 -4.5 M3 9h4v4 M7 9l-4.5 4.5" };

/** @param {HTMLElement} block what fills the screen @param {HTMLElement} root */
export function createFull(block, root) {
  const button = select(root).append("button").attr("type", "button").attr("name", "full").attr("class", "map-full").attr("hidden", document.fullscreenEnabled ? null : "").on("click", toggle);
  button.append("svg").attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").append("path");

  const isFull = () => document.fullscreenElement === block;
  async function toggle() {
    try {
      await (isFull() ? document.exitFullscreen() : block.requestFullscreen());
    } catch (error) {
      button.attr("title", `The browser does not give the whole screen: ${/** @type {Error} */ (error).message}`);
    }
  }
  function render() {
    const text = isFull() ? "Leave the full screen (F)" : "Fill the screen (F)";
    button.attr("aria-label", text).attr("title", text).select("path").attr("d", GLYPHS[isFull() ? "leave" : "fill"]);
  }
  document.addEventListener("fullscreenchange", render);
  render();

  return {
    toggle: () => void toggle(),
    destroy() {
      document.removeEventListener("fullscreenchange", render);
      button.remove();
    },
  };
}
