/** Behind the story's title: the neighbourhood that the page opens with, going to and fro between its two layers once the engine is at rest. */

/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */

const PERIOD = 16000; // milliseconds there and back
const SPRITES = 5; // milliseconds of a task for making thumbnails
const FRAME = 33; // milliseconds: it is a backdrop
const QUIET = 150; // milliseconds after scrolling in which it stands still: the page moves instead

/**
 * @param {HTMLElement} root
 * @param {{ sketches: import("../sketches.js").Sketches, sprites: import("../sprites.js").Sprites, theme: import("../theme.js").Theme }} options
 */
export function createBackdrop(root, { sketches, sprites, theme }) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const canvas = document.createElement("canvas");
  canvas.className = "backdrop";
  canvas.setAttribute("aria-hidden", "true");
  root.prepend(canvas);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {Trace | null} */
  let trace = null;
  /** When it began to move. @type {number | null} */
  let began = null;
  let visible = true;
  let frame = 0;
  let task = 0;
  let last = 0;
  let scrolled = -Infinity;

  /** @param {number} now */
  function draw(now) {
    frame = 0;
    const isStill = began === null || calm.matches;
    if (isStill || (now - last >= FRAME && now - scrolled >= QUIET)) paint((last = now));
    if (trace && visible && !isStill) again();
  }
  const again = () => void (frame ||= requestAnimationFrame(draw));
  const all = (/** @type {Trace} */ { sample, points }) => [sample, ...points.map((point) => point.sample)];

  /** Thumbnails first, in tasks of their own, then one frame with all of them. */
  function prepare() {
    clearTimeout(task);
    if (trace && !sprites.prepare(all(trace), SPRITES)) task = window.setTimeout(prepare);
    else again();
  }

  /** @param {number} now */
  function paint(now) {
    const { width, height } = root.getBoundingClientRect();
    const ratio = Math.min(1.5, devicePixelRatio || 1);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!trace) return;
    const wide = width > 760;
    const [cx, cy] = wide ? [width * 0.72, height * 0.52] : [width * 0.5, height * 0.5];
    const reach = Math.min(wide ? width * 0.3 : width * 0.62, height * 0.58) / 1.7;
    const t = calm.matches ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * (began === null ? 0 : now - began)) / PERIOD);
    const tokens = theme.tokens();
    context.lineWidth = 1;
    for (const { sample, angle, radiusFrom, radiusTo, change } of trace.points) {
      const radius = Math.min(1.9, radiusFrom + (radiusTo - radiusFrom) * t) * reach;
      const begin = Math.min(1.9, radiusFrom) * reach;
      const [sine, cosine] = [Math.sin(angle), -Math.cos(angle)];
      context.globalAlpha = 0.4;
      context.strokeStyle = change < 0 ? tokens.closer : tokens.farther;
      context.beginPath();
      context.moveTo(cx + begin * sine, cy + begin * cosine);
      context.lineTo(cx + radius * sine, cy + radius * cosine);
      context.stroke();
      context.globalAlpha = 0.85;
      if (sprites.has(sample)) sprites.draw(context, sample, cx + radius * sine, cy + radius * cosine, reach * 0.13);
    }
    context.globalAlpha = 1;
    if (sprites.has(trace.sample)) sprites.draw(context, trace.sample, cx, cy, reach * 0.55);
  }

  const observer = new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
    if (visible) again();
  });
  observer.observe(canvas);
  const onScroll = () => (scrolled = performance.now());
  addEventListener("scroll", onScroll, { passive: true });
  const sizes = new ResizeObserver(again);
  sizes.observe(root);
  const ends = [sketches.subscribe(prepare), theme.subscribe(prepare)];

  return {
    /** @param {Trace | null} next @param {boolean} settled the engine has nothing more to do for it: moving would take its time */
    update(next, settled) {
      if (settled) began ??= performance.now();
      if (!next || (next === trace && !settled)) return;
      trace = next;
      sketches.want("backdrop", all(trace));
      prepare();
    },
    destroy() {
      cancelAnimationFrame(frame);
      clearTimeout(task);
      observer.disconnect();
      removeEventListener("scroll", onScroll);
      sizes.disconnect();
      for (const end of ends) end();
      canvas.remove();
    },
  };
}
