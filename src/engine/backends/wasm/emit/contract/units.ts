import type { FunctionBody, Callable } from "../../encode/body.ts";
import type { Integers } from "../../encode/integers.ts";
import type { ContractPlan } from "../../../../codegen/contract/plan.ts";
import type { Tile } from "./tile.ts";

/** Functions that compute tiles and pack panels, created on first use. */
export interface Kernels {
  readonly tile: (rows: number, columns: number, step?: Tile["step"]) => Callable;
  /** Function that adds the products of `terms` matrix rows; see `addStream`. */
  readonly stream: (terms: number, first: boolean) => Callable;
  readonly flush: () => Callable;
  readonly packLeft: (rows: number) => Callable;
  readonly packRight: (columns: number) => Callable;
}

/** Parameters of a contraction's function, in order. */
export const contractParams = ["out", "left", "right", "work", "from", "to", "kept"] as const;
const paramOut = 0;
const paramLeft = 1;
const paramRight = 2;
export const paramWork = 3;
const paramFrom = 4;
const paramTo = 5;
export const paramKept = 6;

/**
 * Writes a loop over runs of units from `from` to `to` − 1; all units of a run belong to the same group of `length`
 * consecutive units. Sets `unit` to the first unit of the run, `position` to its index within the group (a local that
 * is initially 0), and `run` to the number of units.
 */
export function eachRun(
  body: FunctionBody,
  int: Integers,
  unit: number,
  length: number,
  position: number,
  run: number,
  inner: () => void,
): void {
  const { get } = int;
  int.set(unit, get(paramFrom));
  const done = body.block();
  const again = body.loop();
  int.put(int.notBelow(get(unit), get(paramTo)));
  body.brIf(done);
  if (length === 1) {
    int.set(run, 1);
  } else {
    int.set(position, int.modulo(get(unit), length));
    int.setMinimum(run, int.minus(length, get(position)), int.minus(get(paramTo), get(unit)));
  }
  inner();
  int.advance(unit, get(run));
  body.br(again);
  body.end();
  body.end();
}

/** Indices of the wasm locals that contain the addresses of the result and the operands of a contraction. */
export interface AddressLocals {
  readonly out: number;
  readonly left: number;
  readonly right: number;
}

/** Sets the addresses of the operands to those of a group of products. The number of the group is in a local. */
export function findGroup(
  body: FunctionBody,
  int: Integers,
  { groups, vector, shape }: ContractPlan,
  number: number,
  places: AddressLocals,
): void {
  const { get } = int;
  const rest = body.local("i32", "group");
  const index = body.local("i32", "index");
  int.set(places.out, get(paramOut));
  int.set(places.left, get(shape.swapped ? paramRight : paramLeft));
  int.set(places.right, get(shape.swapped ? paramLeft : paramRight));
  if (groups.length > 0) int.set(rest, get(number));
  for (const [i, axis] of groups.toReversed().entries()) {
    const isOutermost = i === groups.length - 1;
    int.set(index, isOutermost ? get(rest) : int.modulo(get(rest), axis.size));
    for (const operand of ["out", "left", "right"] as const)
      int.advance(places[operand], int.times(get(index), axis[operand] * vector.bytes));
    if (!isOutermost) int.set(rest, int.over(get(rest), axis.size));
  }
}

/** Writes code that runs only if the number in a local is the last of `count`. */
export function whenLast(int: Integers, number: number, count: number, inner: () => void): void {
  if (count === 1) inner();
  else int.when(int.equal(int.get(number), count - 1), inner);
}
