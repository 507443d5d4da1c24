// Calls a plain function in JavaScript, converting from and to the values of its region.
import { DownhillError } from "../../engine/errors/index.ts";
import type { PlainSource } from "../../engine/runtime/index.ts";
import { resultTypes } from "../../numeric/plain/call/regions.ts";
import {
  countLeaves,
  type ValueLeaf,
  putTogether,
  takeApart,
  templateOf,
} from "../../numeric/plain/call/values.ts";
import type { PlainForm } from "../../numeric/plain/form/form.ts";
import type { RegionEnd, RegionValue } from "./regions.ts";
import { ownValue } from "./regions.ts";

const leafOf = (x: RegionValue): ValueLeaf =>
  typeof x === "number" ? { data: x, dims: [] } : { data: x.data as never, dims: x.dims };

/**
 * Calls a plain function as ordinary JavaScript and returns its results, or the error that it throws. Its arguments are
 * copies of the first `values`. The values after them belong to captured variables, which the function reads itself.
 * Returns `undefined` if the result does not have the structure that was compiled.
 */
export function callJavaScript(
  { f, form }: PlainSource,
  values: readonly RegionValue[],
): RegionEnd | undefined {
  const { params, result, region } = form as PlainForm;
  const types = region.params.map(({ type }) => type);
  let next = 0;
  const args = params.map(({ type }) => {
    const from = next;
    next += countLeaves(type);
    const template = templateOf(type, types.slice(from, next).values());
    // copies, because the function may modify its arguments
    return putTogether(
      template,
      values.slice(from, next).map((x, i) => leafOf(ownValue(x, types[from + i]!))),
    );
  });
  let returned: unknown;
  try {
    returned = f(...(args as never[]));
  } catch (error) {
    return { error };
  }
  const leaves: ValueLeaf[] = [];
  const ownTypes = resultTypes(region);
  try {
    takeApart(result, returned, ownTypes.values(), { path: "verify", lead: 0 }, leaves);
  } catch (error) {
    if (error instanceof DownhillError) return undefined;
    throw error;
  }
  return {
    values: leaves.map(({ data, dims }, i) =>
      typeof data === "number" ? data : ownValue({ data, dims }, ownTypes[i]!),
    ),
  };
}
