import { assertNever } from "../util/assert-never.ts";
import type { ExprText } from "./code.ts";
import { blockLines, callCode, conditional, infix, literal, prefix, primary } from "./code.ts";
import type {
  Buffer,
  Contract,
  Expr,
  BufferPointer,
  Procedure,
  Routine,
  SizeExpr,
  Stmt,
  Temp,
} from "./scalar.ts";
import { binaryOperations, unaryOperations } from "./operations.ts";
import { sizeExpr } from "./sizes.ts";
import { blocksIn, checkDepth } from "./walk.ts";

/**
 * Prints a routine: `routine double(a: f64[3]) -> (out: f64[3]) { for i in 0..3 { out[i] = a[i] * 2 } }`, over several
 * lines.
 */
export function printRoutine(routine: Routine): string {
  const inputs = routine.inputs.map((port) =>
    port.kind === "scalar" ? `${showName(port.name)}: ${port.type}` : showBuffer(port.buffer),
  );
  const outputs = routine.outputs.map((port) =>
    port.kind === "scalar" ? port.value.type : showBuffer(port.buffer),
  );
  const results = routine.outputs.flatMap((port) => (port.kind === "scalar" ? [printExpr(port.value)] : []));
  return [
    `routine ${showName(routine.name)}(${inputs.join(", ")}) -> (${outputs.join(", ")}) {`,
    ...routine.temps.map((temp) => `  temp ${showTemp(temp)}`),
    ...blockLines(routine.body, 1, printHead, printedBlocks),
    ...(results.length > 0 ? [`  return ${results.join(", ")}`] : []),
    "}",
  ].join("\n");
}

/** Prints a procedure: `procedure square(x: f64) -> f64 { return x * x }`, over several lines. */
export function printProcedure(procedure: Procedure): string {
  const params = procedure.params.map((param) => `${showName(param.name)}: ${param.type}`);
  return [
    `procedure ${showName(procedure.name)}(${params.join(", ")}) -> ${procedure.result.type} {`,
    ...blockLines(procedure.body, 1, printHead, printedBlocks),
    `  return ${printExpr(procedure.result)}`,
    "}",
  ].join("\n");
}

/** Prints an expression, with few parentheses. */
export function printExpr(expr: Expr): string {
  return exprCode(expr, 0).text;
}

/** Prints a statement; of a loop or branch only its head, for messages. */
export function printHead(stmt: Stmt): string {
  switch (stmt.kind) {
    case "let":
      return `let ${showName(stmt.name)}: ${stmt.value.type} = ${printExpr(stmt.value)}`;
    case "set":
      return `${showName(stmt.name)} = ${printExpr(stmt.value)}`;
    case "store":
      return `${showName(stmt.buffer)}[${printExpr(stmt.index)}] = ${printExpr(stmt.value)}`;
    case "for": {
      const [from, to] = [stmt.from, stmt.to].map(printBound);
      return `for ${stmt.strip === true ? "at once " : stmt.independent === true ? "each " : ""}${showName(stmt.index)} in ${stmt.reverse ? "reverse " : ""}${from}..${to}`;
    }
    case "reduce":
      return `let ${showName(stmt.name)}: ${stmt.value.type} = ${stmt.op} of ${printExpr(stmt.value)} for ${showName(stmt.index)} in ${printBound(stmt.from)}..${printBound(stmt.to)}`;
    case "contract":
      return contractHead(stmt);
    case "while":
      return `while ${printExpr(stmt.condition)}`;
    case "if":
      return `if ${stmt.rare === true ? "rarely " : stmt.shortcut === true ? "simply " : ""}${printExpr(stmt.condition)}`;
    case "comment":
      return `// ${stmt.text.replaceAll(/\p{Cc}+/gu, " ")}`;
    default:
      return assertNever(stmt, "printHead");
  }
}

function printBound(bound: Expr): string {
  const { text, level } = exprCode(bound, 0);
  return level === "primary" || level === "unary" ? text : `(${text})`;
}

/**
 * Prints a contraction with the size of each dim and its stride in each buffer: `contract y[0] = a[0] · b[0] over row 2
 * (y 3, a 4), column 3 (y 1, b 1), sum 4 (a 1, b 3)`.
 */
function contractHead({ out, left, right, dims, accumulate }: Contract): string {
  const place = ({ buffer, offset }: BufferPointer): string => `${showName(buffer)}[${printExpr(offset)}]`;
  const over = dims.map((dim) => {
    const strides = [
      [out, dim.out],
      [left, dim.left],
      [right, dim.right],
    ] as const;
    const shown = strides
      .filter(([, stride]) => stride !== 0)
      .map(([{ buffer }, stride]) => `${showName(buffer)} ${printBound(sizeExpr(stride))}`);
    return `${dim.role} ${printBound(sizeExpr(dim.size))} (${shown.join(", ")})`;
  });
  const sign = accumulate ? "+=" : "=";
  return `contract ${place(out)} ${sign} ${place(left)} · ${place(right)} over ${over.join(", ")}`;
}

/**
 * The blocks of a statement to print in braces. A `reduce` without statements has none, because it is printed on one
 * line.
 */
function printedBlocks(stmt: Stmt, depth: number): readonly (readonly Stmt[])[] {
  checkDepth(depth);
  return stmt.kind === "reduce" && stmt.body.length === 0 ? [] : blocksIn(stmt);
}

function exprCode(expr: Expr, depth: number): ExprText {
  checkDepth(depth);
  const next = depth + 1;
  switch (expr.kind) {
    case "const":
      return expr.type === "bool" ? primary(expr.value === 0 ? "false" : "true") : literal(expr.value);
    case "local":
      return primary(showName(expr.name));
    case "load":
      return primary(`${showName(expr.buffer)}[${exprCode(expr.index, next).text}]`);
    case "table":
      return primary(`${showName(expr.table.name)}[${exprCode(expr.index, next).text}]`);
    case "unary": {
      const x = exprCode(expr.x, next);
      const { symbol } = unaryOperations[expr.op];
      return symbol === undefined ? callCode(expr.op, x) : prefix(symbol, x);
    }
    case "binary": {
      const [x, y] = [exprCode(expr.x, next), exprCode(expr.y, next)];
      const { symbol } = binaryOperations[expr.op];
      return symbol === undefined ? callCode(expr.op, x, y) : infix(x, symbol, y);
    }
    case "select":
      return conditional(exprCode(expr.condition, next), exprCode(expr.x, next), exprCode(expr.y, next));
    case "mulAdd":
      return callCode("mulAdd", exprCode(expr.x, next), exprCode(expr.y, next), exprCode(expr.z, next));
    case "convert":
      return callCode(expr.type, exprCode(expr.x, next));
    case "call":
      return callCode(showName(expr.procedure.name), ...expr.args.map((arg) => exprCode(arg, next)));
    default:
      return assertNever(expr, "exprCode");
  }
}

function showBuffer({ name, type, size }: Buffer): string {
  return `${showName(name)}: ${type}[${showSize(size)}]`;
}

/** Text of a temporary: `t: f64[8] at byte 64`. */
function showTemp(temp: Temp): string {
  return `${showBuffer(temp)} at byte ${showSize(temp.offset)}`;
}

function showSize(size: SizeExpr): string {
  return typeof size === "number" ? String(size) : printExpr(size);
}

/** Prints a name, in quotes unless it is a plain identifier. */
function showName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);
}
