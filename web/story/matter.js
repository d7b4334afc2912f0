/** The story's text before and after its steps: opening, background, summary, references. Plain structures, so that they can be drawn or written as HTML. */
import { count, inWords, percent, shapeOf } from "../words.js";

/** @typedef {import("./facts.js").Facts} Facts */
/** @typedef {import("../rich_text.js").Parts} Parts */
/** Gives the address of a route with the state reached. @typedef {(view: string) => string} LinkTo */

/** @param {Facts} f */
const hasNetwork = (f) => f.manifest.chunks.some(({ role }) => role === "weights");

/** @param {Facts} f */
export const opening = (f) => ({
  title: "Who is near, and what a network makes of it",
  text: /** @type {Parts} */ ([
    `A neural network moves every ${f.noun.one} of a dataset once per layer. Who was near at first drifts off, others come closer, and at the end each sits among those that the network takes for its like. ` +
      `Here you can watch it happen to ${count(f.samples)} ${f.noun.many}, one layer after another. Every number is computed in this tab, now.`,
  ]),
});

/** @param {Facts} f @returns {Parts[]} */
export function background(f) {
  const { dataset, classes, layers, network } = f.manifest;
  const { from } = { from: layers[0] };
  const said = dataset.synthetic
    ? [`They are synthetic: ${dataset.source || "a program made them"}. They are drawn in the manner of Google's Quick, Draw!, whose real drawings can be packed in their place: the project's README says how.`]
    : [`${dataset.source ? `Source: ${dataset.source}. ` : ""}${dataset.licence ? `Licence: ${dataset.licence}.` : ""}`];
  const reads = hasNetwork(f)
    ? `It has ${count(network.parameters)} parameters and reads ${percent(network.accuracy)} of these ${f.noun.many} rightly (${percent(network.balancedAccuracy)} averaged over the classes).`
    : "Its weights are not part of this dataset, only what its layers gave.";
  return [
    [["strong", "The data. "], `${dataset.title}: ${count(f.samples)} ${f.noun.many} in ${inWords(classes.length)} classes: ${classes.join(", ")}. `, ...said],
    [["strong", "The network. "], `${count(layers.length)} layers, the input included, drawn below with the shapes of what they give. ${reads}`],
    [["strong", "Layers as spaces. "], `What a layer gives for one ${f.noun.one} is a list of numbers, ${count(from.size)} at ${from.name}, ${count(layers[f.last].size)} at ${layers[f.last].name}. Take each number as a coordinate, and the list is a place. Two places have a distance: the straight line between them. So each layer is a space with all ${count(f.samples)} ${f.noun.many} in it, and a neighbourhood is the set of those nearest to one.`],
  ];
}

/** The network, layer by layer. @param {Facts} f */
export const network = (f) => f.manifest.layers.map((layer, number) => ({ number, name: layer.name, kind: layer.kind, shape: shapeOf(layer), size: layer.size }));

/** The three views and what each answers. @param {Facts} f */
export const views = (f) => [
  {
    view: "explore", title: "Explorer",
    questions: [`Which ${f.noun.many} keep their neighbours, and which do not?`, "At which layer does a class change its company?", "Where does the network misread, and who is near there?"],
  },
  {
    view: "trace", title: "Trace",
    questions: [`Who came closer to this ${f.noun.one} between two layers, and who drifted off?`, "From which classes do its neighbours come, before and after?", "How exact is what I see?"],
  },
  {
    view: "story", title: "Story",
    questions: ["What is a neighbourhood, and how is one counted against another?", `What happened to this one ${f.noun.one}?`, "How do all lines come about?"],
  },
];

/** Works that the page rests on. */
export const REFERENCES = [
  { text: "D. Ha and D. Eck. A neural representation of sketch drawings. 2017.", doi: "10.48550/arXiv.1704.03477" },
  { text: "L. McInnes, J. Healy and J. Melville. UMAP: uniform manifold approximation and projection for dimension reduction. 2018.", doi: "10.48550/arXiv.1802.03426" },
  { text: "J. Venna and S. Kaski. Neighborhood preservation in nonlinear projection methods: an experimental study. ICANN 2001.", doi: "10.1007/3-540-44668-0_68" },
  { text: "L. Chen and A. Buja. Local multidimensional scaling for nonlinear dimension reduction, graph drawing, and proximity analysis. Journal of the American Statistical Association 104, 2009.", doi: "10.1198/jasa.2009.0111" },
  { text: "W. Webber, A. Moffat and J. Zobel. A similarity measure for indefinite rankings. ACM Transactions on Information Systems 28, 2010.", doi: "10.1145/1852102.1852106" },
  { text: "N. Papernot and P. McDaniel. Deep k-nearest neighbors: towards confident, interpretable and robust deep learning. 2018.", doi: "10.48550/arXiv.1803.04765" },
  { text: "E. Facco, M. d'Errico, A. Rodriguez and A. Laio. Estimating the intrinsic dimension of datasets by a minimal neighborhood information. Scientific Reports 7, 2017.", doi: "10.1038/s41598-017-11873-y" },
  { text: "R. R. Selvaraju et al. Grad-CAM: visual explanations from deep networks via gradient-based localization. ICCV 2017.", doi: "10.1109/ICCV.2017.74" },
  { text: "M. Sundararajan, A. Taly and Q. Yan. Axiomatic attribution for deep networks. ICML 2017.", doi: "10.48550/arXiv.1703.01365" },
  { text: "M. D. Zeiler and R. Fergus. Visualizing and understanding convolutional networks. ECCV 2014.", doi: "10.1007/978-3-319-10590-1_53" },
  { text: "D. W. Scott. Multivariate density estimation. Wiley, 1992.", doi: "10.1002/9780470316849" },
];

/** How to cite the page with this dataset. @param {Facts} f @param {string} version */
export const citation = (f, version) =>
  `@software{neighborhood_traces,\n  title   = {Neighborhood Traces},\n  version = {${version}},\n  note    = {Dataset: ${f.manifest.dataset.title.replaceAll(/[{}\\]/g, "")}, ${f.samples} ${f.noun.many}}\n}`;
