import { internalError } from "../../../errors/index.ts";
import type {
  DeviceKernel,
  DevicePlan,
  KernelLoop,
  KernelSection,
  KernelStage,
} from "../../../codegen/dispatch/kernels.ts";
import { mostCounters, statementsOf, workgroupSize } from "../../../codegen/dispatch/kernels.ts";
import { compactBlock } from "../../../codegen/dispatch/fold.ts";
import type { IterationRange, TypedLocal } from "../../../codegen/phases.ts";
import type { ConstantTable, Expr, Procedure, Stmt } from "../../../kernel/scalar.ts";
import { constantSize } from "../../../kernel/sizes.ts";
import { reachedBy, usesOf } from "../../../kernel/uses.ts";
import { must } from "../../../util/assert-never.ts";
import type { WgslDialect, WgslScope } from "./expression.ts";
import { wordText, wgslType, storeLines } from "./expression.ts";
import { helperTexts } from "./helpers.ts";
import { makeWgslNames } from "./names.ts";
import type { WgslFunction } from "./statement.ts";
import { tileDeclarations, tileLines } from "./tile.ts";
import { declaration, evaluated, indentedLines, wgslLines } from "./statement.ts";

/**
 * Layout of `params.bases`, an array with the index of the first word of each input, each output and the scratch
 * memory, in this order.
 */
export interface BaseSlots {
  /** For each input and output of the routine, by name, the index of its entry in `params.bases`. */
  readonly ports: ReadonlyMap<string, number>;
  readonly scratch: number;
  readonly count: number;
}

/** Assigns an entry of `params.bases` to each input and output and to the scratch memory. */
export function baseSlots({ routine }: DevicePlan): BaseSlots {
  const ports = new Map<string, number>();
  for (const port of [...routine.inputs, ...routine.outputs]) {
    const name = port.kind === "buffer" ? port.buffer.name : "name" in port ? port.name : "";
    ports.set(name, ports.size);
  }
  return { ports, scratch: ports.size, count: ports.size + 1 };
}

/** Returns the WGSL module of one kernel. Its entry point is `main`. */
export function kernelText(
  kernel: DeviceKernel,
  plan: DevicePlan,
  bases: BaseSlots,
  dialect: WgslDialect,
): string {
  const { body, results } = codeOf(kernel);
  const { procedures, tables } = reachedBy(body, results);
  const module = openModule(procedures, tables, dialect);
  const scope = openScope(module, usesOf(body).set, (buffer) => baseOf(buffer, plan, bases));
  const { touched } = usesOf(body, results);
  const lines = [
    ...kernel.counters.flatMap((name, i) =>
      touched.has(name) ? [declaration(name, "i32", `counters.${"xyzw"[i]!}`, scope)] : [],
    ),
    ...dispatchLines(kernel.sections, scope),
  ];
  return [
    `struct Params { zero: vec4u, bases: array<vec4u, ${Math.ceil(bases.count / 4)}> }`,
    `@group(0) @binding(0) var<uniform> params: Params;`,
    `@group(0) @binding(1) var<storage, read_write> arena: array<u32>;`,
    `@group(0) @binding(2) var<uniform> counters: vec${mostCounters}i;`,
    ...tileDeclarations(kernel.sections.flatMap(({ tile }) => (tile === undefined ? [] : [tile]))),
    ...module.tableTexts,
    ...helperTexts(module.helpers),
    ...module.functions,
    `@compute @workgroup_size(${workgroupSize})`,
    "fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {",
    ...indentedLines(lines),
    "}",
  ].join("\n");
}

/** All statements and expressions of a kernel. */
function codeOf({ sections }: DeviceKernel): {
  readonly body: readonly Stmt[];
  readonly results: readonly Expr[];
} {
  const bounds = (ranges: readonly IterationRange[]): Expr[] => ranges.flatMap(({ from, to }) => [from, to]);
  return {
    body: sections.flatMap(statementsOf),
    results: sections.flatMap(({ guards, rows, stages }) => [
      ...guards,
      ...bounds(rows),
      ...stages.flatMap(({ points }) => bounds(points)),
    ]),
  };
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

/** Lines that let the workgroups of each section run it. `group` is the number of a workgroup within its section. */
function dispatchLines(sections: readonly KernelSection[], scope: WgslFunction): string[] {
  let first = 0;
  const parts = sections.map((section) => {
    const group = scope.takeName("group");
    const lines = [
      `let ${group} = workgroup.x${first === 0 ? "" : ` - ${first}u`};`,
      ...sectionLines(section, group, scope),
    ];
    first += section.workgroups;
    return { lines, end: first };
  });
  return parts.flatMap(({ lines, end }, i) => {
    if (parts.length === 1) return lines;
    const isLast = i === parts.length - 1;
    const head = isLast ? "else {" : `${i === 0 ? "" : "else "}if (workgroup.x < ${end}u) {`;
    return [head, ...indentedLines(lines), "}"];
  });
}

function sectionLines(section: KernelSection, group: string, scope: WgslFunction): string[] {
  const { restores, prelude, guards, rows } = section;
  const head = [...restoreLines(restores, scope), ...wgslLines(prelude, scope)];
  const sizes = rangeLines(rows, scope);
  const lines = [...sizes.lines, ...blocksLines(section, group, sizes.ranges, scope)];
  if (guards.length === 0) return [...head, ...lines];
  const conditions = guards.map((guard) => evaluated(guard, scope));
  return [
    ...head,
    ...conditions.flatMap(({ before }) => before),
    `if (${conditions.map(({ code }) => code).join(" && ")}) {`,
    ...indentedLines(lines),
    "}",
  ];
}

/** Lines of all blocks of a workgroup: blocks of rows, or tiles of a product. */
function blocksLines(
  { tile, rows, rowsPerGroup, workgroups, stages, loop }: KernelSection,
  group: string,
  ranges: readonly WgslRange[],
  scope: WgslFunction,
): string[] {
  const [block, total] = [scope.takeName("block"), scope.takeName("total")];
  const sizes = rows.map(({ from, to }) => [constantSize(from), constantSize(to)] as const);
  const count = sizes.reduce<number | undefined>(
    (n, [low, high]) =>
      n === undefined || low === undefined || high === undefined ? undefined : n * (high - low),
    1,
  );
  const lines =
    tile === undefined
      ? loopLines(loop, blockLines(stages, rowsPerGroup, { block, total, rows: ranges }, scope), scope)
      : tileLines(tile, block, scope, afterTile(stages[0]!, ranges, scope));
  const blocks = tile?.tiles ?? (count === undefined ? undefined : Math.ceil(count / rowsPerGroup));
  const isOnce = blocks !== undefined && blocks <= workgroups;
  const isMore = tile === undefined ? `${block} * ${rowsPerGroup}u < ${total}` : `${block} < ${tile.tiles}u`;
  return [
    ...(tile === undefined ? [`let ${total} = ${productText(ranges)};`] : []),
    ...(isOnce
      ? [`let ${block} = ${group};`, ...lines]
      : [
          `for (var ${block} = ${group}; ${isMore}; ${block} += ${workgroups}u) {`,
          ...indentedLines(lines),
          "}",
        ]),
  ];
}

/** Lines of the statements for one result of a tile, if there are any. */
function afterTile(
  { body, restores, saves }: KernelStage,
  rows: readonly WgslRange[],
  scope: WgslFunction,
): ((point: string) => string[]) | undefined {
  if (body.length === 0 && saves.length === 0) return undefined;
  return (point) => [
    ...indexLines(rows, point, scope),
    ...restoreLines(restores, scope),
    ...wgslLines(body, scope),
    ...saveLines(saves, scope),
  ];
}

/** A range of an index in WGSL: its first value and its size. */
interface WgslRange {
  readonly index: string;
  readonly first: string;
  readonly size: string;
}

function rangeLines(
  ranges: readonly IterationRange[],
  scope: WgslFunction,
): { readonly lines: string[]; readonly ranges: readonly WgslRange[] } {
  const lines: string[] = [];
  const made = ranges.map(({ index, from, to }) => {
    const [low, high] = [constantSize(from), constantSize(to)];
    if (low !== undefined && high !== undefined) return { index, first: `${low}i`, size: `${high - low}u` };
    const [start, end] = [evaluated(from, scope), evaluated(to, scope)];
    const [first, size] = [scope.takeName("first"), scope.takeName("size")];
    lines.push(...start.before, ...end.before);
    lines.push(`let ${first} = ${start.code};`, `let ${size} = u32(max(${end.code} - ${first}, 0));`);
    return { index, first, size };
  });
  return { lines, ranges: made };
}

const productText = (ranges: readonly WgslRange[]): string =>
  ranges.length === 0 ? "1u" : ranges.map(({ size }) => size).join(" * ");

/** Names of the block of rows of a workgroup, of the number of rows, and of the ranges of rows. */
interface BlockNames {
  readonly block: string;
  readonly total: string;
  readonly rows: readonly WgslRange[];
}

/** Lines of the stages of one block of rows, with barriers between them. */
function blockLines(
  stages: readonly KernelStage[],
  rowsPerGroup: number,
  names: BlockNames,
  scope: WgslFunction,
): string[] {
  return stages.flatMap((stage, i) => [
    ...(i === 0 ? [] : ["storageBarrier();"]),
    ...stageLines(stage, rowsPerGroup, names, scope),
  ]);
}

/** Lines of a loop around the stages, with a barrier between iterations. */
function loopLines(
  loop: KernelLoop | undefined,
  stages: readonly string[],
  scope: WgslFunction,
): readonly string[] {
  if (loop === undefined) return stages;
  const { counter, from, to, isReverse } = loop;
  const i = scope.localName(counter);
  const head = isReverse
    ? `var ${i} = ${to - 1}i; ${i} >= ${from}i; ${i}--`
    : `var ${i} = ${from}i; ${i} < ${to}i; ${i}++`;
  return [`for (${head}) {`, ...indentedLines([...stages, "storageBarrier();"]), "}"];
}

/** Lines of one stage. The threads of the workgroup share the points of all rows of the block. */
function stageLines(
  { points, body, restores, saves }: KernelStage,
  rowsPerGroup: number,
  { block, total, rows }: BlockNames,
  scope: WgslFunction,
): string[] {
  const { ranges } = rangeLines(points, scope);
  const count = points.reduce((product, { to }) => product * constantSize(to)!, rowsPerGroup);
  const perRow = count / rowsPerGroup;
  const row = scope.takeName("row");
  const inner = (point: string): string[] => [
    `let ${row} = ${block} * ${rowsPerGroup}u + ${perRow === 1 ? point : `${point} / ${perRow}u`};`,
    `if (${row} < ${total}) {`,
    ...indentedLines([
      ...indexLines(rows, row, scope),
      ...indexLines(ranges, perRow === 1 ? point : `${point} % ${perRow}u`, scope),
      ...restoreLines(restores, scope),
      ...wgslLines(body, scope),
      ...saveLines(saves, scope),
    ]),
    "}",
  ];
  if (count === workgroupSize) return ["{", ...indentedLines(inner("thread")), "}"];
  if (count < workgroupSize) return [`if (thread < ${count}u) {`, ...indentedLines(inner("thread")), "}"];
  const point = scope.takeName("point");
  return [
    `for (var ${point} = thread; ${point} < ${count}u; ${point} += ${workgroupSize}u) {`,
    ...indentedLines(inner(point)),
    "}",
  ];
}

/** Declares the indices of ranges for a number that counts their points. */
function indexLines(ranges: readonly WgslRange[], number: string, scope: WgslFunction): string[] {
  let rest = `(${number})`;
  return ranges.toReversed().flatMap(({ index, first, size }, i) => {
    const isOutermost = i === ranges.length - 1;
    const digit = isOutermost ? rest : `${rest} % ${size}`;
    const line = `let ${scope.localName(index)} = ${first} + i32(${digit});`;
    if (isOutermost) return [line];
    const next = scope.takeName("rest");
    const lines = [line, `let ${next} = ${rest} / ${size};`];
    rest = next;
    return lines;
  });
}

function saveLines(saves: readonly TypedLocal[], scope: WgslFunction): string[] {
  return saves.flatMap(({ name, type }) =>
    storeLines(type, scope.base(name), "0u", scope.localName(name), scope),
  );
}

function restoreLines(restores: readonly TypedLocal[], scope: WgslFunction): string[] {
  return restores.flatMap(({ name, type }) => {
    const { before, code } = evaluated({ kind: "load", type, buffer: name, index: zero }, scope);
    return [...before, declaration(name, type, code, scope)];
  });
}

/** Declarations and names that the functions of one module share. */
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
  const of = type === "f64" ? "vec2u" : "u32"; // words, because naga refuses bitcasts in constants
  return `const ${name} = array<${of}, ${values.length}>(${values.map((x) => wordText(type, x)).join(", ")});`;
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
