/** The classes' sectors: arcs round the plate, and their names, curved along wide arcs and led out of thin ones. */
import { select } from "d3";
import { ringPiece } from "./radial_geometry.js";

/** @typedef {import("./radial_geometry.js").Geometry} Geometry */
/** @typedef {import("../../wasm/ntrace.d.ts").TraceSector} TraceSector */

const ARC = 4; // thickness
const GAP = 6; // from the plate to the arc
const APART = 0.0057; // half the angle between two arcs
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
 * @param {number} own the centre's class: it has its place even where it has no neighbour
 * @returns {Label[]}
 */
export function placeLabels(sectors, geometry, classes, measure, lead, own) {
  const radius = geometry.beyond + GAP + ARC + 6;
  const labels = withOwn(sectors, own).map((sector) => {
    const length = (sector.end - sector.start) * radius - 10;
    const long = sector.label === own && classes.length > 1 ? `${classes[own]}, its own class` : classes[sector.label];
    const name = measure(long) <= length ? long : classes[sector.label];
    const full = `${sector.countFrom} → ${sector.countTo}`;
    const fits = measure(name) <= length;
    const counts = !fits || measure(`${name}  ${full}`) <= length ? full : "";
    /** @type {Label} */
    const label = { sector, name, counts, how: fits ? "curved" : lead ? "led" : "hidden", middle: (sector.start + sector.end) / 2 };
    return label;
  });
  stack(labels.filter(({ how, middle }) => how === "led" && isRight(middle)), geometry, own);
  stack(labels.filter(({ how, middle }) => how === "led" && !isRight(middle)), geometry, own);
  return labels;
}

/** The sectors, and where the centre's own class has none an empty one between its neighbours in the classes' order. @param {TraceSector[]} sectors @param {number} own */
function withOwn(sectors, own) {
  if (sectors.length === 0 || sectors.some(({ label }) => label === own)) return sectors;
  const before = sectors.filter(({ label }) => label < own);
  const at = before.length > 0 ? before[before.length - 1].end : sectors[0].start;
  return [...before, { label: own, start: at, end: at, countFrom: 0, countTo: 0 }, ...sectors.slice(before.length)];
}

/** Spreads one side's labels from top to bottom, hiding the thinnest but the own class where they are too many. @param {Label[]} labels @param {Geometry} geometry @param {number} own */
function stack(labels, geometry, own) {
  const most = Math.max(0, Math.floor((geometry.height - 2 * LINE) / LINE));
  const weight = (/** @type {Label} */ { sector }) => (sector.label === own ? TURN : sector.end - sector.start);
  const thin = [...labels].sort((a, b) => weight(a) - weight(b));
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
  const wedge = select(root).append("path").attr("class", "sector-wedge");
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
      const key = (/** @type {unknown} */ label) => /** @type {Label} */ (label).sector.label;
      const state = (/** @type {string} */ base) => (/** @type {Label} */ { sector, how }) =>
        [base, how === "hidden" ? "is-hidden" : "", sector.label === own ? "is-own" : ""].filter(Boolean).join(" ");

      for (const group of [wedge, arcs]) group.attr("transform", `translate(${geometry.cx},${geometry.cy})`);
      const { sector } = labels.find((label) => label.sector.label === own) ?? {};
      wedge.attr("d", sector ? ringPiece(geometry.inner, geometry.beyond, sector.start, sector.end) : null);
      arcs
        .selectAll("path")
        .data(labels, key)
        .join("path")
        .attr("class", state("sector-arc"))
        .attr("d", ({ sector: { label, start, end } }) => {
          const last = Math.max(end, start + (label === own ? 0.03 : 0.006));
          const gap = labels.length > 1 ? Math.min(APART, (last - start) / 4) : 0;
          return ringPiece(at, at + (label === own ? 1.75 * ARC : ARC), start + gap, last - gap);
        });

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
