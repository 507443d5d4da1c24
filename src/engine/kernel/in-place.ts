import { sameExpr } from "./same-expr.ts";
import type { Expr, Routine, Stmt } from "./scalar.ts";
import { sameSize } from "./sizes.ts";
import { usesOf } from "./uses.ts";
import { walkExpr } from "./walk.ts";

/** Access to a buffer by a routine. */
interface BufferAccess {
  /** Index of the routine's top-level statement that contains the access. */
  readonly top: number;
  /** Innermost enclosing block, and index of the statement in that block. */
  readonly block: readonly Stmt[];
  readonly at: number;
  /** True if no statements except independent loops enclose the block. */
  readonly isFree: boolean;
  /** Index of the accessed element; `undefined` if the access covers more than one element. */
  readonly index: Expr | undefined;
}

interface RoutineAccesses {
  readonly reads: Map<string, BufferAccess[]>;
  readonly writes: Map<string, BufferAccess[]>;
}

/**
 * For each output of a routine, the input whose memory it may reuse. Such an input is read before the output is
 * written, or by the same loop iterations at the same indices. `given` marks inputs whose memory may be reused; each is
 * used once. `undefined` for outputs without such an input.
 */
export function outputsInPlace(
  { inputs, outputs, body }: Routine,
  given: readonly boolean[],
): (number | undefined)[] {
  if (!given.includes(true)) return outputs.map(() => undefined);
  const accesses: RoutineAccesses = { reads: new Map(), writes: new Map() };
  body.forEach((_, top) => noteBlock(body, top, true, accesses, [top, top + 1]));
  const taken = new Set<number>();
  return outputs.map((output) => {
    if (output.kind === "scalar") return undefined;
    const { name, type, size } = output.buffer;
    const found = inputs.findIndex((input, k) => {
      if (given[k] !== true || taken.has(k) || input.kind === "scalar") return false;
      const { buffer } = input;
      if (buffer.type !== type || !sameSize(buffer.size, size)) return false;
      return canFollow(accesses.reads.get(buffer.name) ?? [], accesses.writes.get(name) ?? []);
    });
    if (found < 0) return undefined;
    taken.add(found);
    return found;
  });
}

/** True if the output may reuse the input's memory, given all reads of the input and all writes of the output. */
function canFollow(reads: readonly BufferAccess[], writes: readonly BufferAccess[]): boolean {
  if (writes.length === 0) return false;
  const last = reads.reduce((most, { top }) => Math.max(most, top), -1);
  const first = writes.reduce((least, { top }) => Math.min(least, top), Infinity);
  if (last !== first) return last < first;
  const [write, ...more] = writes.filter(({ top }) => top === first);
  if (write?.index === undefined || !write.isFree || more.length > 0) return false;
  const place = write.index;
  const { set } = usesOf(write.block);
  let isSteady = true;
  walkExpr(write.index, (x) => {
    if (x.kind === "load" || (x.kind === "local" && set.has(x.name))) isSteady = false;
  });
  return (
    isSteady &&
    reads.every(
      ({ top, block, at, index }) =>
        top < first ||
        (block === write.block && at <= write.at && index !== undefined && sameExpr(index, place)),
    )
  );
}

/** Records the accesses of the statements of a block, or of a range of them. */
function noteBlock(
  block: readonly Stmt[],
  top: number,
  isFree: boolean,
  accesses: RoutineAccesses,
  [from, to]: readonly [number, number] = [0, block.length],
): void {
  const note = (
    list: Map<string, BufferAccess[]>,
    buffer: string,
    at: number,
    index: Expr | undefined,
  ): void => {
    const known = list.get(buffer);
    const access: BufferAccess = { top, block, at, isFree, index };
    if (known === undefined) list.set(buffer, [access]);
    else known.push(access);
  };
  for (let at = from; at < to; at++) {
    const stmt = block[at]!;
    const read = (...exprs: readonly Expr[]): void => {
      for (const expr of exprs) {
        walkExpr(expr, (x) => {
          if (x.kind === "load") note(accesses.reads, x.buffer, at, x.index);
        });
      }
    };
    switch (stmt.kind) {
      case "let":
      case "set":
        read(stmt.value);
        break;
      case "store":
        read(stmt.index, stmt.value);
        note(accesses.writes, stmt.buffer, at, stmt.index);
        break;
      case "for":
        read(stmt.from, stmt.to);
        noteBlock(stmt.body, top, isFree && stmt.independent === true, accesses);
        break;
      case "reduce": {
        read(stmt.from, stmt.to);
        const value: Stmt = { kind: "let", name: stmt.name, value: stmt.value };
        noteBlock([...stmt.body, value], top, false, accesses);
        break;
      }
      case "contract":
        for (const { buffer, offset } of [stmt.left, stmt.right, stmt.out]) {
          read(offset);
          note(accesses.reads, buffer, at, undefined);
        }
        note(accesses.writes, stmt.out.buffer, at, undefined);
        break;
      case "while":
        read(stmt.condition);
        noteBlock(stmt.body, top, false, accesses);
        break;
      case "if":
        read(stmt.condition);
        noteBlock(stmt.then, top, false, accesses);
        noteBlock(stmt.otherwise, top, false, accesses);
        break;
      case "comment":
        break;
    }
  }
}
