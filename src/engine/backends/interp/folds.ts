import { binaryFunction, type BinaryScalarFunction } from "../../kernel/operations.ts";
import type { Contract, Dim } from "../../kernel/scalar.ts";
import { contractBlock } from "../../kernel/scalar.ts";
import type { BufferBinding, InterpreterStep } from "./memory.ts";
import { elementAt, setElement } from "./memory.ts";
import type { Observers } from "./observers.ts";

/** Numbers of the registers that hold the bounds, index, start, value, lanes and result of a fold. */
interface FoldRegisters {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly value: number;
  readonly lanes: readonly number[];
  readonly out: number;
}

/**
 * Returns a step that runs a `reduce`. `body` computes the value for the index, which is in a register, and leaves it
 * in another one.
 */
export function foldStep(
  combine: BinaryScalarFunction,
  at: FoldRegisters,
  body: InterpreterStep,
): InterpreterStep {
  const { index, from, to, start, value, lanes, out } = at;
  const n = lanes.length;
  return (r) => {
    const [first, end] = [r[from]!, r[to]!];
    for (const lane of lanes) r[lane] = r[start]!;
    for (let i = first; i < end; i++) {
      r[index] = i;
      body(r);
      const lane = lanes[(i - first) % n]!;
      r[lane] = combine(r[lane]!, r[value]!);
    }
    for (let half = n / 2; half >= 1; half /= 2)
      for (let j = 0; j < half; j++) r[lanes[j]!] = combine(r[lanes[j]!]!, r[lanes[j + half]!]!);
    r[out] = r[lanes[0]!]!;
  };
}

/** Operands of a contraction, and the registers that hold their offsets. */
interface ContractBuffers {
  readonly out: BufferBinding;
  readonly left: BufferBinding;
  readonly right: BufferBinding;
  readonly begin: { readonly out: number; readonly left: number; readonly right: number };
}

type Visit = (out: number, left: number, right: number) => void;

/**
 * Returns a step that runs a `contract`. Earlier steps write the current sizes and strides into `dims`, because they
 * may differ in each run.
 */
export function contractStep(
  { type, accumulate }: Contract,
  dims: readonly Dim<number>[],
  { out, left, right, begin }: ContractBuffers,
  { counts, races }: Observers,
): InterpreterStep {
  const [add, mul] = [binaryFunction("add", type), binaryFunction("mul", type)];
  let [total, sum, count] = [0, 0, 0];
  const flush = (): void => {
    total = add(total, sum);
    sum = count = 0;
  };
  const product: Visit = (_, l, r) => {
    if (counts) {
      counts.loads += 2;
      counts.flops += 2;
    }
    races?.access(left, l, false);
    races?.access(right, r, false);
    sum = add(mul(elementAt(left, l), elementAt(right, r)), sum);
    if (++count === contractBlock) flush();
  };
  const sums = visitIndices(
    dims.filter((dim) => dim.role === "sum"),
    product,
  );
  const results = visitIndices(
    dims.filter((dim) => dim.role !== "sum"),
    (o, l, r) => {
      total = accumulate ? elementAt(out, o) : 0;
      sums(o, l, r);
      flush();
      if (counts) counts.stores++;
      races?.access(out, o, true);
      setElement(out, o, total);
    },
  );
  return (r) => results(r[begin.out]!, r[begin.left]!, r[begin.right]!);
}

/**
 * Returns a visitor that calls `visit` with the operand offsets for all indices along dims. The last dim varies
 * fastest.
 */
function visitIndices(dims: readonly Dim<number>[], visit: Visit): Visit {
  return dims.reduceRight<Visit>(
    (inner, dim) => (o, l, r) => {
      const { size, out, left, right } = dim;
      for (let i = 0; i < size; i++) inner(o + i * out, l + i * left, r + i * right);
    },
    visit,
  );
}
