/** What the network says of the sheet: the likeliest classes as bars. */
import { select } from "d3";
import { percent, shortPercent } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Placed} Placed */

const MOST_BARS = 5;

/** @param {HTMLElement} root @param {{ classes: string[] }} options */
export function createReading(root, { classes }) {
  const block = select(root).append("section").attr("class", "reading").attr("aria-label", "What the network reads");
  block.append("h2").text("What the network reads");
  const said = block.append("p").attr("class", "reading-said").attr("role", "status");
  const list = block.append("ol").attr("class", "reading-bars");

  return {
    /** @param {{ placed: Placed | null, before: number | null }} next before: the class of the sample that the sheet began as */
    update({ placed, before }) {
      block.classed("is-empty", !placed);
      if (!placed) {
        said.text("Nothing yet.");
        list.selectAll("li").remove();
        return;
      }
      const sure = placed.probabilities[placed.class];
      said.text(`${classes[placed.class]}, ${percent(sure)} sure${before === null || before === placed.class ? "" : `; it was ${classes[before]}`}`);
      const best = Array.from(placed.probabilities, (share, c) => ({ c, share })).sort((a, b) => b.share - a.share).slice(0, MOST_BARS);
      const items = list.selectAll("li").data(best).join((enter) => {
        const item = enter.append("li");
        item.append("span").attr("class", "reading-class");
        item.append("span").attr("class", "reading-share");
        item.append("i").attr("aria-hidden", "true");
        return item;
      });
      items.select(".reading-class").text(({ c }) => classes[c]);
      items.select(".reading-share").text(({ share }) => shortPercent(share));
      items.select("i").style("--share", ({ share }) => String(share));
    },
    destroy: () => void block.remove(),
  };
}
