import { dceProgram } from "../ir/dce.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { sameType, scalarTypeOf, typeKey } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { valueOf } from "../kernel/evaluate.ts";
import { isStrong, plainOf, unmaskedOf } from "../prims/arithmetic.ts";
import { fullEquation, isWhere, whereEquation } from "../prims/linear.ts";
import { rewriteProgram } from "./rewrite.ts";

/** Nested `where` selections between known numbers, as a tree. `v` is the variable with the result of a selection. */
type SelectTree =
  number | { readonly v: Var; readonly condition: Var; readonly sides: readonly [SelectTree, SelectTree] };

/** Maximum number of leaves of a tree. Larger selections are not tracked. */
const mostNumbers = 8;

/**
 * Rewrites products with a strong zero (`strongMul`, docs/masks.md) if their mask is known. If a factor is a tree of
 * `where` selections between constants, like the cotangent of a sum after `where`, the product becomes a `where` of
 * plain products. A masked product by finite constants becomes a plain product. The results have the same bits.
 */
export function sinkMasks(program: Program): Program {
  const isProduct = (eqn: Equation): boolean => isStrong(eqn) || unmaskedOf(eqn) !== undefined;
  return program.eqns.some(isProduct) ? withMasksBelow(program) : program;
}

function withMasksBelow(program: Program): Program {
  const choices = new Map<Var, SelectTree>();
  const constants = new Map<string, Var>();
  const sunk = rewriteProgram(program, (eqn, rewriter) => {
    const choice = choiceOf(eqn, choices);
    if (choice !== undefined) choices.set(eqn.outs[0]!, choice);
    const masked = unmaskedOf(eqn);
    if (masked !== undefined) {
      const [dx, f] = eqn.ins as [Var, Var];
      const factor = choices.get(f);
      const isSame = factor !== undefined && everyNumber(factor, masked.isSameBy);
      return rewriter.emit(isSame ? masked.plain(eqn.outs[0]!, dx, f) : eqn);
    }
    const plain = plainOf(eqn);
    const given = choices.get(eqn.ins[0]!);
    // more than one product would cost more than testing for zeros
    if (plain === undefined || given === undefined || productsOf(given) > 1) return rewriter.emit(eqn);
    const [ct, f] = eqn.ins as [Var, Var];
    const [out] = eqn.outs as [Var];
    /** Returns an array filled with a value. It is created once per value and type. */
    const everywhere = (value: number): Var => {
      const key = `${value} ${typeKey(out.type)}`;
      let v = constants.get(key);
      if (v === undefined) {
        constants.set(key, (v = { type: out.type }));
        rewriter.emit(fullEquation(v, value));
      }
      return v;
    };
    const productOf = (x: Var, side: SelectTree): Var => {
      if (hasNoZero(side)) {
        const product = plain({ type: out.type }, x, f);
        const value = typeof side === "number" ? side : undefined;
        const same = product.prim.algebra?.identity?.([value, undefined], [x.type, f.type], product.params);
        const operand = same === undefined ? undefined : product.ins[same];
        if (operand !== undefined && sameType(operand.type, out.type)) return operand;
        rewriter.emit(product);
        return product.outs[0]!;
      }
      if (typeof side === "number") return everywhere(0);
      const [y, z] = side.sides.map(
        (inner) =>
          productOf(typeof inner === "number" ? everywhere(inner === 0 ? 0 : inner) : inner.v, inner), // no −0
      ) as [Var, Var];
      const chosen: Var = { type: out.type };
      rewriter.emit(whereEquation(chosen, side.condition, y, z));
      return chosen;
    };
    const product = productOf(ct, given);
    if (choice !== undefined)
      choices.set(product, typeof choice === "number" ? choice : { ...choice, v: product });
    rewriter.alias(out, product);
  });
  // removes masks that only strong products used
  return dceProgram(
    sunk,
    sunk.outs.map(() => true),
  ).program;
}

/** Number of plain products that replace a `strongMul` by this selection. */
function productsOf(choice: SelectTree): number {
  if (typeof choice === "number") return choice === 0 ? 0 : 1;
  return hasNoZero(choice) ? 1 : productsOf(choice.sides[0]) + productsOf(choice.sides[1]);
}

function everyNumber(choice: SelectTree, is: (x: number) => boolean): boolean {
  return typeof choice === "number" ? is(choice) : choice.sides.every((side) => everyNumber(side, is));
}

function hasNoZero(choice: SelectTree): boolean {
  return everyNumber(choice, (x) => x !== 0);
}

/** Selection tree of an equation's result; `undefined` if the result is not a selection between known numbers. */
function choiceOf(eqn: Equation, choices: ReadonlyMap<Var, SelectTree>): SelectTree | undefined {
  const { prim, params, ins, outs } = eqn;
  const given = ins.map((v) => choices.get(v));
  const rule = prim.algebra?.constant;
  if (rule !== undefined)
    return rule(
      given.map((x) => (typeof x === "number" ? x : undefined)),
      params,
    );
  const v = outs[0]!;
  if (isWhere(eqn)) {
    const [, x, y] = given;
    if (x === undefined || y === undefined || countNumbers(x) + countNumbers(y) > mostNumbers)
      return undefined;
    return { v, condition: ins[0]!, sides: [x, y] };
  }
  // an operation on one selection and constants is applied to each of its numbers
  const { lowering } = prim;
  const chosen = new Set(ins.filter((x) => typeof choices.get(x) === "object"));
  if (lowering.kind !== "elementwise" || chosen.size !== 1 || given.includes(undefined)) return undefined;
  const types = ins.map((x) => x.type);
  return mapChoice(
    given.find((x) => typeof x === "object")!,
    v,
    (number) => {
      const operands = given.map((x, i) =>
        k.constant(scalarTypeOf(types[i]!.dtype), typeof x === "number" ? x : number),
      );
      return valueOf(lowering.scalar(operands, params, types));
    },
  );
}

/**
 * The selection `v` with `f` applied to its numbers; `undefined` if `f` returns `undefined` for one of them, or if a
 * side is itself a selection.
 */
function mapChoice(choice: SelectTree, v: Var, f: (x: number) => number | undefined): SelectTree | undefined {
  if (typeof choice === "number") return f(choice);
  const sides = choice.sides.map((side) => (typeof side === "number" ? f(side) : undefined));
  const [x, y] = sides;
  return x === undefined || y === undefined ? undefined : { v, condition: choice.condition, sides: [x, y] };
}

function countNumbers(choice: SelectTree): number {
  return typeof choice === "number" ? 1 : countNumbers(choice.sides[0]) + countNumbers(choice.sides[1]);
}
