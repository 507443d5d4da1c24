import type { LineGroup } from "./groups.ts";
import { type Layers, layersOf } from "./layers.ts";
import type { TraceLine, TraceTable } from "./table.ts";

/** Groups the inputs and lines of a table: lines of unrolled loops by iteration, and the others by layer. */
export function lineGroups(table: TraceTable): Layers {
  const layers = layersOf(table);
  if (table.program.every(({ iterations }) => iterations === undefined)) return layers;
  const groups: LineGroup[] = [...layers.groups];
  const known = new Map<string, number>();
  const numberOf = (key: string, group: LineGroup): number => {
    let number = known.get(key);
    if (number === undefined) known.set(key, (number = groups.push(group) - 1));
    return number;
  };
  const groupOfLine = (iterations: NonNullable<TraceLine["iterations"]>): number => {
    let key = "";
    let parent = -1;
    for (const { loop, index, value } of iterations) {
      key += ` ${loop}`;
      parent = numberOf(key, { kind: "loop", label: `for ${index}`, parent, loop });
      key += ` ${value}`;
      parent = numberOf(key, { kind: "iteration", label: index, parent, value });
    }
    return parent;
  };
  const outside = [...table.inputs, ...table.program].map((_, i) => layers.groupOf[i] ?? -1);
  const groupOf = table.program.map(({ iterations }, i) =>
    iterations === undefined ? outside[table.inputs.length + i]! : groupOfLine(iterations),
  );
  return { groups, groupOf: [...outside.slice(0, table.inputs.length), ...groupOf] };
}
