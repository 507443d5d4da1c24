import type { Tensor } from "downhill";
import { jvp, sin, taylor } from "downhill";
import type { Operation, Sample } from "downhill/testing";
import { countEquations } from "../../src/engine/ir/program.ts";
import { isFloating } from "../../src/engine/ir/types.ts";
import { asTensor } from "../../src/engine/prims/lift.ts";
import { traceProgram } from "../../src/engine/trace/staging.ts";
import { errorBetween, normalLike, numbersOf } from "../../src/testing/compare.ts";

const bySteps =
  "each derivative of the function is another function, so that a series of order K needs K of them";
const byShapes =
  "derivatives with respect to a shape are polynomials whose number of terms grows; a constant shape costs O(K²)";

/** Operations whose series needs more than O(K²) equations, with the reason. The page docs/taylor.md lists them. */
export const costly: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    "pow floatPower multigammaln lgamma digamma polygamma zeta beta betaln digammaRise gammaDensity betaDensity i0 i0e i0eByOrder i1 i1e besselRatio erfcx dawsn spence ellipk ellipe boxcox expm1Quotient jv yv iv kv"
      .split(" ")
      .map((name) => [name, bySteps]),
  ),
  ...Object.fromEntries(
    "gammainc gammaincc gammaincByShape gammaincinv gammainccinv betainc betaincinv betaincOfSquare betaincOfSquareInverse"
      .split(" ")
      .map((name) => [name, byShapes]),
  ),
  matrixFunction: "each derivative is a function of matrices of twice the size",
};

type OfList = (xs: readonly Tensor[]) => readonly Tensor[];

const order = 3;
/** Bounds of the differences between series and repeated forward mode, by dtype. */
const bounds: Readonly<Record<string, number>> = { float64: 1e-8, float32: 3e-3 };

/**
 * Compares the Taylor coefficients of an operation at a sample with repeated forward mode, and counts their equations.
 *
 * @throws Error that names the coefficient that differs, or an operation with more equations than it should have.
 */
export function checkSeries(name: string, op: Operation, { ins }: Sample): void {
  const xs = ins.map((x) => asTensor(x, name));
  const isActive = xs.map((x) => isFloating(x.dtype));
  const floats = xs.filter((_, i) => isActive[i]);
  const f: OfList = (ys) => {
    let next = 0;
    const out = op(...xs.map((x, i) => (isActive[i] === true ? ys[next++]! : x)));
    return (Array.isArray(out) ? (out as readonly Tensor[]) : [out as Tensor]).filter((y) => isFloating(y.dtype)); // prettier-ignore
  };
  if (floats.length === 0 || f(floats).length === 0) return;
  const along = floats.map((x, i) => normalLike(x.type, 60 + i));
  const repeated =
    (h: OfList): OfList =>
    (ys) =>
      jvp((...zs: Tensor[]) => h(zs) as Tensor[] & Tensor, [...ys], along)[1] as unknown as Tensor[];
  const series = (n: number): Tensor[] =>
    taylor((ys: readonly Tensor[]) => [...f(ys)], { order: n })(floats, along);
  let [h, factorial] = [f, 1];
  const layers = [f(floats)];
  for (let k = 1; k <= order; k++) {
    h = repeated(h);
    layers.push(h(floats));
  }
  series(order).forEach((stack, i) => {
    const all = numbersOf(stack);
    const size = all.length / (order + 1);
    factorial = 1;
    layers.forEach((results, k) => {
      factorial *= Math.max(k, 1);
      const expected = numbersOf(results[i]!);
      const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs));
      expected.forEach((x, j) => {
        const error = errorBetween(all[k * size + j]! / scale, x / factorial / scale);
        if (!(error <= bounds[stack.dtype]!))
          throw new Error(`taylor of ${name}: coefficient ${k} of element ${j} of result ${i} is ${all[k * size + j]!}, repeated jvp ${x / factorial}`); // prettier-ignore
      });
    });
  });
  checkCount(name, f, floats);
}

/** Counts the equations of the series for operands that have coefficients of all orders. */
function checkCount(name: string, f: OfList, xs: readonly Tensor[]): void {
  if (Object.hasOwn(costly, name)) return;
  const types = xs.map((x) => x.type);
  const equations = [8, 16].map((n) =>
    countEquations(
      traceProgram(name, types, (...ys) =>
        taylor((zs: readonly Tensor[]) => f(zs.map((z) => sin(z))), { order: n })(ys, ys),
      ).program,
    ),
  );
  if (equations[1]! > 4.2 * equations[0]!)
    throw new Error(
      `taylor of ${name} has ${equations.join(" and ")} equations to orders 8 and 16: derive O(K²) equations, or list the reason in ` +
        "test/support/series-check.ts and docs/taylor.md.",
    );
}
