import type { FunctionBody } from "../../encode/body.ts";
import type { IntCode, Integers } from "../../encode/integers.ts";
import type { ContractAxis } from "../../../../codegen/contract/shape.ts";

/**
 * Counter over several axes, the last of which varies fastest. Locals hold the current indices and the distances of the
 * operands from the start. `writeTable` advances it.
 */
export interface Odometer {
  readonly axes: readonly ContractAxis[];
  readonly indices: readonly number[];
  readonly operands: readonly { readonly operand: "left" | "right"; readonly local: number }[];
}

export function makeOdometer(
  body: FunctionBody,
  axes: readonly ContractAxis[],
  operands: readonly ("left" | "right")[],
): Odometer {
  return {
    axes,
    indices: axes.slice(1).map(() => body.local("i32", "index")), // the outermost axis needs no end
    operands: operands.map((operand) => ({ operand, local: body.local("i32", `${operand}_distance`) })),
  };
}

/** Resets the counter to the start. */
export function resetOdometer(int: Integers, { indices, operands }: Odometer): void {
  for (const local of [...indices, ...operands.map((one) => one.local)]) int.set(local, 0);
}

/** Writes the next `count` distances to memory from `target` on, those of all operands for each index. */
export function writeTable(
  body: FunctionBody,
  int: Integers,
  odometer: Odometer,
  target: number,
  bytes: number,
  count: IntCode,
): void {
  const { axes, indices, operands } = odometer;
  const { get } = int;
  const at = body.local("i32", "table_at");
  int.set(at, get(target));
  const move = (axis: number): void => {
    const own = axes[axis];
    if (own === undefined) return;
    for (const { operand, local } of operands) int.advance(local, own[operand] * bytes);
    const index = indices[axis - 1];
    if (index === undefined) return;
    int.advance(index, 1);
    int.when(int.equal(get(index), own.size), () => {
      int.set(index, 0);
      for (const { operand, local } of operands) int.advance(local, -own.size * own[operand] * bytes);
      move(axis - 1);
    });
  };
  const entry = (): void => {
    operands.forEach(({ local }, i) => int.store(get(at), 4 * i, get(local)));
    int.advance(at, 4 * operands.length);
    move(axes.length - 1);
  };
  int.repeat(body.local("i32", "entries"), count, entry, true);
}
