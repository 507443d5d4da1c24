import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { folderOf } from "./file-operations.ts";
import { readFileBytes, readFileText } from "./files.ts";
import { chosenNames } from "./names.ts";
import { replaceFileOrExplain } from "./replace-file.ts";
import {
  checkReadOptions,
  checkWriteOptions,
  readSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  type NestedTensors,
  type TensorsByName,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from "./safetensors.ts";

/**
 * Like `readSafetensors`, for a file. Messages name the path unless `name` is given.
 *
 * A path that ends in `.json` is an index, such as the `model.safetensors.index.json` of weights that are split over
 * several files. These files are read one after another from the folder of the index, each only if `only` names a
 * tensor in it. Their metadata are merged; of equal keys the last one wins.
 *
 * @throws DownhillError like `readSafetensors`; `file`, naming the file and the remedy, if one cannot be read; `data`
 *   for an index that is damaged, names a file outside its folder, or names a tensor that its file does not have.
 */
export async function readSafetensorsFile(
  path: string,
  options: ReadSafetensorsOptions = {},
): Promise<Safetensors> {
  if (arguments.length > 2) refuseExtra("readSafetensorsFile", arguments, 2);
  checkReadOptions("readSafetensorsFile", options);
  if (!path.endsWith(".json")) return readSafetensors(await readFileBytes(path), { name: path, ...options });
  const { name = path, only, int64 = "error" } = options;
  const files = readIndex(await readFileText(path), name);
  const wanted = chosenNames([...files.keys()], only, "tensor", name);
  const found = new Map<string, Tensor>();
  const metadata: Record<string, string> = {};
  for (const file of new Set(wanted.map((key) => files.get(key)!))) {
    const inFile = wanted.filter((key) => files.get(key) === file);
    const part = `${folderOf(path)}/${file}`;
    const read = readSafetensors(await readFileBytes(part), { name: part, only: inFile, int64 });
    for (const [key, tensor] of read.tensors) found.set(key, tensor);
    Object.assign(metadata, read.metadata);
  }
  const inOrder = wanted.filter((key) => found.has(key)).map((key) => [key, found.get(key)!] as const);
  return { tensors: new Map(inOrder), metadata };
}

/** Parses an index. Returns the file of each tensor by name, in the order of the index. */
function readIndex(text: string, name: string): ReadonlyMap<string, string> {
  const fail = (what: string, cause?: unknown): DownhillError =>
    new DownhillError("data", `${name}: ${what}. Fetch or copy it again.`, { cause });
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw fail("this is not an index of safetensors: it is not JSON", cause);
  }
  const map =
    typeof index === "object" && index !== null ? (index as { weight_map?: unknown }).weight_map : undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw fail("this is not an index of safetensors: it has no weight_map with the file of each tensor");
  }
  const entries = Object.entries(map as Readonly<Record<string, unknown>>);
  return new Map(
    entries.map(([key, file]) => {
      // An untrusted index must not point outside its folder.
      if (typeof file === "string" && /^[^/\\:\0]+$/.test(file) && file !== "." && file !== "..")
        return [key, file];
      throw fail(
        `the file of the tensor ${JSON.stringify(key)} is ${JSON.stringify(file)}, which does not name a file next to the index`,
      );
    }),
  );
}

/**
 * Writes tensors by name or nested parameters to a safetensors file, atomically: at any time its name refers to either
 * the old or the complete new content.
 *
 * @throws DownhillError like `writeSafetensors`; `file`, naming the file and the remedy, if it cannot be written.
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: TensorsByName | NestedTensors,
  metadata: Readonly<Record<string, string>> = {},
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  if (arguments.length > 4) refuseExtra("writeSafetensorsFile", arguments, 4);
  checkWriteOptions("writeSafetensorsFile", options);
  await replaceFileOrExplain("writeSafetensorsFile", path, writeSafetensors(tensors, metadata, options));
}
