import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  target: {
    type: "positional",
    required: true,
    valueHint: "file.ts#name",
    description: `a function marked "use ad", or with --args one over tensors; the name may be omitted if the file has only one`,
  },
  value: { type: "boolean", description: "the function itself, and its value before gradients" },
  grad: {
    type: "string",
    valueHint: "p,b",
    description: "nameGrad: the gradient in a parameter, or a list of gradients in several",
  },
  hvp: {
    type: "string",
    valueHint: "p",
    description: "nameHvp: the Hessian in a parameter times a direction, its last argument",
  },
  jacobian: {
    type: "string",
    valueHint: "x",
    description: "nameJacobian: a row for each number of the result, and nameJvp: along a direction",
  },
  functions: {
    type: "string",
    valueHint: "word",
    description:
      "Math (default): JavaScript's own functions; exact: those of the library, written out, whose bits are\nthe same on every engine",
  },
  wasm: {
    type: "boolean",
    description: "WebAssembly inside the module, with the bits of the library",
  },
  args: {
    type: "string",
    valueHint: "types",
    description:
      'of an exported function over tensors, types of its arguments, such as "f64[3, 4], { w: f64[3], b: f64 }":\nit is compiled for these shapes',
  },
  out: {
    type: "string",
    valueHint: "file.js",
    description: "where to write the module; its types go to file.d.ts next to it (default: standard output)",
  },
} as const;

/** Values of the options of `downhill emit`. */
export type EmitRequest = OptionValues<typeof args>;

/** `downhill emit`: writes derivatives to files. */
export const emitCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const { emit } = await import("./run.ts");
    await emit(given, terminal);
    return 0;
  },
};
