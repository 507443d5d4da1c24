import { hasKind } from "../../../../codegen/branches.ts";
import { weightOfProcedure } from "../../../../codegen/cost.ts";
import { isInlined } from "../../../../codegen/vectorise.ts";
import type { Expr, Procedure, Stmt } from "../../../../kernel/scalar.ts";
import { reachedBy, usesOfBlock } from "../../../../kernel/uses.ts";
import { checkDepth } from "../../../../kernel/walk.ts";
import type { Callable } from "../../encode/body.ts";
import { emitCopy } from "../../engines/copied-arguments.ts";
import { openFrame } from "../frame.ts";
import { refuseRecursion } from "../unit.ts";
import { dependence } from "./classify.ts";
import { setUniform, vecOf } from "./expression.ts";
import type { LaneBinding, LaneCode, Vec, Width } from "./lanes.ts";
import { bindVec, bodyOf, inRegs, naturalWidth, newRegs, plain, toWidth, vectors } from "./lanes.ts";
import { emitVectorBlock } from "./statement.ts";

/** Writes a call: inlines the procedure, or calls a function of vectors. */
export function emitVectorCall(expr: Expr & { kind: "call" }, lanes: LaneCode): Vec {
  const { procedure, args } = expr;
  refuseRecursion(lanes.open, procedure);
  checkDepth(lanes.open.size);
  if (!isInlined(procedure, lanes.isConditional, lanes.inlined.weight))
    return callFunction(procedure, args, lanes);
  lanes.inlined.weight += weightOfProcedure(procedure);

  const frame = openFrame(lanes.frame.unit, bodyOf(lanes), procedure, lanes.frame.buffers);
  const set = usesOfBlock(procedure.body).set;
  const scope = new Map<string, LaneBinding>();
  procedure.params.forEach((param, k) => {
    const arg = args[k]!;
    if (dependence(arg, lanes.scope).kind === "uniform" && !set.has(param.name)) {
      const isOutside = setUniform(param.name, arg, frame, lanes);
      if (!isOutside) scope.set(param.name, { kind: "scalar", stride: 0 });
    } else {
      const width = naturalWidth(param.type, lanes);
      const vec = toWidth(vecOf(arg, lanes, emitVectorCall, width), width, lanes);
      scope.set(param.name, bindVec(vec, set.has(param.name), lanes));
    }
  });
  const inner: LaneCode = {
    ...lanes,
    frame,
    scope,
    set,
    indices: new Set(),
    open: new Set([...lanes.open, procedure]),
  };
  emitVectorBlock(procedure.body, inner, emitVectorCall);
  const width = naturalWidth(procedure.result.type, lanes);
  return toWidth(vecOf(procedure.result, inner, emitVectorCall, width), width, inner);
}

/** Calls the vector function of a procedure. A procedure with `while` loops also receives the mask of active lanes. */
function callFunction(procedure: Procedure, args: readonly Expr[], lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const isMasked = lanes.mask !== undefined && hasWhile(procedure);
  const callee = vectorFunction(procedure, lanes, isMasked);
  const width = (type: Vec["type"]): Width => naturalWidth(type, lanes);
  const values = procedure.params.map((param, k) =>
    toWidth(vecOf(args[k]!, lanes, emitVectorCall, width(param.type)), width(param.type), lanes),
  );
  if (isMasked && lanes.mask !== undefined) values.push(toWidth(lanes.mask, width("bool"), lanes));
  for (const value of values) emitArgument(value, lanes);
  body.call(callee);
  const { type } = procedure.result;
  const regs = newRegs(lanes, width(type));
  for (const reg of regs.toReversed()) body.localSet(reg);
  return inRegs(type, width(type), regs, lanes);
}

/** Pushes the vectors of an argument. */
function emitArgument(value: Vec, lanes: LaneCode): void {
  const body = bodyOf(lanes);
  const vec = plain(value, lanes);
  for (let k = 0; k < vectors(lanes, vec.width); k++) {
    if (lanes.frame.unit.settings.peepholes.copiedArguments) emitCopy(body, () => vec.emit(k));
    else vec.emit(k);
  }
}

function vectorFunction(procedure: Procedure, caller: LaneCode, isMasked: boolean): Callable {
  const { count, isNarrow, open } = caller;
  const { unit } = caller.frame;
  return unit.once(procedure, `${count} ${String(isNarrow)} ${String(isMasked)}`, () => {
    const widths = procedure.params.map((param) => naturalWidth(param.type, caller));
    if (isMasked) widths.push(naturalWidth("bool", caller));
    const sizes = widths.map((width) => (count * width) / 128);
    const resultWidth = naturalWidth(procedure.result.type, caller);
    const { body, ...callable } = unit.module.function(unit.fresh(`${procedure.name}.x${count}`), {
      params: new Array<"v128">(sizes.reduce((sum, size) => sum + size, 0)).fill("v128"),
      results: new Array<"v128">((count * resultWidth) / 128).fill("v128"),
    });
    const frame = openFrame(unit, body, procedure);
    const scope = new Map<string, LaneBinding>();
    const outside: LaneCode = {
      frame,
      count,
      isNarrow,
      base: 0,
      scope,
      set: usesOfBlock(procedure.body).set,
      indices: new Set(),
      mask: undefined,
      pending: [],
      iteration: undefined,
      isConditional: false,
      parts: { regs: [], used: 0 },
      inlined: { weight: 0 },
      open: new Set([...open, procedure]),
    };
    let next = 0;
    const take = (k: number): number[] => Array.from({ length: sizes[k]! }, () => next++);
    procedure.params.forEach(({ name, type }, k) => {
      const regs = take(k);
      scope.set(name, { kind: "vector", vec: inRegs(type, widths[k]!, regs, outside), regs });
    });
    const mask = isMasked ? inRegs("bool", widths.at(-1)!, take(widths.length - 1), outside) : undefined;
    const lanes: LaneCode = { ...outside, mask };
    emitVectorBlock(procedure.body, lanes, emitVectorCall);
    const result = vecOf(procedure.result, lanes, emitVectorCall, resultWidth);
    const value = toWidth(result, resultWidth, lanes);
    for (let k = 0; k < (count * resultWidth) / 128; k++) value.emit(k);
    return callable;
  });
}

/**
 * True if a procedure, or a procedure that it calls, has a loop that might not terminate on values of inactive lanes.
 */
function hasWhile(procedure: Procedure): boolean {
  const all = [procedure, ...reachedBy(procedure.body, [procedure.result]).procedures];
  return all.some(({ body }) => hasKind(body, whiles));
}

const whiles: ReadonlySet<Stmt["kind"]> = new Set(["while"]);
