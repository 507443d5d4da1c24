import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "gradient-of-a-batch",
    task: "The model is the line $w*x + b$, and the loss of a batch is the mean of the squared errors. Return the derivatives in `w` and in `b`.",
    start: `function gradient(w, b, xs, ys) {
  let dw = 0;
  let db = 0;
  for (let i = 0; i < xs.length; i++) {
    const error = w * xs[i] + b - ys[i];
    dw += error * xs[i];
    db += error;
  }
  return [dw, db];
}`,
    names: ["gradient"],
    hints: [
      "The code adds the contributions of all items. The loss is their mean.",
      "The derivative of a square has a factor 2.",
      "Multiply both sums by 2 / xs.length.",
    ],
    solution: `function gradient(w, b, xs, ys) {
  let dw = 0;
  let db = 0;
  for (let i = 0; i < xs.length; i++) {
    const error = w * xs[i] + b - ys[i];
    dw += error * xs[i];
    db += error;
  }
  const scale = 2 / xs.length;
  return [scale * dw, scale * db];
}`,
  },
  {
    id: "shuffle",
    task: "Cut the indices 0 … n − 1 into batches of `size`, in random order. Every index must occur exactly once. If `size` does not divide n, the last batch is smaller.\n\n`random()` returns a number from 0 to 1.",
    start: `function batches(n, size, random) {
  const all = [];
  for (let i = 0; i + size <= n; i += size) {
    const batch = [];
    for (let k = 0; k < size; k++) batch.push(Math.floor(random() * n));
    all.push(batch);
  }
  return all;
}`,
    names: ["batches"],
    hints: [
      "Independent random indices repeat some items and miss others. Shuffle a list of all indices instead.",
      "To shuffle: for i from n − 1 down to 1, swap entry i with a random entry from 0 to i.",
      "Then cut the list: order.slice(i, i + size) for i = 0, size, 2 * size, … below n.",
    ],
    solution: `function batches(n, size, random) {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [order[i], order[k]] = [order[k], order[i]];
  }
  const all = [];
  for (let i = 0; i < n; i += size) all.push(order.slice(i, i + size));
  return all;
}`,
  },
  {
    id: "accumulate",
    task: "The memory holds `most` items, but the batch has more. `meanGradient(part)` returns the mean gradient of a part with at most `most` items, as a number.\n\nReturn the mean gradient of all items. The last part may be smaller than the others.",
    start: `function gradient(items, most, meanGradient) {
  let sum = 0;
  let parts = 0;
  for (let i = 0; i < items.length; i += most) {
    sum += meanGradient(items.slice(i, i + most));
    parts += 1;
  }
  return sum / parts;
}`,
    names: ["gradient"],
    hints: [
      "The mean of the means is the mean only if all parts have the same size.",
      "Weight each mean by the number of its items.",
      "Add part.length * meanGradient(part), and divide by items.length.",
    ],
    solution: `function gradient(items, most, meanGradient) {
  let sum = 0;
  for (let i = 0; i < items.length; i += most) {
    const part = items.slice(i, i + most);
    sum += part.length * meanGradient(part);
  }
  return sum / items.length;
}`,
  },
  {
    id: "enough-items",
    task: "The gradients of single items have the standard deviation `spread`. How many items must a batch have, so that the standard deviation of its mean gradient is at most `target`?\n\nReturn the smallest such number.",
    start: `function size(spread, target) {
  return Math.ceil(spread / target);
}`,
    names: ["size"],
    hints: [
      "A batch of four times the size has half the noise, not a quarter.",
      "The standard deviation of the mean of n items is spread divided by the square root of n.",
      "Solve spread / Math.sqrt(n) = target for n, and round up.",
    ],
    solution: `function size(spread, target) {
  return Math.ceil((spread / target) ** 2);
}`,
  },
];
