// Initial numbers of all contestants, drawn from fixed seeds, so that results can be compared. bench/torch.py draws the
// same numbers.

/**
 * A fixed sequence of float32 numbers in [-scale, scale).
 *
 * @param {number} seed
 * @param {number} count
 * @param {number} [scale]
 * @returns {Float32Array}
 */
export function numbers(seed, count, scale = 1) {
  const out = new Float32Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = Math.fround(state / 2 ** 31 - 1) * scale;
  }
  return out;
}

/**
 * One array of a model: its shape and its numbers, row by row.
 *
 * @typedef {object} Leaf
 * @property {number[]} shape
 * @property {Float32Array | Int32Array} values
 */

const sizeOf = (shape) => shape.reduce((n, size) => n * size, 1);

/** Random numbers of a shape. */
export const randomLeaf = (seed, shape, scale) => ({ shape, values: numbers(seed, sizeOf(shape), scale) });

/** An array with one number in all elements. */
export const constantLeaf = (shape, value) => ({
  shape,
  values: new Float32Array(sizeOf(shape)).fill(value),
});

/** Classes 0, 1, 2, … in turn. */
export const labelLeaf = (count, classes) => ({
  shape: [count],
  values: Int32Array.from({ length: count }, (_, i) => i % classes),
});

/** One-hot rows of these classes. */
export const oneHotLeaf = (count, classes) => ({
  shape: [count, classes],
  values: Float32Array.from({ length: count * classes }, (_, i) =>
    i % classes === Math.floor(i / classes) % classes ? 1 : 0,
  ),
});

/** Replaces each leaf (a record with `values`) of a structure. */
export function mapLeaves(tree, f) {
  if (tree.values instanceof Float32Array || tree.values instanceof Int32Array) return f(tree);
  return Object.fromEntries(Object.entries(tree).map(([name, part]) => [name, mapLeaves(part, f)]));
}

/** The members of nested objects that satisfy `isMember`, in order. */
export function membersOf(tree, isMember) {
  return isMember(tree) ? [tree] : Object.values(tree).flatMap((part) => membersOf(part, isMember));
}

/**
 * Condenses an array to a few numbers that detect a wrong one: ends, middle, mean, mean magnitude, and an
 * order-dependent mean.
 *
 * @param {ArrayLike<number>} values
 */
export function digest(values) {
  const n = values.length;
  let [sum, size, ordered] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    sum += values[i];
    size += Math.abs(values[i]);
    ordered += values[i] * (1 + (i % 7));
  }
  return [values[0], values[n >> 1], values[n - 1], sum / n, size / n, ordered / n];
}

/**
 * Condenses gradients to a few numbers that detect wrong ones and do not depend on a library's order of axes.
 *
 * @param {ArrayLike<number>[]} arrays
 */
export function gradientDigest(arrays) {
  let [squares, sizes] = [0, 0];
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      squares += values[i] * values[i];
      sizes += Math.abs(values[i]);
    }
  }
  return [Math.sqrt(squares), sizes];
}
