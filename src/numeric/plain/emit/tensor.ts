// Functions over tensors as modules without dependencies: traced and compiled for arguments of fixed shapes.
import { standalonePrelude, standaloneRoutine } from "../../../engine/backends/js/standalone.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { ArrayType } from "../../../engine/ir/types.ts";
import { scalarTypeOf } from "../../../engine/ir/types.ts";
import { makeArray } from "../../../engine/kernel/executable.ts";
import { constantSize } from "../../../engine/kernel/index.ts";
import { lowerProgram, optimize } from "../../../engine/passes/index.ts";
import { traceProgram } from "../../../engine/trace/index.ts";
import { flattenResult, unflattenArguments } from "../../../engine/transforms/arguments.ts";
import type { TreeDef } from "../../../engine/tree/index.ts";
import { flatten } from "../../../engine/tree/index.ts";
import { must } from "../../../engine/util/assert-never.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { property } from "./access.ts";
import type { EmittedModule } from "./module.ts";
import { exportedFunction, ownNames } from "./own-names.ts";
import { wasmHead, wasmText } from "./wasm-glue.ts";

/** Structure of an argument: tensor types in nested arrays and objects. */
export type ArgumentTypes = ArrayType | readonly ArgumentTypes[] | { readonly [name: string]: ArgumentTypes };

export interface EmitTensorOptions {
  /** Name of the function in the module. */
  readonly name: string;
  readonly args: readonly ArgumentTypes[];
  /** Whether to emit embedded WebAssembly instead of JavaScript. The results have the same bits. Default false. */
  readonly wasm?: boolean;
  /** Comment lines for the head of the module. */
  readonly head?: readonly string[];
}

/**
 * Generates a function over tensors as an ES module without imports, for arguments of the given types. Its arrays are
 * flat, in row-major order; scalars are numbers; nested arrays and objects keep their structure. Captured tensors
 * become constants.
 *
 * @throws DownhillError `option` if the function calls a plain function whose indices are checked at run time.
 */
export function emitTensorModule(
  f: (...args: never[]) => unknown,
  { name, args, wasm = false, head = [] }: EmitTensorOptions,
): EmittedModule {
  const parts = args.map((arg) => partsOf(arg));
  const types = parts.flatMap((part) => part.types);
  const defs = parts.map((part) => part.def);
  let outDef: TreeDef = { kind: "leaf" };
  let outTypes: readonly ArrayType[] = [];
  const { program, captured } = traceProgram(name, types, (...traced) => {
    const given = unflattenArguments(defs, traced);
    const { leaves, def } = flattenResult(f(...(given as never[])), `emit: ${name}`);
    outDef = def;
    outTypes = leaves.map((leaf) => leaf.type);
    return leaves;
  });
  const { routine, failures } = lowerProgram(optimize(program));
  if (failures.length > 0)
    throw new DownhillError(
      "option",
      `emit: ${name} calls a plain function that checks indices as it runs. Emit that function by itself, without --args.`,
    );
  const wasmModule = wasm ? wasmText() : undefined;
  const code = wasmModule?.add(routine) ?? javascriptOf(routine);
  const prelude = wasmModule?.prelude() ?? `${standalonePrelude}\n${javascriptRuntime}`;
  const names = args.map((_, i) => (args.length === 1 ? "x" : `x${i}`));
  const own = ownNames(new Set([name]), []);
  const inputs = [
    ...captured.map((_, i) => own.of(`constant${i}`)),
    ...parts.flatMap((part, i) =>
      part.leaves.map((leaf) => leafText(names[i]! + leaf.path, leaf.type, own.of("check"))),
    ),
  ];
  const signature = `(${names.map((x, i) => `${x}: ${typeText(args[i]!)}`).join(", ")}): ${resultType(outDef, outTypes.values())}`;
  const shapes = `${name}(${args.map(shapesText).join(", ")}) -> ${outTypes.map((type) => showType(type)).join(", ")}`;
  const lines = [...head, `Arrays are flat, in row-major order: ${shapes}`, ...(wasm ? wasmHead : [])].map(
    (line) => `// ${line}`,
  );
  let at = 0;
  const result = resultText(outDef, () => {
    const k = at++;
    return outTypes[k]!.dtype === "bool" && outTypes[k]!.shape.length === 0
      ? `outputs[${k}] !== 0`
      : `outputs[${k}]`;
  });
  const declarations = own.rename([
    prelude,
    checkText,
    ...captured.map((tensor, i) => `const constant${i} = ${constantText(tensor)};\n`),
    `const ${name}Code = ${code};\n`,
  ]);
  const text = exportedFunction({ name, doc: `\`${shapes}\``, params: names }, [
    `  const outputs = ${own.of("execute")}(${name}Code, [`,
    ...inputs.map((input) => `    ${input},`),
    "  ]);",
    `  return ${result};`,
  ]);
  return {
    code: [...lines, "", ...declarations, text].join("\n"),
    types: [...lines, `export function ${name}${signature};`, ""].join("\n"),
  };
}

interface ArgumentLeaves {
  readonly def: TreeDef;
  readonly types: readonly ArrayType[];
  readonly leaves: readonly { readonly path: string; readonly type: ArrayType }[];
}

function isLeaf(arg: ArgumentTypes): arg is ArrayType {
  return !Array.isArray(arg) && "dtype" in arg && typeof arg.dtype === "string";
}

function partsOf(arg: ArgumentTypes): ArgumentLeaves {
  const leaves: { path: string; type: ArrayType }[] = [];
  const walk = (value: ArgumentTypes, path: string): unknown => {
    if (isLeaf(value)) {
      leaves.push({ path, type: value });
      return 0;
    }
    if (Array.isArray(value)) return value.map((item: ArgumentTypes, i) => walk(item, `${path}[${i}]`));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, walk(item, path + property(key))]),
    );
  };
  const { def } = flatten(walk(arg, ""), "emit");
  return { def, types: leaves.map(({ type }) => type), leaves };
}

function shapesText(arg: ArgumentTypes): string {
  if (isLeaf(arg)) return showType(arg);
  if (Array.isArray(arg)) return `[${arg.map((item: ArgumentTypes) => shapesText(item)).join(", ")}]`;
  const fields = Object.entries(arg).map(([key, item]) => `${key}: ${shapesText(item)}`);
  return `{ ${fields.join(", ")} }`;
}

function leafText(path: string, { dtype, shape }: ArrayType, check: string): string {
  if (shape.length === 0) return dtype === "bool" ? `Number(${path})` : path;
  return `${check}(${path}, ${makeArray(scalarTypeOf(dtype), 0).constructor.name}, ${sizeOf(shape)}, ${JSON.stringify(path)})`;
}

function constantText(tensor: Tensor): string {
  if (tensor.shape.length === 0) return numberText(tensor.item());
  const data = tensor.data();
  const elements = Array.from(data, (x) => numberText(x));
  return `new ${data.constructor.name}([${elements.join(", ")}])`;
}

function numberText(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

function typeText(arg: ArgumentTypes): string {
  if (isLeaf(arg)) return leafType(arg, true);
  if (Array.isArray(arg)) return `[${arg.map((item: ArgumentTypes) => typeText(item)).join(", ")}]`;
  const fields = Object.entries(arg).map(([key, item]) => `${key}: ${typeText(item)}`);
  return `{ ${fields.join("; ")} }`;
}

function leafType({ dtype, shape }: ArrayType, isArgument: boolean): string {
  if (shape.length === 0) return dtype === "bool" ? "boolean" : "number";
  return isArgument ? "ArrayLike<number>" : makeArray(scalarTypeOf(dtype), 0).constructor.name;
}

function resultType(def: TreeDef, types: Iterator<ArrayType>): string {
  return resultText(def, () => leafType(types.next().value as ArrayType, false), ";");
}

/** Code of a nested result around the code of its leaves. */
function resultText(def: TreeDef, next: () => string, separator = ","): string {
  switch (def.kind) {
    case "leaf":
      return next();
    case "array":
      return `[${def.children.map((child) => resultText(child, next, separator)).join(", ")}]`;
    case "object":
      return `{ ${def.children
        .map((child, i) => `${JSON.stringify(def.keys[i])}: ${resultText(child, next, separator)}`)
        .join(`${separator} `)} }`;
    case "instance":
      return resultText(def.children[0], next, separator);
    case "static":
      return JSON.stringify(def.value) ?? "undefined";
  }
}

function javascriptOf(routine: Parameters<typeof standaloneRoutine>[0]): string {
  const lengths = routine.outputs.map((output) =>
    output.kind === "scalar"
      ? "undefined"
      : `new ${makeArray(output.buffer.type, 0).constructor.name}(${must(constantSize(output.buffer.size), "a size that is known")})`,
  );
  return `{\n  run: ${standaloneRoutine(routine)},\n  outputs: () => [${lengths.join(", ")}],\n}`;
}

const javascriptRuntime = `
function execute(code, inputs) {
  const outputs = code.outputs().map((array) => (array === undefined ? 0 : { array, offset: 0 }));
  code.run(
    inputs.map((x) => (typeof x === "number" ? x : { array: x, offset: 0 })),
    outputs,
  );
  return outputs.map((x) => (typeof x === "number" ? x : x.array));
}
`;

const checkText = `/** An array of the class and length that the function was compiled for. */
function check(x, ArrayClass, length, name) {
  if (x.length !== length) throw new RangeError(\`\${name}: the length is \${x.length}, not \${length}.\`);
  return x instanceof ArrayClass ? x : ArrayClass.from(x);
}
`;
