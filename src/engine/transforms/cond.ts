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
  const sides = [
    { f: onTrue, name: "onTrue", when: "where true" },
    { f: onFalse, name: "onFalse", when: "where false" },
  ];
  const { programs, operands: passed, def } = traceBranches("cond", "sides", sides, operands);
  const outs = bindCond([chosen, ...passed], {
    onTrue: interned(programs[0]!),
    onFalse: interned(programs[1]!),
  });
  return unflatten(def, outs);
}

/** One of the functions among which a predicate or an index selects. */
export interface Branch {
  readonly f: (...operands: never[]) => unknown;
  /** Name of its program if the function has none. */
  readonly name: string;
  /** Condition under which it is selected, for messages: "where true". */
  readonly when: string;
}

/** Programs of branches that take the same operands and return the same types. */
export interface TracedBranches {
  readonly programs: readonly Program[];
  /** Operands of the programs: the values that any branch captured, then the leaves of the given operands. */
  readonly operands: readonly Tensor[];
  readonly def: TreeDef;
}

/**
 * Traces all branches with the same operands. `word` is the plural of a branch in messages.
 *
 * @throws DownhillError `shape` or `tree` if their results differ in type or structure.
 */
export function traceBranches(
  operation: string,
  word: string,
  branches: readonly Branch[],
  operands: readonly unknown[],
): TracedBranches {
  const { leaves, defs } = flattenArguments(operands, operation, "leaf");
  const types = leaves.map((x) => x.type);
  const sides = branches.map(({ f, name }): CondBranch => {
    let def: TreeDef = { kind: "leaf" };
    const traced = traceProgram(f.name === "" ? name : f.name, types, (...xs) => {
      const result = flattenResult(f(...(unflattenArguments(defs, xs) as never[])), operation, "leaf");
      def = result.def;
      return result.leaves;
    });
    return { ...traced, def };
  });
  const [first, ...others] = sides;
  const joined = others.reduce(
    (outs, other, i) => {
      const [when, otherWhen] = [branches[0]!.when, branches[i + 1]!.when];
      if (treeKey(first!.def) !== treeKey(other.def)) {
        throw new DownhillError(
          "tree",
          `${operation}: the ${word} return different structures: ${treeKey(first!.def)} ${when}, ${treeKey(other.def)} ${otherWhen} (* stands for a tensor).`,
        );
      }
      return outs.map((type, leaf) => {
        const found = join(type, other.program.outs[leaf]!.type);
        if (found !== undefined) return found;
        const both = word === "sides" ? "both sides" : `all ${word}`;
        throw new DownhillError(
          "shape",
          `${operation}: ${leafPaths(first!.def, "the result")[leaf] ?? "the result"} is ${showType(type)} ${when} but ${showType(other.program.outs[leaf]!.type)} ${otherWhen}; ${both} must return the same types.`,
        );
      });
    },
    first!.program.outs.map((v) => v.type),
  );
  const captured = [...new Set(sides.flatMap((side) => side.captured))];
  return {
    programs: sides.map((side) => complete(side, captured, joined)),
    operands: [...captured, ...leaves],
    def: first!.def,
  };
}

/**
 * Common type of a result that is `a` in one branch and `b` in another; a plain number takes the floating-point type of a
 * tensor. Undefined if the types differ.
 */
function join(a: ArrayType, b: ArrayType): ArrayType | undefined {
  if (sameType(a, b)) return arrayType(a.dtype, a.shape, a.weak && b.weak);
  if (a.weak === b.weak || !sameShape(a.shape, b.shape)) return undefined;
  const strong = a.weak ? b : a;
  return isFloating(strong.dtype) ? strong : undefined;
}

/** Program of one branch that takes the captured values of all branches and returns the common types. */
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
