import { operationsOf } from "../../engine/codegen/cost.ts";
import * as k from "../../engine/kernel/build.ts";
import type { Backend, KernelValue } from "../../engine/kernel/executable.ts";
import { constantSize, knownIterations, sizeExpr } from "../../engine/kernel/index.ts";
import type { Contract, Expr, Reduce, Routine, Stmt } from "../../engine/kernel/index.ts";
import { assertNever } from "../../engine/util/assert-never.ts";

type ChargedLoop = Reduce | (Stmt & { readonly kind: "for" | "while" });

const budgetName = "work left";
const left: Expr = /* @__PURE__ */ k.load("f64", budgetName, /* @__PURE__ */ k.i32(0));

function charge(cost: Expr): Stmt {
  return { kind: "store", buffer: budgetName, index: k.i32(0), value: k.sub(left, cost) };
}

/**
 * Upper bound of the scalar operations of one run of a block. Its loops count as 1, because their iterations are
 * charged separately; of an `if`, both branches count.
 */
function workOfBlock(block: readonly Stmt[]): number {
  return block.reduce((sum, stmt) => sum + ownWork(stmt), 0);
}

function ownWork(stmt: Stmt): number {
  switch (stmt.kind) {
    case "let":
    case "set":
      return 1 + operationsOf(stmt.value);
    case "store":
      return 1 + operationsOf(stmt.index) + operationsOf(stmt.value);
    case "if":
      return 1 + operationsOf(stmt.condition) + workOfBlock(stmt.then) + workOfBlock(stmt.otherwise);
    case "for":
    case "reduce":
    case "while":
    case "contract":
    case "comment":
      return 1;
    default:
      return assertNever(stmt, "ownWork");
  }
}

function workOfIteration(loop: ChargedLoop): number {
  const own = loop.kind === "while" ? loop.condition : loop.kind === "reduce" ? loop.value : undefined;
  return 1 + workOfBlock(loop.body) + (own === undefined ? 0 : operationsOf(own));
}

/**
 * Returns a counted loop that is skipped if the budget is exceeded, and the statement before it that charges the budget
 * for all its iterations.
 */
function boundedBounds<L extends Reduce | (Stmt & { readonly kind: "for" })>(loop: L): readonly [Stmt, L] {
  const count = k.max(k.f64(0), k.sub(k.convert("f64", loop.to), k.convert("f64", loop.from)));
  const isLeft = k.le(k.f64(0), left);
  const bounded = { ...loop, to: k.select(isLeft, loop.to, loop.from), body: boundedBlock(loop.body) };
  return [charge(k.mul(count, k.f64(workOfIteration(loop)))), bounded];
}

function boundedContract(stmt: Contract): readonly Stmt[] {
  const products = stmt.dims
    .map(({ size }) => k.max(k.f64(0), k.convert("f64", sizeExpr(size))))
    .reduce((x, y) => k.mul(x, y), k.f64(2));
  const whole: Stmt = { kind: "if", condition: k.le(k.f64(0), left), then: [stmt], otherwise: [] };
  return [charge(products), whole];
}

function boundedBlock(block: readonly Stmt[]): Stmt[] {
  return block.flatMap((stmt): readonly Stmt[] => {
    switch (stmt.kind) {
      case "for":
      case "reduce":
        return boundedBounds(stmt);
      case "while": {
        const condition = k.and(k.le(k.f64(0), left), stmt.condition);
        const body = [charge(k.f64(workOfIteration(stmt))), ...boundedBlock(stmt.body)];
        return [{ ...stmt, condition, body }];
      }
      case "if":
        return [{ ...stmt, then: boundedBlock(stmt.then), otherwise: boundedBlock(stmt.otherwise) }];
      case "contract":
        return boundedContract(stmt);
      case "let":
      case "set":
      case "store":
      case "comment":
        return [stmt];
      default:
        return assertNever(stmt, "boundedBlock");
    }
  });
}

/**
 * Returns a routine that stops computing when it exceeds a budget of scalar operations. Its last output is the
 * remaining budget, which is negative then.
 */
function boundedRoutine(routine: Routine, budget: number): Routine {
  const start = k.f64(budget - workOfBlock(routine.body));
  return {
    ...routine,
    outputs: [...routine.outputs, { kind: "buffer", buffer: { name: budgetName, type: "f64", size: 1 } }],
    body: [
      { kind: "store", buffer: budgetName, index: k.i32(0), value: start },
      ...boundedBlock(routine.body),
    ],
  };
}

/**
 * Lower bound of the number of scalar operations of one run of a block. Counted loops of unknown length count as empty.
 */
function leastWork(block: readonly Stmt[]): number {
  return block.reduce((sum, stmt) => sum + leastWorkOf(stmt), 0);
}

function leastWorkOf(stmt: Stmt): number {
  switch (stmt.kind) {
    case "for":
    case "reduce":
      return (knownIterations(stmt) ?? 0) * (1 + leastWork(stmt.body));
    case "contract":
      return stmt.dims.reduce((product, { size }) => product * (constantSize(size) ?? 0), 2);
    case "if":
      return Math.min(leastWork(stmt.then), leastWork(stmt.otherwise));
    case "let":
    case "set":
    case "store":
    case "while":
    case "comment":
      return ownWork(stmt);
    default:
      return assertNever(stmt, "leastWorkOf");
  }
}

/**
 * Runs a routine and returns the remaining budget of scalar operations. If it is negative, the run was stopped early,
 * and its outputs must not be used.
 */
export type BoundedCall = (inputs: readonly KernelValue[], outputs: KernelValue[]) => number;

/**
 * Compiles a routine so that each run stops when it exceeds a budget of scalar operations. A routine that certainly
 * exceeds it is not compiled.
 */
export function compileBounded(routine: Routine, backend: Backend, budget: number): BoundedCall {
  const least = budget - leastWork(routine.body);
  if (least < 0) return () => least;
  const compiled = backend.compile(boundedRoutine(routine, budget));
  return (inputs, outputs) => {
    const rest = new Float64Array(1);
    const slots: KernelValue[] = [...outputs, { array: rest, offset: 0 }];
    try {
      compiled(inputs, slots);
    } catch (error) {
      if (rest[0]! < 0) return rest[0]!; // a value that was not computed may be an index
      throw error;
    }
    outputs.splice(0, Infinity, ...slots.slice(0, -1));
    return rest[0]!;
  };
}
