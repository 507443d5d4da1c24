import { type Context, importedName, type Node, type Rule, type Scope, variableOf } from "./syntax.ts";

/** Functions of downhill that compare elementwise. */
const comparisons = new Set(
  "less lessEqual greater greaterEqual equal notEqual logicalAnd logicalOr logicalNot isNaN isFinite".split(
    " ",
  ),
);

/**
 * Reports a comparison of tensors as a condition of the language, such as `if (less(x, 0))`. It is a tensor, and
 * therefore always true.
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
      // expressions within a condition are conditions too; the outermost one reports
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

/**
 * Name of the comparison function of downhill whose result an expression is: a call, or a constant initialised with
 * one. `undefined` for other expressions.
 */
function comparisonOf(node: Node, scope: Scope): string | undefined {
  if (node.type === "CallExpression") return nameOf(node.callee!, scope);
  if (node.type !== "Identifier") return undefined;
  const [definition] = variableOf(node.name!, scope)?.defs ?? [];
  if (definition?.type !== "Variable" || definition.parent?.kind !== "const") return undefined;
  const { init } = definition.node;
  return init?.type === "CallExpression" ? nameOf(init.callee!, scope) : undefined;
}

function nameOf(callee: Node, scope: Scope): string | undefined {
  const name = importedName(callee, scope);
  return name !== undefined && comparisons.has(name) ? name : undefined;
}
