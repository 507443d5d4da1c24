// Derivatives as JavaScript, loaded on demand.
import { assertNever } from "../../src/engine/util/assert-never.ts";
import { type BinaryOperator, type TextExpr, postOrder } from "../../src/numeric/syntax/ast.ts";
import { constants } from "../../src/numeric/syntax/functions.ts";
import { emitModule } from "../../src/numeric/plain/emit/module.ts";
import { type PlainProgram, plainProgramReader } from "./plain-program.ts";
import type { Program, TextProgram } from "./program.ts";

/** Name of the function that a formula becomes. */
const functionName = "f";

/**
 * Gradient of a program as a JavaScript module without dependencies, as written by `downhill emit`.
 *
 * @throws Error if a formula calls a function that JavaScript lacks, or if nothing has a derivative
 */
export async function emittedGradient(program: Program): Promise<string> {
  return gradientCode(
    program.kind === "plain" ? program : (await plainProgramReader())(typeScriptOf(program)),
  );
}

/** Gradient of a TypeScript program as a JavaScript module. */
export function gradientCode(program: PlainProgram): string {
  const names = activeParameters(program);
  if (names.length === 0) throw new Error("No input has a derivative.");
  return emitModule(program.form, { grad: names, value: true }).code.trim();
}

function activeParameters({ inputs, form }: PlainProgram): string[] {
  return inputs
    .filter(({ kind }, i) => kind !== "whole" && form.params[i]!.type.kind !== "boolean")
    .map(({ name }) => name);
}

/** Converts a formula or statements to a TypeScript function with the same names. */
function typeScriptOf({ compiled: { inputs, statements } }: TextProgram): string {
  const lines = statements.map(({ name, value }, i) =>
    i === statements.length - 1
      ? `return ${javaScriptOf(value, inputs)};`
      : `const ${name} = ${javaScriptOf(value, inputs)};`,
  );
  const params = inputs.map((name) => `${name}: number`).join(", ");
  return `function ${functionName}(${params}): number {\n  "use ad";\n  ${lines.join("\n  ")}\n}\n`;
}

/** Formula functions that have another name in JavaScript or must be expanded. */
const written: ReadonlyMap<string, (args: readonly string[]) => string> = new Map([
  ["ln", ([x]) => `Math.log(${x})`],
  ["pow", ([x, y]) => `(${x}) ** (${y})`],
  ["sigmoid", ([x]) => `1 / (1 + Math.exp(-(${x})))`],
  ["relu", ([x]) => `Math.max(${x}, 0)`],
  ["square", ([x]) => `(${x}) ** 2`],
  ["exp2", ([x]) => `2 ** (${x})`],
  ["softplus", ([x]) => `Math.log1p(Math.exp(${x}))`],
  ["where", ([condition, x, y]) => `${condition} ? ${x} : ${y}`],
]);

/** Converts an expression to JavaScript. Each part is in parentheses unless it is a name, a number or a call. */
function javaScriptOf(expr: TextExpr, inputs: readonly string[]): string {
  const texts = new Map<TextExpr, string>();
  const part = (x: TextExpr): string => {
    const text = texts.get(x)!;
    return x.kind === "name" || x.kind === "number" || /^Math\.\w+\([^()]*\)$/.test(text)
      ? text
      : `(${text})`;
  };
  for (const x of postOrder(expr)) texts.set(x, textOf(x));
  return texts.get(expr)!;

  function textOf(x: TextExpr): string {
    switch (x.kind) {
      case "number":
        return String(x.value);
      case "name": {
        const value = inputs.includes(x.name) ? undefined : constants.get(x.name);
        if (value === undefined) return x.name;
        return value === Math.PI ? "Math.PI" : value === Math.E ? "Math.E" : String(value);
      }
      case "negate":
        return `-${part(x.x)}`;
      case "binary":
        return `${part(x.x)} ${operatorOf(x.operator)} ${part(x.y)}`;
      case "call": {
        const known = written.get(x.name);
        if (known !== undefined)
          return known(x.args.map((arg) => (x.name === "where" ? part(arg) : texts.get(arg)!)));
        if (!(x.name in Math)) throw new Error(`JavaScript has no function ${x.name}.`);
        return `Math.${x.name}(${x.args.map((arg) => texts.get(arg)!).join(", ")})`;
      }
      default:
        return assertNever(x, "javaScriptOf");
    }
  }
}

function operatorOf(operator: BinaryOperator): string {
  return operator === "^" ? "**" : operator;
}
