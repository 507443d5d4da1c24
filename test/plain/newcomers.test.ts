// Programs of newcomers to the library: values of JavaScript, and derivatives that differences of
// the JavaScript confirm.
import { transformSync } from "esbuild";
import { expect, test } from "vitest";
import { elaborate } from "../../src/numeric/plain/elaborate/elaborate.ts";
import type { PlainForm } from "../../src/numeric/plain/form/form.ts";
import { writtenValue } from "../../src/numeric/plain/names/written.ts";
import { markedFunctions } from "../../src/numeric/plain/syntax/module.ts";
import { moduleFrom } from "../support/plain-agreement.ts";
import { faultOfPlain } from "../support/plain-faults.ts";
import { moreBackgroundNewcomers } from "./newcomers-backgrounds-more.ts";
import { backgroundNewcomers } from "./newcomers-backgrounds.ts";
import { moreNewcomers } from "./newcomers-more.ts";
import { scienceNewcomers } from "./newcomers-science.ts";
import { typedNewcomers } from "./newcomers-types.ts";
import { type NewcomerProgram, newcomers } from "./newcomers.ts";

type AnyFunction = (...args: unknown[]) => unknown;
type Exports = Record<string, unknown>;

/** The function of a program that its marked function corresponds to, run as JavaScript. */
function functionOf({ text, modules = {} }: NewcomerProgram, name: string): AnyFunction {
  const run = (source: string): Exports => {
    const { code } = transformSync(source, { loader: "ts", format: "cjs", target: "es2022" });
    const module: { exports: Exports } = { exports: {} };
    // oxlint-disable-next-line eslint/no-new-func, typescript/no-implied-eval, typescript/no-unsafe-call
    new Function("module", "exports", "require", code)(module, module.exports, (specifier: string) =>
      run(modules[specifier]!),
    );
    return module.exports;
  };
  const exported = run(text);
  const held = exported[name] ?? exported["default"];
  if (held !== undefined) return held as AnyFunction;
  const owner = Object.values(exported)[0] as { readonly prototype: Readonly<Record<string, AnyFunction>> };
  return (owner as unknown as Readonly<Record<string, AnyFunction>>)[name] ?? owner.prototype[name]!;
}

function faultOf(program: NewcomerProgram): string | undefined {
  const { text, args, wrt = [0], modules = {} } = program;
  const module = moduleFrom(text, {
    file: "main.ts",
    resolve: (specifier) => {
      const other = modules[specifier];
      return other === undefined ? undefined : { text: other, file: `${specifier.replace(/\W/g, "_")}.ts` };
    },
  });
  const [marked] = markedFunctions(module.program);
  const form: PlainForm = elaborate(module, marked);
  const outside = form.captured.map(
    ({ name }) => [name, writtenValue(name, module, marked!.around)] as const,
  );
  const f = functionOf(program, marked!.name ?? "default");
  return faultOfPlain({ form, f, args, wrt, outside: Object.fromEntries(outside) });
}

/** Programs that are refused, and the beginning of the reason. */
const refused: Readonly<Record<string, string>> = {
  "a recursion": "power calls itself: recursion has no fixed length of code.",
  "a neural network from scratch": "new Network is outside of what can be differentiated",
  "fitting a Bézier curve": "new Vec is outside of what can be differentiated",
  "a Kalman filter": "new Kalman is outside of what can be differentiated",
  "a spring network": "springs: new Spring is outside of what can be differentiated",
  "an optical ray trace": "MATERIALS: a Map cannot be read here: write an object with its entries",
};

const programs = {
  ...newcomers,
  ...moreNewcomers,
  ...scienceNewcomers,
  ...typedNewcomers,
  ...backgroundNewcomers,
  ...moreBackgroundNewcomers,
};

test.each(Object.entries(programs))("%s", (name, program) => {
  const reason = refused[name];
  if (reason === undefined) expect(faultOf(program)).toBeUndefined();
  else expect(() => faultOf(program)).toThrow(reason);
});
