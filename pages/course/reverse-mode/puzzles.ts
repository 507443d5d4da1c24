import type { Puzzle } from "../lab/puzzle.ts";

/** Puzzles of the chapter. */
export const puzzles: readonly Puzzle[] = [
  {
    id: "product-backward",
    task: "The line is `z = x * y`. The backward pass arrives with `ct`, the derivative of the result in `z`.\n\nReturn the contributions of this line to the derivatives in `x` and in `y`.",
    start: `function mulBack(x, y, ct) {
  return [ct, ct];
}`,
    names: ["mulBack"],
    hints: [
      "A change of x changes z by y times as much.",
      "Multiply the derivative that arrives by the local derivative of the line.",
      "The contribution to x is ct * y.",
    ],
    solution: `function mulBack(x, y, ct) {
  return [ct * y, ct * x];
}`,
  },
  {
    id: "backward-pass",
    task: "The program is `a = x * y`, then `b = sin(x)`, then `z = a + b`. The backward pass below visits its lines in reverse.\n\nOne contribution gets lost. Repair it.",
    start: `function gradient(x, y) {
  let dx = 0, dy = 0, da = 0, db = 0;
  const dz = 1;
  // z = a + b
  da = da + dz;
  db = db + dz;
  // b = sin(x)
  dx = Math.cos(x) * db;
  // a = x * y
  dx = y * da;
  dy = x * da;
  return [dx, dy];
}`,
    names: ["gradient"],
    hints: [
      "The value x is read by two lines.",
      "The second assignment to dx overwrites the first one.",
      "Contributions are added: dx = dx + y * da.",
    ],
    solution: `function gradient(x, y) {
  let dx = 0, dy = 0, da = 0, db = 0;
  const dz = 1;
  da = da + dz;
  db = db + dz;
  dx = dx + Math.cos(x) * db;
  dx = dx + y * da;
  dy = dy + x * da;
  return [dx, dy];
}`,
  },
  {
    id: "transpose-of-sum",
    task: "A sum adds n numbers to one. A repetition copies one number n times. On the backward pass, each becomes the other.\n\n`sumBack` gets the derivative `ct` in the sum, and returns the derivatives in the `n` numbers. `repeatBack` gets the derivatives `cts` in the copies, and returns the derivative in the one number.",
    start: `function sumBack(ct, n) {
  return [ct];
}

function repeatBack(cts) {
  return cts[0];
}`,
    names: ["sumBack", "repeatBack"],
    hints: [
      "A change of any of the n numbers changes the sum by the same amount.",
      "sumBack returns n times the number ct. A copied number is read n times, and contributions are added.",
      "new Array(n).fill(ct) makes n copies, and cts.reduce((a, b) => a + b, 0) adds.",
    ],
    solution: `function sumBack(ct, n) {
  return new Array(n).fill(ct);
}

function repeatBack(cts) {
  return cts.reduce((a, b) => a + b, 0);
}`,
  },
  {
    id: "tape",
    task: "A tape is a list of lines. Line number i computed value number i from the values in `reads`, and `locals` are its local derivatives. Inputs read nothing.\n\nReturn the derivatives of the last value in all values.",
    start: `function backward(tape) {
  const d = new Array(tape.length).fill(0);
  d[tape.length - 1] = 1;
  for (let i = 0; i < tape.length; i++) {
    const { reads, locals } = tape[i];
    reads.forEach((j, k) => {
      d[j] = d[j] + locals[k] * d[i];
    });
  }
  return d;
}`,
    names: ["backward"],
    hints: [
      "The line of the loop body is right. The order of the lines is not.",
      "When a line is visited, its own derivative d[i] must be complete. All its readers must come first.",
      "Let i run from tape.length - 1 down to 0.",
    ],
    solution: `function backward(tape) {
  const d = new Array(tape.length).fill(0);
  d[tape.length - 1] = 1;
  for (let i = tape.length - 1; i >= 0; i--) {
    const { reads, locals } = tape[i];
    reads.forEach((j, k) => {
      d[j] = d[j] + locals[k] * d[i];
    });
  }
  return d;
}`,
  },
  {
    id: "store-less",
    task: "A loop of `n` steps computes `y = step(y)`. On the backward pass, `stepBack(y, ct)` needs the `y` from before each step. The code below stores all n of them.\n\nStore at most 60 values for n = 400, and call `step` at most 1,000 times. Use `memory.put(i, y)`, `memory.get(i)` and `memory.drop(i)` for all stored values.",
    start: `function gradient(x, n, step, stepBack, memory) {
  let y = x;
  for (let i = 0; i < n; i++) {
    memory.put(i, y);
    y = step(y);
  }
  let ct = 1;
  for (let i = n - 1; i >= 0; i--) {
    ct = stepBack(memory.get(i), ct);
    memory.drop(i);
  }
  return ct;
}`,
    names: ["gradient"],
    hints: [
      "Store only every 20th value. On the backward pass, compute the 20 values of a segment again from its beginning.",
      "Two loops: over the segments from the last to the first, and inside it first forward, then backward through one segment.",
      "For the segment that begins at s: y = memory.get(s); run forward and put(s + 1), put(s + 2), …; then go backward and drop each.",
    ],
    solution: `function gradient(x, n, step, stepBack, memory) {
  const length = Math.ceil(Math.sqrt(n));
  let y = x;
  for (let i = 0; i < n; i++) {
    if (i % length === 0) memory.put(i, y);
    y = step(y);
  }
  let ct = 1;
  const last = length * Math.floor((n - 1) / length);
  for (let start = last; start >= 0; start -= length) {
    const end = Math.min(start + length, n);
    let z = memory.get(start);
    for (let i = start + 1; i < end; i++) {
      z = step(z);
      memory.put(i, z);
    }
    for (let i = end - 1; i >= start; i--) {
      ct = stepBack(memory.get(i), ct);
      memory.drop(i);
    }
  }
  return ct;
}`,
  },
];
