/** @typedef {import("./ntrace.d.ts").TracePoint} TracePoint */
/** @typedef {import("./ntrace.d.ts").TraceSector} TraceSector */

const POINT_BYTES = 44;
const SECTOR_BYTES = 20;
const IN_FROM = 1;
const IN_TO = 2;

/**
 * A trace as it travels between threads: the numbers of struct nt_trace and its two arrays, byte for byte.
 * @typedef {object} PackedTrace
 * @property {Omit<import("./ntrace.d.ts").Trace, "points" | "sectors">} head
 * @property {Uint8Array} points
 * @property {Uint8Array} sectors
 */

/**
 * Copies a struct nt_trace (include/ntrace/trace.h) out of memory.
 * @param {import("./core.js").Core} core
 * @param {number} at
 * @param {boolean} exact
 * @param {number} milliseconds
 * @returns {PackedTrace}
 */
export function packTrace(core, at, exact, milliseconds) {
  const [sample, from, to, k, points, sectors, overlap, closer, farther, pointsAt, sectorsAt] = core.copyU32(at, 11);
  return {
    head: { sample, from, to, k, exact, overlap, closer, farther, milliseconds },
    points: core.copyU8(pointsAt, points * POINT_BYTES),
    sectors: core.copyU8(sectorsAt, sectors * SECTOR_BYTES),
  };
}

/** @param {PackedTrace} packed @returns {import("./ntrace.d.ts").Trace} */
export function unpackTrace({ head, points, sectors }) {
  return { ...head, points: records(points, POINT_BYTES, point), sectors: records(sectors, SECTOR_BYTES, sector) };
}

/**
 * @template T
 * @param {Uint8Array} bytes @param {number} size @param {(view: DataView, at: number) => T} read
 */
function records(bytes, size, read) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size));
}

/** @param {DataView} view @param {number} at @returns {TracePoint} */
function point(view, at) {
  const member = view.getUint32(at + 8, true);
  return {
    sample: view.getUint32(at, true),
    label: view.getUint32(at + 4, true),
    inFrom: (member & IN_FROM) !== 0,
    inTo: (member & IN_TO) !== 0,
    rankFrom: view.getUint32(at + 12, true),
    rankTo: view.getUint32(at + 16, true),
    distanceFrom: view.getFloat32(at + 20, true),
    distanceTo: view.getFloat32(at + 24, true),
    radiusFrom: view.getFloat32(at + 28, true),
    radiusTo: view.getFloat32(at + 32, true),
    angle: view.getFloat32(at + 36, true),
    change: view.getFloat32(at + 40, true),
  };
}

/** @param {DataView} view @param {number} at @returns {TraceSector} */
function sector(view, at) {
  return {
    label: view.getUint32(at, true),
    start: view.getFloat32(at + 4, true),
    end: view.getFloat32(at + 8, true),
    countFrom: view.getUint32(at + 12, true),
    countTo: view.getUint32(at + 16, true),
  };
}
