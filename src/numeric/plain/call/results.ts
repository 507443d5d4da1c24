import type { RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { itemsOf, shapeOfTemplate } from "./lists.ts";
import { leavesOf } from "./structure.ts";
import type { LeafElements, ValueLeaf, RowKind, Template } from "./templates.ts";

/** Creates the value of a leaf from its operands, which have `lead` more leading axes than the template specifies. */
type LeafFinisher = (
  leaf: Template & { readonly kind: "leaf" },
  group: readonly ValueLeaf[],
  lead: number,
  of: RowKind,
) => unknown;

/** Assembles a plain value from its leaves. */
export function putTogether(template: Template, leaves: readonly ValueLeaf[]): unknown {
  return build(template, leaves, 0, undefined, finishPlain);
}

const finishPlain: LeafFinisher = ({ type }, group, _, of) => plainLeaf(group[0]!, type, of);

function build(
  template: Template,
  leaves: readonly ValueLeaf[],
  lead: number,
  outerKind: RowKind | undefined,
  finish: LeafFinisher,
): unknown {
  // number of operands for each leaf of the template
  const each = leaves.length / leavesOf(template);
  switch (template.kind) {
    case "leaf": {
      const of = template.rank > 0 ? template.of : (outerKind ?? template.of);
      return finish(template, leaves, lead, of);
    }
    case "list": {
      const n = leaves[0]?.dims[lead] ?? 0;
      const shape =
        finish === finishPlain && lead === 0 && template.items === undefined
          ? shapeOfTemplate(template.item)
          : undefined;
      if (shape !== undefined) return itemsOf(shape, leaves, n);
      return Array.from({ length: n }, (_, i) =>
        build(
          template.items?.[i] ?? template.item,
          leaves.map((leaf) => itemOf(leaf, lead, i)),
          lead,
          outerKind,
          finish,
        ),
      );
    }
    case "record": {
      let next = 0;
      const entries = template.fields.flatMap(({ name, type }) => {
        const own = leaves.slice(next, (next += leavesOf(type) * each));
        if (type.kind === "absent") return type.isNull === true ? [[name, null] as const] : [];
        return [[name, build(type, own, lead, outerKind, finish)] as const];
      });
      return Object.fromEntries(entries);
    }
    case "tuple": {
      let next = 0;
      return template.items.map((item) =>
        build(item, leaves.slice(next, (next += leavesOf(item) * each)), lead, outerKind, finish),
      );
    }
    case "absent":
      return template.isNull === true ? null : undefined;
    case "optional":
      // of an argument: its boolean comes first
      if (template.item === undefined) return template.isNull === true ? null : undefined;
      return build(template.item, leaves.slice(each), lead, outerKind, finish);
    case "batch":
      return build(template.item, leaves, lead + 1, outerKind, finish);
    case "jacobian":
      return build(template.out, leaves, lead, outerKind, (leaf, group, before, of) =>
        build(template.in, group, before + leaf.rank, leaf.rank > 0 ? of : outerKind, finish),
      );
    default:
      return assertNever(template, "build");
  }
}

/** Returns the part of a leaf at index i along an axis. */
function itemOf({ data, dims }: ValueLeaf, axis: number, i: number): ValueLeaf {
  if (typeof data === "number") return { data, dims };
  const inner = sizeOf(dims.slice(axis + 1));
  const n = dims[axis]!;
  const outer = sizeOf(dims.slice(0, axis));
  const rest = dims.toSpliced(axis, 1);
  if (rest.length === 0) return { data: data[i]!, dims: rest };
  const part = data.slice(0, outer * inner);
  for (let o = 0; o < outer; o++)
    part.set(data.subarray((o * n + i) * inner, (o * n + i + 1) * inner), o * inner);
  return { data: part, dims: rest };
}

/** Converts a leaf to a plain value: a number, or numbers in rows of the kind `of`. */
export function plainLeaf({ data, dims }: ValueLeaf, type: RegionType, of: RowKind): unknown {
  if (typeof data === "number") return type === "bool" ? data !== 0 : data;
  if (dims.length === 1) return rowOf(data, 0, dims[0]!, of);
  if (dims.length === 0) return type === "bool" ? data[0] !== 0 : data[0];
  if (dims.length === 2 && of === "number[]") return numberRows(data, dims[0]!, dims[1]!);
  let next = 0;
  const visit = (depth: number): unknown => {
    const n = dims[depth]!;
    if (depth < dims.length - 1) return Array.from({ length: n }, () => visit(depth + 1));
    return rowOf(data, next, (next += n), of);
  };
  return visit(0);
}

function rowOf(data: LeafElements, from: number, to: number, of: RowKind): unknown {
  if (of === "number[]") return numbersOf(data, from, to);
  // an array that is the whole result is returned without a copy
  if (data.constructor.name === of) return from === 0 && to === data.length ? data : data.slice(from, to);
  const part = data.subarray(from, to);
  return of === "Float64Array"
    ? Float64Array.from(part)
    : of === "Float32Array"
      ? Float32Array.from(part)
      : of === "Uint8Array"
        ? Uint8Array.from(part)
        : Int32Array.from(part);
}

/**
 * Creates `n` rows of `width` numbers. Short rows are array literals, which engines create in one step with storage for
 * float64.
 */
function numberRows(data: LeafElements, n: number, width: number): number[][] {
  const rows = new Array<number[]>(n);
  for (let i = 0, k = 0; i < n; i++, k += width) {
    if (width === 2) rows[i] = [data[k]!, data[k + 1]!];
    else if (width === 3) rows[i] = [data[k]!, data[k + 1]!, data[k + 2]!];
    else if (width === 4) rows[i] = [data[k]!, data[k + 1]!, data[k + 2]!, data[k + 3]!];
    else rows[i] = numbersOf(data, k, k + width);
  }
  return rows;
}

/** Copies the elements from `from` to `to − 1` to an array of numbers. (`Array.from` takes ten times as long.) */
function numbersOf(data: LeafElements, from: number, to: number): number[] {
  const numbers = new Array<number>(to - from);
  for (let i = from; i < to; i++) numbers[i - from] = data[i]!;
  return numbers;
}
