import { describe, expect, test, vi } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  checkpoint,
  cond,
  customJvp,
  customVjp,
  foriLoop,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  logicalNot,
  makeProgram,
  mul,
  scan,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
  where,
  whileLoop,
} from "downhill";
import { dropout } from "downhill/nn";
import { fit } from "downhill/train";
import { sgd } from "downhill/optim";
import { checkGrads } from "downhill/testing";

/** 100 · x², or x² where the flag is off; the flag must arrive as it was given. */
const f = (x: Tensor, flag: boolean): Tensor => {
  expect(flag).toBeTypeOf("boolean");
  return flag ? x.mul(x).mul(100) : x.mul(x);
};
const inside = ({ x, flag }: { readonly x: Tensor; readonly flag: boolean }): Tensor => f(x, flag);

const jitted = jit(f);
const checkpointed = checkpoint(f);
const ruled = customJvp(f, ([x, on], [dx]) => [f(x, on), dx.mul(f(x, on))]);
const reverse = customVjp(
  f,
  (x, on) => [f(x, on), { x, on }],
  ({ x, on }, ct) => [f(x, on).mul(ct), null],
);

describe("a plain boolean reaches the function as it is", () => {
  test.each<[string, (flag: boolean) => Tensor, number]>([
    ["jit", (flag) => jit(f)(3, flag), 9],
    ["grad", (flag) => grad(f)(3, flag), 6],
    ["valueAndGrad", (flag) => valueAndGrad(f)(3, flag)[1], 6],
    ["jit(grad)", (flag) => jit(grad(f))(3, flag), 6],
    ["grad(jit)", (flag) => grad((x: Tensor, on: boolean) => jitted(x, on))(3, flag), 6],
    ["grad of a structure", (flag) => grad(inside)({ x: 3, flag }).x, 6],
    ["vjp", (flag) => vjp(f, 3, flag)[1](1)[0], 6],
    ["jvp", (flag) => jvp(f, [3, flag], [1, flag])[1], 6],
    ["linearize", (flag) => linearize(f, 3, flag)[1](1, flag), 6],
    ["vmap", (flag) => vmap(f)([3], flag).at(0), 9],
    ["vmap with axes", (flag) => vmap(f, { inAxes: [0, null] })([3], flag).at(0), 9],
    ["jacfwd", (flag) => jacfwd(f)(3, flag), 6],
    ["jacrev", (flag) => jacrev(f)(3, flag), 6],
    ["hessian", (flag) => hessian(f)(3, flag), 2],
    ["hvp", (flag) => hvp(inside, { x: 3, flag }, { x: 1, flag }).x, 2],
    ["checkpoint", (flag) => grad((x: Tensor, on: boolean) => checkpointed(x, on))(3, flag), 6],
    ["customJvp", (flag) => grad((x: Tensor, on: boolean) => ruled(x, on))(3, flag), 9],
    ["customVjp", (flag) => grad((x: Tensor, on: boolean) => reverse(x, on))(3, flag), 9],
  ])("under %s", (_, at, plain) => {
    expect([at(true).item(), at(false).item(), at(true).item()]).toEqual([100 * plain, plain, 100 * plain]);
  });

  test("in programs, checks and losses of training", async () => {
    expect(makeProgram(f)(3, true).eqns.length).toBe(makeProgram(f)(3, false).eqns.length + 2);
    checkGrads(f, [3, true]);
    const seen: unknown[] = [];
    const { params } = await fit({
      params: { w: tensor(1), bias: true },
      loss: ({ w, bias }, { x, noisy }: { readonly x: Tensor; readonly noisy: boolean }, { training }) => {
        seen.push(bias, noisy, training);
        return mul(w, x).sum();
      },
      data: [{ x: tensor([1]), noisy: false }],
      optimizer: sgd({ learningRate: 1 }),
      epochs: 1,
    });
    expect(seen.slice(0, 3)).toEqual([true, false, true]);
    expect([params.w.item(), params.bias]).toEqual([0, true]);
  });

  test("and is part of what jit compiles for, within structures too", () => {
    const traced = vi.fn(inside);
    const g = jit(traced);
    for (const flag of [true, false, true, false]) g({ x: 1, flag });
    expect(traced).toHaveBeenCalledTimes(2);
  });

  test("and comes back as it is", () => {
    const g = (x: Tensor, flag: boolean): { readonly x: Tensor; readonly flags: readonly unknown[] } => ({
      x,
      flags: [!flag, "text"],
    });
    expect(jit(g)(1, true).flags).toEqual([false, "text"]);
    expect(vmap(g)([1], false).flags).toEqual([true, "text"]);
    expect(jit((x: Tensor) => [x, true] as const)(1)[1]).toBe(true);
    expect(grad((x: Tensor) => [x, true] as const, { hasAux: true })(1)[1]).toBe(true);
  });

  test("so that a layer is told by an argument whether it is in training", () => {
    const key = tensor(new Uint32Array([1, 2]));
    const layer = jit((x: Tensor, training: boolean) => dropout(key, x, { training }));
    expect(layer([1, 1, 1, 1, 1, 1, 1, 1], false).tolist()).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(layer([1, 1, 1, 1, 1, 1, 1, 1], true).tolist()).toContain(0);
  });

  test.each<[() => unknown, string]>([
    [
      () => grad(f as never, { argnums: 1 })(3, true as never),
      "grad: argument 1 is true, which has no derivative. Give a tensor or a number, or leave it out of argnums.",
    ],
    [
      () => jacfwd(f as never)(...(["relu"] as never[])),
      'jacfwd: argument 0 is "relu", which has no derivative.',
    ],
    [() => jvp((() => true) as never, [1], [1]), "jvp: the function returned the plain boolean true"],
    [() => grad((() => true) as never)(1), "grad: the function returned the plain boolean true"],
  ])("but has no derivative %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("booleans are data", () => {
  test("in arrays", () => {
    const pick = (x: Tensor, mask: Tensor): Tensor => where(mask, x, 0).sum();
    for (const g of [pick, jit(pick), vmap(pick)])
      expect(
        g(tensor([1, 2]), tensor([true, false]))
          .sum()
          .item(),
      ).toBe(1);
    expect(jit(pick)([1, 2], [true, false]).item()).toBe(1);
    expect(jit((p: { readonly mask: Tensor }) => p.mask)({ mask: [[true], [false]] }).shape).toEqual([2, 1]);
  });

  test("in what loops and branches carry", () => {
    interface Search {
      readonly i: Tensor;
      readonly done: Tensor;
    }
    const next = ({ i }: Search): Search => ({
      i: i.add(1),
      done: i.add(1).at === undefined ? i : tensor(true),
    });
    expect(whileLoop(({ done }: Search) => logicalNot(done), next, { i: 0, done: false }).i.item()).toBe(1);
    expect(foriLoop(0, 3, (_, on) => logicalNot(on), false).item()).toBe(1);
    const toggle = (on: Tensor, x: Tensor): readonly [Tensor, Tensor] => [logicalNot(on), where(on, x, 0)];
    expect(jit((xs: Tensor) => scan(toggle, false, xs)[1])([1, 2, 3]).tolist()).toEqual([0, 2, 0]);
    expect(scan((c, x) => [add(c, where(x, 1, 0)), null], 0, [true, false, true])[0].item()).toBe(2);
    const choose = (x: Tensor, on: Tensor): Tensor => where(on, x, 0);
    expect(cond(true, choose, (x: Tensor) => x.neg(), 2, false).item()).toBe(0);
    const sides = cond(
      tensor(false),
      () => true,
      () => false,
    );
    expect((sides as unknown as Tensor).item()).toBe(0);
  });

  test("a step may give back a plain boolean, or an array of numbers, where the carry has tensors", () => {
    const [last] = scan(
      (c: { readonly on: Tensor; readonly pair: readonly [Tensor, Tensor] }) =>
        [{ on: true as unknown as Tensor, pair: [1, 2] as unknown as typeof c.pair }, null] as const,
      { on: false, pair: [tensor(0), 0] },
      null,
      { length: 1 },
    );
    expect([last.on.item(), last.pair.map((x) => x.item())]).toEqual([1, [1, 2]]);
  });
});

describe("an array of no numbers", () => {
  test("as a whole argument is a tensor of size 0", () => {
    expect(grad((x) => x.sum())([]).shape).toEqual([0]);
    expect(jit((x) => x.add(1))([]).shape).toEqual([0]);
    expect(vmap((x) => x.mul(2))([[], []]).shape).toEqual([2, 0]);
    expect(jvp((x) => x.sum(), [[]], [[]])[1].item()).toBe(0);
    expect(scan((c, x) => [c.add(x), c], 1, [])[1].shape).toEqual([0]);
  });

  test("inside a structure is an empty list", () => {
    const g = grad((p: { readonly layers: readonly Tensor[]; readonly w: Tensor }) => {
      expect(p.layers).toEqual([]);
      return p.w;
    });
    expect(g({ layers: [], w: 1 }).layers).toEqual([]);
  });
});
