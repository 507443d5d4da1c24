import { expect, test } from "vitest";
import { grad, jit, sum, tensor, vmap } from "downhill";
import type { Tensor } from "downhill";
import { bSpline, cubicSpline } from "downhill/optim";

const points = [0.0, 0.7, 1.5, 2.2, 4.0];
const values = [1.0, -0.5, 2.0, 0.3, 1.7];
const places = [-0.3, 0.2, 0.7, 1.9, 3.9, 4.5];
/** Largest difference of a vector from the expected numbers; NaN if the lengths differ. */
const errorOf = (x: Tensor, expected: readonly number[]): number =>
  x.shape[0] === expected.length
    ? Math.max(...Array.from(x.data(), (value, i) => Math.abs(value - expected[i]!)))
    : Number.NaN;

// prettier-ignore
test.each([
  ["not-a-knot", [4.998976387249114, -0.3340789715335167, -0.5, 1.471417079889808, 0.438023140495865, 11.73360684769775], [-17.965233766233766, -4.432982028072935, 2.703303555030827, -3.081776334776333, 11.52061117670208, 26.983835104289643]],
  ["natural", [2.0698194824669267, 0.2512068167212335, -0.5, 1.307197036017482, 1.4379386983094924, 2.941842041364211], [-2.9256214321417464, -3.459324356653976, 1.344001963956092, -3.309093164499455, 2.6092022723903447, 2.1984154698604232]],
  ["clamped", [-0.11193857723202133, 0.6916780485969657, -0.5, 1.2895793452091806, 1.6738093799959914, 0.8522671556378043], [8.249352221363864, -2.7114735704079473, 0.2681735236600523, -3.41098004202989, 0.5109479104627255, -3.7125436178853732]]
] as const)("cubic splines with the boundary %s have the values and slopes of SciPy", (boundary, expected, slopes) => {
  const curve = cubicSpline(points, values, { boundary });
  expect(errorOf(curve(places), expected)).toBeLessThan(1e-12);
  expect(errorOf(vmap(grad(curve))(places), slopes)).toBeLessThan(1e-12);
});

test("cubic splines of few points are a parabola and a line", () => {
  expect(
    errorOf(
      cubicSpline(points.slice(0, 3), values.slice(0, 3))([0.2, 2]),
      [0.22023809523809523, 5.845238095238096],
    ),
  ).toBeLessThan(1e-12);
  expect(
    errorOf(
      cubicSpline(points.slice(0, 2), values.slice(0, 2))([0.2, 2]),
      [0.5714285714285714, -3.2857142857142856],
    ),
  ).toBeLessThan(1e-12);
  const single = cubicSpline(tensor(points, { dtype: "float32" }), tensor(values, { dtype: "float32" }));
  expect(single(tensor(0.2, { dtype: "float32" })).dtype).toBe("float32");
});

test("cubic splines have derivatives in values and points, and work in compiled functions", () => {
  const at = (xs: Tensor, ys: Tensor): Tensor => sum(cubicSpline(xs, ys)(places));
  const step = 1e-6;
  const [byPoint, byValue] = grad(at, { argnums: [0, 1] })(points, values);
  const compiled = jit(grad(at))(points, values);
  points.forEach((_, i) => {
    const moved = (list: readonly number[], by: number): number[] =>
      list.map((x, j) => (i === j ? x + by : x));
    const slope = (f: (by: number) => Tensor): number => (f(step).item() - f(-step).item()) / (2 * step);
    const ofPoint = slope((by) => at(tensor(moved(points, by)), tensor(values)));
    expect(byPoint.data()[i]! / ofPoint).toBeCloseTo(1, 6);
    expect(compiled.data()[i]).toBeCloseTo(byPoint.data()[i]!, 9);
    expect(byValue.data()[i]).toBeCloseTo(
      slope((by) => at(tensor(points), tensor(moved(values, by)))),
      6,
    );
  });
});

test("splines from coefficients have the values and slopes of SciPy, also at repeated knots and beyond them", () => {
  const curve = bSpline([0.0, 0.0, 0.0, 0.0, 0.6, 1.1, 2.0, 2.0, 2.0, 2.0], [1.0, -0.5, 2.0, 0.3, 1.7, -1.0]);
  expect(
    errorOf(
      curve([-0.2, 0, 0.5, 0.6, 1.7, 2, 2.3]),
      [
        3.598457300275484, 1.0, 0.9672865013774105, 1.205289256198347, 0.6729761904761908, -1.0,
        -5.0729761904761865,
      ],
    ),
  ).toBeLessThan(1e-12);
  expect(
    errorOf(
      vmap(grad(curve))([-0.2, 0.1, 0.5, 0.61, 1.7, 1.99, 2.3]),
      [
        -19.204132231404962, -3.266942148760331, 2.8719008264462804, 1.540430047225502, -2.7297619047619044,
        -8.73525529100529, -18.7297619047619,
      ],
    ),
  ).toBeLessThan(1e-12);
  expect(errorOf(bSpline([0, 1, 2], [3, 5], 0)([0.5, 1, 9]), [3, 5, 5])).toBeLessThan(1e-12);
  const ofCoefficients = grad((c: Tensor) => bSpline([0, 0, 1, 1], c, 1)(0.25))([3, 5]);
  expect(errorOf(ofCoefficients, [0.75, 0.25])).toBeLessThan(1e-12);
});

test("splines refuse points, knots and coefficients that do not fit together", () => {
  expect(() => cubicSpline([0, 1], [1, 2, 3])).toThrow(/two vectors of the same length/);
  expect(() => cubicSpline([0, 1], [1, 2], { boundary: "free" as never })).toThrow(/boundary/);
  expect(() => bSpline([0, 1, 2], [1, 2])).toThrow(
    /a spline of degree 3 needs n coefficients, 4 or more, and n \+ 4 knots/,
  );
  expect(() => bSpline([0, 1], [1], 1.5)).toThrow(/the degree must be an integer from 0 to 20/);
});
