import type { CallSizes } from "./call-sizes.ts";
import type { CodeSize, TypedArray } from "./executable.ts";
import { viewOf } from "./executable.ts";
import { withRoom } from "./reclaim.ts";
import type { Routine } from "./scalar.ts";
import { isConstant } from "./sizes.ts";
import { must } from "../util/assert-never.ts";

/** Temporaries of a routine on the JavaScript heap, as arrays over one block of memory. */
export interface Temporaries {
  /** Arrays in the routine's order, as last created by `arrange`. */
  readonly arrays: readonly TypedArray[];
  /** Creates the arrays for the sizes of a call, in a larger block if necessary. */
  readonly arrange: () => void;
  /**
   * Returns the sizes of compiled code that keeps these temporaries between calls. `codeBytes` is the size of the code
   * itself.
   */
  readonly sizeOfCode: (codeBytes: number) => CodeSize;
}

/** Creates the temporaries of a routine, arranged already if all sizes are known. */
export function makeTemporaries({ temps }: Routine, { extents, arenaBytes, update }: CallSizes): Temporaries {
  const arrays: TypedArray[] = [];
  let block = makeBlock(0);
  const places = temps.map(({ name }) => must(extents.get(name), "the size of a temporary"));
  const isFixed = temps.every(({ size, offset }) => isConstant(size) && isConstant(offset));
  const arrange = (): void => {
    if (isFixed && arrays.length === temps.length) return; // the code may hold references to them
    const bytes = arenaBytes();
    const isNew = bytes > block.byteLength;
    if (isNew) block = makeBlock(bytes);
    for (let k = 0; k < places.length; k++) {
      const { size, offset } = places[k]!;
      const array = arrays[k];
      // creating an array takes longer than a short call
      if (!isNew && array !== undefined && array.length === size && array.byteOffset === offset) continue;
      arrays[k] = viewOf(temps[k]!.type, block, offset, size);
    }
  };
  if (update === undefined || isFixed) arrange();
  return {
    arrays,
    arrange,
    sizeOfCode: (codeBytes) => ({
      kernels: 0,
      codeBytes,
      get memoryBytes(): number {
        return block.byteLength;
      },
      get ownBytes(): number {
        return block.byteLength;
      },
    }),
  };
}

function makeBlock(bytes: number): ArrayBuffer {
  return withRoom(
    () => "the temporaries of a function",
    bytes,
    () => new ArrayBuffer(bytes),
  );
}
