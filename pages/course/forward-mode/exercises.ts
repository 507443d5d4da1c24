import type { Exercise } from "../../live/judge.ts";

/** Exercises of the chapter. */
export const exercises: readonly Exercise[] = [
  {
    id: "analogue",
    title: "The second line",
    hint: "Let one operand change at a time. There is one term with `dx` and one with `dy`.",
    draw: (draw) => {
      const n = draw.whole(2, 5);
      const [first, second] = [`${n}*x^${n - 1}*dx*y`, "x^n*dy".replace("n", String(n))];
      return {
        kind: "expression",
        question: `A program has the line \`a = x^${n} * y\`. Which formula gives \`da\`?`,
        names: ["x", "y", "dx", "dy"],
        answer: `${first} + ${second}`,
        misconceptions: [
          {
            name: "half of the product rule is missing",
            answer: first,
            why: "y changes, too. This adds a term with dy.",
          },
          {
            name: "half of the product rule is missing",
            answer: second,
            why: "x changes, too. This adds a term with dx.",
          },
          {
            name: "the differentials are missing",
            answer: `${n}*x^${n - 1}*y + x^${n}`,
            why: "The local derivatives are right. Multiply each by the differential of its operand.",
          },
          {
            name: "the differentials were multiplied with each other",
            answer: `${n}*x^${n - 1}*dx*dy`,
            why: "A differential is a sum of one term for each operand.",
          },
        ],
      };
    },
  },
  {
    id: "dual-product",
    title: "A product of dual numbers",
    hint: "Multiply both parentheses, put `ε^2 = 0`, and collect the terms with one `ε`.",
    draw: (draw) => {
      const [a, b] = [draw.whole(5, 9), draw.whole(2, 5)]; // b ≤ a, so that no mistake leads to the answer
      const [c, d] = [a + draw.whole(1, 4), b + draw.whole(1, 4)];
      return {
        kind: "number",
        question: `What is the factor of \`ε\` in \`(${a} + ${b}ε) * (${c} + ${d}ε)\`?`,
        answer: a * d + b * c,
        tolerance: 0,
        misconceptions: [
          {
            name: "the second parts were multiplied",
            answer: b * d,
            why: "Their product is the factor of ε², which is 0. Only the mixed products remain.",
          },
          {
            name: "one of the two mixed products is forgotten",
            answer: a * d,
            why: "Both factors contain ε. Multiply the first part of each by the second part of the other.",
          },
          {
            name: "one of the two mixed products is forgotten",
            answer: b * c,
            why: "Both factors contain ε. Multiply the first part of each by the second part of the other.",
          },
          {
            name: "the second parts were added",
            answer: b + d,
            why: "That is the sum of dual numbers, not their product.",
          },
        ],
      };
    },
  },
  {
    id: "direction",
    title: "Along a direction",
    hint: "A forward pass computes `∂f/∂x*dx + ∂f/∂y*dy`.",
    draw: (draw) => {
      const [p, q] = [draw.whole(2, 9), -draw.whole(2, 9)];
      const [u, v] = [draw.whole(2, 5), draw.whole(6, 9)];
      return {
        kind: "number",
        question: `At some point \`∂f/∂x = ${p}\` and \`∂f/∂y = ${q}\`. A forward pass begins with \`dx = ${u}\`, \`dy = ${v}\`. What does it end with?`,
        answer: p * u + q * v,
        tolerance: 0,
        misconceptions: [
          {
            name: "the direction is left out",
            answer: p + q,
            why: "Multiply each derivative by the differential of its input.",
          },
          {
            name: "the sign of the second derivative is lost",
            answer: p * u - q * v,
            why: "The derivative in y is negative, so its term has a minus sign.",
          },
          {
            name: "the differentials were exchanged",
            answer: p * v + q * u,
            why: "dx belongs to ∂f/∂x, dy to ∂f/∂y.",
          },
        ],
      };
    },
  },
];
