import {
  add,
  astype,
  greater,
  less,
  logicalAnd,
  maximum,
  minimum,
  mul,
  sub,
  where,
} from "../../array/elementwise.ts";
import { arange, eye, full, tensor, zeros } from "../../array/create.ts";
import { sum } from "../../array/reduce.ts";
import { setAt } from "../../array/set-at.ts";
import { reshape, slice, take } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/ir/types.ts";
import { jvp, vjp, vmap } from "../../../engine/transforms/index.ts";
import {
  checkpoint,
  cond,
  customJvp,
  linearCall,
  scan,
  whileLoop,
} from "../../../engine/transforms/structured.ts";
import { sizeOf } from "../../../engine/util/shape.ts";

type Leaves = readonly Tensor[];

/** State and result of a loop step. All values of the state are floating. */
export interface LoopStep {
  readonly carry: Leaves;
  readonly ys: Leaves;
}

/**
 * Loop over the first `count` items of `xs`, which are constants. `data` are further arguments of the steps; the
 * floating ones have derivatives.
 */
export interface BinomialLoop {
  readonly step: (carry: Leaves, x: Leaves, data: Leaves) => LoopStep;
  /** Reverse mode of one step: cotangents of the carry and of the floating data. Default: that of `step`. */
  readonly reverseStep?: ReverseStep | undefined;
  /** True to compute reverse mode by forward passes, one per element of the carry and of the data. */
  readonly isForward?: boolean | undefined;
  readonly carry: Leaves;
  readonly xs: Leaves;
  readonly data: Leaves;
  /** Rows of the ys that belong to no step. */
  readonly unused: Leaves;
  /** Number of steps, a scalar of dtype int32. */
  readonly count: Tensor;
  /** The table of `binomials`. Its number of rows determines the number of stored states. */
  readonly table: Tensor;
}

/** Cotangents of the carry before a step and of the floating data, given those of the carry after it and of its ys. */
export type ReverseStep = (
  carry: Leaves,
  x: Leaves,
  data: Leaves,
  cts: LoopStep,
) => { readonly carry: Leaves; readonly data: Leaves };

/** Largest int32. */
const most = 2 ** 31 - 1;

/**
 * Binomial coefficients C(s + r, r): rows s from 0 to `slots`, columns r up to the number of repetitions that `count`
 * steps need. C(s + r, r) is the maximum number of steps that can be reversed from s stored states if no step is
 * evaluated more than r times.
 */
export function binomials(slots: number, count: number): number[][] {
  let repetitions = 1;
  for (let c = slots + 1; c < count; c = (c * (slots + repetitions)) / repetitions) repetitions++;
  return Array.from({ length: slots + 1 }, (_, s) => {
    const row = [1];
    for (let r = 1; r <= repetitions; r++) row.push(Math.min(most, Math.round((row[r - 1]! * (s + r)) / r)));
    return row;
  });
}

/**
 * Number of steps from a stored state to the next one to store. It minimises the number of repeated steps, if `steps` are
 * to be reversed and `slots` states can be stored, including the one at the start.
 *
 * @see Griewank, Walther, Algorithm 799: Revolve, ACM Transactions on Mathematical Software 26, 2000.
 */
function splitOf(table: Tensor, steps: Tensor, slots: Tensor): Tensor {
  const row = take(table, slots);
  const repetitions = sum(astype(less(row, steps), "int32"));
  const left = where(less(repetitions, 2), 0, take(row, maximum(sub(repetitions, 2), 0)));
  const right = take(take(table, sub(slots, 1)), minimum(repetitions, row.shape[0]! - 1));
  return maximum(1, maximum(left, sub(steps, right)));
}

const one = (i: Tensor, by: number): Tensor => add(i, full([], by, { dtype: "int32" }));
const rowsAt = (all: Leaves, i: Tensor): Tensor[] => all.map((x) => take(x, i));
const integer = (value: number): Tensor => full([], value, { dtype: "int32" });
/** Buffers with `rows` rows for values like the given ones. */
const buffersFor = (values: Leaves, rows: number): Tensor[] =>
  values.map((x) => zeros([rows, ...x.shape], { dtype: x.dtype as "float64" }));

/** Splits a list into parts of the given lengths. */
function split(all: Leaves, ...lengths: readonly number[]): Leaves[] {
  let next = 0;
  return lengths.map((length) => all.slice(next, (next += length)));
}

/** A while loop over a list of tensors. */
function loop(test: (state: Leaves) => Tensor, body: (state: Leaves) => Leaves, init: Leaves): Leaves {
  return whileLoop(test as never, body as never, init as never) as unknown as Leaves;
}

/** The first pass: the last carry, the ys, and the stored states with their number and positions. */
interface FirstPass extends LoopStep {
  readonly snapshots: Leaves;
  readonly positions: Tensor;
  readonly top: Tensor;
}

export function firstPass({ step, carry, xs, data, unused, count, table }: BinomialLoop): FirstPass {
  const slots = table.shape[0]! - 1;
  const [n, m] = [carry.length, unused.length];
  const length = xs[0]!.shape[0]!;
  const states = buffersFor(carry, slots + 1).map((x, k) => setAt(x, carry[k]!, 0));
  const init = [
    integer(0),
    integer(0),
    full([slots + 1], 0, { dtype: "int32" }),
    ...carry,
    ...states,
    ...buffersFor(unused, length),
  ];
  const last = loop(
    ([at]) => less(at!, count),
    ([at, top, positions, ...rest]) => {
      const [now, snapshots, ys] = split(rest, n, n, m) as [Leaves, Leaves, Leaves];
      const left = sub(count, at!);
      const stores = logicalAnd(less(one(top!, 1), slots), greater(left, 1));
      const free = maximum(sub(slots, top!), 1);
      const to = add(at!, where(stores, splitOf(table, left, free), left));
      const moved = loop(
        ([i]) => less(i!, to),
        ([i, ...all]) => {
          const [from, known] = split(all, n, m) as [Leaves, Leaves];
          const next = step(from, rowsAt(xs, i!), data);
          return [one(i!, 1), ...next.carry, ...known.map((y, k) => setAt(y, next.ys[k]!, i!))];
        },
        [at!, ...now, ...ys],
      );
      const [reached, written] = split(moved.slice(1), n, m) as [Leaves, Leaves];
      const slot = one(top!, 1); // the last slot is only scratch memory
      const stored = snapshots.map((x, k) => setAt(x, reached[k]!, slot));
      return [to, where(stores, slot, top!), setAt(positions!, to, slot), ...reached, ...stored, ...written];
    },
    init,
  );
  const [end, snapshots, ys] = split(last.slice(3), n, n, m) as [Leaves, Leaves, Leaves];
  return { carry: end, ys, snapshots, positions: last[2]!, top: last[1]! };
}

/** Result of the backward pass: cotangents, and the number of repeated steps. */
export interface BackwardPass {
  readonly carry: Leaves;
  readonly data: Leaves;
  readonly repeated: Tensor;
}

/** Reverses the steps from the last one to the first one. States in between are recomputed from stored ones. */
export function backwardPass(
  problem: BinomialLoop,
  { snapshots, positions, top }: Pick<FirstPass, "snapshots" | "positions" | "top">,
  cts: LoopStep,
): BackwardPass {
  const { step, carry, xs, data, count, table } = problem;
  const reverseStep = problem.reverseStep ?? reverseOf(step);
  const slots = table.shape[0]! - 1;
  const n = carry.length;
  const active = data.filter((x) => isFloating(x.dtype));
  const last = loop(
    ([fine]) => greater(fine!, 0),
    ([fine, above, repeated, places, ...rest]) => {
      const [stored, back, gradients] = split(rest, n, n, active.length) as [Leaves, Leaves, Leaves];
      const end = one(fine!, -1);
      const [, slot, counted, known, ...states] = loop(
        ([at]) => less(at!, end),
        ([at, upper, already, where0, ...all]) => {
          const [now, states0] = split(all, n, n) as [Leaves, Leaves];
          const left = sub(fine!, at!);
          const free = sub(slots, upper!);
          const distance = where(less(1, free), splitOf(table, left, maximum(free, 1)), one(left, -1));
          const to = add(at!, distance);
          const reached = loop(
            ([i]) => less(i!, to),
            ([i, ...from]) => [one(i!, 1), ...step(from, rowsAt(xs, i!), data).carry],
            [at!, ...now],
          ).slice(1);
          const next = one(upper!, 1);
          return [
            to,
            next,
            add(already!, distance),
            setAt(where0!, to, next),
            ...reached,
            ...states0.map((x, k) => setAt(x, reached[k]!, next)),
          ];
        },
        [take(places!, above!), above!, repeated!, places!, ...rowsAt(stored, above!), ...stored],
      );
      const [now, kept] = split(states, n, n) as [Leaves, Leaves];
      const found = reverseStep(now, rowsAt(xs, end), data, { carry: back, ys: rowsAt(cts.ys, end) });
      const totals = gradients.map((x, k) => add(x, found.data[k]!));
      return [end, one(slot!, -1), counted!, known!, ...kept, ...found.carry, ...totals];
    },
    [count, top, integer(0), positions, ...snapshots, ...cts.carry, ...active.map((x) => mul(0, x))],
  );
  const [, back, gradients] = split(last.slice(4), n, n, active.length) as [Leaves, Leaves, Leaves];
  return { carry: back, data: gradients, repeated: last[2]! };
}

/** Replaces the floating ones of `data` by `moved`. */
function withActive(data: Leaves, moved: Leaves): Leaves {
  let next = 0;
  return data.map((x) => (isFloating(x.dtype) ? moved[next++]! : x));
}

/** A function of the carry and of the floating data, as lists. */
type LoopFunction = (...given: Tensor[]) => Tensor[];

function reverseOf(step: BinomialLoop["step"]): ReverseStep {
  return (carry, x, data, cts) => {
    const active = data.filter((own) => isFloating(own.dtype));
    const f: LoopFunction = (...given) => {
      const next = step(given.slice(0, carry.length), x, withActive(data, given.slice(carry.length)));
      return [...next.carry, ...next.ys];
    };
    const [, pullback] = vjp(f as never, ...([...carry, ...active] as never[])) as unknown as [unknown, (ct: Leaves) => Leaves]; // prettier-ignore
    const found = pullback([...cts.carry, ...cts.ys]);
    return { carry: found.slice(0, carry.length), data: found.slice(carry.length) };
  };
}

/** The loop as a scan, whose derivatives save the carry of every step. */
function plainLoop({ step, carry, xs, data, unused, count }: BinomialLoop): Tensor[] {
  // the values within a step are recomputed from its start
  const move = checkpoint((now: Leaves, x: Leaves, own: Leaves): Leaves[] => {
    const next = step(now, x, own);
    return [next.carry, [...next.ys, ...next.carry.slice(0, 1)]];
  });
  const [end, ys] = scan(
    (now: Leaves, [i, ...x]: Leaves): [Leaves, Leaves] =>
      cond(
        less(i!, count),
        () => move(now, x, data) as never,
        (): [Leaves, Leaves] => [now, [...unused, now[0]!]],
      ),
    carry,
    [arange(0, xs[0]!.shape[0], 1, { dtype: "int32" }), ...xs],
  );
  return [...end, ...ys.slice(0, unused.length)];
}

/**
 * Runs a loop whose reverse mode stores a bounded number of states, and recomputes the states between them from the
 * stored ones. The total number of repeated steps is minimal (binomial checkpoints). Differentiable in the carry and in
 * the data, in both modes. Derivatives of a reverse pass save the state of every step.
 */
export function binomialScan(problem: BinomialLoop): LoopStep {
  const { carry, xs, data, count, table, unused } = problem;
  const active = data.filter((x) => isFloating(x.dtype));
  const fixed = data.filter((x) => !isFloating(x.dtype));
  const [n, m, a] = [carry.length, unused.length, active.length];
  /** The problem for values of its operands in the order `operands`. */
  const problemOf = (given: Leaves): BinomialLoop => {
    const [c, own, items, rest] = split(given, n, a, xs.length, fixed.length + 2) as [Leaves, Leaves, Leaves, Leaves]; // prettier-ignore
    let [nextActive, nextFixed] = [0, 0];
    const all = data.map((x) => (isFloating(x.dtype) ? own[nextActive++]! : rest[nextFixed++]!));
    return { ...problem, carry: c, xs: items, data: all, count: rest.at(-2)!, table: rest.at(-1)! };
  };
  const operands = [...carry, ...active, ...xs, ...fixed, count, table];
  const inner = operands.length;
  /** The loop as a function of the carry and of the floating data. */
  const along =
    (given: Leaves): LoopFunction =>
    (...moved) =>
      plainLoop(problemOf([...moved, ...given.slice(n + a)]));
  const push = (given: Leaves, tangents: Leaves): Tensor[] =>
    jvp(along(given) as never, given.slice(0, n + a) as never, tangents as never)[1] as unknown as Tensor[];
  const plainPull = (given: Leaves, cts: Leaves): Tensor[] => {
    const [, pullback] = vjp(along(given) as never, ...(given.slice(0, n + a) as never[])) as unknown as [unknown, (ct: Leaves) => Tensor[]]; // prettier-ignore
    return pullback(cts);
  };
  const pull = customJvp(
    (...all: Leaves): Leaves => {
      const given = all.slice(0, inner);
      const [positions, top, ...rest] = all.slice(inner);
      const [snapshots, back, ys] = split(rest, n, n, m) as [Leaves, Leaves, Leaves];
      if (problem.isForward === true) return byColumns(push, given, given.slice(0, n + a), [...back, ...ys]);
      const found = backwardPass(problemOf(given), { snapshots, positions: positions!, top: top! }, { carry: back, ys }); // prettier-ignore
      return [...found.carry, ...found.data];
    },
    (all: Leaves, tangents: Leaves): [Leaves, Leaves] => {
      const [given, cts] = [all.slice(0, inner), all.slice(inner + 2 + n)];
      const [change, ctChange] = [tangents.slice(0, n + a), tangents.slice(inner + 2 + n)];
      const f = (...moved: Leaves): Tensor[] =>
        plainPull([...moved.slice(0, n + a), ...given.slice(n + a)], moved.slice(n + a));
      return jvp(f as never, [...given.slice(0, n + a), ...cts] as never, [...change, ...ctChange] as never) as unknown as [Leaves, Leaves]; // prettier-ignore
    },
  ) as unknown as (...all: Leaves) => Leaves;
  // derivatives of the first pass are those of its result; a reverse pass depends on the stored states only by their use
  const first = customJvp(
    (...given: Leaves): Leaves => {
      const { carry: end, ys, snapshots, positions, top } = firstPass(problemOf(given));
      return [...end, ...ys, positions, top, ...snapshots];
    },
    (given: Leaves, tangents: Leaves): [Leaves, Leaves] => {
      const found = first(...given);
      const change = push(given, tangents.slice(0, n + a));
      return [found, [...change, ...found.slice(n + m).map((x) => mul(0, x))]];
    },
  ) as unknown as (...given: Leaves) => Leaves;
  const whole = customJvp(
    (...given: Leaves): Leaves => plainLoop(problemOf(given)),
    (given: Leaves, tangents: Leaves): [Leaves, Leaves] => {
      const found = first(...given);
      const outs = found.slice(0, n + m);
      const change = linearCall(
        "steps",
        {
          outs: outs.map((x) => x.type),
          forward: (known, moved) => push(known.slice(0, inner), moved),
          transposed: (known, cts) => pull(...known, ...cts),
        },
        [...given, ...found.slice(n + m)],
        tangents.slice(0, n + a),
      );
      return [outs, change];
    },
  ) as unknown as (...given: Leaves) => Leaves;
  const outs = whole(...operands);
  return { carry: outs.slice(0, n), ys: outs.slice(n) };
}

/** Cotangents of operands by one forward pass per element of the operands, at the same time. */
function byColumns(
  push: (given: Leaves, tangents: Leaves) => Tensor[],
  given: Leaves,
  operands: Leaves,
  cts: Leaves,
): Tensor[] {
  const sizes = operands.map((x) => sizeOf(x.shape));
  const starts = sizes.map((_, k) => sizes.slice(0, k).reduce((total, size) => total + size, 0));
  const count = sizes.reduce((total, size) => total + size, 0);
  const part = (row: Tensor, k: number): Tensor =>
    reshape(slice(row, [starts[k]!, starts[k]! + sizes[k]!]), operands[k]!.shape);
  const products = vmap((row: Tensor) =>
    push(
      given,
      operands.map((_, k) => part(row, k)),
    )
      .map((change, k) => sum(mul(change, cts[k]!)))
      .reduce((total, x) => add(total, x)),
  )(eye(count, { dtype: "float64" }));
  return operands.map((_, k) => part(products, k));
}

/** The table of `binomials` as a tensor. */
export function binomialTable(slots: number, count: number): Tensor {
  return tensor(binomials(slots, count), { dtype: "int32" });
}
