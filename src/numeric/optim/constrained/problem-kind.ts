import { polynomialDegrees } from "../../../engine/sparsity/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType, type ArrayType } from "../../../engine/ir/types.ts";
import { traceProgram } from "../../../engine/trace/index.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";
import type { RowProgram } from "./slack-form.ts";

/**
 * Kind of a problem. `linear`: cost and constraints are linear in the parameters, up to constants. `quadratic`: the cost
 * is quadratic, the constraints are linear.
 */
export type ProblemKind = "linear" | "quadratic" | "nonlinear";

/** The kind of a problem for all values of its operands, proved from the code of its functions. */
export function problemKind(
  name: string,
  parameters: number,
  operands: readonly ArrayType[],
  functions: (x: Tensor, operands: readonly Tensor[]) => readonly [cost: Tensor, ...rows: Tensor[]],
): ProblemKind {
  const types = [arrayType("float64", [parameters]), ...operands];
  const { program, captured } = traceProgram(name, types, (x, ...given) => functions(x, given));
  const [cost, ...rows] = polynomialDegrees(program, program.ins.map((_, i) => i === captured.length)); // prettier-ignore
  if (rows.some((degree) => degree > 1) || cost! > 2) return "nonlinear";
  return cost === 2 ? "quadratic" : "linear";
}

/**
 * Returns a linear or quadratic problem with its constant derivatives cached: the Jacobian, the Hessian and, if it is
 * linear, the gradient. A nonlinear problem is returned unchanged.
 */
export function withConstantDerivatives(program: RowProgram, kind: ProblemKind): RowProgram {
  if (kind === "nonlinear") return program;
  let jacobian: MatrixEntries | undefined;
  let gradient: Float64Array | undefined;
  let curvature: MatrixEntries | undefined;
  return {
    ...program,
    gradient: kind === "linear" ? (x) => (gradient ??= program.gradient(x)) : program.gradient,
    jacobian: (x) => (jacobian ??= program.jacobian(x)),
    hessian(x, weight, y) {
      curvature ??= program.hessian(x, 1, new Float64Array(y.length));
      return { pattern: curvature.pattern, values: curvature.values.map((value) => weight * value) };
    },
  };
}
