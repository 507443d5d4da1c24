// The chain rule of school: z depends on u, and u depends on x.
import { grad, type Tensor, tensor } from "downhill";
import { compileText } from "../../../src/numeric/syntax/index.ts";

/** Functions to choose from, as formulas in `v`, with their names. */
export const links = [
  ["v^2/2", "half the square"],
  ["3*v", "three times"],
  ["sin(v)", "sin"],
  ["exp(v)/2", "half of exp"],
  ["2 - v", "2 minus"],
] as const;

/** Formula of a link. */
export type Link = (typeof links)[number][0];

/** Values and derivatives of `z = outer(u)`, `u = inner(x)`. */
export interface Chain {
  readonly x: number;
  readonly u: number;
  readonly z: number;
  readonly dudx: number;
  readonly dzdu: number;
  /** Derivative of z with respect to x, which the library computes for the composed function. */
  readonly dzdx: number;
}

const number = (value: number): Tensor => tensor(value, { dtype: "float64" });

function functionOf(link: Link): (v: Tensor) => Tensor {
  const { evaluate } = compileText(link, { names: ["v"] });
  return (v) => evaluate([v]);
}

/** The largest absolute value of u and z for x from -2 to 2, but at most 8. */
export function reachOf(inner: Link, outer: Link): number {
  const [g, f] = [functionOf(inner), functionOf(outer)];
  const values = [-2, -1, 0, 1, 2].flatMap((x) => {
    const u = g(number(x));
    return [x, u.item(), f(u).item()];
  });
  return Math.min(8, Math.max(...values.map(Math.abs)));
}

/** Computes the values of a chain of two functions at x, and all derivatives between them. */
export function chainOf(inner: Link, outer: Link, x: number): Chain {
  const [g, f] = [functionOf(inner), functionOf(outer)];
  const u = g(number(x)).item();
  const slope = (of: (v: Tensor) => Tensor, at: number): number => grad(of)(number(at)).item();
  return {
    x,
    u,
    z: f(number(u)).item(),
    dudx: slope(g, x),
    dzdu: slope(f, u),
    dzdx: slope((v) => f(g(v)), x),
  };
}
