import type { Tensor } from "../../../engine/ir/tensor.ts";
import { typeKey } from "../../../engine/ir/types.ts";
import { flattenArguments } from "../../../engine/transforms/arguments.ts";
import { hessian as denseHessian, hvp, valueAndGrad } from "../../../engine/transforms/index.ts";
import type { BoundFunction } from "../../../engine/transforms/plain.ts";
import { treeKey } from "../../../engine/tree/index.ts";
import { type Lru, makeLru } from "../../../engine/util/lru.ts";
import { ravel } from "../../array/shape.ts";
import { cheapHessian, type HessianForm, type HessianSource, hessianSource } from "./hessian.ts";
import { type FlatParameters, type NumericVectorFunction, oncePerStructure, onNumbers, requireResult } from "./problem.ts"; // prettier-ignore

/** Choices of a search that decide about its Hessian. */
interface HessianChoices {
  readonly hessian: "auto" | HessianForm;
  readonly jit: boolean;
}

/** Compiled forms of the function, for one structure of the parameters. */
export interface SearchFunctions {
  readonly value: NumericVectorFunction;
  readonly both: NumericVectorFunction;
  readonly times: NumericVectorFunction;
  /** The function of the vector of parameters and further arguments, traced. */
  readonly traced: (x: Tensor, ...data: Tensor[]) => Tensor;
  /** The dense Hessian, by rows. */
  readonly hessian: NumericVectorFunction;
  /** Hessians by the types of the further arguments. */
  readonly sources: Lru<string, HessianSource>;
  /** True if these Hessians are sparse with small factors. Only for a method chosen by default. */
  readonly isSparse: Lru<string, boolean>;
}

/**
 * Returns a function that prepares the loss and its derivatives as functions of a flat vector. They are cached per
 * structure of the parameters.
 */
export function searchFunctions(
  operation: string,
  jit: boolean,
): (flat: FlatParameters, data: BoundFunction) => SearchFunctions {
  return oncePerStructure(({ toTree }, { call }) => {
    const onVector =
      (...data: readonly Tensor[]) =>
      (x: Tensor): Tensor =>
        requireResult(operation, call(toTree(x), data), 0);
    return {
      value: onNumbers((x: Tensor, ...data: Tensor[]) => [onVector(...data)(x)], jit),
      both: onNumbers((x: Tensor, ...data: Tensor[]) => valueAndGrad(onVector(...data))(x), jit),
      times: onNumbers((x: Tensor, v: Tensor, ...data: Tensor[]) => [hvp(onVector(...data), x, v)], jit),
      traced: (x: Tensor, ...data: Tensor[]) => onVector(...data)(x),
      hessian: onNumbers((x: Tensor, ...data: Tensor[]) => [ravel(denseHessian(onVector(...data))(x))], jit),
      sources: makeLru(sourcesKept),
      isSparse: makeLru(sourcesKept),
    };
  });
}

/** Returns the source of Hessians for further arguments of these types, which is cached. */
export function sourceFor(
  operation: string,
  { hessian, jit }: HessianChoices,
  functions: SearchFunctions,
  at: Float64Array,
  operands: readonly Tensor[],
): HessianSource {
  const key = keyOf(operation, operands);
  const known = functions.sources.get(key);
  if (known !== undefined) return known;
  const source = hessianSource({
    operation,
    asked: hessian,
    isCompiled: jit,
    f: functions.traced,
    at,
    operands,
    dense: (x, given) => functions.hessian([x], given)[0]!,
  });
  functions.sources.set(key, source);
  return source;
}

/** True if the Hessian for further arguments of these types is sparse, with a small factor. The answer is cached. */
export function isHessianSparse(
  operation: string,
  { traced, sources, isSparse }: SearchFunctions,
  at: Float64Array,
  operands: readonly Tensor[],
): boolean {
  const key = keyOf(operation, operands);
  const known = isSparse.get(key);
  if (known !== undefined) return known;
  const source = cheapHessian({ operation, isCompiled: true, f: traced, at, operands });
  if (source !== undefined) sources.set(key, source);
  isSparse.set(key, source !== undefined);
  return source !== undefined;
}

/** Key of the structures and types of further arguments. */
function keyOf(operation: string, operands: readonly Tensor[]): string {
  const { leaves, defs } = flattenArguments(operands, operation);
  return `${defs.map(treeKey).join(" ")} ${leaves.map(({ type }) => typeKey(type)).join(" ")}`;
}

/** Number of types of further arguments for which Hessians are cached. */
const sourcesKept = 8;
