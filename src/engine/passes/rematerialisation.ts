import type { Equation, Program, Var } from "../ir/program.ts";
import { scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import type { Expr } from "../kernel/scalar.ts";
import { walkExpr } from "../kernel/walk.ts";
import type { CutEdge } from "../util/min-cut.ts";
import { sinkSide } from "../util/min-cut.ts";
import { sizeOf } from "../util/shape.ts";
import type { CountedLoop } from "./counted-loops.ts";
import { countedLoop, stacked, withParts } from "./counted-loops.ts";
import { eliminateCommonSubexpressions } from "./cse.ts";

/**
 * Cost, in scalar operations, of saving one byte per iteration for later loops. The byte is written once and read once.
 */
const costOfByte = 1;
/** Cost of one division, remainder or square root, in scalar operations. */
const slowOperation = 4;

/**
 * Rematerialisation: chooses the cheapest set of values that a loop saves per iteration for later loops over the same
 * iterations, as the forward pass saves values for the backward pass. The later loops recompute the other values by
 * cheap elementwise operations. Constants and arrays that the loop itself reads need not be saved. The results have the
 * same bits.
 */
export function rematerialise(program: Program): Program {
  const eqns = [...program.eqns];
  const outs = new Set(program.outs);
  for (let at = 0; at < eqns.length; at++)
    if (countedLoop(eqns[at]!) !== undefined) rematerialiseLoop(eqns, at, outs);
  return { ...program, eqns };
}

/** Rewrites the loop at index `at` and the later loops that read its saved values. */
function rematerialiseLoop(eqns: Equation[], at: number, outs: ReadonlySet<Var>): void {
  const eqn = eqns[at]!;
  const parts = countedLoop(eqn)!;
  const { body, carries, length } = parts;
  const readers = readersOf(eqns, at, length, outs);
  const outerOf = new Map<Var, Var>();
  const [wanted, kept] = [new Set<Var>(), new Set<Var>()];
  eqn.outs.slice(carries).forEach((outer, i) => {
    const v = body.outs[carries + i]!;
    if (!outerOf.has(v)) outerOf.set(v, outer);
    const reader = readers.get(outer);
    if (reader === undefined) kept.add(v);
    else if (reader.length > 0) wanted.add(v);
  });
  if (wanted.size === 0) return;
  const plan = planStorage(parts, wanted, kept);
  if ([...wanted].every((v) => plan.stored.has(v))) return;

  const added = [...plan.stored].filter((v) => !outerOf.has(v));
  for (const v of added) outerOf.set(v, { ...v, type: stacked(v.type, length) });
  eqns[at] = withParts(eqn, { ...parts, body: { ...body, outs: [...body.outs, ...added] } }, eqn.ins, [
    ...eqn.outs,
    ...added.map((v) => outerOf.get(v)!),
  ]);
  const dropped = new Map<Var, Var>(); // arrays that later loops no longer read, and the value per iteration that each held
  eqn.outs.slice(carries).forEach((outer, i) => {
    const v = body.outs[carries + i]!;
    if ((readers.get(outer)?.length ?? 0) > 0 && !plan.stored.has(v)) dropped.set(outer, v);
  });
  const changed = new Set([...dropped.keys()].flatMap((outer) => readers.get(outer)!));
  for (const i of changed) eqns[i] = recompute(eqns[i]!, dropped, eqns[at], plan, outerOf);
}

/**
 * For each array that a loop creates, the indices of the later loops that read one element of it per iteration.
 * `undefined` for an array that is read in another way or is a result of the program.
 */
function readersOf(
  eqns: readonly Equation[],
  at: number,
  length: number,
  outs: ReadonlySet<Var>,
): ReadonlyMap<Var, readonly number[] | undefined> {
  const readers = new Map<Var, number[] | undefined>(
    eqns[at]!.outs.map((v) => [v, outs.has(v) ? undefined : []]),
  );
  eqns.slice(at + 1).forEach((eqn, i) => {
    const parts = countedLoop(eqn);
    const first = parts?.length === length ? parts.consts + parts.carries : Infinity;
    eqn.ins.forEach((v, operand) => {
      if (operand >= first) readers.get(v)?.push(at + 1 + i);
      else if (readers.has(v)) readers.set(v, undefined);
    });
  });
  return readers;
}

/**
 * Division of the values that a later loop reads: the producing loop saves the `stored` ones, and the later loop
 * recomputes the others from them.
 */
interface StoragePlan {
  readonly stored: ReadonlySet<Var>;
  readonly recomputed: ReadonlySet<Var>;
}

/**
 * Finds the cheapest plan as a minimum cut. Each value has two nodes: the first is on the sink side if the value is
 * recomputed, the second if it is needed. Recomputing a value needs its operands.
 */
function planStorage(
  { body, consts, carries }: CountedLoop,
  wanted: ReadonlySet<Var>,
  kept: ReadonlySet<Var>,
): StoragePlan {
  const numbers = new Map<Var, number>();
  const edges: CutEdge[] = [];
  const [source, sink] = [0, 1];
  const add = (v: Var, recomputation: number, operands: readonly Var[]): void => {
    const first = 2 + 2 * numbers.size;
    numbers.set(v, first);
    const bytes = sizeOf(v.type.shape) * bytesPerElement[scalarTypeOf(v.type.dtype)];
    edges.push({ from: first, to: first + 1, capacity: kept.has(v) ? 0 : costOfByte * bytes });
    edges.push({ from: source, to: first, capacity: recomputation });
    for (const x of operands)
      if (numbers.has(x)) edges.push({ from: numbers.get(x)! + 1, to: first, capacity: Infinity });
    if (wanted.has(v)) edges.push({ from: first + 1, to: sink, capacity: Infinity });
  };
  body.ins.slice(consts, consts + carries).forEach((v) => add(v, Infinity, []));
  for (const eqn of body.eqns) {
    const cost = recomputationCost(eqn);
    if (cost === undefined) eqn.outs.forEach((v) => add(v, Infinity, []));
    else add(eqn.outs[0]!, cost, eqn.ins);
  }
  const needed = sinkSide(2 + 2 * numbers.size, edges, source, sink);
  const [stored, recomputed] = [new Set<Var>(), new Set<Var>()];
  for (const [v, first] of numbers) {
    if (needed.has(first)) recomputed.add(v);
    else if (needed.has(first + 1)) stored.add(v);
  }
  return { stored, recomputed };
}

/**
 * Cost of recomputing the results of an equation, in scalar operations: one per element for copies and similar
 * equations, that of the expression for elementwise equations. `undefined` for equations that are never recomputed:
 * loops, calls of procedures, and reads at computed indices.
 */
function recomputationCost({ prim, params, ins, outs }: Equation): number | undefined {
  const { lowering } = prim;
  if (lowering.kind === "alias") return 0;
  if (prim.cost === "free") return ins.length === 0 ? 0 : sizeOf(outs[0]!.type.shape);
  if (lowering.kind !== "elementwise") return undefined;
  const types = ins.map((v) => v.type);
  const operands = types.map((type, i) => k.local(scalarTypeOf(type.dtype), `x${i}`));
  const each = operationsOf(lowering.scalar(operands, params, types));
  return each === undefined ? undefined : each * sizeOf(outs[0]!.type.shape);
}

/** Number of operations of an expression; `undefined` if it calls a procedure, as transcendental functions do. */
function operationsOf(expr: Expr): number | undefined {
  let n = 0;
  walkExpr(expr, (part) => {
    if (part.kind === "call") n = Infinity;
    else if (part.kind === "binary" && (part.op === "div" || part.op === "rem")) n += slowOperation;
    else if (part.kind === "unary" && part.op === "sqrt") n += slowOperation;
    else if (part.kind !== "const" && part.kind !== "local") n++;
  });
  return Number.isFinite(n) ? n : undefined;
}

/**
 * Rewrites a later loop so that it recomputes values of the producing loop's iteration instead of reading the dropped
 * arrays.
 */
function recompute(
  eqn: Equation,
  dropped: ReadonlyMap<Var, Var>,
  producer: Equation,
  { recomputed }: StoragePlan,
  outerOf: ReadonlyMap<Var, Var>,
): Equation {
  const parts = countedLoop(eqn)!;
  const source = countedLoop(producer)!;
  const first = parts.consts + parts.carries;
  const needed = new Set<Var>();
  eqn.ins.slice(first).forEach((outer) => dropped.has(outer) && needed.add(dropped.get(outer)!));
  for (const inner of source.body.eqns.toReversed())
    if (recomputed.has(inner.outs[0]!) && needed.has(inner.outs[0]!)) inner.ins.forEach((v) => needed.add(v));

  /** Variables of this loop that hold the same values as variables of the loop that saved them. */
  const here = new Map<Var, Var>();
  const consts: { readonly inner: Var; readonly outer: Var }[] = [];
  const arrays: { readonly inner: Var; readonly outer: Var }[] = [];
  const constOf = new Map(eqn.ins.slice(0, parts.consts).map((outer, i) => [outer, parts.body.ins[i]!]));
  const innerOf = new Map(eqn.ins.slice(first).map((outer, i) => [outer, parts.body.ins[first + i]!]));
  const bring = (v: Var, outer: Var, isStacked: boolean): void => {
    if (!needed.has(v)) return;
    const known = (isStacked ? innerOf : constOf).get(outer);
    const inner = known ?? { ...v };
    if (known === undefined) (isStacked ? arrays : consts).push({ inner, outer });
    here.set(v, inner);
  };
  source.body.ins.forEach((v, i) => {
    const isConst = i < source.consts;
    if (isConst || i >= source.consts + source.carries) bring(v, producer.ins[i]!, !isConst);
  });
  for (const [v, outer] of outerOf) if (!recomputed.has(v) && !here.has(v)) bring(v, outer, true);
  const again = source.body.eqns.flatMap((inner): Equation[] => {
    const out = inner.outs[0]!;
    if (!needed.has(out) || !recomputed.has(out)) return [];
    const copy: Var = { ...out };
    here.set(out, copy);
    return [{ ...inner, ins: inner.ins.map((v) => here.get(v)!), outs: [copy] }];
  });

  const instead = new Map<Var, Var>();
  const stays = (_: unknown, i: number): boolean => i < first || !dropped.has(eqn.ins[i]!);
  eqn.ins.forEach((outer, i) => {
    if (!stays(outer, i)) instead.set(parts.body.ins[i]!, here.get(dropped.get(outer)!)!);
  });
  const read = (v: Var): Var => instead.get(v) ?? v;
  const extend = <T>(list: readonly T[], fresh: readonly T[], more: readonly T[]): T[] => [
    ...list.slice(0, parts.consts),
    ...fresh,
    ...list.slice(parts.consts).filter((x, i) => stays(x, parts.consts + i)),
    ...more,
  ];
  const body: Program = {
    ...parts.body,
    ins: extend(
      parts.body.ins,
      consts.map((x) => x.inner),
      arrays.map((x) => x.inner),
    ),
    eqns: [...again, ...parts.body.eqns.map((inner) => ({ ...inner, ins: inner.ins.map(read) }))],
    outs: parts.body.outs.map(read),
  };
  const ins = extend(
    eqn.ins,
    consts.map((x) => x.outer),
    arrays.map((x) => x.outer),
  );
  const tidy = eliminateCommonSubexpressions(body);
  return withParts(eqn, { ...parts, body: tidy, consts: parts.consts + consts.length }, ins, eqn.outs);
}
