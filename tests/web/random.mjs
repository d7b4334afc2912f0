/** Numbers that are the same in every run. @param {number} seed */
export function lehmer(seed) {
  let state = seed;
  return (/** @type {number} */ below) => (state = (state * 48271) % 2147483647) % below;
}
