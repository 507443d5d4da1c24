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

function keysOf(def: TreeDef): string[] {
  const below = "children" in def ? def.children.flatMap(keysOf) : [];
  return def.kind === "object" ? [...def.keys, ...below] : below;
}
