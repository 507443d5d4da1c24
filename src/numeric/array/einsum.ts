import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import { promoteTypes } from "./promote.ts";

/** An operand with one label per axis. */
interface LabelledOperand {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Einstein summation: letters name the axes of the operands. Axes with the same letter share an index, and letters that
 * are missing in the result are summed over. Without `->` the result has the letters that occur once, in alphabetical
 * order. `...` stands for further axes, which are kept in front and broadcast like those of `matmul`.
 *
 * Operands are multiplied in pairs, each pair by one matrix product, in the order with the fewest scalar products. For
 * up to five operands this order is optimal; for more, the cheapest pair comes first. Among orders of equal cost, the
 * one from left to right is used.
 *
 * @throws DownhillError `syntax` for a formula that cannot be parsed, `shape` if axes of one letter differ in size.
 * @example
 * einsum("ij,jk->ik", [[1, 2]], [[3], [4]]).tolist(); // [[11]]
 * einsum("ii", [[1, 2], [3, 4]]).item();              // 5
 * einsum("i,j->ij", [1, 2], [1, 10]).tolist();        // [[1, 10], [2, 20]]
 */
export function einsum(formula: string, ...operands: readonly TensorLike[]): Tensor {
  if (typeof formula !== "string") throw unreadable(String(formula), "the first argument must be a string");
  const tensors = operands.map((x) => p.asTensor(x, "einsum"));
  const { inputs, output } = parse(formula, tensors);
  const sizes = new Map<string, number>();
  inputs.forEach((labels, i) =>
    labels.forEach((label, axis) => {
      const n = tensors[i]!.shape[axis]!;
      const known = sizes.get(label);
      if (isFurther(label) && n === 1 && known !== undefined) return; // it is broadcast
      if (known !== undefined && known !== n && !(isFurther(label) && known === 1)) {
        throw new DownhillError(
          "shape",
          `einsum: "${showLabel(label)}" of ${JSON.stringify(formula)} is ${known} and ${n} long (operand ${i} is ${showType(tensors[i]!.type)}).`,
        );
      }
      sizes.set(label, n);
    }),
  );
  const type = tensors.map((x) => x.type).reduce((a, b) => ({ ...a, ...promoteTypes(a, b) }));
  const items = tensors.map((x, i) => {
    const single = { x: p.convert(x, type.dtype, type.weak), labels: inputs[i]! };
    return diagonal(withoutAxes(single, (label, n) => isFurther(label) && n !== sizes.get(label)));
  });
  const sizeOfLabel = (label: string): number => sizes.get(label)!;
  let left = items;
  for (const [i, j] of pathOf(
    items.map(({ labels }) => labels),
    output,
    sizeOfLabel,
  )) {
    const others = left.filter((_, k) => k !== i && k !== j);
    const later = new Set([...output, ...others.flatMap(({ labels }) => labels)]);
    const [a, b] = [left[i]!, left[j]!];
    const joined = contract(
      sumOver(a, new Set([...later, ...b.labels])),
      sumOver(b, new Set([...later, ...a.labels])),
      later,
    );
    left = left.with(i, joined).toSpliced(j, 1);
  }
  const result = left[0]!;
  const { x, labels } = sumOver(result, new Set(output));
  return p.permute(
    x,
    output.map((label) => labels.indexOf(label)),
  );
}

/** Positions of two operands to be multiplied; the product replaces the first. */
type ContractionPair = readonly [first: number, second: number];

/** Largest number of operands for which every order is tried: five operands have 180 orders. */
const mostTried = 5;

/**
 * The pairs of operands to multiply, in order, for the fewest scalar products. While there are many operands, the
 * cheapest pair is taken without comparing all orders.
 */
function pathOf(
  operands: readonly (readonly string[])[],
  output: readonly string[],
  sizeOfLabel: (label: string) => number,
): readonly ContractionPair[] {
  /** The labels of the product of a pair, and the number of scalar products that it costs. */
  const multiplied = (
    left: readonly (readonly string[])[],
    [i, j]: ContractionPair,
  ): readonly [string[], number] => {
    const needed = new Set([...output, ...left.flatMap((labels, k) => (k === i || k === j ? [] : labels))]);
    const all = [...new Set([...left[i]!, ...left[j]!])];
    return [
      all.filter((label) => needed.has(label)),
      all.reduce((cost, label) => cost * sizeOfLabel(label), 1),
    ];
  };
  const after = (left: readonly (readonly string[])[], [i, j]: ContractionPair, labels: string[]) =>
    left.with(i, labels).toSpliced(j, 1);
  const best = (
    left: readonly (readonly string[])[],
  ): { readonly path: readonly ContractionPair[]; readonly cost: number } => {
    let found: { readonly path: readonly ContractionPair[]; readonly cost: number } | undefined;
    let cheapest:
      { readonly pair: ContractionPair; readonly labels: string[]; readonly cost: number } | undefined;
    for (const [i] of left.entries())
      for (const j of range(i + 1, left.length)) {
        const [labels, cost] = multiplied(left, [i, j]);
        if (left.length > mostTried) {
          if (cheapest === undefined || cost < cheapest.cost) cheapest = { pair: [i, j], labels, cost };
          continue;
        }
        const rest = best(after(left, [i, j], labels));
        if (found === undefined || cost + rest.cost < found.cost)
          found = { path: [[i, j], ...rest.path], cost: cost + rest.cost };
      }
    if (cheapest !== undefined) {
      const rest = best(after(left, cheapest.pair, cheapest.labels));
      return { path: [cheapest.pair, ...rest.path], cost: cheapest.cost + rest.cost };
    }
    return found ?? { path: [], cost: 0 };
  };
  return best(operands).path;
}

/** True for labels of the axes that `...` stands for; these labels are numbers. */
function isFurther(label: string): boolean {
  return /^\d/.test(label);
}

function showLabel(label: string): string {
  return isFurther(label) ? "..." : label;
}

/** An operand without those axes of size 1 that `isLeftOut` selects. A product broadcasts it along the missing axes. */
function withoutAxes(
  { x, labels }: LabelledOperand,
  isLeftOut: (label: string, n: number) => boolean,
): LabelledOperand {
  const kept = range(0, labels.length).filter((axis) => !isLeftOut(labels[axis]!, x.shape[axis]!));
  if (kept.length === labels.length) return { x, labels };
  return {
    x: p.reshape(
      x,
      kept.map((axis) => x.shape[axis]!),
    ),
    labels: kept.map((axis) => labels[axis]!),
  };
}

function unreadable(formula: string, why: string): DownhillError {
  return new DownhillError(
    "syntax",
    `einsum: cannot read ${JSON.stringify(formula)}: ${why}. Write a letter for each axis, as in "ij,jk->ik".`,
  );
}

function parse(
  formula: string,
  tensors: readonly Tensor[],
): { readonly inputs: readonly (readonly string[])[]; readonly output: readonly string[] } {
  const [left, right, ...more] = formula.replaceAll(/\s/g, "").split("->");
  if (more.length > 0) throw unreadable(formula, "it has more than one ->");
  const terms = left!.split(",");
  if (terms.length !== tensors.length)
    throw unreadable(formula, `it has ${terms.length} operands, and ${tensors.length} are given`);
  const dots = "...";
  let further = 0;
  const lettersOf = (term: string): string[] => {
    const parts = term.split(dots);
    if (parts.length > 2 || !parts.every((part) => /^[A-Za-z]*$/.test(part)))
      throw unreadable(formula, `"${term}" is not a list of letters`);
    return parts.length === 1 ? [...term] : [...parts[0]!, dots, ...parts[1]!];
  };
  const letters = terms.map(lettersOf);
  letters.forEach((list, i) => {
    const { shape, type } = tensors[i]!;
    const spare = shape.length - list.filter((label) => label !== dots).length;
    if (spare < 0 || (spare > 0 && !list.includes(dots)))
      throw unreadable(
        formula,
        `"${terms[i]!}" names ${list.length} axes, operand ${i} is ${showType(type)}`,
      );
    further = Math.max(further, list.includes(dots) ? spare : 0);
  });
  const expand = (list: readonly string[], spare: number): string[] =>
    list.flatMap((label) => (label === dots ? range(further - spare, further).map(String) : [label]));
  const inputs = letters.map((list, i) =>
    expand(list, tensors[i]!.ndim - list.filter((l) => l !== dots).length),
  );
  const all = inputs.flat();
  if (right === undefined) {
    const once = [...new Set(all)].filter(
      (label) => !isFurther(label) && all.indexOf(label) === all.lastIndexOf(label),
    );
    return { inputs, output: [...range(0, further).map(String), ...once.sort()] };
  }
  const output = expand(lettersOf(right), further);
  const unknown = output.find((label) => !all.includes(label));
  if (unknown !== undefined)
    throw unreadable(formula, `"${showLabel(unknown)}" of the result is in no operand`);
  if (new Set(output).size !== output.length)
    throw unreadable(formula, "a letter of the result occurs twice");
  const lost = all.find((label) => isFurther(label) && !output.includes(label));
  if (lost !== undefined) throw unreadable(formula, "the result lacks ...");
  return { inputs, output };
}

/** An operand without repeated labels: two axes of one label are replaced by their diagonal. */
function diagonal({ x, labels }: LabelledOperand): LabelledOperand {
  const second = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]!);
  const others = range(0, x.ndim).filter((axis) => axis !== first && axis !== second);
  const last = p.permute(x, [...others, first, second]);
  const n = x.shape[first]!;
  const lead = others.map((axis) => x.shape[axis]!);
  const flat = p.reshape(last, [...lead, n * n]);
  const every = p.slice(flat, {
    starts: [...lead.map(() => 0), 0],
    limits: [...lead, n * n],
    strides: [...lead.map(() => 1), n + 1],
  });
  return diagonal({ x: every, labels: [...others.map((axis) => labels[axis]!), labels[first]!] });
}

/** Sums over the labels that neither a later product nor the result needs. */
function sumOver({ x, labels }: LabelledOperand, needed: ReadonlySet<string>): LabelledOperand {
  const axes = range(0, labels.length).filter((axis) => !needed.has(labels[axis]!));
  return { x: p.sum(x, axes), labels: labels.filter((label) => needed.has(label)) };
}

/** The product of two operands, summed over the labels that both have and that are not needed later. */
function contract(a: LabelledOperand, b: LabelledOperand, later: ReadonlySet<string>): LabelledOperand {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const kept = shared.filter((label) => later.has(label));
  const summed = shared.filter((label) => !later.has(label));
  const places = (of: LabelledOperand, list: readonly string[]): number[] =>
    list.map((label) => of.labels.indexOf(label));
  const own = (of: LabelledOperand): string[] => of.labels.filter((label) => !shared.includes(label));
  return {
    x: p.dotGeneral(a.x, b.x, {
      contract: [places(a, summed), places(b, summed)],
      batch: [places(a, kept), places(b, kept)],
    }),
    labels: [...kept, ...own(a), ...own(b)],
  };
}
