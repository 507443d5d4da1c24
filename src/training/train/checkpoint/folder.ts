import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { crc32c } from "../../io/crc32c.ts";
import { explainWriteError, type FileOperations, nodeFiles, writeWhole } from "../../io/file-operations.ts";
import { takeLock } from "../../io/lock-file.ts";
import type { Checkpoint, CheckpointStore, LoadedCheckpoint } from "./store.ts";

/** Options of `checkpointFolder`. */
export interface CheckpointFolderOptions {
  /** Number of the newest checkpoints to keep in the folder, at least 1. Default 2. */
  readonly keep?: number;
  /** File operations to use instead of those of Node, Deno or Bun. */
  readonly files?: FileOperations;
}

/**
 * Stores checkpoints in a folder, which is created on demand. Each checkpoint consists of two files:
 *
 * ```text
 * checkpoint-000007.safetensors   parameters and all other tensors
 * checkpoint-000007.json          the rest, with the length and the checksum (CRC-32C) of both
 * ```
 *
 * Each file is written under a temporary name, synced and then renamed. The JSON comes last; once it exists, the
 * checkpoint is complete. Then the folder is synced, and only then are older checkpoints removed. So a run that is
 * killed at any moment, or a full disk, leaves the last checkpoint intact. Checksums detect later damage; `load` then
 * uses the checkpoint before the damaged one, with a warning.
 *
 * While a run saves there, `run.lock` names it. A second run in the folder is refused with the process, machine and
 * start time of the first. A run on the same machine takes over the lock of a killed run. From another machine the
 * library cannot see whether the process lives, and the error says which file to remove. Only Node and Bun lock the
 * folder.
 *
 * @throws DownhillError `file` in a browser, which has no files; `option` or `range` for invalid arguments.
 * @example
 * ```text
 * const checkpoint = { store: checkpointFolder("runs/digits"), everySeconds: 60 };
 * const { params } = await fit({ params: start, loss, data, optimizer, epochs: 100, checkpoint, resume: true });
 * ```
 */
export function checkpointFolder(folder: string, options: CheckpointFolderOptions = {}): CheckpointStore {
  if (arguments.length > 2) refuseExtra("checkpointFolder", arguments, 2);
  checkOptions("checkpointFolder", options, ["keep", "files"]);
  const { keep = 2 } = options;
  if (typeof folder !== "string" || folder === "") {
    throw new DownhillError("option", "checkpointFolder: needs the path of a folder.");
  }
  if (!(Number.isInteger(keep) && keep >= 1)) {
    throw new DownhillError(
      "range",
      `checkpointFolder: keep must be an integer of 1 or more; got ${String(keep)}.`,
    );
  }
  const files = options.files ?? nodeFiles("checkpointFolder");
  const place = (name: string): string => `${folder}/${name}`;
  return {
    async save(checkpoint) {
      const { tensors } = checkpoint;
      let path = folder;
      try {
        await files.makeFolder(folder);
        const number = (numbersIn(await files.list(folder))[0] ?? 0) + 1;
        path = place(tensorsName(number));
        await writeWhole(files, path, tensors);
        path = place(stateName(number));
        await writeWhole(files, path, new TextEncoder().encode(writeState(number, checkpoint)));
        path = folder;
        await files.syncFolder(folder);
      } catch (cause) {
        const what = `The checkpoint of step ${checkpoint.step} is not written; earlier checkpoints are unchanged.`;
        throw new DownhillError("file", `${explainWriteError(path, cause)} ${what}`, { cause });
      }
      await removeOthers(files, folder, keep);
    },
    async load() {
      const numbers = numbersIn(await namesIn(files, folder));
      return newest(numbers, async (number) => readWhole(files, place, number), folder);
    },
    async lock() {
      try {
        await files.makeFolder(folder);
        return await takeLock(files, place("run.lock"));
      } catch (cause) {
        if (cause instanceof DownhillError) throw cause;
        throw new DownhillError("file", explainWriteError(folder, cause), { cause });
      }
    },
  };
}

/**
 * Tries the checkpoints with these numbers in order. Returns the first intact one, and a warning for each damaged one
 * before it. The checkpoint is `undefined` if there are no numbers.
 *
 * @throws DownhillError `data` if there are checkpoints and none is intact.
 */
async function newest(
  numbers: readonly number[],
  read: (number: number) => Promise<Checkpoint>,
  folder: string,
): Promise<LoadedCheckpoint> {
  const faults: string[] = [];
  for (const number of numbers) {
    try {
      const checkpoint = await read(number);
      const instead = ` The checkpoint of step ${checkpoint.step} is used instead.`;
      return { checkpoint, warnings: faults.map((fault) => fault + instead) };
    } catch (error) {
      if (!(error instanceof DownhillError)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length === 0) return { checkpoint: undefined, warnings: [] };
  throw new DownhillError(
    "data",
    `${folder}: none of its checkpoints is intact. ${faults.join(" ")} Move the files away to start a new run.`,
  );
}

async function namesIn(files: FileOperations, folder: string): Promise<readonly string[]> {
  try {
    return await files.list(folder);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") throw new DownhillError("file", explainWriteError(folder, cause), { cause });
    throw new DownhillError("file", `${folder}: cannot be read as a folder (${messageOf(cause)}).`, {
      cause,
    });
  }
}

const digits = 6;

function stateName(number: number): string {
  return `checkpoint-${String(number).padStart(digits, "0")}.json`;
}

function tensorsName(number: number): string {
  return `checkpoint-${String(number).padStart(digits, "0")}.safetensors`;
}

/** Returns the numbers in the names of checkpoint files with the extension `end`, the highest first. */
function numbersIn(names: readonly string[], end = "json"): number[] {
  return names
    .flatMap((name) => {
      const match = /^checkpoint-(\d+)\.(\w+)$/.exec(name);
      return match?.[2] === end ? [Number(match[1])] : [];
    })
    .sort((a, b) => b - a);
}

interface StateFile {
  readonly format: "downhill checkpoint";
  readonly version: 1;
  readonly step: number;
  readonly tensors: { readonly file: string; readonly bytes: number; readonly crc32c: string };
  readonly state: unknown;
}

/** Content of a checked state file, with the state as JSON text. */
interface ReadState extends Omit<StateFile, "state"> {
  readonly state: string;
}

/**
 * Returns the text of the JSON file: the state, the name, length and checksum of the tensor file, and a checksum of all
 * this.
 */
function writeState(number: number, { step, tensors, state }: Checkpoint): string {
  const about = { file: tensorsName(number), bytes: tensors.length, crc32c: hex(crc32c(tensors)) };
  const content = JSON.stringify({
    format: "downhill checkpoint",
    version: 1,
    step,
    tensors: about,
    state: JSON.parse(state) as unknown,
  } satisfies StateFile);
  return `{"crc32c":${JSON.stringify(checksumOf(content))},"content":${content}}\n`;
}

function checksumOf(text: string): string {
  return hex(crc32c(new TextEncoder().encode(text)));
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

/**
 * Reads a checkpoint from its two files.
 *
 * @throws DownhillError `data`, naming the file and the fault.
 */
async function readWhole(
  files: FileOperations,
  place: (name: string) => string,
  number: number,
): Promise<Checkpoint> {
  const path = place(stateName(number));
  const { step, tensors: about, state } = parseState(await readBytes(files, path), path, number);
  const tensorsPath = place(about.file);
  const tensors = await readBytes(files, tensorsPath);
  if (tensors.length !== about.bytes) {
    const what = tensors.length < about.bytes ? "cut short" : "longer than when it was written";
    throw damaged(tensorsPath, `${what}: it has ${tensors.length} bytes, not ${about.bytes}`);
  }
  if (hex(crc32c(tensors)) !== about.crc32c) throw damaged(tensorsPath, "its checksum does not match");
  return { step, tensors, state };
}

async function readBytes(files: FileOperations, path: string): Promise<Uint8Array> {
  try {
    return await files.read(path);
  } catch (cause) {
    throw new DownhillError("data", `${path}: cannot be read (${messageOf(cause)}).`, { cause });
  }
}

/**
 * Parses and checks the JSON file, which may come from an untrusted source.
 *
 * @throws DownhillError `data` if it is damaged, from another version, or names another tensor file.
 */
function parseState(bytes: Uint8Array, path: string, number: number): ReadState {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw damaged(path, "it is not UTF-8 text");
  }
  // The checksum covers the text of the file, not a re-serialised value, so that a change of any byte is detected.
  const match = /^\{"crc32c":"([0-9a-f]{8})","content":(\{.*\})\}\n$/s.exec(text);
  if (match === null) throw damaged(path, "it is cut short or not a checkpoint");
  if (checksumOf(match[2]!) !== match[1]) throw damaged(path, "its checksum does not match");
  let content: Partial<StateFile>;
  let state: string | undefined;
  try {
    content = JSON.parse(match[2]!) as Partial<StateFile>;
    state = JSON.stringify(content.state);
  } catch {
    throw damaged(path, "it is not JSON, or is nested too deeply");
  }
  if (content.format !== "downhill checkpoint" || content.version !== 1) {
    throw new DownhillError("data", `${path}: it was written by another version of downhill.`);
  }
  const { step, tensors } = content;
  // Accept only the expected file name: a name such as "../x" would point outside the folder.
  const isOwn = tensors?.file === tensorsName(number) && typeof tensors.crc32c === "string";
  if (!Number.isSafeInteger(step) || state === undefined || !isOwn) {
    throw damaged(path, `it does not describe ${tensorsName(number)}`);
  }
  return { ...(content as StateFile), state };
}

function damaged(path: string, what: string): DownhillError {
  return new DownhillError("data", `${path}: damaged: ${what}.`);
}

/** Matches the names of temporary files of checkpoints. Files with other names belong to the user. */
const temporaryName = /^checkpoint-\d+\.(?:json|safetensors)(?:\.[0-9a-f]+)?\.tmp$/;

/**
 * Removes all but the `keep` newest checkpoints, and leftovers of killed runs: temporary files, and tensor files
 * without a JSON file. Files that cannot be removed are harmless and stay.
 */
async function removeOthers(files: FileOperations, folder: string, keep: number): Promise<void> {
  const names = await files.list(folder).catch(() => []);
  const kept = numbersIn(names).slice(0, keep);
  const old = numbersIn(names).slice(keep);
  const strays = numbersIn(names, "safetensors").filter((number) => !kept.includes(number));
  // The JSON first: tensors without it are ignored, whereas JSON without tensors would be a broken checkpoint.
  const unwanted = [
    ...old.map(stateName),
    ...strays.map(tensorsName),
    ...names.filter((name) => temporaryName.test(name)),
  ];
  for (const name of unwanted) await files.remove(`${folder}/${name}`).catch(() => {});
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
