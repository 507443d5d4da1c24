import type { Tensor } from "downhill";
import { jvp, sin, tensor, vjp } from "downhill";
import type { Operation, Sample } from "downhill/testing";
import { jsBackend } from "../../src/engine/backends/js/index.ts";
import { readElements } from "../../src/engine/ir/elements.ts";
import { isFloating } from "../../src/engine/ir/types.ts";
import { asTensor } from "../../src/engine/prims/lift.ts";
import { wholeProgram } from "../../src/engine/sparsity/moves.ts";
import { makePatternFinder } from "../../src/engine/sparsity/pattern.ts";
import { traceProgram } from "../../src/engine/trace/staging.ts";
import { sizeOf } from "../../src/engine/util/shape.ts";

/** Number of patterns compared with dense derivatives, and how many of them have no further entry. */
export interface PatternCounts {
  compared: number;
  exact: number;
}

type OfList = (xs: readonly Tensor[]) => readonly Tensor[];

/**
 * Compares the patterns of an operation and of its gradient with their dense derivatives at a sample.
 *
 * @throws Error that names an entry which the pattern lacks.
 */
export function checkPatterns(
  name: string,
  op: Operation,
  { ins }: Sample,
  counts: PatternCounts = { compared: 0, exact: 0 },
): void {
  const xs = ins.map((x) => asTensor(x, name));
  const isActive = xs.map((x) => isFloating(x.dtype));
  const floats = xs.filter((_, i) => isActive[i]);
  const f: OfList = (ys) => {
    let next = 0;
    const out = op(...xs.map((x, i) => (isActive[i] === true ? ys[next++]! : x)));
    return (Array.isArray(out) ? (out as readonly Tensor[]) : [out as Tensor]).filter((y) => isFloating(y.dtype)); // prettier-ignore
  };
  if (floats.length === 0 || f(floats).length === 0) return;
  const zeros = floats.map((x) =>
    tensor(new Float64Array(sizeOf(x.shape)), { dtype: x.dtype, shape: x.shape }),
  );
  if (!isPossible(() => jvp((...ys: Tensor[]) => f(ys) as never, [...floats], zeros))) return;
  compare(name, f, floats, counts);
  const gradient: OfList = (ys) => {
    const total = (...zs: Tensor[]): Tensor[] => f(zs).map((out) => sin(out).sum());
    const [sums, pull] = vjp(total as never, ...(ys as never[])) as unknown as [Tensor[], (cts: unknown) => Tensor | Tensor[]]; // prettier-ignore
    const cts = sums.map((sum) => tensor(1, { dtype: sum.dtype }));
    return [pull(cts)].flat();
  };
  if (isPossible(() => gradient(floats))) compare(`the gradient of ${name}`, gradient, floats, counts);
}

/** False for an operation without this derivative. */
function isPossible(derivative: () => unknown): boolean {
  try {
    derivative();
    return true;
  } catch {
    return false;
  }
}

function compare(name: string, f: OfList, xs: readonly Tensor[], counts: PatternCounts): void {
  const { program, captured } = traceProgram(name, xs.map((x) => x.type), (...ys) => f(ys)); // prettier-ignore
  const active = program.ins.map((_, i) => i >= captured.length);
  const finder = makePatternFinder(name, wholeProgram(program, active), active, (routine) =>
    jsBackend.compile(routine),
  );
  const all = [...captured, ...xs];
  const { pattern } = finder.find((i) => {
    const elements = readElements(all[i]!, name);
    return all[i]!.shape.length === 0 ? elements[0]! : elements;
  });
  const { rows, columns, rowPointers, columnIndices } = pattern;
  const has = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) has[i * columns + columnIndices[p]!] = 1;
  const isMove = program.eqns.every(({ prim }) => prim.moves === true);
  if (isMove && rowPointers.some((start, i) => i > 0 && start - rowPointers[i - 1]! > 1))
    throw new Error(`${name}: moves elements, but a row of its pattern has several entries`);
  let found = 0;
  let column = 0;
  xs.forEach((x, k) => {
    for (let j = 0; j < sizeOf(x.shape); j++, column++) {
      const tangents = xs.map((y, l) => {
        const numbers = new Float64Array(sizeOf(y.shape));
        if (l === k) numbers[j] = 1;
        return tensor(numbers, { dtype: y.dtype, shape: y.shape });
      });
      const outs = jvp((...ys: Tensor[]) => f(ys) as never, xs as Tensor[], tangents)[1] as unknown as Tensor[]; // prettier-ignore
      const numbers = outs.flatMap((out) => Array.from(readElements(out, name)));
      numbers.forEach((value, i) => {
        if (value === 0 || Number.isNaN(value)) return;
        found++;
        if (isMove && value !== 1)
          throw new Error(`${name}: moves elements, but has the derivative ${value}`);
        if (has[i * columns + column] !== 1)
          throw new Error(`${name}: the pattern lacks the entry (${i}, ${column}), whose value is ${value}`);
      });
    }
  });
  counts.compared++;
  if (found === columnIndices.length) counts.exact++;
}
