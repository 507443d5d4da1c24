import type { ExprText } from "../../kernel/code.ts";
import { blockLines, callCode, conditional, infix, literal, prefix, primary } from "../../kernel/code.ts";
import { assertNever } from "../../util/assert-never.ts";
import { mutableNames } from "./names.ts";
import { inlineTemporaries } from "./nest.ts";
import type {
  RegionFor,
  Region,
  RegionExpr,
  RegionParam,
  RegionResult,
  RegionStmt,
  RegionThrow,
} from "./region.ts";
import { blocksOf } from "./walk.ts";

/**
 * Prints a region as TypeScript-like text of several lines: `function f(x: f64[], a: f64) { … return s; }`. Locals that
 * are read once are inlined.
 */
export function printRegion(region: Region): string {
  const { name, params, body, results } = inlineTemporaries(region);
  const settable = mutableNames(body);
  const returned = results.map(resultText);
  const value = returned.length === 1 ? returned[0]! : `[${returned.join(", ")}]`;
  return [
    `function ${showName(name)}(${params.map(paramText).join(", ")}) {`,
    ...blockLines(body, 1, (stmt) => printHead(stmt, settable), blocksOf),
    ...(results.length > 0 ? [`  return ${value};`] : []),
    "}",
  ].join("\n");
}

export function printRegionExpr(expr: RegionExpr): string {
  return code(expr).text;
}

function paramText(param: RegionParam): string {
  const axes = param.kind === "array" ? "[]".repeat(param.rank) : "";
  return `${showName(param.name)}: ${param.type}${axes}`;
}

function resultText(result: RegionResult): string {
  return result.kind === "scalar" ? printRegionExpr(result.value) : showName(result.name);
}

/** Prints a statement without its blocks. `settable`: locals that some `set` changes. */
export function printHead(stmt: RegionStmt, settable: ReadonlySet<string>): string {
  switch (stmt.kind) {
    case "let":
      return `${settable.has(stmt.name) ? "let" : "const"} ${showName(stmt.name)} = ${printRegionExpr(stmt.value)};`;
    case "set":
      return `${showName(stmt.name)} = ${printRegionExpr(stmt.value)};`;
    case "array": {
      const dims = stmt.dims.map(printRegionExpr).join(", ");
      return `const ${showName(stmt.name)} = ${stmt.growable === true ? "growing" : "array"}(${stmt.type}, ${dims});`;
    }
    case "store":
      return `${elementText(stmt.array, stmt.places)} = ${printRegionExpr(stmt.value)};`;
    case "swap": {
      const [x, y] = [showName(stmt.x), showName(stmt.y)];
      return `[${x}, ${y}] = [${y}, ${x}];`;
    }
    case "for":
      return forText(stmt);
    case "while":
      return `while (${printRegionExpr(stmt.condition)})`;
    case "if":
      return `if (${printRegionExpr(stmt.condition)})`;
    case "throw":
      return `throw new ${stmt.error ?? "Error"}(${thrownTemplate(stmt)});`;
    default:
      return assertNever(stmt, "printRegion");
  }
}

/** Prints the message of an error as a string, or as a template with its values. */
function thrownTemplate({ message, more = [] }: RegionThrow): string {
  if (more.length === 0) return JSON.stringify(message);
  const plain = (text: string): string => text.replace(/[\\`]|\$(?=\{)/g, "\\$&");
  const parts = more.map(({ value, by, text }) => {
    const method = by === undefined ? "" : `.${by[0]}(${by[1] ?? ""})`;
    return `\${${printRegionExpr(value)}${method}}${plain(text)}`;
  });
  return `\`${plain(message)}${parts.join("")}\``;
}

/** Prints `for (let i = 0; i < n; i += 2)`, and marks loops that run in reverse. */
function forText({ index, from, to, step, reverse, live }: RegionFor): string {
  const i = showName(index);
  const [first, end] = [printRegionExpr(from), printRegionExpr(to)];
  const next =
    Math.abs(step) === 1
      ? `${i}${step > 0 ? "++" : "--"}`
      : `${i} ${step > 0 ? "+" : "-"}= ${Math.abs(step)}`;
  const also = live === undefined ? "" : ` && ${printRegionExpr(live)}`;
  const head = `for (let ${i} = ${first}; ${i} ${step > 0 ? "<" : ">"} ${end}${also}; ${next})`;
  return reverse === true ? `${head} /* last one first */` : head;
}

function elementText(array: string, places: readonly RegionExpr[]): string {
  return showName(array) + places.map((place) => `[${printRegionExpr(place)}]`).join("");
}

/** JavaScript operators of arithmetic and comparison functions. */
export const arithmeticOperators: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  rem: "%",
  less: "<",
  lessEqual: "<=",
  equal: "===",
  notEqual: "!==",
};

const bitwiseOperators: Readonly<Record<string, string>> = {
  bitwiseAnd: "&",
  bitwiseOr: "|",
  bitwiseXor: "^",
};

/** JavaScript operator of a scalar function, if it has one. */
function operatorOf(name: string): string | undefined {
  const table = [arithmeticOperators, bitwiseOperators].find((operators) => Object.hasOwn(operators, name));
  return table?.[name];
}

function code(expr: RegionExpr): ExprText {
  switch (expr.kind) {
    case "const":
      return expr.type === "bool" ? primary(expr.value === 0 ? "false" : "true") : literal(expr.value);
    case "local":
      return primary(showName(expr.name));
    case "load":
      return primary(elementText(expr.array, expr.places));
    case "length":
      return primary(`${showName(expr.array)}${"[0]".repeat(expr.axis)}.length`);
    case "apply": {
      const args = expr.args.map(code);
      const [x, y] = args;
      const operator = operatorOf(expr.function);
      if (operator !== undefined && x !== undefined && y !== undefined) return infix(x, operator, y);
      if (expr.function === "neg" && x !== undefined) return prefix("-", x);
      return callCode(expr.function, ...args);
    }
    case "convert":
      return callCode(expr.type, code(expr.x));
    case "select":
      return conditional(code(expr.condition), code(expr.x), code(expr.y));
    default:
      return assertNever(expr, "printRegion");
  }
}

/** Returns a name, in quotes unless it is an identifier. */
function showName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$.]*$/u.test(name) ? name : JSON.stringify(name);
}
