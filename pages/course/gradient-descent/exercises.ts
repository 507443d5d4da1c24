import type { Exercise } from "../../live/judge.ts";

const largestRate: Exercise = {
  id: "largest-rate",
  title: "The limit of the rate",
  hint: "The limit is `2/λ`, where `λ` is the largest second derivative.",
  draw: (draw) => {
    const [a, b] = [draw.whole(1, 4), draw.whole(5, 12)];
    return {
      kind: "number",
      question: `On \`f = ${a === 1 ? "" : `${a}*`}x^2 + ${b}*y^2\`, below which rate does gradient descent arrive?`,
      answer: 2 / (2 * b),
      tolerance: 5e-4,
      misconceptions: [
        {
          name: "the coefficient is taken for the curvature",
          answer: 2 / b,
          why: `The second derivative of \`${b}*y^2\` is ${2 * b}, twice the coefficient, and the limit is 2 divided by it.`,
        },
        {
          name: "the flattest direction is taken for the steepest",
          answer: 2 / (2 * a),
          why: "The steepest direction diverges first, so the largest curvature sets the limit.",
        },
        {
          name: "the rate that arrives in one step is taken for the limit",
          answer: 1 / (2 * b),
          why: "At the rate `1/λ`, a step reaches the minimum. Up to twice this rate it jumps across, but still gets closer.",
        },
      ],
    };
  },
};

/** Functions of x with their derivatives, as formulas. */
const functions = [
  ["x^3", "3*x^2"],
  ["sin(2*x)", "2*cos(2*x)"],
  ["exp(x) - x", "exp(x) - 1"],
  ["x^4 - x", "4*x^3 - 1"],
] as const;

const oneStep: Exercise = {
  id: "one-step",
  title: "One step",
  hint: "A step subtracts the rate times the derivative from `x`.",
  draw: (draw) => {
    const [f, slope] = draw.one(functions);
    return {
      kind: "expression",
      question: `Where does one step of gradient descent on \`f(x) = ${f}\` go from \`x\`, at the rate \`r\`?`,
      names: ["x", "r"],
      answer: `x - r*(${slope})`,
      misconceptions: [
        {
          name: "the sign of the step",
          answer: `x + r*(${slope})`,
          why: "The gradient points uphill: a step goes against it.",
        },
        {
          name: "the rate is taken twice",
          answer: `x - r^2*(${slope})`,
          why: "The rate multiplies the gradient once.",
        },
        {
          name: "the rate is forgotten",
          answer: `x - (${slope})`,
          why: "The gradient is multiplied by `r` before it is subtracted.",
        },
        {
          name: "this is the change, not the point",
          answer: `-r*(${slope})`,
          why: "A step begins at `x`.",
        },
        {
          name: "the function is taken for its derivative",
          answer: `x - r*(${f})`,
          why: "The length of a step depends on the slope, not on the height.",
        },
      ],
    };
  },
};

const shrinking: Exercise = {
  id: "shrinking",
  title: "How fast at best",
  hint: "One step multiplies the error along a direction of curvature `λ` by `1 - η*λ`.",
  draw: (draw) => {
    const [low, high] = [draw.whole(1, 2), draw.one([5, 7, 9, 11])];
    const factor = (high - low) / (high + low);
    return {
      kind: "number",
      question: `A bowl has the curvatures ${low} and ${high}. At the rate \`2/(${low} + ${high})\`, by what does one step multiply the distance from the minimum?`,
      answer: factor,
      misconceptions: [
        {
          name: "this is the rate `1/λ` of the steepest direction",
          answer: 1 - low / high,
          why: `There the flat direction shrinks by \`1 - ${low}/${high}\`. At the rate of the question, both directions shrink by the same factor.`,
        },
        {
          name: "this is what the step takes away",
          answer: 1 - factor,
          why: "The rest is 1 minus that.",
        },
        {
          name: "the ratio of the curvatures alone",
          answer: low / high,
          why: `A step multiplies the error by \`1 - η*λ\`: insert the rate, and ${low} for λ.`,
        },
        {
          name: "this is the factor of the steep coordinate, with its sign",
          answer: -factor,
          why: "The steep coordinate changes sides in each step. A distance has no sign.",
        },
      ],
    };
  },
};

/** Exercises at the end of the chapter. */
export const exercises: readonly Exercise[] = [largestRate, oneStep, shrinking];
