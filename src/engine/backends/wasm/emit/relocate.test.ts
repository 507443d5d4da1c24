import fc from "fast-check";
import { expect, test } from "vitest";
import { kernels } from "../../../../../test/support/random-kernels.ts";
import type { TypedArray } from "../../../kernel/executable.ts";
import { viewOf } from "../../../kernel/executable.ts";
import { encodeBase64 } from "../../../util/base64.ts";
import { standardSettings } from "../standalone.ts";
import type { CodeMemory } from "./memory.ts";
import { emitRelocatable, placeProgram } from "./relocate.ts";
import { compileRoutine } from "./routine.ts";

const settings = standardSettings();

/** Memory whose blocks follow one another from an address on, with the contents that were written to it. */
function memoryFrom(base: number): {
  readonly memory: CodeMemory;
  readonly contents: () => readonly string[];
} {
  const blocks: { readonly start: number; readonly bytes: ArrayBuffer }[] = [];
  const tables = new Map<string, number>();
  let end = base;
  const reserve = (bytes: number, align = 8): number => {
    const start = Math.ceil(end / align) * align;
    blocks.push({ start, bytes: new ArrayBuffer(bytes) });
    end = start + bytes;
    return start;
  };
  const view: CodeMemory["view"] = (type, address, length): TypedArray => {
    const { start, bytes } = blocks.findLast((block) => block.start <= address)!;
    return viewOf(type, bytes, address - start, length);
  };
  const memory: CodeMemory = {
    isShared: false,
    reserve,
    shared: (_, bytes) => reserve(bytes, 64),
    table({ type, values }) {
      const key = `${type} ${[...values].join()}`;
      let address = tables.get(key);
      if (address === undefined) {
        tables.set(key, (address = reserve(8 * values.length)));
        view(type, address, values.length).set(values);
      }
      return address;
    },
    view,
  };
  return { memory, contents: () => blocks.map(({ bytes }) => encodeBase64(new Uint8Array(bytes))) };
}

test("a relocated module has the bytes and the memory of one that is compiled for its addresses", () => {
  let relocated = 0;
  for (const routine of fc.sample(kernels(), { numRuns: 3, seed: 11 })) {
    const kept = emitRelocatable(routine, false, settings)!;
    relocated += kept.relocations.length;
    for (const base of [0x8000_0000, 0xc123_4540]) {
      const [placed, compiled] = [memoryFrom(base), memoryFrom(base)];
      const program = placeProgram(kept, placed.memory);
      const expected = compileRoutine(routine, compiled.memory, settings);
      expect(encodeBase64(program.bytes)).toBe(encodeBase64(expected.bytes));
      expect(program).toEqual(expected);
      expect(placed.contents()).toEqual(compiled.contents());
    }
  }
  expect(relocated).toBeGreaterThan(50);
});

test("addresses below 2 GiB keep five bytes in a valid module", () => {
  const [routine] = fc.sample(kernels(), { numRuns: 1, seed: 11 });
  const kept = emitRelocatable(routine!, false, settings)!;
  const { bytes } = placeProgram(kept, memoryFrom(64).memory);
  expect(WebAssembly.validate(bytes)).toBe(true);
  for (const [at] of kept.relocations)
    expect(bytes.subarray(at, at + 4).every((byte) => byte >= 128)).toBe(true);
});
