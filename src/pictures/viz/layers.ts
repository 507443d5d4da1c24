import type { LineGroup } from "./groups.ts";
import type { TraceTable } from "./table.ts";

/** Lines by layer: which lines belong to which part of a tree of parameters. */
export interface Layers {
  readonly groups: readonly LineGroup[];
  /** For each input and then each line of the program its group; −1 for none. */
  readonly groupOf: readonly number[];
}

const fewestLines = 12; // of a program that is grouped: a shorter one can be read as it stands
const mostOpen = 24; // lines of a program whose groups are open at first

/**
 * Groups the lines of a network by the keys of its parameters. A line that reads a parameter belongs to the part of the tree
 * that the parameter is in (`params.hidden[0]` of `params.hidden[0].weight`); one that reads values of one or several parts, and no
 * other input, to that of the last of them. Flat parameters, `w1 b1 w2 b2`, are parts by the numbers at the end of their names. What comes
 * after data is read again, as a loss does, belongs to none.
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
  const order = new Map<string, number>(); // places of results in the program
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

/** The part of each input that is in a tree of at least two parts. */
function partsOf(names: readonly string[]): ReadonlyMap<string, string> {
  const roots = new Map<string, string[]>();
  for (const name of names) {
    const root = /^[^.[]*/.exec(name)![0];
    if (root === name) continue; // an argument that is no tree
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
