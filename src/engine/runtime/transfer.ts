import { DownhillError, internalError, showType } from "../errors/index.ts";
import { elementsLater } from "../ir/elements.ts";
import { isOnHost } from "../ir/host-memory.ts";
import type { Program, Var } from "../ir/program.ts";
import type { ConcreteValue, DeviceMemory, TensorStorage } from "../ir/storage.ts";
import type { Tensor } from "../ir/tensor.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Routine } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import { fromArray } from "../prims/lift.ts";
import type { Device } from "./device.ts";
import { engine } from "./engine.ts";
import { usedAfterDonation } from "./pool/give-back.ts";

/**
 * Throws for a program with a dtype that a device does not support. Weak scalars are exempt, because they are host
 * numbers that adapt to the other operand. `inputName` names an input by its index.
 *
 * @throws DownhillError `dtype`
 */
export function requireTypes(
  { name, types, scalarTypes = types }: Device,
  program: Program,
  inputName: (input: number) => string = (input) => `operand ${input}`,
): void {
  const isOdd = ({ type }: Var): boolean => {
    const isScalar = type.shape.length === 0;
    return !(isScalar ? scalarTypes : types).includes(scalarTypeOf(type.dtype)) && !(type.weak && isScalar);
  };
  const input = program.ins.findIndex(isOdd);
  const made = program.eqns.find((eqn) => eqn.outs.some(isOdd));
  const odd = program.ins[input] ?? made?.outs.find(isOdd);
  if (odd === undefined) return;
  const where = input >= 0 ? inputName(input) : `the result of ${made!.prim.asked ?? made!.prim.name}`;
  const repair = isOperandOfPlain(odd, program)
    ? "A plain function computes in float64. Call it without this device, or write it as a function of tensors."
    : `Make tensors of another dtype, as in tensor(x, { dtype: "float32" }) or x.astype("float32").`;
  throw new DownhillError(
    "dtype",
    `${program.name}: ${name} does not support ${odd.type.dtype}, the dtype of ${where} (${showType(odd.type)}). ${repair}`,
  );
}

/** True for an operand of ordinary code, which is an equation with a region. */
function isOperandOfPlain(x: Var, { eqns }: Program): boolean {
  return eqns.some(({ ins, params }) => ins.includes(x) && (params as { region?: unknown } | undefined)?.region !== undefined); // prettier-ignore
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
    const port = routine.inputs[k]!;
    const { type, size } = port.kind === "scalar" ? { type: port.type, size: 1 } : port.buffer;
    const n = constantSize(size);
    if (!from.isImmediate)
      throw elsewhere(
        `${routine.name}: an operand (${n} element${n === 1 ? "" : "s"} of ${type})`,
        from,
        memory,
      );
    if (n === undefined) throw internalError(`operand ${k} of ${routine.name} has no size to be copied by`);
    if (port.kind === "scalar" && memory.isImmediate) return from.view(operand, n)[0]!;
    const known = copies.get(operand);
    if (known?.memory === memory) return known;
    const copy = memory.store(type, from.view(operand, n), 0, n, routine.name);
    if (k < captured) copies.set(operand, copy);
    else passing.push(copy);
    return copy;
  });
  return { operands, passing };
}

/** Error for an operand, described by `what`, whose elements are on another device and not available synchronously. */
function elsewhere(what: string, from: DeviceMemory, to: DeviceMemory): DownhillError {
  from.requireUsable?.(`${what} is lost`);
  const where = to.isImmediate
    ? `is in the memory of ${from.name}, and ${to.name} would have to wait for it. Compute in jit(f, { device })`
    : `is in the memory of another device, ${from.name}. Compute on one device`;
  return new DownhillError("device", `${what} ${where}, or pass tensor(await x.read()).`);
}

/**
 * Returns a tensor on the processor with the elements of `x`, which may be on a device. The device keeps its elements as
 * the copy of the result, so that calls there do not copy them again.
 *
 * @throws the error of the device if the computation failed there; otherwise as `elementsLater`.
 */
export async function toHost(x: Tensor, operation: string): Promise<Tensor> {
  const { slot } = x;
  if (typeof slot !== "object" || slot.memory?.isImmediate === true) return x;
  const host = fromArray(x.type, await elementsLater(x, operation));
  if (typeof host.slot === "object" && slot.memory !== undefined) engine.copies?.set(host.slot, slot);
  return host;
}

/** Storage on a device with the elements of a tensor: its own, or that of its copy. Undefined for elements on the processor only. */
export function deviceStorageOf({ slot }: Tensor): TensorStorage | undefined {
  if (typeof slot !== "object") return undefined;
  return isOnHost(slot) ? engine.copies?.get(slot) : slot;
}
