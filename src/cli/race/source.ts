import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { defineLandscape, findLandscape, type Landscape, zoo } from "../../pictures/landscapes/index.ts";
import { landscapeOptionNames } from "../../pictures/landscapes/landscape.ts";
import { holdsPlain, plainTarget, readRunnable } from "../shared/plain-file.ts";
import { optionError } from "../shared/words.ts";
import type { OutputFile } from "../shared/write-file.ts";
import { plainLandscape } from "./plain.ts";

/**
 * Reads a landscape: a built-in one, a plain function in a file, a module, or a formula.
 *
 * @param start as written on the command line; for a function of an array it determines the number of coordinates.
 * @param out the output file, which must not be one of the modules
 */
export async function readLandscape(
  text: string,
  start: string | undefined,
  out?: OutputFile,
): Promise<Landscape> {
  if (Object.hasOwn(zoo, text)) return findLandscape(text);
  const target = plainTarget(text);
  if (target !== undefined && (target.name !== undefined || holdsPlain(target.file))) {
    return plainLandscape(await readRunnable(target, [out]), target.file, start);
  }
  if (/\.[cm]?[jt]s$/.test(text)) return await fromModule(text);
  // a bare word is a misspelt name instead of a formula of one input
  if (/^[a-z][a-z-]{2,}$/i.test(text)) return findLandscape(text);
  return defineLandscape(text);
}

/**
 * Returns the landscape that a module exports: its default export, its `f`, or its only function. Other properties are
 * exports named as in `defineLandscape`.
 */
async function fromModule(file: string): Promise<Landscape> {
  const path = resolve(file);
  if (!existsSync(path)) throw new DownhillError("file", `cannot read ${file}: there is no such file.`);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DownhillError("file", `cannot load ${file}: ${reason}`, { cause: error });
  }
  const functions = Object.keys(module).filter((name) => typeof module[name] === "function");
  const chosen =
    ["default", "f"].find((name) => functions.includes(name)) ??
    (functions.length === 1 ? functions[0] : undefined);
  if (chosen === undefined) {
    const has = functions.length === 0 ? "exports no function" : `exports ${functions.join(", ")}`;
    throw optionError(
      `${file} ${has}: the landscape must be its default export, be called f, or be its only function.`,
    );
  }
  const options = Object.fromEntries(
    landscapeOptionNames.filter((name) => name in module).map((name) => [name, module[name]]),
  );
  const f = module[chosen] as (...coordinates: Tensor[]) => Tensor;
  return defineLandscape(f, {
    name: file,
    formula: chosen === "default" ? file : `${chosen} of ${file}`,
    ...options,
  });
}
