import { dceProgram } from "../ir/dce.ts";
import type { RowRule } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { scalarTypeOf, withShape } from "../ir/types.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import type { Shape } from "../util/shape.ts";
import { must } from "../util/assert-never.ts";
import { sameShape, sizeOf } from "../util/shape.ts";
import { sourcesOf } from "./fuse.ts";
import { rowLoopEquation } from "./row-loop.ts";
import { largestOf } from "../util/append.ts";

/** Minimum sizes for which fusing rows is worthwhile. */
export interface RowFusionThresholds {
  /** Minimum number of elements per row, so that the fixed cost per row is small. */
  readonly elements: number;
  /**
   * Minimum number of bytes that loops over all rows read and write. Below it, a core's caches still hold the rows from
   * one loop to the next.
   */
  readonly bytes: number;
}

const usual: RowFusionThresholds = { elements: 128, bytes: 2 ** 22 };

/**
 * Fuses reductions over the rows of an array with the equations that combine their results with the rows again, as in a
 * norm or a softmax and their derivatives. The loop computes row by row, so that a row stays in the first-level cache
 * and temporaries hold only a few rows. The results have the same bits.
 */
export function fuseRows(program: Program, least: RowFusionThresholds = usual): Program {
  let fused = program;
  for (const rows of rowsOfFolds(program, least)) {
    for (
      let group = findGroup(fused, rows, least);
      group !== undefined;
      group = findGroup(fused, rows, least)
    )
      fused = withRowLoop(fused, rows, group);
  }
  return fused;
}

/**
 * Result shapes of reductions over long rows, one for each group of reductions with equal shapes. Omits groups that
 * read too few bytes for fusion to be worthwhile.
 */
function rowsOfFolds({ eqns }: Program, least: RowFusionThresholds): readonly Shape[] {
  const found = new Map<string, { readonly rows: Shape; readonly folds: Equation[] }>();
  for (const eqn of eqns) {
    const rows = eqn.outs[0]?.type.shape ?? [];
    if (rows.length === 0 || !isLongFold(eqn, rows, least)) continue;
    const alike = found.get(rows.join());
    if (alike === undefined) found.set(rows.join(), { rows, folds: [eqn] });
    else alike.folds.push(eqn);
  }
  return [...found.values()].flatMap(({ rows, folds }) => (bytesOf(folds) >= least.bytes ? [rows] : []));
}

/**
 * Number of bytes that these reductions read, plus those of one more pass over the largest operand, by an equation that
 * uses their results.
 */
function bytesOf(folds: readonly Equation[]): number {
  const sizes = folds.map(
    ({ ins: [x] }) => sizeOf(x!.type.shape) * bytesPerElement[scalarTypeOf(x!.type.dtype)],
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0) + largestOf(0, sizes);
}

/** True if an equation reduces each long row to one number. */
function isLongFold(eqn: Equation, rows: Shape, least: RowFusionThresholds): boolean {
  return (
    eqn.prim.lowering.kind === "loops" &&
    eqn.outs.length === 1 &&
    sameShape(eqn.outs[0]!.type.shape, rows) &&
    ruleOf(eqn, rows) !== undefined &&
    isLong(eqn.ins[0]!, rows, least)
  );
}

function isLong({ type }: Var, rows: Shape, { elements }: RowFusionThresholds): boolean {
  return sizeOf(type.shape) >= elements * sizeOf(rows);
}

/** Row rule of an equation; `undefined` if it cannot be computed row by row. */
function ruleOf({ prim, params, ins, outs }: Equation, rows: Shape): RowRule<unknown> | undefined {
  const [out] = outs;
  if (outs.length !== 1 || !hasRows(out!, rows)) return undefined;
  if (prim.lowering.kind === "elementwise") {
    if (ins.length === 0 || !ins.every((v) => sameShape(v.type.shape, out!.type.shape))) return undefined;
    return { params, isRow: ins.map(() => true) };
  }
  const types = ins.map((v) => v.type);
  const rule = prim.loop?.row?.(params, rows.length, types);
  return rule?.isRow.every((isRow, i) => !isRow || hasRows(ins[i]!, rows)) === true ? rule : undefined;
}

function hasRows({ type: { shape } }: Var, rows: Shape): boolean {
  return sameShape(shape.slice(0, rows.length), rows);
}

/** Equations to compute row by row in one loop, with their row rules. */
interface RowwiseGroup {
  readonly members: ReadonlySet<Equation>;
  readonly rules: ReadonlyMap<Equation, RowRule<unknown>>;
  /** Equations of values that need no memory, such as constants. Each member recomputes the values that it reads. */
  readonly free: ReadonlyMap<Var, Equation>;
}

/**
 * Finds equations that are worth a common loop over rows: a reduction of long rows, and equations that combine long rows
 * with its result. `rows` are the leading axes of their arrays. `undefined` if no equations qualify. No member depends on a
 * non-member that depends on a member.
 */
function findGroup({ eqns }: Program, rows: Shape, least: RowFusionThresholds): RowwiseGroup | undefined {
  const free = new Map<Var, Equation>();
  const rules = new Map<Equation, RowRule<unknown>>();
  const members = new Map<Var, Equation>();
  const after = new Set<Var>(); // values computed from members by non-members
  const isAfter = (v: Var): boolean =>
    after.has(v) || members.has(v) || free.get(v)?.ins.some(isAfter) === true;
  /** True if the loop can provide a value, or a row of it, to its members. */
  const isReady = (v: Var, isRow: boolean): boolean => {
    if (members.has(v)) return isRow;
    const eqn = free.get(v);
    if (eqn === undefined) return !after.has(v);
    if (!isRow) return eqn.ins.every((x) => isReady(x, false));
    return rules.get(eqn)?.isRow.every((isRowToo, i) => isReady(eqn.ins[i]!, isRowToo)) === true;
  };
  for (const eqn of eqns) {
    const rule = ruleOf(eqn, rows);
    if (rule !== undefined) rules.set(eqn, rule);
    if (eqn.prim.cost === "free") free.set(eqn.outs[0]!, eqn);
    else if (rule?.isRow.every((isRow, i) => isReady(eqn.ins[i]!, isRow)) === true)
      members.set(eqn.outs[0]!, eqn);
    else if (eqn.ins.some(isAfter)) for (const v of eqn.outs) after.add(v);
  }
  return worthwhile({ members: new Set(members.values()), rules, free }, rows, least);
}

/** First connected part of a group that shares rows and is worth a loop; `undefined` if there is none. */
function worthwhile(group: RowwiseGroup, rows: Shape, least: RowFusionThresholds): RowwiseGroup | undefined {
  const { members, free } = group;
  const rowsOf = ({ ins, outs }: Equation): readonly Var[] =>
    [...ins.flatMap((v) => sourcesOf(v, free)), ...outs].filter((v) => hasRows(v, rows));
  const touching = new Map<Var, Equation[]>(); // members by the arrays of rows that they read or make
  const ofFolds = new Set<Var>(); // values that depend on a reduction
  const again = new Set<Equation>(); // members that traverse long rows with such values
  for (const eqn of members) {
    const isFold = isLongFold(eqn, rows, least);
    const isOfFold = rowsOf(eqn).some((v) => ofFolds.has(v));
    if (isOfFold && (isFold || isLong(eqn.outs[0]!, rows, least))) again.add(eqn);
    if (isOfFold || isFold) ofFolds.add(eqn.outs[0]!);
    for (const v of rowsOf(eqn)) {
      const others = touching.get(v);
      if (others === undefined) touching.set(v, [eqn]);
      else others.push(eqn);
    }
  }
  for (const first of again) {
    const found = new Set([first]);
    for (const eqn of found)
      for (const v of rowsOf(eqn)) for (const other of touching.get(v)!) found.add(other);
    const part = [...members].filter((eqn) => found.has(eqn));
    if (bytesOf(part.filter((eqn) => isLongFold(eqn, rows, least))) >= least.bytes)
      return { ...group, members: new Set(part) };
    for (const eqn of part) again.delete(eqn);
  }
  return undefined;
}

/** Replaces the members of a group by one loop, at the position of the last member. */
function withRowLoop(program: Program, rows: Shape, group: RowwiseGroup): Program {
  const { members, free } = group;
  const others = program.eqns.filter((eqn) => !members.has(eqn));
  const read = new Set(
    [...others.flatMap((eqn) => (eqn.prim.cost === "free" ? [] : eqn.ins)), ...program.outs].flatMap((v) =>
      sourcesOf(v, free),
    ),
  );
  const outs = [...members].map((eqn) => eqn.outs[0]!).filter((v) => read.has(v));
  const { body, consts, xs } = bodyOf(group, rows, outs);
  const loop = rowLoopEquation(rows, needed({ ...body, name: program.name }), consts, xs, outs);
  const last = program.eqns.findLastIndex((eqn) => members.has(eqn));
  const made = new Set<Var>([...members].map((eqn) => eqn.outs[0]!));
  const [before, after]: [Equation[], Equation[]] = [[], []];
  program.eqns.forEach((eqn, i) => {
    if (members.has(eqn)) return;
    const isAfter = i > last || eqn.ins.some((v) => made.has(v));
    if (isAfter) for (const v of eqn.outs) made.add(v);
    (isAfter ? after : before).push(eqn);
  });
  return needed({ ...program, eqns: [...before, loop, ...after] });
}

/** Removes equations whose results are unused, for example because members recompute them. */
function needed(program: Program): Program {
  return dceProgram(program, program.outs.map(() => true)).program; // prettier-ignore
}

/**
 * Builds the program that computes one row, and the operands of its loop. `consts` are the same for all rows; each
 * iteration reads one row of each array in `xs`.
 */
function bodyOf(
  { members, rules, free }: RowwiseGroup,
  rows: Shape,
  outs: readonly Var[],
): { readonly body: Omit<Program, "name">; readonly consts: readonly Var[]; readonly xs: readonly Var[] } {
  const eqns: Equation[] = [];
  const [rowOf, wholeOf] = [new Map<Var, Var>(), new Map<Var, Var>()];
  const [consts, xs]: [Var[], Var[]] = [[], []];
  const rowVar = (v: Var): Var => ({ ...v, type: withShape(v.type, v.type.shape.slice(rows.length)) });
  const emitRow = (eqn: Equation): Var => {
    const { params, isRow } = must(rules.get(eqn), "the rule of a row");
    const out = rowVar(eqn.outs[0]!);
    eqns.push({
      ...eqn,
      params,
      ins: eqn.ins.map((v, i) => (isRow[i] === true ? row(v) : whole(v))),
      outs: [out],
    });
    rowOf.set(eqn.outs[0]!, out);
    return out;
  };
  const row = (v: Var): Var => {
    const made = rowOf.get(v);
    if (made !== undefined) return made;
    const eqn = free.get(v);
    if (eqn !== undefined) return emitRow(eqn);
    const x = rowVar(v);
    xs.push(v);
    rowOf.set(v, x);
    return x;
  };
  const whole = (v: Var): Var => {
    const made = wholeOf.get(v);
    if (made !== undefined) return made;
    const eqn = free.get(v);
    const inner: Var = { ...v };
    if (eqn === undefined) consts.push(v);
    else eqns.push({ ...eqn, ins: eqn.ins.map(whole), outs: [inner] });
    wholeOf.set(v, inner);
    return inner;
  };
  for (const eqn of members) emitRow(eqn);
  const given = [...consts.map((v) => wholeOf.get(v)), ...xs.map((v) => rowOf.get(v))];
  const made = outs.map((v) => rowOf.get(v));
  return { body: { ins: given.map(known), eqns, outs: made.map(known) }, consts, xs };
}

const known = (v: Var | undefined): Var => must(v, "a value of a row");
