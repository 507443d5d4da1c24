// Value and gradient as code without dependencies.
import { type Tensor, valueAndGrad } from "downhill";
import { moduleText } from "../../src/engine/backends/wasm/encode/text.ts";
import { arrayType } from "../../src/engine/ir/types.ts";
import type { PlainForm, PlainType } from "../../src/numeric/plain/form/form.ts";
import { emitModule } from "../../src/numeric/plain/emit/module.ts";
import { emitTensorModule } from "../../src/numeric/plain/emit/tensor.ts";
import type { EmittedModule } from "../../src/numeric/plain/emit/module.ts";
import type { CompiledText } from "../../src/numeric/syntax/index.ts";
import { loadPlain, type Program, readProgram } from "../live/program.ts";
import type { Readable } from "./answer.ts";
import { typeScriptOf } from "../../src/numeric/syntax/typescript.ts";
import type { Question, Shown } from "./question.ts";
import { ViewError } from "./view-error.ts";

/** Code of value and gradient, in the chosen language. */
export async function codeOf({ program }: Readable, { language }: Question): Promise<Shown> {
  if (language === "webassembly")
    return { view: "code", language, text: webAssemblyIn((await emit(program, true)).code) };
  return { view: "code", language, text: (await emit(program, false)).code };
}

/** Emits value and gradient as a module. @throws ViewError if there is nothing to differentiate. */
async function emit(program: Program, wasm: boolean): Promise<EmittedModule> {
  if (program.kind === "plain") return emitForm(program.form, wasm);
  const { compiled } = program;
  if (compiled.inputs.length === 0) throw nothingToDifferentiate();
  const source = typeScriptOf(compiled);
  if (source === undefined) return emitText(compiled, wasm);
  await loadPlain();
  const read = readProgram(source);
  if (read?.kind !== "plain") throw new Error("a formula as TypeScript is read as a formula");
  return emitForm(read.form, wasm);
}

function nothingToDifferentiate(): ViewError {
  return new ViewError(
    "view",
    "The program has no number to differentiate in: give it an input, as in x = ?.",
  );
}

function emitForm(form: PlainForm, wasm: boolean): EmittedModule {
  const grad = form.params.flatMap(({ name, type }) => (hasDerivative(type) ? [name] : []));
  if (grad.length === 0) throw nothingToDifferentiate();
  return emitModule(form, { value: true, grad, wasm });
}

/** True if any number of an argument has a derivative. */
function hasDerivative(type: PlainType): boolean {
  switch (type.kind) {
    case "boolean":
      return false;
    case "number":
    case "array":
    case "matrix":
      return type.integer !== true;
    case "list":
      return hasDerivative(type.item);
    case "record":
      return type.fields.some((field) => hasDerivative(field.type));
    case "tuple":
      return type.items.some(hasDerivative);
    case "optional":
      return hasDerivative(type.type);
    default:
      return type satisfies never;
  }
}

/**
 * Emits a module with the value and gradient of a formula that uses functions that JavaScript lacks. It includes the
 * library's implementations of them.
 */
function emitText({ inputs, evaluate }: CompiledText, wasm: boolean): EmittedModule {
  const run = (...xs: Tensor[]): Tensor => evaluate(xs);
  const both = valueAndGrad(run, { argnums: inputs.map((_, i) => i) });
  return emitTensorModule(both, {
    name: "fGrad",
    args: inputs.map(() => arrayType("float64", [])),
    wasm,
    head: [`[value, [${inputs.map((name) => `derivative in ${name}`).join(", ")}]]`],
  });
}

/** Text of the WebAssembly that a module contains. */
function webAssemblyIn(code: string): string {
  const modules = [...code.matchAll(/run: compile\(\s*"(?<bytes>[^"]+)"/g)].map(({ groups }) =>
    moduleText(Uint8Array.from(atob(groups!["bytes"]!), (letter) => letter.charCodeAt(0))),
  );
  return modules.join("\n");
}
