// Converts formulas to TypeScript if TypeScript has all their functions.
import { assertNever } from "../../engine/util/assert-never.ts";
import type { BinaryOperator, TextExpr } from "./ast.ts";
import type { CompiledText } from "./compile.ts";

/** Formula functions that are equal to those of `Math` for every number. */
const sameInMath: ReadonlyMap<string, string> = new Map([
  ...[
    ..."sin cos tan exp log sqrt abs pow tanh acos acosh asin asinh atan atan2 atanh cbrt cosh expm1 log10".split(
      " ",
    ),
    ..."log1p log2 sinh".split(" "),
  ].map((name) => [name, name] as const),
  ["ln", "log"],
]);

const constants: ReadonlyMap<string, string> = new Map([
  ["pi", "Math.PI"],
  ["π", "Math.PI"],
  ["e", "Math.E"],
  ["inf", "Infinity"],
]);

/** A text with its precedence: 1 comparisons, 2 sums, 3 products, 4 minus, 5 powers, 6 names and calls. */
interface Code {
  readonly text: string;
  readonly binds: number;
}

const binds: Readonly<Record<BinaryOperator, number>> = {
  "<": 1,
  "<=": 1,
  ">": 1,
  ">=": 1,
  "==": 1,
  "!=": 1,
  "+": 2,
  "-": 2,
  "*": 3,
  "/": 3,
  "%": 3,
  "^": 5,
};

/**
 * Converts a formula to a function marked `"use ad"`. Returns `undefined` if it has functions or names that TypeScript
 * lacks or defines differently.
 */
export function typeScriptOf({ inputs, statements, outputName }: CompiledText): string | undefined {
  const names = [...inputs, ...statements.map(({ name }) => name), outputName];
  if (!names.every((name) => isPlainName(name))) return undefined;
  const own = new Set(names);
  const lines: string[] = [];
  for (const [i, { name, value }] of statements.entries()) {
    const code = codeOf(value, own);
    if (code === undefined) return undefined;
    lines.push(i === statements.length - 1 ? `  return ${code.text};` : `  const ${name} = ${code.text};`);
  }
  const params = inputs.map((name) => `${name}: number`).join(", ");
  const f = own.has("f") ? functionName(own) : "f";
  return [`export function ${f}(${params}): number {`, '  "use ad";', ...lines, "}", ""].join("\n");
}

function functionName(taken: ReadonlySet<string>): string {
  for (let n = 2; ; n++) if (!taken.has(`f${n}`)) return `f${n}`;
}

const reserved = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for " +
    "function if implements import in instanceof interface let new null package private protected public return static super switch " +
    "this throw true try typeof var void while with yield Infinity Math NaN Number"
  ).split(" "),
);

function isPlainName(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name) && !reserved.has(name);
}

function codeOf(expr: TextExpr, own: ReadonlySet<string>): Code | undefined {
  switch (expr.kind) {
    case "number":
      return { text: String(expr.value), binds: 6 };
    case "name":
      return { text: own.has(expr.name) ? expr.name : (constants.get(expr.name) ?? expr.name), binds: 6 };
    case "negate": {
      const x = codeOf(expr.x, own);
      return x && { text: `-${within(x, 6)}`, binds: 4 }; // JavaScript rejects a sign before a power without parentheses
    }
    case "binary": {
      const [x, y] = [codeOf(expr.x, own), codeOf(expr.y, own)];
      if (x === undefined || y === undefined) return undefined;
      const level = binds[expr.operator];
      const operator = expr.operator === "^" ? "**" : expr.operator.replace(/^([=!]=)$/, "$1=");
      // A power is right-associative, and its base cannot have a sign.
      const [left, right] = expr.operator === "^" ? [6, 5] : [level, level + 1];
      return { text: `${within(x, left)} ${operator} ${within(y, right)}`, binds: level };
    }
    case "call": {
      const args = expr.args.map((arg) => codeOf(arg, own)?.text);
      const name = sameInMath.get(expr.name);
      if (name === undefined || args.includes(undefined)) return undefined;
      return { text: `Math.${name}(${args.join(", ")})`, binds: 6 };
    }
    default:
      return assertNever(expr, "codeOf");
  }
}

function within({ text, binds: own }: Code, least: number): string {
  return own < least ? `(${text})` : text;
}
