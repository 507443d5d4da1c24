import { full, tensor } from "../../array/create.ts";
import { astype, mul } from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { at } from "../../array/at.ts";
import { stack, transpose } from "../../array/shape.ts";
import { expandTo } from "../../array/promote.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { hessian, jacfwd, jvp } from "../../../engine/transforms/index.ts";
import { type ColumnMatrix, columnsOf } from "../minimize/qr.ts";
import { type RobustLoss, robustResiduals } from "../minimize/robust.ts";

/** Columns of data, each a vector with `count` elements. */
export interface DataColumns {
  readonly count: number;
  readonly columns: readonly Tensor[];
}

/** A curve as a function of a parameter vector and the columns of data. */
export interface CurveModel {
  /** Number of parameters. */
  readonly size: number;
  /** The curve over tensors, traceable: one value per row. */
  readonly curve: (theta: Tensor, rows: DataColumns) => Tensor;
  /**
   * Values of the curve at each row. The result is cached until other arguments are passed, so it is read-only; this
   * also holds for the derivatives.
   */
  readonly values: (theta: Float64Array, rows: DataColumns) => Float64Array;
  /** Derivative of each value with respect to each parameter, one column per parameter. */
  readonly slopes: (theta: Float64Array, rows: DataColumns) => ColumnMatrix;
  /** Hessian of `Σ weights · values` with respect to the parameters, in row-major order. */
  readonly bend: (theta: Float64Array, rows: DataColumns, weights: Tensor) => Float64Array;
  /** Second derivative of each value along a direction v in parameter space. */
  readonly curvature: (theta: Float64Array, rows: DataColumns, v: Float64Array) => Float64Array;
  /** Residuals transformed so that the sum of their squares is the robust loss, with their first two derivatives. */
  readonly robust: (
    loss: RobustLoss,
    scale: number,
    r: Float64Array,
  ) => { readonly values: Float64Array; readonly slopes: Float64Array; readonly bends: Float64Array };
  /**
   * Returns a function for values of the curve and their derivatives with respect to the chosen parameters only, one
   * column per parameter.
   */
  readonly partial: (
    chosen: readonly number[],
  ) => (theta: Float64Array, rows: DataColumns) => { values: Float64Array; columns: ColumnMatrix };
  /** Derivative of each value with respect to the element of data column `d` in the same row. */
  readonly along: (theta: Float64Array, rows: DataColumns, d: number) => Float64Array;
  /**
   * Derivatives of the curve with respect to parameter `i`, one per row (`values`), and second derivatives. `along`
   * differentiates `values` with respect to the element of data column `d` in the same row. `columns` differentiates
   * `values` with respect to each chosen parameter.
   */
  readonly partOf: (
    theta: Float64Array,
    rows: DataColumns,
    i: number,
    d: number,
    chosen: readonly number[],
  ) => { readonly values: Float64Array; readonly along: Float64Array; readonly columns: ColumnMatrix };
}

/**
 * Builds the model of the curve that `f` computes from the data columns and parameters. `operation` names the caller in
 * error messages.
 */
export function curveModel(
  operation: string,
  size: number,
  f: (columns: readonly Tensor[], theta: readonly Tensor[]) => unknown,
  compiled: boolean,
): CurveModel {
  const curve = (theta: Tensor, rows: DataColumns): Tensor => {
    const out = f(
      rows.columns,
      Array.from({ length: size }, (_, i) => at(theta, i)),
    );
    return oneValueARow(operation, out, rows.count);
  };
  type OnRows = (theta: Tensor, ...columns: Tensor[]) => Tensor[];
  const prepare = (run: OnRows): OnRows => (compiled ? jit(run) : run);
  // results of compiled functions have no other users
  const read = (x: Tensor): Float64Array => x.data({ donate: compiled }) as Float64Array;
  const rowsOf = (columns: readonly Tensor[]): DataColumns => ({ count: columns[0]!.shape[0]!, columns });
  // a search needs derivatives at the point where it has just computed values
  const both = prepare((theta, ...columns) => {
    const model = (p: Tensor): Tensor => curve(p, rowsOf(columns));
    return [model(theta), transpose(jacfwd(model)(theta))];
  });
  let last:
    { theta: Float64Array; rows: DataColumns; values: Float64Array; slopes: ColumnMatrix } | undefined;
  const evaluate = (theta: Float64Array, rows: DataColumns): NonNullable<typeof last> => {
    if (last?.rows === rows && last.theta.every((p, i) => Object.is(p, theta[i]))) return last;
    const [values, jacobian] = both(tensor(theta), ...rows.columns).map(read);
    last = { theta: theta.slice(), rows, values: values!, slopes: columnsOf(jacobian!, size) };
    return last;
  };
  const bent = prepare((theta, weights, ...columns) => [
    hessian((p: Tensor) => sum(mul(curve(p, rowsOf(columns)), weights)))(theta),
  ]);
  const accelerated = prepare((theta, v, ...columns) => {
    const along = (p: Tensor): Tensor => jvp((q: Tensor) => curve(q, rowsOf(columns)), [p], [v])[1];
    return [jvp(along, [theta], [v])[1]];
  });
  const partials = new Map<string, OnRows>();
  const losses = new Map<RobustLoss, OnRows>();
  return {
    size,
    curve,
    values: (theta, rows) => evaluate(theta, rows).values,
    slopes: (theta, rows) => evaluate(theta, rows).slopes,
    bend: (theta, rows, weights) => read(bent(tensor(theta), weights, ...rows.columns)[0]!),
    curvature: (theta, rows, v) => read(accelerated(tensor(theta), tensor(v), ...rows.columns)[0]!),
    robust(loss, scale, r) {
      const run =
        losses.get(loss) ??
        prepare((x, s) => {
          const ones = full(x.shape, 1);
          const first = (given: Tensor): [Tensor, Tensor] =>
            jvp((t: Tensor) => robustResiduals[loss](t, s), [given], [ones]);
          const [[values, slopes], [, bends]] = jvp(first, [x], [ones]);
          return [values, slopes, bends];
        });
      losses.set(loss, run);
      const [values, slopes, bends] = run(tensor(r), tensor(scale)).map(read);
      return { values: values!, slopes: slopes!, bends: bends! };
    },
    partial(chosen) {
      const make = (): OnRows =>
        prepare((theta, ...columns) => {
          const within = (part: Tensor): Tensor => {
            const all = Array.from({ length: size }, (_, i) => {
              const place = chosen.indexOf(i);
              return place < 0 ? at(theta, i) : at(part, place);
            });
            return curve(stack(all), rowsOf(columns));
          };
          if (chosen.length === 0) return [curve(theta, rowsOf(columns))];
          const part = stack(chosen.map((i) => at(theta, i)));
          return [curve(theta, rowsOf(columns)), transpose(jacfwd(within)(part))];
        });
      const name = chosen.join();
      const run = partials.get(name) ?? make();
      partials.set(name, run);
      return (theta, rows) => {
        const [values, jacobian] = run(tensor(theta), ...rows.columns).map(read);
        return {
          values: values!,
          columns: jacobian === undefined ? [] : columnsOf(jacobian, chosen.length),
        };
      };
    },
    along(theta, rows, d) {
      const moved = (column: Tensor): Tensor =>
        curve(tensor(theta), { ...rows, columns: rows.columns.with(d, column) });
      const ones = tensor(new Float64Array(rows.count).fill(1));
      return numbers(jvp(moved, [rows.columns[d]!], [ones])[1]);
    },
    partOf: partOfCurve(curve),
  };
}

/** `CurveModel.partOf` for a traced curve. It is not compiled, because it is called only a few times. */
function partOfCurve(curve: CurveModel["curve"]): CurveModel["partOf"] {
  return (theta, rows, i, d, chosen) => {
    const unit = (j: number): Tensor => tensor(theta.map((_, k) => (k === j ? 1 : 0)));
    const slope = (p: Tensor, column: Tensor): Tensor =>
      jvp((q: Tensor) => curve(q, { ...rows, columns: rows.columns.with(d, column) }), [p], [unit(i)])[1];
    const [x, here] = [rows.columns[d]!, tensor(theta)];
    const ones = tensor(new Float64Array(rows.count).fill(1));
    const [values, along] = jvp((column: Tensor) => slope(here, column), [x], [ones]);
    return {
      values: numbers(values),
      along: numbers(along),
      columns: chosen.map((j) => numbers(jvp((p: Tensor) => slope(p, x), [here], [unit(j)])[1])),
    };
  };
}

/** Returns the `chosen` rows of the columns, in this order. */
export function takeRows({ columns }: DataColumns, chosen: readonly number[]): DataColumns {
  return {
    count: chosen.length,
    columns: columns.map((column) => {
      const all = column.data();
      return tensor(Float64Array.from(chosen, (row) => all[row]!));
    }),
  };
}

/** The elements of a tensor of float64, copied. */
export function numbers(x: Tensor): Float64Array {
  return x.data() as Float64Array;
}

function oneValueARow(operation: string, out: unknown, count: number): Tensor {
  if (out instanceof Tensor) {
    if (out.ndim === 1 && out.shape[0] === count) return astype(out, "float64");
    if (out.ndim === 0) return expandTo(astype(out, "float64"), [count]);
  }
  const what = out instanceof Tensor ? showType(out.type) : typeof out;
  throw new DownhillError(
    "shape",
    `${operation}: the model returned ${what} for ${count} rows. It must return one value per row, f64[${count}].`,
  );
}
