import { suggest } from "../../engine/util/suggest.ts";
import type { TextDefinition, TextExpr, TextStatement } from "./ast.ts";
import { postOrder, precedenceOf } from "./ast.ts";
import { constants, functions } from "./functions.ts";
import { syntaxError } from "./span.ts";

/** Result of checking a text: its inputs and the statements to compute. */
export interface TextAnalysis {
  /** Names of the inputs, in the order in which the text declares or first uses them. */
  readonly inputs: readonly string[];
  /** The statements that compute values. */
  readonly definitions: readonly TextDefinition[];
  /** Start values of inputs: constant expressions, by name. */
  readonly starts: ReadonlyMap<string, TextExpr>;
}

/** Options for interpreting a text. */
export interface TextOptions {
  /**
   * True if a statement that assigns a constant, such as `x = 2` or `x = pi/2`, declares an input with this start
   * value. The last statement is still the result. False if it defines a constant. Default false.
   */
  readonly startValues?: boolean;
  /**
   * Names that are inputs even if the language has a constant (`e`) or a function of this name. A function of this name
   * can still be called.
   */
  readonly names?: readonly string[];
}

/** Type of a value: a number or the result of a comparison. */
type ValueKind = "number" | "truth";

/**
 * Checks names, calls and comparisons, and finds the inputs.
 *
 * @throws DownhillError `syntax` with a caret under the error.
 */
export function checkStatements(
  text: string,
  statements: readonly TextStatement[],
  { startValues = false, names = [] }: TextOptions,
): TextAnalysis {
  const own: ReadonlySet<string> = new Set(names);
  const defined = collectNames(text, statements, own);
  const known = new Map<string, ValueKind>(); // names with a value so far
  const inputs = new Set<string>();
  const definitions: TextDefinition[] = [];
  const starts = new Map<string, TextExpr>();
  for (const statement of statements) {
    if (statement.value === undefined) {
      known.set(statement.name, "number");
      inputs.add(statement.name);
      continue;
    }
    const kinds = new Map<TextExpr, ValueKind>();
    let isClosed = true;
    for (const expr of postOrder(statement.value)) {
      if (expr.kind === "name") checkName(text, expr, statement, defined, known, own);
      if (expr.kind === "call") checkCall(text, expr, defined);
      if (expr.kind === "name" && (own.has(expr.name) || !constants.has(expr.name))) {
        isClosed = false;
        if (!defined.has(expr.name)) inputs.add(expr.name);
      }
      kinds.set(expr, kindOf(text, expr, kinds, known));
    }
    const kind = kinds.get(statement.value) ?? "number";
    if (
      startValues &&
      isClosed &&
      kind === "number" &&
      statement.name !== undefined &&
      statement !== statements.at(-1)
    ) {
      known.set(statement.name, kind);
      inputs.add(statement.name);
      starts.set(statement.name, statement.value);
      continue;
    }
    definitions.push(statement);
    if (statement === statements.at(-1) && kind === "truth") {
      throw syntaxError(
        text,
        statement.value.span,
        "a comparison has no derivative: choose between numbers, where(condition, a, b)",
      );
    }
    if (statement.name !== undefined) known.set(statement.name, kind);
  }
  return { inputs: [...inputs], definitions, starts };
}

/** Collects the names that the text defines or declares. */
function collectNames(
  text: string,
  statements: readonly TextStatement[],
  own: ReadonlySet<string>,
): Set<string> {
  const given = new Map<string, TextStatement>();
  statements.forEach((statement, i) => {
    const { name, nameSpan, value } = statement;
    const isLast = i === statements.length - 1;
    if (value === undefined && isLast) {
      throw syntaxError(
        text,
        nameSpan,
        `${name} is an input, but nothing is computed: end with a line such as z = 2*${name}`,
      );
    }
    if (name === undefined) {
      if (isLast) return;
      throw syntaxError(text, value.span, "this value is never used: give it a name, as in a = …");
    }
    const constant = own.has(name) ? undefined : constants.get(name);
    const former = given.get(name);
    const taken =
      constant !== undefined
        ? `is the constant ${constant}`
        : functions.has(name) && !own.has(name)
          ? "is a function"
          : former === undefined
            ? ""
            : former.value === undefined
              ? "is an input already"
              : "has a value already";
    if (taken !== "") throw syntaxError(text, nameSpan, `${name} ${taken}: choose another name`);
    given.set(name, statement);
  });
  return new Set(given.keys());
}

function checkName(
  text: string,
  { name, span }: TextExpr & { kind: "name" },
  statement: TextStatement,
  defined: ReadonlySet<string>,
  known: ReadonlyMap<string, ValueKind>,
  own: ReadonlySet<string>,
): void {
  const f = own.has(name) ? undefined : functions.get(name);
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
  { name, args, nameSpan, span }: TextExpr & { kind: "call" },
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
  expr: TextExpr,
  kinds: ReadonlyMap<TextExpr, ValueKind>,
  known: ReadonlyMap<string, ValueKind>,
): ValueKind {
  const mustBe = (part: TextExpr | undefined, kind: ValueKind): void => {
    if (part === undefined || kinds.get(part) === kind) return;
    throw syntaxError(
      text,
      part.span,
      kind === "truth"
        ? "where needs a comparison first, as in where(x > 0, a, b)"
        : "a comparison is not a number: choose with where(condition, a, b)",
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
