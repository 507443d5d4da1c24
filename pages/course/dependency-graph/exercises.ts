import type { Exercise } from "../../live/judge.ts";

/** Exercises of the chapter. */
export const exercises: readonly Exercise[] = [
  {
    id: "two-paths",
    title: "Two ways from x to z",
    hint: "`z` depends on `x` in two ways: through `u`, and directly. Multiply along each path, and add the paths.",
    draw: (draw) => {
      const k = draw.whole(2, 9);
      const f = draw.one([
        ["sin(x)", "cos(x)"],
        ["exp(x)", "exp(x)"],
        ["tanh(x)", "(1 - tanh(x)^2)"],
      ] as const);
      const [over, direct] = [`${2 * k}*x*${f[0]}`, `${k}*x^2*${f[1]}`];
      return {
        kind: "expression",
        question: `A program has two lines: \`u = ${k}*x^2\` and \`z = u * ${f[0]}\`. What is the derivative of \`z\` in \`x\`, in terms of \`x\` alone?`,
        names: ["x"],
        answer: `${over} + ${direct}`,
        misconceptions: [
          {
            name: "the second path is forgotten",
            answer: over,
            why: "The second line reads x as well as u, so there is a path without u.",
          },
          {
            name: "the path over u is forgotten",
            answer: direct,
            why: "u moves with x, and z reads u.",
          },
          {
            name: "the paths were multiplied",
            answer: `(${over}) * (${direct})`,
            why: "Multiply along a path, and add over all paths.",
          },
        ],
      };
    },
  },
  {
    id: "along-a-path",
    title: "One path",
    hint: "Along a path the local derivatives multiply. Count the signs.",
    draw: (draw) => {
      const [a, b, c] = [draw.whole(2, 6), -draw.whole(2, 6), draw.whole(7, 9)];
      return {
        kind: "number",
        question: `On the only path from \`x\` to \`z\` the local derivatives are ${a}, −${-b} and ${c}. What is the derivative of \`z\` in \`x\`?`,
        answer: a * b * c,
        tolerance: 0,
        misconceptions: [
          {
            name: "the local derivatives were added",
            answer: a + b + c,
            why: "Each arrow multiplies the speed by its factor, so the factors of a path multiply.",
          },
          {
            name: "the sign is lost",
            answer: -a * b * c,
            why: "One of the factors is negative: z falls where x grows.",
          },
        ],
      };
    },
  },
  {
    id: "counting",
    title: "How many paths",
    hint: "Each line doubles the number of paths that reach the line before it.",
    draw: (draw) => {
      const n = draw.whole(4, 12);
      return {
        kind: "number",
        question: `Each of ${n} lines multiplies the line before by itself: \`a1 = x*x\`, \`a2 = a1*a1\`, … How many paths lead from \`x\` to the last one?`,
        answer: 2 ** n,
        tolerance: 0,
        misconceptions: [
          {
            name: "arrows were counted",
            answer: 2 * n,
            why: "Each line has two arrows into it, and a path may use either one. The numbers of choices multiply.",
          },
          {
            name: "the two arrows of a line were counted as one",
            answer: 1,
            why: "A line that reads a value twice has two arrows from it: both count.",
          },
          {
            name: "lines were counted, not paths",
            answer: n,
            why: "Every line doubles the number of paths.",
          },
        ],
      };
    },
  },
];
