import { expandBlock } from "./expand.ts";
import { binaryFunction, convertFunction, unaryFunction } from "./operations.ts";
import type { Expr, Procedure, ScalarType, Stmt } from "./scalar.ts";
import { checkDepth } from "./walk.ts";

/** Maximum number of steps of an evaluation. Longer computations are not worth folding. */
const mostSteps = 20_000;

/**
 * Evaluates an expression that reads no memory and no locals, with the bits that a backend would compute. `undefined`
 * if it reads memory, locals or beyond the end of a table, or takes more than `mostSteps` steps.
 */
export function valueOf(expr: Expr): number | undefined {
  const budget = { left: mostSteps };
  try {
    return evaluate(expr, new Map(), budget, 0);
  } catch (error) {
    if (error instanceof NotConstantError) return undefined;
    throw error;
  }
}

class NotConstantError extends Error {}

function evaluate(expr: Expr, locals: Map<string, number>, budget: { left: number }, depth: number): number {
  checkDepth(depth);
  if (--budget.left < 0) throw new NotConstantError();
  const of = (x: Expr): number => evaluate(x, locals, budget, depth + 1);
  switch (expr.kind) {
    case "const":
      return typed(expr.type, expr.value);
    case "local": {
      const value = locals.get(expr.name);
      if (value === undefined) throw new NotConstantError();
      return value;
    }
    case "load":
      throw new NotConstantError();
    case "table": {
      const value = expr.table.values[of(expr.index)];
      if (value === undefined) throw new NotConstantError();
      return value;
    }
    case "unary":
      return unaryFunction(expr.op, expr.x.type)(of(expr.x));
    case "binary":
      return binaryFunction(expr.op, expr.x.type)(of(expr.x), of(expr.y));
    case "mulAdd": {
      const product = typed(expr.type, of(expr.x) * of(expr.y));
      return typed(expr.type, product + of(expr.z));
    }
    case "select":
      return of(of(expr.condition) !== 0 ? expr.x : expr.y);
    case "convert":
      return convertFunction(expr.type, expr.x.type)(of(expr.x));
    case "call":
      return run(expr.procedure, expr.args.map(of), budget, depth + 1);
  }
}

function typed(type: ScalarType, value: number): number {
  if (type === "f64") return value;
  return type === "f32" ? Math.fround(value) : value + 0; // integers have no −0
}

function run(procedure: Procedure, args: readonly number[], budget: { left: number }, depth: number): number {
  const locals = new Map(procedure.params.map((param, i) => [param.name, args[i]!]));
  runBlock(procedure.body, locals, budget, depth);
  return evaluate(procedure.result, locals, budget, depth);
}

function runBlock(
  block: readonly Stmt[],
  locals: Map<string, number>,
  budget: { left: number },
  depth: number,
): void {
  checkDepth(depth);
  const of = (x: Expr): number => evaluate(x, locals, budget, depth + 1);
  for (const stmt of block) {
    if (--budget.left < 0) throw new NotConstantError();
    switch (stmt.kind) {
      case "let":
      case "set":
        locals.set(stmt.name, of(stmt.value));
        break;
      case "for": {
        const [from, to] = [of(stmt.from), of(stmt.to)];
        for (let i = 0; i < to - from; i++) {
          locals.set(stmt.index, stmt.reverse ? to - 1 - i : from + i);
          runBlock(stmt.body, locals, budget, depth + 1);
        }
        break;
      }
      case "while":
        while (of(stmt.condition) !== 0) runBlock(stmt.body, locals, budget, depth + 1);
        break;
      case "if":
        runBlock(of(stmt.condition) !== 0 ? stmt.then : stmt.otherwise, locals, budget, depth + 1);
        break;
      case "reduce":
        runBlock(expandBlock([stmt]), locals, budget, depth + 1);
        break;
      case "store":
      case "contract":
        throw new NotConstantError();
      case "comment":
        break;
    }
  }
}
