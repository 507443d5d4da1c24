import { internalError } from "../../../errors/index.ts";
import type { BinaryExpr, BinaryOp, Expr, ScalarType, UnaryOp } from "../../../kernel/scalar.ts";
import { checkDepth } from "../../../kernel/walk.ts";
import { assertNever, must } from "../../../util/assert-never.ts";
import type { FunctionFrame } from "./frame.ts";
import { emitAddress, emitTableAddress, isResident, localIndex, scratch } from "./frame.ts";
import { helper } from "./helpers.ts";
import type { OpcodeName } from "../encode/opcodes.ts";
import { valueTypeOf } from "./unit.ts";

/** Pushes the value of an expression on the stack. */
export function emitScalar(expr: Expr, frame: FunctionFrame, depth = 0): void {
  checkDepth(depth);
  const { body, unit } = frame;
  const inner = (x: Expr): void => emitScalar(x, frame, depth + 1);
  switch (expr.kind) {
    case "const":
      return emitConstant(expr.type, expr.value, frame);
    case "local":
      return emitLocal(expr, frame);
    case "load":
      return body.memory(loadOf(expr.type), emitAddress(frame, expr.buffer, expr.index, inner));
    case "table": {
      const { type } = expr.table;
      const offset = emitTableAddress(frame, type, unit.table(expr.table), expr.index, inner);
      return body.memory(loadOf(type), offset);
    }
    case "unary":
      inner(expr.x);
      return emitUnary(expr.op, expr.x.type, frame);
    case "binary":
      return emitBinary(expr, frame, inner);
    case "mulAdd":
      inner(expr.x);
      inner(expr.y);
      body.op(`${floatType(expr.type)}.mul`);
      inner(expr.z);
      return body.op(`${floatType(expr.type)}.add`);
    case "select": {
      const type = valueTypeOf(expr.type);
      if (isCheap(expr.x, 0) && isCheap(expr.y, 0)) {
        inner(expr.x);
        inner(expr.y);
        inner(expr.condition);
        return body.select(type);
      }
      inner(expr.condition);
      body.if(type);
      inner(expr.x);
      body.else();
      inner(expr.y);
      return body.end();
    }
    case "convert":
      inner(expr.x);
      return emitConvert(expr.type, expr.x.type, frame);
    case "call":
      expr.args.forEach(inner);
      return body.call(unit.procedure(expr.procedure));
    default:
      return assertNever(expr, "emitScalar");
  }
}

function emitLocal({ name, type }: Expr & { readonly kind: "local" }, frame: FunctionFrame): void {
  if (!isResident(frame, name)) return frame.body.localGet(localIndex(frame, name, type));
  frame.body.memory(loadOf(type), pushResident(name, frame));
}

/** Writes an assignment to a local that is stored in memory. */
export function setResident(
  { name, value }: { readonly name: string; readonly value: Expr },
  frame: FunctionFrame,
): void {
  const address = pushResident(name, frame);
  emitScalar(value, frame);
  frame.body.memory(storeOf(value.type), address);
}

/** Pushes the base address of a local in memory, and returns the offset that memory instructions add. */
function pushResident(name: string, { body, unit, residents }: FunctionFrame): number {
  const { address, isOwn } = must(residents.get(name), "a local in memory");
  if (isOwn) unit.pushSpillBase(body);
  else body.i32Const(0);
  return address;
}

/**
 * True if computing an expression needlessly costs less than a branch. False for expressions that could access memory
 * out of range.
 */
function isCheap(expr: Expr, depth: number): boolean {
  switch (expr.kind) {
    case "const":
    case "local":
      return true;
    case "unary":
    case "convert":
      return depth < 3 && isCheap(expr.x, depth + 1);
    case "binary":
      return (
        depth < 3 &&
        expr.op !== "div" &&
        expr.op !== "rem" &&
        isCheap(expr.x, depth + 1) &&
        isCheap(expr.y, depth + 1)
      );
    case "load":
    case "table":
    case "mulAdd":
    case "select":
    case "call":
      return false;
  }
}

function emitConstant(type: ScalarType, value: number, { body }: FunctionFrame): void {
  if (type === "f64") return body.f64Const(value);
  return type === "f32" ? body.f32Const(value) : body.i32Const(value);
}

export function loadOf(type: ScalarType): OpcodeName {
  return type === "bool" ? "i32.load8_u" : `${valueTypeOf(type)}.load`;
}

export function storeOf(type: ScalarType): OpcodeName {
  return type === "bool" ? "i32.store8" : `${valueTypeOf(type)}.store`;
}

function floatType(type: ScalarType): "f64" | "f32" {
  if (type === "f64" || type === "f32") return type;
  throw internalError(`a float was expected, not ${type}`);
}

/** Writes an operation on the operand on the stack. */
function emitUnary(op: UnaryOp, type: ScalarType, frame: FunctionFrame): void {
  const { body } = frame;
  switch (op) {
    case "neg":
      if (type === "f64" || type === "f32") return body.op(`${type}.neg`);
      body.i32Const(-1);
      return body.op("i32.mul");
    case "abs": {
      if (type === "f64" || type === "f32") return body.op(`${type}.abs`);
      if (type === "u32") return;
      const x = scratch(frame, "i32");
      // (x ^ s) − s with s = x >> 31
      const sign = (): void => {
        body.localGet(x);
        body.i32Const(31);
        body.op("i32.shr_s");
      };
      body.localTee(x);
      sign();
      body.op("i32.xor");
      sign();
      return body.op("i32.sub");
    }
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
    case "nearest":
      return body.op(`${floatType(type)}.${op}`);
    case "not":
      return body.op("i32.eqz");
    case "highWord":
      body.op("i64.reinterpret_f64");
      body.i64Const(32n);
      body.op("i64.shr_u");
      return body.op("i32.wrap_i64");
    case "lowWord":
      body.op("i64.reinterpret_f64");
      return body.op("i32.wrap_i64");
    case "bitsOf":
      return body.op("i32.reinterpret_f32");
    case "fromBits":
      return body.op("f32.reinterpret_i32");
    default:
      return assertNever(op, "emitUnary");
  }
}

function emitBinary(expr: BinaryExpr, frame: FunctionFrame, inner: (x: Expr) => void): void {
  const { body } = frame;
  const { op, x, y } = expr;
  if (op === "fromWords") {
    inner(x);
    body.op("i64.extend_i32_u");
    body.i64Const(32n);
    body.op("i64.shl");
    if (!(y.kind === "const" && y.value === 0)) {
      inner(y);
      body.op("i64.extend_i32_u");
      body.op("i64.or");
    }
    return body.op("f64.reinterpret_i64");
  }
  inner(x);
  if (op === "rem" && (x.type === "f64" || x.type === "f32")) {
    if (x.type === "f32") body.op("f64.promote_f32");
    inner(y);
    if (x.type === "f32") body.op("f64.promote_f32");
    body.call(frame.unit.remainder());
    if (x.type === "f32") body.op("f32.demote_f64"); // exact: a remainder has no more bits than its operands
    return;
  }
  inner(y);
  if ((op === "div" || op === "rem") && y.kind === "const" && y.value !== 0 && y.value !== -1) {
    if (x.type === "i32" || x.type === "u32") return body.op(`i32.${op}_${x.type === "u32" ? "u" : "s"}`);
  }
  emitBinaryOp(op, x.type, frame);
}

/** Writes an operation on the two operands on the stack, except `fromWords` and the remainder of floats. */
function emitBinaryOp(op: BinaryOp, type: ScalarType, frame: FunctionFrame): void {
  const { body, unit } = frame;
  const isReal = type === "f64" || type === "f32";
  const sign = type === "i32" ? "s" : "u"; // bools are 0 and 1 and have no sign
  switch (op) {
    case "add":
    case "sub":
    case "mul":
      return body.op(`${isReal ? type : "i32"}.${op}`);
    case "div":
      return isReal ? body.op(`${type}.div`) : body.call(helper(type === "u32" ? "divU" : "divS", unit));
    case "rem":
      if (isReal) throw internalError("the remainder of floats is a function");
      return body.call(helper(type === "u32" ? "remU" : "remS", unit));
    case "min":
    case "max":
      if (isReal) return body.op(`${type}.${op}`);
      return emitLesser(op, sign, frame);
    case "and":
    case "or":
    case "xor":
    case "shl":
      return body.op(`i32.${op}`);
    case "shr":
      return body.op(`i32.shr_${sign}`);
    case "lt":
    case "le":
      return body.op(isReal ? `${type}.${op}` : `i32.${op}_${sign}`);
    case "eq":
    case "ne":
      return body.op(`${isReal ? type : "i32"}.${op}`);
    case "fromWords":
      throw internalError("fromWords is no operation on two like values");
    default:
      return assertNever(op, "emitBinaryOp");
  }
}

/** Writes code for the minimum or maximum of the two integers on the stack. */
function emitLesser(op: "min" | "max", sign: "s" | "u", frame: FunctionFrame): void {
  const { body } = frame;
  const [x, y] = [scratch(frame, "i32"), scratch(frame, "i32")];
  body.localSet(y);
  body.localTee(x);
  body.localGet(y);
  body.localGet(x);
  body.localGet(y);
  body.op(`i32.${op === "min" ? "lt" : "gt"}_${sign}`);
  body.select("i32");
}

/** Converts the value on the stack. */
function emitConvert(to: ScalarType, from: ScalarType, { body }: FunctionFrame): void {
  const sign = from === "i32" ? "s" : "u";
  switch (to) {
    case "f64":
      if (from === "f64") return;
      return body.op(from === "f32" ? "f64.promote_f32" : `f64.convert_i32_${sign}`);
    case "f32":
      if (from === "f32") return;
      return body.op(from === "f64" ? "f32.demote_f64" : `f32.convert_i32_${sign}`);
    case "i32":
    case "u32":
      if (from !== "f64" && from !== "f32") return;
      return body.op(`i32.trunc_sat_${from}_${to === "i32" ? "s" : "u"}`);
    case "bool":
      if (from === "bool") return;
      if (from === "f64") body.f64Const(0);
      else if (from === "f32") body.f32Const(0);
      else body.i32Const(0);
      return body.op(`${valueTypeOf(from)}.ne`);
    default:
      return assertNever(to, "emitConvert");
  }
}
