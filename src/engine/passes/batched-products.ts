import type { Equation, Program, Var } from "../ir/program.ts";
import { countUses } from "../ir/uses.ts";
import { sizeOf } from "../util/shape.ts";
import { isAddition } from "../prims/linear.ts";
import type { CountedLoop } from "./counted-loops.ts";
import { countedLoop, hasLoop, stacked, withParts } from "./counted-loops.ts";
import type { Rewriter } from "./rewrite.ts";
import { rewriteProgram } from "./rewrite.ts";

/** Maximum number of elements that are stacked over all iterations for one product, which limits the memory. */
const mostStacked = 2 ** 22;
/** Minimum number of elements of a product per iteration. Smaller products stay in the loop, where they are cheap. */
const leastProduct = 64;
/** Minimum number of elements of a sum of products. Smaller sums stay in the loop, where they are cheap. */
const leastSum = 1024;

/** Loop being rewritten: its parts, operands, and results in the order of the parts. */
interface CandidateLoop extends CountedLoop {
  readonly ins: readonly Var[];
  readonly outs: readonly Var[];
}

/**
 * Moves matrix products out of loops and computes them for all iterations at once. Products of values that exist before
 * the loop are computed before it. Products that are only summed (weight gradients) or only returned (input gradients)
 * are computed after it, from operands that the loop then stacks. One large product costs a fraction of many small
 * ones. Sums of floating-point numbers are rounded in another order.
 */
export function batchProducts(program: Program): Program {
  return hasLoop(program) ? batch(program) : program;
}

function batch(program: Program): Program {
  return rewriteProgram(program, (eqn, rewriter) => {
    const parts = countedLoop(eqn);
    if (parts === undefined || parts.length < 2) return rewriter.emit(eqn);
    const given: CandidateLoop = { ...parts, ins: eqn.ins, outs: eqn.outs };
    const summed = addAfterwards(computeAhead(given, rewriter));
    const { loop, after } = resultsAfterwards(summed.loop);
    if (loop === given) return rewriter.emit(eqn);
    const { ins, outs, ...changed } = loop;
    rewriter.emit(withParts(eqn, changed, ins, outs));
    [...summed.after, ...after].forEach(rewriter.emit);
  });
}

/**
 * Moves products before the loop, where one product computes all iterations. Their operands must be constants of the
 * loop or elements of its arrays. Small products stay, and those whose results for all iterations would take too much
 * memory.
 */
function computeAhead(loop: CandidateLoop, rewriter: Rewriter): CandidateLoop {
  const { body, consts, carries, length } = loop;
  const outside = new Map<Var, { readonly v: Var; readonly isStacked: boolean }>();
  body.ins.forEach((v, i) => {
    if (i < consts || i >= consts + carries) outside.set(v, { v: loop.ins[i]!, isStacked: i >= consts });
  });
  const made: { readonly inner: Var; readonly outer: Var }[] = [];
  const eqns = body.eqns.filter((eqn) => {
    const out = eqn.outs[0]!;
    const operands = eqn.ins.map((v) => outside.get(v));
    const size = sizeOf(out.type.shape);
    if (size < leastProduct || length * size > mostStacked) return true;
    if (!operands.every((x) => x !== undefined) || !operands.some((x) => x.isStacked)) return true;
    const params = stackedParams(
      eqn,
      operands.map((x) => x.isStacked),
    );
    if (params === undefined) return true;
    const outer: Var = { ...out, type: stacked(out.type, length) };
    rewriter.emit({
      ...eqn,
      params,
      ins: operands.map((x) => x.v),
      outs: [outer],
    });
    outside.set(out, { v: outer, isStacked: true });
    made.push({ inner: out, outer });
    return false;
  });
  if (made.length === 0) return loop;
  return {
    ...loop,
    body: { ...body, ins: [...body.ins, ...made.map((x) => x.inner)], eqns },
    ins: [...loop.ins, ...made.map((x) => x.outer)],
  };
}

/** A carry to which the loop body only adds: the equation `addition` adds the result of the equation `term`. */
interface AccumulatedCarry {
  readonly carry: number;
  readonly addition: Equation;
  readonly term: Equation;
  /** Parameters with which the primitive of `term` computes the sum over all iterations. */
  readonly params: unknown;
}

/** Replaces carries that only accumulate one product per iteration by one product after the loop. */
function addAfterwards(loop: CandidateLoop): {
  readonly loop: CandidateLoop;
  readonly after: readonly Equation[];
} {
  const { body, consts, carries, length } = loop;
  const accumulators = accumulatorsOf(loop);
  const { arrays, stack, made, elementsBesides } = stacksOf(loop);
  const constants = new Set(body.ins.slice(0, consts));
  const products = accumulators.filter(({ term: { prim, ins, outs } }) => {
    const total = sizeOf(outs[0]!.type.shape);
    const size = elementsBesides(ins);
    if (
      prim.cost !== "high" ||
      ins.some((v) => constants.has(v)) ||
      total < leastSum ||
      size > total ||
      size * length > mostStacked
    )
      return false;
    ins.forEach(stack);
    return true;
  });
  if (products.length === 0) return { loop, after: [] };
  // further sums of values that are stacked now cost nothing extra
  const isTaken = new Set(
    accumulators.filter((a) => products.includes(a) || a.term.ins.every((v) => arrays.has(v))),
  );
  const gone = new Set([...isTaken].flatMap(({ addition, term }) => [addition, term]));
  const places = new Set([...isTaken].map(({ carry }) => carry));
  const stays = (_: unknown, i: number): boolean => !places.has(i);
  const [inStays, outStays] = [
    (_: unknown, i: number): boolean => !places.has(i - consts),
    (_: unknown, i: number): boolean => i >= carries || stays(_, i),
  ];
  const after = [...isTaken].flatMap(({ carry, addition, term, params }): Equation[] => {
    const sum: Var = { ...term.outs[0]! };
    return [
      { ...term, params, ins: term.ins.map((v) => arrays.get(v)!), outs: [sum] },
      { ...addition, ins: [loop.ins[consts + carry]!, sum], outs: [loop.outs[carry]!] },
    ];
  });
  return {
    loop: {
      ...loop,
      carries: carries - places.size,
      body: {
        ...body,
        ins: body.ins.filter(inStays),
        eqns: body.eqns.filter((eqn) => !gone.has(eqn)),
        outs: [...body.outs.filter(outStays), ...made.map((x) => x.inner)],
      },
      ins: loop.ins.filter(inStays),
      outs: [...loop.outs.filter(outStays), ...made.map((x) => x.outer)],
    },
    after,
  };
}

/**
 * Moves results out of the loop that are one product per iteration and that no iteration reads. One product after the
 * loop computes them for all iterations.
 */
function resultsAfterwards(loop: CandidateLoop): {
  readonly loop: CandidateLoop;
  readonly after: readonly Equation[];
} {
  const { body, consts, carries, length } = loop;
  const { arrays, stack, made, elementsBesides } = stacksOf(loop);
  const constants = new Map<Var, Var>(body.ins.slice(0, consts).map((v, i) => [v, loop.ins[i]!]));
  const definitions = definitionsOf(body);
  const uses = countUses(body.eqns, body.outs);
  const gone = new Set<Equation>();
  const places = new Set<number>();
  const after: Equation[] = [];
  body.outs.forEach((v, i) => {
    const eqn = definitions.get(v);
    if (i < carries || eqn === undefined || uses.get(v) !== 1) return;
    const isStacked = eqn.ins.map((x) => !constants.has(x));
    const size = sizeOf(v.type.shape);
    const extra = elementsBesides(eqn.ins.filter((_, operand) => isStacked[operand] === true));
    const params = stackedParams(eqn, isStacked);
    if (params === undefined) return;
    if (!isStacked.includes(true) || size < leastProduct || extra > size || length * extra > mostStacked)
      return;
    eqn.ins.forEach((x, operand) => isStacked[operand] === true && stack(x));
    gone.add(eqn);
    places.add(i);
    after.push({
      ...eqn,
      params,
      ins: eqn.ins.map((x) => constants.get(x) ?? arrays.get(x)!),
      outs: [loop.outs[i]!],
    });
  });
  if (after.length === 0) return { loop, after };
  const stays = (_: unknown, i: number): boolean => !places.has(i);
  return {
    loop: {
      ...loop,
      body: {
        ...body,
        eqns: body.eqns.filter((eqn) => !gone.has(eqn)),
        outs: [...body.outs.filter(stays), ...made.map((x) => x.inner)],
      },
      outs: [...loop.outs.filter(stays), ...made.map((x) => x.outer)],
    },
    after,
  };
}

/**
 * Arrays that hold the values of all iterations, stacked: existing operands and results of the loop, and new results.
 */
interface StackedArrays {
  readonly arrays: ReadonlyMap<Var, Var>;
  readonly made: readonly { readonly inner: Var; readonly outer: Var }[];
  /** Makes the loop return the values of `v` of all iterations, stacked along a new axis, unless it already does. */
  stack(v: Var): void;
  /** Returns how many additional elements per iteration the loop would have to stack for these values. */
  elementsBesides(values: readonly Var[]): number;
}

function stacksOf({ body, consts, carries, length, ins, outs }: CandidateLoop): StackedArrays {
  const arrays = new Map<Var, Var>();
  const made: { readonly inner: Var; readonly outer: Var }[] = [];
  body.ins.slice(consts + carries).forEach((v, i) => arrays.set(v, ins[consts + carries + i]!));
  body.outs.slice(carries).forEach((v, i) => arrays.set(v, outs[carries + i]!));
  return {
    arrays,
    made,
    stack(v) {
      if (arrays.has(v)) return;
      const outer: Var = { ...v, type: stacked(v.type, length) };
      arrays.set(v, outer);
      made.push({ inner: v, outer });
    },
    elementsBesides: (values) =>
      [...new Set(values)].reduce((n, v) => (arrays.has(v) ? n : n + sizeOf(v.type.shape)), 0),
  };
}

function definitionsOf(body: Program): Map<Var, Equation> {
  return new Map(body.eqns.flatMap((eqn) => eqn.outs.map((v) => [v, eqn])));
}

/**
 * Finds the carries to which the body only adds a term, such as a product, that can be summed over all iterations at
 * once. Neither the carry nor the term is used elsewhere in the body.
 */
function accumulatorsOf({ body, consts, carries }: CandidateLoop): AccumulatedCarry[] {
  const definitions = definitionsOf(body);
  const uses = countUses(body.eqns, body.outs);
  return body.outs.slice(0, carries).flatMap((out, carry): AccumulatedCarry[] => {
    const input = body.ins[consts + carry]!;
    const addition = definitions.get(out);
    if (addition === undefined || !isAddition(addition)) return [];
    if (uses.get(input) !== 1 || uses.get(out) !== 1) return [];
    const other = addition.ins.find((v) => v !== input);
    const term = other === undefined ? undefined : definitions.get(other);
    if (term === undefined || !addition.ins.includes(input) || uses.get(other!) !== 1) return [];
    const types = term.ins.map((v) => v.type);
    const all = types.map(() => true);
    const params = term.prim.loop?.atOnce?.(term.params, all, types, true);
    return params === undefined ? [] : [{ carry, addition, term, params }];
  });
}

/**
 * Parameters of a product that computes all iterations at once; `isStacked` marks the operands that have an additional
 * axis for the iterations. `undefined` if the primitive cannot do so.
 */
function stackedParams({ prim, params, ins }: Equation, isStacked: readonly boolean[]): unknown {
  return prim.loop?.atOnce?.(
    params,
    isStacked,
    ins.map((v) => v.type),
    false,
  );
}
