// Runs the programs of the guides in the test process: imports are resolved, plain functions are compiled as by the
// plugin, and promised output in comments is checked.
import type * as plain from "downhill/plain";
import { parseSync } from "oxc-parser";
import { runKeepingPromises } from "./kept-promises.ts";
import { formOfText } from "./plain-region.ts";
import { fences } from "./snippets.ts";

/** A program of a page. */
interface GuideProgram {
  readonly file: string;
  readonly line: number; // line number of its first line of code
  readonly code: string;
}

/**
 * The programs of a page. A TypeScript fence that begins with an import starts a program; other fences continue the
 * last one.
 */
export function programsIn(file: string): GuideProgram[] {
  const programs: GuideProgram[] = [];
  for (const { line, code } of fences(file).filter(({ language }) => language === "ts")) {
    const last = programs.at(-1);
    if (last !== undefined && !code.startsWith("import ")) {
      programs[programs.length - 1] = { ...last, code: `${last.code}\n${code}` };
    } else programs.push({ file, line, code });
  }
  return programs;
}

/** Runs a program of a page and checks the promises in its comments. */
export async function runGuideProgram(code: string): Promise<void> {
  const { body } = parseSync("guide.ts", code, { sourceType: "module" }).program;
  const scope: Record<string, unknown> = {};
  for (const statement of body) {
    if (statement.type !== "ImportDeclaration" || statement.importKind === "type") continue;
    const module = (await import(statement.source.value)) as Record<string, unknown>;
    for (const one of statement.specifiers) {
      if (one.type === "ImportNamespaceSpecifier") scope[one.local.name] = module;
      else if (one.type === "ImportDefaultSpecifier") scope[one.local.name] = module["default"];
      else if (one.importKind !== "type") {
        const name = one.imported.type === "Identifier" ? one.imported.name : one.imported.value;
        if (!(name in module)) throw new Error(`${statement.source.value} exports no ${name}`);
        scope[one.local.name] = module[name];
      }
    }
  }
  await runKeepingPromises(await withForms(code, body, scope), scope);
}

type Statement = ReturnType<typeof parseSync>["program"]["body"][number];

/** Attaches the compiled forms to the plain functions of a program, and adds them to its scope. */
async function withForms(
  code: string,
  body: readonly Statement[],
  scope: Record<string, unknown>,
): Promise<string> {
  const { wrapForm }: typeof plain = await import("downhill/plain");
  let result = code;
  for (const statement of body.toReversed()) {
    if (statement.type !== "FunctionDeclaration" || statement.id === null) continue;
    const first = statement.body?.body[0];
    if (first?.type !== "ExpressionStatement" || first.directive !== "use ad") continue;
    const { name } = statement.id;
    const form = formOfText(code, name);
    Object.assign(scope, { $wrapForm: wrapForm, [`$form_${name}`]: form });
    const text = code.slice(statement.start, statement.end);
    const captured = form.captured.map((one) => one.name).join(", ");
    const wrapped = `const ${name} = $wrapForm(${text}, $form_${name}, () => [${captured}]);`;
    result = result.slice(0, statement.start) + wrapped + result.slice(statement.end);
  }
  return result;
}
