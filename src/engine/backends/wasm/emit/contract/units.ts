import type { Body, Callable } from "../../encode/body.ts";
import { minimum, setSum } from "./emit.ts";
import type { ContractPlan } from "../../../../codegen/contract/plan.ts";
import type { Tile } from "./tile.ts";

/** The functions that compute tiles and pack panels, made when first asked for. */
export interface Kernels {
  readonly tile: (rows: number, columns: number, step?: Tile["step"]) => Callable;
  /** See `addStream`. */
  readonly stream: (terms: number, first: boolean) => Callable;
  readonly flush: () => Callable;
  readonly packLeft: (rows: number) => Callable;
  readonly packRight: (columns: number) => Callable;
}

/** The parameters of a contraction's function, in order. */
export const contractParams = ["out", "left", "right", "work", "from", "to", "kept"] as const;
const paramOut = 0;
const paramLeft = 1;
const paramRight = 2;
export const paramWork = 3;
const paramFrom = 4;
const paramTo = 5;
export const paramKept = 6;

/**
 * For runs of units from … to − 1 that stay within one multiple of `length`: sets `unit` to the first of a run, `position` to its
 * place in the multiple (a local that is 0 at first), and `run` to how many there are.
 */
export function eachRun(
  body: Body,
  unit: number,
  length: number,
  position: number,
  run: number,
  inner: () => void,
): void {
  body.localGet(paramFrom);
  body.localSet(unit);
  const done = body.block();
  const again = body.loop();
  body.localGet(unit);
  body.localGet(paramTo);
  body.op("i32.ge_u");
  body.brIf(done);
  if (length === 1) {
    body.i32Const(1);
    body.localSet(run);
  } else {
    body.localGet(unit);
    body.i32Const(length);
    body.op("i32.rem_u");
    body.localSet(position);
    minimum(
      body,
      run,
      () => {
        body.i32Const(length);
        body.localGet(position);
        body.op("i32.sub");
      },
      () => {
        body.localGet(paramTo);
        body.localGet(unit);
        body.op("i32.sub");
      },
    );
  }
  inner();
  body.localGet(unit);
  body.localGet(run);
  body.op("i32.add");
  body.localSet(unit);
  body.br(again);
  body.end();
  body.end();
}

/** Locals with the addresses of the operands, as the plan names them. */
export interface Places {
  readonly out: number;
  readonly left: number;
  readonly right: number;
}

/** Sets the places to those of the group whose number is in a local. */
export function findGroup(
  body: Body,
  { groups, vector, shape }: ContractPlan,
  number: number,
  places: Places,
): void {
  const rest = body.local("i32", "group");
  const index = body.local("i32", "index");
  const copy = (from: number, to: number): void => {
    body.localGet(from);
    body.localSet(to);
  };
  copy(paramOut, places.out);
  copy(shape.swapped ? paramRight : paramLeft, places.left);
  copy(shape.swapped ? paramLeft : paramRight, places.right);
  if (groups.length > 0) copy(number, rest);
  for (const [i, axis] of groups.toReversed().entries()) {
    const isOutermost = i === groups.length - 1;
    body.localGet(rest);
    if (!isOutermost) {
      body.i32Const(axis.size);
      body.op("i32.rem_u");
    }
    body.localSet(index);
    for (const operand of ["out", "left", "right"] as const)
      setSum(body, places[operand], places[operand], [index, axis[operand] * vector.bytes]);
    if (isOutermost) continue;
    body.localGet(rest);
    body.i32Const(axis.size);
    body.op("i32.div_u");
    body.localSet(rest);
  }
}
