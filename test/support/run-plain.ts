import { checkProgram, type Program, type Tensor } from "downhill";
import { scalarTypeOf } from "../../src/engine/ir/types.ts";
import type { Backend, KernelValue } from "../../src/engine/kernel/executable.ts";
import { makeArray } from "../../src/engine/kernel/executable.ts";
import { lowerProgram } from "../../src/engine/passes/lower.ts";
import { slotsOf, tensorOf } from "./cells.ts";

/** Runs a program as it is, without any pass. */
export function runPlain(program: Program, backend: Backend, ins: readonly Tensor[]): Tensor[] {
  checkProgram(program);
  const slots = program.outs.map((v): KernelValue => {
    const n = v.type.shape.reduce((a, b) => a * b, 1);
    return v.type.shape.length === 0 ? 0 : { array: makeArray(scalarTypeOf(v.type.dtype), n), offset: 0 };
  });
  const compiled = backend.compile(lowerProgram(program).routine);
  compiled(slotsOf(ins), slots);
  compiled.release?.();
  return program.outs.map((v, i) => tensorOf(v.type, slots[i]!));
}
