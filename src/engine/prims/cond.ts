import { DownhillError, showType } from "../errors/index.ts";
import { dceProgram } from "../ir/dce.ts";
import { numberOf } from "../ir/elements.ts";
import type { Maybe, PartialTools, PartialValue, Primitive, TransformTools } from "../ir/primitive.ts";
import { builtIn, isMasked } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, sameType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bind } from "../trace/bind.ts";
import { interned } from "../trace/intern.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { range } from "../util/shape.ts";
import { call } from "./call.ts";
import {
  accumulated,
  addResults,
  changedInPlace,
  either,
  isUnchanged,
  keep,
  present,
  wholeProgram,
} from "./carries.ts";
import { evalGuarded, guardedChanges, guardedProgram } from "./guard.ts";
import { full, instantiate, where, zeros } from "./linear.ts";
import { broadcast } from "./shape.ts";

/**
 * Parameters of the primitive that runs one of two programs, chosen by a boolean. Operands: the predicate, followed by
 * the inputs of the programs. Both programs have inputs and results of the same types.
 */
export interface CondParams {
  readonly onTrue: Program;
  readonly onFalse: Program;
}

function both<T>({ onTrue, onFalse }: CondParams, f: (side: Program) => T): readonly [T, T] {
  return [f(onTrue), f(onFalse)];
}

const condPrim: Primitive<CondParams> = /* @__PURE__ */ builtIn<CondParams>({
  name: "cond",
  typeOf([predicate, ...operands], params) {
    if (predicate === undefined || predicate.dtype !== "bool" || predicate.shape.length > 0) {
      throw new DownhillError(
        "dtype",
        `cond: the predicate is ${predicate ? showType(predicate) : "missing"}, not bool[]. Compare first, as in cond(less(x, 0), …).`,
      );
    }
    both(params, ({ ins }) =>
      ins.forEach((v, i) => {
        const given = operands[i];
        if (given !== undefined && sameType(given, v.type)) return;
        throw new DownhillError(
          "shape",
          `cond: operand ${i} is ${given ? showType(given) : "missing"}, a side expects ${showType(v.type)}.`,
        );
      }),
    );
    const { onTrue, onFalse } = params;
    onTrue.outs.forEach((v, i) => {
      const other = onFalse.outs[i];
      if (other !== undefined && sameType(v.type, other.type)) return;
      throw new DownhillError(
        "shape",
        `cond: result ${i} is ${showType(v.type)} on one side and ${other ? showType(other.type) : "missing"} on the other.`,
      );
    });
    return onTrue.outs.map((v) => v.type);
  },
  derivative: {
    kind: "structured",
    jvp(ins, tangents, params, { jvpProgram }, [, ...masks]) {
      const [predicate, ...operands] = ins;
      const dOperands = tangents.slice(1);
      const nonzero = dOperands.map((t) => t !== undefined);
      const none = params.onTrue.outs.map(() => false);
      const [a, b] = both(params, (side) => jvpProgram(side, nonzero, none, masks).nonzeroOuts);
      const marked = either(a, b);
      const [yes, no] = both(params, (side) => jvpProgram(side, nonzero, marked, masks));
      const [onTrue, onFalse] = [yes.program, no.program];
      const outs = cond([predicate!, ...operands, ...present(dOperands)], { onTrue, onFalse });
      let next = none.length;
      const dOuts = marked.map((m) => (m ? outs[next++] : undefined));
      return [outs.slice(0, none.length), dOuts, either(yes.maskedOuts, no.maskedOuts)];
    },
    partialEval: condPartialEval,
    transpose(cts, [predicate, ...operands], params, into, { transposeProgram }, masks) {
      if (predicate === undefined) throw unknownPredicateError();
      const linear = operands.map((x) => x === undefined);
      const accumulators = into.slice(1);
      const accumulate = accumulated(accumulators);
      const maskedCts = params.onTrue.outs.map((_, i) => isMasked(masks, i));
      const sides = both(params, (side) => transposeProgram(side, linear, accumulate, maskedCts));
      const [onTrue, onFalse] = sides.map((side) => side.program) as [Program, Program];
      const outs = cond(
        [
          predicate,
          ...operands.filter((x) => x !== undefined),
          ...params.onTrue.outs.map((v, i) => instantiate(cts[i], v.type)),
          ...keep(accumulators, accumulate).map((a) => a!.take()),
        ],
        { onTrue, onFalse },
      );
      // an operand that only one side uses gets a masked cotangent, because it is not chosen when the other side runs
      const masked = outs.map((_, i) =>
        sides.some((side) => side.masked[i] === true || side.zero[i] === true),
      );
      addResults(keep(accumulators, linear), keep(accumulate, linear), outs, masked);
    },
    dce(used, params) {
      const [a, b] = both(params, (side) => dceProgram(side, used));
      const ins = either(a.usedIns, b.usedIns);
      const slim = (side: Program): Program => ({ ...side, ins: keep(side.ins, ins) });
      return {
        params: { onTrue: slim(a.program), onFalse: slim(b.program) },
        ins: [true, ...ins],
        outs: used,
      };
    },
  },
  batch([predicate, ...operands], [isChosen, ...batched], size, params, { batchProgram }) {
    const none = params.onTrue.outs.map(() => false);
    const all = none.map(() => true);
    const batch = (wanted: readonly boolean[]): readonly [Program, Program] =>
      both(params, (side) => batchProgram(side, size, batched, wanted).program);
    if (isChosen !== true) {
      const [a, b] = both(params, (side) => batchProgram(side, size, batched, none).batchedOuts);
      const marked = either(a, b);
      const [onTrue, onFalse] = batch(marked);
      return { outs: cond([predicate!, ...operands], { onTrue, onFalse }), batched: marked };
    }
    return { outs: bothForAll([predicate!, ...operands], batched, size, params, batchProgram), batched: all };
  },
  lowering: {
    kind: "loops",
    /**
     * Operands that at least one program changes in place. The other program may change the operand too, return it
     * unchanged, or compute a new value. If the programs pair an operand or a result differently, the pair of `onTrue`
     * counts.
     */
    inPlace(params) {
      const [onTrue, onFalse] = both(params, changedInPlace);
      const others = onFalse.filter(
        (a) => !onTrue.some((b) => a.result === b.result || a.operand === b.operand),
      );
      return [...onTrue, ...others].map(({ result, operand }) => ({ result, operand: operand + 1 }));
    },
    programs: (params) => both(params, (side) => wholeProgram(side, 1)),
    withPrograms: ([onTrue, onFalse]) => ({ onTrue: onTrue!, onFalse: onFalse! }),
    emit: ({ block, ins: [predicate], write }) =>
      block.if(
        predicate!.read(k.i32(0)),
        (then) => void write(then, 0),
        (otherwise) => void write(otherwise, 1),
      ),
  },
  guard(params, results) {
    const [onTrue, onFalse] = both(params, (side) => guardedProgram(side, results));
    if (onTrue === undefined || onFalse === undefined) return undefined;
    return ([predicate, ...operands], when) => cond([predicate!, when, ...operands], { onTrue, onFalse });
  },
  unroll: ([predicate, ...operands], { onTrue, onFalse }, run) =>
    run(numberOf(predicate!, "cond") === 0 ? onFalse : onTrue, operands),
});

/**
 * Results under `vmap` with a batched predicate: both sides run for all items. Arrays that both sides change pass
 * through the first side and then the second. Each side changes only the items that selected it, so that no additional
 * elements are written.
 */
function bothForAll(
  ins: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
  { onTrue, onFalse }: CondParams,
  batchProgram: TransformTools["batchProgram"],
): readonly Tensor[] {
  const changes = guardedChanges(onTrue, onFalse);
  const changed = changes.map(({ result }) => result);
  const isSelected = onTrue.outs.map((_, i) => !changed.includes(i));
  const types = [arrayType("bool", []), ...onTrue.ins.map((v) => v.type)];
  const program = traceClosed(`${onTrue.name}, ${onFalse.name}`, types, (chosen, ...args) => {
    const first = evalGuarded(onTrue, args, chosen, changed);
    const between = [...args];
    for (const { result, operand } of changes) between[operand] = first[result]!;
    const isOther = where(chosen, full(chosen.type, 0), full(chosen.type, 1));
    return [...keep(first, isSelected), ...evalGuarded(onFalse, between, isOther, changed)];
  });
  const all = program.outs.map(() => true);
  const outs = call(batchProgram(program, size, [true, ...batched], all).program, ins);
  const selected = keep(isSelected, isSelected).length;
  let next = 0;
  return outs
    .slice(selected)
    .map((y, i) => (isSelected[i] === true ? where(broadcast(ins[0]!, y.shape, [0]), outs[next++]!, y) : y));
}

function unknownPredicateError(): DownhillError {
  return new DownhillError(
    "derivative",
    "transpose: cond is not linear in its predicate. Let the predicate depend on constants only.",
  );
}

/**
 * Splits both sides into known and unknown parts. The equation of the known parts returns the residuals of both sides,
 * with zeros as the residuals of the side that does not run.
 */
function condPartialEval(
  ins: readonly PartialValue[],
  params: CondParams,
  tools: PartialTools,
): readonly PartialValue[] {
  const values = ins.map((x) => x.value);
  if (!ins[0]!.known) {
    // The predicate is unknown, so both sides run later.
    return tools.unknown(condPrim, values, params).map((value) => ({ known: false, value }));
  }
  const [predicate, ...operands] = ins;
  const unknown = operands.map((x) => !x.known);
  const none = params.onTrue.outs.map(() => false);
  const atHand = operands.map((x) => tools.isAtHand(x.value));
  const split = (
    side: Program,
    later: readonly boolean[],
  ): ReturnType<TransformTools["partialEvalProgram"]> =>
    tools.partialEvalProgram(side, unknown, later, atHand, tools.isRepeated);
  const [a, b] = both(params, (side) => split(side, none).unknownOuts);
  const marked = either(a, b);
  const parts = both(params, (side) => split(side, marked));
  const nKnown = marked.filter((m) => !m).length;

  // Residuals that are operands are available. The others are results of the known part; residuals of the two sides
  // share result slots.
  const made = parts.map(({ known, residualInputs }) =>
    known.outs.slice(nKnown).filter((_, i) => residualInputs[i] === undefined),
  );
  const places: ArrayType[] = [];
  const placesOf = made.map((residuals) => {
    const free = places.map(() => true); // a slot holds at most one residual per side
    return residuals.map(({ type }) => {
      let place = places.findIndex((other, i) => free[i] === true && sameType(other, type));
      if (place < 0) place = places.push(type) - 1;
      free[place] = false;
      return place;
    });
  });
  const knownIns = operands.filter((x) => x.known).map((x) => x.value);
  const knownTypes = knownIns.map((x) => x.type);
  const [onTrue, onFalse] = parts.map(({ known, residualInputs }, side) =>
    traceClosed(known.name, knownTypes, (...args) => {
      const outs = evalProgram(known, args);
      const own = outs.slice(nKnown).filter((_, i) => residualInputs[i] === undefined);
      const filled = places.map((type, place): Maybe => {
        const i = placesOf[side]!.indexOf(place);
        return i < 0 ? zeros(type) : own[i];
      });
      return [...outs.slice(0, nKnown), ...(filled as Tensor[])];
    }),
  );
  const knownOuts = tools.known(condPrim, [predicate!.value, ...knownIns], {
    onTrue: interned(onTrue!),
    onFalse: interned(onFalse!),
  } satisfies CondParams);

  // Operands of the unknown part: result slots, known operands that are residuals of a side, and the unknown operands.
  const shared = range(0, operands.length).filter((i) =>
    parts.some(({ residualInputs }) => residualInputs.includes(i)),
  );
  const later = parts.map(({ unknown: program, residualCount, residualInputs }, side): Program => {
    const residualVars = program.ins.slice(0, residualCount);
    let next = 0;
    const varOfPlace = new Map<number, Var>();
    const varOfInput = new Map<number, Var>();
    residualVars.forEach((v, i) => {
      const input = residualInputs[i];
      if (input === undefined) varOfPlace.set(placesOf[side]![next++]!, v);
      else varOfInput.set(input, v);
    });
    return {
      ...program,
      ins: [
        ...places.map((type, place) => varOfPlace.get(place) ?? { type }),
        ...shared.map((i) => varOfInput.get(i) ?? { type: operands[i]!.value.type }),
        ...program.ins.slice(residualCount),
      ],
    };
  });
  const unknownOuts = marked.includes(true)
    ? tools.unknown(
        condPrim,
        [
          predicate!.value,
          ...knownOuts.slice(nKnown),
          ...shared.map((i) => operands[i]!.value),
          ...operands.filter((x) => !x.known).map((x) => x.value),
        ],
        { onTrue: interned(later[0]!), onFalse: interned(later[1]!) } satisfies CondParams,
      )
    : [];
  let [now, then] = [0, 0];
  return marked.map((m) =>
    m ? { known: false, value: unknownOuts[then++]! } : { known: true, value: knownOuts[now++]! },
  );
}

/**
 * Runs the program that the predicate selects; see `CondParams` for the operands. If both programs return the same
 * operand unchanged as a result, that result is the operand itself.
 */
export function cond(ins: readonly Tensor[], params: CondParams): readonly Tensor[] {
  const { onTrue, onFalse } = params;
  const operands = ins.slice(1);
  const unchanged = onTrue.outs.map((v, result) => {
    const i = onTrue.ins.indexOf(v);
    const isSame = i >= 0 && onFalse.ins[i] === onFalse.outs[result];
    return isSame && isUnchanged(operands[i]!, onTrue.ins[i]!, v) ? operands[i] : undefined;
  });
  if (unchanged.every((x) => x === undefined)) return bind(condPrim, ins, params);
  const [yes, no] = both(params, (side) =>
    interned({ ...side, outs: side.outs.filter((_, i) => unchanged[i] === undefined) }),
  );
  const outs = bind(condPrim, ins, { onTrue: yes, onFalse: no });
  let next = 0;
  return unchanged.map((x) => x ?? outs[next++]!);
}
