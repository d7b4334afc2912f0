/** How far a figure's numbers are, said in the figure itself; and what to do when they cannot be had. */
import { select } from "d3";

/** @typedef {import("./ledger.js").Entry<any>} AnyEntry */

/** @param {HTMLElement} root @param {() => void} onRetry */
export function createWork(root, onRetry) {
  const box = select(root).append("div").attr("class", "figure-work").attr("role", "status").attr("data-export", "skip").attr("hidden", "");
  const words = box.append("p");
  const bar = box.append("progress").attr("max", 1).attr("aria-label", "Progress");
  const button = box.append("button").attr("type", "button").text("Try again").on("click", onRetry);
  return {
    /** @param {Pick<AnyEntry, "progress" | "error">} entry */
    render({ progress, error }) {
      box.attr("hidden", progress || error ? null : "").classed("is-error", error !== null);
      words.text(error ? `${error.message} ${error.hint ?? ""}` : (progress?.label ?? ""));
      bar.attr("hidden", progress ? null : "").property("value", progress?.done ?? 0);
      button.attr("hidden", error ? null : "");
    },
    destroy: () => void box.remove(),
  };
}
