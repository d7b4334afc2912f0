/** The reference network's weights as the peers of forward.mjs take them: read from safetensors, and written as ONNX. */

/** @typedef {{ shape: number[], values: Float32Array }} Tensor */

/** @param {number} half a float16's bits */
function fromHalf(half) {
  const [sign, exponent, fraction] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** @param {Uint8Array} bytes a safetensors file of float32 or float16 tensors @returns {Record<string, Tensor>} */
export function readTensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  delete header.__metadata__;
  return Object.fromEntries(
    Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
      const data = new Uint8Array(bytes.subarray(start + from, start + to)).buffer;
      return [name, { shape, values: dtype === "F16" ? Float32Array.from(new Uint16Array(data), fromHalf) : new Float32Array(data) }];
    }),
  );
}

/* ---- ONNX: protocol buffers by hand. Field numbers are those of the ONNX project's onnx.proto. ---- */

/** @param {number} value @returns {number[]} */
const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]);

const encoder = new TextEncoder();

/** One field: a number, or text, bytes or a message with its length before it. @param {number} field @param {number | string | Uint8Array} value */
function put(field, value) {
  if (typeof value === "number") return Uint8Array.from([...varint(field * 8), ...varint(value)]);
  const body = typeof value === "string" ? encoder.encode(value) : value;
  return join([Uint8Array.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
}

/** @param {Uint8Array[]} parts */
function join(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

const FLOAT = 1;
const INT = 2;
const INTS = 7;

/** @param {string} name @param {Tensor} tensor */
const tensorOf = (name, { shape, values }) =>
  join([...shape.map((size) => put(1, size)), put(2, FLOAT), put(8, name), put(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))]);

/** @param {string} name @param {number | number[]} value */
const attributeOf = (name, value) =>
  Array.isArray(value) ? join([put(1, name), ...value.map((v) => put(8, v)), put(20, INTS)]) : join([put(1, name), put(3, value), put(20, INT)]);

/** @param {string} type @param {string[]} inputs @param {string} output @param {Record<string, number | number[]>} [attributes] */
const nodeOf = (type, inputs, output, attributes = {}) =>
  join([...inputs.map((name) => put(1, name)), put(2, output), put(4, type), ...Object.entries(attributes).map(([name, value]) => put(5, attributeOf(name, value)))]);

/** @param {string} name @param {number[]} shape */
const valueOf = (name, shape) =>
  join([put(1, name), put(2, put(1, join([put(1, FLOAT), put(2, join(shape.map((size) => put(1, put(1, size)))))])))]);

/**
 * The reference network as an ONNX model of a fixed batch: "input" [batch, 1, 28, 28] to "logits" [batch, classes].
 * @param {Record<string, Tensor>} tensors @param {number} batch
 */
export function onnxModel(tensors, batch) {
  const same = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] };
  const half = { kernel_shape: [2, 2], strides: [2, 2] };
  /** @type {Uint8Array[]} */
  const nodes = [];
  let last = "input";
  const add = (/** @type {string} */ type, /** @type {string[]} */ more, /** @type {Record<string, number | number[]>} */ attributes = {}, to = `${nodes.length}`) => {
    nodes.push(nodeOf(type, [last, ...more], to, attributes));
    last = to;
  };
  for (const layer of [0, 3, 6]) {
    add("Conv", [`${layer}.weight`, `${layer}.bias`], same);
    add("Relu", []);
    add("MaxPool", [], half);
  }
  add("Flatten", [], { axis: 1 });
  add("Gemm", ["10.weight", "10.bias"], { transB: 1 });
  add("Relu", []);
  add("Gemm", ["12.weight", "12.bias"], { transB: 1 }, "logits");
  const graph = [
    ...nodes.map((node) => put(1, node)),
    put(2, "reference"),
    ...Object.entries(tensors).map(([name, tensor]) => put(5, tensorOf(name, tensor))),
    put(11, valueOf("input", [batch, 1, 28, 28])),
    put(12, valueOf("logits", [batch, tensors["12.bias"].shape[0]])),
  ];
  const [irVersion, opset] = [8, 17];
  return join([put(1, irVersion), put(7, join(graph)), put(8, put(2, opset))]);
}
