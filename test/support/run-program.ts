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
