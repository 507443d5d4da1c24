// Numbers and booleans in the items of lists. A region has one array for each of them, with an axis per list.
import { callCode, primary } from "../../../engine/kernel/code.ts";
import type { RegionParam, RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType, TextCase } from "../form/form.ts";
import { memberText, presenceText } from "./access.ts";
import type { ArrayText } from "./expression.ts";
import type { ModuleHelper } from "./helpers.ts";

/** Code of a part of an item. */
type ItemAccess = (item: string) => string;

/** A number or boolean in the items of a list, which is a parameter of a region: its array and how to read it. */
export interface ListLeaf {
  readonly param: RegionParam;
  /** Path for messages, such as `ps.w`. */
  readonly path: string;
  /** For each axis, the code of the part of an item: the list along the next axis, or at the last axis the value. */
  readonly reads: readonly ItemAccess[];
  /** `presence`: a boolean that is true if a part of the item is present. */
  readonly kind: "number" | "boolean" | "presence";
  /** The strings that the value may be. */
  readonly cases: readonly TextCase[] | undefined;
  /** True if the value may be absent. */
  readonly mayLack: boolean;
  /** True if a list inside of an item, which contains the value, may be absent. */
  readonly isInAbsentList: boolean;
}

interface ItemPart {
  /** Readers of the axes before the one of the item. */
  readonly outer: readonly ItemAccess[];
  readonly read: ItemAccess;
  readonly path: string;
  readonly mayLack: boolean;
  readonly isInAbsentList: boolean;
}

const wholeItem: ItemAccess = (item) => item;

/** Returns the leaves of a list of items of a type, depth first. `path` is the list's path for messages. */
export function listLeaves(path: string, item: PlainType, next: () => RegionParam): ListLeaf[] {
  const leaves: ListLeaf[] = [];
  const add = (part: ItemPart, { reads = [part.read], kind = "number", cases }: Partial<ListLeaf>): void => {
    const { outer, path: at, mayLack } = part;
    const isInAbsentList = part.isInAbsentList || (mayLack && reads.length > 1);
    leaves.push({
      param: next(),
      path: at,
      reads: [...outer, ...reads],
      kind,
      cases,
      mayLack,
      isInAbsentList,
    });
  };
  const member = (part: ItemPart, key: string | number): ItemPart => ({
    ...part,
    read: (whole) => memberText(part.read(whole), key, part.mayLack),
    path: memberText(part.path, key, false),
  });
  const take = (part: ItemPart, type: PlainType): void => {
    const { outer, read } = part;
    switch (type.kind) {
      case "number":
        return add(part, { cases: type.cases });
      case "boolean":
        return add(part, { kind: "boolean" });
      case "array":
        return add(part, { reads: [read, wholeItem] });
      case "matrix":
        return add(part, { reads: [read, wholeItem, wholeItem] });
      case "list":
        return take(
          {
            ...part,
            outer: [...outer, read],
            read: wholeItem,
            mayLack: false,
            isInAbsentList: part.isInAbsentList || part.mayLack,
          },
          type.item,
        );
      case "record":
        for (const field of type.fields) take(member(part, field.name), field.type);
        return;
      case "tuple":
        type.items.forEach((one, i) => take(member(part, i), one));
        return;
      case "optional":
        add(part, { reads: [(whole) => presenceText(read(whole), type)], kind: "presence" });
        return take({ ...part, mayLack: true }, type.type);
      default:
        return assertNever(type, "listLeaves");
    }
  };
  take({ outer: [], read: wholeItem, path, mayLack: false, isInAbsentList: false }, item);
  return leaves;
}

/** Code of the value that stands for an absent number. */
export function placeholder(type: RegionType): string {
  return type === "f64" || type === "f32" ? "NaN" : "0";
}

/** True if emitted code copies the elements of a leaf before it reads them: if no simple expression reads them. */
export function isCollected({ reads, isInAbsentList }: ListLeaf): boolean {
  return reads.length > 2 || isInAbsentList;
}

/** Code of the value that stands for an absent value of a leaf. */
function missingCode({ kind, param }: ListLeaf): string {
  return kind === "number" ? placeholder(param.type) : "false";
}

/** Code of a value of a leaf that `read` reads, or of its placeholder. */
export function presentCode(leaf: ListLeaf, read: string): string {
  return leaf.mayLack && leaf.kind !== "presence" && leaf.cases === undefined
    ? `${read} ?? ${missingCode(leaf)}`
    : read;
}

/** Locals of emitted code that hold the elements of collected leaves. */
export interface CollectedLeaves {
  /** The declarations of the locals. */
  readonly lines: readonly string[];
  /** Returns the names of the locals for a leaf. The first call declares them, with the value of `code`. */
  of(leaf: ListLeaf, code: string): { readonly data: string; readonly lengths: readonly string[] };
}

/** Creates `CollectedLeaves`. `declare` returns an unused name for the elements of a parameter of the region. */
export function collectedLeaves(
  declare: (name: string) => string,
  fresh: (hint: string) => string,
): CollectedLeaves {
  const lines: string[] = [];
  const names = new Map<string, { readonly data: string; readonly lengths: readonly string[] }>();
  return {
    lines,
    of({ param, reads }, code) {
      let found = names.get(param.name);
      if (found === undefined) {
        const data = declare(param.name);
        found = { data, lengths: reads.map(() => fresh(`${param.name}_length`)) };
        names.set(param.name, found);
        lines.push(`const [${[data, ...found.lengths].join(", ")}] = ${code};`);
      }
      return found;
    },
  };
}

/** Code that collects the elements of a leaf: an array of all elements, followed by its length along each axis. */
export function collectCode(
  list: string,
  leaf: ListLeaf,
  valueOf: (read: string) => string,
  helper: (name: ModuleHelper) => string,
): string {
  const { reads, path } = leaf;
  const steps = reads.map((read, axis) => {
    const code = read("item");
    return `(item) => ${axis === reads.length - 1 ? valueOf(code) : code}`;
  });
  return `${helper("collect")}(${list}, [${steps.join(", ")}], ${missingCode(leaf)}, ${JSON.stringify(path)})`;
}

/** Code of the length of a list that is read directly, along axis 1. */
export function widthCode(
  list: string,
  { reads, path }: ListLeaf,
  helper: (name: ModuleHelper) => string,
): string {
  const rows = callCode(`${list}.map`, primary(`(item) => ${reads[0]!("item")}`));
  return callCode(helper("columns"), rows, primary(JSON.stringify(path))).text;
}

/** Access to the elements of a leaf that is read directly from the list; `width` is its length along axis 1. */
export function directArray(list: string, leaf: ListLeaf, width: string | undefined): ArrayText {
  return {
    element: (places) => {
      const code = leaf.reads.reduce((at, read, axis) => read(`${at}[${places[axis]!.text}]`), list);
      const value = presentCode(leaf, code);
      return primary(value === code && leaf.kind !== "presence" ? code : `(${value})`);
    },
    length: (axis) => primary(axis === 0 || width === undefined ? `${list}.length` : width),
    isBoolean: leaf.kind !== "number",
  };
}
