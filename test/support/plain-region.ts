// Converts plain functions to regions, and their arguments and results to those of regions. The form describes the
// decomposition.
import { runInThisContext } from "node:vm";
import { parseSync } from "oxc-parser";
import { assertNever } from "../../src/engine/util/assert-never.ts";
import { elaborate } from "../../src/numeric/plain/elaborate/elaborate.ts";
import type { PlainForm, PlainType } from "../../src/numeric/plain/form/form.ts";
import type { Module } from "../../src/numeric/plain/syntax/module.ts";
import { parseModule } from "../../src/numeric/plain/syntax/module.ts";
import type { RegionValue } from "./evaluate-region.ts";
import { isArray } from "./evaluate-region.ts";

export function moduleOfText(text: string, file = "plain.ts"): Module {
  return parseModule(text, {
    file,
    parse(source, name) {
      const { program, errors } = parseSync(name, source, { lang: "ts", sourceType: "module" });
      if (errors.length > 0) throw new SyntaxError(errors[0]!.message);
      return program;
    },
  });
}

/** The form of a marked function in a text. */
export function formOfText(text: string, name?: string): PlainForm {
  return elaborate(moduleOfText(text), name);
}

/** The function `f` of a JavaScript text. */
export function functionOfText(javascript: string): (...args: unknown[]) => unknown {
  const body = javascript.replace("export function f(", "return function f(");
  return runInThisContext(`(() => { ${body} })()`) as ReturnType<typeof functionOfText>;
}

/** Decomposes a value into the leaves of its type, in order. */
function takeApart(type: PlainType, value: unknown): RegionValue[] {
  if (type.kind === "optional") {
    const held =
      (value ?? undefined) === undefined
        ? takeApart(type.type, absentOf(type.type))
        : takeApart(type.type, value);
    return [(value ?? undefined) === undefined ? 0 : 1, ...held];
  }
  if (value === undefined) throw new Error(`a ${type.kind} is missing`);
  switch (type.kind) {
    case "number":
      return [type.cases?.find(({ text }) => text === value)?.code ?? (value as number)];
    case "boolean":
      return [value === true ? 1 : 0];
    case "array": {
      const data = Array.from(value as ArrayLike<number>);
      return [{ data, dims: [data.length] }];
    }
    case "matrix": {
      const rows = value as readonly (readonly number[])[];
      return [{ data: rows.flat(), dims: [rows.length, rows[0]?.length ?? 0] }];
    }
    case "list": {
      const items = (value as readonly unknown[]).map((item) => takeApart(type.item, item));
      return items[0]!.map((_, leaf): RegionValue => {
        const parts = items.map((leaves) => leaves[leaf]!);
        const first = parts[0]!;
        const data = parts.flatMap((part) => (isArray(part) ? Array.from(part.data) : [part]));
        return { data, dims: [items.length, ...(isArray(first) ? first.dims : [])] };
      });
    }
    case "record":
      return type.fields.flatMap((field) =>
        takeApart(field.type, (value as Readonly<Record<string, unknown>>)[field.name]),
      );
    case "tuple":
      return type.items.flatMap((item, i) => takeApart(item, (value as readonly unknown[])[i]));
    default:
      return assertNever(type, "takeApart");
  }
}

/** Stand-in for an absent value. Its numbers are ignored. */
function absentOf(type: PlainType): unknown {
  switch (type.kind) {
    case "number":
      return type.cases === undefined ? NaN : type.cases[0]!.text;
    case "boolean":
      return false;
    case "array":
    case "matrix":
    case "list":
      return [];
    case "record":
      return Object.fromEntries(type.fields.map((field) => [field.name, absentOf(field.type)]));
    case "tuple":
      return type.items.map(absentOf);
    case "optional":
      return undefined;
    default:
      return assertNever(type, "absentOf");
  }
}

/** Arguments of a plain function's region, and the argument that each parameter comes from. */
export function regionArguments(
  { params, captured }: PlainForm,
  args: readonly unknown[],
  outside: Readonly<Record<string, unknown>> = {},
): { readonly values: RegionValue[]; readonly owners: readonly number[] } {
  const lists = params.map(({ type }, i) => takeApart(type, args[i]));
  const hidden = captured.flatMap(({ name, type }) => takeApart(type, outside[name]));
  return {
    values: [...lists.flat(), ...hidden],
    owners: [...lists.flatMap((list, i) => list.map(() => i)), ...hidden.map(() => -1)],
  };
}

/** Decomposes a result of a plain function into the leaves of its type. */
export function regionResults({ result }: PlainForm, value: unknown): RegionValue[] {
  return takeApart(result, value);
}
