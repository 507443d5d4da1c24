import { printHead } from "../kernel/print.ts";
import type { Routine, Stmt } from "../kernel/scalar.ts";
import type { CallPlan, ProductPlan, FoldPlan, LanePlan, LoopPlan, RoutinePlan } from "./plan.ts";

/** Prints a plan: one line per loop, fold and product, indented by the enclosing loops. */
export function printPlan({ body }: Routine, plan: RoutinePlan): string {
  return linesOf(body, plan, false).join("\n");
}

function linesOf(block: readonly Stmt[], plan: RoutinePlan, isInside: boolean): string[] {
  const plans = isInside ? plan.inside : plan.outside;
  return block.flatMap((stmt): string[] => {
    const line = (text: string | undefined): string =>
      `${printHead(stmt)}: ${text ?? "in the lanes of the enclosing loop"}`;
    switch (stmt.kind) {
      case "for": {
        const loop = plans.loops.get(stmt);
        const within = isInside || loop?.calls?.kind === "kernel" || loop?.lanes?.leavesRareOut === true;
        return [line(loop && loopText(loop)), ...indented(linesOf(stmt.body, plan, within))];
      }
      case "while": {
        const loop = plans.whiles.get(stmt);
        const text =
          loop && (loop.iterationsPerCall === undefined ? "in place" : callText(loop.iterationsPerCall));
        return [line(text), ...indented(linesOf(stmt.body, plan, isInside))];
      }
      case "reduce": {
        const fold = plans.folds.get(stmt);
        const inner = fold?.kind === "expanded" ? fold.statements : stmt.body;
        return [line(fold && foldText(fold)), ...indented(linesOf(inner, plan, isInside))];
      }
      case "contract": {
        const product = plans.products.get(stmt);
        const inner = product?.kind === "expanded" ? product.statements : [];
        return [line(product && productText(product)), ...indented(linesOf(inner, plan, isInside))];
      }
      case "if":
        return [...linesOf(stmt.then, plan, isInside), ...linesOf(stmt.otherwise, plan, isInside)];
      case "let":
      case "set":
      case "store":
      case "comment":
        return [];
    }
  });
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function loopText({ calls, lanes, reason }: LoopPlan): string {
  const place = calls === undefined ? "in place" : callsText(calls);
  return `${place}; ${lanes === undefined ? `one index at a time, since ${reason}` : laneText(lanes)}`;
}

function callsText({ kind, iterations, sharedFrom }: CallPlan): string {
  const shared = sharedFrom === undefined ? "" : `, shared by threads from ${sharedFrom} calls on`;
  return `${kind}, ${callText(iterations)}${shared}`;
}

function callText(iterations: number): string {
  return `${iterations} iterations per call`;
}

function laneText({ count, isNarrow, leavesRareOut }: LanePlan): string {
  return `${count} lanes of ${isNarrow ? 32 : 64} bits${leavesRareOut ? ", without rare branches" : ""}`;
}

function foldText(plan: FoldPlan): string {
  if (plan.kind === "expanded") return `as plain loops, since ${plan.reason}`;
  const { lanes, blocks } = plan;
  if (blocks === undefined) return laneText(lanes);
  return `${laneText(lanes)}, by blocks that are computed in ${laneText(blocks.lanes)}`;
}

function productText(plan: ProductPlan): string {
  if (plan.kind === "expanded") return `as plain loops, since ${plan.reason}`;
  return plan.isShared
    ? `a function, shared by threads in parts of ${plan.partProducts} products`
    : "a function";
}
