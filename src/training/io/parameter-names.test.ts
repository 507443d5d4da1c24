import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor, type Tensor } from "downhill";
import {
  fromNamedTensors,
  readSafetensors,
  readSafetensorsFile,
  writeSafetensors,
  writeSafetensorsFile,
} from "downhill/io";
import { expect, test } from "vitest";

const params = {
  layers: [{ weight: tensor([[1, 2]]), act: "relu" }, { weight: tensor([[3], [4]], { dtype: "float32" }) }],
  scale: tensor(0.5),
  frozen: true,
};
const read = (tree: object): ReadonlyMap<string, Tensor> => readSafetensors(writeSafetensors(tree)).tensors;

test("nested parameters are written under their paths and restored to their structure", async () => {
  const folder = mkdtempSync(join(tmpdir(), "downhill-names-"));
  try {
    const path = join(folder, "model.safetensors");
    await writeSafetensorsFile(path, params, { epoch: "3" });
    const { tensors, metadata } = await readSafetensorsFile(path);
    expect([[...tensors.keys()].toSorted(), metadata]).toEqual([
      ["layers.0.weight", "layers.1.weight", "scale"],
      { epoch: "3" },
    ]);
    const back = fromNamedTensors(tensors, params);
    expect(back).toEqual(params);
    expect(back.layers[1]!.weight.dtype).toBe("float32");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("names with points at one level are unchanged", () => {
  expect([...read({ "h.0.w": tensor([1]), "": tensor([2]) }).keys()].toSorted()).toEqual(["", "h.0.w"]);
});

test("numbers and lists of numbers are tensors too; float32 is widened", () => {
  const { a, b } = fromNamedTensors(read({ a: 1, b: [1, 2] }), { a: tensor(0), b: tensor([0, 0]) });
  expect([a.item(), b.tolist()]).toEqual([1, [1, 2]]);
  const wide = fromNamedTensors(read({ a: tensor([1, 2], { dtype: "float32" }) }), { a: tensor([0, 0]) });
  expect(wide.a.dtype).toBe("float64");
});

test.each<[string, () => unknown, string]>([
  [
    "a tensor that is missing",
    () => fromNamedTensors(read({ a: 1 }), { a: 1, b: 2 }),
    'fromNamedTensors: there is no tensor "b".',
  ],
  [
    "one that is not expected",
    () => fromNamedTensors(read({ wight: 1, w: 1 }), { w: 1 }),
    'fromNamedTensors: there is no parameter "wight".',
  ],
  [
    "another shape",
    () => fromNamedTensors(read({ a: { b: [1, 2] } }), { a: { b: [1, 2, 3] } }),
    "fromNamedTensors: a.b is f64[2], but f64[3] is expected.",
  ],
  [
    "a narrower dtype",
    () => fromNamedTensors(read({ a: [1, 2] }), { a: tensor([1, 2], { dtype: "float32" }) }),
    'fromNamedTensors: a is f64[2], but f32[2] is expected. Convert it first, as in x.astype("float32").',
  ],
  [
    "two of one name",
    () => writeSafetensors({ "a.b": 1, a: { b: 2 } }),
    'writeSafetensors: two tensors have the name "a.b". Remove points',
  ],
  [
    "an invalid tree",
    () => writeSafetensors({ a: new Date() }),
    "writeSafetensors: an object of class Date is neither",
  ],
  [
    "no tensors by name",
    () => fromNamedTensors({ a: "1" } as never, { a: 1 }),
    "fromNamedTensors: expected tensors by name",
  ],
])("reports mismatches: %s", (_, run, message) => {
  expect(run).toThrow(message);
});
