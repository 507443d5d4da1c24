import { DownhillError, showType } from "../errors/index.ts";
import type { Program } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, isFloating, sameType } from "../ir/types.ts";
import { cond as bindCond } from "../prims/cond.ts";
import { asTensor } from "../prims/lift.ts";
import { convert } from "../prims/linear.ts";
import type { TracedProgram } from "../trace/staging.ts";
import { evalProgram, traceClosed, traceProgram } from "../trace/staging.ts";
import type { TreeDef } from "../tree/tree.ts";
import { leafPaths, treeKey, unflatten } from "../tree/tree.ts";
import type { BooleanLike, LikeAll } from "../tree/types.ts";
import { sameShape } from "../util/shape.ts";
import { flattenArguments, flattenResult, requireFunction, unflattenArguments } from "./arguments.ts";
import { interned } from "../trace/intern.ts";
import "./program-tools.ts";

interface CondBranch extends TracedProgram {
  readonly def: TreeDef;
}

/**
 * Applies one of two functions to the same operands; `predicate` is a scalar of dtype bool. Both functions are
 * traced and only the selected one runs, also in derivatives. Both must return the same structure of the same
 * types. Under `vmap` with a predicate that differs between items, both are computed and `where` selects.
 *
 * @throws DownhillError `dtype` if the predicate is not a bool, `shape` or `tree` if the results of the functions
 * differ in type or structure.
 * @example
 * const f = (x: Tensor) => cond(less(x, 0), (x) => exp(x), (x) => x.add(1), x);
 * f(3); // 4
 * grad(f)(3); // 1
 */
export function cond<T>(predicate: BooleanLike, onTrue: () => T, onFalse: () => T): T;
export function cond<A extends Tensor[]>(
  predicate: BooleanLike,
  onTrue: (...operands: A) => Tensor,
  onFalse: (...operands: A) => Tensor,
  ...operands: { [K in keyof A]: BooleanLike }
): Tensor;
export function cond<A extends readonly unknown[], T>(
  predicate: BooleanLike,
  onTrue: (...operands: A) => T,
  onFalse: (...operands: A) => T,
  ...operands: LikeAll<A, boolean>
): T;
export function cond(
  predicate: BooleanLike,
  onTrue: (...operands: never[]) => unknown,
  onFalse: (...operands: never[]) => unknown,
  ...operands: readonly unknown[]
): unknown {
  for (const side of [onTrue, onFalse]) {
    requireFunction("cond", side, "cond(less(x, 0), (x) => …, (x) => …, x), with a function for either side");
  }
  const chosen = asTensor(predicate, "cond");
  if (chosen.dtype !== "bool" || chosen.shape.length > 0) {
    throw new DownhillError(
      "dtype",
      `cond: the predicate is ${showType(chosen.type)}, not a scalar of dtype bool. Compare first, as in cond(less(x, 0), …); choose between the elements of arrays with where(…).`,
    );
  }
  const { leaves, defs } = flattenArguments(operands, "cond", "leaf");
  const types = leaves.map((x) => x.type);
  const trace = (f: (...args: never[]) => unknown, name: string): CondBranch => {
    let def: TreeDef = { kind: "leaf" };
    const traced = traceProgram(f.name === "" ? name : f.name, types, (...xs) => {
      const result = flattenResult(f(...(unflattenArguments(defs, xs) as never[])), "cond", "leaf");
      def = result.def;
      return result.leaves;
    });
    return { ...traced, def };
  };
  const sides = [trace(onTrue, "onTrue"), trace(onFalse, "onFalse")] as const;
  const [yes, no] = sides;
  if (treeKey(yes.def) !== treeKey(no.def)) {
    throw new DownhillError(
      "tree",
      `cond: the sides return different structures: ${treeKey(yes.def)} where true, ${treeKey(no.def)} where false (* stands for a tensor).`,
    );
  }
  const joined = yes.program.outs.map((v, i) => join(v.type, no.program.outs[i]!.type, yes.def, i));
  const captured = [...new Set([...yes.captured, ...no.captured])];
  const [programTrue, programFalse] = sides.map((side) => complete(side, captured, joined));
  const outs = bindCond([chosen, ...captured, ...leaves], {
    onTrue: interned(programTrue!),
    onFalse: interned(programFalse!),
  });
  return unflatten(yes.def, outs);
}

/**
 * Common type of a result that is `a` on one side and `b` on the other; a plain number takes the floating-point type of
 * a tensor.
 */
function join(a: ArrayType, b: ArrayType, def: TreeDef, leaf: number): ArrayType {
  if (sameType(a, b)) return arrayType(a.dtype, a.shape, a.weak && b.weak);
  if (a.weak !== b.weak && sameShape(a.shape, b.shape)) {
    const strong = a.weak ? b : a;
    if (isFloating(strong.dtype)) return strong;
  }
  throw new DownhillError(
    "shape",
    `cond: ${leafPaths(def, "the result")[leaf] ?? "the result"} is ${showType(a)} where true but ${showType(b)} where false; both sides must return the same types.`,
  );
}

/** Program of one side that takes the captured values of both sides and returns the common types. */
function complete(
  { program, captured }: TracedProgram,
  all: readonly Tensor[],
  outs: readonly ArrayType[],
): Program {
  const whole: Program = {
    ...program,
    ins: [
      ...all.map((x) => program.ins[captured.indexOf(x)] ?? { type: x.type }),
      ...program.ins.slice(captured.length),
    ],
  };
  if (program.outs.every((v, i) => sameType(v.type, outs[i]!) && v.type.weak === outs[i]!.weak)) return whole;
  return traceClosed(
    program.name,
    whole.ins.map((v) => v.type),
    (...args) => evalProgram(whole, args).map((x, i) => convert(x, outs[i]!.dtype, outs[i]!.weak)),
  );
}
