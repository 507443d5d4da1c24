import { basename } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { version } from "../../engine/util/version.ts";
import type { EmitOptions } from "../../numeric/plain/emit/module.ts";
import { emitModule } from "../../numeric/plain/emit/module.ts";
import { plainTarget, readPlain } from "../shared/plain-file.ts";
import { paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";

/** What `downhill emit` was asked for, as it was written. */
export interface EmitRequest {
  readonly target: string;
  readonly value: boolean;
  readonly grad: string | undefined;
  readonly hvp: string | undefined;
  readonly jacobian: string | undefined;
  readonly functions: string | undefined;
  readonly wasm: boolean;
  readonly out: string | undefined;
}

/** Reads the function and writes its derivatives. */
export async function emit(request: EmitRequest, { stdout }: Terminal): Promise<void> {
  const { value, grad, hvp, jacobian, out } = request;
  const target = plainTarget(request.target);
  if (target === undefined)
    throw new DownhillError(
      "option",
      `emit: ${JSON.stringify(request.target)} names no function in a file: write file.ts#name.`,
    );
  const functions = request.functions === undefined ? undefined : readFunctions(request.functions);
  if (out !== undefined) {
    if (!/\.m?js$/.test(out))
      throw new DownhillError(
        "option",
        `--out: the name must end in .js or .mjs, and ${JSON.stringify(out)} does not.`,
      );
    checkOutput(out);
  }
  const form = await readPlain(target);
  const wanted: EmitOptions = {
    ...(value ? { value } : {}),
    ...(grad === undefined ? {} : { grad: grad.split(",").map((name) => name.trim()) }),
    ...(hvp === undefined ? {} : { hvp }),
    ...(jacobian === undefined ? {} : { jacobian }),
    ...(functions === undefined ? {} : { functions }),
    ...(request.wasm ? { wasm: true } : {}),
  };
  const { code, types } = emitModule(form, {
    ...wanted,
    head: headOf(request, target.file, form.region.name),
  });
  if (out === undefined) {
    stdout.write(code);
    return;
  }
  const typesFile = out.replace(/\.(?<m>m?)js$/, ".d.$<m>ts");
  await writeOutput(out, code);
  await writeOutput(typesFile, types);
  stdout.write(`${paintFor(stdout)("dim", "Written:")} ${out}, ${typesFile}\n`);
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

/** What a module was made from, and how to make it again. */
function headOf(
  { value, grad, hvp, jacobian, functions, wasm, out }: EmitRequest,
  file: string,
  name: string,
): string[] {
  const options = [
    value ? "--value" : "",
    grad === undefined ? "" : `--grad ${grad}`,
    hvp === undefined ? "" : `--hvp ${hvp}`,
    jacobian === undefined ? "" : `--jacobian ${jacobian}`,
    functions === undefined ? "" : `--functions ${functions}`,
    wasm ? "--wasm" : "",
    out === undefined ? "" : `--out ${basename(out)}`,
  ].filter((text) => text !== "");
  return [
    `Made by downhill ${version} from ${name} in ${basename(file)}. To make it again:`,
    `downhill emit ${basename(file)}#${name} ${options.join(" ")}`,
  ];
}
