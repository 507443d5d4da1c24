import type { Exercise } from "../../live/judge.ts";

const newtonStep: Exercise = {
  id: "newton",
  title: "One step of Newton's method",
  hint: "The step is minus the slope, divided by the curvature. Compute both at `x`.",
  draw: (draw) => {
    const [a, x] = [draw.whole(1, 4), draw.whole(3, 6)];
    const [slope, curvature] = [4 * a * x ** 3 - 32 * a, 12 * a * x ** 2];
    return {
      kind: "number",
      question: `The function is \`f(x) = ${a === 1 ? "" : `${a}*`}x^4 - ${32 * a}*x\`. Where does one step of Newton's method go from \`x = ${x}\`?`,
      answer: x - slope / curvature,
      misconceptions: [
        {
          name: "this is the change, not the point",
          answer: -slope / curvature,
          why: `The step begins at ${x}.`,
        },
        {
          name: "the sign of the step",
          answer: x + slope / curvature,
          why: "A step goes against the slope where the curvature is positive.",
        },
        {
          name: "slope and curvature were exchanged",
          answer: x - curvature / slope,
          why: "The slope is divided by the curvature, not the curvature by the slope.",
        },
      ],
    };
  },
};

const products: Exercise = {
  id: "products",
  title: "A Hessian from products",
  hint: "A product with the vector that has a 1 at one position gives one column of the Hessian.",
  draw: (draw) => {
    const n = draw.whole(20, 900);
    return {
      kind: "number",
      question: `A function has ${n} inputs. How many Hessian-vector products give its whole Hessian, without the use of symmetry?`,
      answer: n,
      tolerance: 0,
      misconceptions: [
        {
          name: "entries were counted",
          answer: n * n,
          why: "One product gives a whole column.",
        },
        {
          name: "one product is not enough",
          answer: 1,
          why: "One product gives one combination of the columns.",
        },
        {
          name: "symmetry halves the entries, and not the products",
          answer: n / 2,
          why: "Each product gives one column, and there is one column per input.",
        },
      ],
    };
  },
};

const gauss: Exercise = {
  id: "gauss",
  title: "Gauss-Newton with one parameter",
  hint: "Minimise the sum of the squares of `r + J*d` over d.",
  draw: (draw) => {
    const [j1, j2] = [draw.whole(1, 4), draw.whole(1, 4)];
    const [r1, r2] = [draw.whole(1, 6), draw.whole(7, 12)];
    const [jj, jr] = [j1 ** 2 + j2 ** 2, j1 * r1 + j2 * r2];
    return {
      kind: "number",
      question: `Two residuals are ${r1} and ${r2}. Their derivatives in the one parameter are ${j1} and ${j2}. How long is the step of Gauss-Newton, with its sign?`,
      answer: -jr / jj,
      misconceptions: [
        {
          name: "the sign of the step",
          answer: jr / jj,
          why: "The step reduces the residuals: it is `-(J·r)/(J·J)`.",
        },
        {
          name: "this is the step of gradient descent",
          answer: -jr,
          why: "Gauss-Newton divides by `J·J`, the sum of the squared derivatives.",
        },
        {
          name: "the derivatives were added before they were squared",
          answer: -jr / (j1 + j2) ** 2,
          why: "Square each derivative, then add.",
        },
      ],
    };
  },
};

/** Exercises at the end of the chapter. */
export const exercises: readonly Exercise[] = [newtonStep, products, gauss];
