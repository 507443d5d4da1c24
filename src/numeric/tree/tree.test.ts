import { grad, greater, jit, scan, type Tensor, tensor, vmap } from "downhill";
import { dataset } from "downhill/data";
import { adam, applyUpdates, minimize, sgd } from "downhill/optim";
import { checkpointMemory, fit } from "downhill/train";
import {
  all,
  flatten,
  leaves,
  map,
  mapWithPath,
  ravel,
  reduce,
  register,
  structure,
  unflatten,
} from "downhill/tree";
import { describe, expect, test } from "vitest";

const params = {
  w: tensor([1, 2]),
  layers: [{ b: tensor(3), name: "relu" }, { b: tensor([[4], [5]], { dtype: "float32" }) }],
  none: null,
};

describe("map", () => {
  test("replaces each leaf by the result of the function, and keeps the rest", () => {
    const doubled = map((x) => x.mul(2), params);
    expect(doubled.w.tolist()).toEqual([2, 4]);
    expect(doubled.layers[0]!.b.item()).toBe(6);
    expect(doubled.layers[1]!.b.tolist()).toEqual([[8], [10]]);
    expect([doubled.layers[0]!.name, doubled.none]).toEqual(["relu", null]);
  });

  test("passes leaves unchanged: numbers as numbers, a list of numbers as one leaf", () => {
    expect(map((x) => x / 2, { low: 1, high: [4, 6].length })).toEqual({ low: 0.5, high: 1 });
    expect(map((x) => x.length, { xs: [1, 2, 3], ys: new Float32Array(2) })).toEqual({ xs: 3, ys: 2 });
  });

  test("maps over several trees, for any order of their keys", () => {
    const sum = map((x, y, z) => x + y + z, { a: 1, b: 2 }, { b: 20, a: 10 }, { a: 100, b: 200 });
    expect(sum).toEqual({ a: 111, b: 222 });
  });

  test.each<[unknown, unknown, string]>([
    [{ a: 1 }, { a: 1, b: 2 }, 'tree.map: argument 2 has "b", which is not expected.'],
    [{ a: 1 }, {}, 'tree.map: argument 2 lacks "a".'],
    [{ a: [tensor(1), 2] }, { a: [1] }, "tree.map: argument 2.a should have 2 items but has 1."],
    [{ a: new Map() }, {}, "tree.map: an object of class Map is neither a tensor nor"],
  ])("names the first place that does not fit: %j", (a, b, message) => {
    expect(() => map((x) => x, a, b)).toThrow(message);
  });

  test("says that its function comes first", () => {
    expect(() => map(params as never, ((x: unknown) => x) as never)).toThrow(
      "tree.map: expects a function, got object. Write tree.map((x) => …, tree).",
    );
  });

  test("works on traced values", () => {
    const halves = (p: typeof params): typeof params => map((x) => x.mul(0.5), p);
    expect(jit(halves)(params).layers[0]!.b.item()).toBe(1.5);
    const total = (p: { a: Tensor; b: Tensor }): Tensor =>
      reduce(
        (s, x) => s.add(x.sum()),
        map((x) => x.mul(x), p),
      );
    expect(grad(total)({ a: 2, b: 3 }).b.item()).toBe(6);
  });
});

describe("paths, leaves and structures", () => {
  test("name each leaf", () => {
    const { w, layers } = mapWithPath((path, x) => `${path} ${x.ndim}`, params);
    expect([w, layers.map(({ b }) => b)]).toEqual(["w 1", ["layers[0].b 0", "layers[1].b 2"]]);
    expect(mapWithPath((path) => path, 3)).toBe("");
    expect(mapWithPath((path, x, y) => `${path}${x}${y}`, [{ a: 1 }], [{ a: 2 }])).toEqual([
      { a: "[0].a12" },
    ]);
  });

  test("can be flattened and rebuilt", () => {
    const [xs, shape] = flatten(params);
    expect(xs).toEqual(leaves(params));
    expect(xs).toHaveLength(3);
    expect(unflatten(shape, xs)).toEqual(params);
    expect(shape).toEqual(structure(map(() => 0, params)));
    expect(() => unflatten(shape, [1])).toThrow("tree.unflatten: the structure has 3 leaves, got 1.");
    expect(() => unflatten([1] as never, [])).toThrow("tree.unflatten: expects a structure first");
  });
});

describe("reduce and all", () => {
  test("visit leaves from left to right", () => {
    expect(reduce((text, x) => `${text}${x}`, { a: 1, b: [{ c: 2 }, 3] }, "")).toBe("123");
    expect(reduce((a, b) => a - b, [{ c: 1 }, 2, 3])).toBe(-4);
    expect(reduce((n) => n + 1, { a: null }, 5)).toBe(5);
    expect(() => reduce((a) => a, {})).toThrow("tree.reduce: the tree has no leaves.");
  });

  test("count plain booleans, tensors of booleans and numbers", () => {
    expect(all(map((x) => x.ndim < 3, params))).toBe(true);
    expect(all(map((x) => x.ndim < 2, params))).toBe(false);
    expect(all(map((x) => greater(x, 0), params))).toBe(true);
    expect(all(map((x) => greater(x, 1), params))).toBe(false);
    expect([all({ a: [1, 0] }), all({ a: [2, -1] }), all({}), all([true, false])]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("report that elements are unknown while a function is traced", () => {
    expect(() => jit((x: Tensor) => (all({ x }) ? x : x.neg()))(1)).toThrow(
      /is known only when|not known|traced/,
    );
  });
});

describe("ravel", () => {
  test("returns one vector of the promoted dtype, and restores shapes and dtypes", () => {
    const [vector, unravel] = ravel({ a: params, n: 6 });
    expect([vector.dtype, vector.tolist()]).toEqual(["float64", [1, 2, 3, 4, 5, 6]]);
    const back = unravel(vector.mul(10));
    expect(back.a.layers[1]!.b.dtype).toBe("float32");
    expect(back.a.layers[1]!.b.tolist()).toEqual([[40], [50]]);
    expect(back.n.item()).toBe(60);
    expect(ravel({})[0].shape).toEqual([0]);
    expect(() => unravel(tensor([1, 2]))).toThrow(
      "unravel: expects a vector of 6 elements, got a tensor of shape [2].",
    );
  });

  test("accepts the vector as a list or a typed array: it was refused as an object", () => {
    const [vector, unravel] = ravel({ a: 1, b: [2, 3] });
    for (const given of [vector, vector.data(), [1, 2, 3]]) expect(unravel(given).b.tolist()).toEqual([2, 3]);
    expect(() => unravel([1, 2])).toThrow(
      "unravel: expects a vector of 3 elements, got a tensor of shape [2].",
    );
    expect(() => unravel("abc" as never)).toThrow(/^unravel: /);
  });

  test("is differentiable in both directions", () => {
    const f = (p: { a: Tensor; b: Tensor }): Tensor => {
      const [vector, unravel] = ravel(p);
      return unravel(vector.mul(vector)).b.sum();
    };
    const { a, b } = grad(f)({ a: 1, b: [2, 3] });
    expect([a.item(), b.tolist()]).toEqual([0, [4, 6]]);
  });
});

class Line {
  readonly kind: string;
  readonly slope: Tensor;
  readonly through: { readonly at: Tensor };
  constructor(kind: string, slope: Tensor, at: Tensor) {
    this.kind = kind;
    this.slope = slope;
    this.through = { at };
  }
  value(x: number): Tensor {
    return this.slope.mul(x).add(this.through.at);
  }
}
register(
  Line,
  ({ kind, slope, through }) => ({ kind, slope, at: through.at }),
  ({ kind, slope, at }) => new Line(kind, slope, at),
);
class Bent extends Line {}

describe("instances of a registered class", () => {
  const line = new Line("thin", tensor(2), tensor([1, 5]));
  const sum = (p: { readonly lines: readonly Line[] }): Tensor => p.lines[0]!.value(3).sum();

  test("are tree nodes", () => {
    expect(leaves([line, { line }])).toHaveLength(4);
    const twice = map((x) => x.mul(2), { line }).line;
    expect(twice).toBeInstanceOf(Line);
    expect([twice.kind, twice.value(1).tolist()]).toEqual(["thin", [6, 14]]);
    expect(mapWithPath((path) => path, { line }).line.slope).toBe("line.slope");
    const [vector, unravel] = ravel(line);
    expect(vector.tolist()).toEqual([2, 1, 5]);
    expect(unravel(vector).value(0).tolist()).toEqual([1, 5]);
  });

  test("pass through transforms", () => {
    const slopes = grad(sum)({ lines: [line] }).lines[0]!;
    expect(slopes).toBeInstanceOf(Line);
    expect([slopes.slope.item(), slopes.through.at.tolist()]).toEqual([6, [1, 1]]);
    const move = jit((l: Line) => new Line(l.kind, l.slope.add(1), l.through.at));
    for (let i = 0; i < 3; i++) expect(move(line).slope.item()).toBe(3); // later calls use the fast path
    expect(move(new Line("thick", tensor(4), tensor([0, 0]))).kind).toBe("thick"); // strings are part of the structure
    const [last] = scan(
      (l: Line, x: Tensor) => [new Line(l.kind, l.slope.add(x), l.through.at), l.slope],
      line,
      [1, 2],
    );
    expect(last.slope.item()).toBe(5);
    const rows = new Line(
      "thin",
      tensor([1, 2]),
      tensor([
        [0, 0],
        [1, 1],
      ]),
    );
    expect(vmap((l: Line) => l.value(10))(rows).tolist()).toEqual([
      [10, 10],
      [21, 21],
    ]);
    expect(
      vmap((l: Line) => l.value(10), { inAxes: [{ kind: null, slope: 0, at: null }] as never })(
        new Line("thin", tensor([1, 2]), tensor([0, 1])),
      ).tolist(),
    ).toEqual([
      [10, 11],
      [20, 21],
    ]);
  });

  test("are trained by optimisers and minimisers", () => {
    const { init, update } = adam({ learningRate: 0.1 });
    const gradients = grad((l: Line) => l.value(1).sum())(line);
    const { updates } = update(gradients, init(line), line);
    expect(applyUpdates(line, updates).slope.item()).toBeCloseTo(1.9, 6);
    const found = minimize((l: Line) => l.value(1).sub([3, 4]).square().sum().add(l.slope.square()), line);
    expect(found.params).toBeInstanceOf(Line);
    expect([...found.params.through.at.data()].map(Math.round)).toEqual([3, 4]);
  });

  test("must be of exactly that class", () => {
    expect(() => leaves(new Bent("thin", tensor(1), tensor(1)))).toThrow(
      "an object of class Bent is neither",
    );
    expect(() => map((x) => x, { line }, { line: { kind: "thin", slope: 1, at: 1 } })).toThrow(
      "argument 2.line should be an instance of Line but is an object",
    );
    expect(() =>
      register(
        Line,
        (x) => x,
        (x) => x,
      ),
    ).toThrow("tree.register: Line is registered already.");
    expect(() =>
      register(
        {} as never,
        (x) => x,
        (x) => x as never,
      ),
    ).toThrow("tree.register: expects a class first");
  });

  test("are refused by checkpoints, which store plain data", async () => {
    const run = fit({
      params: { line },
      loss: (p: { line: Line }) => p.line.value(1).sum(),
      data: dataset({ x: [1] }).batch(1),
      optimizer: sgd({ learningRate: 0.1 }),
      checkpoint: { store: checkpointMemory() },
      epochs: 1,
    });
    await expect(run).rejects.toThrow(
      "a checkpoint holds plain arrays and objects, but params holds an instance of Line",
    );
  });
});
