import { internalError } from "../../../errors/index.ts";
import type { DeviceKernel, DevicePlan } from "../../../codegen/dispatch/plan.ts";
import { mostCounters, workgroupSize } from "../../../codegen/dispatch/plan.ts";
import { compactBlock } from "../../../codegen/dispatch/fold.ts";
import type { ConstantTable, Procedure } from "../../../kernel/scalar.ts";
import { reachedBy, usesOf } from "../../../kernel/uses.ts";
import { must } from "../../../util/assert-never.ts";
import type { WgslDialect, WgslScope } from "./expression.ts";
import { constantCode, wgslType, storeLines } from "./expression.ts";
import { helperTexts } from "./helpers.ts";
import { makeWgslNames } from "./names.ts";
import type { WgslFunction } from "./statement.ts";
import { declaration, evaluated, indentedLines, wgslLines } from "./statement.ts";

/**
 * Indices of the entries of `params.bases`, by which kernels find the buffers of a routine. The array holds the first word of each input, then of each output,
 * then of the scratch memory.
 */
export interface BaseSlots {
  /** Index in `params.bases` of a port's buffer or scalar, by name. */
  readonly ports: ReadonlyMap<string, number>;
  readonly scratch: number;
  readonly count: number;
}

/** Assigns the entries of `params.bases`. */
export function baseSlots({ routine }: DevicePlan): BaseSlots {
  const ports = new Map<string, number>();
  for (const port of [...routine.inputs, ...routine.outputs]) {
    const name = port.kind === "buffer" ? port.buffer.name : "name" in port ? port.name : "";
    ports.set(name, ports.size);
  }
  return { ports, scratch: ports.size, count: ports.size + 1 };
}

/** WGSL module of one kernel, whose entry point is `main`. */
export function kernelText(
  kernel: DeviceKernel,
  plan: DevicePlan,
  bases: BaseSlots,
  dialect: WgslDialect,
): string {
  const { work, restores, saves, guards } = kernel;
  const extent = work.kind === "grid" ? work.extent : [];
  const results = [...guards, ...extent.flatMap(({ from, to }) => [from, to])];
  const { procedures, tables } = reachedBy(work.body, results);
  const module = openModule(procedures, tables, dialect);
  const scope = openScope(module, usesOf(work.body).set, (buffer) => baseOf(buffer, plan, bases));
  const lines = [
    ...counterLines(kernel, scope),
    ...restores.flatMap(({ name, type }) => {
      const { before, code } = evaluated({ kind: "load", type, buffer: name, index: zero }, scope);
      return [...before, declaration(name, type, code, scope)];
    }),
    ...guards.flatMap((guard) => {
      const { before, code } = evaluated(guard, scope);
      return [...before, `if (!${code}) { return; }`];
    }),
    ...(work.kind === "single" ? wgslLines(work.body, scope) : gridLines(work, scope)),
    ...saves.flatMap(({ name, type }) =>
      storeLines(type, scope.base(name), "0u", scope.localName(name), scope),
    ),
  ];
  const size = work.kind === "single" ? 1 : workgroupSize;
  return [
    `struct Params { zero: vec4u, bases: array<vec4u, ${Math.ceil(bases.count / 4)}> }`,
    `@group(0) @binding(0) var<uniform> params: Params;`,
    `@group(0) @binding(1) var<storage, read_write> arena: array<u32>;`,
    `@group(0) @binding(2) var<uniform> counters: vec${mostCounters}i;`,
    ...module.tableTexts,
    ...helperTexts(module.helpers),
    ...module.functions,
    `@compute @workgroup_size(${size})`,
    "fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {",
    ...indentedLines(lines),
    "}",
  ].join("\n");
}

const zero = { kind: "const", type: "i32", value: 0 } as const;

function baseOf(buffer: string, { memory }: DevicePlan, { ports, scratch }: BaseSlots): string {
  const port = ports.get(buffer);
  if (port !== undefined) return entry(port);
  const offset = memory.temps.get(buffer) ?? must(memory.slots.get(buffer), `the memory of ${buffer}`);
  return `(${entry(scratch)} + ${offset}u)`;
}

function entry(i: number): string {
  return `params.bases[${i >> 2}].${"xyzw"[i & 3]!}`;
}

function counterLines({ counters, work, guards }: DeviceKernel, scope: WgslFunction): string[] {
  const extent = work.kind === "grid" ? work.extent : [];
  const { touched } = usesOf(work.body, [...guards, ...extent.flatMap(({ from, to }) => [from, to])]);
  return counters.flatMap((name, i) =>
    touched.has(name) ? [declaration(name, "i32", `counters.${"xyzw"[i]!}`, scope)] : [],
  );
}

/** Lines of a kernel that runs its body for each point of a range, with a stride of the number of threads. */
function gridLines({ extent, body }: DeviceKernel["work"] & { kind: "grid" }, scope: WgslFunction): string[] {
  const lines: string[] = [];
  const ranges = extent.map(({ index, from, to }) => {
    const [low, high] = [evaluated(from, scope), evaluated(to, scope)];
    const [first, size] = [scope.takeName("first"), scope.takeName("size")];
    lines.push(...low.before, ...high.before);
    lines.push(`let ${first} = ${low.code};`, `let ${size} = u32(max(${high.code} - ${first}, 0));`);
    return { index, first, size };
  });
  const [total, point] = [scope.takeName("total"), scope.takeName("point")];
  lines.push(`let ${total} = ${ranges.map(({ size }) => size).join(" * ")};`);
  let rest = point;
  const inner: string[] = [];
  for (const { index, first, size } of ranges.toReversed()) {
    const isOutermost = index === ranges[0]!.index;
    inner.push(
      `let ${scope.localName(index)} = ${first} + i32(${isOutermost ? rest : `${rest} % ${size}`});`,
    );
    if (isOutermost) continue;
    const next = scope.takeName("rest");
    inner.push(`let ${next} = ${rest} / ${size};`);
    rest = next;
  }
  return [
    ...lines,
    `for (var ${point} = id.x; ${point} < ${total}; ${point} += groups.x * ${workgroupSize}u) {`,
    ...indentedLines([...inner, ...wgslLines(body, scope)]),
    "}",
  ];
}

/** Declarations that the functions of a module share. */
interface WgslModule {
  readonly dialect: WgslDialect;
  readonly takeName: (name: string) => string;
  readonly procedures: ReadonlyMap<Procedure, string>;
  readonly tables: ReadonlyMap<ConstantTable, string>;
  readonly helpers: Set<string>;
  readonly functions: string[];
  readonly tableTexts: readonly string[];
}

function openModule(
  procedures: readonly Procedure[],
  tables: readonly ConstantTable[],
  dialect: WgslDialect,
): WgslModule {
  const { take } = makeWgslNames();
  const helpers = new Set<string>();
  const named = new Map(tables.map((table) => [table, take(table.name)]));
  const module: WgslModule = {
    dialect,
    takeName: take,
    procedures: new Map(procedures.map((procedure) => [procedure, take(procedure.name)])),
    tables: named,
    helpers,
    functions: [],
    tableTexts: [...named].map(([table, name]) => tableText(table, name)),
  };
  for (const procedure of procedures) module.functions.push(...procedureLines(procedure, module));
  return module;
}

function tableText({ type, values }: ConstantTable, name: string): string {
  // tables hold finite numbers, so that plain constants suffice
  const scope = { dialect: { isExact: false, hasExactDivision: true }, helper: (helper: string) => helper };
  const items = values.map((value) =>
    type === "f32" ? `bitcast<f32>(${bitsText(value)})` : constantCode(type, value, scope),
  );
  return `const ${name} = array<${wgslType(type)}, ${values.length}>(${items.join(", ")});`;
}

function bitsText(value: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return `0x${view.getUint32(0).toString(16)}u`;
}

function procedureLines(procedure: Procedure, module: WgslModule): string[] {
  const statements = compactBlock(procedure.body);
  const { set } = usesOf(statements);
  const scope = openScope(module, set, (buffer) => {
    throw internalError(`buffer ${buffer} in a procedure`);
  });
  const params = procedure.params.map(({ name, type }) => {
    const isSet = set.has(name);
    const given = isSet ? module.takeName(name) : scope.localName(name);
    return {
      text: `${given}: ${wgslType(type)}`,
      copy: isSet ? [declaration(name, type, given, scope)] : [],
    };
  });
  const body = wgslLines(statements, scope);
  const { before, code } = evaluated(procedure.result, scope);
  const name = must(module.procedures.get(procedure), "a procedure's name");
  return [
    `fn ${name}(${params.map(({ text }) => text).join(", ")}) -> ${wgslType(procedure.result.type)} {`,
    ...indentedLines([...params.flatMap(({ copy }) => copy), ...body, ...before, `return ${code};`]),
    "}",
  ];
}

function openScope(
  { dialect, takeName, procedures, tables, helpers }: WgslModule,
  set: ReadonlySet<string>,
  base: WgslScope["base"],
): WgslFunction {
  const locals = new Map<string, string>();
  return {
    dialect,
    takeName,
    base,
    isSet: (local) => set.has(local),
    localName(name) {
      let known = locals.get(name);
      if (known === undefined) locals.set(name, (known = takeName(name)));
      return known;
    },
    table: (table) => must(tables.get(table), "a table"),
    procedure: (procedure) => must(procedures.get(procedure), "a procedure"),
    helper(name) {
      helpers.add(name);
      return name;
    },
  };
}
