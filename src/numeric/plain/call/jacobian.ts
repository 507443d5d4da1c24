import { isFloating } from "../../../engine/region/form/build.ts";
import { must } from "../../../engine/util/assert-never.ts";
import { range, sizeOf } from "../../../engine/util/shape.ts";
import { runAlong } from "./along.ts";
import { type RegionClosure, type PlainCallable, type PreparedArguments, runBody } from "./callable.ts";
import { cotangentRegion } from "./regions.ts";
import { type ValueLeaf, makers } from "./templates.ts";
import { countLeaves, typesIn } from "./values.ts";

/**
 * Mode in which a Jacobian is computed: forward, once for each element of the arguments, or in reverse, once for each
 * element of the result.
 */
export type JacobianMode = "forward" | "reverse";

/** A function at given arguments, and the operands with respect to which it is differentiated. */
interface JacobianProblem extends RegionClosure {
  /** All operands of the arguments, as leaves. */
  readonly leaves: readonly ValueLeaf[];
  /** Indices of the operands to differentiate with respect to, in the requested order. */
  readonly places: readonly number[];
  /** For each operand, true if the function is differentiated with respect to it. */
  readonly active: readonly boolean[];
  readonly inOrder: readonly number[];
}

/**
 * Maximum number of elements for which one region call per element is faster than tracing. Each call computes the
 * values again, whereas a batch computes them once for all elements.
 */
const mostCalls = 32;

/**
 * Computes the derivatives of each result of a region with respect to each operand of the arguments at `argnums`, in
 * the order of `argnums`. A derivative has the shape of the result, followed by that of the operand. The tangent or
 * cotangent region is built once and called for each element. All results and operands must be floating. `undefined` if
 * there are too many elements.
 */
export function jacobianOf(
  { region, outside, source }: RegionClosure,
  { params }: Pick<PlainCallable, "params">,
  { leaves, templates }: PreparedArguments,
  argnums: readonly number[],
  direction: JacobianMode,
): ValueLeaf[] | undefined {
  const counts = params.map(countLeaves);
  const places = argnums.flatMap((n) => {
    const start = counts.slice(0, n).reduce((sum, count) => sum + count, 0);
    const own = range(start, start + counts[n]!);
    return own.filter((place) => isFloating(region.base.params[place]!.type));
  });
  const known = outside();
  const problem: JacobianProblem = {
    region,
    leaves: leaves.flat(),
    outside: () => known,
    source,
    places,
    active: region.base.params.map((_, i) => places.includes(i)),
    inOrder: range(0, region.base.params.length).filter((i) => places.includes(i)),
  };
  const isForward = direction === "forward";
  if (isForward && countOf(problem.inOrder.map((place) => problem.leaves[place]!)) > mostCalls)
    return undefined;
  const values = runBody(problem, problem.leaves);
  if (!isForward && countOf(values) > mostCalls) return undefined;
  const types = templates.flatMap(typesIn);
  const blocks = values.map(({ data, dims }) =>
    places.map((place): ValueLeaf => {
      const of = [...dims, ...problem.leaves[place]!.dims];
      const isSingle = typeof data === "number" ? types[place] === "f32" : data instanceof Float32Array;
      return { data: new makers[isSingle ? "f32" : "f64"](sizeOf(of)), dims: of };
    }),
  );
  if (isForward) writeColumns(problem, blocks);
  else writeRows(problem, values, blocks);
  return blocks
    .flat()
    .map(({ data, dims }) => ({ data: dims.length === 0 ? elementsOf(data)[0]! : data, dims }));
}

const countOf = (leaves: readonly ValueLeaf[]): number =>
  leaves.reduce((sum, { dims }) => sum + sizeOf(dims), 0);
const elementsOf = (data: ValueLeaf["data"]): ArrayLike<number> => (typeof data === "number" ? [data] : data);

/**
 * Calls `each` with every unit vector of operands that have the sizes of `like`. It is 1 at `element` of operand
 * `which`, and 0 elsewhere.
 */
function eachUnit(
  like: readonly ValueLeaf[],
  each: (units: readonly ValueLeaf[], which: number, element: number) => void,
): void {
  const zeros = like.map(({ data, dims }): ValueLeaf => ({
    data: typeof data === "number" ? 0 : new makers.f64(data.length),
    dims,
  }));
  zeros.forEach(({ data, dims }, which) => {
    if (typeof data === "number") return each(zeros.with(which, { data: 1, dims }), which, 0);
    for (let element = 0; element < data.length; element++) {
      data[element] = 1;
      each(zeros, which, element);
      data[element] = 0;
    }
  });
}

function writeColumns(problem: JacobianProblem, blocks: readonly (readonly ValueLeaf[])[]): void {
  const { leaves, places, active, inOrder } = problem;
  const like = inOrder.map((place) => leaves[place]!);
  eachUnit(like, (units, which, element) => {
    const columns = range(0, places.length).filter((column) => places[column] === inOrder[which]);
    const width = sizeOf(like[which]!.dims);
    const tangents = runAlong(problem, leaves, units, active, blocks.length).slice(blocks.length);
    tangents.forEach((tangent, row) => {
      const from = elementsOf(tangent.data);
      for (const column of columns) {
        const to = blocks[row]![column]!.data as Float64Array;
        for (let i = 0; i < from.length; i++) to[i * width + element] = from[i]!;
      }
    });
  });
}

function writeRows(
  problem: JacobianProblem,
  values: readonly ValueLeaf[],
  blocks: readonly (readonly ValueLeaf[])[],
): void {
  const { leaves, places, active, inOrder } = problem;
  const back = { ...problem, region: cotangentRegion(problem.region, active) };
  eachUnit(values, (units, which, element) => {
    const cotangents = runBody(back, leaves, units).slice(values.length);
    places.forEach((place, column) => {
      const from = elementsOf(must(cotangents[inOrder.indexOf(place)], "a cotangent").data);
      (blocks[which]![column]!.data as Float64Array).set(from, element * from.length);
    });
  });
}
