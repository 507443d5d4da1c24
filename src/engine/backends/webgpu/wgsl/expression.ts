import { internalError } from "../../../errors/index.ts";
import type {
  BinaryOp,
  ConstantTable,
  Expr,
  Procedure,
  ScalarType,
  UnaryOp,
} from "../../../kernel/scalar.ts";
import { checkDepth } from "../../../kernel/walk.ts";
import { assertNever } from "../../../util/assert-never.ts";

/** Form of the generated float32 arithmetic. */
export interface WgslDialect {
  /**
   * True if results must have the same bits as the interpreter's. If false, the code has no barriers against reordering
   * and fusing.
   */
  readonly isExact: boolean;
  /**
   * True if the device divides and takes square roots exactly. If false, emulated float64 replaces both in exact code.
   */
  readonly hasExactDivision: boolean;
}

/** Context of an expression: names and buffers of the enclosing WGSL function, and the helpers of the module. */
export interface WgslScope {
  readonly dialect: WgslDialect;
  readonly localName: (name: string) => string;
  readonly takeName: (name: string) => string;
  /** Code of the index, a u32, of the first word of a buffer in `arena`. */
  readonly base: (buffer: string) => string;
  readonly table: (table: ConstantTable) => string;
  readonly procedure: (procedure: Procedure) => string;
  /** Registers the use of a helper and returns its name. */
  readonly helper: (name: string) => string;
}

/** WGSL code of an expression that needs no parentheses. */
export type WgslText = string;

/** WGSL type of a local. A float64 is a `vec2u`. */
export function wgslType(type: ScalarType): string {
  return type === "f64" ? "vec2u" : type;
}

/** Maximum nesting depth of one WGSL expression, because compilers limit it. Deeper subexpressions become locals. */
const deepest = 24;

/**
 * Returns the code of an expression, and appends the statements that must precede it to `before`. Sides of a `select`
 * that call procedures, or need such statements, are evaluated in branches, because the side that is not selected may
 * not terminate.
 */
export function expressionCode(
  expr: Expr,
  scope: WgslScope,
  before: string[],
  depth = 0,
  nesting = 0,
): WgslText {
  checkDepth(depth);
  if (nesting === deepest && expr.kind !== "const" && expr.kind !== "local") {
    const code = expressionCode(expr, scope, before, depth, 0);
    const name = scope.takeName("part");
    before.push(`let ${name} = ${code};`);
    return name;
  }
  const of = (x: Expr): WgslText => expressionCode(x, scope, before, depth + 1, nesting + 1);
  switch (expr.kind) {
    case "const":
      return constantCode(expr.type, expr.value, scope);
    case "local":
      return scope.localName(expr.name);
    case "load":
      return loadCode(expr.type, scope.base(expr.buffer), of(expr.index));
    case "table":
      return ofWord(expr.type, `${scope.table(expr.table)}[u32(${of(expr.index)})]`);
    case "unary":
      return unaryCode(expr.op, expr.x.type, of(expr.x), scope);
    case "binary":
      return binaryCode(expr.op, expr.x.type, of(expr.x), of(expr.y), scope);
    case "select":
      return selectCode(expr, scope, before, depth, nesting);
    case "convert":
      return convertCode(expr.type, expr.x.type, of(expr.x), scope);
    case "mulAdd":
      return binaryCode("add", expr.type, binaryCode("mul", expr.type, of(expr.x), of(expr.y), scope), of(expr.z), scope); // prettier-ignore
    case "call":
      return `${scope.procedure(expr.procedure)}(${expr.args.map(of).join(", ")})`;
    default:
      return assertNever(expr, "expressionCode");
  }
}

function selectCode(
  expr: Expr & { kind: "select" },
  scope: WgslScope,
  before: string[],
  depth: number,
  nesting: number,
): WgslText {
  const of = (x: Expr, into: string[]): WgslText => expressionCode(x, scope, into, depth + 1, nesting + 1);
  const condition = of(expr.condition, before);
  const sides = [expr.x, expr.y].map((side) => {
    const statements: string[] = [];
    const code = of(side, statements);
    return { code, statements, isLazy: statements.length > 0 || hasCall(side) };
  });
  const [x, y] = [sides[0]!, sides[1]!];
  if (!x.isLazy && !y.isLazy) return `select(${y.code}, ${x.code}, ${condition})`;
  const name = scope.takeName("chosen");
  before.push(
    `var ${name}: ${wgslType(expr.type)};`,
    `if (${condition}) {`,
    ...x.statements.map((line) => `  ${line}`),
    `  ${name} = ${x.code};`,
    "} else {",
    ...y.statements.map((line) => `  ${line}`),
    `  ${name} = ${y.code};`,
    "}",
  );
  return name;
}

function hasCall(expr: Expr): boolean {
  switch (expr.kind) {
    case "const":
    case "local":
      return false;
    case "load":
    case "table":
      return hasCall(expr.index);
    case "unary":
    case "convert":
      return hasCall(expr.x);
    case "binary":
      return hasCall(expr.x) || hasCall(expr.y);
    case "select":
      return hasCall(expr.condition) || hasCall(expr.x) || hasCall(expr.y);
    case "mulAdd":
      return hasCall(expr.x) || hasCall(expr.y) || hasCall(expr.z);
    case "call":
      return true;
    default:
      return assertNever(expr, "hasCall");
  }
}

const bytes = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** Low and high word of a float64. Every NaN has the same words. */
export function wordsOfDouble(value: number): readonly [number, number] {
  if (Number.isNaN(value)) return [0, 0x7ff80000];
  bytes.setFloat64(0, value);
  return [bytes.getUint32(4), bytes.getUint32(0)];
}

function bitsOfFloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc00000;
  bytes.setFloat32(0, value);
  return bytes.getUint32(0);
}

const hex = (word: number): string => `0x${word.toString(16)}u`;

/**
 * Code of a constant. Float32 constants use the helper `number` if the dialect is exact, or if they are subnormal or
 * not finite.
 */
function constantCode(
  type: ScalarType,
  value: number,
  scope: Pick<WgslScope, "dialect" | "helper">,
): WgslText {
  switch (type) {
    case "f64":
      return wordText(type, value);
    case "f32": {
      const bits = bitsOfFloat(value);
      const isNormal = (bits & 0x7f800000) !== 0 || value === 0;
      const isPlain = !scope.dialect.isExact && isNormal && Number.isFinite(Math.fround(value));
      return isPlain ? `bitcast<f32>(${hex(bits)})` : `${scope.helper("number")}(${hex(bits)})`;
    }
    case "i32":
      return value < 0 ? `bitcast<i32>(${hex(value >>> 0)})` : `${value + 0}i`;
    case "u32":
      return `${value + 0}u`;
    case "bool":
      return value === 0 ? "false" : "true";
    default:
      return assertNever(type, "constantCode");
  }
}

/** Code of the word of a number, or of both words of a float64. */
export function wordText(type: ScalarType, value: number): WgslText {
  if (type === "f64") return `vec2u(${wordsOfDouble(value).map(hex).join(", ")})`;
  return hex(type === "f32" ? bitsOfFloat(value) : value >>> 0);
}

function loadCode(type: ScalarType, base: string, index: WgslText): WgslText {
  if (type === "f64")
    return `vec2u(arena[${base} + 2u * u32(${index})], arena[${base} + 2u * u32(${index}) + 1u])`;
  return ofWord(type, `arena[${base} + u32(${index})]`);
}

/** Code of a number, given the code of its word or words. */
function ofWord(type: ScalarType, word: WgslText): WgslText {
  switch (type) {
    case "f64":
    case "u32":
      return word;
    case "f32":
    case "i32":
      return `bitcast<${type}>(${word})`;
    case "bool":
      return `(${word} != 0u)`;
    default:
      return assertNever(type, "ofWord");
  }
}

/** Statements that store a value in element `index` of a buffer. `base` is the code of its first word. */
export function storeLines(
  type: ScalarType,
  base: string,
  index: WgslText,
  value: WgslText,
  scope: WgslScope,
): string[] {
  const at = `arena[${base} + u32(${index})]`;
  switch (type) {
    case "f64": {
      const [slot, word] = [scope.takeName("slot"), scope.takeName("words")];
      return [
        `let ${slot} = ${base} + 2u * u32(${index});`,
        `let ${word} = ${value};`,
        `arena[${slot}] = ${word}.x;`,
        `arena[${slot} + 1u] = ${word}.y;`,
      ];
    }
    case "f32":
    case "i32":
      return [`${at} = bitcast<u32>(${value});`];
    case "u32":
      return [`${at} = ${value};`];
    case "bool":
      return [`${at} = select(0u, 1u, ${value});`];
    default:
      return assertNever(type, "storeLines");
  }
}

function unaryCode(op: UnaryOp, type: ScalarType, x: WgslText, scope: WgslScope): WgslText {
  const by = (name: string): WgslText => `${scope.helper(name)}(${x})`;
  const prefix = type === "f64" ? "d" : "f";
  switch (op) {
    case "neg":
      if (type === "i32") return `(${integerOperand("i32", "0i", scope)} - ${x})`;
      return type === "u32" ? `(${integerOperand("u32", "0u", scope)} - ${x})` : by(`${prefix}_neg`);
    case "abs":
      if (type === "i32") return `abs(${integerOperand("i32", x, scope)})`;
      return type === "u32" ? x : by(`${prefix}_abs`);
    case "sqrt":
      if (type === "f64") return by("d_sqrt");
      if (!scope.dialect.isExact) return `sqrt(${x})`;
      return by(scope.dialect.hasExactDivision ? "f_sqrt" : "f_sqrtByIntegers");
    case "floor":
    case "ceil":
    case "trunc":
    case "nearest":
      return by(`${prefix}_${op}`);
    case "not":
      return `(!${x})`;
    case "highWord":
      return `bitcast<i32>(${x}.y)`;
    case "lowWord":
      return `bitcast<i32>(${x}.x)`;
    case "bitsOf":
      return `bitcast<i32>(${x})`;
    case "fromBits": // by a run-time value, since WGSL rejects NaN as a constant
      return `${scope.helper("number")}(bitcast<u32>(${x}))`;
    default:
      return assertNever(op, "unaryCode");
  }
}

/**
 * Wraps a constant integer operand in a function call. WGSL would otherwise evaluate the operation as a constant
 * expression, and reject it if it overflows.
 */
function integerOperand(type: "i32" | "u32", x: WgslText, scope: WgslScope): WgslText {
  const isConstant = /^\d+[iu]$/.test(x) || /^bitcast<i32>\(0x[0-9a-f]+u\)$/.test(x);
  return isConstant ? `${scope.helper(type === "i32" ? "i_value" : "u_value")}(${x})` : x;
}

const signs = { add: "+", sub: "-", mul: "*", div: "/" } as const;

function binaryCode(op: BinaryOp, type: ScalarType, x: WgslText, y: WgslText, scope: WgslScope): WgslText {
  switch (type) {
    case "f64":
      return op === "ne"
        ? `(!${scope.helper("d_eq")}(${x}, ${y}))`
        : `${scope.helper(`d_${op}`)}(${x}, ${y})`;
    case "f32":
      return floatCode(op, x, y, scope);
    case "i32":
    case "u32":
      return integerCode(op, type, x, y, scope);
    case "bool":
      return boolCode(op, x, y);
    default:
      return assertNever(type, "binaryCode");
  }
}

function floatCode(op: BinaryOp, x: WgslText, y: WgslText, scope: WgslScope): WgslText {
  const { isExact, hasExactDivision } = scope.dialect;
  switch (op) {
    case "add":
    case "mul":
      return isExact ? `${scope.helper("rounded")}(${x} ${signs[op]} ${y})` : `(${x} ${signs[op]} ${y})`;
    case "sub":
      return isExact
        ? `${scope.helper("rounded")}(${x} - ${scope.helper("operand")}(${y}))`
        : `(${x} - ${y})`;
    case "div":
      if (!isExact) return `(${x} / ${y})`;
      return `${scope.helper(hasExactDivision ? "f_div" : "f_divByIntegers")}(${x}, ${y})`;
    case "ne":
      return `(!${scope.helper("f_eq")}(${x}, ${y}))`;
    case "rem":
    case "min":
    case "max":
    case "lt":
    case "le":
    case "eq":
      return `${scope.helper(`f_${op}`)}(${x}, ${y})`;
    case "and":
    case "or":
    case "xor":
    case "shl":
    case "shr":
    case "fromWords":
      throw internalError(`"${op}" of float32`);
    default:
      return assertNever(op, "floatCode");
  }
}

function integerCode(
  op: BinaryOp,
  type: "i32" | "u32",
  x: WgslText,
  y: WgslText,
  scope: WgslScope,
): WgslText {
  const left = integerOperand(type, x, scope);
  switch (op) {
    case "add":
    case "sub":
    case "mul":
      return `(${left} ${signs[op]} ${y})`;
    case "div":
    case "rem":
      return `${scope.helper(`${type[0]!}_${op}`)}(${x}, ${y})`;
    case "min":
    case "max":
      return `${op}(${x}, ${y})`;
    case "and":
      return `(${x} & ${y})`;
    case "or":
      return `(${x} | ${y})`;
    case "xor":
      return `(${x} ^ ${y})`;
    case "shl":
    case "shr":
      return `(${left} ${op === "shl" ? "<<" : ">>"} (u32(${y}) & 31u))`;
    case "lt":
      return `(${x} < ${y})`;
    case "le":
      return `(${x} <= ${y})`;
    case "eq":
      return `(${x} == ${y})`;
    case "ne":
      return `(${x} != ${y})`;
    case "fromWords":
      return `vec2u(bitcast<u32>(${y}), bitcast<u32>(${x}))`;
    default:
      return assertNever(op, "integerCode");
  }
}

function boolCode(op: BinaryOp, x: WgslText, y: WgslText): WgslText {
  switch (op) {
    case "and":
      return `(${x} & ${y})`;
    case "or":
      return `(${x} | ${y})`;
    case "xor":
    case "ne":
      return `(${x} != ${y})`;
    case "eq":
      return `(${x} == ${y})`;
    case "lt":
      return `((!${x}) & ${y})`;
    case "le":
      return `((!${x}) | ${y})`;
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "rem":
    case "min":
    case "max":
    case "shl":
    case "shr":
    case "fromWords":
      throw internalError(`"${op}" of bools`);
    default:
      return assertNever(op, "boolCode");
  }
}

/** Code of a conversion. Conversions from floats to integers saturate. */
function convertCode(to: ScalarType, from: ScalarType, x: WgslText, scope: WgslScope): WgslText {
  if (to === from) return x;
  if (from === "bool") {
    const number = (value: number): WgslText => constantCode(to, value, scope);
    return `select(${number(0)}, ${number(1)}, ${x})`;
  }
  const by = (name: string): WgslText => `${scope.helper(name)}(${x})`;
  switch (to) {
    case "f64":
      return by(from === "f32" ? "d_fromF32" : from === "i32" ? "d_fromI32" : "d_fromU32");
    case "f32":
      return by(from === "f64" ? "d_toF32" : from === "i32" ? "f_fromI32" : "f_fromU32");
    case "i32":
      return from === "u32" ? `bitcast<i32>(${x})` : by(from === "f64" ? "d_toI32" : "f_toI32");
    case "u32":
      return from === "i32" ? `bitcast<u32>(${x})` : by(from === "f64" ? "d_toU32" : "f_toU32");
    case "bool":
      if (from === "f64") return `(!${scope.helper("d_isZero")}(${x}))`;
      return from === "f32" ? by("f_toBool") : `(${x} != ${from === "i32" ? "0i" : "0u"})`;
    default:
      return assertNever(to, "convertCode");
  }
}
