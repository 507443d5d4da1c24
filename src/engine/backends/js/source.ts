import type { TypedArray } from "../../kernel/executable.ts";
import { makeArray } from "../../kernel/executable.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import { typeRange } from "../../kernel/range.ts";
import { expandBlock, expandRoutine } from "../../kernel/expand.ts";
import type { Procedure, Routine, ConstantTable } from "../../kernel/scalar.ts";
import { isConstant } from "../../kernel/sizes.ts";
import { reachedBy, usesOf } from "../../kernel/uses.ts";
import { must } from "../../util/assert-never.ts";
import { takeFirstClears } from "./clears.ts";
import { conditionCode, numberCode } from "./expression.ts";
import type { JsHelper } from "./helpers.ts";
import { helperSources } from "./helpers.ts";
import type { IdentifierAllocator } from "./names.ts";
import { makeNames } from "./names.ts";
import type { FunctionScope } from "./statement.ts";
import { blockLines, fromLocal, indented } from "./statement.ts";
import { append } from "../../util/append.ts";

/** Generated JavaScript, with the values that its outermost function takes. */
export interface GeneratedSource {
  /**
   * Body of a function of `temps, tables, spill, doubles, words, floats, powers` that returns the compiled function. If
   * calls compute sizes, each call takes its temporaries from `temps`.
   */
  readonly text: string;
  readonly tables: readonly TypedArray[];
  readonly spillSize: number;
}

/**
 * Maximum weight (see `weightOf`) of one function before it is split into parts. V8 optimises no function of more than
 * 60 KB of bytecode: a part of float32 square roots twice this size ran 100 times slower.
 */
export const partLimit = 3000;

/** Outermost scope of generated code, with the functions, tables and scratch memory that all of it shares. */
interface SourceScope {
  readonly names: IdentifierAllocator;
  readonly procedures: ReadonlyMap<Procedure, string>;
  readonly tables: ReadonlyMap<ConstantTable, string>;
  readonly helpers: Set<JsHelper>;
  readonly functions: string[][];
  readonly limit: number;
  spillSize: number;
  parts: number;
}

/**
 * JavaScript of a routine: an expression whose value is a function of inputs and outputs.
 * @param arraysAreWhole true if buffers mostly begin at the first element of their arrays. Code then creates a view for
 * a buffer that does not, because adding an offset to each index takes simple loops a quarter of their time.
 */
export function routineSource(
  given: Routine,
  limit: number,
  arraysAreWhole: boolean = false,
): GeneratedSource {
  const { clears, routine } = takeFirstClears(expandRoutine(given));
  const results = routine.outputs.flatMap((output) => (output.kind === "scalar" ? [output.value] : []));
  const { procedures, tables } = reachedBy(routine.body, results);
  const unit = openUnit(procedures, tables, limit);
  const main = unit.names.take(routine.name);
  const isFixed = routine.temps.every((temp) => isConstant(temp.size) && isConstant(temp.offset));
  const tempNames = routine.temps.map((temp) => unit.names.take(temp.name));
  for (const procedure of procedures) addProcedure(procedure, unit);

  const buffers = new Map<string, BufferVariables>();
  routine.temps.forEach((temp, k) =>
    buffers.set(temp.name, { array: tempNames[k]!, offset: undefined, isOuter: isFixed }),
  );
  const scope = openFunction(unit, buffers, usesOf(routine.body).set);

  const temps = tempNames.map((temp, k) => `const ${temp} = temps[${k}];`);
  const lines = isFixed ? [] : [...temps];
  const bind = (port: string, buffer: string): void => {
    const array = scope.takeName(buffer);
    if (arraysAreWhole) {
      buffers.set(buffer, { array, offset: undefined, isOuter: false });
      lines.push(
        `const ${array} = ${port}.offset === 0 ? ${port}.array : ${port}.array.subarray(${port}.offset);`,
      );
      return;
    }
    const offset = scope.takeName(`${array}0`);
    buffers.set(buffer, { array, offset, isOuter: false });
    lines.push(`const ${array} = ${port}.array, ${offset} = ${port}.offset;`);
  };
  routine.inputs.forEach((port, k) => {
    if (port.kind === "buffer") return bind(`inputs[${k}]`, port.buffer.name);
    const number = port.type === "bool" ? `inputs[${k}] !== 0` : `inputs[${k}]`;
    lines.push(`${scope.isSet(port.name) ? "let" : "const"} ${scope.localName(port.name)} = ${number};`);
  });
  routine.outputs.forEach((port, k) => {
    if (port.kind === "buffer") bind(`outputs[${k}]`, port.buffer.name);
  });
  for (const { output, stmt } of clears)
    lines.push(`if (outputs[${output}].isZero !== true) {`, ...indented(blockLines([stmt], [], scope)), "}");
  append(lines, blockLines(routine.body, results, scope));
  routine.outputs.forEach((port, k) => {
    if (port.kind === "scalar") lines.push(`outputs[${k}] = ${numberCode(port.value, scope).text};`);
  });
  const text = [`function ${main}(inputs, outputs) {`, ...indented(lines), "}"];
  return finish(unit, text, main, isFixed ? temps : []);
}

/** JavaScript of a procedure: the body of a function that returns the procedure as a function of its parameters. */
export function procedureSource(procedure: Procedure, limit: number): GeneratedSource {
  const { procedures, tables } = reachedBy(procedure.body, [procedure.result]);
  const unit = openUnit([...procedures, procedure], tables, limit);
  for (const used of procedures) addProcedure(used, unit);
  const inner = must(unit.procedures.get(procedure), "the procedure's name");
  const isBool = procedure.result.type === "bool" || procedure.params.some((param) => param.type === "bool");
  if (!isBool) return finish(unit, procedureLines(procedure, unit), inner);

  // Inside, bools are native booleans; callers pass and receive numbers.
  addProcedure(procedure, unit);
  const names = makeNames(unit.names);
  const params = procedure.params.map((param) => names.take(param.name));
  const args = procedure.params.map((param, k) =>
    param.type === "bool" ? `${params[k]} !== 0` : params[k]!,
  );
  const outer = unit.names.take(`${procedure.name} of numbers`);
  const result = fromLocal(procedure.result.type, `${inner}(${args.join(", ")})`);
  return finish(unit, [`function ${outer}(${params.join(", ")}) {`, `  return ${result};`, "}"], outer);
}

function openUnit(
  procedures: readonly Procedure[],
  tables: readonly ConstantTable[],
  limit: number,
): SourceScope {
  const names = makeNames();
  return {
    names,
    procedures: new Map(procedures.map((procedure) => [procedure, names.take(procedure.name)])),
    tables: new Map(tables.map((table) => [table, names.take(table.name)])),
    helpers: new Set(),
    functions: [],
    limit,
    spillSize: 0,
    parts: 0,
  };
}

function addProcedure(procedure: Procedure, unit: SourceScope): void {
  unit.functions.push(procedureLines(procedure, unit));
}

function procedureLines(procedure: Procedure, unit: SourceScope): string[] {
  const statements = expandBlock(procedure.body);
  const scope = openFunction(unit, new Map(), usesOf(statements).set);
  const params = procedure.params.map((param) => scope.localName(param.name));
  const body = blockLines(statements, [procedure.result], scope);
  const code = procedure.result.type === "bool" ? conditionCode : numberCode;
  return [
    `function ${must(unit.procedures.get(procedure), "a procedure's name")}(${params.join(", ")}) {`,
    ...indented([...body, `return ${code(procedure.result, scope).text};`]),
    "}",
  ];
}

/** Names of the variables of a buffer in generated code. */
interface BufferVariables {
  readonly array: string;
  /** Variable that holds the index of the buffer's first element in the array; `undefined` if the index is 0. */
  readonly offset: string | undefined;
  /** True if the variables are declared in the outermost scope, outside of all functions. */
  readonly isOuter: boolean;
}

function openFunction(
  unit: SourceScope,
  buffers: ReadonlyMap<string, BufferVariables>,
  set: ReadonlySet<string>,
): FunctionScope {
  const names = makeNames(unit.names);
  const locals = new Map<string, string>();
  const ranges = new Map<string, IntegerInterval>();
  const slots = new Map<string, number>();
  const remember = <T>(map: Map<string, T>, key: string, make: () => T): T => {
    const known = map.get(key);
    if (known !== undefined) return known;
    const made = make();
    map.set(key, made);
    return made;
  };
  const buffer = (name: string): BufferVariables => must(buffers.get(name), `buffer ${JSON.stringify(name)}`);
  return {
    localName: (name) => remember(locals, name, () => names.take(name)),
    localRange: (name) => ranges.get(name),
    buffer,
    table: (table) => must(unit.tables.get(table), "a table"),
    procedure: (procedure) => must(unit.procedures.get(procedure), "a procedure"),
    helper(helper) {
      unit.helpers.add(helper);
      return helper;
    },
    isSet: (local) => set.has(local),
    noteRange(local, range) {
      const all = typeRange("i32")!;
      ranges.set(local, { low: Math.max(range.low, all.low), high: range.high });
    },
    takeName: (name) => names.take(name),
    spillSlot: (local) => remember(slots, local, () => unit.spillSize++),
    addPart(write) {
      const name = `part${++unit.parts}`;
      unit.functions.push([...write(name)]);
      return name;
    },
    portVariables: (ports) =>
      ports.flatMap((name) => {
        const { array, offset, isOuter } = buffer(name);
        return isOuter ? [] : offset === undefined ? [array] : [array, offset];
      }),
    limit: unit.limit,
  };
}

/** Joins the parts of a unit of generated code: the outermost declarations, its functions and its main function. */
function finish(
  unit: SourceScope,
  main: readonly string[],
  name: string,
  temps: readonly string[] = [],
): GeneratedSource {
  const lines = [`"use strict";`, ...temps];
  [...unit.tables.values()].forEach((table, k) => lines.push(`const ${table} = tables[${k}];`));
  for (const helper of unit.helpers) lines.push("", helperSources[helper]);
  for (const text of unit.functions) append(lines, ["", ...text]);
  append(lines, ["", ...main, "", `return ${name};`]);
  return {
    text: lines.join("\n"),
    tables: [...unit.tables.keys()].map((table) => tableArray(table)),
    spillSize: unit.spillSize,
  };
}

function tableArray(table: ConstantTable): TypedArray {
  const array = makeArray(table.type, table.values.length);
  array.set(table.values);
  return array;
}
