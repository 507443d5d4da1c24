// Removes redundant clearing of outputs: a routine clears its outputs itself, although new arrays hold zeros already.
import type { Expr, Routine, Stmt } from "../../kernel/scalar.ts";
import { sameSize } from "../../kernel/sizes.ts";
import { usesOf } from "../../kernel/uses.ts";

/** Description of a loop that only sets all elements of an output to 0. */
interface ClearLoop {
  /** Index of the cleared output among the outputs of the routine. */
  readonly output: number;
  readonly buffer: string;
  readonly stmt: Stmt;
}

/**
 * Separates the loops that clear an output before any other statement accesses it from the rest of the routine. They
 * may run first, or be skipped if the output already contains zeros.
 */
export function takeFirstClears(routine: Routine): {
  readonly clears: readonly ClearLoop[];
  readonly routine: Routine;
} {
  const clears: ClearLoop[] = [];
  const touched = new Set<string>();
  const touch = (stmts: readonly Stmt[], exprs: readonly Expr[] = []): void =>
    usesOf(stmts, exprs).buffers.forEach((name) => touched.add(name));
  const taken = (block: readonly Stmt[]): readonly Stmt[] =>
    block.flatMap((stmt): readonly Stmt[] => {
      if (stmt.kind === "if") {
        touch([], [stmt.condition]);
        return [{ ...stmt, then: taken(stmt.then), otherwise: taken(stmt.otherwise) }];
      }
      const clear = clearOf(stmt, routine);
      const isFirst = clear !== undefined && !touched.has(clear.buffer);
      touch([stmt]);
      if (!isFirst) return [stmt];
      clears.push(clear);
      return [];
    });
  const body = taken(routine.body);
  return { clears, routine: clears.length === 0 ? routine : { ...routine, body } };
}

/**
 * Returns a statement as a loop that clears a whole output; `undefined` for other statements. The length must depend
 * only on inputs, which are known at the start.
 */
function clearOf(stmt: Stmt, { inputs, outputs }: Routine): ClearLoop | undefined {
  if (stmt.kind !== "for" || stmt.from.kind !== "const" || stmt.from.value !== 0) return undefined;
  const [store, more] = stmt.body;
  if (store?.kind !== "store" || more !== undefined) return undefined;
  const { index, value, buffer } = store;
  if (index.kind !== "local" || index.name !== stmt.index) return undefined;
  if (value.kind !== "const" || !Object.is(value.value, 0)) return undefined;
  const output = outputs.findIndex((port) => port.kind === "buffer" && port.buffer.name === buffer);
  const port = outputs[output];
  if (port?.kind !== "buffer" || !sameSize(stmt.to, port.buffer.size)) return undefined;
  const given = new Set(inputs.flatMap((input) => (input.kind === "scalar" ? [input.name] : [])));
  const isKnown = [...usesOf([], [stmt.to]).touched.keys()].every((name) => given.has(name));
  return isKnown ? { output, buffer, stmt } : undefined;
}
