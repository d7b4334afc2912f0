/** The classes' sectors: arcs round the plate, and their names, curved along wide arcs and led out of thin ones. */
import { arc, select } from "d3";

/** @typedef {import("./radial_geometry.js").Geometry} Geometry */
/** @typedef {import("../../wasm/ntrace.d.ts").TraceSector} TraceSector */

const ARC = 4; // thickness
const GAP = 6; // from the plate to the arc
const LINE = 17; // height of a led-out label
const LANES = 6;
const TURN = 2 * Math.PI;

/**
 * @typedef {object} Label
 * @property {TraceSector} sector
 * @property {string} name
 * @property {string} counts
 * @property {"curved" | "led" | "hidden"} how
 * @property {number} middle angle
 * @property {number} [y] of a led-out label
 * @property {number} [lane] of its leader, 0 innermost
 */

/** @param {number} angle */
const isRight = (angle) => angle < Math.PI;

/**
 * Decides how each sector is named. No two labels overlap: curved ones fit their own arc, the others are stacked at the sides
 * as long as there is room, the widest sectors first.
 *
 * @param {TraceSector[]} sectors @param {Geometry} geometry @param {string[]} classes
 * @param {(text: string) => number} measure width in pixels
 * @param {boolean} lead whether there is room beside the plate
 * @returns {Label[]}
 */
export function placeLabels(sectors, geometry, classes, measure, lead) {
  const radius = geometry.beyond + GAP + ARC + 6;
  const labels = sectors.map((sector) => {
    const name = classes[sector.label];
    const full = `${sector.countFrom} → ${sector.countTo}`;
    const length = (sector.end - sector.start) * radius - 10;
    const fits = measure(name) <= length;
    const counts = !fits || measure(`${name}  ${full}`) <= length ? full : "";
    /** @type {Label} */
    const label = { sector, name, counts, how: fits ? "curved" : lead ? "led" : "hidden", middle: (sector.start + sector.end) / 2 };
    return label;
  });
  stack(labels.filter(({ how, middle }) => how === "led" && isRight(middle)), geometry);
  stack(labels.filter(({ how, middle }) => how === "led" && !isRight(middle)), geometry);
  return labels;
}

/** Spreads one side's labels from top to bottom, hiding the thinnest where they are too many. @param {Label[]} labels @param {Geometry} geometry */
function stack(labels, geometry) {
  const most = Math.max(0, Math.floor((geometry.height - 2 * LINE) / LINE));
  const thin = [...labels].sort((a, b) => a.sector.end - a.sector.start - (b.sector.end - b.sector.start));
  for (const label of thin.slice(0, Math.max(0, labels.length - most))) label.how = "hidden";
  const shown = labels.filter(({ how }) => how === "led");
  const wanted = shown.map((label) => ({ label, y: besides(label.middle, geometry) })).sort((a, b) => a.y - b.y);
  const low = 0.6 * LINE;
  const high = geometry.height - 0.6 * LINE;
  for (let i = 0, y = low; i < wanted.length; i++) y = (wanted[i].y = Math.max(wanted[i].y, y)) + LINE;
  for (let i = wanted.length - 1, y = high; i >= 0; i--) y = (wanted[i].y = Math.min(wanted[i].y, y)) - LINE;
  for (const { label, y } of wanted) label.y = y;
  const above = wanted.filter(({ label }) => Math.cos(label.middle) >= 0);
  above.forEach(({ label }, i) => (label.lane = Math.min(above.length - 1 - i, LANES)));
  wanted.filter(({ label }) => Math.cos(label.middle) < 0).forEach(({ label }, i) => (label.lane = Math.min(i, LANES)));
}

/** Height at which a led label clears the curved names of its neighbours. @param {number} angle @param {Geometry} geometry */
function besides(angle, geometry) {
  const cos = Math.cos(angle);
  return geometry.cy - (geometry.beyond + 32) * cos - 9 * cos ** 3;
}

/** A path along which text reads upright. @param {Geometry} geometry @param {Label} label @param {number} radius */
function baseline(geometry, { sector, middle }, radius) {
  const below = middle > Math.PI / 2 && middle < 1.5 * Math.PI;
  const r = below ? radius + 9 : radius;
  const wide = sector.end - sector.start > 0.999 * TURN;
  const start = wide ? middle - Math.PI + 0.001 : sector.start;
  const end = wide ? middle + Math.PI - 0.001 : sector.end;
  const [a, b] = below ? [end, start] : [start, end];
  const [ax, ay] = geometry.place(a, r);
  const [bx, by] = geometry.place(b, r);
  return `M${ax},${ay}A${r},${r} 0 ${end - start > Math.PI ? 1 : 0} ${below ? 0 : 1} ${bx},${by}`;
}

/** Distance from the centre at which a label's leader goes round: outside the curved names, and outside the leaders it passes. @param {Geometry} geometry @param {Label} label */
const orbit = (geometry, label) => geometry.beyond + GAP + ARC + 18 + 2.5 * (label.lane ?? 0);

/** Where a led label's text begins, and the angle there. @param {Geometry} geometry @param {Label} label @returns {[number, number]} */
function anchor(geometry, label) {
  const dy = /** @type {number} */ (label.y) - geometry.cy;
  const reach = orbit(geometry, label);
  const round = Math.sqrt(Math.max(0, reach * reach - dy * dy));
  const dx = Math.max(round, Math.abs(Math.sin(label.middle)) * reach + 4);
  const side = isRight(label.middle) ? 1 : -1;
  return [geometry.cx + side * dx, Math.atan2(side * dx, -dy)];
}

/** From the arc's middle straight out, round the plate, and to the label: no leader crosses a name or another leader. @param {Geometry} geometry @param {Label} label */
function leader(geometry, label) {
  const reach = orbit(geometry, label);
  const [x, angle] = anchor(geometry, label);
  const side = isRight(label.middle) ? 1 : -1;
  const middle = label.middle > Math.PI ? label.middle - TURN : label.middle;
  const [ax, ay] = geometry.place(middle, geometry.beyond + GAP + ARC);
  const [bx, by] = geometry.place(middle, reach);
  const y = /** @type {number} */ (label.y);
  return `M${ax},${ay}L${bx},${by}${Math.abs(angle - middle) < 0.03 ? "L" : `A${reach},${reach} 0 0 ${angle > middle ? 1 : 0} `}${x},${y}H${x + side * 6}`;
}

/**
 * @param {SVGGElement} root
 * @param {string} id prefix that keeps this figure's paths apart from others'
 */
export function createLabels(root, id) {
  const arcs = select(root).append("g").attr("class", "sector-arcs");
  const paths = select(root).append("g");
  const leaders = select(root).append("g").attr("class", "sector-leaders");
  const texts = select(root).append("g").attr("class", "sector-names");

  return {
    /**
     * @param {Label[]} labels @param {Geometry} geometry @param {number} own label of the centre's class
     */
    update(labels, geometry, own) {
      const at = geometry.beyond + GAP;
      const ring = arc().padAngle(labels.length > 1 ? 0.008 : 0);
      const key = (/** @type {unknown} */ label) => /** @type {Label} */ (label).sector.label;
      const state = (/** @type {string} */ base) => (/** @type {Label} */ { sector, how }) =>
        [base, how === "hidden" ? "is-hidden" : "", sector.label === own ? "is-own" : ""].filter(Boolean).join(" ");

      arcs.attr("transform", `translate(${geometry.cx},${geometry.cy})`);
      arcs
        .selectAll("path")
        .data(labels, key)
        .join("path")
        .attr("class", state("sector-arc"))
        .attr("d", ({ sector: { label, start, end } }) =>
          ring({ innerRadius: at, outerRadius: at + (label === own ? 1.75 * ARC : ARC), startAngle: start, endAngle: Math.max(end, start + 0.006) }));

      const curved = labels.filter(({ how }) => how === "curved");
      const ledOut = labels.filter(({ how }) => how === "led");
      paths
        .selectAll("path")
        .data(curved, key)
        .join("path")
        .attr("id", ({ sector }) => `${id}-${sector.label}`)
        .attr("fill", "none")
        .attr("d", (label) => baseline(geometry, label, at + ARC + 8));
      leaders
        .selectAll("path")
        .data(ledOut, key)
        .join("path")
        .attr("class", state("sector-leader"))
        .attr("d", (label) => leader(geometry, label));

      const text = texts
        .selectAll("text")
        .data([...curved, ...ledOut], key)
        .join("text")
        .attr("class", state("sector-name"))
        .attr("text-anchor", ({ how, middle }) => (how === "curved" ? "middle" : isRight(middle) ? "start" : "end"))
        .attr("x", (label) => (label.how === "led" ? anchor(geometry, label)[0] + (isRight(label.middle) ? 10 : -10) : null))
        .attr("y", (label) => (label.how === "led" ? /** @type {number} */ (label.y) + 4 : null));
      text.each(function (label) {
        const holder = select(this);
        holder.selectChildren().remove();
        const run = label.how === "curved" ? holder.append("textPath").attr("href", `#${id}-${label.sector.label}`).attr("startOffset", "50%") : holder;
        run.append("tspan").text(label.name);
        if (label.counts) run.append("tspan").attr("class", "sector-counts").attr("dx", 6).text(label.counts);
      });
    },
    /** Brings one class forward. @param {number | null} pointed its label */
    point(pointed) {
      for (const group of [arcs, leaders, texts]) {
        group.selectChildren().classed("is-pointed", (label) => /** @type {Label} */ (label).sector.label === pointed);
      }
    },
  };
}
