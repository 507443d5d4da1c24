import type { ItemShape, ItemBuilder, ItemReader } from "./lists.ts";
import type { LeafElements } from "./templates.ts";

// One loop for each structure of items. A loop for all structures reads fields by names in variables, which engines
// look up again each time: that takes about ten times as long. Where text may not be compiled, items of up to four
// fields use loops written out here, one for each field; larger items use the loop for all structures.

/** Returns the loop that reads items of a shape. With `asText`, the loop may be compiled from generated source text. */
export function readItems(shape: ItemShape, asText: boolean): ItemReader {
  if (!asText) return readFew(shape) ?? ((items, arrays) => readAny(shape, items, arrays));
  const names = arrayNames(countOf(shape));
  let next = 0;
  const lines: string[] = [];
  const read = (part: ItemShape, text: string, depth: number): void => {
    const value = `v${lines.length}`;
    lines.push(`const ${value} = ${text};`);
    switch (part.kind) {
      case "number":
      case "boolean": {
        const target = `${names[next++]!}[i]`;
        lines.push(`if (typeof ${value} !== "${part.kind}") return false;`);
        lines.push(`${target} = ${part.kind === "boolean" ? `${value} ? 1 : 0` : value};`);
        if (part.kind === "number" && part.element === "i32")
          lines.push(`if (${target} !== ${value}) return false;`);
        return;
      }
      case "record":
        lines.push(`if (typeof ${value} !== "object" || ${value} === null) return false;`);
        part.parts.forEach((inner, k) =>
          read(inner, `${value}[${JSON.stringify(part.names[k]!)}]`, depth + 1),
        );
        return;
      case "tuple":
        lines.push(`if (!Array.isArray(${value}) || ${value}.length !== ${part.parts.length}) return false;`);
        part.parts.forEach((inner, k) => read(inner, `${value}[${k}]`, depth + 1));
    }
  };
  read(shape, "items[i]", 0);
  return compiled(
    ["items", "arrays"],
    `const [${names.join(", ")}] = arrays;
    const n = items.length;
    for (let i = 0; i < n; i++) {
      ${lines.join("\n      ")}
    }
    return true;`,
  ) as ItemReader;
}

/**
 * Returns the loop that creates items of a shape. With `asText`, the loop may be compiled from generated source text.
 */
export function makeItems(shape: ItemShape, asText: boolean): ItemBuilder {
  if (!asText) return makeFew(shape) ?? ((n, arrays) => makeAny(shape, n, arrays));
  const names = arrayNames(countOf(shape));
  let next = 0;
  const literal = (part: ItemShape): string => {
    switch (part.kind) {
      case "number":
        return `${names[next++]!}[i]`;
      case "boolean":
        return `${names[next++]!}[i] !== 0`;
      case "record":
        // in brackets, because "__proto__" has another meaning in a literal
        return `{ ${part.parts.map((inner, k) => `${keyText(part.names[k]!)}: ${literal(inner)}`).join(", ")} }`;
      case "tuple":
        return `[${part.parts.map(literal).join(", ")}]`;
    }
  };
  return compiled(
    ["n", "arrays"],
    `const [${names.join(", ")}] = arrays;
    const items = new Array(n);
    for (let i = 0; i < n; i++) items[i] = ${literal(shape)};
    return items;`,
  ) as ItemBuilder;
}

function keyText(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : JSON.stringify(name);
}

function compiled(params: readonly string[], body: string): unknown {
  return new Function(...params, `"use strict";\n${body}`);
}

function arrayNames(count: number): string[] {
  return Array.from({ length: count }, (_, k) => `a${k}`);
}

function countOf(shape: ItemShape): number {
  if (shape.kind !== "record" && shape.kind !== "tuple") return 1;
  return shape.parts.reduce((sum, part) => sum + countOf(part), 0);
}

// ---- without code from text

type ItemRecord = Readonly<Record<string | number, unknown>>;

/** Keys of the parts of items that are at most four float64 numbers; `undefined` for other items. */
function fewKeys(shape: ItemShape): readonly (string | number)[] | undefined {
  if (shape.kind !== "record" && shape.kind !== "tuple") return undefined;
  const areNumbers = shape.parts.every((part) => part.kind === "number" && part.element === "f64");
  if (!areNumbers || shape.parts.length === 0 || shape.parts.length > 4) return undefined;
  return shape.kind === "record" ? shape.names : shape.parts.map((_, k) => k);
}

function readFew(shape: ItemShape): ItemReader | undefined {
  const keys = fewKeys(shape);
  if (keys === undefined) return undefined;
  const length = shape.kind === "tuple" ? keys.length : undefined;
  return (items, arrays) => {
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== "object" || item === null) return false;
      if (length !== undefined && (!Array.isArray(item) || item.length !== length)) return false;
    }
    return columns
      .slice(0, keys.length)
      .every((read, k) => read(items as readonly ItemRecord[], keys[k]!, arrays[k]!));
  };
}

type ColumnReader = (items: readonly ItemRecord[], key: string | number, to: LeafElements) => boolean;

/**
 * Four copies of one loop. Engines cache field accesses per location in the code, so that each copy is fast for one
 * key.
 */
const columns: readonly ColumnReader[] = [
  (items, key, to) => {
    for (let i = 0; i < items.length; i++) {
      const x = items[i]![key];
      if (typeof x !== "number") return false;
      to[i] = x;
    }
    return true;
  },
  (items, key, to) => {
    for (let i = 0; i < items.length; i++) {
      const x = items[i]![key];
      if (typeof x !== "number") return false;
      to[i] = x;
    }
    return true;
  },
  (items, key, to) => {
    for (let i = 0; i < items.length; i++) {
      const x = items[i]![key];
      if (typeof x !== "number") return false;
      to[i] = x;
    }
    return true;
  },
  (items, key, to) => {
    for (let i = 0; i < items.length; i++) {
      const x = items[i]![key];
      if (typeof x !== "number") return false;
      to[i] = x;
    }
    return true;
  },
];

function readAny(shape: ItemShape, items: readonly unknown[], arrays: readonly LeafElements[]): boolean {
  let next = 0;
  const read = (part: ItemShape, value: unknown, i: number): boolean => {
    switch (part.kind) {
      case "number":
      case "boolean": {
        if (typeof value !== part.kind) return false;
        const array = arrays[next++]!;
        const x = Number(value);
        array[i] = x;
        return !(array instanceof Int32Array) || array[i] === x;
      }
      case "record":
        if (typeof value !== "object" || value === null) return false;
        return part.parts.every((inner, k) => read(inner, (value as ItemRecord)[part.names[k]!], i));
      case "tuple":
        if (!Array.isArray(value) || value.length !== part.parts.length) return false;
        return part.parts.every((inner, k) => read(inner, value[k], i));
    }
  };
  for (let i = 0; i < items.length; i++) {
    next = 0;
    if (!read(shape, items[i], i)) return false;
  }
  return true;
}

function makeFew(shape: ItemShape): ItemBuilder | undefined {
  const keys = fewKeys(shape);
  if (keys === undefined || keys.includes("__proto__")) return undefined;
  if (shape.kind === "tuple") {
    if (keys.length === 2) return (n, [a, b]) => Array.from({ length: n }, (_, i) => [a![i], b![i]]);
    if (keys.length === 3)
      return (n, [a, b, c]) => Array.from({ length: n }, (_, i) => [a![i], b![i], c![i]]);
    return undefined;
  }
  const [x, y, z] = keys as readonly string[];
  if (keys.length === 2)
    return (n, [a, b]) => Array.from({ length: n }, (_, i) => ({ [x!]: a![i], [y!]: b![i] }));
  if (keys.length === 3)
    return (n, [a, b, c]) => Array.from({ length: n }, (_, i) => ({ [x!]: a![i], [y!]: b![i], [z!]: c![i] }));
  return undefined;
}

function makeAny(shape: ItemShape, n: number, arrays: readonly ArrayLike<number>[]): unknown[] {
  let next = 0;
  const make = (part: ItemShape, i: number): unknown => {
    switch (part.kind) {
      case "number":
        return arrays[next++]![i];
      case "boolean":
        return arrays[next++]![i] !== 0;
      case "record": {
        const object: Record<string, unknown> = {};
        part.parts.forEach((inner, k) => {
          object[part.names[k]!] = make(inner, i);
        });
        return object;
      }
      case "tuple":
        return part.parts.map((inner) => make(inner, i));
    }
  };
  return Array.from({ length: n }, (_, i) => {
    next = 0;
    return make(shape, i);
  });
}
