import type { Exercise } from "../../live/judge.ts";

/** Exercises of the chapter. */
export const exercises: readonly Exercise[] = [
  {
    id: "product",
    title: "The derivative of a product",
    hint: "The product rule has two terms, and the inside of the sine adds a factor.",
    draw: (draw) => {
      const power = draw.whole(2, 5);
      const k = draw.whole(2, 6);
      const [first, second] = [`${power}*x^${power - 1}*sin(${k}*x)`, `x^${power}*${k}*cos(${k}*x)`];
      return {
        kind: "expression",
        question: `What is the derivative of \`x^${power} * sin(${k}*x)\` in \`x\`?`,
        names: ["x"],
        answer: `${first} + ${second}`,
        misconceptions: [
          {
            name: "half of the product rule: the second factor was kept constant",
            answer: first,
            why: "The product rule has two terms, one for each factor that changes.",
          },
          {
            name: "half of the product rule: the first factor was kept constant",
            answer: second,
            why: "The product rule has two terms, one for each factor that changes.",
          },
          {
            name: "the derivatives of the factors were multiplied",
            answer: `${power}*x^${power - 1}*${k}*cos(${k}*x)`,
            why: "The derivative of a product is not the product of the derivatives: (u·v)' = u'·v + u·v'.",
          },
          {
            name: "the inner derivative is missing",
            answer: `${first} + x^${power}*cos(${k}*x)`,
            why: `The argument of the sine is ${k}·x, which changes ${k} times as fast as x.`,
          },
        ],
      };
    },
  },
  {
    id: "quotient-of-a-square",
    title: "What a difference quotient gives",
    hint: "Expand `(x + h)^2`, subtract `x^2`, and divide by `h`.",
    draw: (draw) => {
      const k = draw.whole(2, 9);
      return {
        kind: "expression",
        question: `Let \`f(x) = ${k}*x^2\`. What is the forward difference \`(f(x + h) - f(x)) / h\`, worked out?`,
        names: ["x", "h"],
        answer: `${k}*(2*x + h)`,
        misconceptions: [
          {
            name: "this is the derivative, without the error of the quotient",
            answer: `${2 * k}*x`,
            why: "For a step h that is not 0, a term with h remains. It is the error.",
          },
          {
            name: "the division by the step is missing",
            answer: `${k}*h*(2*x + h)`,
            why: "The difference f(x + h) − f(x) is divided by h.",
          },
        ],
      };
    },
  },
  {
    id: "evaluations",
    title: "What central differences cost",
    hint: "For each input, count the points at which the difference needs a value. Which points do several inputs share?",
    draw: (draw) => {
      const n = draw.whole(3, 40);
      return {
        kind: "number",
        question: `A function has ${n} inputs. How often is it evaluated for its whole gradient by central differences?`,
        answer: 2 * n,
        tolerance: 0,
        misconceptions: [
          {
            name: "this is the number for forward differences",
            answer: n + 1,
            why: "Forward differences share f(x). Central differences need a value on both sides for each input.",
          },
          {
            name: "one side of each input is missing",
            answer: n,
            why: "A central difference needs two values: at x + h and at x − h.",
          },
        ],
      };
    },
  },
];
