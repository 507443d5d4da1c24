import { DownhillError } from "../errors/index.ts";
import { sourceLines } from "../errors/source-line.ts";
import { placeOf, usersFrames, withStackOf } from "../errors/stack.ts";
import { suggest } from "../util/suggest.ts";
import type { TreeDef } from "./tree.ts";

const kept = 4; // transforms nest, and only the outer ones may know the batch besides the parameters
const latest = new Array<readonly TreeDef[] | undefined>(kept);
let next = 0;

/**
 * Stores the structures of the arguments of a user's function, so that errors in this function can be explained. The
 * structures of the last four calls are kept.
 */
export function noteArguments(defs: readonly TreeDef[]): void {
  latest[next] = defs;
  next = (next + 1) % kept;
}

/**
 * Finds a name in the text of code that resembles a key of the stored arguments. Returns this name and the key. Names
 * after a dot are tried first.
 */
export function misspeltKey(code: string): { readonly name: string; readonly key: string } | undefined {
  const keys = new Set(latest.flatMap((defs) => defs?.flatMap(keysOf) ?? []));
  const behindDots = code.matchAll(/\.\s*([A-Za-z_$][\w$]*)/g);
  const alone = code.matchAll(/(?<![.\w$])([A-Za-z_$][\w$]*)(?!\s*\()/g);
  for (const [, name] of [...behindDots, ...alone]) {
    if (name === undefined || keys.has(name)) continue;
    const key = suggest(name, keys);
    if (key !== undefined) return { name, key };
  }
  return undefined;
}

/**
 * Messages of V8, Firefox and Safari for reading a property of `undefined`. The group captures the name of the
 * property.
 */
const readsOfNothing = [
  /^Cannot read properties of undefined \(reading '([\w$]+)'\)/,
  /^can't access property "([\w$]+)", .* is undefined$/,
  /^undefined is not an object \(evaluating '.*\.([\w$]+)'\)/,
];

/**
 * Explains a TypeError of a user's function that read a property of a misspelt key of its arguments
 * (`p.wieght.mul(x)`), if the line can be read. Otherwise returns the TypeError.
 */
export function explainRead(error: TypeError, operation: string): Error {
  const read = readsOfNothing.map((text) => text.exec(error.message)?.[1]).find((x) => x !== undefined);
  const place = read === undefined ? undefined : placeOf(usersFrames(error.stack ?? "")[0] ?? "");
  const code = (place && sourceLines(place, 1)) ?? "";
  const owners = new RegExp(`([\\w$]+)\\s*\\.\\s*${(read ?? "").replaceAll("$", "\\$")}\\b`, "g");
  for (const [, owner] of code.matchAll(owners)) {
    const slip = misspeltKey(`.${owner!}`);
    if (slip === undefined) continue;
    const text = `${operation}: the arguments have no ${slip.name}, of which ${read!} was asked. Did you mean ${slip.key}?`;
    return withStackOf(error, new DownhillError("tree", text, { cause: error }));
  }
  return error;
}

function keysOf(def: TreeDef): string[] {
  const below = "children" in def ? def.children.flatMap(keysOf) : [];
  return def.kind === "object" ? [...def.keys, ...below] : below;
}
