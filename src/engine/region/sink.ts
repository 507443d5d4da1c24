import { mayEndTheCall } from "./dead-code.ts";
import { hasTarget, readsOf, targetOf } from "./linearity.ts";
import type { Block } from "./needs.ts";
import type { RegionStmt } from "./region.ts";
import { declaredBy, expressionsOf, walkStmts } from "./walk.ts";

/**
 * The block with its loops behind all statements that have nothing to do with them: then less stands behind a loop that must go back
 * before it can. Statements that may end the call with an error keep their order.
 *
 * @param useful linear names: loops that give them no values stay where they are.
 */
export function sinkLoops(block: Block, useful: ReadonlySet<string>): Block {
  const order = [...block];
  const uses = new Map(order.map((stmt) => [stmt, usesOf(stmt)]));
  for (let from = order.length - 1; from >= 0; from--) {
    const loop = order[from]!;
    if ((loop.kind !== "for" && loop.kind !== "while") || !hasTarget(loop, useful)) continue;
    let to = from;
    while (to + 1 < order.length && areIndependent(uses.get(loop)!, uses.get(order[to + 1]!)!)) to++;
    order.splice(from, 1);
    order.splice(to, 0, loop);
  }
  return order;
}

interface Uses {
  readonly read: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
  readonly mayEndTheCall: boolean;
}

function usesOf(stmt: RegionStmt): Uses {
  const [read, written] = [new Set<string>(), new Set<string>()];
  let mayEnd = false;
  walkStmts([stmt], (inner) => {
    expressionsOf(inner)
      .flatMap(readsOf)
      .forEach((name) => read.add(name));
    for (const name of [targetOf(inner), declaredBy(inner)]) if (name !== undefined) written.add(name);
    if (inner.kind === "swap") written.add(inner.y);
    mayEnd ||= mayEndTheCall(inner);
  });
  return { read, written, mayEndTheCall: mayEnd };
}

/** Whether a loop may run behind the statement that follows it. */
function areIndependent(loop: Uses, next: Uses): boolean {
  const haveCommon = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
    [...a].some((name) => b.has(name));
  return (
    !next.mayEndTheCall &&
    !haveCommon(loop.written, next.read) &&
    !haveCommon(loop.written, next.written) &&
    !haveCommon(loop.read, next.written)
  );
}
