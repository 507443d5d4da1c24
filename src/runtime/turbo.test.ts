import { expect, test, vi } from "vitest";
import { enableTurbo, full, jit, linspace, matmul, mul, neg, sin, sub, tanh } from "downhill";
import type { Tensor } from "downhill";

const f = jit((x: Tensor, y: Tensor) => matmul(x, y));

test("enableTurbo says what it switched on or warns why not, once for all, and results stay right", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const [x, y] = [full([40, 50], 0.5, { dtype: "float32" }), full([50, 60], 2, { dtype: "float32" })];
  expect(f(x, y).at(3).at(4).item()).toBe(50);
  const turbo = enableTurbo();
  expect(enableTurbo()).toBe(turbo);
  const major = Number(process.versions.v8.split(".")[0]);
  if (major >= 13) expect(turbo).toEqual({ enabled: true, reason: "vectors of 256 bits" });
  else if (major === 11)
    expect(turbo).toEqual({ enabled: true, reason: "products that are added in one step" });
  else {
    expect(turbo.enabled).toBe(false);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("turbo mode stays off"));
  }
  expect(f(x, y).at(3).at(4).item()).toBe(50);
  warn.mockRestore();
});

test("hot code of float64 keeps its bits in turbo mode: negated loads came out as NaN", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const x = linspace(-3, 3, 1000);
  const functions = [(t: Tensor) => sub(mul(neg(t), t), 1), (t: Tensor) => sin(t), (t: Tensor) => tanh(t)];
  const expected = functions.map((each) => each(x).tolist());
  enableTurbo();
  functions.forEach((each, i) => {
    const compiled = jit(each);
    const hot = Array.from({ length: 3000 }, () => compiled(x)).at(-1)!;
    expect(hot.tolist()).toEqual(expected[i]);
  });
  warn.mockRestore();
});
