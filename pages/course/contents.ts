import type { Section } from "../live/page.tsx";

/**
 * The chapters of the course in order. The folder of each chapter is named after its slug and has a `page.tsx`, which
 * exports `page`.
 */
export const section: Section = {
  title: "Learn",
  claim:
    "How a program computes the derivative of a program, and what is done with it: ten chapters whose figures compute.",
  word: "Chapter",
  pages: [
    {
      slug: "derivative-of-code",
      title: "What a derivative of code is",
      summary: "Code in, code out: differences, symbolic and automatic differentiation beside each other.",
    },
    {
      slug: "forward-mode",
      title: "Forward mode",
      summary: "Each line beside its differential analogue, in the order of the program.",
    },
    {
      slug: "dependency-graph",
      title: "The dependency graph",
      summary: "What an input can affect, and the chain rule as a sum over paths.",
    },
    {
      slug: "reverse-mode",
      title: "Reverse mode",
      summary:
        "Stored on the way forward, used on the way back: all derivatives at the cost of a few evaluations.",
    },
    {
      slug: "gradient-descent",
      title: "Gradient descent",
      summary: "Steps downhill: how long they may be, and why narrow valleys are slow.",
    },
    {
      slug: "batches",
      title: "Batches",
      summary: "The whole sum, one item or a few at a time: noise, work and memory.",
    },
    {
      slug: "landscapes",
      title: "Landscapes",
      summary: "Bowls, minima beside minima, plateaus, saddles, and what a start decides.",
    },
    {
      slug: "momentum-and-schedules",
      title: "Momentum and schedules",
      summary: "What a step may remember, and how its length may change.",
    },
    {
      slug: "adaptive-methods",
      title: "Adagrad, RMSProp, Adam",
      summary: "A rate for each coordinate, from what its gradients were.",
    },
    {
      slug: "a-real-network",
      title: "A real network",
      summary:
        "Digits, learned in this page: its landscape, its mistakes, and common advice put to the test.",
    },
  ],
};
