// Random types of nested objects, lists and optional fields, and functions that read all parts of such a value.
import type { Choices } from "./random-choices.ts";

type Structure =
  | { readonly kind: "number" | "boolean" | "text" | "array" | "matrix" }
  | { readonly kind: "list"; readonly item: Structure }
  | { readonly kind: "tuple"; readonly items: readonly Structure[] }
  | { readonly kind: "record"; readonly fields: readonly StructureField[] };

interface StructureField {
  readonly name: string;
  readonly type: Structure;
  readonly isOptional: boolean;
}

/** The text of a function `f(p, x)`, and the structure of `p`. */
export interface StructuredFunction {
  readonly text: string;
  readonly structure: Structure;
}

/** Draws a function of an object and a number. */
export function randomStructure(choices: Choices): StructuredFunction {
  const structure = draw(choices, 4, true);
  const text = `export function f(p: ${typeOf(structure)}, x: number): number {
  "use ad";
  let s = x;
  ${reading("p", structure, { count: 0 })}
  return s;
}`;
  return { text, structure };
}

function draw(choices: Choices, depth: number, isRecord: boolean): Structure {
  const kinds = ["record", "list", "list", "number", "array", "tuple", "matrix"] as const;
  const kind = isRecord
    ? "record"
    : depth === 0
      ? choices.of(["number", "array"] as const)
      : choices.of(kinds);
  const inner = (): Structure => draw(choices, depth - 1, false);
  switch (kind) {
    case "list": {
      const item = draw(choices, depth - 1, choices.below(3) > 0 && depth > 1);
      return { kind: "list", item };
    }
    case "tuple":
      return { kind: "tuple", items: [inner(), { kind: "number" }] };
    case "record": {
      const fields = ["a", "b", "c"].slice(0, 2 + choices.below(2)).map((name): StructureField => {
        const isConstant = choices.below(4) === 0;
        const type: Structure = isConstant ? { kind: choices.of(["boolean", "text"] as const) } : inner();
        return { name, type, isOptional: !isConstant && choices.below(3) === 0 };
      });
      return { kind: "record", fields };
    }
    case "number":
    case "array":
    case "matrix":
      return { kind };
  }
}

function typeOf(structure: Structure): string {
  switch (structure.kind) {
    case "number":
    case "boolean":
      return structure.kind;
    case "text":
      return '"u" | "v"';
    case "array":
      return "number[]";
    case "matrix":
      return "number[][]";
    case "list":
      return `(${typeOf(structure.item)})[]`;
    case "tuple":
      return `[${structure.items.map(typeOf).join(", ")}]`;
    case "record":
      return `{ ${structure.fields.map(({ name, type, isOptional }) => `${name}${isOptional ? "?" : ""}: ${typeOf(type)}`).join("; ")} }`;
  }
}

/** Statements that change `s` by each part of a value in a different way. */
function reading(path: string, structure: Structure, names: { count: number }): string {
  const fresh = (): string => `v${names.count++}`;
  switch (structure.kind) {
    case "number":
      return `s = 0.9 * s + 0.1 * ${path} * ${path};`;
    case "boolean":
      return `s *= ${path} ? 1.1 : 0.9;`;
    case "text":
      return `s += ${path} === "u" ? x : 0.5;`;
    case "array":
    case "list": {
      const name = fresh();
      const item: Structure = structure.kind === "list" ? structure.item : { kind: "number" };
      return `for (const ${name} of ${path}) { ${reading(name, item, names)} }`;
    }
    case "matrix":
      return reading(path, { kind: "list", item: { kind: "array" } }, names);
    case "tuple":
      return structure.items.map((item, i) => reading(`${path}[${i}]`, item, names)).join("\n  ");
    case "record":
      return structure.fields
        .map(({ name, type, isOptional }) => {
          const part = `${path}.${name}`;
          if (!isOptional) return reading(part, type, names);
          if (type.kind === "number") return reading(`(${part} ?? 2)`, type, names);
          if (type.kind === "record" || type.kind === "tuple")
            return `if (${part} !== undefined) { ${reading(part, type, names)} }`;
          return reading(`${part} ?? []`, type, names);
        })
        .join("\n  ");
  }
}

/** Draws the argument `p` of a function. Lists at the same position of its type are equally long. */
export function argumentOf({ structure }: StructuredFunction, choices: Choices): unknown {
  const lengths = new Map<Structure, readonly [number, number]>();
  const number = (): number => choices.of([0.5, 1, -2, 0, 3.5, 1.25, -0.75]);
  const make = (of: Structure): unknown => {
    let sizes = lengths.get(of);
    if (sizes === undefined) {
      sizes = [choices.of([2, 1, 3, 0]), 1 + choices.below(3)];
      lengths.set(of, sizes);
    }
    const [n, m] = sizes;
    switch (of.kind) {
      case "number":
        return number();
      case "boolean":
        return choices.below(2) === 1;
      case "text":
        return choices.of(["u", "v"]);
      case "array":
        return Array.from({ length: n }, number);
      case "matrix":
        return Array.from({ length: n }, () => Array.from({ length: m }, number));
      case "list":
        return Array.from({ length: n }, () => make(of.item));
      case "tuple":
        return of.items.map(make);
      case "record":
        return Object.fromEntries(
          of.fields.flatMap(({ name, type, isOptional }) =>
            isOptional && choices.below(2) === 0 ? [] : [[name, make(type)]],
          ),
        );
    }
  };
  return make(structure);
}
