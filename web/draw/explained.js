/** Explanations of what is on the sheet, once the hand rests. */
import { select } from "d3";
import { createExplanations } from "../explore/explanations.js";
import { METHODS, heatOf } from "../explore/heat.js";

/** @typedef {import("../explore/explanations.js").Method} Method */
/** @typedef {import("./guest.js").Guest} Guest */

const SHOWN = /** @type {const} */ (["gradient", "integratedGradients", "gradCam", "occlusion", "neighborMean"]);
const NEAREST = 10;

/** @param {HTMLElement} root @param {{ guest: Guest, theme: import("../theme.js").Theme }} options */
export function createExplained(root, { guest, theme }) {
  const block = select(root).append("section").attr("class", "explained").attr("aria-label", "Why the network says so");
  block.append("h2").text("Why the network says so");
  const items = block.append("ul").selectAll("li").data(SHOWN).join("li").attr("data-method", (method) => method);
  items.append("canvas").attr("role", "img").attr("aria-label", (method) => `${METHODS[method].title}: ${METHODS[method].about}`);
  items.append("h3").text((method) => METHODS[method].title);
  const words = items.append("p").text((method) => METHODS[method].about);
  const methods = SHOWN.filter((method) => method !== "gradCam" || guest.bundle.manifest.layers.some(({ kind }) => kind === "conv2d"));
  items.attr("hidden", (method) => (methods.includes(method) ? null : ""));
  /** @type {ReturnType<typeof createExplanations> | null} */
  let known = null;

  const wishOf = (/** @type {Method} */ method) => ({ sample: guest.sample, method, k: NEAREST });
  function draw() {
    items.each(function (method) {
      const { value, error } = known?.get(wishOf(method)) ?? { value: null, error: null };
      const item = select(this);
      item.classed("is-waiting", !value && !error);
      words.filter((of) => of === method).text(error?.message ?? METHODS[method].about);
      const canvas = /** @type {HTMLCanvasElement} */ (item.select("canvas").node());
      if (!value || value.method === "probabilities") return;
      [canvas.width, canvas.height] = [value.width, value.height];
      canvas.getContext("2d")?.putImageData(heatOf(value, guest.sketches.get(guest.sample), theme.tokens()), 0, 0);
    });
  }
  const end = theme.subscribe(draw);

  return {
    /** Another image is on the sheet, or none. @param {boolean} isThere */
    show(isThere) {
      known?.close();
      known = isThere ? createExplanations(guest.bundle, draw) : null;
      known?.want(methods.map(wishOf));
      draw();
    },
    destroy() {
      end();
      known?.close();
      block.remove();
    },
  };
}
