// Titles of the puzzles by chapter, in their order. Pages show them before a puzzle is loaded.
import type { PuzzleLink } from "./puzzle.ts";

function links(titles: Readonly<Record<string, string>>): readonly PuzzleLink[] {
  return Object.entries(titles).map(([id, title]) => ({ id, title }));
}

/** Puzzles by the slug of their chapter. */
export const puzzleLinks: Readonly<Record<string, readonly PuzzleLink[]>> = {
  "derivative-of-code": links({
    "slope-of-square": "Your first derivative",
    "two-sided": "A better difference quotient",
    "best-step": "The best step",
    "loop-slope": "The derivative of a loop",
  }),
  "forward-mode": links({
    "rule-of-sin": "Write the rule of sin",
    "product-rule": "Write the product rule",
    "quotient-rule": "Write the quotient rule",
    "dual-loop": "Through Newton's method",
    "one-pass": "One pass for one direction",
  }),
  "dependency-graph": links({
    "school-chain-rule": "Two factors",
    "long-chain": "A chain of any length",
    "sum-over-paths": "A sum over paths",
    "without-paths": "A trillion paths in one sweep",
  }),
  "reverse-mode": links({
    "product-backward": "A product, backward",
    "backward-pass": "The lost contribution",
    "transpose-of-sum": "Transpose a sum",
    tape: "Play a tape backward",
    "store-less": "Store less and pass the same check",
  }),
  "gradient-descent": links({
    "one-step": "Write gradient descent",
    "make-it-diverge": "Make this diverge",
    "best-rate": "The best rate",
    "line-search": "A rate for every step",
  }),
  batches: links({
    "gradient-of-a-batch": "The gradient of a batch",
    shuffle: "Every item once",
    accumulate: "A batch larger than the memory",
    "enough-items": "How many items are enough",
  }),
  landscapes: links({
    classify: "Minimum, maximum or saddle",
    escape: "Leave the saddle",
    plateau: "Cross a plateau",
    "many-starts": "Find the lowest valley",
  }),
  "momentum-and-schedules": links({
    momentum: "Write momentum",
    nesterov: "Look ahead",
    "momentum-limit": "Diverge with momentum",
    cosine: "Write a cosine schedule",
    "warm-up": "Warm up first",
  }),
  "adaptive-methods": links({
    adagrad: "Write Adagrad",
    rmsprop: "Forget the distant past",
    adam: "Write Adam",
    adamw: "Decay the weights",
  }),
  "a-real-network": links({
    "relu-backward": "A neuron that is off",
    "layer-backward": "A layer, backward",
    "softmax-gradient": "The gradient of a classifier",
    "train-it": "Train a classifier",
  }),
  curvature: links({
    "newton-step": "Write Newton's method",
    "hessian-vector": "A product without the matrix",
    "gauss-newton": "Fit a curve in eight steps",
    "conjugate-gradients": "Solve by products alone",
    "two-loops": "Write the loops of L-BFGS",
  }),
  "derivatives-of-programs": links({
    "loop-backward": "A loop, backward",
    branch: "The branch that was taken",
    overwritten: "The overwritten array",
    "one-exp": "One call of exp",
  }),
};
