import type { Exercise } from "../../live/judge.ts";

const leaving: Exercise = {
  id: "leaving",
  title: "Away from a saddle",
  hint: "Write the step for `y` alone: `y` minus the rate times the derivative along `y`. Then factor out `y`.",
  draw: (draw) => {
    const a = draw.whole(2, 6);
    return {
      kind: "expression",
      question: `Gradient descent at the rate \`r\` on \`f = x^2 - ${a}*y^2\`: by what does one step multiply \`y\`?`,
      names: ["r"],
      answer: `1 + 2*${a}*r`,
      misconceptions: [
        {
          name: "the sign of the step",
          answer: `1 - 2*${a}*r`,
          why: "The derivative along `y` is negative for positive `y`, and a step goes against it: away from 0.",
        },
        {
          name: "the coefficient is taken for the curvature",
          answer: `1 + ${a}*r`,
          why: `The derivative of \`-${a}*y^2\` is \`-2*${a}*y\`.`,
        },
        {
          name: "this is the factor of `x`",
          answer: "1 - 2*r",
          why: "Along `x` the error shrinks. Along `y` it grows.",
        },
        {
          name: "the rate is taken twice",
          answer: `1 + 2*${a}*r^2`,
          why: "A step is the rate times the derivative, once.",
        },
      ],
    };
  },
};

const leastCurvature: Exercise = {
  id: "least-curvature",
  title: "Minimum or saddle",
  hint: "Write the Hessian and find its smaller eigenvalue; its eigenvectors are the diagonals.",
  draw: (draw) => {
    const [a, b] = [draw.whole(1, 4), draw.one([3, 5, 9, 11])];
    const factor = a === 1 ? "" : `${a}*`;
    return {
      kind: "number",
      question: `At 0 the function \`f = ${factor}x^2 + ${b}*x*y + ${factor}y^2\` has a gradient of 0. What is its least curvature, in any direction?`,
      answer: 2 * a - b,
      misconceptions: [
        {
          name: "this is the greatest curvature",
          answer: 2 * a + b,
          why: "This is the curvature along `x = y`. Along `x = -y` the mixed term has the other sign.",
        },
        {
          name: "the mixed derivative is forgotten",
          answer: 2 * a,
          why: `The entry of the Hessian outside the diagonal is ${b}, and the eigenvalues are \`2*${a} + ${b}\` and \`2*${a} - ${b}\`.`,
        },
        {
          name: "the coefficients are taken for second derivatives",
          answer: a - b / 2,
          why: "Differentiate twice: each square gives a factor 2.",
        },
      ],
    };
  },
};

const equalNeurons: Exercise = {
  id: "equal-neurons",
  title: "Equal weights",
  hint: "Use the chain rule with `y` held, and only then put `y = x`.",
  draw: (draw) => {
    const k = draw.whole(2, 9);
    return {
      kind: "expression",
      question: `\`f(x, y) = (x*y - ${k})^2\` stays the same when \`x\` and \`y\` are exchanged. What is its derivative in \`x\` alone, where \`y\` equals \`x\`?`,
      names: ["x"],
      answer: `2*x*(x^2 - ${k})`,
      misconceptions: [
        {
          name: "the two inputs are counted together",
          answer: `4*x*(x^2 - ${k})`,
          why: "Differentiate in `x` first, with `y` held, and then put `y = x`. Setting them equal first moves both.",
        },
        {
          name: "the inner derivative is forgotten",
          answer: `2*(x^2 - ${k})`,
          why: "The derivative of `x*y` in `x` is `y`, and it multiplies.",
        },
        {
          name: "the outer derivative is forgotten",
          answer: `x*(x^2 - ${k})`,
          why: "The derivative of a square is twice its inside.",
        },
      ],
    };
  },
};

/** Exercises at the end of the chapter. */
export const exercises: readonly Exercise[] = [leaving, leastCurvature, equalNeurons];
