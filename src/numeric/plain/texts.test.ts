// Strings and unions of objects in calls, derivatives and emitted modules.
import { grad, jit, valueAndGrad } from "downhill";
import { expect, test } from "vitest";
import { compile } from "./compile.ts";

type AreaShape =
  | { readonly kind: "circle"; readonly radius: number }
  | { readonly kind: "box"; readonly width: number; readonly height: number };

const text = `
type AreaShape = { kind: "circle"; radius: number } | { kind: "box"; width: number; height: number };
export function area(shape: AreaShape): number {
  "use ad";
  switch (shape.kind) {
    case "circle":
      return Math.PI * shape.radius ** 2;
    case "box":
      return shape.width * shape.height;
  }
}
export function neuron(x: number, kind: "relu" | "tanh", more: { mode: "up" | "tanh"; v: number }[]): number {
  "use ad";
  let s = kind === "relu" ? Math.max(x, 0) : Math.tanh(x);
  for (const { mode, v } of more) if (mode === kind || mode === "up") s += v * x;
  return s;
}
`;

interface TextFunctions {
  readonly area: (shape: AreaShape) => number;
  readonly neuron: (x: number, kind: "relu" | "tanh", more: { mode: "up" | "tanh"; v: number }[]) => number;
}

const functions = compile<TextFunctions>(text);

test("a derivative in a union of objects has the numbers of the object that was given", async () => {
  const { area } = await functions;
  const slope = grad(area);
  expect(slope({ kind: "box", width: 2, height: 3 })).toEqual({ width: 3, height: 2 });
  expect(slope({ kind: "circle", radius: 1 })).toEqual({ radius: 2 * Math.PI });
  expect(slope({ kind: "box", width: 5, height: 7 })).toEqual({ width: 7, height: 5 });
});

test("strings select what is differentiated", async () => {
  const { neuron } = await functions;
  const more = [
    { mode: "up", v: 2 },
    { mode: "tanh", v: 3 },
  ] as const;
  const both = valueAndGrad(neuron);
  expect(both(0.5, "relu", [...more])).toEqual([1.5, 3]);
  expect(both(0.5, "tanh", [...more])[1]).toBeCloseTo(1 - Math.tanh(0.5) ** 2 + 5, 14);
  expect(jit(neuron)(0.5, "relu", [...more])).toBe(1.5);
});

test("an error names the strings that are possible", async () => {
  const { neuron } = await functions;
  const call = (): unknown => grad(neuron)(1, "sigmoid" as "tanh", []);
  expect(() => grad(neuron, { argnums: 1 })(1, "tanh", [])).toThrow(
    "argument 1 is a string, and has no derivative",
  );
  expect(call).toThrow('grad(neuron): kind must be "relu" or "tanh", got "sigmoid".');
});
