import type { LineGroup } from "./groups.ts";
import type { TraceTable } from "./table.ts";

/** Groups of the lines of a program, such as layers, and the group of each line. */
export interface Layers {
  readonly groups: readonly LineGroup[];
  /** Group index of each input and then of each line; −1 if none. */
  readonly groupOf: readonly number[];
}

const fewestLines = 12; // minimum length of a grouped program; shorter ones are readable without groups
const mostOpen = 24; // longest program whose groups are initially open

/**
 * Groups the lines of a network by the keys of its parameters. A line that reads a parameter belongs to the part of the
 * tree that contains it (`params.hidden[0]` for `params.hidden[0].weight`). A line that reads only computed values
 * belongs to the part of the latest of them. Programs of fewer than 12 lines, or with parameters in fewer than two
 * parts, have no groups. Flat parameters (`w1 b1 w2 b2`) are grouped by the number at the end of their names. A line
 * that reads other data, such as the loss, belongs to no group, and neither do lines computed from it.
 */
export function layersOf(table: TraceTable): Layers {
  const names = table.inputs.map(({ name }) => name);
  const none: Layers = { groups: [], groupOf: [] };
  if (table.program.length < fewestLines) return none;
  const parts = partsOf(names);
  if (new Set(parts.values()).size < 2) return none;

  const groups: LineGroup[] = [];
  const numbers = new Map<string, number>();
  const isClosed = table.program.length > mostOpen;
  const numberOf = (part: string | undefined): number => {
    if (part === undefined) return -1;
    let number = numbers.get(part);
    if (number === undefined) {
      number = groups.push({ kind: "part", label: part, parent: -1, isClosed }) - 1;
      numbers.set(part, number);
    }
    return number;
  };
  const partOf = new Map<string, string | undefined>(names.map((name) => [name, parts.get(name)]));
  const inputs = new Set(names);
  const order = new Map<string, number>(); // line index of each result
  table.program.forEach(({ results, reads }, i) => {
    const ofParameters = reads.flatMap((name) => (inputs.has(name) ? (parts.get(name) ?? []) : []));
    const readsData = reads.some((name) => inputs.has(name) && !parts.has(name));
    const lines = reads.filter((name) => !inputs.has(name));
    const isOutside = lines.some((name) => partOf.get(name) === undefined);
    const last = lines.reduce<string | undefined>(
      (best, name) => (best === undefined || (order.get(name) ?? 0) > (order.get(best) ?? 0) ? name : best),
      undefined,
    );
    const own =
      ofParameters.at(-1) ?? (readsData || isOutside || last === undefined ? undefined : partOf.get(last));
    for (const name of results) {
      partOf.set(name, own);
      order.set(name, i);
    }
  });
  return {
    groupOf: [...names, ...table.program.map(({ results }) => results[0] ?? "")].map((name) =>
      numberOf(partOf.get(name)),
    ),
    groups,
  };
}

/**
 * Returns the part of the parameter tree to which each input belongs, by name. Contains only inputs in trees of at
 * least two parts.
 */
function partsOf(names: readonly string[]): ReadonlyMap<string, string> {
  const roots = new Map<string, string[]>();
  for (const name of names) {
    const root = /^[^.[]*/.exec(name)![0];
    if (root === name) continue; // the argument is not a tree
    roots.set(root, [...(roots.get(root) ?? []), name]);
  }
  const parts = new Map<string, string>();
  for (const list of roots.values()) {
    const parents = list.map((name) => name.replace(/(?:\.[^.[]*|\[[^[]*\])$/, ""));
    if (new Set(parents).size > 1) {
      list.forEach((name, i) => parts.set(name, parents[i]!));
      continue;
    }
    const suffixes = list.map((name) => /\d+$/.exec(name)?.[0]);
    if (suffixes.includes(undefined) || new Set(suffixes).size < 2) continue;
    list.forEach((name, i) => {
      const together = list.filter((_, k) => suffixes[k] === suffixes[i]);
      parts.set(name, together.map((other) => other.slice(parents[i]!.length + 1)).join(", "));
    });
  }
  return parts;
}
