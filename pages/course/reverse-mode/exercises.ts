import type { Exercise } from "../../live/judge.ts";

/** Exercises of the chapter. */
export const exercises: readonly Exercise[] = [
  {
    id: "accumulate",
    title: "Two contributions",
    hint: "Find the contribution of each line that reads `x`, and add them.",
    draw: (draw) => {
      const [k, n] = [draw.whole(2, 9), draw.whole(2, 4)];
      const [first, second] = [`${k}*y`, `${n}*x^${n - 1}`];
      return {
        kind: "expression",
        question: `A program has the lines \`a = ${k}*x*y\`, \`b = x^${n}\` and \`z = a + b\`. Its backward pass begins with 1 at \`z\`. What is the derivative of \`z\` in \`x\` at its end?`,
        names: ["x", "y"],
        answer: `${first} + ${second}`,
        misconceptions: [
          {
            name: "the second contribution replaced the first",
            answer: first,
            why: "Contributions are added to the earlier ones, with += and not with =.",
          },
          {
            name: "the contribution of the product is lost",
            answer: second,
            why: "x is read by two lines, and each of them contributes.",
          },
          {
            name: "the contributions were multiplied",
            answer: `${first}*${second}`,
            why: "Contributions of several lines are added.",
          },
        ],
      };
    },
  },
  {
    id: "contribution",
    title: "One line of the backward pass",
    hint: "Multiply the derivative in `b` by the local derivative of the line.",
    draw: (draw) => {
      const n = draw.whole(3, 7);
      return {
        kind: "expression",
        question: `The derivative of the result in \`b\` is \`g\`. The program has \`b = x^${n}\`. What does that line contribute to the derivative in \`x\`?`,
        names: ["x", "g"],
        answer: `g*${n}*x^${n - 1}`,
        misconceptions: [
          {
            name: "the derivative in b is forgotten",
            answer: `${n}*x^${n - 1}`,
            why: "Multiply the local derivative by g, the effect of b on the result.",
          },
          {
            name: "the value was used instead of the derivative",
            answer: `g*x^${n}`,
            why: "The backward pass multiplies by local derivatives, not by values.",
          },
          {
            name: "the exponent is not lowered",
            answer: `g*${n}*x^${n}`,
            why: `The derivative of x^${n} has the exponent ${n - 1}.`,
          },
        ],
      };
    },
  },
  {
    id: "passes",
    title: "How many passes",
    hint: "A reverse pass begins at one output and reaches all inputs.",
    draw: (draw) => {
      const n = draw.whole(100, 900);
      const m = draw.whole(2, 9);
      return {
        kind: "number",
        question: `A function has ${n} inputs and ${m} outputs. How many passes of reverse mode compute all derivatives?`,
        answer: m,
        tolerance: 0,
        misconceptions: [
          {
            name: "this is the number of forward passes",
            answer: n,
            why: "One reverse pass computes the derivatives of one output in all inputs.",
          },
          {
            name: "derivatives were counted, not passes",
            answer: n * m,
            why: "Each pass returns one derivative per input.",
          },
          {
            name: "one pass covers one output only",
            answer: 1,
            why: "A pass begins with a 1 at one output: several outputs need several passes.",
          },
        ],
      };
    },
  },
  {
    id: "segments",
    title: "Memory in segments",
    hint: "Count the beginnings of all segments, and add the values of the one segment that is run again.",
    draw: (draw) => {
      const k = draw.one([5, 10, 20, 25]);
      const n = k * draw.whole(26, 60);
      return {
        kind: "number",
        question: `The backward pass of a loop of ${n} steps works in segments of ${k} steps. The value at the beginning of each segment is stored, and during the backward pass also the values of one segment. How many values are stored at once?`,
        answer: n / k + k,
        tolerance: 0,
        misconceptions: [
          {
            name: "the segment that is run again is forgotten",
            answer: n / k,
            why: "The values of the present segment are stored as well.",
          },
          {
            name: "the beginning of the present segment is counted once",
            answer: n / k + k - 1,
            why: "It is stored twice: with the beginnings, and as the first value of the segment.",
          },
          {
            name: "the beginnings of the segments are forgotten",
            answer: k,
            why: "Every segment is run again from its beginning, so this value must be stored.",
          },
          {
            name: "this is the number without segments",
            answer: n,
            why: "The values of the other segments are not stored. They are computed again.",
          },
        ],
      };
    },
  },
];
