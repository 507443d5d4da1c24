// JavaScript around the WebAssembly of a module: the memory, and calls that copy arguments into it and results out of
// it.
import type { StandaloneModules } from "../../../engine/backends/wasm/standalone.ts";
import { standaloneModules } from "../../../engine/backends/wasm/standalone.ts";
import type { Routine, ScalarType } from "../../../engine/kernel/index.ts";
import { isConstant } from "../../../engine/kernel/index.ts";
import { encodeBase64 } from "../../../engine/util/base64.ts";
import { sizeText } from "./size.ts";

/** Comment lines for the head of a module with embedded WebAssembly. */
export const wasmHead: readonly string[] = [
  "The code inside is WebAssembly: under a content security policy, script-src needs 'wasm-unsafe-eval'.",
];

/** WebAssembly of routines, and the JavaScript that runs it. */
export interface WasmText {
  /** Compiles a routine. Returns an object literal for `execute`; `more` are further properties of it. */
  add(routine: Routine, more?: readonly string[]): string;
  /**
   * Code of the memory and of `execute(code, inputs)`, which returns the outputs of a routine. It precedes the literals
   * that `add` returned.
   */
  prelude(): string;
}

/** Page size of WebAssembly memory in bytes. */
const pageBytes = 65_536;

export function wasmText(): WasmText {
  const modules: StandaloneModules = standaloneModules();
  return {
    add(routine, more = []) {
      const { bytes, results, argumentBlock, argumentTypes } = modules.add(routine);
      const outputs = routine.outputs.map((output): { readonly type: ScalarType; readonly size?: string } =>
        output.kind === "scalar"
          ? { type: output.value.type }
          : { type: output.buffer.type, size: sizeText(output.buffer.size, routine) },
      );
      const types = (list: readonly ScalarType[]): string => `[${list.map((t) => `"${t}"`).join(", ")}]`;
      const temporaries = isConstant(routine.arenaBytes) ? undefined : sizeText(routine.arenaBytes, routine);
      return [
        "{",
        `  run: compile(\n    "${encodeBase64(bytes)}",\n  ),`,
        `  inputs: ${types(routine.inputs.map((input) => (input.kind === "scalar" ? input.type : input.buffer.type)))},`,
        `  outputs: ${types(outputs.map(({ type }) => type))},`,
        `  lengths: (inputs) => [${outputs.map(({ size }) => size ?? "undefined").join(", ")}],`,
        ...(temporaries === undefined ? [] : [`  temporaries: (inputs) => ${temporaries},`]),
        ...(argumentBlock === undefined
          ? []
          : [`  argumentsAt: ${argumentBlock},`, `  argumentTypes: ${types(argumentTypes)},`]),
        `  resultsAt: ${results},`,
        ...more.map((line) => `  ${line},`),
        "}",
      ].join("\n");
    },
    prelude() {
      const end = Math.ceil(modules.end() / 64) * 64;
      const pages = Math.ceil(end / pageBytes) + 1;
      return [
        "/** The memory of the compiled functions, which begins with their constants. */",
        `const memory = new WebAssembly.Memory({ initial: ${pages}, maximum: 65536 });`,
        "const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));",
        `new Uint8Array(memory.buffer).set(\n  bytesOf("${encodeBase64(modules.image())}"),\n);`,
        "",
        "/** Offset of the arguments, results and temporaries of a call, after the constants. */",
        `const firstFree = ${end};`,
        runtime,
      ].join("\n");
    },
  };
}

const runtime = `
const classes = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint8Array,
};

function compile(text) {
  const imports = { env: { memory: memory, remainder: (x, y) => x % y } };
  return new WebAssembly.Instance(new WebAssembly.Module(bytesOf(text)), imports).exports.run;
}

/** Runs compiled code on numbers and arrays: copies arrays to the memory, which grows as needed, and copies results from it. */
function execute(code, inputs) {
  const lengths = code.lengths(inputs);
  const bytes = code.temporaries === undefined ? 0 : code.temporaries(inputs);
  for (const size of [...lengths, bytes])
    if (size !== undefined && !(size >= 0 && size < 2 ** 31)) throw new RangeError(\`there is no memory for \${size} elements\`);
  let top = firstFree;
  const reserve = (type, length) => {
    const address = top;
    top += Math.ceil((length * classes[type].BYTES_PER_ELEMENT) / 64) * 64;
    return address;
  };
  const args = inputs.map((x, k) => (typeof x === "number" ? x : reserve(code.inputs[k], x.length)));
  const places = lengths.map((n, k) => (n === undefined ? undefined : reserve(code.outputs[k], n)));
  args.push(...places.filter((place) => place !== undefined));
  if (code.temporaries !== undefined) args.push(reserve("bool", bytes));
  const missing = top - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const view = (type, address, n) => new classes[type](memory.buffer, address, n);
  inputs.forEach((x, k) => {
    if (typeof x !== "number") view(code.inputs[k], args[k], x.length).set(x);
  });
  if (code.argumentsAt !== undefined)
    args.forEach((x, k) => (view(code.argumentTypes[k], code.argumentsAt + 8 * k, 1)[0] = x));
  const single = code.run(...(code.argumentsAt === undefined ? args : []));
  const isSingle = places.filter((place) => place === undefined).length === 1;
  let at = code.resultsAt;
  return places.map((place, k) => {
    const type = code.outputs[k];
    if (place !== undefined) return view(type, place, lengths[k]).slice();
    if (isSingle) return type === "u32" ? single >>> 0 : single;
    at += 8;
    return view(type, at - 8, 1)[0];
  });
}
`;
