import { internalError } from "../../errors/index.ts";
import type { ForStmt } from "../../kernel/scalar.ts";
import type { BufferBinding } from "./memory.ts";

/** Accesses to one element during one run of an independent loop, by the numbers of the iterations. */
interface RaceRecord {
  /** Iteration that wrote the element. */
  writer: number | undefined;
  /** First iteration that read the element. */
  reader: number | undefined;
  /** True if an iteration other than `reader` read the element too. */
  isShared: boolean;
}

/** Accesses during one run of an independent loop. */
interface IndependentLoopRun {
  readonly loop: ForStmt;
  iteration: number;
  /** Elements by the offset of their first byte, per memory. */
  readonly touched: Map<ArrayBufferLike, Map<number, RaceRecord>>;
}

/**
 * Checks that independent loops are independent: in one run of such a loop, no iteration reads or writes an element
 * that another iteration writes. Elements are compared by address, so that buffers that overlap in memory are compared
 * too.
 */
export interface RaceChecker {
  /** Records an access to an element in each independent loop that is running. Throws if two iterations conflict. */
  readonly access: (place: BufferBinding, index: number, isStore: boolean) => void;
  /** Begins to record a run of an independent loop. */
  readonly open: (loop: ForStmt) => IndependentLoopRun;
  readonly close: () => void;
}

export function makeRaceChecker(): RaceChecker {
  const running: IndependentLoopRun[] = [];
  return {
    open(loop) {
      const run: IndependentLoopRun = { loop, iteration: 0, touched: new Map() };
      running.push(run);
      return run;
    },
    close: () => void running.pop(),
    access(place, index, isStore) {
      const { array, offset } = place;
      const byte = array.byteOffset + (offset + index) * array.BYTES_PER_ELEMENT;
      for (const run of running) {
        const other = conflict(recordAt(run, array.buffer, byte), run.iteration, isStore);
        if (other === undefined) continue;
        throw internalError(
          `loop "${run.loop.index}" is marked as independent, but its iterations ${other} and ${run.iteration} both ` +
            `touch ${place.name}[${index}], and one of them writes it`,
        );
      }
    },
  };
}

function recordAt({ touched }: IndependentLoopRun, memory: ArrayBufferLike, byte: number): RaceRecord {
  let elements = touched.get(memory);
  if (elements === undefined) touched.set(memory, (elements = new Map<number, RaceRecord>()));
  let touches = elements.get(byte);
  if (touches === undefined)
    elements.set(byte, (touches = { writer: undefined, reader: undefined, isShared: false }));
  return touches;
}

/** Records an access. Returns an iteration with which it conflicts, if any. */
function conflict(touches: RaceRecord, iteration: number, isStore: boolean): number | undefined {
  const { writer, reader } = touches;
  if (writer !== undefined && writer !== iteration) return writer;
  if (isStore) {
    if (reader !== undefined && (touches.isShared || reader !== iteration)) return reader;
    touches.writer = iteration;
  } else if (reader === undefined) touches.reader = iteration;
  else if (reader !== iteration) touches.isShared = true;
  return undefined;
}
