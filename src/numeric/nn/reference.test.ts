// Recurrent layers over time, losses, pools and resized images compared with PyTorch (testdata/layers.json, generated
// by the script next to it).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { cos, grad, jit, stack, tensor } from "downhill";
import * as nn from "downhill/nn";
import { extent } from "../../../test/support/extent.ts";

interface Values {
  readonly shape: readonly number[];
  readonly dtype: "float64" | "int64";
  readonly data: readonly number[];
}
interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Values>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly outs: readonly Values[];
  readonly grads: Readonly<Record<string, Values | null>>;
}
const { cases } = JSON.parse(readFileSync(new URL("testdata/layers.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};
const make = ({ shape, dtype, data }: Values): Tensor =>
  tensor(data, { shape, dtype: dtype === "int64" ? "int32" : dtype });

type Given = Readonly<Record<string, Tensor>>;
type Anything = (...given: unknown[]) => Tensor;

/** The results of a case in PyTorch's order. */
function run({ name, options, inputs }: Case, given: Given): readonly Tensor[] {
  if (name.startsWith("transformer")) {
    const { x, context, ...params } = given;
    const tree: Record<string, unknown> = {};
    for (const [path, value] of Object.entries(params)) {
      const keys = path.split(".");
      let node = tree;
      for (const key of keys.slice(0, -1))
        node = (node[key] ??= key === "feedForward" ? [] : {}) as typeof tree;
      node[keys.at(-1)!] = value;
    }
    const more = options as unknown as nn.TransformerOptions;
    const own = tree as unknown as nn.TransformerDecoderParams;
    return [
      context === undefined
        ? nn.transformerEncoderLayer(own, x!, more)
        : nn.transformerDecoderLayer(own, x!, context, more),
    ];
  }
  if (name.startsWith("adaptive"))
    return [(nn as unknown as Record<string, Anything>)[name]!(given["x"], options["sizes"])];
  if (name === "resize")
    return [nn.resize(given["x"]!, options["sizes"] as number[], options["more"] as nn.ResizeOptions)];
  if (name === "maxPoolWithPlaces")
    return nn.maxPoolWithPlaces(given["x"]!, options["window"] as number, options["more"] as object);
  if (name !== "lstm" && name !== "gru") {
    const { weights, ...operands } = given;
    const loss = (nn as unknown as Record<string, Anything>)[name]!;
    return [loss(...Object.values(operands), { ...options, ...(weights && { weights }) })];
  }
  const params = (way: string): nn.GruParams =>
    Object.fromEntries(
      Object.keys(inputs).flatMap((key) => (key.startsWith(`${way}.`) ? [[key.slice(way.length + 1), given[key]]] : [])),
    ) as unknown as nn.GruParams; // prettier-ignore
  const layer = name === "lstm" ? nn.lstm : (nn.gru as unknown as typeof nn.lstm);
  const more = options["lengths"] === null ? {} : { lengths: options["lengths"] as number[] };
  const states = (last: nn.LstmState): Tensor[] => ("h" in last ? [last.h, last.c] : [last]);
  if (options["both"] !== true) {
    const { outputs, last } = layer(params("forward"), given["x"]!, more);
    return [outputs, ...states(last).map((state) => stack([state]))];
  }
  const both = { forward: params("forward"), backward: params("backward") };
  const { outputs, last } = nn.bidirectional(layer, both, given["x"]!, more);
  return [outputs, ...states(last.forward).map((state, i) => stack([state, states(last.backward)[i]!]))];
}

function expectClose(actual: Tensor, expected: Values, what: string): void {
  expect(actual.dtype, what).toBe(expected.dtype === "int64" ? "int32" : expected.dtype);
  expect(actual.shape, what).toEqual(expected.shape);
  const scale = Math.max(1, ...expected.data.map(Math.abs));
  // ulps of some tens of operations; PyTorch adds 1e-12 under its roots of cosines, which shifts gradients by 1.2e-12
  actual.data().forEach((x, i) => expect(Math.abs(x - expected.data[i]!) / scale, what).toBeLessThan(2e-12));
}

describe("as PyTorch's", () => {
  test.each([...new Set(cases.map(({ name }) => name))])("%s", (name) => {
    expect.hasAssertions();
    const all = cases.filter((other) => other.name === name);
    for (const given of all.filter((_, i) => i % extent(2, 1) === 0 || i === all.length - 1)) {
      const what = JSON.stringify(given.options);
      const floats = Object.entries(given.inputs).filter(([, { dtype }]) => dtype === "float64");
      const names = floats.map(([key]) => key).filter((key) => given.grads[key]);
      const inputs = Object.fromEntries(Object.entries(given.inputs).map(([key, x]) => [key, make(x)]));
      run(given, inputs).forEach((out, i) => expectClose(out, given.outs[i]!, what));
      const total = (xs: Tensor[]): Tensor => {
        const active = Object.fromEntries(names.map((key, i) => [key, xs[i]!]));
        return run(given, { ...inputs, ...active })
          .map((out) => {
            const n = out.shape.reduce((a, b) => a * b, 1);
            const places = tensor(Array.from({ length: n }, (_, i) => i), { shape: out.shape }); // prettier-ignore
            return out.mul(cos(places)).sum();
          })
          .reduce((a, b) => a.add(b));
      };
      const slopes = jit(grad(total))(names.map((key) => inputs[key]!));
      names.forEach((key, i) => expectClose(slopes[i]!, given.grads[key]!, `${what}: gradient of ${key}`));
    }
  });
});
