import type { Tensor } from "../../ir/tensor.ts";
import { div, mul } from "../../prims/arithmetic.ts";
import { full, zeros } from "../../prims/linear.ts";
import { concatenate } from "../../prims/pieces.ts";
import { reshape, spread } from "../../prims/shape.ts";
import { withTrace } from "../../trace/bind.ts";
import { taylorTools } from "./programs.ts";
import { coefficient, PowerSeries } from "./series.ts";
import { TaylorTrace } from "./trace.ts";

/**
 * Power series of the solution of `dy/dt = f(y, t)` through y at t: the normalised coefficients `y⁽ᵏ⁾ unitᵏ / k!` for
 * k = 0 to `order`, along a new leading axis. They belong to the time in multiples of the scalar `unit`, which keeps them
 * in the range of float64.
 *
 * The coefficient of order k + 1 of y follows from that of order k of f, so f runs once. The cost is that of `taylor`.
 *
 * @see Jorba, Zou, A software package for the numerical integration of ODEs by means of high-order Taylor methods,
 * Experimental Mathematics 14, 2005.
 */
export function flowSeries(
  f: (y: Tensor, t: Tensor) => Tensor,
  order: number,
  y: Tensor,
  t: Tensor,
  unit: Tensor,
): Tensor {
  return withTrace(
    "solution",
    (level) => new TaylorTrace(level, order, taylorTools),
    (trace) => {
      // the series of y reads that of its slope, which exists after f has run
      let slope = y;
      const solution = new PowerSeries(y, Infinity, (k) => {
        const rate = coefficient(trace, slope, k - 1);
        const factor = k === 1 ? unit : div(unit, full(unit.type, k));
        return rate && mul(rate, spread(factor, y.shape));
      });
      const time = new PowerSeries(t, 2, (k) => (k === 1 ? unit : undefined));
      const [result, values] = trace.onDemand(() => f(trace.wrap(solution), trace.wrap(time)));
      slope = result;
      const layers = Array.from({ length: order + 1 }, (_, k) => {
        // in the order of the operations of f, so that the recursion stays shallow
        if (k < order) for (const value of values) value.at(k);
        return solution.at(k) ?? zeros(y.type);
      });
      return concatenate(layers.map((c) => reshape(c, [1, ...y.shape])), 0); // prettier-ignore
    },
  );
}
