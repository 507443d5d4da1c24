// Checks modules emitted from plain functions: value and gradient must equal those of the function's region.
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { cotangents } from "../../src/engine/region/derive/gradient.ts";
import { emitModule } from "../../src/numeric/plain/emit/module.ts";
import type { PlainForm } from "../../src/numeric/plain/form/form.ts";
import type { RegionValue } from "./evaluate-region.ts";
import { evaluateRegion } from "./evaluate-region.ts";
import { regionArguments, regionResults } from "./plain-region.ts";
import { numbersOf, realParams } from "./region-derivatives.ts";
import { engineScalarValues } from "./scalar-values.ts";

type Call = (...args: readonly unknown[]) => unknown;

const ways = [{ wasm: true }, { functions: "exact" }] as const;
const values = engineScalarValues(scalarFunctions);

/** Describes how an emitted module differs from the region of its function, in the value or, for a number, in the gradient; `undefined` if it does not. */
export function faultOfEmitted(
  form: PlainForm,
  args: readonly unknown[],
  wrt: readonly number[],
  outside: Readonly<Record<string, unknown>>,
): string | undefined {
  const { region, params, captured } = form;
  const given = regionArguments(form, args, outside);
  const want = evaluateRegion(region, given.values, { values }).results;
  const isNumber = form.result.kind === "number";
  const grad = isNumber ? wrt.map((i) => params[i]!.name) : [];
  const all = [...args, ...captured.map(({ name }) => outside[name])];
  for (const way of ways) {
    const { code } = emitModule(form, { value: true, grad, ...way });
    const names = [...code.matchAll(/^export function (\w+)/gm)].map(([, name]) => name!);
    const text = `${code.replaceAll(/^export /gm, "")}\nreturn [${names.join(", ")}];`;
    // oxlint-disable-next-line eslint/no-new-func, typescript/no-implied-eval, typescript/no-unsafe-call
    const [value, slope] = new Function(text)() as [Call, Call | undefined];
    const how = `emitted, ${JSON.stringify(way)}`;
    const wrong = difference(`${how}: value`, regionResults(form, value(...structuredClone(all))), want);
    if (wrong !== undefined) return wrong;
    if (slope === undefined) continue;
    const [again, gradients] = slope(...structuredClone(all)) as [number, unknown];
    const slopes = wrt.length === 1 ? [gradients] : (gradients as readonly unknown[]); // one gradient is no list
    const isActive = realParams(region).map((isReal, i) => isReal && wrt.includes(given.owners[i]!));
    const gradient = cotangents(region, isActive, scalarFunctions);
    const exact = evaluateRegion(gradient, [...given.values, 1], { values }).results.slice(1);
    const leaves = regionArguments({ ...form, params: wrt.map((i) => params[i]!), captured: [] }, slopes);
    const fault =
      difference(`${how}: value beside the gradient`, [again], want) ??
      difference(`${how}: gradient`, leaves.values, exact);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function difference(
  what: string,
  got: readonly RegionValue[],
  want: readonly RegionValue[],
): string | undefined {
  const [xs, ys] = [got.flatMap(numbersOf), want.flatMap(numbersOf)];
  if (xs.length !== ys.length) return `${what}: ${xs.length} numbers, not ${ys.length}`;
  const size = Math.max(1, ...ys.filter(Number.isFinite).map(Math.abs));
  const at = xs.findIndex((x, i) => !Object.is(x, ys[i]) && !(Math.abs(x - ys[i]!) <= 1e-9 * size));
  return at < 0 ? undefined : `${what}: number ${at} is ${xs[at]}, not ${ys[at]}`;
}
