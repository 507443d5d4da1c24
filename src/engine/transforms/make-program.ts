import { refuseExtra } from "../errors/arguments.ts";
import type { Program } from "../ir/program.ts";
import { capturingSources } from "../trace/capture.ts";
import { traceProgram } from "../trace/staging.ts";
import { countLeaves, leafPaths } from "../tree/tree.ts";
import type { LikeAll } from "../tree/types.ts";
import { flattenArguments, flattenResult, requireFunction, unflattenArguments } from "./arguments.ts";
import "./program-tools.ts";

/**
 * Traces a function for arguments of these types, and returns the program as data. Outer tensors that the function
 * reads are its first inputs. Inputs have the names of the function's parameters, if its source text shows them.
 *
 * @example
 * printProgram(makeProgram((x, y) => x.mul(y).add(sin(x)))(2, 3));
 */
export function makeProgram<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
): (...args: LikeAll<A>) => Program {
  if (arguments.length > 1) refuseExtra("makeProgram", arguments, 1);
  requireFunction("makeProgram", f);
  return (...args) => {
    const { leaves, defs } = flattenArguments(args, "makeProgram");
    const parameters = parameterNames(f);
    const names = defs.flatMap((def, i) =>
      leafPaths(def, parameters[i] ?? `x${i}`).slice(0, countLeaves(def)),
    );
    return capturingSources(() =>
      traceProgram(
        f.name === "" ? "f" : f.name,
        leaves.map((x) => x.type),
        (...traced) =>
          flattenResult(f(...(unflattenArguments(defs, traced) as unknown as A)), "makeProgram").leaves,
        names,
      ),
    ).program;
  };
}

/** Names of a function's parameters; `undefined` for a parameter that is not a plain identifier. */
export function parameterNames(f: (...args: never[]) => unknown): (string | undefined)[] {
  const text = Function.prototype.toString.call(f);
  const list =
    /^(?:async\s+)?(?:function\b[^(]*)?\(([^()]*)\)/.exec(text)?.[1] ??
    /^([\p{L}_$][\p{L}\p{N}_$]*)\s*=>/u.exec(text)?.[1] ??
    "";
  return withoutGroups(list)
    .split(",")
    .map((part) => /^\s*([\p{L}_$][\p{L}\p{N}_$]*)\s*$/u.exec(part)?.[1]);
}

/** Parameter list in which each destructured parameter, such as `{ w, b }`, is one part without a name. */
function withoutGroups(list: string): string {
  const shorter = list.replace(/\{[^{}]*\}|\[[^[\]]*\]/g, "*");
  return shorter === list ? list : withoutGroups(shorter);
}
