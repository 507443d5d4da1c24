import { readFileSync } from "node:fs";
import { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { isGiven, optionsWhere, type TrainRequest } from "./options.ts";

type TrainConfig = Partial<TrainRequest>;

const names: readonly string[] = optionsWhere(({ isFromFile }) => isFromFile !== false);
const flags: readonly string[] = optionsWhere(({ type }) => type === "boolean");

/** Options that select the data, one list per source. */
const sources: readonly (readonly string[])[] = (["dataset", "table", "images"] as const).map((wanted) =>
  optionsWhere(({ source }) => source === wanted),
);

/**
 * Reads options from a JSON file such as `{ "optimizer": "adam(beta1=0.8)", "lr": 0.01, "epochs": 20 }`. Numbers and
 * texts are the values of options, lists are comma-separated values, `true` and `false` set flags.
 *
 * @throws DownhillError `file` for an unreadable file, `option` for an unknown option, with the file and the nearest
 *   valid option.
 */
export function readConfig(path: string): TrainConfig {
  const config = parse(path);
  const asked: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!names.includes(name)) {
      const near = didYouMean(name, names);
      const all = near === "" ? ` There are ${names.join(", ")}.` : near;
      throw wrong(path, `there is no option ${JSON.stringify(name)}.${all}`);
    }
    if (flags.includes(name)) {
      if (typeof value !== "boolean") throw wrong(path, `${name} must be true or false.`);
      asked[name] = value;
    } else asked[name] = textOf(path, name, value);
  }
  return asked;
}

/**
 * Adds the options of the file that the command line does not set. If the command line selects the data, the file's
 * options for other kinds of data are ignored.
 */
export function withConfig(asked: TrainConfig, config: TrainConfig): TrainConfig {
  const given = Object.entries(asked).filter(([name, value]) => isGiven(name as keyof TrainRequest, value));
  const isAsked = (name: string): boolean => given.some(([key]) => key === name);
  // if the command line selects other data, the data of the file are ignored
  const chosen = sources.find((group) => group.some(isAsked));
  const dropped = chosen === undefined ? [] : sources.filter((group) => group !== chosen).flat();
  const kept = Object.entries(config).filter(([name]) => !dropped.some((one) => one === name));
  return { ...Object.fromEntries(kept), ...Object.fromEntries(given) };
}

const troubles: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["EISDIR", "this is a folder, not a file"],
  ["EACCES", "there is no permission to read it"],
]);

function parse(path: string): object {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = troubles.get(code) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new DownhillError("file", `--config ${path}: ${why}.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(path, `it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw wrong(path, `it must hold an object, as in { "optimizer": "adam", "epochs": 20 }.`);
}

function textOf(path: string, name: string, value: unknown): string {
  const isPlain = (one: unknown): boolean => typeof one === "string" || typeof one === "number";
  if (isPlain(value)) return String(value);
  if (Array.isArray(value) && value.length > 0 && value.every(isPlain)) return value.join(",");
  throw wrong(path, `${name} must be a number, a text or a list of them.`);
}

function wrong(path: string, message: string): DownhillError {
  return new DownhillError("option", `--config ${path}: ${message}`);
}
