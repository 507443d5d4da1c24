import { internalError } from "../../errors/index.ts";
import type { Stmt } from "../../kernel/scalar.ts";
import type { Place } from "./memory.ts";

type For = Stmt & { readonly kind: "for" };

/** The iterations of one run of an independent loop that touched an element so far. */
interface Touches {
  /** The iteration that wrote it. */
  writer: number | undefined;
  /** The first iteration that read it. */
  reader: number | undefined;
  /** True if a further iteration read it. */
  isShared: boolean;
}

/** One run of an independent loop. */
interface LoopRun {
  readonly loop: For;
  iteration: number;
  /** Elements by the byte at which they start, per memory. */
  readonly touched: Map<ArrayBufferLike, Map<number, Touches>>;
}

/**
 * Checks that independent loops are independent: in one run of such a loop, no iteration reads or writes an element that another
 * iteration writes. Elements are compared by address, so that buffers that overlap in memory are compared too.
 */
export interface RaceChecker {
  /** Notes an access in each independent loop that is running. */
  readonly access: (place: Place, index: number, isStore: boolean) => void;
  /** Begins a run of a loop. */
  readonly open: (loop: For) => LoopRun;
  readonly close: () => void;
}

export function makeRaceChecker(): RaceChecker {
  const running: LoopRun[] = [];
  return {
    open(loop) {
      const run: LoopRun = { loop, iteration: 0, touched: new Map() };
      running.push(run);
      return run;
    },
    close: () => void running.pop(),
    access(place, index, isStore) {
      const { array, offset } = place;
      const byte = array.byteOffset + (offset + index) * array.BYTES_PER_ELEMENT;
      for (const run of running) {
        const other = conflict(touchesOf(run, array.buffer, byte), run.iteration, isStore);
        if (other === undefined) continue;
        throw internalError(
          `loop "${run.loop.index}" is marked as independent, but its iterations ${other} and ${run.iteration} both ` +
            `touch ${place.name}[${index}], and one of them writes it`,
        );
      }
    },
  };
}

function touchesOf({ touched }: LoopRun, memory: ArrayBufferLike, byte: number): Touches {
  let elements = touched.get(memory);
  if (elements === undefined) touched.set(memory, (elements = new Map<number, Touches>()));
  let touches = elements.get(byte);
  if (touches === undefined)
    elements.set(byte, (touches = { writer: undefined, reader: undefined, isShared: false }));
  return touches;
}

/** Adds an access; returns an iteration with which it conflicts. */
function conflict(touches: Touches, iteration: number, isStore: boolean): number | undefined {
  const { writer, reader } = touches;
  if (writer !== undefined && writer !== iteration) return writer;
  if (isStore) {
    if (reader !== undefined && (touches.isShared || reader !== iteration)) return reader;
    touches.writer = iteration;
  } else if (reader === undefined) touches.reader = iteration;
  else if (reader !== iteration) touches.isShared = true;
  return undefined;
}
