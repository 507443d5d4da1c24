import type { Section } from "../live/page.tsx";

/**
 * The chapters of the course in order. The folder of each chapter is named after its slug and has a `page.tsx`, which
 * exports `page`. A test compares the minutes with the length of the text and the number of tasks.
 */
export const section: Section = {
  title: "Learn",
  claim:
    "How a computer differentiates a program, and how it learns from the derivatives: twelve chapters with live figures and puzzles in code.",
  word: "Chapter",
  pages: [
    {
      slug: "derivative-of-code",
      title: "What a derivative of code is",
      summary:
        "Three ways to get a derivative: difference quotients, symbolic and automatic differentiation.",
      minutes: 30,
    },
    {
      slug: "forward-mode",
      title: "Forward mode",
      summary: "Every line of a program gets a second line, which computes its derivative.",
      minutes: 30,
    },
    {
      slug: "dependency-graph",
      title: "The dependency graph",
      summary: "The chain rule from school, and its general form: a sum over all paths of a graph.",
      minutes: 35,
    },
    {
      slug: "reverse-mode",
      title: "Reverse mode",
      summary: "One backward pass gives the derivatives in all inputs, for the cost of a few evaluations.",
      minutes: 40,
    },
    {
      slug: "gradient-descent",
      title: "Gradient descent",
      summary: "Steps downhill: how long they may be, and why narrow valleys are slow.",
      minutes: 30,
    },
    {
      slug: "batches",
      title: "Batches",
      summary: "Gradients of a few items at a time: noise, work and memory.",
      minutes: 45,
    },
    {
      slug: "landscapes",
      title: "Landscapes",
      summary: "Bowls, several minima, plateaus and saddles, and how the start decides.",
      minutes: 30,
    },
    {
      slug: "momentum-and-schedules",
      title: "Momentum and schedules",
      summary: "Steps that remember earlier steps, and rates that change during a run.",
      minutes: 40,
    },
    {
      slug: "adaptive-methods",
      title: "Adagrad, RMSProp, Adam",
      summary: "A separate rate for each coordinate, computed from its past gradients.",
      minutes: 35,
    },
    {
      slug: "a-real-network",
      title: "A real network",
      summary: "A network learns digits in this page: its landscape, its mistakes, its hidden units.",
      minutes: 40,
    },
    {
      slug: "curvature",
      title: "Curvature",
      summary: "Second derivatives make better steps: Newton, Gauss-Newton, conjugate gradients, L-BFGS.",
      minutes: 40,
    },
    {
      slug: "derivatives-of-programs",
      title: "Derivatives of programs",
      summary: "How a compiler differentiates loops, branches and assignments, and how much it must store.",
      minutes: 35,
    },
  ],
  extras: [
    {
      slug: "your-loop",
      title: "How “use ad” differentiates your loop",
      summary:
        "Edit a loop, and see its forward pass, its tape, its backward pass, the emitted code and the costs.",
    },
    {
      slug: "results",
      title: "Your results",
      summary: "The puzzles that you have solved, your code, and a result to share.",
    },
    {
      slug: "teachers",
      title: "For teachers",
      summary: "Order, time, prerequisites and licence of the course.",
    },
  ],
};
