// Cost of both modes, counted in traced programs.
import { jvp, sin, tensor, type Tensor, vjp } from "downhill";
import { operationsOf } from "../../live/operations.ts";

/** Numbers of operations for the derivative of every output in every input. */
export interface ModeCosts {
  /** Operations of the function alone. */
  readonly value: number;
  /** Operations of one forward pass: value and change along a direction. */
  readonly forwardPass: number;
  /** Operations of one reverse pass: value and gradient of one output. */
  readonly reversePass: number;
  /** Operations of n forward passes. */
  readonly forward: number;
  /** Operations of m reverse passes. */
  readonly reverse: number;
}

/** A function of n numbers with m results: `y_j = j * sin(s)` with `s = sin(x_1) + … + sin(x_n)`. */
export function functionOf(outputs: number): (...xs: Tensor[]) => Tensor[] {
  return (...xs) => {
    const sum = xs.map((x) => sin(x)).reduce((a, b) => a.add(b));
    return Array.from({ length: outputs }, (_, j) => sin(sum).mul(j + 1));
  };
}

/**
 * Counts the operations of a function with these numbers of inputs and outputs, of one forward and one reverse pass,
 * and of its Jacobian by each mode.
 */
export function modeCosts(inputs: number, outputs: number): ModeCosts {
  const f = functionOf(outputs) as (...xs: Tensor[]) => readonly Tensor[];
  const xs = Array.from({ length: inputs }, (_, i) => tensor(0.1 * (i + 1)));
  const directions = xs.map((_, i) => tensor(i === 0 ? 1 : 0));
  const value = operationsOf(f, xs);
  const forwardPass = operationsOf(
    (...all: Tensor[]) => jvp(f, all.slice(0, inputs), all.slice(inputs)),
    [...xs, ...directions],
  );
  const cotangents = Array.from({ length: outputs }, (_, j) => tensor(j === 0 ? 1 : 0));
  const reversePass = operationsOf(
    (...all: Tensor[]) => {
      const [ys, pullback] = vjp(f, ...all.slice(0, inputs));
      return [ys, pullback(all.slice(inputs))];
    },
    [...xs, ...cotangents],
  );
  return {
    value,
    forwardPass,
    reversePass,
    forward: inputs * forwardPass,
    reverse: outputs * reversePass,
  };
}
