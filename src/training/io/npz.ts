import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { type NamedValues, namedEntries } from "../../engine/util/by-name.ts";
import { checkBytes } from "./bytes.ts";
import { tooMuch, unpackLimit, type UnpackOptions } from "./gzip.ts";
import { checkNames, chosenNames } from "./names.ts";
import { type NpyArray, type NpySource, parseNpy, writeNpy } from "./npy.ts";
import { readZipDirectory, unpackZipEntry } from "./zip.ts";
import { writeZip } from "./zip-writer.ts";

/** Options of `readNpz`. */
export interface ReadNpzOptions extends UnpackOptions {
  /** Name of the bytes in messages, such as a file name. Default `"NPZ"`. */
  readonly name?: string;
  /** Names of the arrays to read; other content of the archive is then ignored. Default: all arrays. */
  readonly only?: readonly string[];
}

/** Options of `writeNpz`. */
export interface WriteNpzOptions {
  /** Whether arrays are deflated, like `numpy.savez_compressed`. Default false, like `numpy.savez`. */
  readonly compress?: boolean;
}

/** Input of `writeNpz`: arrays by name. */
export type NpySourcesByName = NamedValues<NpySource>;

const suffix = ".npy";

/**
 * Reads the arrays of an NPZ archive by name, as written by NumPy's `savez` and `savez_compressed`, in the order of the
 * archive. Each is in the form of the result of `readNpy`.
 *
 * Names are keys of the map and never paths. The checksum of every array is verified, and no array is unpacked beyond
 * the size that the archive states. `maxUnpackedBytes` applies to all arrays together.
 *
 * @throws DownhillError `data`, naming the file and the array: if it is not a zip archive, cut short or damaged,
 *   encrypted, packed by another method than deflate, contains other files than NPY or an NPY file that `readNpy`
 *   refuses, lacks an array named in `only` (with the most similar name), or unpacks to more than `maxUnpackedBytes`.
 * @example
 * const bytes = await writeNpz({ x: tensor([[1, 2], [3, 4]]), y: tensor([0, 1], { dtype: "int32" }) });
 * const arrays = await readNpz(bytes);
 * [...arrays.keys()]; // ["x", "y"]
 * arrays.get("y").data; // Int32Array [0, 1]
 */
export async function readNpz(
  bytes: Uint8Array,
  options: ReadNpzOptions = {},
): Promise<ReadonlyMap<string, NpyArray>> {
  if (arguments.length > 2) refuseExtra("readNpz", arguments, 2);
  checkBytes("readNpz", bytes);
  checkReadNpzOptions("readNpz", options);
  const { name = "NPZ", only } = options;
  const limit = unpackLimit("readNpz", options);
  const entries = readZipDirectory(bytes, name).filter((entry) => !isFolder(entry));
  const byKey = new Map(entries.map((entry) => [keyOf(entry.name), entry]));
  if (byKey.size < entries.length) {
    const twice = entries.find((entry) => byKey.get(keyOf(entry.name)) !== entry)!;
    throw new DownhillError(
      "data",
      `${name}: two arrays are named ${JSON.stringify(keyOf(twice.name))}. Rename one of them.`,
    );
  }
  const wanted = chosenNames([...byKey.keys()], only, "array", name);
  const size = wanted.reduce((n, key) => n + byKey.get(key)!.size, 0);
  const most = limit(bytes.length);
  if (size > most) throw tooMuch(name, most, bytes.length);
  const arrays = new Map<string, NpyArray>();
  for (const key of wanted) {
    const about = `${name}, ${JSON.stringify(key)}`;
    const entry = byKey.get(key)!;
    if (!entry.name.endsWith(suffix)) {
      const what = "its name is not that of an NPY file";
      throw new DownhillError("data", `${about}: ${what}. Select the arrays to read with only.`);
    }
    arrays.set(key, parseNpy(await unpackZipEntry(bytes, entry, about), about));
  }
  return arrays;
}

/**
 * Checks the options of `readNpz`, before anything is read.
 *
 * @throws DownhillError `option` or `range`, naming the invalid option.
 */
export function checkReadNpzOptions(operation: string, options: ReadNpzOptions): void {
  checkOptions(operation, options, ["name", "only", "maxUnpackedBytes"]);
  checkNames(operation, "only", "arrays", options.only);
}

/**
 * Writes an NPZ archive, which NumPy's `load` reads: a zip archive with one NPY file per array, as written by
 * `writeNpy`. Equal arrays produce equal bytes.
 *
 * @throws DownhillError like `writeNpy`.
 * @example
 * const zeros = { w: { shape: [1000], data: new Float64Array(1000) } };
 * (await writeNpz(zeros)).length > 8000; // true
 * (await writeNpz(zeros, { compress: true })).length < 400; // true
 */
export async function writeNpz(arrays: NpySourcesByName, options: WriteNpzOptions = {}): Promise<Uint8Array> {
  if (arguments.length > 2) refuseExtra("writeNpz", arguments, 2);
  checkWriteNpzOptions("writeNpz", options);
  const files = namedEntries(arrays).map(([name, array]) => ({
    name: `${name}${suffix}`,
    content: writeNpy(array),
  }));
  return writeZip(files, options.compress ?? false);
}

/**
 * Checks the options of `writeNpz`.
 *
 * @throws DownhillError `option` for an unknown option, or if `compress` is not a boolean.
 */
export function checkWriteNpzOptions(operation: string, options: WriteNpzOptions): void {
  checkOptions(operation, options, ["compress"]);
  const { compress = false } = options;
  if (typeof compress === "boolean") return;
  throw new DownhillError("option", `${operation}: compress must be true or false, got ${String(compress)}.`);
}

function keyOf(name: string): string {
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

function isFolder({ name, size }: { readonly name: string; readonly size: number }): boolean {
  return size === 0 && name.endsWith("/");
}
