/** Files of arrays, as tests write them. */
import { writeFileSync } from "node:fs";

/** Numbers of one type as bytes: float16 from numbers that it holds exactly. @type {Record<string, (values: ArrayLike<number>) => Buffer>} */
const BYTES = {
  "<f2": (values) => Buffer.from(Uint16Array.from(values, half).buffer),
  "<f4": (values) => Buffer.from(Float32Array.from(values).buffer),
  "<f8": (values) => Buffer.from(Float64Array.from(values).buffer),
  "<i8": (values) => Buffer.from(BigInt64Array.from(values, (value) => BigInt(value)).buffer),
  "|u1": (values) => Buffer.from(Uint8Array.from(values)),
};

/** @param {number} value */
function half(value) {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent > 30) return sign | 0x7c00;
  return exponent > 0 ? sign | (exponent << 10) | ((bits >>> 13) & 0x3ff) : sign;
}

/** The bytes of a .npy file. @param {string} type @param {number[]} shape @param {ArrayLike<number>} values @param {string} [fortran] */
export function npyBytes(type, shape, values, fortran = "False") {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${type}', 'fortran_order': ${fortran}, 'shape': (${dimensions}), }`.padEnd(117) + "\n";
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header), (BYTES[type] ?? BYTES["|u1"])(values)]);
}

/** A .npy file. @param {string} path @param {string} type @param {number[]} shape @param {number[]} values @param {string} [fortran] */
export const npy = (path, type, shape, values, fortran) => writeFileSync(path, npyBytes(type, shape, values, fortran));

/** The bytes of a .safetensors file of float32. @param {Record<string, { shape: number[], values: ArrayLike<number> }>} tensors */
export function safetensorsBytes(tensors) {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, values }]) => [name, { dtype: "F32", shape, data_offsets: [at, (at += 4 * values.length)] }]),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...Object.values(tensors).map(({ values }) => BYTES["<f4"](values))]);
}

/** A .safetensors file of float32. @param {string} path @param {Record<string, { shape: number[], values: number[] }>} tensors */
export const safetensors = (path, tensors) => writeFileSync(path, safetensorsBytes(tensors));

/** Numbers that look random and are the same each time: multiples of 1/64 within [-4, 4). @param {number} count @param {number} [seed] */
export function numbers(count, seed = 1) {
  let state = seed;
  return Array.from({ length: count }, () => ((state = (state * 1103515245 + 12345) % 2147483648) >> 16) % 512 / 64 - 4);
}
