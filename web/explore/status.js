/** What is being worked out, how far it is, and what failed with a way to try again. */
import { select } from "d3";

/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("../routes/explore.js").Part} Part */

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createStatus(root, { ledger }) {
  const line = select(root).append("p").attr("class", "explore-work").attr("role", "status");
  const text = line.append("span");
  const bar = line.append("progress").attr("max", 1).attr("aria-label", "Work under way");
  const retry = line.append("button").attr("type", "button").text("Try again").on("click", ledger.retry);

  return {
    update() {
      const entries = ledger.status();
      const failed = entries.find(({ error }) => error)?.error;
      const running = entries.find(({ progress }) => progress)?.progress;
      line.attr("hidden", failed || running ? null : "").classed("is-error", Boolean(failed)).attr("data-error", failed ? "" : null);
      text.text(failed ? [failed.message, failed.hint].filter(Boolean).join(" ") : running ? `${running.label.charAt(0).toUpperCase()}${running.label.slice(1)} …` : "");
      bar.attr("hidden", failed || !running ? "" : null).property("value", running?.done ?? 0);
      retry.attr("hidden", failed ? null : "");
    },
    destroy() {
      line.remove();
    },
  };
}
