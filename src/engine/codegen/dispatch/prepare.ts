import * as k from "../../kernel/build.ts";
import type { Routine, Stmt } from "../../kernel/scalar.ts";
import { usesOf } from "../../kernel/uses.ts";

/**
 * Rewrites a routine so that all its results are buffers and its scalar inputs are never assigned. A device has no
 * registers that last between kernels, so that a scalar result becomes a buffer of one element.
 */
export function preparedRoutine(routine: Routine): Routine {
  const { set } = usesOf(routine.body);
  const prelude: Stmt[] = [];
  const inputs = routine.inputs.map((port) => {
    if (port.kind === "buffer" || !set.has(port.name)) return port;
    const name = `${port.name}#given`;
    prelude.push({ kind: "let", name: port.name, value: k.local(port.type, name) });
    return { ...port, name };
  });
  const stores: Stmt[] = [];
  const outputs = routine.outputs.map((port, i): Routine["outputs"][number] => {
    if (port.kind === "buffer") return port;
    const buffer = { name: `result#${i}`, type: port.value.type, size: 1 };
    stores.push({ kind: "store", buffer: buffer.name, index: k.i32(0), value: port.value });
    return { kind: "buffer", buffer };
  });
  return { ...routine, inputs, outputs, body: [...prelude, ...routine.body, ...stores] };
}
