import { append } from "../../../engine/util/append.ts";
import { truth } from "../draft/draft.ts";
import type { Env, Jump } from "../entities/env.ts";
import { flagOf, refuse } from "../entities/env.ts";
import type { IfStatement, JumpStatement, LabeledStatement, Node, Statement } from "../syntax/ast.ts";
import { statementsBelow } from "../syntax/walk.ts";

/** Returns the target of a `break` or `continue`. */
export function jumpOf(env: Env, stmt: JumpStatement): Jump {
  const found = find(env, stmt);
  const name = stmt.label ? ` ${stmt.label.name}` : "";
  return (
    found ??
    refuse(
      env,
      stmt,
      `there is nothing around this that ${stmt.type === "BreakStatement" ? "break" : "continue"}${name} could mean.`,
    )
  );
}

function find({ frames }: Env, { type, label }: JumpStatement): Jump | undefined {
  const isContinue = type === "ContinueStatement";
  const frame = frames.findLast(({ kind, labels }) =>
    label ? labels.includes(label.name) : kind === "loop" || (kind === "switch" && !isContinue),
  );
  return isContinue ? frame?.continue : frame?.break;
}

/** Returns the targets outside of a statement to which the statement may jump. */
export function exitsOf(env: Env, stmt: Statement): Jump[] {
  const exits = new Set<Jump>();
  for (const node of leavingJumps(stmt)) {
    const target = node.type === "ReturnStatement" ? env.returns?.jump : find(env, node as JumpStatement);
    if (target !== undefined) exits.add(target);
  }
  return [...exits];
}

const leavingOf = new WeakMap<Node, readonly Node[]>();

/** Returns the return, break and continue statements below a node whose target is outside of the node. */
function leavingJumps(node: Node): readonly Node[] {
  let leaving = leavingOf.get(node);
  if (leaving === undefined) leavingOf.set(node, (leaving = collectLeaving(node)));
  return leaving;
}

function collectLeaving(node: Node): readonly Node[] {
  if (node.type === "ReturnStatement" || node.type === "BreakStatement" || node.type === "ContinueStatement")
    return [node];
  if (node.type === "IfStatement") {
    // iterative over `else if`, whose jumps are not cached separately
    const jumps: Node[] = [];
    let last: Node | null | undefined = node;
    for (; last?.type === "IfStatement"; last = (last as IfStatement).alternate)
      append(jumps, leavingJumps((last as IfStatement).consequent));
    if (last) append(jumps, leavingJumps(last));
    return jumps;
  }
  const inner = statementsBelow(node).flatMap(leavingJumps);
  if (inner.length === 0) return inner;
  const isLoop = /^(For|While|DoWhile)/.test(node.type);
  const label = node.type === "LabeledStatement" ? (node as LabeledStatement).label.name : undefined;
  return inner.filter((jump) => {
    if (jump.type === "ReturnStatement") return true;
    const own = (jump as JumpStatement).label?.name;
    if (own !== undefined) return own !== label;
    return !isLoop && !(node.type === "SwitchStatement" && jump.type === "BreakStatement");
  });
}

/** Emits a jump by setting its flag. Emits nothing if the code that follows is the target of the jump. */
export function takeJump(env: Env, jump: Jump, flag: string, at: number): void {
  if (env.tail.has(jump)) return;
  const name = flagOf(env, jump, flag);
  env.out.push({ kind: "set", name, value: truth(true), at });
}
