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
            name: "the product rule is halved: the second factor was held still",
            answer: first,
            why: "Each factor moves while the other stands still: there are two terms.",
          },
          {
            name: "the product rule is halved: the first factor was held still",
            answer: second,
            why: "Each factor moves while the other stands still: there are two terms.",
          },
          {
            name: "the derivatives of the factors were multiplied",
            answer: `${power}*x^${power - 1}*${k}*cos(${k}*x)`,
            why: "The derivative of a product is no product of derivatives: (u·v)' = u'·v + u·v'.",
          },
          {
            name: "the inner derivative is missing",
            answer: `${first} + x^${power}*cos(${k}*x)`,
            why: `Inside of the sine stands ${k}·x, which moves ${k} times as fast as x.`,
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
            name: "the derivative is given, and the error of the quotient forgotten",
            answer: `${2 * k}*x`,
            why: "A step h that is not 0 leaves a term with h behind: that is its error.",
          },
          {
            name: "the step is not divided out",
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
            name: "that is the number for forward differences",
            answer: n + 1,
            why: "They share f(x); central differences take a value on both sides of each input.",
          },
          {
            name: "one side of each input is missing",
            answer: n,
            why: "A central difference takes two values: at x + h and at x − h.",
          },
        ],
      };
    },
  },
];
