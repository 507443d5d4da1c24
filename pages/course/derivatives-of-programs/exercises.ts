import type { Exercise } from "../../live/judge.ts";

const tapeLength: Exercise = {
  id: "tape-length",
  title: "The length of a tape",
  hint: "The backward pass needs the values that a local derivative reads, once per iteration.",
  draw: (draw) => {
    const [n, m] = [draw.whole(20, 90), draw.whole(3, 9)];
    return {
      kind: "number",
      question: `A loop of ${n} iterations contains a loop of ${m} iterations, whose only line is \`p = p*p\`. How many values does the tape hold after the forward pass?`,
      answer: n * m,
      tolerance: 0,
      misconceptions: [
        {
          name: "the inner loop was counted once",
          answer: n + m,
          why: `The inner loop runs ${n} times.`,
        },
        {
          name: "only the outer loop was counted",
          answer: n,
          why: "Each run of the line overwrites `p`, and the old value is needed.",
        },
        {
          name: "the value after each line was stored, too",
          answer: 2 * n * m,
          why: "The local derivative `2*p` reads the old value only. The new value is the old value of the next run.",
        },
      ],
    };
  },
};

const branch: Exercise = {
  id: "branch",
  title: "A branch",
  hint: "Find the branch that runs, and differentiate its line.",
  draw: (draw) => {
    const [a, x] = [draw.whole(2, 5), draw.whole(3, 5)];
    const isFirst = x ** 2 > 10;
    return {
      kind: "number",
      question: `A program reads \`x = ${x}\`. If \`x^2 > 10\`, it returns \`x^3\`, otherwise \`${a}*x^2\`. What is its derivative?`,
      answer: isFirst ? 3 * x ** 2 : 2 * a * x,
      misconceptions: [
        {
          name: "this is the branch that does not run",
          answer: isFirst ? 2 * a * x : 3 * x ** 2,
          why: "The derivative follows the branch that the values choose.",
        },
        {
          name: "both branches were added",
          answer: 3 * x ** 2 + 2 * a * x,
          why: "Only one branch runs.",
        },
        {
          name: "this is the value",
          answer: isFirst ? x ** 3 : a * x ** 2,
          why: "The question asks for the derivative.",
        },
      ],
    };
  },
};

const halving: Exercise = {
  id: "halving",
  title: "Memory by halving",
  hint: "Each halving stores one value more. Count the halvings until one iteration is left.",
  draw: (draw) => {
    const k = draw.whole(5, 14);
    return {
      kind: "number",
      question: `A loop of ${(2 ** k).toLocaleString("en")} iterations is differentiated by halving: the beginning and the middle are stored, then the middle of the later half, and so on. How many values are stored at once, at most?`,
      answer: k + 1,
      tolerance: 0,
      misconceptions: [
        {
          name: "the beginning of the loop is missing",
          answer: k,
          why: "The first value is stored as well.",
        },
        {
          name: "that is the number for segments",
          answer: 2 * 2 ** Math.ceil(k / 2) - (k % 2 === 0 ? 1 : 0),
          why: "Segments of the length √n store about 2√n values. Halving stores the logarithm.",
        },
        {
          name: "that is the number without recomputation",
          answer: 2 ** k,
          why: "Halving stores the middle only, and runs the first half again later.",
        },
      ],
    };
  },
};

/** Exercises at the end of the chapter. */
export const exercises: readonly Exercise[] = [tapeLength, branch, halving];
