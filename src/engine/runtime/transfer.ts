import { DownhillError, internalError } from "../errors/index.ts";
import type { Program } from "../ir/program.ts";
import type { ConcreteValue, DeviceMemory } from "../ir/storage.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Routine } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import type { Device } from "./device.ts";
import { engine } from "./engine.ts";
import { usedAfterDonation } from "./pool/give-back.ts";

/**
 * Throws for a program with a dtype that a device does not support. Weak scalars are exempt, because they are host
 * numbers that adapt to the other operand.
 *
 * @throws DownhillError `dtype`
 */
export function requireTypes({ name, types }: Device, program: Program): void {
  const values = [...program.ins, ...program.eqns.flatMap((eqn) => eqn.outs)];
  const odd = values.find(
    ({ type }) => !types.includes(scalarTypeOf(type.dtype)) && !(type.weak && type.shape.length === 0),
  );
  if (odd === undefined) return;
  throw new DownhillError(
    "dtype",
    `${program.name}: ${name} does not support ${odd.type.dtype}. Make tensors of another dtype, as in tensor(x, { dtype: "float32" }).`,
  );
}

/**
 * Throws for a program whose calls may fail if the device reports errors only later.
 *
 * @throws DownhillError `option`
 */
export function requireImmediate({ name, memory }: Device, program: Program): void {
  if (memory.isImmediate) return;
  throw new DownhillError(
    "option",
    `${program.name}: a plain function in it may fail (an index out of range, a throw), and ${name} reports errors too late. ` +
      "Run it on the processor.",
  );
}

/**
 * Returns the operands in a device's memory. Those in another memory are copied, each at most once.
 *
 * @throws DownhillError `donated` for a donated operand, `option` for one that is still pending on another device.
 */
export function bring(
  memory: DeviceMemory,
  routine: Pick<Routine, "name" | "inputs">,
  operands: readonly ConcreteValue[],
): ConcreteValue[] {
  const copies = engine.copies!; // set once another device was chosen
  return operands.map((operand, k) => {
    if (typeof operand === "number" || operand.memory === memory) return operand;
    const from = operand.memory;
    if (from === undefined) throw usedAfterDonation(routine.name);
    if (!from.isImmediate)
      throw new DownhillError(
        "option",
        `${routine.name}: an operand is computed by ${from.name}, and ${memory.name} would have to wait for it. Pass tensor(await x.read()) instead.`,
      );
    const port = routine.inputs[k]!;
    const { type, size } = port.kind === "scalar" ? { type: port.type, size: 1 } : port.buffer;
    const n = constantSize(size);
    if (n === undefined) throw internalError(`operand ${k} of ${routine.name} has no size to be copied by`);
    if (port.kind === "scalar" && memory.isImmediate) return from.view(operand, n)[0]!;
    let copy = copies.get(operand);
    if (copy?.memory !== memory)
      copies.set(operand, (copy = memory.store(type, from.view(operand, n), 0, n)));
    return copy;
  });
}
