import type { JumpStatement, LabeledStatement, Node, Statement } from "./ast.ts";
import { truth } from "./draft.ts";
import type { Env, Jump } from "./env.ts";
import { flagOf, refuse } from "./env.ts";
import { childrenOf, isFunction } from "./walk.ts";

/** Where a `break` or `continue` goes. */
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

/** The jumps that a statement may take to somewhere outside of it. */
export function exitsOf(env: Env, stmt: Statement): Jump[] {
  const exits = new Set<Jump>();
  collect(env, stmt, { loop: false, breakable: false, labels: [] }, exits);
  return [...exits];
}

interface Inside {
  readonly loop: boolean;
  readonly breakable: boolean;
  readonly labels: readonly string[];
}

function collect(env: Env, node: Node, inside: Inside, exits: Set<Jump>): void {
  if (isFunction(node)) return;
  if (node.type === "ReturnStatement" && env.returns !== undefined) exits.add(env.returns.jump);
  if (node.type === "BreakStatement" || node.type === "ContinueStatement") {
    const jump = node as JumpStatement;
    const label = jump.label?.name;
    const isInner =
      label === undefined
        ? node.type === "BreakStatement"
          ? inside.breakable
          : inside.loop
        : inside.labels.includes(label);
    const target = isInner ? undefined : find(env, jump);
    if (target !== undefined) exits.add(target);
    return;
  }
  const isLoop = /^(For|While|DoWhile)/.test(node.type);
  const within: Inside = {
    loop: inside.loop || isLoop,
    breakable: inside.breakable || isLoop || node.type === "SwitchStatement",
    labels:
      node.type === "LabeledStatement"
        ? [...inside.labels, (node as LabeledStatement).label.name]
        : inside.labels,
  };
  for (const child of childrenOf(node)) collect(env, child, within, exits);
}

/** Jumps: notes it in a flag, unless what follows is where it goes. */
export function takeJump(env: Env, jump: Jump, flag: string, at: number): void {
  if (env.tail.has(jump)) return;
  const name = flagOf(env, jump, flag);
  env.out.push({ kind: "set", name, value: truth(true), at });
}
