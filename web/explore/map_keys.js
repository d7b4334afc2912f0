/** The map by keyboard: a cursor that finds samples, a rectangle that grows from it, and a key for each tool. */
import { rectangleOf } from "./map_outline.js";

/** @typedef {[number, number]} Place in the square */
/** @typedef {import("./map_outline.js").Corners} Corners */

/**
 * @typedef {object} KeysOptions
 * @property {() => number} sideOf the square, pixels
 * @property {() => Place} begin where the cursor first stands
 * @property {(place: Place | null) => void} onCursor
 * @property {(corners: Corners, options: { replace: boolean }) => void} onRectangle
 * @property {() => void} onChoose the sample at the cursor
 * @property {() => boolean} onEscape whether there was something to give up
 * @property {Record<string, () => void>} shortcuts by key, in lower case
 */

const STEP = 14; // pixels
const FINE = 2;
/** @type {Record<string, Place>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {HTMLElement} block whose shortcuts work @param {HTMLElement} ground that the cursor is on @param {KeysOptions} options */
export function createKeys(block, ground, { sideOf, begin, onCursor, onRectangle, onChoose, onEscape, shortcuts }) {
  /** @type {Place | null} */
  let cursor = null;
  /** Where the rectangle began, and whether it has been told of. @type {{ place: Place, isTold: boolean } | null} */
  let anchor = null;

  /** @param {KeyboardEvent} event */
  function move(event) {
    const from = cursor ?? begin();
    const step = (event.altKey ? FINE : STEP) / sideOf();
    const [right, down] = ARROWS[event.key];
    cursor = [Math.max(0, Math.min(1, from[0] + right * step)), Math.max(0, Math.min(1, from[1] + down * step))];
    onCursor(cursor);
    if (!event.shiftKey) {
      anchor = null;
      return;
    }
    anchor ??= { place: from, isTold: false };
    const half = step / 2; // so that a first step in one direction has an area
    const [[x0, y0], [x1, y1]] = [anchor.place, cursor];
    onRectangle(rectangleOf([Math.min(x0, x1) - half, Math.min(y0, y1) - half], [Math.max(x0, x1) + half, Math.max(y0, y1) + half]), { replace: anchor.isTold });
    anchor.isTold = true;
  }
  /** @param {KeyboardEvent} event */
  function onGround(event) {
    if (event.key in ARROWS) move(event);
    else if (event.key === "Enter" && cursor) onChoose();
    else if (event.key === " ") shortcuts[" "]?.();
    else return;
    event.preventDefault();
  }
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.ctrlKey || event.metaKey) return;
    if (event.target === ground) onGround(event);
    if (event.defaultPrevented || event.key === " " || (event.altKey && event.key in ARROWS)) return;
    if (event.key === "Escape") {
      if (onEscape()) event.preventDefault();
      return;
    }
    const act = shortcuts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }
  /** @param {KeyboardEvent} event */
  const onKeyUp = ({ key }) => void (key === "Shift" && (anchor = null));
  function onBlur() {
    if (!cursor) return;
    cursor = anchor = null;
    onCursor(null);
  }

  block.addEventListener("keydown", onKey);
  block.addEventListener("keyup", onKeyUp);
  ground.addEventListener("blur", onBlur);
  return {
    /** Takes the cursor away, as the pointer has moved. */
    hide: onBlur,
    destroy() {
      block.removeEventListener("keydown", onKey);
      block.removeEventListener("keyup", onKeyUp);
      ground.removeEventListener("blur", onBlur);
    },
  };
}
