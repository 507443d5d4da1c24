import { basename } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { version } from "../../engine/util/version.ts";
import type { EmitOptions, EmittedModule } from "../../numeric/plain/emit/module.ts";
import { emitModule } from "../../numeric/plain/emit/module.ts";
import { emitTensorModule } from "../../numeric/plain/emit/tensor.ts";
import type { PlainTarget } from "../shared/plain-file.ts";
import { plainTarget, readPlain } from "../shared/plain-file.ts";
import type { EmitRequest } from "./command.ts";
import { loadFunction, readTypes } from "./tensor-function.ts";
import { paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { optionError } from "../shared/words.ts";
import { checkOutput, type OutputFile, writeOutput } from "../shared/write-file.ts";

/**
 * Reads the function and writes the module with its derivatives, to standard output or, with `out`, to a file with its
 * types next to it.
 */
export async function emit(request: EmitRequest, { stdout }: Terminal): Promise<void> {
  const target = plainTarget(request.target);
  if (target === undefined)
    throw new DownhillError(
      "option",
      `emit: ${JSON.stringify(request.target)} names no function in a file: write file.ts#name.`,
    );
  const files = request.out === undefined ? undefined : checkFiles(request.out, target.file);
  const { code, types } =
    request.args === undefined
      ? await emitPlain(request, target, files)
      : await emitTensors(request, target, request.args);
  if (files === undefined) {
    stdout.write(code);
    return;
  }
  await writeOutput(files.code, code);
  await writeOutput(files.types, types);
  stdout.write(`${paintFor(stdout)("dim", "Written:")} ${files.code}, ${files.types}\n`);
}

/** Paths of the files to which the emitted module and its type declarations are written. */
interface EmittedFiles {
  readonly code: OutputFile;
  readonly types: OutputFile;
}

function checkFiles(out: string, input: string): EmittedFiles {
  if (!/\.m?js$/.test(out))
    throw new DownhillError(
      "option",
      `--out: the name must end in .js or .mjs, and ${JSON.stringify(out)} does not.`,
    );
  const types = out.replace(/\.(?<m>m?)js$/, ".d.$<m>ts");
  return { code: checkOutput(out, [input]), types: checkOutput(types, [input]) };
}

/** Emits the derivatives of a function marked `"use ad"`. */
async function emitPlain(
  request: EmitRequest,
  target: PlainTarget,
  files: EmittedFiles | undefined,
): Promise<EmittedModule> {
  const { value, grad, hvp, jacobian } = request;
  const functions = request.functions === undefined ? undefined : readFunctions(request.functions);
  const form = await readPlain(target, [files?.code, files?.types]);
  const wanted: EmitOptions = {
    ...(value ? { value } : {}),
    ...(grad === undefined ? {} : { grad: grad.split(",").map((name) => name.trim()) }),
    ...(hvp === undefined ? {} : { hvp }),
    ...(jacobian === undefined ? {} : { jacobian }),
    ...(functions === undefined ? {} : { functions }),
    ...(request.wasm ? { wasm: true } : {}),
  };
  return emitModule(form, {
    ...wanted,
    head: headOf(request, target.file, form.region.name),
  });
}

/** Emits a function over tensors for the given argument types. */
async function emitTensors(request: EmitRequest, target: PlainTarget, text: string): Promise<EmittedModule> {
  const { value, grad, hvp, jacobian, functions, wasm } = request;
  if (value || (grad ?? hvp ?? jacobian ?? functions) !== undefined)
    throw optionError(
      "--args: a function over tensors is written unchanged; for its derivative, export a function such as const lossGrad = grad(loss).",
    );
  const args = readTypes(text);
  const name = target.name === undefined || target.name === "default" ? "f" : target.name;
  return emitTensorModule(await loadFunction(target), {
    name,
    args,
    wasm,
    head: headOf(request, target.file, name),
  });
}

const functionKinds = ["Math", "exact"] as const;

function readFunctions(text: string): (typeof functionKinds)[number] {
  const found = functionKinds.find((kind) => kind === text);
  if (found !== undefined) return found;
  throw new DownhillError(
    "option",
    `--functions: takes Math or exact, not ${JSON.stringify(text)}.${didYouMean(text, functionKinds)}`,
  );
}

/** Header comment of a module: its source and the command that regenerates it. */
function headOf(
  { value, grad, hvp, jacobian, functions, wasm, args, out }: EmitRequest,
  file: string,
  name: string,
): string[] {
  const options = [
    value ? "--value" : "",
    grad === undefined ? "" : `--grad ${grad}`,
    hvp === undefined ? "" : `--hvp ${hvp}`,
    jacobian === undefined ? "" : `--jacobian ${jacobian}`,
    functions === undefined ? "" : `--functions ${functions}`,
    args === undefined ? "" : `--args "${args}"`,
    wasm ? "--wasm" : "",
    out === undefined ? "" : `--out ${basename(out)}`,
  ].filter((text) => text !== "");
  return [
    `Made by downhill ${version} from ${name} in ${basename(file)}. To regenerate it:`,
    `downhill emit ${basename(file)}#${name} ${options.join(" ")}`,
  ];
}
