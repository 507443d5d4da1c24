/** A rule of ESLint, whose interface oxlint has too. */
export interface Rule {
  readonly meta: {
    readonly type: "problem";
    readonly docs: { readonly description: string };
    readonly schema: readonly unknown[];
  };
  create(context: never): Readonly<Record<string, (node: never) => void>>;
}

/** A node of a syntax tree, as linters hand it over. */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly operator?: string;
  readonly kind?: string;
  readonly test?: Node | null;
  readonly argument?: Node | null;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly left?: Node;
  readonly right?: Node;
  readonly init?: Node | null;
  readonly parent?: Node | null;
  readonly imported?: Node;
  readonly source?: { readonly value?: unknown };
}

interface Variable {
  readonly defs: readonly { readonly type: string; readonly node: Node; readonly parent?: Node | null }[];
}

interface Scope {
  readonly set: ReadonlyMap<string, Variable>;
  readonly upper: Scope | null;
}

interface Context {
  readonly sourceCode: { getScope(node: Node): Scope };
  report(problem: { readonly node: Node; readonly message: string }): void;
}

/** Functions of downhill that compare element by element. */
const comparisons = new Set(
  "less lessEqual greater greaterEqual equal notEqual logicalAnd logicalOr logicalNot isNaN isFinite".split(
    " ",
  ),
);

/**
 * A comparison of tensors as a condition of the language: `if (less(x, 0))`. It is a tensor, and so always true.
 */
export const tensorCondition: Rule = {
  meta: {
    type: "problem",
    docs: { description: "comparisons of tensors as conditions, which are always true" },
    schema: [],
  },
  create(context: Context) {
    const check = (node: Node | null | undefined): void => {
      if (node === null || node === undefined) return;
      // what stands within a condition is asked for its truth too; the outermost one reports it
      if (node.type === "LogicalExpression") {
        check(node.left);
        check(node.right);
      } else if (node.type === "UnaryExpression" && node.operator === "!") check(node.argument);
      else {
        const name = comparisonOf(node, context.sourceCode.getScope(node));
        if (name !== undefined) context.report({ node, message: messageOf(name) });
      }
    };
    const test = (node: Node): void => check(node.test);
    return {
      IfStatement: test,
      ConditionalExpression: test,
      WhileStatement: test,
      DoWhileStatement: test,
      ForStatement: test,
    };
  },
};

function messageOf(name: string): string {
  return (
    `${name}(…) is a tensor, and a tensor is always true as a condition. Write where(${name}(…), x, y) to choose element by element, ` +
    `cond(${name}(…), f, g, …) to run one side only, or ${name}(…).item() === 1 outside of transformed functions.`
  );
}

/** The comparison that an expression is: a call, or a constant that was given one. */
function comparisonOf(node: Node, scope: Scope): string | undefined {
  if (node.type === "CallExpression") return importedName(node.callee!, scope);
  if (node.type !== "Identifier") return undefined;
  const [definition] = variableOf(node.name!, scope)?.defs ?? [];
  if (definition?.type !== "Variable" || definition.parent?.kind !== "const") return undefined;
  const { init } = definition.node;
  return init?.type === "CallExpression" ? importedName(init.callee!, scope) : undefined;
}

/** The name of a comparison under which downhill exports what is called. */
function importedName(callee: Node, scope: Scope): string | undefined {
  const isMember = callee.type === "MemberExpression" && callee.object?.type === "Identifier";
  const local = isMember ? callee.object : callee;
  if (local?.type !== "Identifier") return undefined;
  const [definition] = variableOf(local.name!, scope)?.defs ?? [];
  const from = definition?.type === "ImportBinding" ? definition.parent?.source?.value : undefined;
  if (from !== "downhill" && from !== "downhill/core") return undefined;
  const isNamespace = definition!.node.type === "ImportNamespaceSpecifier";
  if (isMember !== isNamespace) return undefined;
  const name = isMember ? callee.property?.name : definition!.node.imported?.name;
  return name !== undefined && comparisons.has(name) ? name : undefined;
}

function variableOf(name: string, scope: Scope): Variable | undefined {
  for (let here: Scope | null = scope; here !== null; here = here.upper) {
    const found = here.set.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
