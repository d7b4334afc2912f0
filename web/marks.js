/** Marks on the drawing sheet, and how they stand in a link: a letter for the kind, then whole numbers in a few characters each. */

/** @typedef {import("../wasm/ntrace.d.ts").Mark} Mark */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Steps of a coordinate to the unit of the sheet. */
const FINE = 4;
/** The sheet, its margin included. */
export const EDGE = { low: -24, high: 279 };
/** A link stays below what chats and mails cut off. */
const MOST_CHARACTERS = 7000;
const MOST_MARKS = 400;
/** A point nearer than this to the line between its neighbours is not needed. */
const TOLERANCE = 1;

/** Five bits a digit, the sixth says that more follow; the lowest bit of all is the sign. @param {number} value whole */
function digits(value) {
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  let text = "";
  do {
    const low = left % 32;
    left = Math.floor(left / 32);
    text += DIGITS[low + (left > 0 ? 32 : 0)];
  } while (left > 0);
  return text;
}

/** The numbers that digits say, null where they break off or say too much. @param {string} text @returns {number[] | null} */
function numbersOf(text) {
  const numbers = [];
  let [value, unit] = [0, 1];
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0 || unit > 2 ** 25) return null;
    value += (digit % 32) * unit;
    unit *= 32;
    if (digit >= 32) continue;
    numbers.push(value % 2 ? -(value + 1) / 2 : value / 2);
    [value, unit] = [0, 1];
  }
  return unit === 1 ? numbers : null;
}

/** @param {ArrayLike<number>} points */
function writePoints(points) {
  let text = "";
  for (let i = 0; i < points.length; i++) {
    const before = i < 2 ? 0 : Math.round(points[i - 2] * FINE);
    text += digits(Math.round(points[i] * FINE) - before);
  }
  return text;
}

/** @param {number[]} numbers @returns {number[] | null} */
function readPoints(numbers) {
  if (numbers.length < 2 || numbers.length % 2) return null;
  const points = [];
  const last = [0, 0];
  for (let i = 0; i < numbers.length; i++) {
    last[i % 2] += numbers[i];
    points.push(last[i % 2] / FINE);
  }
  return points.every((value) => value >= EDGE.low && value <= EDGE.high) ? points : null;
}

/** @param {Mark} mark @returns {string} */
function write(mark) {
  if (mark.kind === "pen") return `p${writePoints(mark.points)}`;
  if (mark.kind === "eraser") return `e${writePoints(mark.points)}`;
  if (mark.kind === "move") return `m${[mark.degrees, mark.x, mark.y].map(digits).join("")}`;
  if (mark.kind === "thicken") return `t${digits(Math.round(100 * mark.share))}`;
  return mark.kind === "noise" ? `n${[mark.deviation, mark.seed].map(digits).join("")}` : "";
}

/** @param {string} text @returns {Mark | null} */
function read(text) {
  const numbers = numbersOf(text.slice(1));
  if (!numbers) return null;
  const [a, b, c] = numbers;
  const isWithin = (/** @type {number[]} */ ...most) => numbers.length === most.length && most.every((limit, i) => Math.abs(numbers[i]) <= limit);
  if (text[0] === "p" || text[0] === "e") {
    const points = readPoints(numbers);
    return points && { kind: text[0] === "p" ? "pen" : "eraser", points };
  }
  if (text[0] === "m" && isWithin(360, 28, 28)) return { kind: "move", degrees: a, x: b, y: c };
  if (text[0] === "t" && isWithin(100)) return { kind: "thicken", share: a / 100 };
  if (text[0] === "n" && isWithin(255, 65535) && a >= 0 && b >= 0) return { kind: "noise", deviation: a, seed: b };
  return null;
}

/** @param {Mark[]} marks */
const writeAll = (marks) => marks.map(write).join(".");

/** Marks in the URL. @type {import("./params.js").Codec<Mark[]>} */
export const marksCodec = {
  name: "marks",
  initial: [],
  read(given) {
    if (given === "") return [];
    if (given.length > MOST_CHARACTERS) return null;
    const marks = given.split(".").map(read);
    return marks.length > MOST_MARKS || marks.includes(null) ? null : /** @type {Mark[]} */ (marks);
  },
  write: writeAll,
};

/** Whether a link can hold them. @param {Mark[]} marks */
export const fitsLink = (marks) => marks.length <= MOST_MARKS && writeAll(marks).length <= MOST_CHARACTERS;

/**
 * A stroke as the link keeps it: without the points that its line does without (D. Douglas and T. Peucker, 1973), in the link's steps.
 * @param {number[]} points x, y, x, y, ...
 */
export function tidied(points) {
  const last = points.length / 2 - 1;
  const kept = new Set([0, last]);
  const open = [[0, last]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span;
    let [farthest, distance] = [0, TOLERANCE];
    for (let i = from + 1; i < to; i++) {
      const d = fromChord(points, i, from, to);
      if (d > distance) [farthest, distance] = [i, d];
    }
    if (farthest === 0) continue;
    kept.add(farthest);
    open.push([from, farthest], [farthest, to]);
  }
  return [...kept].sort((a, b) => a - b).flatMap((i) => [points[2 * i], points[2 * i + 1]].map((value) => Math.round(value * FINE) / FINE));
}

/** Distance of a point from the line between two others. @param {number[]} points @param {number} i @param {number} from @param {number} to */
function fromChord(points, i, from, to) {
  const [ax, ay] = [points[2 * from], points[2 * from + 1]];
  const [dx, dy] = [points[2 * to] - ax, points[2 * to + 1] - ay];
  const [px, py] = [points[2 * i] - ax, points[2 * i + 1] - ay];
  const t = Math.max(0, Math.min(1, (px * dx + py * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(px - t * dx, py - t * dy);
}
