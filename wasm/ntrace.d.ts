/** The engine of Neighborhood Traces: opens a bundle of static files and computes on it in a Worker. */

export type Role =
  | "samples" | "images" | "opening" | "codes" | "weights" | "stability" | "map" | "measures" | "credibility" | "suggestions";

export interface Layer {
  /** As the network names it, such as "Conv2d(1,16,3)". */
  name: string;
  kind:
    | "input" | "conv2d" | "relu" | "maxpool2d" | "flatten" | "linear" | "batchnorm2d" | "leakyrelu" | "gelu" | "silu" | "avgpool2d"
    | "globalavgpool2d" | "dropout" | "identity" | "add" | "softmax" | "logsoftmax";
  /** Channels, height, width of one sample's activation. */
  shape: [number, number, number];
  /** Floats in one sample's activation. */
  size: number;
  /** The layer whose codes serve this one: its own number, or an earlier one with equal activations. */
  codes: number;
  axes: number;
  step: number;
  /** How many of the nearest on codes are re-ranked to find 100, and to find 1,000. */
  candidates: number;
  candidates1000: number;
  /** Measured recall@100, after re-ranking and from codes alone. */
  recall: number;
  recallCodes: number;
  /** How the bundle's own map of this layer was made, by UMAP; absent in bundles of version 1. */
  map?: {
    /** A point is at left + step x, bottom + step y. */
    left: number;
    bottom: number;
    step: number;
    neighbors: number;
    epochs: number;
    /** As in Projection; it started from the map of the layer before. null: from nothing. */
    moved: number | null;
    /** Neighbours that trustworthiness and continuity speak of; these are means over all samples. */
    k: number;
    trustworthiness: number;
    continuity: number;
  };
}

export interface Chunk {
  file: string;
  role: Role;
  layer: number;
  row: number;
  rows: number;
  columns: number;
  bytes: number;
  raw: number;
  crc32: string;
  sha256: string;
}

export type Answers = "none" | "classes" | "sure";

export interface Manifest {
  format: "ntrace-bundle";
  version: number;
  reader: number;
  dataset: {
    title: string;
    source: string;
    licence: string;
    samples: number;
    /** True where the samples were made by a program. */
    synthetic: boolean;
    /** Null where the bundle holds no images. */
    image: { channels: number; height: number; width: number } | null;
    /** What one sample is called, and many, as packed; absent: "sample", "samples". */
    noun?: { one: string; many: string };
  };
  classes: string[];
  /**
   * What is known of the model's answers: nothing (predictions then repeat the labels, and confidences are 1), the predicted classes
   * (confidences are 1), or their probabilities too. Absent: the last.
   */
  answers?: Answers;
  layers: Layer[];
  /** parameters is 0 where the bundle holds no network; both accuracies say nothing where answers are "none". */
  network: { parameters: number; accuracy: number; balancedAccuracy: number };
  /** exact: the neighbours behind stability, maps and measures are certified to be the k nearest; else at least 0.9995 of them are. */
  stability: { reference: number; k: number; exact?: boolean };
  /** How the measures were made that the bundle ships: p of rbo, calibration and seed of credibility, suggestions of each reason; absent in version 1. */
  measures?: { p: number; calibration: number; seed: number; suggestions: number };
  /** What the first view shows: its images come in one small chunk. */
  opening: { sample: number; from: number; to: number; k: number };
  chunks: Chunk[];
  provenance: { tool: string; command: string; weightsSha256: string };
}

export type ErrorCode =
  | "argument" | "memory" | "io" | "format" | "shape" | "value" | "damaged" | "version" | "missing"
  | "cancelled" | "network" | "unsupported" | "crashed";

/** Every rejection is one of these. `message` says in words what failed, `hint` what to do about it. */
export class NtraceError extends Error {
  /** Without a hint, that of its code. */
  constructor(code: ErrorCode, message: string, hint?: string);
  code: ErrorCode;
  hint: string;
}

export interface Progress {
  /** What is being done, in words: "fetching codes of ReLU", "ranking 312 candidates". */
  label: string;
  /** 0 to 1. */
  done: number;
  bytes?: number;
  totalBytes?: number;
}

export interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** A bundle's files by their path in its folder: "current.json", "m.….json", "c/….bin". */
export type BundleFiles = ReadonlyMap<string, Blob>;

/** A bundle's version, as current.json states it: names of files made of their contents. */
export interface BundleVersion {
  manifest: string;
  models?: { name: string; manifest: string }[];
}

export interface OpenOptions extends CallOptions {
  /** Of several models in the bundle this one, by its name. Default: the one that the bundle names first. */
  model?: string;
  /** "auto" (default) takes SIMD where the browser has it and its self-test passes, else scalar. */
  variant?: "auto" | "simd" | "scalar";
  /** The version of the bundle to open. Default: what current.json says. */
  version?: BundleVersion;
  /** Milliseconds that the engine may be silent while it is asked, before it is taken for hung and replaced. Default 30,000. */
  patience?: number;
  /** Told when the engine had to be started anew, with why: it failed, hung, or ran out of memory. Calls under way are asked again by themselves. */
  onRecovered?: (loss: NtraceError) => void;
}

export interface Neighbors {
  sample: number;
  layer: number;
  k: number;
  /** True: ranked by exact activations. False: ranked on codes. */
  exact: boolean;
  /** [k] nearest first. */
  index: Uint32Array;
  /** [k] Euclidean, in units of the activations. */
  distance: Float32Array;
}

/** What neighborhoods and place are asked, beside the centre. */
export interface NeighborhoodsRequest {
  /** Default: all. None twice. */
  layers?: ArrayLike<number>;
  /** One of the layers: what `overlap` compares with. Default: the manifest's reference for stability, where it is among them. */
  reference?: number;
  /** At most 1,000. */
  k: number;
  /**
   * True (default): those that may be among the nearest are ranked by exact activations; of 100,000 neighbours some 30 are missed.
   * "all": every sample passes through the network; nobody is missed. False: from codes alone.
   */
  exact?: boolean | "all";
}

/** Neighbourhoods at several layers. Arrays go layer by layer in the order of `layers`. */
export interface Neighborhoods {
  sample: number;
  layers: number[];
  reference: number;
  k: number;
  /** True: ranked by exact activations. False: ranked on codes. */
  exact: boolean;
  /** [layers, k] nearest first. */
  index: Uint32Array;
  /** [layers, k] Euclidean, in units of the activations. */
  distance: Float32Array;
  /** [layers] how many of the k are among those at the reference: the stability curve. */
  overlap: Uint32Array;
  /** [layers] how many of the k were among those at the layer before it in `layers`; k at the first. */
  kept: Uint32Array;
  /** Milliseconds of computing in the worker, fetching left out. */
  milliseconds: number;
}

export interface NeighborhoodsOptions extends NeighborhoodsRequest, CallOptions {
  sample: number;
  /** Called with the answer from codes as soon as it is there, before the exact one. */
  onPreview?: (found: Neighborhoods) => void;
}

export interface PlaceRequest extends NeighborhoodsRequest {
  /** An image of the bundle's size, [H, W, C] bytes, light strokes on black as in the bundle: by hand, say. */
  pixels: Uint8Array | Uint8ClampedArray;
  /** A sample that is nobody's neighbour here: the one that the image was made from. Default: none is left out. */
  exclude?: number;
}

/** An image from outside among the samples. */
export interface Placed extends Omit<Neighborhoods, "sample" | "index" | "distance" | "overlap" | "kept"> {
  /** The class with the largest logit, the first of equal ones. */
  class: number;
  /** [classes] what the network's last layer answers, and its softmax. */
  logits: Float32Array;
  probabilities: Float32Array;
  /** As in Neighborhoods; null in a preview that comes before any neighbour is known, never in the answer. */
  index: Uint32Array | null;
  distance: Float32Array | null;
  overlap: Uint32Array | null;
  kept: Uint32Array | null;
}

export interface PlaceOptions extends PlaceRequest, CallOptions {
  /** Called with what the network says at once, and again with neighbours from codes where axes are prepared by then. */
  onPreview?: (placed: Placed) => void;
}

export interface PlaceTraceRequest extends Pick<PlaceRequest, "pixels" | "exclude" | "k" | "exact"> {
  from: number;
  to: number;
}

/** A trace whose centre is an image from outside, with the class that the network sees in it. */
export type PlacedTrace = Omit<Trace, "sample"> & { sample: null; class: number };

export interface PlaceTraceOptions extends PlaceTraceRequest, CallOptions {
  onPreview?: (trace: PlacedTrace) => void;
}

/** The axes that images are placed on. */
export interface PlacePreparation {
  layers: number[];
  /** Of memory, kept until releasePlace. */
  bytes: number;
  /** Of computing. */
  milliseconds: number;
}

/**
 * What is done to a sheet of 28 x 28 pixels. Points are x, y, x, y, ... with y downwards; (0, 0) to (255, 255) is the sheet less a
 * margin of 24 on every side, as in QuickDraw. See include/ntrace/raster.h and edit.h.
 */
export type Mark =
  | { kind: "pen" | "eraser"; points: ArrayLike<number> }
  /** Turns around the middle, clockwise, and then moves, in pixels. */
  | { kind: "move"; degrees: number; x: number; y: number }
  /** -1 (thin) to 1 (thick). */
  | { kind: "thicken"; share: number }
  /** Normal noise; deviation of 255. */
  | { kind: "noise"; deviation: number; seed: number };

export interface DrawRequest {
  marks: Mark[];
  /** The sample whose image the marks change. Without it the pen marks up to the first of another kind are a drawing, fitted and centred as the data's. */
  base?: number;
}

/** What an image shares with the sample that it was made from. */
export interface Parting {
  k: number;
  layers: number[];
  /** [layers] how many of the k nearest of the one are among the k nearest of the other. */
  shared: Uint32Array;
  /** They have parted where they share less than this of k. */
  limit: number;
  /** The first layer at which they have parted; null: they do not. */
  layer: number | null;
  /** The layer at which they share least, the first of equal ones. */
  least: number;
}

export interface TracePoint {
  sample: number;
  label: number;
  inFrom: boolean;
  inTo: boolean;
  /** 0 is the nearest. Exact for members of that layer's neighbourhood, else as found on codes. */
  rankFrom: number;
  rankTo: number;
  distanceFrom: number;
  distanceTo: number;
  /** 0.5 at the nearest of that layer's k, 1.5 at the k-th, above 1.5 beyond. */
  radiusFrom: number;
  radiusTo: number;
  /** Radians, clockwise from 12 o'clock. */
  angle: number;
  /** radiusTo - radiusFrom; negative came closer. */
  change: number;
}

export interface TraceSector {
  label: number;
  start: number;
  end: number;
  countFrom: number;
  countTo: number;
}

export interface Trace {
  sample: number;
  from: number;
  to: number;
  k: number;
  exact: boolean;
  /** How many of the k nearest at "from" are among the k nearest at "to". */
  overlap: number;
  closer: number;
  farther: number;
  points: TracePoint[];
  sectors: TraceSector[];
  /** Milliseconds of computing in the worker, fetching left out. */
  milliseconds: number;
}

export interface TraceOptions extends CallOptions {
  sample: number;
  from: number;
  to: number;
  k: number;
  /** False answers from codes alone. Default true. */
  exact?: boolean;
  /** Called with the answer from codes as soon as it is there, before the exact one. */
  onPreview?: (trace: Trace) => void;
}

export type ExplainMethod =
  | "probabilities" | "gradient" | "integratedGradients" | "gradCam" | "occlusion" | "neighborMean" | "layerGradient";

/** What to explain. Formulas and sources stand in include/ntrace/explain.h. */
export type ExplainRequest = {
  method: ExplainMethod;
  /** Whose logit: a class's number. Default: the class with the largest logit. */
  class?: number;
} & (
  | { /** One of the bundle's samples. */ sample: number; pixels?: undefined }
  | { /** An image from outside: height x width x channels bytes as images() gives them, 0 to 255. */ pixels: Uint8Array | Uint8ClampedArray; sample?: undefined }
) & {
    /** integratedGradients: points of the midpoint rule, 1 to 100,000. Default 64. */
    steps?: number;
    /** neighborMean: how many neighbours, 1 to 1,000 and less than the samples. Default 10. */
    k?: number;
    /** layerGradient: which layer; 0 is the input. Default 0. */
    layer?: number;
    /** layerGradient: a sample; its distance is explained instead of the norm. */
    other?: number;
    /** layerGradient: samples instead of `other`: the mean squared distance to those who left, less that to those who arrived. */
    left?: number[];
    arrived?: number[];
  };

/** What every explanation has. */
export interface ExplanationOf<M extends ExplainMethod> {
  method: M;
  /** The class explained, its logit and its probability. */
  class: number;
  logit: number;
  probability: number;
  /** [height, width, channels], row by row; their smallest and largest. */
  values: Float32Array;
  channels: number;
  height: number;
  width: number;
  min: number;
  max: number;
  /** Milliseconds of computing in the worker, fetching left out. */
  milliseconds: number;
}

/** values [classes] (height 1, width classes): softmax of the logits. */
export interface Probabilities extends ExplanationOf<"probabilities"> {
  /** [classes] */
  logits: Float32Array;
}

/** Gradient of the logit by the image (0 to 1), signed, as many channels as the image. */
export interface Gradient extends ExplanationOf<"gradient"> {}

/** What each value of the image adds to the logit, seen from black. */
export interface IntegratedGradients extends ExplanationOf<"integratedGradients"> {
  steps: number;
  /** The logit of a black image. */
  baselineLogit: number;
  /** Completeness: the sum of values, less logit - baselineLogit. 0 but for the rule's error. */
  gap: number;
}

/** 0 to 1: the map stretched to the image, one channel. */
export interface GradCam extends ExplanationOf<"gradCam"> {
  /** The last convolution. */
  layer: number;
  /** [mapHeight, mapWidth] as that layer has it, 0 to 1 with the largest 1, or 0 everywhere. */
  map: Float32Array;
  mapHeight: number;
  mapWidth: number;
}

/** By how much the logit drops behind a black 3 x 3 window, averaged over the windows that cover a pixel; one channel. */
export interface Occlusion extends ExplanationOf<"occlusion"> {}

/** Mean image of the k samples of largest cosine in the input, 0 to 1, as many channels as the image. Exact. */
export interface NeighborMean extends Omit<ExplanationOf<"neighborMean">, "class" | "logit" | "probability"> {
  /** null where the bundle holds no network. */
  class: number | null;
  logit: number | null;
  probability: number | null;
  k: number;
  /** [k] nearest first. */
  index: Uint32Array;
  /** [k] 0 to 1. */
  cosine: Float32Array;
}

/** Gradient by the image of the squared norm of a layer's activation, or of its squared distance to `other`'s, or to `left`'s less `arrived`'s. */
export interface LayerGradient extends ExplanationOf<"layerGradient"> {
  layer: number;
  /** That squared norm or squared distance. */
  value: number;
  /** [channels of the layer] what each channel adds to `value`. */
  moves: Float32Array;
  /** [height, width, channels of the layer] the image's own activation. */
  activation: Float32Array;
}

export interface Explanations {
  probabilities: Probabilities;
  gradient: Gradient;
  integratedGradients: IntegratedGradients;
  gradCam: GradCam;
  occlusion: Occlusion;
  neighborMean: NeighborMean;
  layerGradient: LayerGradient;
}

/** How far the samples of each class lie from one sample at a layer. */
export interface Densities {
  /** null: distances from an image that is no sample. */
  sample: number;
  layer: number;
  points: number;
  /** True: distances between exact activations. False: distances on codes. */
  exact: boolean;
  /** [points] distances, evenly spaced, in units of the activations; they cover every class. */
  at: Float64Array;
  /** [classes, points] row by row: Gaussian kernel density with Scott's bandwidth, as SciPy's gaussian_kde; 0 where the bandwidth is 0. */
  density: Float64Array;
  /** [classes] 0 for a class that has no density: fewer than two samples, or all equally far. */
  bandwidth: Float64Array;
  /** [classes] samples of the class, the sample itself left out. */
  count: Uint32Array;
  /** Per class the nearest samples, nearest first, and the farthest, farthest first. */
  nearest: { sample: number; distance: number }[][];
  farthest: { sample: number; distance: number }[][];
}

export interface DensitiesOptions extends CallOptions {
  /** Either a sample or an image of the bundle's size, [H, W, C] bytes, which has exact densities only. */
  sample?: number;
  pixels?: Uint8Array | Uint8ClampedArray;
  layer: number;
  /** Points of the grid, 2 to 4,096. Default 256. */
  points?: number;
  /** How many nearest and farthest samples of each class. Default 4. */
  examples?: number;
  /** False answers from codes alone. Default true. */
  exact?: boolean;
  /** Called with the answer from codes as soon as it is there, before the exact one. */
  onPreview?: (densities: Densities) => void;
}

/** How the network's predictions compare with the true labels. A share of nothing is 0. */
export interface Summary {
  /** How many samples are summarised. */
  samples: number;
  accuracy: number;
  /** Mean recall of the classes that have samples. */
  balancedAccuracy: number;
  /** [classes] each. */
  recall: Float64Array;
  precision: Float64Array;
  f1: Float64Array;
  /** [classes] samples whose true class it is. */
  support: Uint32Array;
  /** [classes, classes] row: true class, column: predicted class. */
  confusion: Uint32Array;
}

export interface StabilityOptions extends CallOptions {
  /** Another model of the bundle than the one that was opened. */
  model?: string;
  /** 1 to 1,000, at most N - 1. Default: the manifest's. */
  k?: number;
  /** The layer compared with. Default: the manifest's. */
  reference?: number;
  /** Any samples: a class, a selection. Default: all. */
  samples?: ArrayLike<number>;
  /** True insists on exact neighbours where they can be had (k up to 100), false answers from codes. */
  exact?: boolean;
  /** False leaves `recall` out of an answer from codes: at other k than 100 measuring it takes longer than some hundred samples. Default true. */
  recall?: boolean;
}

export interface Stability {
  k: number;
  reference: number;
  /** [S] whose curves these are. */
  samples: Uint32Array;
  /** [L, S] row by row: how many of a sample's k nearest at the layer are among its k nearest at the reference. */
  values: Uint16Array;
  /** True: certified. False: on codes, or shipped by a bundle whose manifest does not say that it is exact. */
  exact: boolean;
  /** On codes: share of the true k nearest found at each layer, measured when packing (k = 100) or on some of the samples; else null. */
  recall: Float64Array | null;
}

export interface CompareOptions extends CallOptions {
  /** Whose layers are the rows. Default: the model that was opened. */
  model?: string;
  /** Whose layers are the columns. */
  with: string;
  /** 1 to 1,000, at most N - 1. Default: the manifest's for stability. */
  k?: number;
  /** Default: all. */
  samples?: ArrayLike<number>;
  /** False answers from codes. Default: exact neighbours where both models can have them (a network, k up to 100). */
  exact?: boolean;
}

/** The stability of one model against another. */
export interface Comparison {
  k: number;
  /** How many were averaged over. */
  samples: number;
  /** Those of the other model. */
  layers: Layer[];
  /** [L, M] mean of |N_k(a) ∩ N_k(b)| at layer a of one model and layer b of the other; chance level k² / (N - 1). */
  mean: Float64Array;
  exact: boolean;
}

export interface GraphPreparation {
  layers: number[];
  /** Neighbours that each graph holds. */
  k: number;
  /** Of memory, kept until releaseGraphs. */
  bytes: number;
  /** Of computing. */
  milliseconds: number;
}

export interface OverlapMatrix {
  k: number;
  /** How many were averaged over. */
  samples: number;
  /** [L, L] mean of |N_k(a) ∩ N_k(b)|; chance level k² / (N - 1). */
  mean: Float64Array;
  exact: boolean;
  recall: Float64Array | null;
}

export interface Graph {
  layer: number;
  k: number;
  exact: boolean;
  /** [N, k] nearest first. */
  index: Uint32Array;
  /** [N, k] to 1 / 131,070 of a sample's range of distances. */
  distance: Float32Array;
  /** Pairs of samples that each test looked at: a bound on leading values, a bound on reduced rows, the exact distance. */
  work: { pairs: number; reduced: number; exact: number };
  milliseconds: number;
}

export type MeasureName =
  | "overlap" | "lcmc" | "jaccard" | "rbo" | "purity" | "predictionPurity" | "occurrence" | "dimension"
  | "credibility" | "confidence" | "trustworthiness" | "continuity";

/** What to measure. Formulas and sources stand in include/ntrace/measures.h. */
export interface MeasuresRequest {
  layer: number;
  /** overlap, lcmc, jaccard and rbo compare with this layer. Default: the manifest's for stability. */
  reference?: number;
  /** 1 to 100, at most N - 1. Default: the manifest's for stability. */
  k?: number;
  /** Default: all. */
  samples?: ArrayLike<number>;
  /** Default: all but credibility, confidence, trustworthiness and continuity. */
  names?: MeasureName[];
  /** rbo: the share of its weight below rank d is about p^d. 0 < p < 1, default 0.98. */
  p?: number;
  /** credibility and confidence: over these layers. Default: all but the input. */
  layers?: ArrayLike<number>;
  /** credibility and confidence: how many samples calibrate, 2 to N (default 750, at most half of N), and the seed that draws them (default 1). */
  calibration?: number;
  seed?: number;
  /** trustworthiness and continuity: the map that is judged, [N, 2]. Needs 2 k < N. */
  map?: ArrayLike<number>;
  /** trustworthiness and continuity: ranks beyond the exact 100 from activations of all samples. Default false: from codes. */
  exactRanks?: boolean;
}

export interface Measures {
  layer: number;
  reference: number;
  k: number;
  /** True: read from the bundle, worked out when it was packed. False: computed now, from exact neighbours. */
  shipped: boolean;
  /** [S] */
  samples: Uint32Array;
  /** [S] each, those that were asked for. */
  values: Partial<Record<MeasureName, Float32Array>>;
  means: Partial<Record<MeasureName, number>>;
  /** With occurrence: skewness of the k-occurrences of all samples. */
  hubness?: number;
  /** Two-NN of all samples and of each class, and how many samples had a ratio; 0 where it cannot be told. */
  dimension?: { all: number; used: number; classes: Float64Array; usedOfClass: Uint32Array };
  /** With credibility: [S] the class that it speaks of. */
  credibilityPredictions?: Uint16Array;
  /** With trustworthiness or continuity: where ranks beyond the graph's came from. */
  ranks?: "exact" | "codes";
}

/** Why a sample is worth a look. Shares and purities are 0 to 1; what each says stands in include/ntrace/suggest.h. */
export type SuggestionReason =
  | { reason: "changesMost"; from: number; layer: number; kept: number; meanKept: number }
  | { reason: "changesClass" | "changesClassOverall"; from: number; layer: number; fromClass: number; toClass: number; fromShare: number; toShare: number }
  | { reason: "mostStable" | "leastStable"; from: number; layer: number; kept: number; meanKept: number }
  | { reason: "unusual"; layer: number; majority: number; purity: number; distanceRatio: number }
  | { reason: "hub"; layer: number; neighborhoods: number; ownShare: number }
  | { reason: "mislabelled"; layer: number; suggested: number; share: number; probability: number; ownShare: number }
  | { reason: "ambiguous"; layer: number; majority: number; second: number; share: number; secondShare: number; probability: number }
  | { reason: "corrected"; from: number; layer: number; majorityBefore: number; shareBefore: number; ownShareBefore: number; ownShareAfter: number }
  | { reason: "typical"; layer: number; neighborhoods: number; purity: number };

export type Suggestion = { sample: number; /** Its true class. */ label: number } & SuggestionReason;

export interface Suggestions {
  k: number;
  layers: number[];
  /** True: read from the bundle. False: computed now. */
  shipped: boolean;
  /** By reason, then layer, then rank. */
  suggestions: Suggestion[];
}

export interface ProjectionRequest {
  layer: number;
  /** Default "umap". */
  method?: "umap" | "pca";
  /** How many nearest count, the sample itself among them: 2 to 101. Default 15. */
  neighbors?: number;
  /** Distance in the map below which points come no closer, up to `spread`. Default 0.1. */
  minDist?: number;
  /** Scale of distances in the map. Default 1. */
  spread?: number;
  /** Default 200, or 500 below 10,000 samples; half of that where there is a map to start from. */
  epochs?: number;
  /** 0 to 2^32 - 1: one seed, one map, on every machine. Default 0. */
  seed?: number;
  /** Start from an earlier map, so that the two can be compared: its points [N, 2], or a layer, whose last map made here is meant, or else the bundle's own. */
  from?: Float32Array | number;
}

export interface ProjectionPreview {
  layer: number;
  epoch: number;
  epochs: number;
  /** [N, 2] so far. */
  points: Float32Array;
}

export interface Projection {
  layer: number;
  method: "umap" | "pca";
  /** [N, 2]. Of PCA the first two principal components, in units of the activations. */
  points: Float32Array;
  /**
   * Where it started from an earlier map: it was turned, mirrored, moved and scaled to that one; this is how far points are
   * from where they were then, root mean square, in units of the earlier map's distance from its centre (1.4: nothing in common).
   */
  moved: number | null;
  /** Of computing in the worker, when it was made: of UMAP, the neighbour graph left out. 0 where it was shipped. */
  milliseconds: number;
  /** True: the bundle's own map. False: made now. */
  shipped: boolean;
  /** [N] each, in a shipped map: how far the `qualityK` nearest in the map are near at the layer, and the other way round; in steps of 1/255. */
  trustworthiness?: Float32Array;
  continuity?: Float32Array;
  qualityK?: number;
  /** As used; UMAP only. */
  neighbors?: number;
  minDist?: number;
  spread?: number;
  epochs?: number;
  seed?: number;
}

export interface ProjectOptions extends ProjectionRequest, CallOptions {
  /** Called with the unfinished map some times a second. */
  onPreview?: (preview: ProjectionPreview) => void;
}

export interface Bundle {
  readonly manifest: Manifest;
  /** Empty where it was opened from files. */
  readonly url: string;
  /** The names of its models of the same samples, in their order; none where it holds one, without a name. */
  readonly models: string[];
  /** The one that was opened, and the one that is opened where none is asked for; empty where there are no names. */
  readonly model: string;
  readonly firstModel: string;
  /** What was opened. */
  readonly version: BundleVersion;
  /** [N] each. */
  readonly labels: Uint16Array;
  readonly predictions: Uint16Array;
  readonly confidences: Float32Array;
  readonly engine: { variant: "simd" | "scalar"; version: string };

  neighbors(options: { sample: number; layer: number; k: number; exact?: boolean; /** As in StabilityOptions. */ model?: string } & CallOptions): Promise<Neighbors>;
  trace(options: TraceOptions): Promise<Trace>;
  /** One sample's neighbourhoods at many layers at once, and its stability curve. Without a network from codes alone. */
  neighborhoods(options: NeighborhoodsOptions): Promise<Neighborhoods>;
  /**
   * An image from outside the bundle: what the network says of it, its neighbours among all samples at each layer, and its
   * stability curve. The first call prepares (see preparePlace), but for exact: "all", which takes about as long. The image of a
   * sample has that sample at distance 0 first, unless `exclude` leaves it out: then it has the sample's own neighbours.
   * Rejects with "argument" where pixels or numbers are out of range, "missing" without a network, "cancelled".
   */
  place(options: PlaceOptions): Promise<Placed>;
  /** The trace of an image from outside between two layers. */
  placeTrace(options: PlaceTraceOptions): Promise<PlacedTrace>;
  /**
   * Finds the axes that images are placed on, once (a second or two and 40 MB at all layers of the reference network): place
   * and placeTrace do it when they are first called. A call that is cancelled leaves what is done for the next.
   */
  preparePlace(options?: { layers?: ArrayLike<number> } & CallOptions): Promise<PlacePreparation>;
  /** Makes an image [28 * 28] of marks, in bundles of grey images of that size: by the rasteriser of the synthetic data. */
  draw(options: DrawRequest & CallOptions): Promise<Uint8Array>;
  /**
   * Where an image from outside stands on the bundle's map of a layer, in the coordinates of project(): the mean of its nearest
   * neighbours' places, weighted as UMAP weighs neighbours. Rejects with "missing" where the bundle ships no map.
   */
  seat(options: { layer: number; index: ArrayLike<number>; distance: ArrayLike<number> } & CallOptions): Promise<{ layer: number; x: number; y: number; neighbors: number }>;
  /** Where an image parts from the sample that it was made from (place it with `exclude`), layer by layer. */
  parting(options: { original: Neighborhoods; changed: Placed }): Promise<Parting>;
  /** Gives the memory of the axes back. */
  releasePlace(): Promise<void>;
  /**
   * Overlap with the reference layer for every layer and sample. Without options the table that the bundle ships (k and
   * reference of the manifest, whose `exact` says whether it is certified). Else from the exact graphs of all layers, which are
   * searched first (some seconds a layer, once); beyond 100 neighbours, without a network, or with exact: false, on codes.
   */
  stability(options?: StabilityOptions): Promise<Stability>;
  /** Overlap of every two layers' neighbourhoods, averaged over samples. */
  overlapMatrix(options?: Omit<StabilityOptions, "reference">): Promise<OverlapMatrix>;
  /**
   * Neighbours in common at every layer of one model and of another, averaged over samples. Exactly from the graphs of both models'
   * layers, which are searched first; beyond 100 neighbours, without networks, or with exact: false, on codes.
   */
  compare(options: CompareOptions): Promise<Comparison>;
  /** The manifest of any of its models. */
  manifestOf(model: string, options?: CallOptions): Promise<Manifest>;
  /**
   * Searches the exact neighbours of all samples at all layers (or some), in a worker of its own: calls that do not need them are
   * answered meanwhile as at any time. When it resolves, stability and overlapMatrix answer exactly within a fraction of a second,
   * and live measures, suggestions and maps start at once. Cancelled, it keeps the layers that are done; calls that need the same
   * layers share the search. Graphs are kept up to 128 MiB, which are all 13 of the reference network at 25,000 samples, and up to
   * 64 MiB beyond 65,536 samples, where wide layers cannot be searched here: more at once is refused ("argument"), and stability,
   * overlaps and comparisons are answered on codes.
   */
  prepareGraphs(options?: { layers?: ArrayLike<number> } & CallOptions): Promise<GraphPreparation>;
  /** Gives the memory of graphs and maps back; ends what works on them (rejected as cancelled). They are searched anew when needed. */
  releaseGraphs(): Promise<void>;
  /** The exact neighbours of all samples at a layer: searched once (some seconds), then kept. */
  graph(options: { layer: number; k?: number } & CallOptions): Promise<Graph>;
  /** How far the samples of each class lie from one sample at a layer. */
  densities(options: DensitiesOptions): Promise<Densities>;
  /** Accuracy, recall, precision, F1 and confusion matrix of all samples, or of some. */
  summary(options?: { samples?: ArrayLike<number> } & CallOptions): Promise<Summary>;
  /**
   * Measures of neighbourhoods at a layer, per sample and overall. With no other option than `names` and `samples` those that the
   * bundle ships (all but trustworthiness and continuity, for which see project), at the manifest's k and reference: one small
   * chunk. Else from exact graphs, which are searched first (some seconds a layer, once); credibility needs those of all its layers.
   */
  measures(options: MeasuresRequest & CallOptions): Promise<Measures>;
  /**
   * Samples worth a look, each with its reason and figures. Without options those that the bundle ships; else from the graphs of
   * the layers (default: all). count: of each reason (default 10).
   */
  suggestions(options?: { count?: number; k?: number; layers?: ArrayLike<number> } & CallOptions): Promise<Suggestions>;
  /**
   * A map of all samples of a layer in the plane. With no option but the layer (and method "umap") the one that the bundle ships:
   * each layer's starts from that of the layer before, so that they can be compared. Else the layer's neighbour graph is searched
   * first (some seconds, once). Maps are kept.
   */
  project(options: ProjectOptions): Promise<Projection>;
  /** [classes], softmax. */
  probabilities(options: { sample: number } & CallOptions): Promise<Float32Array>;
  /** Grey images of the samples, [samples.length, H*W], fetched where they are not there yet. */
  images(options: { samples: ArrayLike<number> } & CallOptions): Promise<Uint8Array>;
  /**
   * Explains one image, in the bundle or not. Rejects with "argument" where the request is out of range or the network has no
   * convolution for Grad-CAM, "missing" where the bundle holds no network (only neighborMean does without), "cancelled".
   */
  explain<M extends ExplainMethod>(options: ExplainRequest & { method: M } & CallOptions): Promise<Explanations[M]>;
  /** Bytes of WebAssembly memory in use, of all workers. */
  memory(): Promise<number>;
  /** Ends the workers. Every call under way is rejected as cancelled. */
  close(): void;
}

/**
 * Opens a bundle at an address, or from its files: fetches and checks the manifest and the samples' labels; anything else is fetched
 * when a call needs it.
 */
export function openBundle(from: string | URL | BundleFiles, options?: OpenOptions): Promise<Bundle>;
