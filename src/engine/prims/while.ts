import { DownhillError, showType } from "../errors/index.ts";
import { dceProgram } from "../ir/dce.ts";
import { numberOf } from "../ir/elements.ts";
import type {
  DualResults,
  LowerContext,
  Maybe,
  PartialTools,
  PartialValue,
  Primitive,
  SubProgramPort,
  SubProgram,
  TransformTools,
} from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, sameType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bind } from "../trace/bind.ts";
import { interned } from "../trace/intern.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { either, fixpoint, isUnchanged, keep, present } from "./carries.ts";
import { batchAlong } from "./index-ops.ts";
import { where, zeros } from "./linear.ts";
import { broadcast, sum } from "./shape.ts";

/**
 * Parameters of a loop that runs `carry = body(bodyConsts, carry)` while `test(testConsts, carry)` holds. Operands:
 * constants of the test, constants of the body, initial carry. Results: final carry.
 */
export interface WhileParams {
  readonly test: Program;
  readonly body: Program;
  readonly testConsts: number;
  readonly bodyConsts: number;
}

/** A list with one entry per operand, split into constants of the test, constants of the body, and carries. */
interface WhilePartition<T> {
  readonly testConsts: T[];
  readonly bodyConsts: T[];
  readonly carry: T[];
}

function cut<T>(
  list: readonly T[],
  { testConsts, bodyConsts }: Pick<WhileParams, "testConsts" | "bodyConsts">,
): WhilePartition<T> {
  const start = testConsts + bodyConsts;
  return {
    testConsts: list.slice(0, testConsts),
    bodyConsts: list.slice(testConsts, start),
    carry: list.slice(start),
  };
}

const whilePrim: Primitive<WhileParams> = /* @__PURE__ */ builtIn<WhileParams>({
  name: "whileLoop",
  typeOf(ins, params) {
    const { test, body } = params;
    const given = cut(ins, params);
    const check = (what: string, actual: ArrayType | undefined, expected: ArrayType): void => {
      if (actual !== undefined && sameType(actual, expected)) return;
      throw new DownhillError(
        "shape",
        `whileLoop: ${what} is ${actual ? showType(actual) : "missing"}, the loop expects ${showType(expected)}.`,
      );
    };
    [...given.testConsts, ...given.carry].forEach((type, i) =>
      check(`operand ${i} of the test`, type, test.ins[i]!.type),
    );
    [...given.bodyConsts, ...given.carry].forEach((type, i) =>
      check(`operand ${i} of the body`, type, body.ins[i]!.type),
    );
    given.carry.forEach((type, i) => check(`carry ${i} after a step`, body.outs[i]?.type, type));
    check("the result of the test", test.outs[0]?.type, arrayType("bool", []));
    return given.carry;
  },
  derivative: {
    kind: "structured",
    jvp: whileJvp,
    partialEval: whilePartialEval,
    transpose() {
      throw new DownhillError(
        "derivative",
        "whileLoop has no reverse-mode derivative: it would have to save the values of all steps, whose number is unknown. " +
          "Use foriLoop with plain numbers as bounds, or scan; forward mode (jvp, jacfwd) supports whileLoop.",
      );
    },
    dce(used, params) {
      const { test, body } = params;
      const needed = usedIns(test).slice(params.testConsts); // carries that the test reads must stay
      const { result, marked } = fixpoint(either(used, needed), (carry) => {
        const slim = dceProgram(body, carry);
        return { result: slim, marked: slim.usedIns.slice(params.bodyConsts) };
      });
      const consts = result.usedIns.slice(0, params.bodyConsts);
      const testConsts = usedIns(test).slice(0, params.testConsts);
      return {
        params: {
          test: { ...test, ins: keep(test.ins, [...testConsts, ...marked]) },
          body: { ...result.program, ins: keep(result.program.ins, [...consts, ...marked]) },
          testConsts: keep(testConsts, testConsts).length,
          bodyConsts: keep(consts, consts).length,
        },
        ins: [...testConsts, ...consts, ...marked],
        outs: marked,
      };
    },
  },
  batch: batchWhile,
  lowering: {
    kind: "loops",
    inPlace: ({ body, testConsts, bodyConsts }) =>
      body.outs.map((_, i) => ({ result: i, operand: testConsts + bodyConsts + i })),
    programs: programsOf,
    emit: emitWhile,
  },
  loop: {
    parts: ({ body, testConsts, bodyConsts }) => ({
      body,
      consts: bodyConsts,
      carries: body.outs.length,
      before: testConsts,
      length: undefined,
    }),
    rebuild: (params, { body, consts }) => ({ ...params, body, bodyConsts: consts }),
  },
  unroll(ins, { test, body, testConsts, bodyConsts }, run) {
    const given = cut(ins, { testConsts, bodyConsts });
    let { carry } = given;
    for (
      let step = 0;
      numberOf(run(test, [...given.testConsts, ...carry], step)[0]!, "whileLoop") !== 0;
      step++
    )
      carry = [...run(body, [...given.bodyConsts, ...carry], step)];
    return carry;
  },
});

function usedIns(program: Program): readonly boolean[] {
  return dceProgram(
    program,
    program.outs.map(() => true),
  ).usedIns;
}

/** Forward-mode rule: one loop over values and tangents. The test reads only values. */
function whileJvp(
  ins: readonly Tensor[],
  tangents: readonly Maybe[],
  params: WhileParams,
  { jvpProgram }: TransformTools,
  masks: readonly boolean[],
): DualResults {
  const { test, body } = params;
  const x = cut(ins, params);
  const dx = cut(tangents, params);
  const constNonzero = dx.bodyConsts.map((t) => t !== undefined);
  const masked = cut(masks, params);
  const n = x.carry.length;
  const start = [
    ...dx.carry.map((t) => t !== undefined),
    ...masked.carry.map((isMasked, i) => isMasked || dx.carry[i] === undefined), // starts with zeros
  ];
  const { result, marked: both } = fixpoint(start, (carry) => {
    const hasTangent = carry.slice(0, n);
    const forward = jvpProgram(body, [...constNonzero, ...hasTangent], hasTangent, [
      ...masked.bodyConsts,
      ...carry.slice(n),
    ]);
    return { result: forward.program, marked: [...forward.nonzeroOuts, ...forward.maskedOuts] };
  });
  const [marked, isMasked] = [both.slice(0, n), both.slice(n)];
  const { bodyConsts } = params;
  const dConsts = keep(constNonzero, constNonzero).length;
  // inputs of the program: constants, carries, followed by the tangents of both
  const values = result.ins.slice(0, bodyConsts + n);
  const dValues = result.ins.slice(bodyConsts + n);
  const dTypes = dValues.slice(dConsts).map((v) => v.type);
  const outs = whileLoop(
    [
      ...x.testConsts,
      ...x.bodyConsts,
      ...present(dx.bodyConsts),
      ...x.carry,
      ...present(dx.carry.map((t, i) => t ?? (marked[i] === true ? zeros(x.carry[i]!.type) : undefined))),
    ],
    {
      test: { ...test, ins: [...test.ins, ...dTypes.map((type): Var => ({ type }))] },
      body: {
        ...result,
        ins: [
          ...values.slice(0, bodyConsts),
          ...dValues.slice(0, dConsts),
          ...values.slice(bodyConsts),
          ...dValues.slice(dConsts),
        ],
      },
      testConsts: params.testConsts,
      bodyConsts: bodyConsts + dConsts,
    },
  );
  let next = n;
  return [outs.slice(0, n), marked.map((m) => (m ? outs[next++] : undefined)), isMasked];
}

/**
 * Runs the known carries in a separate loop, if the test needs no unknown value. The later loop, over the unknown
 * carries, computes the known carries again, because the residuals of an unknown number of iterations cannot be saved.
 */
function whilePartialEval(
  ins: readonly PartialValue[],
  params: WhileParams,
  tools: PartialTools,
): PartialValue[] {
  const { test, body } = params;
  const unknown = cut(
    ins.map((x) => !x.known),
    params,
  );
  const values = ins.map((x) => x.value);
  const { result: split, marked } = fixpoint(unknown.carry, (carry) => {
    const result = tools.partialEvalProgram(body, [...unknown.bodyConsts, ...carry], carry);
    return { result, marked: result.unknownOuts };
  });
  const testIsKnown = !usedIns(test).some(
    (used, i) => used && (unknown.testConsts[i] ?? marked[i - params.testConsts]!),
  );
  const later = tools.unknown(whilePrim, values, params);
  if (!testIsKnown || !marked.includes(false)) return later.map((value) => ({ known: false, value }));
  const given = cut(values, params);
  const consts = keep(given.bodyConsts, unknown.bodyConsts, false);
  const testConsts = keep(given.testConsts, unknown.testConsts, false);
  const testIns = cut(test.ins, { testConsts: params.testConsts, bodyConsts: 0 });
  const nKnown = keep(marked, marked, false).length;
  const now = tools.known(whilePrim, [...testConsts, ...consts, ...keep(given.carry, marked, false)], {
    test: {
      ...test,
      ins: [...keep(testIns.testConsts, unknown.testConsts, false), ...keep(testIns.carry, marked, false)],
    },
    body: { ...split.known, outs: split.known.outs.slice(0, nKnown) },
    testConsts: testConsts.length,
    bodyConsts: consts.length,
  } satisfies WhileParams);
  let next = 0;
  return marked.map((m, i) =>
    m ? { known: false, value: later[i]! } : { known: true, value: now[next++]! },
  );
}

/** Batched loop: runs while the test holds for any item. Items whose test fails keep their carries. */
function batchWhile(
  ins: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
  params: WhileParams,
  { batchProgram }: TransformTools,
): { readonly outs: readonly Tensor[]; readonly batched: readonly boolean[] } {
  const given = cut(ins, params);
  const is = cut(batched, params);
  const spread = fixpoint(is.carry, (carry) => {
    const result = batchProgram(params.body, size, [...is.bodyConsts, ...carry], carry);
    return { result: result.program, marked: result.batchedOuts };
  });
  const test = batchProgram(params.test, size, [...is.testConsts, ...spread.marked], [false]);
  const itemsDiffer = test.batchedOuts[0] === true;
  const marked = itemsDiffer ? spread.marked.map(() => true) : spread.marked;
  const carry = given.carry.map((x, i) =>
    marked[i] === true && is.carry[i] !== true ? batchAlong(x, size) : x,
  );
  if (!itemsDiffer) {
    const outs = whileLoop([...given.testConsts, ...given.bodyConsts, ...carry], {
      ...params,
      test: test.program,
      body: spread.result,
    });
    return { outs, batched: marked };
  }
  const body = batchProgram(params.body, size, [...is.bodyConsts, ...marked], marked).program;
  const goesOn = batchProgram(params.test, size, [...is.testConsts, ...marked], [true]).program;
  const carryTypes = carry.map((x) => x.type);
  const testTypes = given.testConsts.map((x) => x.type);
  const bodyTypes = given.bodyConsts.map((x) => x.type);
  const outs = whileLoop([...given.testConsts, ...given.testConsts, ...given.bodyConsts, ...carry], {
    test: traceClosed(`any(${goesOn.name})`, [...testTypes, ...carryTypes], (...args) => [
      sum(evalProgram(goesOn, args)[0]!, [0]), // the sum of booleans is their "or"
    ]),
    body: traceClosed(body.name, [...testTypes, ...bodyTypes, ...carryTypes], (...args) => {
      const old = args.slice(testTypes.length + bodyTypes.length);
      const mask = evalProgram(goesOn, [...args.slice(0, testTypes.length), ...old])[0]!;
      return evalProgram(body, args.slice(testTypes.length)).map((x, i) =>
        where(broadcast(mask, x.shape, [0]), x, old[i]!),
      );
    }),
    testConsts: testTypes.length,
    bodyConsts: testTypes.length + bodyTypes.length,
  });
  return { outs, batched: marked };
}

/** The test and the body as sub-programs; the body updates the carries in the results. */
function programsOf({ test, body, testConsts, bodyConsts }: WhileParams): readonly SubProgram[] {
  const inputs = (program: Program, first: number, consts: number): SubProgramPort[] =>
    program.ins.map((_, i) =>
      i < consts ? { of: "operand", index: first + i } : { of: "result", index: i - consts },
    );
  return [
    { program: test, ins: inputs(test, 0, testConsts), outs: [undefined] },
    {
      program: body,
      ins: inputs(body, testConsts, bodyConsts),
      outs: body.outs.map((_, i) => ({ of: "result", index: i })),
    },
  ];
}

/** Emits the loop. The results hold the carries, and the test is emitted once, at the start of a step. */
function emitWhile(
  { block, fresh, ins, outs, copy, write, failure }: LowerContext,
  { testConsts, bodyConsts }: WhileParams,
): void {
  outs.forEach((target, i) => copy(block, target, ins[testConsts + bodyConsts + i]!));
  const goesOn = block.let(fresh("goesOn"), k.bool(true));
  block.while(goesOn, (loop) => {
    const [answer] = write(loop, 0);
    loop.set(goesOn, answer!.read(k.i32(0)));
    loop.if(goesOn, (step) => {
      write(step, 1);
      // after an error, the operands of the test may have any value
      if (failure.canFail) step.if(k.ne(failure.site, k.i32(0)), (end) => end.set(goesOn, k.bool(false)));
    });
  });
}

/**
 * Repeats a program while a test holds; see `WhileParams` for the operands. A carry that no iteration changes becomes a
 * constant of the loop, and its result is its initial value.
 */
export function whileLoop(ins: readonly Tensor[], params: WhileParams): readonly Tensor[] {
  const { test, body, testConsts, bodyConsts } = params;
  const given = cut(ins, params);
  const stays = given.carry.map((x, i) => isUnchanged(x, body.ins[bodyConsts + i]!, body.outs[i]!));
  if (!stays.includes(true)) return bind(whilePrim, ins, params);
  const constantsFirst = <T>(list: readonly T[], consts: number): T[] => {
    const carry = list.slice(consts);
    return [...list.slice(0, consts), ...keep(carry, stays), ...keep(carry, stays, false)];
  };
  const fixed = keep(given.carry, stays);
  const outs = bind(
    whilePrim,
    [...given.testConsts, ...fixed, ...given.bodyConsts, ...fixed, ...keep(given.carry, stays, false)],
    {
      test: interned({ ...test, ins: constantsFirst(test.ins, testConsts) }),
      body: interned({
        ...body,
        ins: constantsFirst(body.ins, bodyConsts),
        outs: keep(body.outs, stays, false),
      }),
      testConsts: testConsts + fixed.length,
      bodyConsts: bodyConsts + fixed.length,
    },
  );
  let next = 0;
  return given.carry.map((x, i) => (stays[i] === true ? x : outs[next++]!));
}
