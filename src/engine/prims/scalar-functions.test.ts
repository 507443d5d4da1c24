import { expect, test } from "vitest";
import { linearize, tensor } from "downhill";
import * as k from "../kernel/build.ts";
import { valueOf } from "../kernel/evaluate.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { RegionExpr } from "../region/form/region.ts";
import { operations, scalarFunctions } from "./scalar-functions.ts";
import { must } from "../util/assert-never.ts";

const points = [-Infinity, -3, -1, -0.5, -0, 0, 0.25, 1, 2, 3.5, 1e300, Infinity, NaN];

/** Evaluates an expression of locals by the code of each scalar function. */
function evaluate(expr: RegionExpr, locals: ReadonlyMap<string, number>): number {
  const code = (x: RegionExpr): Expr => {
    switch (x.kind) {
      case "const":
        return k.constant(x.type, x.value);
      case "local":
        return opaque(k.constant(x.type, must(locals.get(x.name), x.name)));
      case "apply":
        return scalarFunctions.get(x.function)!.lower(x.args.map(code), k.makeBlock());
      case "convert":
        return k.convert(x.type, code(x.x));
      case "select":
        return k.select(code(x.condition), code(x.x), code(x.y));
      case "load":
      case "length":
        throw new Error("no arrays here");
    }
  };
  return must(valueOf(code(expr)), "the value");
}

/** An expression of equal value that is not a constant, because constant exponents have special code. */
function opaque(x: Expr): Expr {
  return k.select(k.bool(true), x, x);
}

const smooth = scalarFunctions.names.filter((name) => !scalarFunctions.get(name)!.isConstant);

test.each(smooth)(
  "the tangent of %s in a region equals that of its primitive, also at special values",
  (name) => {
    const f = scalarFunctions.get(name)!;
    const [arity, operation] = operations[name]!;
    const ys = arity === 1 ? [0] : points;
    for (const x of points)
      for (const y of ys)
        for (const [dx, dy] of [
          [1, 0.5],
          [0, 1],
        ]) {
          const numbers = [x, y].slice(0, arity);
          const dnumbers = [dx!, dy!].slice(0, arity);
          // by a tape, which does not know the direction; jvp treats zero tangents as strong
          const [out, linear] = linearize(operation, ...numbers.map((v) => tensor(v)));
          const expected = linear(...dnumbers.map((v) => tensor(v)));
          const locals = new Map<string, number>([["out", out.item()]]);
          const atoms = (prefix: string, values: readonly number[]): RegionExpr[] =>
            values.map((v, i) => {
              locals.set(`${prefix}${i}`, v);
              return { kind: "local", type: "f64", name: `${prefix}${i}` };
            });
          const result: RegionExpr = { kind: "local", type: "f64", name: "out" };
          const tangent = f.tangent(atoms("x", numbers), result, atoms("dx", dnumbers), (value) => {
            const local = `t${locals.size}`;
            locals.set(local, evaluate(value, locals));
            return { kind: "local", type: value.type, name: local };
          });
          expect({ x, y, dx, dy, tangent: evaluate(tangent!, locals) }).toEqual({
            x,
            y,
            dx,
            dy,
            tangent: expected.item(),
          });
        }
  },
);

test("a power with a constant exponent uses products and roots, and so does its tangent", () => {
  const pow = scalarFunctions.get("pow")!;
  const x: RegionExpr = { kind: "local", type: "f64", name: "x" };
  const y: RegionExpr = { kind: "const", type: "f64", value: 2 };
  expect(pow.isCostly([x, x])).toBe(true);
  expect(pow.isCostly([x, y])).toBe(false);
  const dx: RegionExpr = { kind: "local", type: "f64", name: "dx" };
  const tangent = pow.tangent([x, y], { ...x, name: "out" }, [dx, undefined], (value) => value);
  const twice: RegionExpr = { kind: "apply", type: "f64", function: "mul", args: [y, x] };
  expect(tangent).toEqual({ kind: "apply", type: "f64", function: "mul", args: [dx, twice] });
});

test("functions of constants fold, and neutral constants return the other argument", () => {
  const x: RegionExpr = { kind: "local", type: "i32", name: "x" };
  const one: RegionExpr = { kind: "const", type: "i32", value: 1 };
  expect(scalarFunctions.get("mul")!.simplify([x, one])).toBe(x);
  expect(scalarFunctions.get("add")!.simplify([one, one])).toEqual({ ...one, value: 2 });
  expect(scalarFunctions.get("add")!.typeOf(["i32", "f64"])).toBeUndefined();
  expect(scalarFunctions.get("less")!.typeOf(["i32", "i32"])).toBe("bool");
  expect(scalarFunctions.get("bitwiseAnd")!.typeOf(["bool", "bool"])).toBe("bool");
});
