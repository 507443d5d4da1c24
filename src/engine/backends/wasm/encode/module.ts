import { internalError } from "../../../errors/index.ts";
import type { FunctionBody, Callable, WritableBody } from "./body.ts";
import { makeBody, valueTypeBytes } from "./body.ts";
import { opcode } from "./opcodes.ts";
import type { ValueType } from "./opcodes.ts";
import type { ByteWriter } from "./writer.ts";
import { makeWriter } from "./writer.ts";

/** Memory limits in pages of 64 KiB. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum: number;
  readonly shared?: boolean;
}

export interface FunctionOptions {
  readonly params?: readonly ValueType[];
  readonly results?: readonly ValueType[];
  /** Parameter names for the text of the module. */
  readonly paramNames?: readonly string[];
  /** True if the function is exported under its name. */
  readonly exported?: boolean;
}

/** Function of the module; its body may be written at any time before `finish`. */
export interface FunctionBuilder extends Callable {
  readonly name: string;
  readonly body: FunctionBody;
}

/** Builder of a module. Sections are written in the order of the specification, regardless of the order of calls. */
export interface ModuleBuilder {
  /** Imports the only memory, from module `from` under `name`. */
  importMemory(from: string, name: string, limits: MemoryLimits): void;
  /** Imports a function. Must precede the first function defined by the module. */
  importFunction(
    from: string,
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): Callable;
  function(name: string, options?: FunctionOptions): FunctionBuilder;
  /** Adds a mutable int32 global with an initial value, exported by name. Returns its index. */
  global(name: string, value: number): number;
  /** Bytes of the module. The names of locals, which only its text shows, may be omitted. */
  finish(namesLocals?: boolean): Uint8Array<ArrayBuffer>;
}

interface ModuleImport {
  readonly from: string;
  readonly name: string;
  readonly write: (out: ByteWriter) => void;
}

/**
 * Creates an empty module; `name` is shown in profiles.
 * @example
 * const module = makeModule("example");
 * const five = module.function("five", { results: ["i32"], exported: true });
 * five.body.i32Const(5);
 * const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()));
 */
export function makeModule(name?: string): ModuleBuilder {
  const types: Uint8Array[] = [];
  const typeIndices = new Map<string, number>();
  const imports: ModuleImport[] = [];
  const importedNames: string[] = [];
  const functions: DeclaredFunction[] = [];
  const globals: Uint8Array[] = [];
  const exports: { name: string; kind: number; index: number }[] = [];

  function typeIndex(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}:${results.join()}`;
    const known = typeIndices.get(key);
    if (known !== undefined) return known;
    const out = makeWriter();
    out.byte(0x60);
    for (const list of [params, results]) {
      out.unsigned(list.length);
      for (const type of list) out.byte(valueTypeBytes[type]);
    }
    typeIndices.set(key, types.length);
    return types.push(out.result()) - 1;
  }

  return {
    importMemory(from, field, limits) {
      imports.push({ from, name: field, write: (out) => writeMemory(out, limits) });
    },
    importFunction(from, field, params, results) {
      if (functions.length > 0) throw internalError("functions are imported before others are declared");
      const type = typeIndex(params, results);
      imports.push({
        from,
        name: field,
        write(out) {
          out.byte(0);
          out.unsigned(type);
        },
      });
      return { index: importedNames.push(field) - 1 };
    },
    function(label, options = {}) {
      const { params = [], results = [] } = options;
      const index = importedNames.length + functions.length;
      const body = makeBody(params.length, typeIndex);
      functions.push({ name: label, type: typeIndex(params, results), options, body });
      if (options.exported === true) exports.push({ name: label, kind: 0, index });
      return { name: label, index, body };
    },
    global(exportedAs, value) {
      const out = makeWriter();
      out.bytes([valueTypeBytes.i32, 1]);
      out.opcode(opcode("i32.const").code);
      out.signed(value);
      out.byte(0x0b);
      const index = globals.push(out.result()) - 1;
      exports.push({ name: exportedAs, kind: 3, index });
      return index;
    },
    finish: (namesLocals = true) =>
      writeModule({ name, types, imports, importedNames, functions, globals, exports }, namesLocals),
  };
}

/** Contents of a module, in the order of its sections. */
interface ModuleSections {
  readonly name: string | undefined;
  readonly types: readonly Uint8Array[];
  readonly imports: readonly ModuleImport[];
  readonly importedNames: readonly string[];
  readonly functions: readonly DeclaredFunction[];
  readonly globals: readonly Uint8Array[];
  readonly exports: readonly { readonly name: string; readonly kind: number; readonly index: number }[];
}

interface DeclaredFunction {
  readonly name: string;
  readonly type: number;
  readonly options: FunctionOptions;
  readonly body: WritableBody;
}

function writeModule(parts: ModuleSections, namesLocals: boolean): Uint8Array<ArrayBuffer> {
  const { name, types, imports, importedNames, functions, globals, exports } = parts;
  const bodies = functions.map(({ body }) => body.finish());
  const out = makeWriter(1024 + bodies.reduce((sum, body) => sum + body.length + 8, 0));
  out.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(out, 1, types, (to, type) => to.bytes(type));
  section(out, 2, imports, (to, { from, name: field, write }) => {
    to.text(from);
    to.text(field);
    write(to);
  });
  section(out, 3, functions, (to, { type }) => to.unsigned(type));
  section(out, 6, globals, (to, global) => to.bytes(global));
  section(out, 7, exports, (to, { name: field, kind, index }) => {
    to.text(field);
    to.byte(kind);
    to.unsigned(index);
  });
  section(out, 10, bodies, (to, body) => to.sized(body));
  writeNames(out, name, importedNames, functions, namesLocals);
  return out.result().slice();
}

function writeMemory(out: ByteWriter, { initial, maximum, shared = false }: MemoryLimits): void {
  out.byte(2);
  out.byte(shared ? 3 : 1); // bit 0: there is a maximum
  out.unsigned(initial);
  out.unsigned(maximum);
}

/** Writes a section that is a list, unless the list is empty. */
function section<Item>(
  out: ByteWriter,
  id: number,
  items: readonly Item[],
  write: (out: ByteWriter, item: Item) => void,
): void {
  if (items.length === 0) return;
  const content = makeWriter(1024);
  content.unsigned(items.length);
  for (const item of items) write(content, item);
  out.byte(id);
  out.sized(content.result());
}

/** Writes the custom section "name" with the names of the module, its functions and their locals. */
function writeNames(
  out: ByteWriter,
  name: string | undefined,
  importedNames: readonly string[],
  functions: readonly DeclaredFunction[],
  namesLocals: boolean,
): void {
  const content = makeWriter(1024);
  content.text("name");
  if (name !== undefined) {
    const own = makeWriter();
    own.text(name);
    content.byte(0);
    content.sized(own.result());
  }
  const all = [...importedNames, ...functions.map((one) => one.name)];
  section(content, 1, [...all.entries()], writeName);
  if (namesLocals) writeLocalNames(content, importedNames.length, functions);
  out.byte(0);
  out.sized(content.result());
}

function writeLocalNames(
  content: ByteWriter,
  firstIndex: number,
  functions: readonly DeclaredFunction[],
): void {
  const locals = functions.map(({ options, body }, i) => ({
    index: firstIndex + i,
    names: [...(options.paramNames ?? []).entries(), ...body.localNames],
  }));
  section(
    content,
    2,
    locals.filter(({ names }) => names.length > 0),
    (to, { index, names }) => {
      to.unsigned(index);
      to.unsigned(names.length);
      for (const entry of names) writeName(to, entry);
    },
  );
}

function writeName(out: ByteWriter, [index, name]: readonly [number, string]): void {
  out.unsigned(index);
  out.text(name);
}
