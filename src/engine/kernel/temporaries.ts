import type { CallSizes } from "./call-sizes.ts";
import type { CodeSize, TypedArray } from "./executable.ts";
import { viewOf } from "./executable.ts";
import { withRoom } from "./reclaim.ts";
import type { Routine } from "./scalar.ts";
import { isConstant } from "./sizes.ts";
import { must } from "../util/assert-never.ts";

/** The temporaries of a routine, for backends whose code keeps them on the JavaScript heap: arrays over one block of memory. */
export interface Temporaries {
  /** In the routine's order; those that `arrange` made last. */
  readonly arrays: readonly TypedArray[];
  /** Makes arrays where the temporaries of a call lie, in a larger block if this one does not suffice. */
  readonly arrange: () => void;
  /** The size of code that keeps them between calls. */
  readonly sizeOfCode: (codeBytes: number) => CodeSize;
}

/** The temporaries of a routine with these sizes, arranged already if all of them are known. */
export function makeTemporaries({ temps }: Routine, { extents, arenaBytes, update }: CallSizes): Temporaries {
  const arrays: TypedArray[] = [];
  let block = makeBlock(0);
  const places = temps.map(({ name }) => must(extents.get(name), "the size of a temporary"));
  const isFixed = temps.every(({ size, offset }) => isConstant(size) && isConstant(offset));
  const arrange = (): void => {
    if (isFixed && arrays.length === temps.length) return; // the code may hold on to them
    const bytes = arenaBytes();
    const isNew = bytes > block.byteLength;
    if (isNew) block = makeBlock(bytes);
    for (let k = 0; k < places.length; k++) {
      const { size, offset } = places[k]!;
      const array = arrays[k];
      // to make an array takes longer than a short call
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
