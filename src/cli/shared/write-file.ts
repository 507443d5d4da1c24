import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { replaceFile } from "../../training/io/replace-file.ts";
import { optionError } from "./words.ts";

declare const checked: unique symbol;

/** Path of a file that a command may write. Only `checkOutput` and `fileIn` make one. */
export type OutputFile = string & { readonly [checked]: "file" };

/** Path of a folder of a run that a command may write to. Only `checkFolder` makes one. */
export type OutputFolder = string & { readonly [checked]: "folder" };

/**
 * Replaces the content of a file with a text or bytes, completely or not at all.
 *
 * @throws DownhillError `file`, with the reason.
 */
export async function writeOutput(path: OutputFile, content: string | Uint8Array): Promise<void> {
  try {
    await replaceFile(
      "write",
      path,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  } catch (error) {
    throw new DownhillError("file", `cannot write ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

/**
 * Checks before any work that a path is not one of the files that the command reads, and that it can be written.
 *
 * @param inputs files and folders of runs that the command reads, as given. `undefined` and paths that do not exist are
 *   ignored.
 * @throws DownhillError `option` for an input, `file` for a path that cannot be written.
 */
export function checkOutput(path: string, inputs: readonly (string | undefined)[]): OutputFile {
  refuseInputs(path, inputs);
  const folder = dirname(path);
  const reason = !existsSync(folder)
    ? reasons.get("ENOENT")
    : !statSync(folder).isDirectory()
      ? reasons.get("ENOTDIR")
      : !existsSync(path)
        ? objectionTo(folder)
        : statSync(path).isDirectory()
          ? reasons.get("EISDIR")
          : (objectionTo(path) ??
            (statSync(path).isFile() ? objectionTo(dirname(realpathSync(path))) : undefined));
  if (reason !== undefined) throw new DownhillError("file", `cannot write ${path}: ${reason}.`);
  return path as OutputFile;
}

/**
 * Checks before any work that no file to be replaced or deleted in the folder of a run is an input, and that files can
 * be written there. The folder need not exist.
 *
 * @throws DownhillError `option` for an input, `file` for a folder that is not writable.
 */
export function checkFolder(path: string, inputs: readonly (string | undefined)[]): OutputFolder {
  const replaced = new Set(filesOfRun(path).map(identityOf));
  const input = inputs.find((one) => one !== undefined && replaced.has(identityOf(one)));
  if (input !== undefined)
    throw optionError(
      `cannot write to ${path}: ${input} is an input of this command, and a run replaces files of that name there. Name another folder.`,
    );
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const reason = statSync(there).isDirectory() ? objectionTo(there) : reasons.get("ENOTDIR");
  if (reason !== undefined) throw new DownhillError("file", `cannot write to ${path}: ${reason}.`);
  return path as OutputFolder;
}

/** Returns the path of a file with this name in the folder of a run. */
export function fileIn(folder: OutputFolder, name: string): OutputFile {
  return join(folder, name) as OutputFile;
}

/**
 * Refuses an output that is one of the inputs, by any path or link. For inputs that are only known after others were
 * read.
 *
 * @throws DownhillError `option`
 */
export function refuseInputs(path: string, inputs: readonly (string | undefined)[]): void {
  const output = identityOf(path);
  if (output === undefined) return;
  for (const input of inputs) {
    if (input === undefined) continue;
    const file = [input, ...filesOfRun(input)].find((one) => identityOf(one) === output);
    if (file === undefined) continue;
    const name = file === path ? "it is" : `it is the file ${file},`;
    throw optionError(`cannot write ${path}: ${name} an input of this command. Name another file.`);
  }
}

/**
 * Refuses two outputs with the same name, and outputs with the name of a file of the run in the folder.
 *
 * @param outputs paths by the options that give them
 * @throws DownhillError `option`
 */
export function refuseSameOutputs(
  outputs: Readonly<Record<string, string | undefined>>,
  folder: string | undefined,
): void {
  const given = Object.entries(outputs).flatMap(([option, path]) =>
    path === undefined ? [] : [{ option, path, identity: identityOf(path) }],
  );
  for (const [i, { option, path, identity }] of given.entries()) {
    if (identity === undefined) continue;
    const other = given.slice(0, i).find((one) => one.identity === identity);
    if (other !== undefined)
      throw optionError(`${other.option} and ${option} name the same file, ${path}. Name two files.`);
    if (folder === undefined) continue;
    const inFolder = runFile.test(basename(path)) && identityOf(dirname(path)) === identityOf(folder);
    if (inFolder || filesOfRun(folder).some((one) => identityOf(one) === identity))
      throw optionError(`${option} ${path} is a file of the run in ${folder}. Name another file.`);
  }
}

/** Names of the files that a run of `downhill train` keeps in its folder. */
const runFile = /^(?:checkpoint-\d+\.(?:json|safetensors)|settings\.json|inputs\.json|tests\.jsonl)$/;

/** Returns the files of a run in a folder; empty if the path is not a folder. */
function filesOfRun(path: string): readonly string[] {
  try {
    return readdirSync(path)
      .filter((name) => runFile.test(name))
      .map((name) => join(path, name));
  } catch {
    return [];
  }
}

/**
 * Returns a key that is equal for all paths and links of the same file or folder. `undefined` for devices and pipes,
 * which nothing overwrites, and for paths that cannot exist.
 */
function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined)
      return stats.isFile() || stats.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined;
    return join(realpathSync(dirname(path)), basename(path)); // does not exist yet
  } catch {
    return undefined;
  }
}

/**
 * Returns the reason why the system refuses to write to an existing file or folder; `undefined` if it does not refuse.
 */
function objectionTo(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "its folder does not exist"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EISDIR", "it is a folder"],
  ["ENOSPC", "the disk is full"],
  ["EROFS", "the file system is read-only"],
  ["ENOTDIR", "a component of its path is not a folder"],
]);

/** Returns the reason why a write failed, in words, from the error of the operating system. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons.get(code) ?? (error instanceof Error ? error.message : String(error));
}
