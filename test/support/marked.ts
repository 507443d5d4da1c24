// Functions of plain numbers, compiled from their text as by a build step.
import { runInThisContext } from "node:vm";
import { transformSync } from "esbuild";
import { wrapForm } from "../../src/numeric/plain/call/attach.ts";
import { formOfText } from "./plain-region.ts";

type AnyFunction = (...args: never[]) => unknown;

/** The marked function of a text, by name. `captured` returns the values of its captured variables in order. */
export function marked(text: string, captured: () => readonly unknown[] = () => []): AnyFunction {
  const { code } = transformSync(text, { loader: "ts" });
  const name = /function (\w+)\([^)]*\)\s*\{\s*"use ad"/.exec(code)![1]!;
  const form = formOfText(text, name);
  const names = form.captured.map((one) => one.name);
  const whole = runInThisContext(`(() => { ${code}; return ${name}; })()`) as AnyFunction;
  if (names.length === 0) return wrapForm(whole, form, captured);
  // once more with the captured values as parameters, which the text may declare too
  const again = `(() => { ${code}; return (${names.join(", ")}) => (${whole.toString()}); })()`;
  const make = runInThisContext(again) as AnyFunction;
  const f = (...args: never[]): unknown => (make(...(captured() as never[])) as AnyFunction)(...args);
  return wrapForm(Object.defineProperty(f, "length", { value: form.params.length }), form, captured, name);
}
