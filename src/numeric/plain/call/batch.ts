import { DownhillError } from "../../../engine/errors/index.ts";
import type { AxisTree } from "../../../engine/transforms/index.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";
import { type TransformRequest, flat } from "./asked.ts";
import type { AnyFunction } from "../../../engine/transforms/plain.ts";
import type { OperandTensors } from "./callable.ts";
import { axesOfBooleans } from "./lists.ts";
import { holdsList, type LeadingAxes, mayLack } from "./values.ts";

export interface PlainVmapOptions {
  readonly inAxes?: AxisTree<number | null>;
  readonly outAxes?: AxisTree<number>;
}

/**
 * Maps a function over batches of plain items: a batch of numbers is an array, and a batch of arrays is an array of
 * arrays; see `PlainBatch`.
 */
export function batched({ f, title, options, apply, give }: TransformRequest<PlainVmapOptions>): AnyFunction {
  const { inAxes = 0, outAxes = 0 } = options;
  const isEach = Array.isArray(inAxes);
  const isLeftOut = f.params.map(({ kind }, i) => isEach && i >= inAxes.length && kind === "optional");
  if (isEach && inAxes.length + isLeftOut.filter(Boolean).length !== f.params.length) {
    throw new DownhillError(
      "range",
      `${title}: inAxes has ${inAxes.length} entries for ${f.params.length} argument${f.params.length === 1 ? "" : "s"}.`,
    );
  }
  const axes = f.params.map((_, i) => {
    if (isLeftOut[i]!) return null;
    return isEach ? (inAxes as readonly AxisTree<number | null>[])[i]! : inAxes;
  });
  const placed = f.params.map((type, i) => axesOf(title, type, axes[i]!, `inAxes[${i}]`));
  if (typeof outAxes !== "number")
    throw new DownhillError(
      "tree",
      `${title}: of a plain function outAxes is one number for all of the result.`,
    );
  const over = apply(f.run, { inAxes: placed, outAxes });
  const canLack = f.params.some(mayLack);
  /** Batch axes of the operands that are present in this call; `null` for absent values. */
  const axesNow = (args: readonly OperandTensors[]): readonly (readonly (number | null)[])[] =>
    placed.map((own, i) => own.map((axis, k) => (args[i]![k]!.shape.length > f.ranks[i]![k]! ? axis : null)));
  return give({
    ...f,
    name: title,
    checkpointed: undefined,
    bind: undefined,
    prepare(place, args, leads, isTangent) {
      const deep = leads.map((lead, i) => deeper(lead, axes[i]!));
      const prepared = f.prepare(place, args, deep, isTangent);
      if (outAxes !== 0 && holdsList(prepared.result))
        throw new DownhillError(
          "range",
          `${title}: a result with arrays of objects has its batch in front: outAxes is 0.`,
        );
      return { ...prepared, result: { kind: "batch", item: prepared.result } };
    },
    ranks: f.ranks.map((own, i) => own.map((rank, k) => (placed[i]![k] === null ? rank : rank + 1))),
    run: (...args) => {
      const own = canLack ? apply(f.run, { inAxes: axesNow(args), outAxes }) : over;
      return flat(own(...(args as never[])));
    },
    overTensors: apply(f.overTensors),
    body: undefined,
    direct: undefined,
  });
}

/** Returns the batch axis of each operand of an argument; `null` for an operand that all items share. */
function axesOf(
  title: string,
  type: PlainType,
  axes: AxisTree<number | null>,
  path: string,
): readonly (number | null)[] {
  if (typeof axes !== "object" || axes === null) return operandAxes(type, axes);
  const part = (key: string | number, member: PlainType): readonly (number | null)[] => {
    const axis = (axes as Readonly<Record<string, AxisTree<number | null>>>)[key];
    if (axis === undefined && member.kind === "optional") return operandAxes(member, null);
    if (axis === undefined)
      throw new DownhillError(
        "tree",
        `${title}: ${path} lacks ${key}: give one axis for all, or one for each member.`,
      );
    return axesOf(title, member, axis, `${path}.${key}`);
  };
  if (type.kind === "optional") return [null, ...axesOf(title, type.type, axes, path)];
  if (type.kind === "record") return type.fields.flatMap((field) => part(field.name, field.type));
  if (type.kind === "tuple") return type.items.flatMap((item, i) => part(i, item));
  throw new DownhillError("tree", `${title}: ${path} must be one axis, or null.`);
}

/**
 * Returns the batch axis within each operand of an argument. A list is batched along the first axis of its operands.
 * Arrays of booleans are an exception: they are batched like arrays of numbers.
 */
function operandAxes(type: PlainType, axis: number | null): readonly (number | null)[] {
  switch (type.kind) {
    case "list":
      if (axesOfBooleans(type) !== undefined) return [axis];
      return operandAxes(type.item, axis !== null && axis >= 0 ? axis + 1 : axis);
    case "record":
      return type.fields.flatMap((field) => operandAxes(field.type, axis));
    case "tuple":
      return type.items.flatMap((item) => operandAxes(item, axis));
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return [axis];
    case "optional":
      return [null, ...operandAxes(type.type, axis)]; // its boolean applies to the whole batch
    default:
      return assertNever(type, "operandAxes");
  }
}

/** Increments the number of leading axes for the values that have a batch axis. */
function deeper(lead: LeadingAxes, axes: AxisTree<number | null>): LeadingAxes {
  if (axes === null) return lead;
  if (typeof axes === "number") {
    if (typeof lead === "number") return lead + 1;
    return Object.fromEntries(Object.entries(lead).map(([key, below]) => [key, deeper(below, axes)]));
  }
  return Object.fromEntries(
    Object.entries(axes as Readonly<Record<string, AxisTree<number | null>>>).map(([key, below]) => [
      key,
      deeper(typeof lead === "number" ? lead : (lead[key] ?? 0), below),
    ]),
  );
}
