import type { Expression, FunctionNode, Identifier, IfStatement, Node, Pattern, Statement } from "./ast.ts";
import { isFunction, targetsOf, unwrap, walk } from "./walk.ts";

/** A statement that assigns a default to a parameter: its target, and the default. */
export interface DefaultStatement {
  readonly target: Identifier;
  readonly value: Expression;
}

const none: ReadonlyMap<Node, DefaultStatement> = new Map();
const known = new WeakMap<Node, ReadonlyMap<Node, DefaultStatement>>();

/**
 * Statements of a function body that assign a parameter its default: `k ??= 2;` or `if (k === undefined) k = 2;`,
 * provided that nothing else assigns to the parameter.
 */
export function defaultStatements(node: Node): ReadonlyMap<Node, DefaultStatement> {
  if (!isFunction(node) || node.body.type !== "BlockStatement") return none;
  let found = known.get(node);
  if (found === undefined) known.set(node, (found = collect(node, node.body.body)));
  return found;
}

/** True if the only assignment to a parameter is its default. */
export function isOnlyDefaulted(block: Node, name: string): boolean {
  return [...defaultStatements(block).values()].some(({ target }) => target.name === name);
}

function collect(node: FunctionNode, body: readonly Statement[]): ReadonlyMap<Node, DefaultStatement> {
  const candidates = body.flatMap((stmt) => {
    const found = defaultOf(stmt);
    return found === undefined ? [] : [[stmt, found] as const];
  });
  if (candidates.length === 0) return none;
  const params = new Set<string>();
  for (const param of node.params) each(param, (name) => params.add(name));
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  walk(node, (inner) => {
    const { left, argument } = inner as Node & { readonly left?: Node; readonly argument?: Node };
    if (inner.type === "AssignmentExpression") each(left as Pattern, count);
    if (inner.type === "UpdateExpression") each(argument as Pattern, count);
    if (inner.type.startsWith("For") && left && left.type !== "VariableDeclaration")
      each(left as Pattern, count);
  });
  return new Map(
    candidates.filter(([, { target }]) => params.has(target.name) && counts.get(target.name) === 1),
  );
}

function each(pattern: Pattern, give: (name: string) => void): void {
  targetsOf(pattern, (target) => {
    if (target.type === "Identifier") give((target as Identifier).name);
  });
}

function defaultOf(stmt: Statement): DefaultStatement | undefined {
  if (stmt.type === "ExpressionStatement") return assigned(unwrap(stmt.expression), "??=");
  if (stmt.type !== "IfStatement" || stmt.alternate) return undefined;
  const { consequent } = stmt;
  const [only, ...others] = consequent.type === "BlockStatement" ? consequent.body : [consequent];
  if (only?.type !== "ExpressionStatement" || others.length > 0) return undefined;
  const found = assigned(unwrap(only.expression), "=");
  return found && asksFor(stmt, found.target.name) ? found : undefined;
}

function assigned(node: Expression, operator: string): DefaultStatement | undefined {
  if (node.type !== "AssignmentExpression" || node.operator !== operator) return undefined;
  const { left, right } = node;
  const target = unwrap(left);
  return target.type === "Identifier" ? { target, value: right } : undefined;
}

/** True if the condition is `name === undefined` or equivalent. */
function asksFor({ test }: IfStatement, name: string): boolean {
  const asked = unwrap(test);
  if (asked.type !== "BinaryExpression" || (asked.operator !== "===" && asked.operator !== "=="))
    return false;
  const sides = [unwrap(asked.left), unwrap(asked.right)];
  const isName = (node: Expression): boolean => node.type === "Identifier" && node.name === name;
  const isType = sides.some(
    (side) => side.type === "UnaryExpression" && side.operator === "typeof" && isName(unwrap(side.argument)),
  );
  if (isType) return sides.some((side) => side.type === "Literal" && side.value === "undefined");
  const isNothing = (node: Expression): boolean =>
    (node.type === "Identifier" && node.name === "undefined") ||
    (asked.operator === "==" && node.type === "Literal" && node.raw === "null");
  return sides.some(isName) && sides.some(isNothing);
}
