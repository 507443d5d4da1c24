import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DownhillError } from "../../engine/errors/index.ts";
import type { DType } from "../../engine/ir/types.ts";
import { arrayType } from "../../engine/ir/types.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { ArgumentTypes } from "../../numeric/plain/emit/tensor.ts";
import type { PlainTarget } from "../shared/plain-file.ts";
import { optionError } from "../shared/words.ts";

const dtypes: Readonly<Record<string, DType>> = {
  f64: "float64",
  f32: "float32",
  i32: "int32",
  u32: "uint32",
  bool: "bool",
};

/**
 * Parses argument types as written on the command line: `f64[3, 4], { w: f64[3], b: f64 }, [f64, f64]`.
 *
 * @throws DownhillError `option` for any other text.
 */
export function readTypes(text: string): ArgumentTypes[] {
  const tokens = text.match(/[A-Za-z_$][\w$]*|\d+|[^\s]/g) ?? [];
  let at = 0;
  const wrong = (what: string): DownhillError =>
    optionError(
      `--args: ${what} in ${JSON.stringify(text)}. Write types of tensors, such as "f64[3, 4], { w: f64[3], b: f64 }".`,
    );
  const expect = (token: string): void => {
    if (tokens[at] !== token) throw wrong(`${token} is missing before ${tokens[at] ?? "the end"}`);
    at++;
  };
  /** Parses comma-separated items up to a closing token. */
  const list = <T>(end: string, item: () => T): T[] => {
    const items: T[] = [];
    while (tokens[at] !== end) {
      items.push(item());
      if (tokens[at] !== end) expect(",");
    }
    at++;
    return items;
  };
  const size = (): number => {
    const token = tokens[at++];
    if (token === undefined || !/^\d+$/.test(token)) throw wrong(`${token ?? "the end"} is no size`);
    return Number(token);
  };
  const type = (): ArgumentTypes => {
    const token = tokens[at++];
    if (token === "[") return list("]", type);
    if (token === "{") return Object.fromEntries(list("}", field));
    if (token === undefined || !Object.hasOwn(dtypes, token))
      throw wrong(`${token ?? "the end"} is no type${didYouMean(token ?? "", Object.keys(dtypes))}`);
    if (tokens[at] !== "[") return arrayType(dtypes[token]!, []);
    at++;
    return arrayType(dtypes[token]!, list("]", size));
  };
  const field = (): readonly [string, ArgumentTypes] => {
    const name = tokens[at++];
    if (name === undefined || !/^[A-Za-z_$]/.test(name)) throw wrong(`${name ?? "the end"} is no name`);
    expect(":");
    return [name, type()];
  };
  const types: ArgumentTypes[] = [];
  while (at < tokens.length) {
    types.push(type());
    if (at < tokens.length) expect(",");
  }
  return types;
}

/**
 * Loads the function over tensors that a file exports. TypeScript is loaded by Node if it strips types, else by the
 * loader of `downhill-plugin`, if the file's project has it.
 *
 * @throws DownhillError `file` if it cannot be loaded, `option` if it exports no function of that name.
 */
export async function loadFunction({
  file,
  name = "default",
}: PlainTarget): Promise<(...args: never[]) => unknown> {
  const path = resolve(file);
  if (!existsSync(path)) throw new DownhillError("file", `cannot read ${file}: there is no such file.`);
  if (/\.[cm]?ts$/.test(file)) await readTypeScript(path, file);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DownhillError("file", `cannot load ${file}: ${reason}`, { cause: error });
  }
  const f = module[name];
  if (typeof f === "function") return f as (...args: never[]) => unknown;
  const functions = Object.keys(module).filter((key) => typeof module[key] === "function");
  throw optionError(
    `emit: ${file} exports no function ${name}${functions.length === 0 ? "." : `; it exports ${functions.join(", ")}.`}`,
  );
}

async function readTypeScript(path: string, file: string): Promise<void> {
  let loader: string;
  try {
    loader = createRequire(path).resolve("downhill-plugin/register");
  } catch {
    if ((process.features as { readonly typescript?: unknown }).typescript) return;
    throw new DownhillError(
      "file",
      `cannot load ${file}: this Node does not read TypeScript. Install downhill-plugin, or use Node 22.18 or newer.`,
    );
  }
  await import(pathToFileURL(loader).href);
}
