import type { Body } from "../../encode/body.ts";
import { advance, repeat } from "./emit.ts";
import type { Axis } from "../../../../codegen/contract/shape.ts";

/** Steps through axes, the last fastest, and keeps the distances from the start: locals that `writeTable` goes on with. */
export interface Odometer {
  readonly axes: readonly Axis[];
  readonly indices: readonly number[];
  readonly operands: readonly { readonly operand: "left" | "right"; readonly local: number }[];
}

export function makeOdometer(
  body: Body,
  axes: readonly Axis[],
  operands: readonly ("left" | "right")[],
): Odometer {
  return {
    axes,
    indices: axes.slice(1).map(() => body.local("i32", "index")), // the outermost needs no end
    operands: operands.map((operand) => ({ operand, local: body.local("i32", `${operand}_distance`) })),
  };
}

/** Goes back to the start. */
export function resetOdometer(body: Body, { indices, operands }: Odometer): void {
  for (const local of [...indices, ...operands.map((one) => one.local)]) {
    body.i32Const(0);
    body.localSet(local);
  }
}

/** Writes the next `count` distances to memory from `target` on, one of each operand after the other. */
export function writeTable(
  body: Body,
  odometer: Odometer,
  target: number,
  bytes: number,
  count: () => void,
): void {
  const { axes, indices, operands } = odometer;
  const at = body.local("i32", "table_at");
  body.localGet(target);
  body.localSet(at);
  const move = (axis: number): void => {
    const own = axes[axis];
    if (own === undefined) return;
    for (const { operand, local } of operands) advance(body, local, own[operand] * bytes);
    const index = indices[axis - 1];
    if (index === undefined) return;
    advance(body, index, 1);
    body.localGet(index);
    body.i32Const(own.size);
    body.op("i32.eq");
    body.if();
    body.i32Const(0);
    body.localSet(index);
    for (const { operand, local } of operands) advance(body, local, -own.size * own[operand] * bytes);
    move(axis - 1);
    body.end();
  };
  repeat(body, body.local("i32", "entries"), count, true, () => {
    operands.forEach(({ local }, i) => {
      body.localGet(at);
      body.localGet(local);
      body.memory("i32.store", 4 * i);
    });
    advance(body, at, 4 * operands.length);
    move(axes.length - 1);
  });
}
