/** The map's stage: points, sketches, names and outlines, drawn as they are at this moment. It knows nothing of the state. */
import { interpolateRgb, select } from "d3";
import { createGrid } from "./map_grid.js";
import { createMotion } from "./map_motion.js";
import { anchorsOf, placeNames } from "./map_names.js";
import { createOverlay } from "./map_overlay.js";
import { createPainter, packed } from "./map_paint.js";
import { createThumbnails } from "./map_thumbnails.js";
import { createView } from "./map_view.js";
import { createPace } from "./pace.js";

/** @typedef {import("./map_names.js").Anchor} Anchor */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {import("./colours.js").Colouring} Colouring */

/**
 * @typedef {object} StageOptions
 * @property {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(zoom: import("../params.js").Zoom | null) => void} onZoom it has come to rest
 * @property {(event: any) => boolean} isPan whether a press begins to move the map
 * @property {() => void} onView what is looked at has changed
 * @property {() => void} onRest the points have arrived
 */

/** What the stage is told of the samples. @typedef {{ selection: Selection, colouring: Colouring, labels: Uint16Array }} Cast */
/** What lies on top. @typedef {Pick<import("./map_overlay.js").Overlay, "rings" | "outline" | "isDraft" | "cursor">} Marks */

const MOVE = 900; // milliseconds from one map to the next
const FLOW = 200; // from one unfinished map to the next
const RADII = [1.1, 4, 6]; // pixels: the least, the most of the whole map, the most
const GREY = 0.3; // of those not selected, between hair and rule
const MOST_RATIO = 2; // pixels of the canvas for one of CSS
const FINE = 4; // the same in what is exported

/** All samples in an order that owes nothing to class or number, the same in every run: whoever is drawn last lies on top. @param {number} n */
function shuffled(n) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let random = 1;
  for (let i = n - 1; i > 0; i--) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((random / 2 ** 32) * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}

/** Those whose mask has a value. @param {Uint32Array} order @param {Uint8Array} mask @param {number} value */
function takenOf(order, mask, value) {
  const taken = new Uint32Array(order.length);
  let length = 0;
  for (let s = 0; s < order.length; s++) if (mask[order[s]] === value) taken[length++] = order[s];
  return taken.slice(0, length);
}

/** @param {HTMLElement} ground @param {StageOptions} options */
export function createStage(ground, { bundle, sketches, sprites, theme, onZoom, isPan, onView, onRest }) {
  const { classes } = bundle.manifest;
  const count = bundle.labels.length;
  const canvas = select(ground).append("canvas").attr("class", "map-points").attr("aria-hidden", "true").node();
  const pictures = select(ground).append("canvas").attr("class", "map-pictures").attr("aria-hidden", "true").node();
  const painter = createPainter(/** @type {HTMLCanvasElement} */ (canvas));
  const context = /** @type {CanvasRenderingContext2D} */ (pictures?.getContext("2d"));
  const overlay = createOverlay(ground);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const motion = createMotion(count);
  const view = createView(ground, { onMove: moved, onEnd: onZoom, isPan, isCalm: () => calm.matches });
  const thumbnails = createThumbnails({ sketches, sprites, onReady: () => redraw() });
  const order = shuffled(count);
  /** @type {WeakMap<Float32Array, import("./map_grid.js").Grid>} */
  const grids = new WeakMap();
  /** @type {WeakMap<Float32Array, { cast: Cast, anchors: Anchor[] }>} */
  const anchorsKept = new WeakMap();
  /** Maps whose names are being placed. @type {Map<Float32Array, AbortController>} */
  const placing = new Map();
  /** @type {Map<string, number>} */
  const widths = new Map();

  /** @type {Cast | null} */
  let cast = null;
  let rest = new Uint32Array(0);
  let chosen = new Uint32Array(0);
  let colours = new Int32Array(0);
  /** @type {Marks} */
  let marks = { rings: [], outline: null, isDraft: false, cursor: null };
  /** The maps between which the points are held. @type {{ a: Float32Array, b: Float32Array, share: number } | null} */
  let held = null;
  /** Where the names were when the points set out. @type {Anchor[]} */
  let departed = [];
  let frame = 0;
  let stale = true;
  let isSeen = false;

  /** Whether there has been a map. */
  const isPlaced = () => held !== null || motion.goal() !== null;
  /** @param {boolean} [points] false: only what lies on top has changed */
  function redraw(points = true) {
    stale ||= points;
    frame ||= requestAnimationFrame(draw);
  }
  function moved() {
    onView();
    redraw();
  }

  /** @param {number} time */
  function draw(time) {
    frame = 0;
    if (!cast) return;
    const wasMoving = motion.isMoving();
    const moving = motion.step(time);
    const now = view.get();
    const isDrawn = isSeen && (stale || wasMoving);
    const complete = isDrawn ? drawPoints(now, cast) : true;
    stale = moving || !complete || (stale && !isDrawn);
    const names = !thumbnails.isOn(now.scale) ? placeNames(namesAt(time), now, classes, widthOf) : [];
    const rings = isPlaced() ? marks.rings : [];
    overlay.draw({ ...marks, rings, view: now, points: motion.now, names, radius: radiusAt(now.scale) + 4 });
    if (moving || !complete) redraw();
    if (wasMoving && !moving) arrived();
  }

  /** @param {import("./map_paint.js").Painter} into @param {import("./map_view.js").View} now */
  function paint(into, now) {
    const { plate, hair, rule } = theme.tokens();
    const radius = radiusAt(now.scale);
    const crowds = [
      { samples: rest, colours: null, colour: packed(interpolateRgb(hair, rule)(GREY)), radius: Math.max(1, 0.85 * radius) },
      { samples: chosen, colours, colour: 0, radius },
    ];
    into.paint(motion.now, now, packed(plate), isPlaced() ? crowds : []);
  }
  /** @param {import("./map_view.js").View} now @param {Cast} cast @returns {boolean} whether all could be drawn */
  function drawPoints(now, { colouring }) {
    paint(painter, now);
    context.clearRect(0, 0, now.width, now.height);
    return thumbnails.draw(context, motion.now, now, colouring, theme.tokens());
  }
  /** A canvas of the stage drawn finer, for export. @param {HTMLCanvasElement} drawn @returns {string | null} data URL */
  function finer(drawn) {
    const now = view.get();
    const copy = document.createElement("canvas");
    if (drawn === canvas) {
      const fine = createPainter(copy);
      fine.resize(now.width, now.height, FINE);
      paint(fine, now);
    } else if (drawn === pictures && cast) {
      [copy.width, copy.height] = [now.width * FINE, now.height * FINE];
      const into = /** @type {CanvasRenderingContext2D} */ (copy.getContext("2d"));
      into.scale(FINE, FINE);
      thumbnails.draw(into, motion.now, now, cast.colouring, theme.tokens());
    } else return null;
    return copy.toDataURL("image/png");
  }

  /** Of a point: larger where there are few or one looks closely. @param {number} scale */
  function radiusAt(scale) {
    const { side, scale: now } = view.get();
    const whole = Math.max(RADII[0], Math.min(RADII[1], (0.42 * side) / now / Math.sqrt(Math.max(1, rest.length + chosen.length))));
    return Math.min(RADII[2], whole * Math.pow(scale, 0.4));
  }

  /** @param {string} text */
  function widthOf(text) {
    let width = widths.get(text);
    if (width === undefined) {
      context.font = `600 13px ${theme.tokens().sans}`;
      width = context.measureText(text).width;
      widths.set(text, width);
    }
    return width;
  }

  /** Names of a map, null while they are being placed. @param {Float32Array} square @returns {Anchor[] | null} */
  function anchorsFor(square) {
    const kept = anchorsKept.get(square);
    if (cast && kept?.cast.selection.mask === cast.selection.mask && kept.cast.labels === cast.labels) return kept.anchors;
    if (!placing.has(square)) void placeAll(square);
    return kept?.anchors ?? null;
  }
  /** @param {Float32Array} square */
  async function placeAll(square) {
    const mine = /** @type {Cast} */ (cast);
    const control = new AbortController();
    placing.set(square, control);
    try {
      const anchors = await anchorsOf(square, mine.labels, mine.selection.mask, classes.length, createPace(control.signal));
      anchorsKept.set(square, { cast: mine, anchors });
      placing.delete(square);
      redraw(false);
    } catch (reason) {
      if (!control.signal.aborted) throw reason;
    }
  }
  function forgetPlacing() {
    for (const control of placing.values()) control.abort();
    placing.clear();
  }

  /** Where the names are on their way between two maps. @param {Anchor[]} from @param {Anchor[]} to @param {number} share of `to` */
  function between(from, to, share) {
    const before = new Map(from.map((anchor) => [anchor.label, anchor]));
    return to.map((anchor) => {
      const { x, y } = before.get(anchor.label) ?? anchor;
      return { ...anchor, x: x + (anchor.x - x) * share, y: y + (anchor.y - y) * share };
    });
  }
  /** @param {number} time @returns {Anchor[]} */
  function namesAt(time) {
    if (held) {
      const [a, b] = [anchorsFor(held.a), anchorsFor(held.b)];
      return a && b ? between(a, b, held.share) : (a ?? b ?? departed);
    }
    const goal = motion.goal();
    const anchors = goal && anchorsFor(goal);
    return anchors ? between(departed, anchors, motion.share(time)) : departed;
  }

  function arrived() {
    const goal = motion.goal();
    thumbnails.update(goal && cast ? { square: goal, samples: chosen, key: cast.selection.mask } : null, view.get().side / view.get().scale);
    redraw();
    onRest();
  }

  function lay() {
    const { width, height } = ground.getBoundingClientRect();
    if (width < 1 || height < 1 || !pictures) return;
    const ratio = Math.min(devicePixelRatio || 1, MOST_RATIO);
    view.resize(width, height);
    painter.resize(width, height, ratio);
    [pictures.width, pictures.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    onView();
    if (!motion.isMoving()) arrived();
    stale = true;
    cancelAnimationFrame(frame);
    draw(performance.now()); // at once: another size has emptied the canvas
  }
  const observer = new ResizeObserver(lay);
  observer.observe(ground);
  /** Thousands of points are drawn where they are seen: on a phone the map lies below the first screen. */
  const sight = new IntersectionObserver((entries) => {
    isSeen = entries[entries.length - 1].isIntersecting;
    if (isSeen) redraw(false);
  });
  sight.observe(ground);
  const end = sketches.subscribe(() => redraw());

  return {
    view,
    finer,
    isReady: () => motion.goal() !== null && !motion.isMoving(),
    /** @param {number} sample @returns {[number, number]} in the square */
    placeOf: (sample) => [motion.now[2 * sample], motion.now[2 * sample + 1]],
    /** Who is seen, and how. @param {Cast} next */
    update(next) {
      const { mask } = next.selection;
      const [isOther, isRecoloured] = [mask !== cast?.selection.mask, next.colouring !== cast?.colouring];
      if (isOther || next.labels !== cast?.labels) forgetPlacing();
      cast = next;
      if (isOther) {
        [rest, chosen] = [1, 2].map((kind) => takenOf(order, mask, kind));
        if (!motion.isMoving()) arrived();
      }
      if (isRecoloured) {
        const inks = next.colouring.colours.map(packed);
        const { bucket } = next.colouring;
        colours = new Int32Array(bucket.length);
        for (let i = 0; i < colours.length; i++) colours[i] = inks[bucket[i]];
      }
      redraw(isOther || isRecoloured);
    },
    /** @param {Partial<Marks>} change */
    mark(change) {
      marks = { ...marks, ...change };
      redraw(false);
    },
    /** Sends the points to a map. @param {Float32Array} square @param {boolean} isFinished */
    show(square, isFinished) {
      if (!held && square === motion.goal()) return;
      const time = performance.now();
      const isFirst = !held && motion.goal() === null;
      departed = namesAt(time);
      held = null;
      motion.show(square, time, isFirst || calm.matches ? 0 : isFinished ? MOVE : FLOW);
      if (!motion.isMoving()) arrived();
      redraw();
    },
    /** Holds the points between two maps. @param {Float32Array} a @param {Float32Array} b @param {number} share of b */
    hold(a, b, share) {
      held = { a, b, share };
      motion.hold(a, b, share);
      redraw();
    },
    /** The sample nearest to a place, if there is one within reach. @param {number} x @param {number} y in the square @param {number} reach pixels */
    nearest(x, y, reach) {
      const goal = motion.goal();
      if (!goal || motion.isMoving() || !cast) return null;
      const grid = grids.get(goal) ?? createGrid(goal);
      grids.set(goal, grid);
      return grid.nearest(x, y, reach / view.get().side, cast.selection.mask);
    },
    /** How near one has to point to a point to choose it: pixels. */
    reach: () => radiusAt(view.get().scale) + 4,
    destroy() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      sight.disconnect();
      end();
      forgetPlacing();
      thumbnails.destroy();
      view.destroy();
    },
  };
}

/** @typedef {ReturnType<typeof createStage>} Stage */
