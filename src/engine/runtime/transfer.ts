import { DownhillError, internalError, showType } from "../errors/index.ts";
import type { Program, Var } from "../ir/program.ts";
import type { ConcreteValue, DeviceMemory, TensorStorage } from "../ir/storage.ts";
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
export function requireTypes({ name, types, scalarTypes = types }: Device, program: Program): void {
  const isOdd = ({ type }: Var): boolean => {
    const isScalar = type.shape.length === 0;
    return !(isScalar ? scalarTypes : types).includes(scalarTypeOf(type.dtype)) && !(type.weak && isScalar);
  };
  const input = program.ins.findIndex(isOdd);
  const made = program.eqns.find((eqn) => eqn.outs.some(isOdd));
  const odd = program.ins[input] ?? made?.outs.find(isOdd);
  if (odd === undefined) return;
  const where = input >= 0 ? `operand ${input}` : `the result of ${made!.prim.name}`;
  throw new DownhillError(
    "dtype",
    `${program.name}: ${name} does not support ${odd.type.dtype}, the dtype of ${where} (${showType(odd.type)}). ` +
      `Make tensors of another dtype, as in tensor(x, { dtype: "float32" }) or x.astype("float32").`,
  );
}

/**
 * Throws for a program whose calls may fail if the device reports errors only later.
 *
 * @throws DownhillError `device`
 */
export function requireImmediate({ name, memory }: Device, program: Program): void {
  if (memory.isImmediate) return;
  throw new DownhillError(
    "device",
    `${program.name}: a plain function in it may fail (an index out of range, a throw), and ${name} reports errors too late. ` +
      "Run it on the processor.",
  );
}

/**
 * Returns the operands in a device's memory. Those in another memory are copied. Copies of the first `captured` operands
 * are kept, one per operand; `passing` lists the other copies, which the caller releases.
 *
 * @throws DownhillError `donated` for a donated operand, `device` for one that is still pending on another device.
 */
export function bring(
  memory: DeviceMemory,
  routine: Pick<Routine, "name" | "inputs">,
  given: readonly ConcreteValue[],
  captured: number = given.length,
): { readonly operands: ConcreteValue[]; readonly passing: readonly TensorStorage[] } {
  const copies = engine.copies!; // set once another device was chosen
  const passing: TensorStorage[] = [];
  const operands = given.map((operand, k) => {
    if (typeof operand === "number" || operand.memory === memory) return operand;
    const from = operand.memory;
    if (from === undefined) throw usedAfterDonation(routine.name);
    if (!from.isImmediate)
      throw new DownhillError(
        "device",
        `${routine.name}: an operand is computed by ${from.name}, and ${memory.name} would have to wait for it. Pass tensor(await x.read()) instead.`,
      );
    const port = routine.inputs[k]!;
    const { type, size } = port.kind === "scalar" ? { type: port.type, size: 1 } : port.buffer;
    const n = constantSize(size);
    if (n === undefined) throw internalError(`operand ${k} of ${routine.name} has no size to be copied by`);
    if (port.kind === "scalar" && memory.isImmediate) return from.view(operand, n)[0]!;
    const known = copies.get(operand);
    if (known?.memory === memory) return known;
    const copy = memory.store(type, from.view(operand, n), 0, n);
    if (k < captured) copies.set(operand, copy);
    else passing.push(copy);
    return copy;
  });
  return { operands, passing };
}
