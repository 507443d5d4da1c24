import { transformSync } from "esbuild";

/** Modules that a page's program may import, by import name. */
export type Modules = Readonly<Record<string, object>>;

type Run = (modules: Modules, console: { readonly log: (...values: unknown[]) => void }) => Promise<void>;

const { constructor: AsyncFunction } = Object.getPrototypeOf(async () => {}) as {
  readonly constructor: new (...texts: readonly string[]) => Run;
};

/**
 * Runs a program of a page in this process, and returns its output. The program is JavaScript whose imports are of the form
 * `import { a, b } from "downhill/x";` or `import * as a from "downhill/x";`.
 *
 * @throws Error for an import of a module that is not in `modules`, and any error of the program
 */
export async function runProgram(text: string, modules: Modules): Promise<string> {
  const body = text.replace(
    /^import (?:\* as )?([^"]*?) from "(.*?)";$/gm,
    (_, names: string, module: string) => {
      if (!(module in modules))
        throw new Error(`the program imports ${module}, which this test does not give`);
      return `const ${names} = modules[${JSON.stringify(module)}];`;
    },
  );
  const lines: string[] = [];
  await new AsyncFunction("modules", "console", body)(modules, {
    log: (...values) => lines.push(values.map(String).join(" ")),
  });
  return lines.join("\n");
}

/** Returns the program that the Share buttons of a page copy, without types. @throws Error if the page has none */
export function programOf(page: string): string {
  const [, held] = /<script type="application\/json" id="program">(.*?)<\/script>/s.exec(page) ?? [];
  if (held === undefined) throw new Error("the page has no program");
  return programText(String(JSON.parse(held)));
}

/** Removes types and exports from a program, so that `runProgram` can run it. */
export function programText(typeScript: string): string {
  const { code } = transformSync(typeScript, { loader: "ts", target: "es2022" });
  return code.replaceAll(/^export (?=const)/gm, "");
}
