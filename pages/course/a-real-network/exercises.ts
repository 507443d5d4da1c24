import type { Exercise } from "../../live/judge.ts";

const counting: Exercise = {
  id: "counting-parameters",
  title: "How many numbers are learned",
  hint: "Each neuron and each score has one weight per input, and one bias.",
  draw: (draw) => {
    const hidden = draw.one([12, 16, 24, 32, 48, 100]);
    const answer = 64 * hidden + hidden + hidden * 10 + 10;
    return {
      kind: "number",
      question: `A network has 64 inputs, ${hidden} neurons and 10 scores. How many parameters are there?`,
      answer,
      tolerance: 1e-6,
      misconceptions: [
        {
          name: "the biases are forgotten",
          answer: 64 * hidden + hidden * 10,
          why: "Each neuron and each score adds its own bias.",
        },
        {
          name: "neurons are counted in place of their weights",
          answer: 64 + hidden + 10,
          why: "Each neuron has a weight for each of its inputs.",
        },
        {
          name: "the second layer is forgotten",
          answer: 64 * hidden + hidden,
          why: "The ten scores are computed from the neurons by weights, too.",
        },
      ],
    };
  },
};

const firstLoss: Exercise = {
  id: "first-loss",
  title: "The loss of one that knows nothing",
  hint: "The cross-entropy of an item is `-log(p)`, where `p` is the probability of the right class.",
  draw: (draw) => {
    const classes = draw.one([2, 3, 5, 10, 26, 100]);
    return {
      kind: "number",
      question: `A network gives each of ${classes} classes the same probability. What is its cross-entropy?`,
      answer: Math.log(classes),
      misconceptions: [
        {
          name: "the probability is taken for the loss",
          answer: 1 / classes,
          why: "The loss is the negative logarithm of the probability of the right class.",
        },
        {
          name: "the logarithm to base 2",
          answer: Math.log2(classes),
          why: "Losses are counted with the natural logarithm.",
        },
        {
          name: "the sign is lost",
          answer: -Math.log(classes),
          why: "A probability is below 1, so its logarithm is negative, and minus that is above 0.",
        },
        {
          name: "the losses of all classes are added",
          answer: classes * Math.log(classes),
          why: "Only the right class counts.",
        },
      ],
    };
  },
};

const scoreSlope: Exercise = {
  id: "score-slope",
  title: "What pulls at a score",
  hint: "The derivative of the cross-entropy by a score is the probability minus the target: 1 for the right class, 0 for the others.",
  draw: (draw) => {
    const isRight = draw.one([true, false]);
    return {
      kind: "expression",
      question: isRight
        ? "Softmax gives the right class the probability `p`. What is the derivative of the cross-entropy by the score of that class?"
        : "Softmax gives a wrong class the probability `p`. What is the derivative of the cross-entropy by the score of that class?",
      names: ["p"],
      answer: isRight ? "p - 1" : "p",
      between: [0.05, 0.95],
      misconceptions: [
        {
          name: "the derivative by the probability",
          answer: "-1/p",
          why: "This is the derivative in p. The score affects the loss through softmax, whose derivative is another factor.",
        },
        {
          name: "the sign",
          answer: isRight ? "1 - p" : "-p",
          why: "A higher score of the right class lowers the loss, and one of a wrong class raises it.",
        },
        {
          name: isRight
            ? "the right class is taken for a wrong one"
            : "a wrong class is taken for the right one",
          answer: isRight ? "p" : "p - 1",
          why: "The derivative is the probability minus what it should be: 1 for the right class, 0 for the others.",
        },
        {
          name: "softmax's own derivative",
          answer: "p*(1 - p)",
          why: "This is the derivative of p in its score. The logarithm divides it by p, and the loss has a minus sign.",
        },
      ],
    };
  },
};

const steps: Exercise = {
  id: "counting-steps",
  title: "How many steps",
  hint: "An epoch has one step per batch: divide the items by the batch size, and round up.",
  draw: (draw) => {
    const batch = draw.one([16, 32, 50, 64, 100]);
    const epochs = draw.whole(5, 40);
    return {
      kind: "number",
      question: `1,437 digits, batches of ${batch}, ${epochs} epochs; the last batch of an epoch may be smaller. How many steps does a schedule over the whole run have?`,
      answer: Math.ceil(1437 / batch) * epochs,
      tolerance: 1e-6,
      misconceptions: [
        {
          name: "the smaller batch is dropped",
          answer: Math.floor(1437 / batch) * epochs,
          why: "The items at the end of an epoch form a smaller batch, which makes a step, too.",
        },
        {
          name: "items are counted",
          answer: 1437 * epochs,
          why: "A step is a batch, not an item.",
        },
        {
          name: "one epoch is counted",
          answer: Math.ceil(1437 / batch),
          why: "Each epoch uses all data once.",
        },
      ],
    };
  },
};

export const exercises: readonly Exercise[] = [counting, firstLoss, scoreSlope, steps];
