import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import type { MatrixEntries, NonlinearProgram, PrimalDual } from "./nonlinear-program.ts";

/**
 * A constrained problem in vectors: objective f(x), rows r(x), which are all constrained values, and derivatives with
 * respect to all parameters.
 */
export interface RowProgram {
  readonly values: (x: Float64Array) => { readonly value: number; readonly rows: Float64Array };
  readonly gradient: (x: Float64Array) => Float64Array;
  readonly jacobian: (x: Float64Array) => MatrixEntries;
  readonly hessian: (x: Float64Array, weight: number, y: Float64Array) => MatrixEntries;
}

/** Factors of the objective and of each row in the scaled problem. */
export interface Scaling {
  readonly objective: number;
  readonly rows: Float64Array;
}

/**
 * A problem with limits on rows as a nonlinear program. Parameters with equal bounds are constants. Rows with equal limits
 * are equations. Each other row gets a slack variable within its limits, with the equation r(x) − s = 0.
 */
export interface SlackForm extends NonlinearProgram {
  /** Indices of the parameters that are variables of the program. The slack variables follow them. */
  readonly free: Int32Array;
  /** Indices of the rows with a limit, one per equation of the program. */
  readonly rows: Int32Array;
  /** For each equation, the index of its slack variable; −1 for rows with equal limits. */
  readonly slackOf: Int32Array;
  /** Returns all parameters, also the constant ones, at a point v of the program. */
  readonly parameters: (v: Float64Array) => Float64Array;
  /** Returns the point of the program for these parameters and rows. Slacks are the rows, clipped to their limits. */
  readonly variables: (x: Float64Array, rows: Float64Array) => Float64Array;
  /** Largest unscaled violation of a limit, given the residuals at v. */
  readonly violation: (v: Float64Array, residuals: Float64Array) => number;
}

/** Builds the slack form of a problem. `fixed` has the values of the constant parameters. */
export function slackForm(
  program: RowProgram,
  fixed: Float64Array,
  box: BoxBounds,
  limits: BoxBounds,
  scaling: Scaling,
): SlackForm {
  const free = Int32Array.from([...fixed.keys()].filter((i) => box.low[i]! < box.high[i]!));
  const rows = Int32Array.from(
    [...limits.low.keys()].filter((j) => limits.low[j] !== -Infinity || limits.high[j] !== Infinity),
  );
  const slackRows = rows.filter((j) => limits.low[j] !== limits.high[j]);
  const slackOf = new Int32Array(rows.length).fill(-1);
  let next = free.length;
  rows.forEach((j, e) => {
    if (limits.low[j] !== limits.high[j]) slackOf[e] = next++;
  });
  const boundsOf = (of: Float64Array, ofRows: Float64Array): Float64Array =>
    Float64Array.from([
      ...Array.from(free, (i) => of[i]!),
      ...Array.from(slackRows, (j) => ofRows[j]! * scaling.rows[j]!),
    ]);
  const low = boundsOf(box.low, limits.low);
  const high = boundsOf(box.high, limits.high);
  const parameters = (v: Float64Array): Float64Array => {
    const x = fixed.slice();
    for (let k = 0; k < free.length; k++) x[free[k]!] = v[k]!;
    return x;
  };
  const residualsOf = (v: Float64Array, all: Float64Array): Float64Array => {
    const out = new Float64Array(rows.length);
    for (let e = 0; e < rows.length; e++) {
      const j = rows[e]!;
      const factor = scaling.rows[j]!;
      out[e] = slackOf[e]! < 0 ? factor * (all[j]! - limits.low[j]!) : factor * all[j]! - v[slackOf[e]!]!;
    }
    return out;
  };
  const ofHessian = restrictHessian(free, low.length);
  const ofJacobian = restrictJacobian(free, rows, slackOf, fixed.length, low.length, scaling.rows);
  return {
    low,
    high,
    equations: rows.length,
    free,
    rows,
    slackOf,
    parameters,
    values(v) {
      const { value, rows: all } = program.values(parameters(v));
      return { value: scaling.objective * value, residuals: residualsOf(v, all) };
    },
    gradient(v) {
      const all = program.gradient(parameters(v));
      const out = new Float64Array(low.length);
      for (let k = 0; k < free.length; k++) out[k] = scaling.objective * all[free[k]!]!;
      return out;
    },
    jacobian: (v) => ofJacobian(program.jacobian(parameters(v))),
    hessian(v, weight, y) {
      const all = new Float64Array(scaling.rows.length);
      for (let e = 0; e < rows.length; e++) all[rows[e]!] = y[e]! * scaling.rows[rows[e]!]!;
      return ofHessian(program.hessian(parameters(v), weight * scaling.objective, all));
    },
    variables(x, all) {
      const v = new Float64Array(low.length);
      for (let k = 0; k < free.length; k++) v[k] = x[free[k]!]!;
      for (let e = 0; e < rows.length; e++) {
        const s = slackOf[e]!;
        if (s >= 0) v[s] = Math.min(Math.max(scaling.rows[rows[e]!]! * all[rows[e]!]!, low[s]!), high[s]!);
      }
      return v;
    },
    violation(v, residuals) {
      let most = 0;
      for (let e = 0; e < rows.length; e++) {
        const s = slackOf[e]!;
        const factor = scaling.rows[rows[e]!]!;
        const row = s < 0 ? 0 : residuals[e]! + v[s]!;
        const excess = s < 0 ? Math.abs(residuals[e]!) : Math.max(low[s]! - row, row - high[s]!);
        if (!(excess / factor <= most)) most = excess / factor;
      }
      return most;
    },
  };
}

/**
 * Converts multipliers from the scaling `from` to the unscaled `form`, which has the same variables. Of the multipliers
 * of a variable's two bounds, at most one stays above 0.
 */
export function rescaleMultipliers(
  form: SlackForm,
  { y, low, high }: PrimalDual,
  from: Scaling,
  x: Float64Array,
): PrimalDual {
  const all = y.map((value, e) => (value * from.rows[form.rows[e]!]!) / from.objective);
  const [a, b] = [new Float64Array(low.length), new Float64Array(low.length)];
  for (let k = 0; k < form.free.length; k++) {
    const net = (high[k]! - low[k]!) / from.objective;
    a[k] = Math.max(-net, 0);
    b[k] = Math.max(net, 0);
  }
  for (let e = 0; e < all.length; e++) {
    const s = form.slackOf[e]!;
    if (s < 0) continue;
    a[s] = Math.max(-all[e]!, 0);
    b[s] = Math.max(all[e]!, 0);
  }
  return { x, y: all, low: a, high: b };
}

/**
 * Returns a function that keeps the rows and columns of free parameters of a Hessian, and adds empty ones for slacks.
 */
function restrictHessian(free: Int32Array, size: number): (all: MatrixEntries) => MatrixEntries {
  let known: { readonly from: SparsePattern; readonly to: SparsePattern; readonly entries: Int32Array } | undefined; // prettier-ignore
  return ({ pattern, values }) => {
    if (known?.from !== pattern) {
      const variableOf = positionsOf(free, pattern.shape[0]);
      const pointers = new Int32Array(size + 1);
      const [columns, entries] = [new Int32Array(pattern.nnz), new Int32Array(pattern.nnz)];
      let next = 0;
      for (let k = 0; k < size; k++) {
        const i = free[k];
        if (i !== undefined)
          for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++) {
            const column = variableOf[pattern.columns[p]!]!;
            if (column < 0) continue;
            columns[next] = column;
            entries[next++] = p;
          }
        pointers[k + 1] = next;
      }
      const to = SparsePattern.fromChecked([size, size], pointers, columns.slice(0, next));
      known = { from: pattern, to, entries: entries.slice(0, next) };
    }
    return { pattern: known.to, values: gather(values, known.entries) };
  };
}

/**
 * Returns a function that keeps the columns of free parameters and the rows with a limit of a Jacobian, scales the
 * rows, and adds the columns of slacks.
 */
function restrictJacobian(
  free: Int32Array,
  rows: Int32Array,
  slackOf: Int32Array,
  parameters: number,
  size: number,
  factors: Float64Array,
): (all: MatrixEntries) => MatrixEntries {
  let known: { readonly from: SparsePattern; readonly to: SparsePattern; readonly entries: Int32Array } | undefined; // prettier-ignore
  return ({ pattern, values }) => {
    if (known?.from !== pattern) {
      const variableOf = positionsOf(free, parameters);
      const pointers = new Int32Array(rows.length + 1);
      const columns = new Int32Array(pattern.nnz + rows.length);
      const entries = new Int32Array(pattern.nnz + rows.length);
      let next = 0;
      for (let e = 0; e < rows.length; e++) {
        const j = rows[e]!;
        for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++) {
          const column = variableOf[pattern.columns[p]!]!;
          if (column < 0) continue;
          columns[next] = column;
          entries[next++] = p;
        }
        if (slackOf[e]! >= 0) {
          columns[next] = slackOf[e]!;
          entries[next++] = -1;
        }
        pointers[e + 1] = next;
      }
      const to = SparsePattern.fromChecked([rows.length, size], pointers, columns.slice(0, next));
      known = { from: pattern, to, entries: entries.slice(0, next) };
    }
    const { to, entries } = known;
    const out = new Float64Array(entries.length);
    for (let e = 0; e < rows.length; e++) {
      const factor = factors[rows[e]!]!;
      for (let q = to.rowPointers[e]!; q < to.rowPointers[e + 1]!; q++)
        out[q] = entries[q]! < 0 ? -1 : factor * values[entries[q]!]!;
    }
    return { pattern: to, values: out };
  };
}

/** Position of each index in a list of indices; −1 if the list does not contain it. */
function positionsOf(list: Int32Array, count: number): Int32Array {
  const out = new Int32Array(count).fill(-1);
  list.forEach((i, k) => (out[i] = k));
  return out;
}

function gather(values: Float64Array, entries: Int32Array): Float64Array {
  const out = new Float64Array(entries.length);
  for (let q = 0; q < out.length; q++) out[q] = values[entries[q]!]!;
  return out;
}
