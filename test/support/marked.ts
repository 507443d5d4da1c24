// Functions of plain numbers, compiled from their text as a build step does it.
import { runInThisContext } from "node:vm";
import { transformSync } from "esbuild";
import { wrapForm } from "../../src/numeric/plain/call/attach.ts";
import { formOfText } from "./plain-region.ts";

type AnyFunction = (...args: never[]) => unknown;

/** The marked function of a text, by its name. `captured` gives what it reads from outside, which a plain call does not see. */
export function marked(text: string, captured: () => readonly unknown[] = () => []): AnyFunction {
  const { code } = transformSync(text, { loader: "ts" });
  const name = /function (\w+)\([^)]*\)\s*\{\s*"use ad"/.exec(code)![1]!;
  const f = runInThisContext(`(() => { ${code}; return ${name}; })()`) as AnyFunction;
  return wrapForm(f, formOfText(text, name), captured);
}
