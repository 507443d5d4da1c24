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
        question: `The way back of \`a = ${k}*x*y\`, \`b = x^${n}\`, \`z = a + b\` begins with 1. What is the derivative of \`z\` in \`x\` at its end?`,
        names: ["x", "y"],
        answer: `${first} + ${second}`,
        misconceptions: [
          {
            name: "the second contribution took the place of the first",
            answer: first,
            why: "Contributions are added to what is there already: +=, and not =.",
          },
          {
            name: "the contribution of the product is lost",
            answer: second,
            why: "x is read by two lines, and each of them contributes.",
          },
          {
            name: "the contributions were multiplied",
            answer: `${first}*${second}`,
            why: "What arrives at a value from several lines adds up.",
          },
        ],
      };
    },
  },
  {
    id: "contribution",
    title: "One line of the way back",
    hint: "Multiply what arrives at `b` by the local derivative of the line.",
    draw: (draw) => {
      const n = draw.whole(3, 7);
      return {
        kind: "expression",
        question: `The derivative of the result in \`b\` is \`g\`. The program has \`b = x^${n}\`. What does that line contribute to the derivative in \`x\`?`,
        names: ["x", "g"],
        answer: `g*${n}*x^${n - 1}`,
        misconceptions: [
          {
            name: "what stands behind b is forgotten",
            answer: `${n}*x^${n - 1}`,
            why: "The local derivative is multiplied by g: so much is a change of b worth.",
          },
          {
            name: "the value is taken for the derivative",
            answer: `g*x^${n}`,
            why: "The way back multiplies by local derivatives, not by values.",
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
        question: `A function of ${n} numbers gives ${m}. How many passes of reverse mode give all of its derivatives?`,
        answer: m,
        tolerance: 0,
        misconceptions: [
          {
            name: "that is the number of forward passes",
            answer: n,
            why: "A reverse pass gives the derivatives of one output in every input.",
          },
          {
            name: "derivatives were counted, not passes",
            answer: n * m,
            why: "Each pass gives as many derivatives as there are inputs.",
          },
          {
            name: "one pass is good for one output only",
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
        question: `A loop of ${n} steps goes back in segments of ${k} steps. The value at the beginning of each segment is kept, and on the way back the values of one segment. How many values are kept at once?`,
        answer: n / k + k,
        tolerance: 0,
        misconceptions: [
          {
            name: "the segment that is run again is forgotten",
            answer: n / k,
            why: "While a segment goes back, its own values are kept too.",
          },
          {
            name: "the beginnings of the segments are forgotten",
            answer: k,
            why: "Every segment is run again from its beginning, which must be there.",
          },
          {
            name: "that is without segments",
            answer: n,
            why: "In segments the values of the others are not kept: they are computed again.",
          },
        ],
      };
    },
  },
];
