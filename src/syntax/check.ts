import { suggest } from "../util/suggest.ts";
import type { Expr, Statement } from "./ast.ts";
import { postOrder, precedenceOf } from "./ast.ts";
import { constants, functions } from "./functions.ts";
import { syntaxError } from "./span.ts";

/** What a text means: what it defines, and what it takes from outside. */
export interface Checked {
  readonly inputs: readonly string[];
  readonly defined: ReadonlySet<string>;
}

/** Whether a value is a number or the outcome of a comparison. */
type Kind = "number" | "truth";

/**
 * Checks what names, calls and comparisons mean.
 *
 * @throws DownhillError `syntax` with a caret under the fault.
 */
export function checkStatements(text: string, statements: readonly Statement[]): Checked {
  const defined = collectDefinitions(text, statements);
  const known = new Map<string, Kind>(); // names that have a value by now
  const inputs = new Set<string>();
  for (const statement of statements) {
    const kinds = new Map<Expr, Kind>();
    for (const expr of postOrder(statement.value)) {
      if (expr.kind === "name") checkName(text, expr, statement, defined, known);
      if (expr.kind === "call") checkCall(text, expr, defined);
      if (expr.kind === "name" && !constants.has(expr.name) && !defined.has(expr.name)) inputs.add(expr.name);
      kinds.set(expr, kindOf(text, expr, kinds, known));
    }
    const kind = kinds.get(statement.value) ?? "number";
    if (statement === statements.at(-1) && kind === "truth") {
      throw syntaxError(
        text,
        statement.value.span,
        "a comparison has no derivative: choose between numbers, where(condition, a, b)",
      );
    }
    if (statement.name !== undefined) known.set(statement.name, kind);
  }
  return { inputs: [...inputs], defined };
}

function collectDefinitions(text: string, statements: readonly Statement[]): Set<string> {
  const defined = new Set<string>();
  statements.forEach(({ name, nameSpan, value }, i) => {
    if (name === undefined || nameSpan === undefined) {
      if (i === statements.length - 1) return;
      throw syntaxError(text, value.span, "this value is never used: give it a name, as in a = …");
    }
    const constant = constants.get(name);
    const taken =
      constant !== undefined
        ? `is the constant ${constant}`
        : functions.has(name)
          ? "is a function"
          : defined.has(name)
            ? "has a value already"
            : "";
    if (taken !== "") throw syntaxError(text, nameSpan, `${name} ${taken}: choose another name`);
    defined.add(name);
  });
  return defined;
}

function checkName(
  text: string,
  { name, span }: Expr & { kind: "name" },
  statement: Statement,
  defined: ReadonlySet<string>,
  known: ReadonlyMap<string, Kind>,
): void {
  const f = functions.get(name);
  if (f !== undefined) throw syntaxError(text, span, `${name} is a function: write ${f.usage}`);
  if (!defined.has(name) || known.has(name)) return;
  throw syntaxError(
    text,
    span,
    name === statement.name
      ? `${name} is used in its own definition`
      : `${name} is used before it has a value: move its definition up`,
  );
}

function checkCall(
  text: string,
  { name, args, nameSpan, span }: Expr & { kind: "call" },
  defined: ReadonlySet<string>,
): void {
  const f = functions.get(name);
  if (f === undefined) {
    if (constants.has(name) || defined.has(name)) {
      throw syntaxError(text, nameSpan, `${name} is not a function: for a product write ${name} * (…)`);
    }
    const near = suggest(name, functions.keys());
    const repair =
      near === undefined ? `there are ${[...functions.keys()].join(", ")}` : `did you mean ${near}?`;
    throw syntaxError(text, nameSpan, `there is no function ${name}: ${repair}`);
  }
  if (args.length >= f.least && args.length <= f.most) return;
  const wanted = f.most === Infinity ? `at least ${f.least}` : String(f.least);
  throw syntaxError(
    text,
    span,
    `${name} takes ${wanted} argument${wanted === "1" ? "" : "s"}, not ${args.length}: ${f.usage}`,
  );
}

function kindOf(
  text: string,
  expr: Expr,
  kinds: ReadonlyMap<Expr, Kind>,
  known: ReadonlyMap<string, Kind>,
): Kind {
  const mustBe = (part: Expr | undefined, kind: Kind): void => {
    if (part === undefined || kinds.get(part) === kind) return;
    throw syntaxError(
      text,
      part.span,
      kind === "truth"
        ? "where needs a comparison first, as in where(x > 0, a, b)"
        : "a comparison is no number: choose with where(condition, a, b)",
    );
  };
  switch (expr.kind) {
    case "number":
      return "number";
    case "name":
      return known.get(expr.name) ?? "number";
    case "negate":
      mustBe(expr.x, "number");
      return "number";
    case "binary":
      mustBe(expr.x, "number");
      mustBe(expr.y, "number");
      return precedenceOf(expr.operator) === 1 ? "truth" : "number";
    case "call": {
      const chooses = functions.get(expr.name)?.chooses === true;
      expr.args.forEach((arg, i) => mustBe(arg, chooses && i === 0 ? "truth" : "number"));
      return "number";
    }
    default:
      return expr satisfies never;
  }
}
