import type { Exercise } from "../../live/judge.ts";

const secondStep: Exercise = {
  id: "second-step",
  title: "Adagrad's second step",
  hint: "Adagrad divides the rate times the gradient by the root of the sum of the squares of all gradients so far, this one included.",
  draw: (draw) => {
    const times = draw.whole(2, 3);
    const sum = times === 2 ? "a^2 + b^2" : "2*a^2 + b^2";
    const seen = times === 2 ? "`a`, then `b`" : "`a`, `a` again, then `b`";
    return {
      kind: "expression",
      question: `The gradients of a weight are ${seen}, ${times === 2 ? "both" : "all"} positive. How long is Adagrad's last step, at the rate \`r\`?`,
      names: ["a", "b", "r"],
      answer: `r*b/sqrt(${sum})`,
      between: [0.4, 2],
      misconceptions: [
        {
          name: "the first gradients are forgotten",
          answer: "r",
          why: "Divided by its own size alone each step would be r. Adagrad forgets nothing.",
        },
        {
          name: "the square is left out",
          answer: times === 2 ? "r*b/(a + b)" : "r*b/(2*a + b)",
          why: "It divides by the root of the sum of squares, not by the sum.",
        },
        {
          name: "a mean is taken for the sum",
          answer: `r*b/sqrt((${sum})/${times})`,
          why: "A mean of squares is RMSProp's idea. Adagrad adds them up.",
        },
        {
          name: "this gradient is left out",
          answer: times === 2 ? "r*b/a" : "r*b/sqrt(2*a^2)",
          why: "The square is added before the step is taken.",
        },
      ],
    };
  },
};

const steady: Exercise = {
  id: "steady-gradient",
  title: "A gradient that stays",
  hint: "Write the sum of `t` equal squares, take its root, and divide: what remains of the gradient?",
  draw: (draw) => {
    const gradient = draw.one([0.01, 0.2, 3, 50]);
    const t = draw.one([4, 9, 16, 25, 100]);
    const rate = draw.one([0.1, 0.5]);
    return {
      kind: "number",
      question: `The gradient of a weight is ${gradient} at every step. How long is Adagrad's step ${t}, at the rate ${rate}?`,
      answer: rate / Math.sqrt(t),
      tolerance: 1e-4,
      misconceptions: [
        {
          name: "nothing is remembered",
          answer: rate,
          why: `After ${t} steps the sum holds ${t} squares, and its root is √${t} gradients.`,
        },
        {
          name: "the root is left out",
          answer: rate / t,
          why: `The sum of ${t} squares is ${t} times one of them, and its root √${t} times the gradient.`,
        },
        {
          name: "the gradient is not divided out",
          answer: (rate * gradient) / Math.sqrt(t),
          why: "The size of the gradient is a factor of the numerator and of the denominator, so it cancels.",
        },
      ].filter(({ answer }) => Math.abs(answer - rate / Math.sqrt(t)) > 1e-3),
    };
  },
};

const first: Exercise = {
  id: "adams-first-step",
  title: "Adam's first step",
  hint: "At the first step both corrected means are exact: they are `g` and `g^2`.",
  draw: (draw) => {
    const gradient = draw.one([0.002, 0.5, 7, 300]);
    const rate = draw.one([0.1, 0.2, 0.5]);
    return {
      kind: "number",
      question: `Adam begins with \`β₁ = 0.9\`, \`β₂ = 0.999\` and the rate ${rate}. The first gradient of a weight is ${gradient}. How far does the weight move?`,
      answer: rate,
      tolerance: 1e-3,
      misconceptions: [
        {
          name: "the correction is left out",
          answer: (rate * 0.1) / Math.sqrt(0.001),
          why: "Both means begin at 0 and are too small at first: `0.1*g` and `0.001*g²`. Divided by `1 − β₁` and `1 − β₂` they are `g` and `g²`.",
        },
        {
          name: "the gradient is not divided out",
          answer: rate * gradient,
          why: "That is gradient descent. Adam divides by the size of the gradient.",
        },
        {
          name: "only the mean square is corrected",
          answer: rate * 0.1,
          why: "The mean is corrected too: `0.1*g` divided by `1 − 0.9` is `g`.",
        },
      ].filter(({ answer }) => Math.abs(answer - rate) > 0.01),
    };
  },
};

const halfLife: Exercise = {
  id: "forgetting",
  title: "How quickly it is forgotten",
  hint: "Each step multiplies the remembered square by α. After `t` steps the factor is `α^t`.",
  draw: (draw) => {
    const alpha = draw.one([0.9, 0.95, 0.98, 0.99]);
    return {
      kind: "number",
      question: `RMSProp keeps the fraction ${alpha} of its mean square in each step. After one large gradient, all gradients are 0. After how many steps is the mean square half as large? (Do not round.)`,
      answer: Math.log(0.5) / Math.log(alpha),
      misconceptions: [
        {
          name: "the mean age is taken for the half",
          answer: 1 / (1 - alpha),
          why: `After 1/(1 − α) steps about 1/e is left, not a half. It is halved when \`${alpha}^t = 1/2\`.`,
        },
        {
          name: "it is taken to fall in a straight line",
          answer: 0.5 / (1 - alpha),
          why: `Each step keeps ${alpha} of what is left, not of what there was: \`${alpha}^t\`.`,
        },
        {
          name: "the root is halved in place of the square",
          answer: (2 * Math.log(0.5)) / Math.log(alpha),
          why: "The root of it, by which steps are divided, takes twice as long. The question is about the square.",
        },
      ],
    };
  },
};

export const exercises: readonly Exercise[] = [secondStep, steady, first, halfLife];
