import type { Buffer, ConstantTable, Expr, Procedure, Routine, Stmt } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import { blocksIn, walkBlock } from "../kernel/walk.ts";
import { weightOf } from "./cost.ts";
import { fewestRepeats } from "./tuning.ts";

/** A statement that computes the same as others of its routine, on other buffers. */
export interface RepeatedStatement {
  /** The first of the equal statements, whose code all of them share. */
  readonly first: Stmt;
  /** Buffers of this statement. Those of `first` are in the same order. */
  readonly buffers: readonly Buffer[];
}

/** Repeated statements of a routine. Statements that are not repeated have no entry. */
export type RepeatedStatements = ReadonlyMap<Stmt, RepeatedStatement>;

/**
 * Finds the loops and products of a routine that are equal except for names of locals and buffers: the layers of a deep
 * network, for instance. Only statements that use no local from outside count, on buffers of known sizes.
 */
export function repeatsIn({ body, inputs, outputs, temps }: Routine): RepeatedStatements {
  const found = new Map<Stmt, RepeatedStatement>();
  const byWeight = new Map<number, Stmt[]>(); // because texts take longer
  body.forEach((stmt) => {
    if (stmt.kind === "for" || stmt.kind === "contract") addTo(byWeight, weightOf(stmt), stmt);
  });
  const candidates = [...byWeight.values()].filter(({ length }) => length >= fewestRepeats);
  if (candidates.length === 0) return found;
  const buffers = new Map<string, Buffer>();
  for (const port of [...inputs, ...outputs])
    if (port.kind === "buffer") buffers.set(port.buffer.name, port.buffer);
  for (const temp of temps) buffers.set(temp.name, temp);
  const numbers = new Map<object, number>();
  const byText = new Map<string, { readonly stmt: Stmt; readonly buffers: readonly Buffer[] }[]>();
  for (const stmt of candidates.flat()) {
    const described = describe(stmt, buffers, numbers);
    if (described !== undefined) addTo(byText, described.text, { stmt, buffers: described.buffers });
  }
  byText.forEach((equal) => {
    if (equal.length < fewestRepeats) return;
    const first = equal[0]!.stmt;
    for (const one of equal) found.set(one.stmt, { first, buffers: one.buffers });
  });
  return found;
}

/** The routine with only the first of each group of repeated statements. */
export function withoutRepeats(routine: Routine, repeats: RepeatedStatements): Routine {
  if (repeats.size === 0) return routine;
  return { ...routine, body: routine.body.filter((stmt) => (repeats.get(stmt)?.first ?? stmt) === stmt) };
}

function addTo<K, T>(groups: Map<K, T[]>, key: K, item: T): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}

/** Text of a statement that identifies its computation, and its buffers in order of first use. */
interface StatementText {
  readonly text: string;
  readonly buffers: readonly Buffer[];
}

/**
 * Describes a statement by a text in which numbers in order of first use replace names: equal texts mean equal
 * computations. The text lists the kinds of the parts in the order of `walkBlock`, with the lengths of blocks, so that it
 * is unambiguous. `undefined` if the statement uses a local from outside or a buffer of unknown size. `numbers`
 * identifies procedures and tables.
 */
function describe(
  stmt: Stmt,
  buffers: ReadonlyMap<string, Buffer>,
  numbers: Map<object, number>,
): StatementText | undefined {
  const [locals, used] = [new Map<string, number>(), new Map<string, number>()];
  const words: (string | number | boolean | undefined)[] = [];
  let declared = 0;
  let isClosed = true;
  const numberOf = (one: Procedure | ConstantTable): number => {
    if (!numbers.has(one)) numbers.set(one, numbers.size);
    return numbers.get(one)!;
  };
  const declare = (name: string): void => {
    locals.set(name, declared);
    words.push(declared++);
  };
  const local = (name: string): void => {
    if (!locals.has(name)) isClosed = false;
    words.push(locals.get(name));
  };
  const buffer = (name: string): void => {
    if (!used.has(name)) {
      const { type, size } = buffers.get(name)!;
      if (constantSize(size) === undefined) isClosed = false;
      used.set(name, used.size);
      words.push(type, constantSize(size));
    }
    words.push(used.get(name));
  };
  const expr = (part: Expr): void => {
    words.push(part.kind, part.type);
    if (part.kind === "const") words.push(Object.is(part.value, -0) ? "-0" : part.value);
    else if (part.kind === "local") local(part.name);
    else if (part.kind === "load") buffer(part.buffer);
    else if (part.kind === "unary" || part.kind === "binary") words.push(part.op);
    else if (part.kind === "table") words.push(numberOf(part.table));
    else if (part.kind === "call") words.push(numberOf(part.procedure));
  };
  const statement = (inner: Stmt): void => {
    words.push(inner.kind);
    for (const { length } of blocksIn(inner)) words.push(length);
    switch (inner.kind) {
      case "let":
        return declare(inner.name);
      case "set":
        return local(inner.name);
      case "store":
        return buffer(inner.buffer);
      case "for":
        words.push(inner.reverse, inner.independent, inner.strip);
        return declare(inner.index);
      case "reduce":
        words.push(inner.op);
        declare(inner.name);
        return declare(inner.index);
      case "contract":
        words.push(inner.type, inner.accumulate, JSON.stringify(inner.dims));
        return [inner.out, inner.left, inner.right].forEach((place) => buffer(place.buffer));
      case "if":
        words.push(inner.rare, inner.shortcut);
        return;
      case "while":
      case "comment":
        return;
    }
  };
  walkBlock([stmt], { stmt: statement, expr });
  if (!isClosed) return undefined;
  return { text: words.join(" "), buffers: [...used.keys()].map((name) => buffers.get(name)!) };
}
