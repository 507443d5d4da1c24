// Primitive that runs a region: imperative code with loops, mutable locals and arrays. Its derivatives are regions too.
import { DownhillError, internalError } from "../errors/index.ts";
import type {
  DualResults,
  Maybe,
  PartialTools,
  PartialValue,
  Primitive,
  TransformTools,
} from "../ir/primitive.ts";
import { builtIn, isMasked } from "../ir/primitive.ts";
import type { Equation } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { DType } from "../ir/types.ts";
import { arrayType, isFloating } from "../ir/types.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import { findMaskedResults, maskProducts } from "../region/derive/masked-tangents.ts";
import type { Region, RegionResult } from "../region/form/region.ts";
import { maxLength } from "../region/form/region.ts";
import { makeFlatForm, tangent } from "../region/derive/tangent.ts";
import { transpose } from "../region/derive/transpose.ts";
import { bind } from "../trace/bind.ts";
import { traceClosed } from "../trace/staging.ts";
import { must } from "../util/assert-never.ts";
import { otherAxes, sizeOf } from "../util/shape.ts";
import { strongMul } from "./arithmetic.ts";
import { keep, present } from "./carries.ts";
import { add, convert, full, instantiate } from "./linear.ts";
import { batchRegion } from "./region-batch.ts";
import { emitRegion, planMemory } from "./region-emit.ts";
import { extraScratch } from "./region-scratch.ts";
import type { RegionPart } from "./region-shapes.ts";
import {
  affectedBy,
  dtypes,
  remember,
  sizeParams,
  typesOf,
  withIntegers,
  withoutParams,
  withResults,
} from "./region-shapes.ts";
import { scalarFunctions, scalarPrograms } from "./scalar-functions.ts";
import { sum } from "./shape.ts";

/** Parameters of the region primitive. Its operands are the parameters of the region, in order. */
export interface RegionParams {
  readonly region: Region;
  /** Indices of the linear operands: every result that depends on them is jointly linear in them. */
  readonly linear: readonly number[];
  /** Options for lowering the region. They also apply to its derivatives. */
  readonly lowering?: LowerOptions | undefined;
}

const regionPrim: Primitive<RegionParams> = /* @__PURE__ */ builtIn<RegionParams>({
  name: "region",
  typeOf: (ins, { region }) => typesOf(region, ins),
  derivative: {
    kind: "structured",
    jvp: regionJvp,
    partialEval: regionPartialEval,
    transpose(cts, ins, { region, lowering }, into, _, masks) {
      const linear = ins.map((x) => x === undefined);
      const used = cts.map((ct) => ct !== undefined);
      if (!used.includes(true)) return;
      const { region: asked, params } = withResults(region, used);
      const isLinear = keep(linear, params);
      if (!isLinear.includes(true)) return;
      const masked = keep(cts.map((_ct, i) => isMasked(masks, i)), used); // prettier-ignore
      const backward = transposed(asked, isLinear, masked);
      const fixed = present(ins.filter((x, i) => x !== undefined && params[i]));
      const outs = bind(regionPrim, [...fixed, ...present(cts)], {
        region: backward,
        lowering,
        linear: present(cts).map((_ct, i) => fixed.length + i),
      });
      let next = 0;
      ins.forEach((x, i) => {
        // the cotangent of elements that a branch or a read did not select is exactly 0
        if (x === undefined && params[i]) into[i]?.add(outs[next++]!, true);
      });
    },
    dce(used, { region, linear, lowering }) {
      const { region: slim, params } = withResults(region, used);
      const slimmer = { region: slim, linear: renumbered(linear, params), lowering };
      return { params: slimmer, ins: params, outs: used };
    },
  },
  batch(ins, batched, size, { region, linear, lowering }) {
    const outs = bind(regionPrim, ins, {
      region: batchRegion(region, ins.map((x) => x.type), batched, size), // prettier-ignore
      linear,
      lowering,
    });
    return { outs, batched: outs.map(() => true) };
  },
  lowering: {
    kind: "loops",
    scratch: ({ region, lowering }, ins) => [
      ...planMemory(region, ins).scratch,
      ...extraScratch(region, ins, lowering),
    ],
    emit: (context, { region, lowering }) => emitRegion(context, region, lowering),
  },
  cost: "high",
});

/**
 * Renumbers operands after some of them were removed. `operands` are indices among all operands; the result lists their
 * indices among the kept operands and omits removed operands.
 */
function renumbered(operands: readonly number[], kept: readonly boolean[]): number[] {
  return operands.flatMap((i) => (kept[i] === true ? [keep(kept.slice(0, i), kept.slice(0, i)).length] : []));
}

function regionJvp(
  ins: readonly Tensor[],
  tangents: readonly Maybe[],
  params: RegionParams,
  { regionSeries }: TransformTools,
  masks: readonly boolean[],
): DualResults {
  const { region, linear, lowering } = params;
  if (regionSeries !== undefined) {
    const flat = (): Region => makeFlatForm(region, scalarFunctions, {});
    const call = { prim: regionPrim as Primitive, ins, tangents, params, masks, flat };
    return regionSeries({ ...call, functions: scalarFunctions, programs: scalarPrograms });
  }
  const active = tangents.map((t) => t !== undefined);
  if (active.every((is, i) => !is || linear.includes(i))) {
    const outs = bind(regionPrim, ins, params);
    const moved = ins.map((x, i) => (linear.includes(i) ? instantiate(tangents[i], x.type) : x));
    const isLinear = ins.map((__, i) => linear.includes(i));
    const areMasked = ins.map(
      (__, i) => linear.includes(i) && (masks[i] === true || tangents[i] === undefined),
    );
    const strong = remember(region, `masked ${isLinear.join()} ${areMasked.join()}`, () =>
      maskProducts(region, isLinear, areMasked, scalarFunctions),
    );
    const dOuts = applyTo(moved, { ...params, region: strong }, affectedBy(region, active).results);
    return [outs, dOuts, maskedOuts(strong, isLinear, areMasked)];
  }
  const forward = remember(region, `tangent ${active.join()} ${masks.join()}`, () =>
    tangent(region, active, scalarFunctions, { primal: true, masked: masks }),
  );
  const given = present(tangents);
  const linearOperands = given.map((_t, i) => ins.length + i);
  const all = bind(regionPrim, [...ins, ...given], { region: forward, linear: linearOperands, lowering });
  const outs = all.slice(0, region.results.length);
  const isTangent = forward.params.map((_p, i) => i >= ins.length);
  const isReached = affectedBy(forward, isTangent).results;
  const isMaskedParam = [...ins.map(() => false), ...keep(masks, active)];
  const isMaskedResult = maskedOuts(forward, isTangent, isMaskedParam);
  const isMaskedOut = new Array<boolean>(outs.length).fill(false);
  let next = outs.length;
  const dOuts = outs.map((out, i): Maybe => {
    if (!isFloating(out.dtype)) return undefined;
    const place = next++;
    isMaskedOut[i] = isMaskedResult[place]!;
    return isReached[place] === true ? all[place] : undefined;
  });
  return [outs, dOuts, isMaskedOut];
}

/**
 * For each result, true if it may contain masked zeros (docs/masks.md). The region is linear in the operands marked in
 * `linear`; the operands marked in `masked` may contain masked zeros.
 */
function maskedOuts(
  region: Region,
  linear: readonly boolean[],
  masked: readonly boolean[],
): readonly boolean[] {
  return remember(region, `masked results ${linear.join()} ${masked.join()}`, () =>
    findMaskedResults(region, linear, masked, scalarFunctions),
  );
}

/**
 * Applies a region and returns the results marked in `wanted`; `undefined` for the other results. `ins` are the
 * operands of the whole region.
 */
function applyTo(
  ins: readonly Tensor[],
  { region, linear, lowering }: RegionParams,
  wanted: readonly boolean[],
): Maybe[] {
  if (!wanted.includes(true)) return wanted.map(() => undefined);
  const { region: slim, params } = withResults(region, wanted);
  const slimmer = { region: slim, linear: renumbered(linear, params), lowering };
  const outs = bind(regionPrim, keep(ins, params), slimmer);
  let next = 0;
  return wanted.map((is) => (is ? outs[next++] : undefined));
}

/**
 * Computes the results that depend on no unknown operand now, by a separate region. If the only other result is a
 * scalar that is linear in the unknown operands, this region also computes its slopes. Then no part of the forward pass
 * runs twice.
 */
function regionPartialEval(
  ins: readonly PartialValue[],
  { region, linear, lowering }: RegionParams,
  tools: PartialTools,
): readonly PartialValue[] {
  const values = ins.map((x) => x.value);
  const unknown = ins.map((x) => !x.known);
  const affected = affectedBy(region, unknown).results;
  const run = (part: RegionPart | undefined, apply: PartialTools["known"]): readonly Tensor[] =>
    part === undefined || part.region.results.length === 0
      ? []
      : apply(regionPrim, keep(values, part.params), {
          region: part.region,
          linear: renumbered(linear, part.params),
          lowering,
        });
  if (unknown.every((is, i) => !is || linear.includes(i)) && hasSlopes(region, affected)) {
    const later = withResults(region, affected);
    if (!tools.isRepeated || slopesAreFewer(ins, later.params, tools)) {
      const outs = run(withSlopes(region, unknown, affected), tools.known);
      const nKnown = affected.length - 1;
      const type = dtypes[(region.results[affected.indexOf(true)] as ScalarResult).value.type];
      const along = sumAlong(keep(values, unknown), outs.slice(nKnown), type, tools);
      let next = 0;
      return affected.map((is) => ({ known: !is, value: is ? along : outs[next++]! }));
    }
  }
  const known = withoutParams(region, unknown);
  const isUnknown = known === undefined ? affected.map(() => true) : affected;
  const now = run(known, tools.known);
  const later = run(withResults(region, isUnknown), tools.unknown);
  let [knowns, unknowns] = [0, 0];
  return isUnknown.map((is) => ({ known: !is, value: is ? later[unknowns++]! : now[knowns++]! }));
}

type ScalarResult = RegionResult & { readonly kind: "scalar" };

/**
 * True if exactly one result depends on unknown operands and it is a scalar. Its derivative then has one slope per
 * element of these operands.
 */
function hasSlopes({ results }: Region, affected: readonly boolean[]): boolean {
  const [result, ...more] = keep(results, affected);
  return result?.kind === "scalar" && more.length === 0;
}

/**
 * True if saving the slopes takes no more elements than saving the known operands that the linear part reads. Operands
 * that are available anyway (`isAtHand`) need no saved copy.
 */
function slopesAreFewer(
  ins: readonly PartialValue[],
  isRead: readonly boolean[],
  { isAtHand }: PartialTools,
): boolean {
  const elements = (xs: readonly PartialValue[]): number =>
    xs.reduce((n, { value }) => n + sizeOf(value.shape), 0);
  const slopes = ins.filter(({ known }) => !known);
  const kept = keep(ins, isRead).filter(({ known, value }) => known && !isAtHand(value));
  return elements(slopes) <= elements(kept);
}

/**
 * Region that computes the results not marked in `affected`, and the slopes of the marked result in each operand marked
 * in `unknown`. The marked result is linear in these operands.
 */
function withSlopes(region: Region, unknown: readonly boolean[], affected: readonly boolean[]): RegionPart {
  const slopes = remember(region, `slopes ${unknown.join()}`, () =>
    transpose(region, unknown, affected, scalarFunctions, {
      seeds: affected.map((is) => (is ? 1 : undefined)),
    }),
  );
  const { region: used, params } = withResults(
    slopes,
    slopes.results.map(() => true),
  );
  let next = 0;
  return { region: used, params: unknown.map((is) => !is && params[next++]!) };
}

/**
 * Sum of the products of unknown values and their slopes, of dtype `type`. A value or a cotangent of 0 is a strong zero
 * (see `docs/masks.md`). A slope of 0 is not one: with an infinite cotangent it yields NaN, even for an element that
 * was not read.
 */
function sumAlong(
  values: readonly Tensor[],
  slopes: readonly Tensor[],
  type: DType,
  tools: PartialTools,
): Tensor {
  const operands = [...values, ...slopes];
  const program = traceClosed(
    "sum along",
    operands.map((x) => x.type),
    (...xs) => {
      const products = values.map((_dx, i) => {
        const product = strongMul(convert(xs[i]!, type), convert(xs[values.length + i]!, type));
        return sum(product, otherAxes(product.shape.length, []));
      });
      return [products.reduce(add)];
    },
  );
  const env = new Map(program.ins.map((v, i) => [v, operands[i]!]));
  const isKnown = new Set<unknown>(program.ins.slice(values.length));
  for (const { prim, params, ins, outs } of program.eqns) {
    const known = ins.every((v) => isKnown.has(v));
    const given = ins.map((v) => must(env.get(v), "an operand"));
    const results = (known ? tools.known : tools.unknown)(prim, given, params);
    outs.forEach((v, i) => {
      env.set(v, results[i]!);
      if (known) isKnown.add(v);
    });
  }
  return must(env.get(program.outs[0]!), "the sum");
}

function transposed(region: Region, linear: readonly boolean[], masked: readonly boolean[]): Region {
  return remember(region, `transpose ${linear.join()} ${masked.join()}`, () =>
    transpose(
      region,
      linear,
      region.results.map(() => true),
      scalarFunctions,
      { masked },
    ),
  );
}

/** Returns an equation with other lowering options if it applies a region. Other equations are returned unchanged. */
export function relowerEquation(eqn: Equation, lowering: LowerOptions): Equation {
  return eqn.prim === regionPrim ? { ...eqn, params: { ...(eqn.params as RegionParams), lowering } } : eqn;
}

/**
 * Applies a region to tensors and numbers. Numbers become constants. Arguments that set lengths of arrays must be
 * numbers. `lowering` also applies to the derivatives.
 *
 * @throws DownhillError `shape` or `dtype` for operands that do not fit; `range` for an int32 argument that is not an
 *   integer or is above 2³⁰ in magnitude; `trace` for a traced value that sets the length of a result.
 */
export function applyRegion(
  region: Region,
  args: readonly (Tensor | number)[],
  lowering?: LowerOptions,
): readonly Tensor[] {
  const fixed = new Map<string, number>();
  const setsSize = sizeParams(region);
  const operands = region.params.flatMap(({ kind, name, type }, i): Tensor[] => {
    const arg = args[i];
    if (arg === undefined) throw internalError(`${region.name}: ${name} is missing`);
    if (typeof arg !== "number") return [arg];
    if (kind === "array") throw internalError(`${region.name}: ${name} is a number, not an array`);
    if (type === "i32" && (arg !== (arg | 0) || Math.abs(arg) > maxLength))
      throw new DownhillError(
        "range",
        `${region.name}: ${name} must be an integer of at most 2³⁰ in magnitude, got ${arg}.`,
      );
    if (setsSize.has(name)) {
      fixed.set(name, arg);
      return [];
    }
    return [full(arrayType(dtypes[type], []), arg)];
  });
  return bind(regionPrim, operands, { region: withIntegers(region, fixed), linear: [], lowering });
}
