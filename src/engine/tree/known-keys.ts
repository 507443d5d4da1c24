import { DownhillError } from "../errors/index.ts";
import { sourceLines } from "../errors/source-line.ts";
import { placeOf, usersFrames, withStackOf } from "../errors/stack.ts";
import { suggest } from "../util/suggest.ts";
import type { TreeDef } from "./tree.ts";

const kept = 4; // transforms nest, and only the outer ones may know the batch beside the parameters
const latest = new Array<readonly TreeDef[] | undefined>(kept);
let next = 0;

/** Notes the arguments that a function of the user's is given: what the code that runs from now on may read. */
export function noteArguments(defs: readonly TreeDef[]): void {
  latest[next] = defs;
  next = (next + 1) % kept;
}

/** A name in a text of code that nearly is a key of those arguments, and the key; names behind a dot come first. */
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

/** How V8, Firefox and Safari say that a property of nothing was read; the group is the name of the property. */
const readsOfNothing = [
  /^Cannot read properties of undefined \(reading '([\w$]+)'\)/,
  /^can't access property "([\w$]+)", .* is undefined$/,
  /^undefined is not an object \(evaluating '.*\.([\w$]+)'\)/,
];

/**
 * The error of a function of the user's that has read a property of nothing, where that is a key of its arguments that is
 * misspelt (`p.wieght.mul(x)`), if its line can be read; else the error itself.
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
