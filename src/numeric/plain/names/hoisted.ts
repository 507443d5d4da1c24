import type { Env } from "../entities/env.ts";
import { refuse } from "../entities/env.ts";
import type { FunctionNode, Identifier, Node, VariableDeclaration } from "../syntax/ast.ts";
import { eachUse, isFunction, statementsBelow, targetsOf } from "../syntax/walk.ts";

/** Name declared by a `var`, and the innermost block around it. */
interface HoistedVariable {
  readonly name: string;
  readonly declarator: Node;
  readonly block: Node;
  /**
   * True if each iteration of an enclosing loop assigns the variable: by an initialiser, or as the variable of a `for …
   * of`.
   */
  readonly isSet: boolean;
}

const withoutFaults = new WeakSet<FunctionNode>();

/**
 * Refuses a `var` whose function scope matters, because variables here end with their block. That is a `var` that is
 * used outside of its block, declared again in an inner block, or read in a later iteration than the one that assigned
 * it.
 */
export function refuseHoisted(env: Env, owner: FunctionNode): void {
  if (withoutFaults.has(owner)) return;
  const all = hoistedIn(owner);
  const byName = new Map<string, HoistedVariable[]>();
  for (const one of all) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  const outside = new Set<string>(); // used outside of all blocks that declare the name
  if (all.length > 0)
    eachUse(owner.body, (use) => {
      const hoisted = byName.get(use.name);
      if (hoisted?.every(({ block }) => !isWithin(use, block)) === true) outside.add(use.name);
    });
  for (const { name, declarator, block, isSet } of all) {
    const isNested = byName.get(name)!.some((other) => other.block !== block && isWithin(block, other.block));
    if (isNested || outside.has(name) || (!isSet && block !== owner.body))
      refuse(
        env,
        declarator,
        `var ${name} is one variable of the whole function, and not of its block: write let ${name}, where all that use it see it.`,
      );
  }
  withoutFaults.add(owner);
}

function isWithin(node: Node, block: Node): boolean {
  return block.start <= node.start && node.end <= block.end;
}

const blockTypes: readonly string[] = [
  "BlockStatement",
  "ForStatement",
  "ForOfStatement",
  "ForInStatement",
  "SwitchStatement",
];

function hoistedIn(owner: FunctionNode): HoistedVariable[] {
  const found: HoistedVariable[] = [];
  const waiting = [{ node: owner.body as Node, block: owner.body as Node, isHead: false }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, block, isHead } = next;
    if (isFunction(node)) continue;
    const { kind, declarations = [] } = node as Partial<VariableDeclaration>;
    if (node.type === "VariableDeclaration" && kind === "var")
      for (const declarator of declarations) {
        const isSet = isHead || Boolean(declarator.init);
        targetsOf(declarator.id, (target) =>
          found.push({ name: (target as Identifier).name, declarator, block, isSet }),
        );
      }
    const inner = blockTypes.includes(node.type) ? node : block;
    const { left } = node as Node & { readonly left?: Node };
    for (const child of statementsBelow(node).toReversed())
      waiting.push({ node: child, block: inner, isHead: node.type === "ForOfStatement" && child === left });
  }
  return found;
}
