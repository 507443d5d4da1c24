import type { InlinedCall, Env } from "../entities/env.ts";
import { refuse, textOf } from "../entities/env.ts";
import type { CallExpression, FunctionNode, Node } from "../syntax/ast.ts";
import type { Module } from "../syntax/module.ts";
import { lineStarts, placeOf } from "../syntax/refuse.ts";
import { unwrap, walk } from "../syntax/walk.ts";

/**
 * Maximum number of syntax nodes that the calls of one marked function may copy into it. A node costs about 12 µs to
 * compile together with its gradient (80 µs in loops), so a function at the limit takes 12 s. Helpers that call the
 * level below twice double the copies per level: without a limit, 40 such levels would never finish.
 */
const mostInlinedNodes = 1_000_000;

const sizes = new WeakMap<FunctionNode, number>();

/** Number of syntax nodes of a function. */
function sizeOf(node: FunctionNode): number {
  let size = sizes.get(node);
  if (size === undefined) {
    size = 0;
    walk(node, () => void size!++);
    sizes.set(node, size);
  }
  return size;
}

/**
 * Counts a call whose function is about to be copied to the call site.
 *
 * @throws PlainError if the copies exceed `mostInlinedNodes`; the message shows the chain of calls.
 */
export function countInlined(env: Env, call: InlinedCall): void {
  const { unit } = env;
  unit.inlinedNodes += sizeOf(call.node);
  if (unit.inlinedNodes <= mostInlinedNodes) return;
  const chain = [...env.calls, call];
  const first = chain[1]!;
  refuse(
    { module: chain[0]!.module },
    first.site ?? first.node,
    `calls are inlined, and their copies exceed ${mostInlinedNodes.toLocaleString("en")} syntax nodes. The chain of calls:\n` +
      `${chainText(chain)}\n` +
      "Store a result that is needed several times in a variable (const y = f(x)), or make the calls in a loop, whose body is " +
      "copied once.",
  );
}

/** Number of lines at the beginning and at the end of the chain of calls that a message shows. */
const [shownFirst, shownLast] = [8, 3];

/** One line per call: its position, the number of calls of its function there, and the resulting number of copies. */
function chainText(chain: readonly InlinedCall[]): string {
  let copies = 1;
  const lines = chain.slice(1).map(({ node, site }, k) => {
    const caller = chain[k]!;
    const name = nameOf(site, node, caller.module);
    const times = callsOf(site, caller.node);
    copies *= times;
    const position = site === undefined ? "" : `:${placeOf(lineStarts(caller.module), site.start).line}`;
    const often = times === 1 ? "" : ` ${times} times`;
    return (
      `  ${caller.module.file}${position}: ${nameOf(caller.site, caller.node, chain[k - 1]?.module)} calls ${name}${often}: ` +
      `${copies.toLocaleString("en")} ${copies === 1 ? "copy" : "copies"}`
    );
  });
  if (lines.length <= shownFirst + shownLast + 1) return lines.join("\n");
  const left = lines.length - shownFirst - shownLast;
  return [...lines.slice(0, shownFirst), `  … ${left} more calls`, ...lines.slice(-shownLast)].join("\n");
}

/** Name of a function: its own, or the source text of the callee. */
function nameOf(site: Node | undefined, node: FunctionNode, module: Module | undefined): string {
  if (node.id) return node.id.name;
  const callee = calleeOf(site);
  return callee !== undefined && module !== undefined ? textOf({ module }, callee) : "a function";
}

function calleeOf(site: Node | undefined): Node | undefined {
  return site?.type === "CallExpression" ? unwrap((site as CallExpression).callee) : undefined;
}

/** Number of calls in a function that call the same name as the call site. */
function callsOf(site: Node | undefined, caller: FunctionNode): number {
  const callee = calleeOf(site);
  if (callee?.type !== "Identifier") return 1;
  let count = 0;
  walk(caller, (node) => {
    const other = calleeOf(node);
    if (
      other?.type === "Identifier" &&
      (other as Node & { name: string }).name === (callee as Node & { name: string }).name
    )
      count++;
  });
  return Math.max(1, count);
}
