import { internalError } from "../../errors/index.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import { binaryRange, isWithin, typeRange, unionRange } from "../../kernel/range.ts";
import type {
  BinaryExpr,
  BinaryOp,
  ConstantTable,
  Expr,
  Procedure,
  ScalarType,
  UnaryOp,
} from "../../kernel/scalar.ts";
import { isFloat } from "../../kernel/scalar.ts";
import { checkDepth } from "../../kernel/walk.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { ExprText } from "../../kernel/code.ts";
import { callCode, conditional, infix, literal, prefix, primary } from "../../kernel/code.ts";
import type { JsHelper } from "./helpers.ts";

/** Surroundings of an expression: names and facts of the enclosing function. */
export interface ExpressionContext {
  readonly localName: (name: string) => string;
  /** Returns the known range of an integer local; `undefined` if nothing is known. */
  readonly localRange: (name: string) => IntegerInterval | undefined;
  /** Returns the variable with the array of a buffer, and the variable with its offset, if it has one. */
  readonly buffer: (name: string) => { readonly array: string; readonly offset: string | undefined };
  readonly table: (table: ConstantTable) => string;
  readonly procedure: (procedure: Procedure) => string;
  /** Registers the use of a helper and returns its name. */
  readonly helper: (helper: JsHelper) => string;
}

/** Code of a number, with its range if it is an integer. */
interface RangedExprText extends ExprText {
  readonly range?: IntegerInterval | undefined;
}

/** Adds a range of values, if it is known, to the code of a number. */
function within({ text, level, operator }: ExprText, range: IntegerInterval | undefined): RangedExprText {
  return { text, level, operator, range };
}

/** Code of an expression as stored in a local: a native boolean for a bool, otherwise a number. */
export function localCode(expr: Expr, scope: ExpressionContext): RangedExprText {
  return expr.type === "bool" ? truth(expr, scope, 0) : value(expr, scope, 0);
}

/** Code of an expression as a number; a bool is 0 or 1. */
export function numberCode(expr: Expr, scope: ExpressionContext): RangedExprText {
  return value(expr, scope, 0);
}

/** Code of a bool as a native boolean. */
export function conditionCode(expr: Expr, scope: ExpressionContext): ExprText {
  return truth(expr, scope, 0);
}

/** Code of the element `index` of a buffer: `array[offset + index]`. */
export function elementCode(buffer: string, index: Expr, scope: ExpressionContext): ExprText {
  return element(buffer, value(index, scope, 0), scope);
}

function element(buffer: string, index: ExprText, scope: ExpressionContext): ExprText {
  const { array, offset } = scope.buffer(buffer);
  if (offset === undefined) return primary(`${array}[${index.text}]`);
  if (index.text === "0") return primary(`${array}[${offset}]`);
  // Both are exact integers here, so `offset + i + j` needs no parentheses around `i + j`.
  if (index.level === "additive") return primary(`${array}[${offset} + ${index.text}]`);
  return primary(`${array}[${infix(primary(offset), "+", index).text}]`);
}

function value(expr: Expr, scope: ExpressionContext, depth: number): RangedExprText {
  checkDepth(depth);
  const next = depth + 1;
  switch (expr.kind) {
    case "const": {
      if (isFloat(expr.type)) return literal(expr.type === "f32" ? Math.fround(expr.value) : expr.value);
      const integer = expr.value + 0; // no −0
      return within(literal(integer), { low: integer, high: integer });
    }
    case "local":
      if (expr.type === "bool") break;
      return within(primary(scope.localName(expr.name)), scope.localRange(expr.name));
    case "load":
      return element(expr.buffer, value(expr.index, scope, next), scope);
    case "table":
      return primary(`${scope.table(expr.table)}[${value(expr.index, scope, next).text}]`);
    case "unary":
      if (expr.type === "bool") break;
      return unaryCode(expr.op, expr.x.type, value(expr.x, scope, next), scope);
    case "binary":
      if (expr.type === "bool") break;
      if (isPowerOfTwo(expr)) return powerOfTwo(expr, scope, next);
      if (isSigned(expr)) return signed(expr, scope, next);
      return binaryCode(expr.op, expr.x.type, value(expr.x, scope, next), value(expr.y, scope, next), scope);
    case "select": {
      if (expr.type === "bool") break;
      const [x, y] = [value(expr.x, scope, next), value(expr.y, scope, next)];
      const range = x.range && y.range ? unionRange(x.range, y.range) : undefined;
      return within(conditional(truth(expr.condition, scope, next), x, y), range);
    }
    case "convert":
      if (expr.type === "bool") break;
      return convertCode(expr.type, expr.x.type, value(expr.x, scope, next), scope);
    case "mulAdd": {
      const [x, y, z] = [value(expr.x, scope, next), value(expr.y, scope, next), value(expr.z, scope, next)];
      return round(expr.type, infix(round(expr.type, infix(x, "*", y)), "+", z));
    }
    case "call": {
      if (expr.type === "bool") break;
      return callProcedure(expr.procedure, expr.args, scope, next);
    }
    default:
      return assertNever(expr, "value");
  }
  return within(conditional(truth(expr, scope, next), literal(1), literal(0)), { low: 0, high: 1 });
}

/** An expression `fromWords(e << n, 0)` with n from 20 to 31: a float64 that consists only of its sign and exponent. */
interface PowerOfTwo extends BinaryExpr {
  readonly x: BinaryExpr & { readonly y: Expr & { readonly kind: "const" } };
}

function isPowerOfTwo(expr: BinaryExpr): expr is PowerOfTwo {
  const { op, x, y } = expr;
  if (op !== "fromWords" || y.kind !== "const" || y.value !== 0 || x.kind !== "binary") return false;
  return x.op === "shl" && x.y.kind === "const" && x.y.value >= 20 && x.y.value < 32;
}

/**
 * Code of a power of two. It reads the number from a table, because two stores of 32 bits followed by a load of 64 bits
 * would stall the processor.
 */
function powerOfTwo({ x }: PowerOfTwo, scope: ExpressionContext, depth: number): RangedExprText {
  const exponent = value(x.x, scope, depth);
  const places = x.y.value - 20;
  const shifted = places === 0 ? exponent : infix(exponent, "<<", literal(places));
  return primary(`powers[${infix(shifted, "&", literal(4095)).text}]`);
}

/**
 * An expression `fromWords(highWord(x) op (y & SIGN), lowWord(x))` of a local x: it sets or flips the sign of x if y is
 * negative.
 */
interface SignTransfer extends BinaryExpr {
  readonly x: BinaryExpr & { readonly x: Expr & { readonly kind: "unary" }; readonly y: BinaryExpr };
}

function isSigned(expr: BinaryExpr): expr is SignTransfer {
  const { x: high, y: low } = expr;
  if (expr.op !== "fromWords" || high.kind !== "binary" || (high.op !== "xor" && high.op !== "or"))
    return false;
  if (low.kind !== "unary" || low.op !== "lowWord" || low.x.kind !== "local") return false;
  const { x, y: sign } = high;
  if (x.kind !== "unary" || x.op !== "highWord" || x.x.kind !== "local" || x.x.name !== low.x.name)
    return false;
  return (
    sign.kind === "binary" && sign.op === "and" && sign.y.kind === "const" && sign.y.value === -2147483648
  );
}

/**
 * Code of a sign transfer. It uses a comparison, because reassembling a float64 from words would stall the processor.
 */
function signed({ x: { op, x, y } }: SignTransfer, scope: ExpressionContext, depth: number): RangedExprText {
  const size = value(x.x, scope, depth);
  const negative = prefix("-", op === "or" ? callCode("Math.abs", size) : size);
  return conditional(infix(value(y.x, scope, depth), "<", literal(0)), negative, size);
}

function truth(expr: Expr, scope: ExpressionContext, depth: number): ExprText {
  checkDepth(depth);
  const next = depth + 1;
  const isTrue = (x: Expr): boolean => x.kind === "const" && x.value !== 0;
  const isFalse = (x: Expr): boolean => x.kind === "const" && x.value === 0;
  switch (expr.kind) {
    case "const":
      return primary(isTrue(expr) ? "true" : "false");
    case "local":
      return primary(scope.localName(expr.name));
    case "load":
    case "table":
      return infix(value(expr, scope, next), "!==", literal(0));
    case "unary": // the only unary operation with a bool result is `not`
      return negation(expr.x, scope, next);
    case "binary":
      if (expr.x.type === "bool") {
        const y = truth(expr.y, scope, next);
        if (expr.op === "lt") return infix(negation(expr.x, scope, next), "&&", y);
        if (expr.op === "le") return infix(negation(expr.x, scope, next), "||", y);
        return infix(truth(expr.x, scope, next), boolSymbol(expr.op), y);
      }
      return infix(value(expr.x, scope, next), comparison(expr.op), value(expr.y, scope, next));
    case "select": {
      const condition = truth(expr.condition, scope, next);
      if (isFalse(expr.y)) return infix(condition, "&&", truth(expr.x, scope, next));
      if (isTrue(expr.x)) return infix(condition, "||", truth(expr.y, scope, next));
      return conditional(condition, truth(expr.x, scope, next), truth(expr.y, scope, next));
    }
    case "convert":
      return expr.x.type === "bool"
        ? truth(expr.x, scope, next)
        : infix(value(expr.x, scope, next), "!==", literal(0));
    case "call":
      return callProcedure(expr.procedure, expr.args, scope, next);
    case "mulAdd": // a float is not a bool
      throw internalError("mulAdd as a condition");
    default:
      return assertNever(expr, "truth");
  }
}

function callProcedure(
  procedure: Procedure,
  args: readonly Expr[],
  scope: ExpressionContext,
  depth: number,
): ExprText {
  const codes = args.map((arg) =>
    arg.type === "bool" ? truth(arg, scope, depth) : value(arg, scope, depth),
  );
  return callCode(scope.procedure(procedure), ...codes);
}

function unaryCode(
  op: UnaryOp,
  type: ScalarType,
  x: RangedExprText,
  scope: ExpressionContext,
): RangedExprText {
  switch (op) {
    case "neg":
      return type === "i32" || type === "u32" ? wrap(type, prefix("-", x), undefined) : prefix("-", x);
    case "abs":
      if (type === "u32") return x;
      return type === "i32" ? wrap("i32", callCode("Math.abs", x), undefined) : callCode("Math.abs", x);
    case "sqrt":
      return round(type, callCode("Math.sqrt", x));
    case "floor":
    case "ceil":
    case "trunc":
      return callCode(`Math.${op}`, x);
    case "nearest":
    case "highWord":
    case "lowWord":
    case "bitsOf":
    case "fromBits":
      return callCode(scope.helper(op), x);
    case "not": // yields a bool: handled by `truth`
      throw internalError(`"not" of a ${type}`);
    default:
      return assertNever(op, "unaryCode");
  }
}

function binaryCode(
  op: BinaryOp,
  type: ScalarType,
  x: RangedExprText,
  y: RangedExprText,
  scope: ExpressionContext,
): RangedExprText {
  const isInteger = type === "i32" || type === "u32";
  const known = isInteger ? binaryRange(op, rangeOr(type, x), rangeOr(type, y)) : undefined;
  switch (op) {
    case "add":
    case "sub":
      return isInteger ? wrap(type, infix(x, symbols[op], y), known) : round(type, infix(x, symbols[op], y));
    case "mul":
      if (!isInteger) return round(type, infix(x, "*", y));
      if (isExact(type, known) && rangeOr(type, x).low >= 0 && rangeOr(type, y).low >= 0) {
        return within(infix(x, "*", y), known); // a negative factor times 0 would yield −0
      }
      return wrap(
        type,
        callCode("Math.imul", x, y),
        type === "i32" ? { low: -2147483648, high: 2147483647 } : undefined,
      );
    case "div": // by zero: ±Infinity or NaN, which become 0
      return isInteger
        ? within(wrap(type, infix(x, "/", y), undefined), known)
        : round(type, infix(x, "/", y));
    case "rem":
      return isInteger ? wrap(type, infix(x, "%", y), known) : infix(x, "%", y);
    case "min":
    case "max":
      return within(callCode(`Math.${op}`, x, y), known);
    case "and":
    case "or":
    case "xor":
      return type === "u32"
        ? within(wrap(type, infix(x, symbols[op], y), undefined), known)
        : within(infix(x, symbols[op], y), known);
    case "shl":
      return type === "u32" ? wrap(type, infix(x, "<<", y), undefined) : infix(x, "<<", y);
    case "shr":
      return infix(x, type === "u32" ? ">>>" : ">>", y);
    case "fromWords":
      return callCode(scope.helper(op), x, y);
    case "lt":
    case "le":
    case "eq":
    case "ne": // these yield a bool: handled by `truth`
      throw internalError(`"${op}" as a number`);
    default:
      return assertNever(op, "binaryCode");
  }
}

const symbols = { add: "+", sub: "-", and: "&", or: "|", xor: "^" } as const;

function boolSymbol(op: BinaryOp): string {
  if (op === "and") return "&&";
  if (op === "or") return "||";
  if (op === "xor" || op === "ne") return "!==";
  if (op === "eq") return "===";
  throw internalError(`"${op}" of two bools`);
}

function comparison(op: BinaryOp): string {
  if (op === "lt") return "<";
  if (op === "le") return "<=";
  if (op === "eq") return "===";
  if (op === "ne") return "!==";
  throw internalError(`"${op}" as a comparison`);
}

/** Negation of a bool. Only equality is inverted, because `!(x < y)` differs from `y <= x` for NaN. */
function negation(expr: Expr, scope: ExpressionContext, depth: number): ExprText {
  if (expr.kind === "unary") return truth(expr.x, scope, depth + 1);
  if (expr.kind === "binary" && (expr.op === "eq" || expr.op === "ne")) {
    return truth({ ...expr, op: expr.op === "eq" ? "ne" : "eq" }, scope, depth + 1);
  }
  return prefix("!", truth(expr, scope, depth + 1));
}

function convertCode(
  type: ScalarType,
  from: ScalarType,
  x: RangedExprText,
  scope: ExpressionContext,
): RangedExprText {
  switch (type) {
    case "f64":
      return plain(x);
    case "f32":
      return from === "f64" || from === "i32" || from === "u32" ? round("f32", x) : plain(x);
    case "i32":
    case "u32":
      if (from === "f64" || from === "f32")
        return callCode(scope.helper(type === "i32" ? "toInt32" : "toUint32"), x);
      return from === type ? x : wrap(type, x, x.range);
    case "bool": // handled by `truth`
      throw internalError("conversion to a bool as a number");
    default:
      return assertNever(type, "convertCode");
  }
}

/**
 * Code of a result of float arithmetic, rounded to float32 if that is its type. Rounding the float64 result yields the
 * exact float32 result of + − · / √.
 */
function round(type: ScalarType, x: ExprText): ExprText {
  return type === "f32" ? callCode("Math.fround", x) : x;
}

/** Code of a number without the range of its value, for code that is not an integer any more. */
function plain(x: RangedExprText): RangedExprText {
  return within(x, undefined);
}

/** Code of the result of integer arithmetic. It is wrapped to the type if the value may not fit. */
function wrap(type: ScalarType, x: ExprText, known: IntegerInterval | undefined): RangedExprText {
  if (isExact(type, known)) return within(x, known);
  return type === "u32" ? infix(x, ">>>", literal(0)) : infix(x, "|", literal(0));
}

function isExact(type: ScalarType, known: IntegerInterval | undefined): boolean {
  const all = typeRange(type);
  return known !== undefined && all !== undefined && isWithin(known, all);
}

function rangeOr(type: ScalarType, x: RangedExprText): IntegerInterval {
  return x.range ?? typeRange(type) ?? { low: -Infinity, high: Infinity };
}
