import type { Env } from "../entities/env.ts";
import { refuse } from "../entities/env.ts";
import type { Node } from "../syntax/ast.ts";

/** Refuses to read a field that types leave out. */
export function refuseLeftOut(env: Env, node: Node, name: string): never {
  return refuse(
    env,
    node,
    `${name} is left out, because its type has neither numbers nor known strings: to compare a string, list its cases, as in ${name}: "up" | "down".`,
  );
}
