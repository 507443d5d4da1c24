import { type Context, importedName, type Node, type Rule, type Scope, variableOf } from "./syntax.ts";

/** Functions of downhill that take a marked function of plain numbers, or a function over tensors. */
const transforms = new Set(
  (
    "grad valueAndGrad jvp vjp linearize jacfwd jacrev hessian hvp vmap jit checkpoint " +
    "minimize leastSquares fitCurve"
  ).split(" "),
);

/**
 * Reports a function that its parameter types declare to take numbers and that is passed to a transform without `"use
 * ad"`. Such a function runs with tensors, although its types say numbers.
 */
export const unmarked: Rule = {
  meta: {
    type: "problem",
    docs: { description: "functions of numbers that are differentiated without being marked" },
    schema: [],
  },
  create(context: Context) {
    return {
      CallExpression(node: Node) {
        const scope = context.sourceCode.getScope(node);
        const [given] = node.arguments ?? [];
        const name = importedName(node.callee!, scope);
        if (given === undefined || name === undefined || !transforms.has(name)) return;
        const f = functionOf(given, scope);
        if (f !== undefined && takesNumbers(f) && !isMarked(f))
          context.report({ node: given, message: messageOf(name) });
      },
    };
  },
};

function messageOf(name: string): string {
  return (
    `${name} runs this function with tensors, and gives tensors: by its types it takes numbers, but it is not marked. ` +
    `Write "use ad"; as the first line of its body, (x: number) => { "use ad"; return …; }, or let it take tensors.`
  );
}

const functions: ReadonlySet<string> = new Set([
  "ArrowFunctionExpression",
  "FunctionExpression",
  "FunctionDeclaration",
]);

/** The function that an expression is, or that it names in this file; `undefined` for other expressions. */
function functionOf(node: Node, scope: Scope): Node | undefined {
  if (functions.has(node.type)) return node;
  if (node.type !== "Identifier") return undefined;
  const [definition] = variableOf(node.name!, scope)?.defs ?? [];
  const found = definition?.type === "FunctionName" ? definition.node : definition?.node.init;
  return found !== null && found !== undefined && functions.has(found.type) ? found : undefined;
}

function takesNumbers({ params = [] }: Node): boolean {
  return params.length > 0 && params.every((param) => isPlain(param.typeAnnotation?.typeAnnotation));
}

const typedArrays: ReadonlySet<string | undefined> = new Set([
  "Float64Array",
  "Float32Array",
  "Int32Array",
  "Uint8Array",
]);

/** True if a type consists of numbers. For other types, such as names declared elsewhere, this is unknown. */
function isPlain(type: Node | null | undefined): boolean {
  if (type === null || type === undefined) return false;
  if (type.type === "TSArrayType") return isPlain(type.elementType);
  return type.type === "TSNumberKeyword" || typedArrays.has(type.typeName?.name);
}

function isMarked({ body }: Node): boolean {
  const block = body as Node | undefined;
  if (block?.type !== "BlockStatement") return false;
  const [first] = block.body as readonly Node[];
  return first?.directive === "use ad";
}
