// The equations of a gradient before and after the passes of the compiler.
import { type Tensor, valueAndGrad } from "downhill";
import { arrayType, type Program } from "../../../src/engine/ir/index.ts";
import { printProgram } from "../../../src/engine/ir/print.ts";
import { optimize } from "../../../src/engine/passes/index.ts";
import { traceProgram } from "../../../src/engine/trace/index.ts";
import { compileText } from "../../../src/numeric/syntax/index.ts";

/** Value and gradient of a formula as equations, traced and after all passes. */
export interface CompiledGradient {
  readonly traced: EquationList;
  readonly optimized: EquationList;
}

/** Printed equations, and their number. */
export interface EquationList {
  readonly text: string;
  readonly count: number;
}

/**
 * Compiles value and gradient of a formula.
 *
 * @throws Error for a formula that cannot be parsed, or has no input
 */
export function compiledGradient(text: string): CompiledGradient {
  const { inputs, evaluate } = compileText(text);
  if (inputs.length === 0) throw new Error("The formula needs an input, such as x.");
  const f = (...xs: Tensor[]): Tensor => evaluate(xs);
  const both = valueAndGrad(f, { argnums: inputs.map((_, i) => i) }) as (
    ...xs: Tensor[]
  ) => [Tensor, readonly Tensor[]];
  const { program: traced } = traceProgram(
    "gradient",
    inputs.map(() => arrayType("float64", [])),
    (...xs) => {
      const [value, slopes] = both(...xs);
      return [value, ...slopes];
    },
    inputs,
  );
  return { traced: listOf(traced), optimized: listOf(optimize(traced)) };
}

/** Prints equations without types, since all values are numbers, and constants as numbers. */
function listOf(program: Program): EquationList {
  const text = printProgram(program)
    .replaceAll(":f64[]", "")
    .replaceAll(/full\[value=(\S+)[^\n]*\]/g, "$1");
  return { text, count: program.eqns.length };
}
