import * as build from "../kernel/build.ts";
import { copyBlock } from "../kernel/copy.ts";
import type { Expr, ForStmt, Stmt } from "../kernel/scalar.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { walkExpr, walkOwnExprs } from "../kernel/walk.ts";
import { affine, dependence, type Dependence, varying } from "./affine.ts";
import { weightOf } from "./cost.ts";
import { heaviestPair } from "./tuning.ts";

/**
 * Returns the statements of the next iteration, to be appended to an iteration, so that the loop is unrolled by two.
 * Indices with a fixed stride are expressed by those of the first iteration, because memory instructions can add a
 * constant offset.
 *
 * `undefined` for a loop that runs in reverse, and for a body that is too large or contains calls or inner
 * blocks. Neither the index nor a local of the body may be assigned after its declaration.
 */
export function secondIteration(loop: ForStmt): readonly Stmt[] | undefined {
  if (loop.reverse) return undefined;
  const { declared, set } = bindingsOf(loop.body);
  if (set.has(loop.index)) return undefined;
  let [weight, calls] = [0, false];
  for (const stmt of loop.body) {
    if (stmt.kind !== "let" && stmt.kind !== "set" && stmt.kind !== "store" && stmt.kind !== "comment")
      return undefined;
    if (stmt.kind === "let" && set.has(stmt.name)) return undefined;
    weight += weightOf(stmt);
    walkOwnExprs(stmt, ({ kind }) => void (calls ||= kind === "call"));
  }
  if (calls || weight > heaviestPair) return undefined;
  const steps = new Map<string, Dependence>([[loop.index, affine(1)]]);
  const next = new Map<string, Expr>([[loop.index, after(loop.index, 1)]]);
  for (const name of set) if (!declared.has(name)) steps.set(name, varying);
  const rest = loop.body.filter((stmt) => {
    if (stmt.kind !== "let") return true;
    const by = dependence(stmt.value, steps);
    const isPlace = by.kind === "affine" && stmt.value.type === "i32" && readsNoMemory(stmt.value);
    steps.set(stmt.name, isPlace ? by : varying);
    if (isPlace) next.set(stmt.name, after(stmt.name, by.stride));
    return !isPlace;
  });
  return copyBlock(rest, [], "", next).statements;
}

function after(name: string, steps: number): Expr {
  return build.add(build.local("i32", name), build.i32(steps));
}

/**
 * True if an expression reads no memory and calls nothing, so that its value cannot change before the next iteration.
 */
function readsNoMemory(expr: Expr): boolean {
  let isPure = true;
  walkExpr(expr, ({ kind }) => void (isPure &&= kind !== "load" && kind !== "call"));
  return isPure;
}
