/** The order of the samples in the panel: by number, by class, or by any measure, either way. */
import { MEASURES } from "./measures.js";

/** @typedef {import("./measures.js").MeasureContext} MeasureContext */

/**
 * What samples can be sorted by.
 *
 * @typedef {object} Key
 * @property {string} name as in the URL
 * @property {string} title
 * @property {import("../answers.js").Answers} [needs] what must be known of the model's answers
 * @property {((value: number) => string) | null} format null: the panel says it anyway
 * @property {(context: MeasureContext) => ArrayLike<number> | null} read [N]; null while it has not arrived
 */

/**
 * @typedef {object} Order
 * @property {Key} key
 * @property {boolean} descending
 * @property {ArrayLike<number> | null} values [N] null while they have not arrived: the samples then stand by number
 * @property {Uint32Array} ranked all samples
 */

/** In the order of the list. @type {Key[]} */
export const KEYS = [
  { name: "sample", title: "Number", format: null, read: ({ bundle }) => Uint32Array.from(bundle.labels.keys()) },
  { name: "class", title: "Class", format: null, read: ({ bundle }) => bundle.labels },
  { name: "predicted", title: "Predicted class", needs: "classes", format: null, read: ({ bundle }) => bundle.predictions },
  ...MEASURES,
];

/** What the state asks for. @param {string} sort @returns {{ key: Key, descending: boolean }} */
export function readSort(sort) {
  const name = sort.replace(/^-/, "");
  return { key: KEYS.find((key) => key.name === name) ?? KEYS[0], descending: sort.startsWith("-") };
}

/**
 * Numbers 0 to n - 1 by their values, equal ones by number, those that are no numbers last.
 *
 * A value's 32 bits, made to sort as a whole number, stand above its index in one 64-bit number: these sort without calling back.
 * @param {ArrayLike<number>} values to float32's precision @param {boolean} descending
 */
export function rank(values, descending) {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  const pairs = new BigUint64Array(bits.length);
  const words = new Uint32Array(pairs.buffer);
  for (let i = 0; i < bits.length; i++) {
    const ascending = bits[i] >>> 31 ? ~bits[i] : bits[i] | 0x80000000;
    words[2 * i] = i;
    words[2 * i + 1] = Number.isNaN(values[i]) ? 0xffffffff : descending ? ~ascending : ascending;
  }
  pairs.sort();
  return Uint32Array.from(bits, (_, i) => words[2 * i]);
}

/** Whether two arrays are the same numbers in memory. @param {any} a @param {any} b */
const isSame = (a, b) => a === b || (a && b && a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length);

/** Sorts when what it sorts by has changed, not before. @returns {(context: MeasureContext) => Order} */
export function createOrder() {
  /** @type {Order | null} */
  let last = null;
  return (context) => {
    const { key, descending } = readSort(context.state.sort);
    const values = last?.key === key && key.format === null ? last.values : key.read(context);
    if (last?.key === key && last.descending === descending && isSame(last.values, values)) return last;
    const ranked = values ? rank(values, descending) : Uint32Array.from(context.bundle.labels.keys());
    return (last = { key, descending, values, ranked });
  };
}
