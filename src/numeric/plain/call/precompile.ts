import { pageTarget } from "../../../engine/backends/wasm/standalone.ts";
import type { DerivedRegion, RegionRecord } from "../../../engine/region/index.ts";
import { engine } from "../../../engine/runtime/index.ts";
import { makeRecords, recordOf } from "../../../engine/runtime/region-records.ts";
import type { PlainForm, PlainType } from "../form/form.ts";
import { callableOf } from "./attach.ts";
import type { PlainCallable } from "./callable.ts";
import { gradientBody } from "./gradient.ts";

/** A transform of a plain function as written in a text: `grad(loss, { argnums: 1 })`. */
export interface WrittenCall {
  readonly transform: "grad" | "valueAndGrad" | "jit";
  readonly argnums?: number | readonly number[] | undefined;
  readonly hasAux?: boolean | undefined;
}

/**
 * Compiles transforms of a function while a program is built, so that their first calls at run time are fast. For
 * `"page"` it compiles WebAssembly for V8 in pages that are not cross-origin isolated. For `"node"` it compiles for the
 * engine that runs the build; other engines ignore the result. Transforms that do not run as one region, or whose
 * options are not valid, are skipped.
 */
export function precompile(
  form: PlainForm,
  calls: readonly WrittenCall[],
  target: "page" | "node",
): readonly RegionRecord[] {
  const callable = callableOf(form.region.name, form, () => []);
  const regions = new Map<string, DerivedRegion>();
  for (const call of calls) {
    const region = regionOf(callable, form.result, call);
    if (region !== undefined) regions.set(region.steps, region);
  }
  return [...regions.values()].flatMap((region) => {
    const record = recordOf(region, target === "page" ? pageTarget(false) : undefined);
    return record === undefined ? [] : [record];
  });
}

/**
 * Returns the region that a transform runs for this function. `undefined` if it runs no region, `argnums` names no
 * parameter, or the value to differentiate is not one number.
 */
function regionOf(
  f: PlainCallable,
  result: PlainType,
  { transform, argnums = 0, hasAux = false }: WrittenCall,
): DerivedRegion | undefined {
  if (transform === "jit") return f.body?.().region;
  const places = typeof argnums === "number" ? [argnums] : argnums;
  if (places.some((place) => f.params[place] === undefined) || !isNumber(hasAux ? firstOf(result) : result))
    return undefined;
  const gradient = hasAux ? "gradient rest" : "gradient";
  const body = gradientBody(f, { argnums }, transform === "grad" ? gradient : "values gradient");
  return body?.().region;
}

const firstOf = (type: PlainType): PlainType | undefined =>
  type.kind === "tuple" ? type.items[0] : undefined;
const isNumber = (type: PlainType | undefined): boolean => type?.kind === "number" && type.integer !== true;

/** Returns the form with records: the code that was compiled for it when the program was built. */
export function withRecords(form: PlainForm, records: readonly RegionRecord[]): PlainForm {
  engine.records ??= makeRecords();
  return { ...form, records };
}
