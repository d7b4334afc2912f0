/** How many neighbours: a slider whose steps grow with the number, and a field for any number. */
import { select } from "d3";

const STEPS = 200;

/**
 * @param {HTMLElement} root
 * @param {{ max: number, onChoose: (k: number, dragging: boolean) => void }} options
 */
export function createKSlider(root, { max, onChoose }) {
  const block = select(root).append("section").attr("class", "neighbours").attr("aria-label", "Number of neighbours");
  block.append("label").attr("for", "k-slider").text("Nearest");
  const slider = block
    .append("input")
    .attr("id", "k-slider")
    .attr("type", "range")
    .attr("name", "k")
    .attr("min", 0)
    .attr("max", STEPS)
    .attr("step", 1);
  const field = block
    .append("input")
    .attr("type", "number")
    .attr("name", "k-number")
    .attr("inputmode", "numeric")
    .attr("min", 1)
    .attr("max", max)
    .attr("aria-label", `Number of neighbours, 1 to ${max}`);
  const note = block.append("p").attr("class", "field-note").attr("role", "status");

  /** What the field was last told: what is being typed is left alone when other things change. @type {number | null} */
  let told = null;

  /** @param {number} position */
  const kAt = (position) => Math.round(1 + (max - 1) * (position / STEPS) ** 3);
  /** @param {number} k */
  const positionOf = (k) => (max > 1 ? STEPS * Math.cbrt((k - 1) / (max - 1)) : 0);

  slider.on("input", function () {
    onChoose(kAt(this.valueAsNumber), true);
  });
  slider.on("change", function () {
    onChoose(kAt(this.valueAsNumber), false);
  });
  field.on("change", function () {
    const k = this.valueAsNumber;
    const fits = Number.isInteger(k) && k >= 1 && k <= max;
    note.text(fits ? "" : `Please give a whole number from 1 to ${max}.`);
    field.attr("aria-invalid", fits ? null : "true");
    if (fits) onChoose(k, false);
  });

  return {
    /** @param {{ k: number }} state */
    update({ k }) {
      slider.attr("aria-valuetext", `${k} nearest`);
      if (kAt(slider.property("valueAsNumber")) !== k) slider.property("value", Math.round(positionOf(k)));
      slider.style("--filled", String(positionOf(k) / STEPS));
      if (k !== told) field.property("value", (told = k)).attr("aria-invalid", null);
    },
    destroy() {
      block.remove();
    },
  };
}
