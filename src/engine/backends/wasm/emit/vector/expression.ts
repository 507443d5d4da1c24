import { internalError } from "../../../../errors/index.ts";
import { sameExpr } from "../../../../kernel/same-expr.ts";
import type { BinaryExpr, Expr } from "../../../../kernel/scalar.ts";
import { usesOf } from "../../../../kernel/uses.ts";
import { checkDepth, maxDepth, walkExpr } from "../../../../kernel/walk.ts";
import { assertNever } from "../../../../util/assert-never.ts";
import type { FunctionFrame } from "../frame.ts";
import { emitAddress, isInside, localIndex } from "../frame.ts";
import { emitScalar } from "../scalar.ts";
import { dependence, ownWidth } from "./classify.ts";
import type { LaneCode, Vec, Width } from "./lanes.ts";
import {
  bodyOf,
  both,
  constantVec,
  emitAny,
  inRegs,
  laneByLane,
  made,
  naturalWidth,
  newRegs,
  part,
  plain,
  shapeOf,
  toWidth,
} from "./lanes.ts";
import { atLane, flushBuffer, isPromotedLoad, loadVec, promotedLoad, tableVec } from "./memory.ts";
import {
  binaryVec,
  chooseVec,
  convertVec,
  fromHighWords,
  mulAddVec,
  shiftVec,
  unaryVec,
  whereVec,
} from "./operations.ts";

/**
 * Writes a call of a procedure. The writer is passed as an argument because calls contain statements, and statements
 * contain expressions.
 */
export type CallWriter = (expr: Expr & { kind: "call" }, lanes: LaneCode) => Vec;

/** Value of an expression in each lane. `width` is the preferred lane width if the expression allows both. */
export function vecOf(expr: Expr, lanes: LaneCode, call: CallWriter, width?: Width, depth = 0): Vec {
  if (depth > maxDepth) checkDepth(depth); // tested before the call, as in `walkExpr`
  if (expr.type === "f64" && lanes.isNarrow) throw internalError("float64 in lanes of 32 bits");
  const bound = expr.kind === "local" ? lanes.scope.get(expr.name) : undefined;
  if (bound?.kind === "vector") return depth === 0 ? bound.vec : part(bound.vec, lanes);
  const inner = (x: Expr, wanted?: Width): Vec => vecOf(x, lanes, call, wanted, depth + 1);
  const open = (): Width => ownWidth(expr, lanes) ?? width ?? naturalWidth(expr.type, lanes);
  const by = dependence(expr, lanes.scope);
  if (by.kind === "uniform") return splat(expr, open(), lanes);
  const vec = by.kind === "affine" ? iota(expr, by.stride, open(), lanes) : computed();
  return depth === 0 ? vec : part(vec, lanes);

  function computed(): Vec {
    switch (expr.kind) {
      case "const":
        throw internalError("a constant that differs from lane to lane");
      case "local": {
        const type = open();
        return laneByLane(expr.type, type, lanes, (lane) =>
          emitScalar(atLane(expr, lane, lanes), lanes.frame),
        );
      }
      case "load":
        return loadVec(expr, width, lanes, inner);
      case "table":
        return tableVec(expr, open(), lanes, inner);
      case "unary":
        return unaryVec(expr.op, inner(expr.x, width), lanes);
      case "binary":
        return binary(expr, lanes, inner, width);
      case "mulAdd":
        return mulAddVec(inner(expr.x), inner(expr.y), inner(expr.z), lanes);
      case "convert":
        if (isPromotedLoad(expr, lanes)) return promotedLoad(expr.x, lanes);
        return convertVec(expr.type, inner(expr.x, expr.type === "f64" ? 64 : width), lanes);
      case "select":
        return select(expr, lanes, call, open(), depth);
      case "call":
        return call(expr, lanes);
      default:
        return assertNever(expr, "vecOf");
    }
  }
}

/** Broadcasts a uniform value to all lanes, before the loop if possible. */
function splat(expr: Expr, width: Width, lanes: LaneCode): Vec {
  if (expr.kind === "const") return constantVec(expr.type, expr.value, width, lanes);
  const { iteration } = lanes;
  if (iteration === undefined || !isInvariant(expr, lanes)) {
    return repeatedLocal(expr, width, emitSplat(expr, lanes), lanes);
  }
  const { locals } = lanes.frame;
  const hoisted = iteration.hoisted.get(locals) ?? [];
  iteration.hoisted.set(locals, hoisted);
  const known = hoisted.find((one) => one.width === width && sameExpr(one.expr, expr));
  if (known !== undefined) return repeatedLocal(expr, width, known.reg, lanes);
  const reg = emitSplat(expr, { ...lanes, frame: beforeLoop(lanes) });
  hoisted.push({ expr, width, reg });
  return repeatedLocal(expr, width, reg, lanes);
}

/** Value whose vectors are all in one local. */
function repeatedLocal({ type }: Expr, width: Width, reg: number, lanes: LaneCode): Vec {
  return { type, width, isPlain: true, emit: () => lanes.frame.body.localGet(reg) };
}

/** Copies a number to all lanes of a new local. */
function emitSplat(expr: Expr, lanes: LaneCode): number {
  const body = bodyOf(lanes);
  const { type } = expr;
  if (expr.kind === "load" && type !== "bool") {
    const offset = emitAddress(lanes.frame, expr.buffer, expr.index, (x) => emitScalar(x, lanes.frame));
    body.memory(type === "f64" ? "v128.load64_splat" : "v128.load32_splat", offset);
  } else if (type === "bool") {
    body.i32Const(0);
    emitScalar(expr, lanes.frame);
    body.op("i32.sub");
    body.op("i32x4.splat");
  } else {
    emitScalar(expr, lanes.frame);
    body.op(`${shapeOf(type)}.splat`);
  }
  const reg = body.local("v128");
  body.localSet(reg);
  return reg;
}

/**
 * True if an expression is loop-invariant and may be computed before the loop. In a conditional part of the loop it may
 * then neither read memory nor call procedures that might not terminate, because it is computed speculatively.
 */
function isInvariant(expr: Expr, { iteration, scope, isConditional }: LaneCode): boolean {
  if (iteration === undefined) return false;
  let isSame = true;
  walkExpr(expr, (inner) => {
    if (inner.kind === "local") isSame &&= !scope.has(inner.name);
    else if (inner.kind === "load") isSame &&= !isConditional && !iteration.stored.has(inner.buffer);
    else if (inner.kind === "table" || inner.kind === "call") isSame &&= !isConditional;
  });
  return isSame;
}

/** Frame for writing code that runs before the loop. */
function beforeLoop({ frame, iteration }: LaneCode): FunctionFrame {
  return iteration === undefined ? frame : { ...frame, body: iteration.before };
}

/**
 * Sets the local `name` of `target` to a uniform number. Returns true if it is loop-invariant; it is then computed
 * before the loop, and the name counts as one from outside.
 */
export function setUniform(name: string, value: Expr, target: FunctionFrame, lanes: LaneCode): boolean {
  const isOutside = isInvariant(value, lanes);
  const frame = isOutside ? beforeLoop(lanes) : lanes.frame;
  emitScalar(value, frame);
  frame.body.localSet(localIndex(target, name, value.type));
  return isOutside;
}

/** Vectors of first, first + stride, first + 2 stride, …, one value per lane. */
function iota(expr: Expr, stride: number, width: Width, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const first = body.local("v128");
  emitScalar(expr, lanes.frame);
  body.op("i32x4.splat");
  body.localSet(first);
  const perVector = 128 / width;
  return made(expr.type, width, (k) => {
    const steps = new Int32Array(4);
    for (let lane = 0; lane < perVector; lane++)
      steps[width === 64 ? 2 * lane : lane] = (lanes.base + k * perVector + lane) * stride;
    body.localGet(first);
    body.v128Const(new Uint8Array(steps.buffer));
    body.op("i32x4.add");
  });
}

function binary(
  expr: BinaryExpr,
  lanes: LaneCode,
  inner: (x: Expr, width?: Width) => Vec,
  width: Width | undefined,
): Vec {
  const { op, x, y } = expr;
  if (op === "fromWords" && y.kind === "const" && y.value === 0) {
    const isShift = x.kind === "binary" && x.op === "shl" && x.y.kind === "const";
    // (h << s) as the high word: one shift does both
    if (isShift) return fromHighWords(inner(x.x, 64), lanes, 32 + (x.y.value & 31));
    return fromHighWords(inner(x, 64), lanes, 32);
  }
  if (op === "fromWords")
    return signChanged(x, y, lanes, inner) ?? binaryVec(op, inner(x, 64), inner(y, 64), lanes);
  if ((op === "shl" || op === "shr") && dependence(y, lanes.scope).kind === "uniform") {
    return shift(op, inner(x, width), y, lanes);
  }
  if ((op === "min" || op === "max") && (expr.type === "f64" || expr.type === "f32")) {
    if (y.kind === "const" && isBound(op, y.value)) return bounded(op, inner(x), y.value, lanes);
    if (x.kind === "const" && isBound(op, x.value)) return bounded(op, inner(y), x.value, lanes);
  }
  const own = ownWidth(x, lanes) ?? ownWidth(y, lanes) ?? width;
  return binaryVec(op, inner(x, own), inner(y, own), lanes);
}

/**
 * Computes a float64 value that differs from another one only in bits of its high word, such as the sign. It uses
 * bitwise operations on whole vectors. `undefined` if the expression has another form.
 */
function signChanged(
  high: Expr,
  low: Expr,
  lanes: LaneCode,
  inner: (x: Expr, width?: Width) => Vec,
): Vec | undefined {
  if (high.kind !== "binary" || (high.op !== "or" && high.op !== "xor")) return undefined;
  if (low.kind !== "unary" || low.op !== "lowWord" || low.x.kind !== "local") return undefined;
  const { x: own, y: bits } = high;
  const isOwn =
    own.kind === "unary" && own.op === "highWord" && own.x.kind === "local" && own.x.name === low.x.name;
  if (!isOwn || bits.kind !== "binary" || bits.op !== "and" || bits.y.kind !== "const") return undefined;
  const whole = (x: Expr): Vec | undefined => {
    if (x.kind === "unary" && x.op === "highWord") return inner(x.x, 64);
    if (x.kind !== "binary" || x.op !== "xor") return undefined;
    const [a, b] = [whole(x.x), whole(x.y)];
    return a && b && part(bitwise("xor", a, b, lanes), lanes);
  };
  const from = whole(bits.x);
  if (from === undefined) return undefined;
  const mask = constantVec("f64", new Float64Array(new Int32Array([0, bits.y.value]).buffer)[0]!, 64, lanes);
  return bitwise(high.op, inner(low.x, 64), part(bitwise("and", from, mask, lanes), lanes), lanes);
}

function bitwise(op: "and" | "or" | "xor", x: Vec, y: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  return made("f64", 64, (k) => {
    x.emit(k);
    y.emit(k);
    body.op(`v128.${op}`);
  });
}

function shift(op: "shl" | "shr", x: Vec, count: Expr, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  if (count.kind === "const") return shiftVec(op, x, () => body.i32Const(count.value & 31), lanes);
  const local = body.local("i32");
  emitScalar(count, lanes.frame);
  body.localSet(local);
  return shiftVec(op, x, () => body.localGet(local), lanes);
}

/**
 * True if the fast min/max instruction returns the correct zero for this bound: it returns its second operand if
 * neither operand is smaller.
 */
function isBound(op: "min" | "max", bound: number): boolean {
  return !Number.isNaN(bound) && !(op === "min" && Object.is(bound, -0));
}

/** Minimum or maximum of x and a constant, by the fast instruction (see `isBound`). */
function bounded(op: "min" | "max", x: Vec, bound: number, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const shape = x.type === "f64" ? "f64x2" : "f32x4";
  const limit = constantVec(x.type, bound, x.width, lanes);
  return made(x.type, x.width, (k) => {
    x.emit(k);
    limit.emit(k);
    body.op(`${shape}.p${op}`);
    if (op === "max" && Object.is(bound, 0)) {
      limit.emit(k); // −0 becomes 0
      body.op(`${shape}.add`);
    }
  });
}

/** True if an expression is a constant with all bits zero. */
function isZero(x: Expr): boolean {
  return x.kind === "const" && Object.is(x.value, 0);
}

/** Writes a `select`. Both sides are computed, except for a side that may be computed only where it is selected. */
function select(
  expr: Expr & { kind: "select" },
  lanes: LaneCode,
  call: CallWriter,
  width: Width,
  depth: number,
): Vec {
  const body = bodyOf(lanes);
  const inner = (x: Expr, within: LaneCode, wanted: Width): Vec => {
    const vec = vecOf(x, within, call, wanted, depth + 1);
    return x.type === "f64" || x.type === "f32" ? vec : toWidth(vec, wanted, within);
  };
  const by = dependence(expr.condition, lanes.scope);
  if (!isGuarded(expr.x, lanes.frame) && !isGuarded(expr.y, lanes.frame)) {
    const mask = vecOf(expr.condition, lanes, call, width, depth + 1);
    if (isZero(expr.y)) return whereVec(mask, inner(expr.x, lanes, width), false, lanes);
    if (isZero(expr.x)) return whereVec(mask, inner(expr.y, lanes, width), true, lanes);
    return chooseVec(mask, inner(expr.x, lanes, width), inner(expr.y, lanes, width), lanes);
  }
  // pending stores that a side depends on must not be flushed inside of it
  for (const buffer of usesOf([], [expr.x, expr.y]).buffers) flushBuffer(buffer, lanes);
  const regs = newRegs(lanes, width);
  const assign = (vec: Vec): void => {
    regs.forEach((reg, k) => {
      vec.emit(k);
      body.localSet(reg);
    });
  };
  const conditional: LaneCode = { ...lanes, isConditional: true };
  if (by.kind === "uniform") {
    emitScalar(expr.condition, lanes.frame);
    body.if();
    assign(inner(expr.x, conditional, width));
    body.else();
    assign(inner(expr.y, conditional, width));
    body.end();
    return inRegs(expr.type, width, regs, lanes);
  }
  const condition = plain(vecOf(expr.condition, lanes, call, width, depth + 1), lanes);
  const side = (x: Expr, isOpposite: boolean): void => {
    const mask = both(lanes.mask, condition, lanes, isOpposite);
    emitAny(mask, lanes);
    body.if();
    const vec = plain(inner(x, { ...conditional, mask }, width), lanes);
    assign(isOpposite ? chooseVec(condition, inRegs(expr.type, width, regs, lanes), vec, lanes) : vec);
    body.end();
  };
  side(expr.x, false);
  side(expr.y, true);
  return inRegs(expr.type, width, regs, lanes);
}

/** True if an expression may access memory out of range, or costs so much that a branch around it pays. */
function isGuarded(expr: Expr, frame: FunctionFrame): boolean {
  const inner = (x: Expr): boolean => isGuarded(x, frame);
  switch (expr.kind) {
    case "const":
    case "local":
      return false;
    case "load":
      return !isInside(expr.buffer, expr.index, frame);
    case "call":
      return true;
    case "table":
      return inner(expr.index);
    case "unary":
    case "convert":
      return inner(expr.x);
    case "binary":
      return inner(expr.x) || inner(expr.y);
    case "mulAdd":
      return inner(expr.x) || inner(expr.y) || inner(expr.z);
    case "select":
      return inner(expr.condition) || inner(expr.x) || inner(expr.y);
  }
}
