import { DownhillError, showType } from "../errors/index.ts";
import { dceProgram } from "../ir/dce.ts";
import type {
  DualResults,
  LowerContext,
  Mask,
  Maybe,
  PartialTools,
  PartialValue,
  Primitive,
  SubProgramPort,
  SubProgram,
  TransformTools,
} from "../ir/primitive.ts";
import { builtIn, isMasked } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, sameType, withShape } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind } from "../trace/bind.ts";
import { interned } from "../trace/intern.ts";
import { range } from "../util/shape.ts";
import { fixpoint, isUnchanged, keep, present } from "./carries.ts";
import { guardedProgram } from "./guard.ts";
import { batchAlong, moveAxis } from "./index-ops.ts";
import { concatenate } from "./pieces.ts";
import { take } from "./take.ts";
import { full, instantiate, zeros } from "./linear.ts";
import { reshape } from "./shape.ts";

/**
 * Parameters of a loop over a body program: `(carry, y_i) = body(consts, carry, x_i)` for each i. Operands: consts,
 * initial carry, xs (leading axis `length`). Results: final carry, ys (leading axis `length`).
 */
export interface ScanParams {
  readonly body: Program;
  readonly consts: number;
  readonly carries: number;
  readonly length: number;
  readonly reverse: boolean;
}

/** A list with one entry per operand, split into constants, carries, and the remaining ones. */
interface ScanPartition<T> {
  readonly consts: T[];
  readonly carry: T[];
  readonly xs: T[];
}

function cut<T>(
  list: readonly T[],
  { consts, carries }: { readonly consts: number; readonly carries: number },
): ScanPartition<T> {
  return {
    consts: list.slice(0, consts),
    carry: list.slice(consts, consts + carries),
    xs: list.slice(consts + carries),
  };
}

function stacked(type: ArrayType, length: number): ArrayType {
  return withShape(type, [length, ...type.shape]);
}

const scanPrim: Primitive<ScanParams> = /* @__PURE__ */ builtIn<ScanParams>({
  name: "scan",
  typeOf(ins, params) {
    const { body, carries, length } = params;
    const given = cut(ins, params);
    const expected = cut(
      body.ins.map((v) => v.type),
      params,
    );
    const check = (what: string, actual: ArrayType | undefined, type: ArrayType): void => {
      if (actual === undefined || !sameType(actual, type)) {
        throw new DownhillError(
          "shape",
          `scan: ${what} is ${actual ? showType(actual) : "missing"}, the body expects ${showType(type)}.`,
        );
      }
    };
    expected.consts.forEach((type, i) => check(`constant ${i}`, given.consts[i], type));
    expected.carry.forEach((type, i) => check(`carry ${i}`, given.carry[i], type));
    expected.carry.forEach((type, i) => check(`carry ${i} after a step`, body.outs[i]?.type, type));
    expected.xs.forEach((type, i) => check(`xs ${i}`, given.xs[i], stacked(type, length)));
    return body.outs.map((v, i) => (i < carries ? v.type : stacked(v.type, length)));
  },
  derivative: {
    kind: "structured",
    jvp: scanJvp,
    partialEval: scanPartialEval,
    transpose(cts, ins, params, into, tools, masks) {
      const { body, carries, length } = params;
      // A linear carry may start from a known zero. It is treated as linear in the body as well, and its cotangent is
      // dropped.
      const linear = ins.map(
        (x, i) => x === undefined || (i >= params.consts && i < params.consts + carries),
      );
      const lin = cut(linear, params);
      const accumulate = [...lin.consts, ...lin.carry.map(() => false), ...lin.xs.map(() => false)];
      const linearConsts = keep(lin.consts, lin.consts).length;
      const { result: transposed, marked: maskedCarry } = fixpoint(
        lin.carry.map((_, i) => isMasked(masks, i)),
        (carry) => {
          const ys = body.outs.slice(carries).map((_, i) => isMaskedInSteps(masks, carries + i, params));
          const result = tools.transposeProgram(body, linear, accumulate, [...carry, ...ys]);
          return { result, marked: result.masked.slice(linearConsts, linearConsts + carries) };
        },
      );
      const backward = transposed.program;
      const masked = cut(transposed.masked, { consts: linearConsts, carries });
      // inputs of `backward`: the nonlinear inputs, one cotangent per output, one accumulator per linear constant
      const known = cut(ins, params);
      const fixedConsts = keep(known.consts, lin.consts, false);
      const fixedXs = keep(known.xs, lin.xs, false);
      const nFixed = fixedConsts.length + fixedXs.length;
      const fixed = backward.ins.slice(0, nFixed);
      const ctVars = backward.ins.slice(nFixed, nFixed + body.outs.length);
      const sums = backward.ins.slice(nFixed + body.outs.length);
      const reordered: Program = {
        ...backward,
        ins: [
          ...fixed.slice(0, fixedConsts.length),
          ...sums,
          ...ctVars.slice(0, carries),
          ...fixed.slice(fixedConsts.length),
          ...ctVars.slice(carries),
        ],
      };
      const accumulators = keep(cut(into, params).consts, lin.consts);
      // a constant that is passed twice has one accumulator, which only its first occurrence takes
      const isFirst = accumulators.map((a, i) => accumulators.indexOf(a) === i);
      const ctOf = (i: number): Tensor => {
        const { type } = body.outs[i]!;
        return instantiate(cts[i], i < carries ? type : stacked(type, length));
      };
      const outs = scan(
        [
          ...(fixedConsts as Tensor[]),
          ...accumulators.map(
            (a, i) => (isFirst[i] === true ? a?.take() : undefined) ?? zeros(sums[i]!.type),
          ),
          ...body.outs.slice(0, carries).map((_, i) => ctOf(i)),
          ...(fixedXs as Tensor[]),
          ...body.outs.slice(carries).map((_, i) => ctOf(carries + i)),
        ],
        {
          body: interned(reordered),
          consts: fixedConsts.length,
          carries: sums.length + carries,
          length,
          reverse: !params.reverse,
        },
      );
      accumulators.forEach((a, i) =>
        isFirst[i] === true ? a?.put(outs[i]!, masked.consts[i]) : a?.add(outs[i]!, masked.consts[i]),
      );
      cut(into, params).carry.forEach((a, i) => a?.add(outs[sums.length + i]!, maskedCarry[i]));
      keep(cut(into, params).xs, lin.xs).forEach((a, i) =>
        a?.add(outs[sums.length + carries + i]!, masked.xs[i]),
      );
    },
    dce(used, params) {
      const { body, carries } = params;
      const { result, marked } = fixpoint(used.slice(0, carries), (carry) => {
        const slim = dceProgram(body, [...carry, ...used.slice(carries)]);
        return { result: slim, marked: cut(slim.usedIns, params).carry };
      });
      const usedParts = cut(result.usedIns, params);
      const ins = [...usedParts.consts, ...marked, ...usedParts.xs];
      return {
        params: {
          ...params,
          body: { ...result.program, ins: keep(result.program.ins, ins) },
          consts: keep(usedParts.consts, usedParts.consts).length,
          carries: keep(marked, marked).length,
        },
        ins,
        outs: [...marked, ...used.slice(carries)],
      };
    },
  },
  batch(ins, batched, size, params, tools) {
    const given = cut(ins, params);
    const is = cut(batched, params);
    const { result, marked } = fixpoint(is.carry, (carry) => {
      const out = tools.batchProgram(
        params.body,
        size,
        [...is.consts, ...carry, ...is.xs],
        [...carry, ...params.body.outs.slice(params.carries).map(() => false)],
      );
      return { result: out, marked: out.batchedOuts.slice(0, params.carries) };
    });
    const carry = given.carry.map((x, i) =>
      marked[i] === true && is.carry[i] !== true ? batchAlong(x, size) : x,
    );
    const xs = given.xs.map((x, i) => (is.xs[i] === true ? moveAxis(x, 0, 1) : x)); // the loop's axis comes first
    const outs = scan([...given.consts, ...carry, ...xs], { ...params, body: result.program });
    const batchedOuts = [...marked, ...result.batchedOuts.slice(params.carries)];
    return {
      outs: outs.map((y, i) => (i >= params.carries && batchedOuts[i] === true ? moveAxis(y, 1, 0) : y)),
      batched: batchedOuts,
    };
  },
  lowering: {
    kind: "loops",
    inPlace: ({ consts, carries }) => range(0, carries).map((i) => ({ result: i, operand: consts + i })),
    programs: (params) => [bodyOf(params)],
    emit: emitScan,
  },
  loop: {
    parts: ({ body, consts, carries, length }) => ({ body, consts, carries, before: 0, length }),
    rebuild: (params, { body, consts, carries, length = params.length }) => ({
      ...params,
      body,
      consts,
      carries,
      length,
    }),
  },
  guard(params, results) {
    const body = guardedProgram(params.body, results);
    return body && ((ins, when) => scan([when, ...ins], { ...params, body, consts: params.consts + 1 }));
  },
  unroll(ins, params, run) {
    const { body, carries, length, reverse } = params;
    const given = cut(ins, params);
    let { carry } = given;
    const ys: Tensor[][] = body.outs.slice(carries).map(() => []);
    for (let step = 0; step < length; step++) {
      const i = reverse ? length - 1 - step : step;
      const at = full(arrayType("int32", []), i);
      const xs = given.xs.map((x) => take(x, at, 0));
      const outs = run(body, [...given.consts, ...carry, ...xs], i);
      carry = outs.slice(0, carries);
      outs.slice(carries).forEach((y, j) => ys[j]!.push(reshape(y, [1, ...y.shape])));
    }
    const stack = (rows: Tensor[], j: number): Tensor =>
      length === 0
        ? zeros(stacked(body.outs[carries + j]!.type, 0))
        : concatenate(reverse ? rows.reverse() : rows, 0);
    return [...carry, ...ys.map(stack)];
  },
});

/**
 * True if the cotangent of a y is masked in some iterations, because only a part of the stacked ys was read. Not masked
 * if the y is also a carry and the last iteration was read: the backward pass starts with that iteration, and the
 * others have the carry's cotangent.
 */
function isMaskedInSteps(
  masks: readonly Mask[],
  place: number,
  { body, carries, length, reverse }: ScanParams,
): boolean {
  const mask = masks[place];
  if (typeof mask !== "object" || mask.axis !== 0) return isMasked(masks, place);
  const isLastRead = reverse ? mask.from === 0 : mask.to === length;
  return !(isLastRead && body.outs.slice(0, carries).includes(body.outs[place]!));
}

/** Forward-mode rule: one loop over values and tangents. */
function scanJvp(
  ins: readonly Tensor[],
  tangents: readonly Maybe[],
  params: ScanParams,
  tools: TransformTools,
  masks: readonly boolean[],
): DualResults {
  const { body, carries } = params;
  const nonzero = cut(
    tangents.map((t) => t !== undefined),
    params,
  );
  const masked = cut(masks, params);
  // a carry without a tangent starts with a zero tangent
  const startsMasked = masked.carry.map((is, i) => is || nonzero.carry[i] !== true);
  const ys = body.outs.length - carries;
  const { result, marked: both } = fixpoint([...nonzero.carry, ...startsMasked], (carry) => {
    const [hasTangent, mayBeMasked] = [carry.slice(0, carries), carry.slice(carries)];
    const forward = tools.jvpProgram(
      body,
      [...nonzero.consts, ...hasTangent, ...nonzero.xs],
      [...hasTangent, ...new Array<boolean>(ys).fill(false)],
      [...masked.consts, ...mayBeMasked, ...masked.xs],
    );
    const ends = [forward.nonzeroOuts, forward.maskedOuts].flatMap((outs) => outs.slice(0, carries));
    return { result: forward, marked: ends };
  });
  const marked = both.slice(0, carries);
  // inputs of the program are values followed by tangents; the loop needs them grouped by kind
  const { program, nonzeroOuts, maskedOuts } = result;
  const values = cut(program.ins.slice(0, body.ins.length), params);
  const counts = {
    consts: keep(nonzero.consts, nonzero.consts).length,
    carries: keep(marked, marked).length,
  };
  const dValues = cut(program.ins.slice(body.ins.length), counts);
  const outs = program.outs.slice(0, body.outs.length);
  const dOuts = program.outs.slice(body.outs.length);
  const forwardBody: Program = {
    ...program,
    ins: [
      ...values.consts,
      ...dValues.consts,
      ...values.carry,
      ...dValues.carry,
      ...values.xs,
      ...dValues.xs,
    ],
    outs: [
      ...outs.slice(0, carries),
      ...dOuts.slice(0, counts.carries),
      ...outs.slice(carries),
      ...dOuts.slice(counts.carries),
    ],
  };
  const x = cut(ins, params);
  const dx = cut(tangents, params);
  const dCarry = keep(
    dx.carry.map((t, i) => t ?? (marked[i] === true ? zeros(x.carry[i]!.type) : undefined)),
    marked,
  );
  const results = scan(
    [...x.consts, ...present(dx.consts), ...x.carry, ...present(dCarry), ...x.xs, ...present(dx.xs)],
    {
      ...params,
      body: interned(forwardBody),
      consts: x.consts.length + counts.consts,
      carries: carries + counts.carries,
    },
  );
  const afterCarries = carries + counts.carries;
  let [c, y] = [carries, afterCarries + ys];
  return [
    [...results.slice(0, carries), ...results.slice(afterCarries, afterCarries + ys)],
    [
      ...marked.map((m) => (m ? results[c++] : undefined)),
      ...nonzeroOuts.slice(carries).map((m) => (m ? results[y++] : undefined)),
    ],
    maskedOuts.map((m, i) => m || (params.length === 0 && both[carries + i] === true)),
  ];
}

function isScalar(x: Tensor): boolean {
  return x.shape.length === 0;
}

/**
 * Splits the loop in two: the known loop stacks the residuals of all iterations, and the unknown loop, over the linear
 * part, reads them.
 */
function scanPartialEval(
  ins: readonly PartialValue[],
  params: ScanParams,
  tools: PartialTools,
): PartialValue[] {
  const { body, carries } = params;
  const unknown = cut(
    ins.map((x) => !x.known),
    params,
  );
  const ys = body.outs.length - carries;
  // An array that exists only inside the loop is not kept alive as a residual for the sake of some elements. Scalars
  // and xs are no larger than the elements read from them.
  const consts = ins.slice(0, params.consts).map(({ value }) => isScalar(value) || tools.isAtHand(value));
  const { result: split, marked } = fixpoint(unknown.carry, (carry) => {
    const result = tools.partialEvalProgram(
      body,
      [...unknown.consts, ...carry, ...unknown.xs],
      [...carry, ...new Array<boolean>(ys).fill(false)],
      [...consts, ...carry.map(() => false), ...unknown.xs.map(() => true)],
    );
    return { result, marked: result.unknownOuts.slice(0, carries) };
  });
  const given = cut(
    ins.map((x) => x.value),
    params,
  );
  // A residual that is a constant or an x of the loop is available. The known loop stacks the others.
  const isStacked = split.residualInputs.map(
    (input) => input === undefined || (input >= params.consts && input < params.consts + carries),
  );
  const nKnownOuts = split.known.outs.length - split.residualCount;
  const knownBody: Program = {
    ...split.known,
    outs: [...split.known.outs.slice(0, nKnownOuts), ...keep(split.known.outs.slice(nKnownOuts), isStacked)],
  };
  const knownConsts = keep(given.consts, unknown.consts, false);
  const knownCarry = keep(given.carry, marked, false);
  const knownOuts = tools.known(
    scanPrim,
    [...knownConsts, ...knownCarry, ...keep(given.xs, unknown.xs, false)],
    {
      ...params,
      body: interned(knownBody),
      consts: knownConsts.length,
      carries: knownCarry.length,
    } satisfies ScanParams,
  );
  const residualVars = split.unknown.ins.slice(0, split.residualCount);
  const rest = cut(split.unknown.ins.slice(split.residualCount), {
    consts: keep(unknown.consts, unknown.consts).length,
    carries: keep(marked, marked).length,
  });
  const constVars: Var[] = [];
  const constValues: Tensor[] = [];
  const xVars: Var[] = [];
  const xValues: Tensor[] = [];
  let nextStacked = nKnownOuts;
  split.residualInputs.forEach((input, i) => {
    const v = residualVars[i]!;
    if (isStacked[i] === true) {
      xVars.push(v);
      xValues.push(knownOuts[nextStacked++]!);
    } else if (input! < params.consts) {
      constVars.push(v);
      constValues.push(ins[input!]!.value);
    } else {
      xVars.push(v);
      xValues.push(ins[input!]!.value);
    }
  });
  const unknownBody: Program = {
    ...split.unknown,
    ins: [...constVars, ...rest.consts, ...rest.carry, ...xVars, ...rest.xs],
  };
  const unknownOuts = tools.unknown(
    scanPrim,
    [
      ...constValues,
      ...keep(given.consts, unknown.consts),
      ...keep(given.carry, marked),
      ...xValues,
      ...keep(given.xs, unknown.xs),
    ],
    {
      ...params,
      body: interned(unknownBody),
      consts: constVars.length + rest.consts.length,
      carries: rest.carry.length,
    } satisfies ScanParams,
  );
  let [known, later] = [0, 0];
  return [...marked, ...split.unknownOuts.slice(carries)].map((isUnknown) =>
    isUnknown ? { known: false, value: unknownOuts[later++]! } : { known: true, value: knownOuts[known++]! },
  );
}

/**
 * The body as a sub-program: it reads slices of the xs, writes slices of the ys, and updates the carries in the
 * results.
 */
function bodyOf({ body, consts, carries }: ScanParams): SubProgram {
  return {
    program: body,
    ins: body.ins.map((_, i): SubProgramPort => {
      if (i < consts) return { of: "operand", index: i };
      return i < consts + carries
        ? { of: "result", index: i - consts }
        : { of: "operand", index: i, isPart: true };
    }),
    outs: body.outs.map((_, i) => ({ of: "result", index: i, isPart: i >= carries })),
  };
}

/** Emits the loop. The results hold the carries, and each y is written to its slice. */
function emitScan(
  { block, fresh, ins, outs, copy, write }: LowerContext,
  { consts, carries, length, reverse }: ScanParams,
): void {
  for (let i = 0; i < carries; i++) copy(block, outs[i]!, ins[consts + i]!);
  const body = (loop: Block, step: Expr): void => void write(loop, 0, step);
  block.for(fresh("step"), k.i32(0), k.i32(length), body, reverse);
}

/**
 * Runs a body over the leading axis; see `ScanParams` for operands and results. A carry that no iteration changes
 * becomes a constant of the loop, and its result is its initial value, without a copy.
 */
export function scan(ins: readonly Tensor[], params: ScanParams): readonly Tensor[] {
  const { body, consts, carries } = params;
  const starts = ins.slice(consts, consts + carries);
  const stays = starts.map((x, i) => isUnchanged(x, body.ins[consts + i]!, body.outs[i]!));
  if (!stays.includes(true)) return bind(scanPrim, ins, params);
  const constantsFirst = <T>(list: readonly T[]): T[] => {
    const parts = cut(list, params);
    return [...parts.consts, ...keep(parts.carry, stays), ...keep(parts.carry, stays, false), ...parts.xs];
  };
  const nStay = keep(stays, stays).length;
  const outs = bind(scanPrim, constantsFirst(ins), {
    ...params,
    body: interned({
      ...body,
      ins: constantsFirst(body.ins),
      outs: body.outs.filter((_, i) => stays[i] !== true),
    }),
    consts: consts + nStay,
    carries: carries - nStay,
  });
  let next = 0;
  return body.outs.map((_, i) => (stays[i] === true ? starts[i]! : outs[next++]!));
}
