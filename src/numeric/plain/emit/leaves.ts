import type { Region, RegionParam, RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";
import { codeText, memberText, presenceText } from "./access.ts";
import type { ModuleHelper } from "./helpers.ts";
import type { CollectedLeaves } from "./list-leaves.ts";
import { collectCode, isCollected, listLeaves, placeholder, presentCode, widthCode } from "./list-leaves.ts";

/**
 * Parameter of a region, as code in terms of the arguments of a function: a number, or all elements in row-major order.
 */
export interface LeafText {
  readonly text: string;
  /** Code of the length of each axis; empty for a number. */
  readonly lengths: readonly string[];
  /** Path for messages about the lengths; if undefined, the code of a length names the array. */
  readonly path?: string;
}

/** Generates the code of the region's parameters for an argument. */
export function leafTexts(
  path: string,
  type: PlainType,
  next: () => RegionParam,
  helper: (name: ModuleHelper) => string,
  collected: CollectedLeaves,
): LeafText[] {
  const leaves: LeafText[] = [];
  const add = (param: RegionParam, text: string, ...lengths: readonly string[]): void => {
    leaves.push({ text: checked(param.type, text, path, lengths.length > 0, helper), lengths });
  };
  const take = (at: string, of: PlainType, mayLack = false): void => {
    switch (of.kind) {
      case "number":
      case "boolean": {
        const param = next();
        if (of.kind === "number" && of.cases !== undefined) return add(param, codeText(at, of.cases));
        return add(param, mayLack ? `${at} ?? ${placeholder(param.type)}` : at);
      }
      case "array": {
        const list = mayLack ? `(${at} ?? [])` : at;
        return add(next(), list, `${list}.length`);
      }
      case "matrix": {
        const rows = mayLack ? `(${at} ?? [])` : at;
        return add(
          next(),
          `${rows}.flatMap((row) => Array.from(row))`,
          `${rows}.length`,
          `${helper("columns")}(${rows}, ${JSON.stringify(at)})`,
        );
      }
      case "list":
        return takeItems(
          mayLack ? `(${at} ?? [])` : at,
          at.replaceAll("?.[", "[").replaceAll("?.", "."),
          of.item,
        );
      case "record":
        for (const field of of.fields) take(memberText(at, field.name, mayLack), field.type, mayLack);
        return;
      case "tuple":
        of.items.forEach((item, i) => take(memberText(at, i, mayLack), item, mayLack));
        return;
      case "optional":
        add(next(), presenceText(at, of));
        return take(at, of.type, true);
      default:
        return assertNever(of, "leafTexts");
    }
  };
  const takeItems = (list: string, at: string, item: PlainType): void => {
    for (const leaf of listLeaves(at, item, next)) {
      const { param, reads } = leaf;
      const valueOf = (read: string): string =>
        leaf.cases === undefined ? presentCode(leaf, read) : codeText(read, leaf.cases);
      if (isCollected(leaf)) {
        const { data, lengths } = collected.of(leaf, collectCode(list, leaf, valueOf, helper));
        const text = checked(param.type, data, leaf.path, true, helper);
        leaves.push({ text, lengths, path: leaf.path });
        continue;
      }
      const [first, second] = reads.map((read) => read("item"));
      if (second === undefined) {
        add(param, `${list}.map((item) => ${valueOf(first!)})`, `${list}.length`);
        continue;
      }
      const row = valueOf(second) === "item" ? first! : `${first!}, (item) => ${valueOf(second)}`;
      add(
        param,
        `${list}.flatMap((item) => Array.from(${row}))`,
        `${list}.length`,
        widthCode(list, leaf, helper),
      );
    }
  };
  take(path, type);
  return leaves;
}

/** Wraps the code of a parameter: checks integers, rounds a number to float32, and converts a boolean to 0 or 1. */
function checked(
  type: RegionType,
  text: string,
  path: string,
  isArray: boolean,
  helper: (name: ModuleHelper) => string,
): string {
  switch (type) {
    case "f64":
      return text;
    case "f32":
      return isArray ? text : `Math.fround(${text})`;
    case "i32":
      return `${helper(isArray ? "wholeArray" : "whole")}(${text}, ${JSON.stringify(path)})`;
    case "bool":
      return isArray ? text : `Number(${text})`;
    default:
      return assertNever(type, "leafTexts");
  }
}

/** Generates checks that directions have the lengths of their arguments. No other code verifies this. */
export function lengthChecks(
  { params }: Pick<Region, "params">,
  leaves: readonly LeafText[],
  helper: (name: ModuleHelper) => string,
): string[] {
  return params.flatMap((param, i) => {
    if (param.kind !== "array" || param.lengths === undefined) return [];
    const { lengths } = param;
    return lengths.flatMap((wanted, axis) => {
      const of = wanted.kind === "length" ? params.findIndex((p) => p.name === wanted.array) : -1;
      if (wanted.kind !== "length" || of < 0) return [];
      const [n, m] = [leaves[i]!.lengths[axis]!, leaves[of]!.lengths[wanted.axis]!];
      return [
        `${helper("sameLength")}(${n}, ${m}, ${JSON.stringify(leaves[i]!.path ?? n.replace(/\.length$/, ""))});`,
      ];
    });
  });
}
