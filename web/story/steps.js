/**
 * The story as a list: each step has its link, its title, what its figure shows, and its sentences, worked out from the facts. A step whose
 * facts have not arrived says null; no sentence claims what was not measured.
 */
import { knows } from "../answers.js";
import { chance, count, distance, inWords, layerName, percent, roughly, sentence, withArticle } from "../words.js";
import { bandOf, byStability, byUsualDistance, farthestOf, labelsOf, membersOf, overlapWithOthers, stepsOf, unlikest } from "./figures.js";

/** @typedef {import("./facts.js").Facts} Facts */
/** @typedef {import("../rich_text.js").Parts} Parts */

/**
 * @typedef {object} Step
 * @property {string} id as in the link
 * @property {string} chapter the heading that it opens, empty for one that goes on
 * @property {(facts: Facts) => string} title
 * @property {string} scene see scenes.js
 * @property {(facts: Facts) => Parts[] | null} text
 */

/** @param {Facts} f @param {number} layer */
const layer = (f, layer) => layerName(f.manifest.layers, layer);
/** @param {Facts} f @param {number} label */
const named = (f, label) => f.manifest.classes[label];
/** @param {Facts} f */
const own = (f) => named(f, f.label);
/** @param {number} n @param {{ one: string, many: string }} noun */
const of = (n, noun) => `${inWords(n)} ${n === 1 ? noun.one : noun.many}`;
/** @param {number} n */
const is = (n) => (n === 1 ? "is" : "are");

/** "32 airplane, 23 mouth and 19 moustache" of the most frequent. @param {Facts} f @param {{ label: number, count: number }[]} shares @param {number} most */
function counted(f, shares, most) {
  const shown = shares.slice(0, most).map(({ label, count: n }) => `${count(n)} ${named(f, label)}`);
  const rest = shares.slice(most).reduce((sum, { count: n }) => sum + n, 0);
  if (rest > 0) shown.push(`${count(rest)} of other classes`);
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}` : shown[0];
}

/** Where the own class stands among the usual distances. @param {Facts} f @param {import("../../wasm/ntrace.d.ts").Densities} densities @returns {Parts | null} */
function nearestClass(f, densities) {
  const order = byUsualDistance(densities);
  const at = order.findIndex(({ label }) => label === f.label);
  if (at < 0) return null;
  const where = layer(f, densities.layer);
  if (at === 0) return [`At ${where} its own class, `, ["strong", own(f)], `, has the smallest usual distance of all ${inWords(order.length)}: ${distance(order[0].distance)}.`];
  return [
    `At ${where} the class with the smallest usual distance is `,
    ["strong", named(f, order[0].label)],
    `, at ${distance(order[0].distance)}; its own, ${own(f)}, comes as number ${count(at + 1)} of ${count(order.length)}, at ${distance(order[at].distance)}.`,
  ];
}

/** @param {number} overlap */
const apartness = (overlap) => (overlap > 0.8 ? "lie almost on top of each other" : overlap > 0.4 ? "overlap in part" : overlap > 0.1 ? "have drawn apart" : "hardly touch");

/** @type {Step[]} */
export const STEPS = [
  {
    id: "one", chapter: "Distances", scene: "one",
    title: (f) => `One ${f.noun.one}`,
    text: (f) => [
      [`This is ${f.noun.one} no. ${count(f.sample)}, ${withArticle(own(f))}. `, ["em", "Choose another above the figure at any time: everything you read here is worked out anew."]],
      [
        `At ${layer(f, f.from)} it is a list of ${count(f.manifest.layers[f.from].size)} numbers: one place in a space of as many dimensions. Each of the other ${count(f.samples - 1)} ${f.noun.many} is a place in the same space, ` +
          "and from each to this one there is a distance. What is near looks alike to whoever measures there.",
      ],
      ["A layer of the network turns each list into another. Every place moves, all distances change, and with them who is near."],
    ],
  },
  {
    id: "distances", chapter: "", scene: "densities-from",
    title: (f) => `Distances at ${layer(f, f.from)}`,
    text(f) {
      const found = f.densities.from;
      if (!found) return null;
      const overlap = overlapWithOthers(found, f.label);
      const nearest = nearestClass(f, found);
      return [
        [`How far is everybody? Each curve is one class: high where many of its ${f.noun.many} lie at that distance from ours.`],
        ...(nearest ? [nearest] : []),
        ...(overlap === null ? [] : [/** @type {Parts} */ ([`The curve of ${own(f)} and that of all other classes together share `, ["strong", percent(overlap)], ` of their area: they ${apartness(overlap)}.`])]),
      ];
    },
  },
  {
    id: "distances-after", chapter: "", scene: "densities-to",
    title: (f) => `Distances at ${layer(f, f.to)}`,
    text(f) {
      const { from, to } = f.densities;
      if (!from || !to) return null;
      const [before, after] = [overlapWithOthers(from, f.label), overlapWithOthers(to, f.label)];
      const nearest = nearestClass(f, to);
      const change = before === null || after === null ? null : after - before;
      const verdict = change === null ? "" : change < -0.1 ? "The layers between have pulled its class away from the rest." : change > 0.1 ? "The layers between have mixed its class with the rest." : "Between the two layers little has changed about that.";
      return [
        [`The same distances ${f.to === f.manifest.layers.length - 1 ? "at the network's end" : "further on"}. Their unit is another one, so that only the shapes compare.`],
        ...(nearest ? [nearest] : []),
        ...(after === null ? [] : [/** @type {Parts} */ ([`Now ${own(f)} shares `, ["strong", percent(after)], ` of its area with the others: they ${apartness(after)}. ${verdict}`])]),
      ];
    },
  },
  {
    id: "examples", chapter: "", scene: "examples",
    title: () => "Nearest and farthest",
    text(f) {
      const { from, to } = f.densities;
      if (!from || !to || !f.hood) return null;
      const many = 12;
      const [near, far] = [labelsOf(f.hood.nearest(f.from).slice(0, many), f.labels), labelsOf(f.hood.nearest(f.to).slice(0, many), f.labels)];
      const away = labelsOf(farthestOf(to, many).map(({ sample }) => sample), f.labels);
      return [
        [`Of the ${inWords(Math.min(many, f.k))} nearest at ${layer(f, f.from)}: ${counted(f, near, 3)}. At ${layer(f, f.to)}: ${counted(f, far, 3)}.`],
        [`The ${inWords(many)} farthest at ${layer(f, f.to)}: ${counted(f, away, 3)}.`],
      ];
    },
  },
  {
    id: "nearest", chapter: "Who is near", scene: "nearest",
    title: (f) => `The ${count(f.k)} nearest`,
    text(f) {
      if (!f.hood) return null;
      const shares = labelsOf(f.hood.nearest(f.from), f.labels);
      const same = shares.find(({ label }) => label === f.label)?.count ?? 0;
      return [
        [`These are the ${count(f.k)} ${f.noun.many} nearest at ${layer(f, f.from)}, from the middle outwards: its `, ["strong", "neighbourhood"], "."],
        [`${sentence(counted(f, shares, 3))}: `, ["strong", percent(same / f.k)], ` of its neighbours are of its own class. By chance it would be ${percent((membersOf(f.labels, f.label).length - 1) / (f.samples - 1))}.`],
      ];
    },
  },
  {
    id: "next", chapter: "", scene: "next",
    title: (f) => `One layer on: ${layer(f, f.next)}`,
    text(f) {
      if (!f.hood) return null;
      const kept = f.hood.kept(f.next);
      return [
        [`${layer(f, f.next)} has moved every ${f.noun.one}. Its ${count(f.k)} nearest now: `, ["strong", `${count(kept)} of them`], ` ${is(kept)} the same, ${count(f.k - kept)} ${is(f.k - kept)} new.`],
        ["Those who stayed have kept their picture on the way to their new place; those who left have faded, and the new ones have come in."],
      ];
    },
  },
  {
    id: "rows", chapter: "", scene: "rows",
    title: () => "Two rows",
    text(f) {
      if (!f.hood) return null;
      const kept = f.hood.kept(f.next);
      return [
        [`Unroll both neighbourhoods, each sorted by distance: above ${layer(f, f.from)}, below ${layer(f, f.next)}. A line joins whoever is in both.`],
        [kept === 0 ? "No line: the two have nobody in common." : `Steep lines are ${f.noun.many} that changed their rank; ${f.noun.many} without a line are in one row alone.`],
      ];
    },
  },
  {
    id: "count", chapter: "", scene: "count",
    title: () => "Count the lines",
    text(f) {
      if (!f.hood) return null;
      const kept = f.hood.kept(f.next);
      return [
        [`There ${is(kept)} `, ["strong", count(kept)], `. So many of the ${count(f.k)} nearest at ${layer(f, f.from)} are still among the ${count(f.k)} nearest at ${layer(f, f.next)}. Two neighbourhoods drawn by lot would share ${roughly(chance(f.k, f.samples))}.`],
      ];
    },
  },
  {
    id: "point", chapter: "", scene: "point",
    title: () => "A count is a point",
    text(f) {
      if (!f.hood) return null;
      return [[`Put the count on an axis that goes from 0 to ${count(f.k)}, at the place of ${layer(f, f.next)}. At ${layer(f, f.from)} itself it is ${count(f.k)}: there a neighbourhood is compared with itself.`]];
    },
  },
  {
    id: "line", chapter: "", scene: "line",
    title: () => "All layers are a line",
    text(f) {
      if (!f.hood) return null;
      const curve = f.hood.curve;
      const { fall, rise } = stepsOf(curve);
      const last = curve.length - 1;
      return [
        [`Do the same at every layer, always against ${layer(f, f.from)}, and join the points: this ${f.noun.one}'s line. It ends at `, ["strong", count(curve[last])], ` of ${count(f.k)}.`],
        [
          fall ? `It falls most at ${layer(f, fall.layer)}, by ${count(-fall.by)}.` : "It never falls.",
          rise && rise.layer !== f.from ? ` And it rises too, most at ${layer(f, rise.layer)}, by ${count(rise.by)}: a neighbour who is lost need not be lost for good.` : "",
        ],
      ];
    },
  },
  {
    id: "lines", chapter: "", scene: "lines",
    title: () => "Several lines",
    text(f) {
      if (!f.offers || !f.table) return null;
      const ends = f.offers.map(({ sample, title }) => ({ title, kept: f.kept(f.last, sample) })).sort((a, b) => b.kept - a.kept);
      if (ends.length < 2) return null;
      const [most, least] = [ends[0], ends[ends.length - 1]];
      return [
        [`Each ${f.noun.one} has a line of its own. Here are the ${inWords(f.offers.length)} that the engine offers above the figure, found by its measures, and ours. These lines count ${count(f.tableK)} neighbours.`],
        [`At the last layer the one called “${most.title}” still keeps ${count(most.kept)}, the one called “${least.title}” ${count(least.kept)}.`],
      ];
    },
  },
  {
    id: "all", chapter: "The whole dataset", scene: "all",
    title: (f) => `All ${count(f.samples)} lines`,
    text(f) {
      if (!f.table) return null;
      return [[`And here is everybody: one line for each of the ${count(f.samples)} ${f.noun.many}, over all ${inWords(f.manifest.layers.length)} layers, counting ${count(f.tableK)} neighbours against ${layer(f, f.reference)}. Where many lines run together it is dark.`]];
    },
  },
  {
    id: "pattern", chapter: "", scene: "pattern",
    title: () => "What they have in common",
    text(f) {
      if (!f.table) return null;
      const { median, low, high } = bandOf(f.table, f.samples, f.everyone);
      const { fall, rise } = stepsOf(median);
      return [
        [
          `The line in the middle is the median, the band holds the middle half. The median ${f.noun.one} keeps `, ["strong", count(median[f.last])],
          ` of ${count(f.tableK)} at the last layer, the middle half from ${count(low[f.last])} to ${count(high[f.last])}; by chance it would be ${roughly(chance(f.tableK, f.samples))}.`,
        ],
        [
          fall ? `From one layer to the next the median loses most at ${layer(f, fall.layer)}: ${count(-fall.by)}.` : "The median never falls.",
          rise && rise.layer !== f.reference ? ` It gains most at ${layer(f, rise.layer)}: ${count(rise.by)}. That layer brings the first neighbours back.` : "",
        ],
      ];
    },
  },
  {
    id: "class", chapter: "", scene: "class",
    title: (f) => `One class: ${own(f)}`,
    text(f) {
      if (!f.table) return null;
      const [all, mine] = [bandOf(f.table, f.samples, f.everyone), bandOf(f.table, f.samples, membersOf(f.labels, f.label))];
      const difference = mine.median[f.last] - all.median[f.last];
      return [
        [
          `Only the ${count(membersOf(f.labels, f.label).length)} of the class `, ["strong", own(f)], `. Their median keeps ${count(mine.median[f.last])} at the last layer, `,
          difference === 0 ? "as many as that of all." : `${count(Math.abs(difference))} ${difference > 0 ? "more" : "fewer"} than that of all.`,
        ],
      ];
    },
  },
  {
    id: "stable", chapter: "", scene: "stable",
    title: () => "Steady and restless",
    text(f) {
      if (!f.table) return null;
      const order = byStability(f.table, f.reference, f.labels, f.label);
      if (order.length < 2) return null;
      const [most, least] = [order[0], order[order.length - 1]];
      return [
        [`Which of them keep their neighbours, and which do not? Above, the ${own(f)} ${f.noun.many} that keep most over all layers; below, those that keep least.`],
        [`The steadiest, no. ${count(most.sample)}, keeps ${roughly(most.kept)} of ${count(f.tableK)} on average, the most restless, no. ${count(least.sample)}, ${roughly(least.kept)}.`],
      ];
    },
  },
  {
    id: "other", chapter: "", scene: "other",
    title: () => "A class that behaves otherwise",
    text(f) {
      if (!f.table) return null;
      const other = unlikest(f.table, f.reference, f.labels, f.label, f.manifest.classes.length);
      if (!other) return null;
      const amount = roughly(Math.abs(other.difference));
      return [
        [
          "Of all classes ", ["strong", named(f, other.label)], ` differs most from ${own(f)}: over the layers its median keeps ${amount} ${other.difference >= 0 ? "more" : "fewer"} on average. `,
          `It ends at ${count(other.median[f.last])}.`,
        ],
      ];
    },
  },
  {
    id: "around", chapter: "Zooming in", scene: "around",
    title: (f) => `Around one ${f.noun.one}`,
    text(f) {
      if (!f.traces.first) return null;
      return [
        [`Back to no. ${count(f.sample)}. It sits in the centre; its ${count(f.k)} nearest at ${layer(f, f.from)} lie around it, each as far out as it is far away. Where on the circle it lies means nothing yet.`],
      ];
    },
  },
  {
    id: "sectors", chapter: "", scene: "sectors",
    title: () => "Sorted by class",
    text(f) {
      if (!f.traces.first) return null;
      const shares = labelsOf(f.traces.first.points.filter(({ inFrom }) => inFrom).map(({ sample }) => sample), f.labels);
      return [[`Give every class a sector, and let it take its neighbours there: ${counted(f, shares, 4)}.`]];
    },
  },
  {
    id: "first", chapter: "", scene: "first",
    title: (f) => `Traces after ${layer(f, f.next)}`,
    text(f) {
      const trace = f.traces.first;
      if (!trace) return null;
      return [
        [
          `Now let ${layer(f, f.next)} move them. Each trace begins thin where its ${f.noun.one} was and ends thick where it is: `, ["closer", `${count(trace.closer)} came closer`], " and ",
          ["farther", `${count(trace.farther)} drifted off`], `. ${sentence(of(trace.overlap, { one: "neighbour", many: "neighbours" }))} stayed.`,
        ],
        ["The circle is drawn for those who are near at either of the two layers. Who left lies beyond the outer circle."],
      ];
    },
  },
  {
    id: "end", chapter: "", scene: "end",
    title: (f) => `Traces at ${layer(f, f.to)}`,
    text(f) {
      const trace = f.traces.end;
      if (!trace) return null;
      return [
        [`And from ${layer(f, f.from)} right to ${layer(f, f.to)}: `, ["strong", count(trace.overlap)], ` of ${count(f.k)} ${is(trace.overlap)} still there. `, ["closer", `${count(trace.closer)} came closer`], ", ", ["farther", `${count(trace.farther)} drifted off`], "."],
      ];
    },
  },
  {
    id: "words", chapter: "", scene: "end",
    title: () => "What happened to it",
    text(f) {
      const trace = f.traces.end;
      if (!trace) return null;
      const shares = (/** @type {"inFrom" | "inTo"} */ at) => labelsOf(trace.points.filter((point) => point[at]).map(({ sample }) => sample), f.labels);
      const [before, after] = [shares("inFrom"), shares("inTo")];
      const [first, last] = [before[0], after[0]];
      const share = (/** @type {{ label: number, count: number }[]} */ list) => list.find(({ label }) => label === f.label)?.count ?? 0;
      const [ownBefore, ownAfter] = [share(before), share(after)];
      const moved = first.label === last.label
        ? [`At both layers most of its neighbours are `, ["strong", named(f, last.label)], `: ${count(first.count)}, then ${count(last.count)}.`]
        : [`It went from among ${named(f, first.label)} (${count(first.count)}) to among `, ["strong", named(f, last.label)], ` (${count(last.count)}).`];
      const right = f.prediction === f.label;
      const agreement = last.label === f.prediction ? "Its neighbourhood and the network agree." : `Most of its neighbours are ${named(f, last.label)}: neighbourhood and network do not agree.`;
      return [
        /** @type {Parts} */ (moved),
        [`Neighbours of its own class, ${own(f)}: ${count(ownBefore)} at ${layer(f, f.from)}, ${count(ownAfter)} at ${layer(f, f.to)}.`],
        ...(knows(f.manifest, "classes") ? [/** @type {Parts} */ ([
          `The network reads it as `, ["strong", named(f, f.prediction)], knows(f.manifest, "sure") ? `, ${percent(f.confidence)} sure, ` : ", ",
          right ? "which is its label. " : `but its label says ${own(f)}. `, agreement,
        ])] : []),
      ];
    },
  },
];

/** @param {string} id */
export const stepNumber = (id) => STEPS.findIndex((step) => step.id === id);
