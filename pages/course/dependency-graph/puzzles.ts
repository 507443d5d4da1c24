import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "school-chain-rule",
    task: "Here $z = sin(u)$ and $u = x²$. Return the derivative of `z` in `x`: $dz/du$ times $du/dx$.",
    start: `function slope(x) {
  const u = x * x;
  const dzdu = Math.cos(u);
  const dudx = 1;
  return dzdu * dudx;
}`,
    names: ["slope"],
    hints: [
      "One of the two factors is still wrong.",
      "How fast does u = x² change with x?",
      "dudx is 2 * x.",
    ],
    solution: `function slope(x) {
  const u = x * x;
  const dzdu = Math.cos(u);
  const dudx = 2 * x;
  return dzdu * dudx;
}`,
  },
  {
    id: "long-chain",
    task: "A chain of any length. Each link has a `value(x)` and a `slope(x)`, and the result of a link is the input of the next one.\n\nReturn the derivative of the whole chain.",
    start: `function chain(links, x) {
  let product = 1;
  for (const link of links) {
    product = product * link.slope(x);
  }
  return product;
}`,
    names: ["chain"],
    hints: [
      "Every link needs the slope at its own input. What is the input of the second link?",
      "Compute the values along the way: the input of the next link is link.value(x).",
      "After the line with the slope, add x = link.value(x).",
    ],
    solution: `function chain(links, x) {
  let product = 1;
  for (const link of links) {
    product = product * link.slope(x);
    x = link.value(x);
  }
  return product;
}`,
  },
  {
    id: "sum-over-paths",
    task: "A graph is a list of edges. Each edge has `from`, `to` and `local`, its local derivative.\n\nReturn the derivative of the value `to` in the value `from`: multiply along each path, and add over all paths. The start below counts the paths.",
    start: `function derivative(edges, from, to) {
  if (from === to) return 1;
  let sum = 0;
  for (const edge of edges) {
    if (edge.from === from) {
      sum = sum + derivative(edges, edge.to, to);
    }
  }
  return sum;
}`,
    names: ["derivative"],
    hints: [
      "The function already visits every path. It only ignores the numbers on the edges.",
      "What an edge contributes is a product of two factors.",
      "Multiply derivative(edges, edge.to, to) by edge.local.",
    ],
    solution: `function derivative(edges, from, to) {
  if (from === to) return 1;
  let sum = 0;
  for (const edge of edges) {
    if (edge.from === from) {
      sum = sum + edge.local * derivative(edges, edge.to, to);
    }
  }
  return sum;
}`,
  },
  {
    id: "without-paths",
    task: "A graph with 40 values that are each read twice has $2⁴⁰$ paths. Compute the same derivative without a visit to every path: use each edge once.\n\nThe edges are sorted, so that every edge into a value comes before the edges out of it.",
    start: `function derivative(edges, from, to) {
  const slope = new Map();   // the derivative of each value in from
  slope.set(from, 1);
  for (const edge of edges) {
    if (slope.has(edge.from)) {
      slope.set(edge.to, edge.local * slope.get(edge.from));
    }
  }
  return slope.get(to) ?? 0;
}`,
    names: ["derivative"],
    hints: [
      "The graph is swept once already. What happens to a value that two edges lead to?",
      "The second edge overwrites the contribution of the first one.",
      "Add to the earlier number: (slope.get(edge.to) ?? 0) + …",
    ],
    solution: `function derivative(edges, from, to) {
  const slope = new Map();
  slope.set(from, 1);
  for (const edge of edges) {
    if (slope.has(edge.from)) {
      const before = slope.get(edge.to) ?? 0;
      slope.set(edge.to, before + edge.local * slope.get(edge.from));
    }
  }
  return slope.get(to) ?? 0;
}`,
  },
];
