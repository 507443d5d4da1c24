import { inspect } from "node:util";
import { transform } from "esbuild";
import { expect } from "vitest";
import { Tensor } from "downhill";
import { agrees, promises, shows } from "./snippets.ts";

/**
 * Runs a program whose comments promise printed values, and checks each promise. `…` stands for any text. A comment
 * that begins with "throws" or the name of an error promises that a statement throws with that message. Imports are
 * removed; the imported names are in `scope`. Returns the value of the expression `result`, which may use names of the
 * program.
 */
export async function runKeepingPromises(
  code: string,
  scope: Readonly<Record<string, unknown>>,
  result = "undefined",
): Promise<unknown> {
  const names = Object.keys(scope);
  // The text is our own, from this repository.
  const make = new Function("$note", ...names, `return ${await instrument(code, result)};`) as (
    ...values: unknown[]
  ) => () => Promise<unknown>;
  return make(note, ...names.map((name) => scope[name]))();
}

/** The program with each promise turned into a call of `$note`, as plain JavaScript. */
async function instrument(code: string, result: string): Promise<string> {
  const lines = promises(code).map(({ statement, text, promise }) => {
    if (statement.type === "ImportDeclaration") return "";
    if (statement.type !== "ExpressionStatement" || promise.length === 0) return text;
    const { start, end } = statement.expression;
    const value = code.slice(start, end).replace(/^console\.log\((.*)\)$/s, "$1");
    return `await $note(${JSON.stringify(promise.join("\n").trim())}, async () => (${value}));`;
  });
  // A separate block, so that its constants may have names that are in scope.
  const body = `${lines.join("\n")}\nreturn (${result});`;
  const { code: script } = await transform(`async () => {{\n${body}\n}}`, { loader: "ts" });
  return script.trim().replace(/;$/, "");
}

/** Texts that may promise a value: its printed form in Node, and the content of a string, an error or a tensor. */
function textsOf(value: unknown): string[] {
  const texts = [inspect(value, { depth: null })];
  if (typeof value === "string") texts.push(value);
  if (value instanceof Error) texts.push(value.message);
  if (value instanceof Tensor) texts.push(inspect(value.tolist(), { depth: null }));
  return texts;
}

async function note(promised: string, run: () => unknown): Promise<void> {
  const error = /^(?:throws|\w*Error):?\s*(.*)$/s.exec(promised);
  if (error !== null) {
    const thrown = await Promise.resolve(run()).then(
      (value) => expect.fail(`it should throw and gave ${inspect(value)}`),
      (reason: unknown) => (reason instanceof Error ? reason.message : inspect(reason)),
    );
    if (!agrees(thrown, `…${error[1]}…`)) expect(thrown).toBe(error[1]);
    return;
  }
  const texts = textsOf(await run());
  if (!texts.some((text) => shows(promised, text))) expect(texts.at(1) ?? texts[0]).toBe(promised);
}
