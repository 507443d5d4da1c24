import type { Exercise } from "../../live/judge.ts";

const translated: Exercise = {
  id: "sum-and-mean",
  title: "From the sum to the mean",
  hint: "A step is the rate times the gradient. How many times as long is the gradient of the sum as the gradient of the mean?",
  draw: (draw) => {
    const b = draw.one([8, 16, 20, 32, 50, 64]);
    const eta = draw.one([0.01, 0.02, 0.05]);
    return {
      kind: "number",
      question: `A text takes the sum of the losses of a batch of ${b} items, with the rate ${eta}. A framework takes their mean. Which rate makes the same steps there?`,
      answer: eta * b,
      tolerance: 1e-4,
      misconceptions: [
        {
          name: "the mean is taken for the sum",
          answer: eta,
          why: `The mean's gradient is ${b} times shorter, so with the same rate its steps are too.`,
        },
        {
          name: "the batch size divides instead of multiplying",
          answer: eta / b,
          why: "The mean already is divided by the number of items: the rate has to make up for it.",
        },
      ],
    };
  },
};

const counted: Exercise = {
  id: "steps-and-epochs",
  title: "Steps and epochs",
  hint: "An epoch has one step per batch: divide the items by the batch size.",
  draw: (draw) => {
    const b = draw.one([20, 25, 40, 50]);
    const n = b * draw.one([30, 60, 120]);
    const epochs = draw.whole(2, 6);
    return {
      kind: "number",
      question: `There are ${n} items. How many steps do ${epochs} epochs take with batches of ${b}?`,
      answer: (epochs * n) / b,
      misconceptions: [
        {
          name: "items are taken for steps",
          answer: epochs * n,
          why: `A step looks at ${b} items at once.`,
        },
        {
          name: "an epoch is taken for a step",
          answer: epochs,
          why: "That is gradient descent with all items. With batches, an epoch has one step per batch.",
        },
        {
          name: "these are the steps of one epoch",
          answer: n / b,
          why: `There are ${epochs} epochs.`,
        },
      ],
    };
  },
};

const noise: Exercise = {
  id: "noise",
  title: "Noise and size",
  hint: "The variance of a mean falls as the number of its items.",
  draw: (draw) => {
    const b = draw.one([4, 8, 16]);
    const times = draw.one([4, 9, 16]);
    const variance = 4 * draw.whole(2, 9) * times;
    return {
      kind: "number",
      question: `The gradients of batches of ${b} have a variance of ${variance}. What is it for batches of ${b * times}?`,
      answer: variance / times,
      misconceptions: [
        {
          name: "the standard deviation is taken for the variance",
          answer: variance / Math.sqrt(times),
          why: "The error falls as the root of the number of items, the variance as the number itself.",
        },
        {
          name: "the variance of the sum is taken for that of the mean",
          answer: variance * times,
          why: "The sum's variance grows with the items. The mean is that sum divided by their number, and its variance is divided by the square of it.",
        },
        {
          name: "this is the variance of batches of the same size",
          answer: variance,
          why: "More items in a mean leave less noise.",
        },
      ],
    };
  },
};

const gradientOfMean: Exercise = {
  id: "gradient-of-mean",
  title: "The gradient of a batch",
  hint: "Differentiate each square with the chain rule, then take the mean of the two results.",
  draw: (draw) => {
    const [p, q] = [draw.whole(2, 4), draw.whole(5, 7)];
    return {
      kind: "expression",
      question: `A batch has the items \`x = ${p}, y = a\` and \`x = ${q}, y = b\`. The loss is the mean of \`(w*x - y)^2\`. What is its derivative in \`w\`?`,
      names: ["w", "a", "b"],
      answer: `${p}*(${p}*w - a) + ${q}*(${q}*w - b)`,
      misconceptions: [
        {
          name: "the sum is taken for the mean",
          answer: `2*${p}*(${p}*w - a) + 2*${q}*(${q}*w - b)`,
          why: "The mean over two items is half the sum.",
        },
        {
          name: "the inner derivative is forgotten",
          answer: `(${p}*w - a) + (${q}*w - b)`,
          why: "The derivative of `w*x - y` in `w` is `x`, and it multiplies.",
        },
        {
          name: "this is the gradient of the first item alone",
          answer: `2*${p}*(${p}*w - a)`,
          why: "That is a step of SGD with one item. The batch has two.",
        },
      ],
    };
  },
};

/** Exercises at the end of the chapter. */
export const exercises: readonly Exercise[] = [translated, counted, noise, gradientOfMean];
