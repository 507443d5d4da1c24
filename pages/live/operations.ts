// Counted operations of traced functions.
import { makeProgram, type Tensor } from "downhill";

/** Number of equations, except constants, in the traced program of a function of numbers. */
export function operationsOf(f: (...args: Tensor[]) => unknown, args: readonly Tensor[]): number {
  if (args.length === 0) return 0;
  const { eqns } = makeProgram(f)(...args);
  return eqns.filter(({ ins }) => ins.length > 0).length;
}
