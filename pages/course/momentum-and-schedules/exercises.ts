import type { Exercise } from "../../live/judge.ts";

const remembered: Exercise = {
  id: "remembered",
  title: "What a step remembers",
  hint: "Write the velocities of the first steps: each is `b` times the one before, plus `g`.",
  draw: (draw) => {
    const steps = draw.whole(2, 4);
    const powers = Array.from({ length: steps }, (_, k) => (k === 0 ? "1" : `b^${k}`));
    const sum = powers.join(" + ");
    const whole = powers.map((power, k) => `${steps - k}*${power}`).join(" + ");
    return {
      kind: "expression",
      question: `With \`v ← b*v + g\` and \`x ← x − r*v\`, from \`v = 0\`, every gradient is the same \`g\`. By how much does step ${steps} make \`x\` smaller?`,
      names: ["b", "r", "g"],
      answer: `r*g*(${sum})`,
      between: [0.1, 0.9],
      misconceptions: [
        {
          name: "the velocity is forgotten",
          answer: "r*g",
          why: "That is gradient descent. The velocity of the step before is still there, b times as large.",
        },
        {
          name: "all steps are counted",
          answer: `r*g*(${whole})`,
          why: `This is the sum of all ${steps} steps. The question is about the last one.`,
        },
        {
          name: "the velocity is taken for a mean",
          answer: `r*g*(1 - b)*(${sum})`,
          why: "In this form the new gradient enters whole, not 1 − b of it. The velocity is a sum.",
        },
      ],
    };
  },
};

const steadyStep: Exercise = {
  id: "steady-step",
  title: "The step along a steady slope",
  hint: "In the end the velocity stays the same: solve `v = β*v + 1`.",
  draw: (draw) => {
    const beta = draw.one([0.5, 0.75, 0.8, 0.9, 0.95]);
    const rate = draw.one([0.1, 0.2, 0.4]);
    return {
      kind: "number",
      question: `Momentum ${beta}, rate ${rate}, and the gradient is 1 at every step. How long do the steps become in the end?`,
      answer: rate / (1 - beta),
      misconceptions: [
        {
          name: "the velocity is forgotten",
          answer: rate,
          why: "Only the first step is so short. Velocities add up: `1 + β + β² + … = 1/(1 − β)`.",
        },
        {
          name: "the velocity is taken for a mean",
          answer: rate * (1 - beta),
          why: "The gradient enters the velocity whole here, so steps become longer, not shorter.",
        },
        {
          name: "two steps are taken for all",
          answer: rate * (1 + beta),
          why: "That is the second step. The third has `β²` more, and so on.",
        },
      ],
    };
  },
};

const limit: Exercise = {
  id: "limit-with-momentum",
  title: "How high the rate may be",
  hint: "The limit of gradient descent is `2/λ`. Momentum `β` makes it `1 + β` times as high.",
  draw: (draw) => {
    const beta = draw.one([0.5, 0.6, 0.8, 0.9]);
    const curvature = draw.one([4, 5, 8, 20, 50]);
    return {
      kind: "number",
      question: `The largest curvature is ${curvature} and the momentum ${beta}. Below which rate does a run arrive?`,
      answer: (2 * (1 + beta)) / curvature,
      tolerance: 0.001,
      misconceptions: [
        {
          name: "the limit of gradient descent",
          answer: 2 / curvature,
          why: "Momentum brakes a step that jumps over the minimum: the limit is `1 + β` times as high.",
        },
        {
          name: "the rate is divided among the steps",
          answer: (2 * (1 - beta)) / curvature,
          why: "Steps add up along a steady slope. Across a valley their signs alternate, and they cancel.",
        },
      ],
    };
  },
};

const counting: Exercise = {
  id: "counting-steps",
  title: "Steps and epochs",
  hint: "Find the epoch that the step is in, then count how often the rate was halved before it.",
  draw: (draw) => {
    const batch = draw.one([10, 20, 40]);
    const every = draw.whole(2, 4);
    const drops = draw.whole(1, 3);
    const perEpoch = 400 / batch;
    const step = (every * drops + 1) * perEpoch + draw.whole(1, perEpoch - 1);
    return {
      kind: "number",
      question: `There are 400 items in batches of ${batch}. The rate begins at 0.8 and is halved after every ${every} epochs. What is it at step ${step}, counted from 0?`,
      answer: 0.8 / 2 ** drops,
      tolerance: 1e-4,
      misconceptions: [
        {
          name: "halved once too often",
          answer: 0.8 / 2 ** (drops + 1),
          why: `Step ${step} is in epoch ${every * drops + 2}: ${drops} times ${every} epochs are over.`,
        },
        {
          name: "halved only once",
          answer: 0.8 / 2,
          why: "Each drop halves the present rate.",
        },
        {
          name: "half of the first rate is taken off each time",
          answer: 0.8 - 0.4 * drops,
          why: "The rate is multiplied by ½, so that it never gets to 0.",
        },
      ].filter(({ answer }) => Math.abs(answer - 0.8 / 2 ** drops) > 1e-3),
    };
  },
};

export const exercises: readonly Exercise[] = [remembered, steadyStep, limit, counting];
