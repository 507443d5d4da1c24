import { DownhillError } from "../../../engine/errors/index.ts";
import type { Region, RegionParam, RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";
import { codeText, memberText, optionalItem, property } from "./arguments.ts";
import type { ModuleHelper } from "./helpers.ts";

/**
 * Parameter of a region, as code in terms of the arguments of a function: a number, or all elements in row-major order.
 */
export interface LeafText {
  readonly text: string;
  /** Code of the length of each axis; empty for a number. */
  readonly lengths: readonly string[];
}

/** Generates the code of the region's parameters for an argument. */
export function leafTexts(
  path: string,
  type: PlainType,
  next: () => RegionParam,
  helper: (name: ModuleHelper) => string,
): LeafText[] {
  const leaves: LeafText[] = [];
  const add = (param: RegionParam, text: string, ...lengths: readonly string[]): void => {
    leaves.push({ text: checked(param.type, text, path, lengths.length > 0, helper), lengths });
  };
  const columns = (rows: string): string => `${helper("columns")}(${rows}, ${JSON.stringify(path)})`;
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
        return takeItem(mayLack ? `(${at} ?? [])` : at, of.item, "");
      case "record":
        for (const field of of.fields) take(memberText(at, field.name, mayLack), field.type, mayLack);
        return;
      case "tuple":
        of.items.forEach((item, i) => take(memberText(at, i, mayLack), item, mayLack));
        return;
      case "optional":
        add(next(), `${at} !== undefined`);
        return take(at, of.type, true);
      default:
        return assertNever(of, "leafTexts");
    }
  };
  /** Adds the leaves of a list of records: of each item, the value that the code `inner` selects. */
  const takeItem = (list: string, of: PlainType, inner: string): void => {
    switch (of.kind) {
      case "number":
      case "boolean": {
        const read =
          of.kind === "number" && of.cases !== undefined
            ? codeText(`item${inner}`, of.cases)
            : `item${inner}`;
        return add(next(), `${list}.map((item) => ${read})`, `${list}.length`);
      }
      case "array": {
        const rows = `${list}.map((item) => item${inner})`;
        return add(
          next(),
          `${list}.flatMap((item) => Array.from(item${inner}))`,
          `${list}.length`,
          columns(rows),
        );
      }
      case "record":
        for (const field of of.fields) takeItem(list, field.type, `${inner}${property(field.name)}`);
        return;
      case "tuple":
        of.items.forEach((item, i) => takeItem(list, item, `${inner}[${i}]`));
        return;
      case "optional":
        throw optionalItem(list);
      case "matrix":
      case "list":
        throw new DownhillError(
          "option",
          `emit: ${list} is a list of lists of more than numbers; emit takes lists of records of numbers and arrays.`,
        );
      default:
        return assertNever(of, "leafTexts");
    }
  };
  take(path, type);
  return leaves;
}

/** Code of the value that stands for an absent number. */
function placeholder(type: RegionType): string {
  return type === "f64" || type === "f32" ? "NaN" : "0";
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
      return [`${helper("sameLength")}(${n}, ${m}, ${JSON.stringify(n.replace(/\.length$/, ""))});`];
    });
  });
}
