import type { FunctionNode, Identifier, Node, Pattern, Statement } from "./ast.ts";

// Queries on syntax alone, used before a function is elaborated.

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

/** Returns the direct children of a node in source order. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const key of Object.keys(node)) {
    const value = (node as unknown as Readonly<Record<string, unknown>>)[key];
    if (typeof value !== "object" || value === null || key === "loc" || key === "parent") continue;
    if (!Array.isArray(value)) {
      if (isNode(value)) children.push(value);
      continue;
    }
    for (const item of value as readonly unknown[]) if (isNode(item)) children.push(item);
  }
  return children;
}

/** Visits `node` and all its descendants. If `enter` returns false, the descendants of that node are skipped. */
export function walk(node: Node, enter: (node: Node) => boolean | void): void {
  traverse(node, enter, childrenOf);
}

/** Visits nodes in source order, parents first. It is iterative because generated code has long chains. */
function traverse(
  node: Node,
  enter: (node: Node) => boolean | void,
  below: (node: Node) => readonly Node[],
): void {
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (enter(next) === false) continue;
    const inner = below(next);
    for (let i = inner.length - 1; i >= 0; i--) waiting.push(inner[i]!);
  }
}

const withStatements: ReadonlySet<string> = new Set([
  "Program",
  "BlockStatement",
  "IfStatement",
  "ForStatement",
  "ForOfStatement",
  "ForInStatement",
  "WhileStatement",
  "DoWhileStatement",
  "SwitchStatement",
  "SwitchCase",
  "LabeledStatement",
  "TryStatement",
  "CatchClause",
  "WithStatement",
]);

const noNodes: readonly Node[] = [];

/** Returns the children of a node that may be or contain statements, without function bodies. Expressions have none. */
export function statementsBelow(node: Node): readonly Node[] {
  return withStatements.has(node.type) ? childrenOf(node) : noNodes;
}

/**
 * Visits `node` and the statements below it, outside of nested functions. If `enter` returns false, the descendants of
 * that node are skipped.
 */
export function walkStatements(node: Node, enter: (node: Node) => boolean | void): void {
  traverse(node, enter, statementsBelow);
}

/** True if a node is a function. */
export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return (
    node?.type === "FunctionDeclaration" ||
    node?.type === "FunctionExpression" ||
    node?.type === "ArrowFunctionExpression"
  );
}

/** Removes wrappers that matter only to TypeScript: parentheses, `!`, `as T`. */
export function unwrap<T extends Node>(node: T): Exclude<T, { readonly type: WrapperType }> {
  let inner: Node = node;
  while (isWrapper(inner)) inner = inner.expression;
  return inner as Exclude<T, { readonly type: WrapperType }>;
}

const wrapperTypes = [
  "ParenthesizedExpression",
  "TSNonNullExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
  "ChainExpression",
] as const;
type WrapperType = (typeof wrapperTypes)[number];

function isWrapper(node: Node): node is Node & { readonly expression: Node } {
  return (wrapperTypes as readonly string[]).includes(node.type);
}

/** True if the function body contains the directive `use ad`. */
export function isMarked(node: FunctionNode): boolean {
  return (
    node.body.type === "BlockStatement" &&
    node.body.body.some((stmt) => stmt.type === "ExpressionStatement" && stmt.directive === "use ad")
  );
}

/** Returns the variable at the root of a target: `x` for `x.a[i].b`; `undefined` if the root is not a variable. */
export function rootOf(target: Node): string | undefined {
  let node = unwrap(target);
  while (node.type === "MemberExpression") node = unwrap((node as Node & { readonly object: Node }).object);
  return node.type === "Identifier" ? (node as Identifier).name : undefined;
}

/**
 * Calls `give` with each target that the node itself assigns, in assignments, updates and loop heads. Does not visit
 * descendants.
 */
function eachOwnTarget(node: Node, give: (target: Node) => void): void {
  switch (node.type) {
    case "AssignmentExpression":
      return targetsOf((node as Node & { left: Pattern }).left, give);
    case "UpdateExpression":
      return give(unwrap((node as Node & { argument: Node }).argument));
    case "ForOfStatement":
    case "ForInStatement": {
      const { left } = node as Node & { readonly left: Node };
      if (left.type !== "VariableDeclaration") targetsOf(left as Pattern, give);
      return;
    }
    default:
  }
}

/** The targets in a pattern: variables and members. */
export function targetsOf(pattern: Pattern, give: (target: Node) => void): void {
  const target = unwrap(pattern);
  switch (target.type) {
    case "ArrayPattern":
      for (const element of target.elements) if (element !== null) targetsOf(element, give);
      return;
    case "ObjectPattern":
      for (const part of target.properties)
        targetsOf(part.type === "RestElement" ? part.argument : (part.value as Pattern), give);
      return;
    case "AssignmentPattern":
      targetsOf(target.left, give);
      return;
    case "RestElement":
      targetsOf(target.argument, give);
      return;
    case "Identifier":
    case "MemberExpression":
      give(target);
      return;
    default:
      give(target); // invalid targets are refused when they are elaborated
  }
}

const assigned = new WeakMap<Node, ReadonlySet<string>>();

/** Names of the variables that are assigned below `node`. Inner variables with the same name count too. */
export function assignedNames(node: Node): ReadonlySet<string> {
  const known = assigned.get(node);
  if (known !== undefined) return known;
  // descendant blocks are queried next, so their sets are cached too, innermost first
  const blocks: Node[] = [];
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (assigned.has(next)) continue;
    const block = next;
    blocks.push(block);
    walk(block, (inner) => {
      if (inner === block || !isBlock(inner)) return true;
      waiting.push(inner);
      return false;
    });
  }
  for (const block of blocks.toReversed()) assigned.set(block, collectAssigned(block));
  return assigned.get(node)!;
}

function isBlock(node: Node): boolean {
  return withStatements.has(node.type) || isFunction(node);
}

/** Names that a node and its descendants assign to. The sets of its inner blocks must have been cached before. */
function collectAssigned(node: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const give = (target: Node): void => {
    if (target.type === "Identifier") names.add((target as Identifier).name);
  };
  walk(node, (inner) => {
    if (inner !== node && isBlock(inner)) {
      for (const name of assigned.get(inner)!) names.add(name);
      return false;
    }
    eachOwnTarget(inner, give);
    return true;
  });
  return names;
}

const writingMethods: ReadonlySet<string> = new Set(["fill", "set", "sort", "reverse", "copyWithin", "push"]);

/**
 * Names of variables with elements or fields that may be written below `node`: by an assignment, a method, or a
 * function that receives the variable.
 */
export function writtenNames(node: Node): Set<string> {
  const names = new Set<string>();
  const give = (target: Node): void => {
    const root = rootOf(target);
    if (root !== undefined) names.add(root);
  };
  walk(node, (inner) => {
    eachOwnTarget(inner, give);
    if (inner.type !== "CallExpression") return;
    const { callee, arguments: args } = inner as Node & { callee: Node; arguments: readonly Node[] };
    const called = unwrap(callee);
    if (called.type === "MemberExpression") {
      const { object, property } = called as Node & { object: Node; property: Node };
      if (writingMethods.has((property as Identifier).name)) give(object);
      if (rootOf(object) === "Math") return;
    }
    for (const arg of args) give(arg);
  });
  return names;
}

/** Names read below `node`. Field names and keys do not count. */
export function usedNames(node: Node): Set<string> {
  const names = new Set<string>();
  eachUse(node, ({ name }) => names.add(name));
  return names;
}

/**
 * Calls `give` with each identifier below `node` that refers to a variable, and the nodes around it, innermost last.
 */
export function eachUse(node: Node, give: (use: Identifier, around: readonly Node[]) => void): void {
  const around: Node[] = [];
  const waiting: (Node | undefined)[] = [node]; // `undefined` where a node ends
  while (waiting.length > 0) {
    const inner = waiting.pop();
    if (inner === undefined) around.pop();
    else if (inner.type === "Identifier") give(inner as Identifier, around);
    else if (!inner.type.startsWith("TSType") || inner.type === "TSTypeAssertion") {
      const skipped = nameBelow(inner);
      around.push(inner);
      waiting.push(undefined);
      const children = childrenOf(inner);
      for (let i = children.length - 1; i >= 0; i--) if (children[i] !== skipped) waiting.push(children[i]);
    }
  }
}

/** Returns the child of a node that is a name but not a variable: a field, key or label. `undefined` if it has none. */
function nameBelow(node: Node): Node | undefined {
  const { computed, property, key, value, label } = node as Node & Partial<Record<string, unknown>>;
  if (node.type === "MemberExpression" && computed !== true) return property as Node;
  if (node.type === "Property" && computed !== true && key !== value) return key as Node;
  if (node.type === "LabeledStatement" || node.type === "BreakStatement" || node.type === "ContinueStatement")
    return (label ?? undefined) as Node | undefined;
  return undefined;
}

/** True if control never continues after the statement: all paths return, throw or jump. */
export function neverCompletes(stmt: Statement): boolean {
  switch (stmt.type) {
    case "ReturnStatement":
    case "ThrowStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return true;
    case "BlockStatement":
      return stmt.body.some(neverCompletes);
    case "IfStatement": {
      let last: Statement = stmt;
      for (; last.type === "IfStatement"; last = last.alternate)
        if (!neverCompletes(last.consequent) || !last.alternate) return false;
      return neverCompletes(last);
    }
    case "SwitchStatement":
      return (
        stmt.cases.some(({ test }) => !test) &&
        !exits(stmt, "BreakStatement") &&
        stmt.cases.at(-1)!.consequent.some(neverCompletes)
      );
    case "WhileStatement":
      return isTrueLiteral(stmt.test) && !exits(stmt, "BreakStatement");
    case "ForStatement":
      return (!stmt.test || isTrueLiteral(stmt.test)) && !exits(stmt, "BreakStatement");
    case "DoWhileStatement":
      return neverCompletes(stmt.body) && !exits(stmt, "BreakStatement") && !exits(stmt, "ContinueStatement");
    case "LabeledStatement":
      return neverCompletes(stmt.body) && !exits(stmt, "BreakStatement");
    case "VariableDeclaration":
    case "FunctionDeclaration":
    case "ExpressionStatement":
    case "ForOfStatement":
    case "TSInterfaceDeclaration":
    case "TSEnumDeclaration":
    case "TSTypeAliasDeclaration":
    case "EmptyStatement":
    case "DebuggerStatement":
    case "TSDeclareFunction":
    default:
      return false;
  }
}

/** True if a statement contains `break`, `continue` or `return`, outside of nested functions. */
export function mayLeave(stmt: Node): boolean {
  return ["BreakStatement", "ContinueStatement", "ReturnStatement"].some((type) => exits(stmt, type));
}

const pushed = new WeakMap<Node, ReadonlySet<string>>();

/** Names of the arrays that `name.push(…)` appends to below a node, also in functions. */
export function pushedNames(node: Node): ReadonlySet<string> {
  let names = pushed.get(node);
  if (names === undefined) pushed.set(node, (names = collectPushed(node)));
  return names;
}

function collectPushed(node: Node): ReadonlySet<string> {
  const names = new Set<string>();
  eachPush(node, (name) => names.add(name));
  return names;
}

/** Calls `give` with the name of the array of each `name.push(…)` below a node, in source order. */
function eachPush(node: Node, give: (name: string, call: Node) => void): void {
  walk(node, (inner) => {
    if (inner.type !== "CallExpression") return;
    const callee = unwrap((inner as Node & { readonly callee: Node }).callee);
    if (callee.type !== "MemberExpression") return;
    const { object, property } = callee as Node & { readonly object: Node; readonly property: Node };
    const target = unwrap(object);
    if ((property as Identifier).name === "push" && target.type === "Identifier")
      give((target as Identifier).name, inner);
  });
}

function isTrueLiteral(node: Node): boolean {
  return (unwrap(node) as Node & { readonly value?: unknown }).value === true;
}

/** True if a jump of the given kind occurs below a statement. */
function exits(stmt: Node, type: string): boolean {
  let isThere = false;
  walkStatements(stmt, (node) => {
    isThere ||= node.type === type;
    return !isThere;
  });
  return isThere;
}

/** True if a function refers to the object on which it is called, by `this` or `super`. */
export function usesThis(owner: FunctionNode): boolean {
  const waiting: Node[] = [...owner.params, owner.body];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.type === "ThisExpression" || node.type === "Super") return true;
    // inner functions except arrow functions have an object of their own
    if (!isFunction(node) || node.type === "ArrowFunctionExpression") waiting.push(...childrenOf(node));
  }
  return false;
}
