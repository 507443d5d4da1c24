import type { ExprText } from "../../../engine/kernel/code.ts";
import { callCode, infix, literal, primary } from "../../../engine/kernel/code.ts";
import { isAtom } from "../../../engine/region/form/build.ts";
import type {
  ArrayDeclaration,
  RegionFor,
  RegionExpr,
  RegionStmt,
  RegionThrow,
  RegionType,
} from "../../../engine/region/form/region.ts";
import { walkExpr } from "../../../engine/region/form/walk.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { ArrayText, ExpressionScope } from "./expression.ts";
import { expressionCode, placeCodes, valueCode } from "./expression.ts";

/** Context for generating the code of statements. */
export interface StatementScope extends ExpressionScope {
  /** Declares a name of the region and returns its name in the code. */
  declare(name: string): string;
  /** Returns an unused name. */
  fresh(hint: string): string;
  declareArray(name: string, text: ArrayText): void;
  /** True if a local is reassigned or an array is swapped, so that it cannot be a `const`. */
  changes(name: string): boolean;
}

/** Generates the lines of JavaScript for statements. */
export function statementLines(stmts: readonly RegionStmt[], scope: StatementScope): string[] {
  return (scope.isExact ? stmts : begun(stmts)).flatMap((stmt) => linesOf(stmt, scope));
}

/**
 * Merges `x = 0` and a directly following `x = x + y` into `x = y`. The only difference is that the result may be −0
 * instead of 0.
 */
function begun(stmts: readonly RegionStmt[]): RegionStmt[] {
  const out: RegionStmt[] = [];
  for (const stmt of stmts) {
    const before = out.at(-1);
    const added = stmt.kind === "set" ? addedTo(stmt.name, stmt.value) : undefined;
    const isZeroed =
      (before?.kind === "let" || before?.kind === "set") &&
      stmt.kind === "set" &&
      before.name === stmt.name &&
      before.value.kind === "const" &&
      Object.is(before.value.value, 0);
    if (isZeroed && added !== undefined) out[out.length - 1] = { ...before, value: added };
    else out.push(stmt);
  }
  return out;
}

/**
 * Returns `y` if the float assigned to the local `name` is `name + y` and `y` does not read this local; otherwise
 * `undefined`.
 */
function addedTo(name: string, value: RegionExpr): RegionExpr | undefined {
  if (value.kind !== "apply" || value.function !== "add" || value.type === "i32") return undefined;
  const [x, y] = value.args;
  if (x?.kind !== "local" || x.name !== name || y === undefined) return undefined;
  let isRead = false;
  walkExpr(y, (part) => (isRead ||= part.kind === "local" && part.name === name));
  return isRead ? undefined : y;
}

function linesOf(stmt: RegionStmt, scope: StatementScope): string[] {
  switch (stmt.kind) {
    case "let": {
      const value = valueCode(stmt.name, stmt.value, scope);
      return [`${keyword(stmt.name, scope)} ${scope.declare(stmt.name)} = ${value.text};`];
    }
    case "set":
      if (scope.texts.holds(stmt.name))
        return [`${scope.local(stmt.name)} = ${valueCode(stmt.name, stmt.value, scope).text};`];
      return [assignment(primary(scope.local(stmt.name)), stmt.value, isLocal(stmt.name), scope)];
    case "array":
      return arrayLines(stmt, scope);
    case "store":
      return [storeLine(stmt, scope)];
    case "swap": {
      const [x, y] = [scope.local(stmt.x), scope.local(stmt.y)];
      return [`[${x}, ${y}] = [${y}, ${x}];`];
    }
    case "for":
      return forLines(stmt, scope);
    case "while":
      return [`while (${expressionCode(stmt.condition, scope).text}) {`, ...block(stmt.body, scope), "}"];
    case "if": {
      const { condition, then, otherwise } = stmt;
      if (then.length === 0 && otherwise.length === 0) return [];
      const head = `if (${expressionCode(condition, scope).text}) {`;
      if (otherwise.length === 0) return [head, ...block(then, scope), "}"];
      return [head, ...block(then, scope), "} else {", ...block(otherwise, scope), "}"];
    }
    case "throw":
      return throwLines(stmt, scope);
    default:
      return assertNever(stmt, "statementLines");
  }
}

const errorClasses: ReadonlySet<string> = /* @__PURE__ */ (() =>
  new Set("Error EvalError RangeError ReferenceError SyntaxError TypeError URIError".split(" ")))();

/**
 * Lines that throw the error of a `throw` statement. If the module lacks the error's class, they throw an `Error` with
 * the name of that class.
 */
function throwLines({ message, more = [], error = "Error" }: RegionThrow, scope: StatementScope): string[] {
  const parts = more.flatMap(({ value, by, text }) => {
    const code = expressionCode(value, scope).text;
    const shown = /^[\w$.[\]]+$/.test(code) ? code : `(${code})`;
    const written = by === undefined ? shown : `${shown}.${by[0]}(${by[1] ?? ""})`;
    return text === "" ? [written] : [written, JSON.stringify(text)];
  });
  const text = [JSON.stringify(message), ...parts].join(" + ");
  if (errorClasses.has(error)) return [`throw new ${error}(${text});`];
  return [`throw Object.assign(new Error(${text}), { name: ${JSON.stringify(error)} });`];
}

function keyword(name: string, scope: StatementScope): string {
  return scope.changes(name) ? "let" : "const";
}

function block(stmts: readonly RegionStmt[], scope: StatementScope): string[] {
  return statementLines(stmts, scope).map((line) => `  ${line}`);
}

function isLocal(name: string): (expr: RegionExpr) => boolean {
  return (expr) => expr.kind === "local" && expr.name === name;
}

/** Assignment `x = value`, or `x += y` if the value is `x + y`; also `-=` and `*=`. */
function assignment(
  target: ExprText,
  value: RegionExpr,
  isTarget: (expr: RegionExpr) => boolean,
  scope: ExpressionScope,
): string {
  if (value.kind === "apply" && value.type !== "f32" && isTarget(value.args[0]!)) {
    const operator = { add: "+", sub: "-", mul: "*" }[value.function];
    if (operator !== undefined)
      return `${target.text} ${operator}= ${expressionCode(value.args[1]!, scope).text};`;
  }
  return `${target.text} = ${expressionCode(value, scope).text};`;
}

function storeLine(stmt: RegionStmt & { readonly kind: "store" }, scope: StatementScope): string {
  const { array, places, value, at } = stmt;
  const text = scope.array(array);
  const codes = placeCodes(array, places, at, scope);
  if (text.isGrowable === true) {
    const [i] = codes;
    return `${callCode(scope.helper("store"), primary(scope.local(array)), i!, valueCode(array, value, scope)).text};`;
  }
  if (scope.texts.holds(array))
    return `${text.element(codes).text} = ${valueCode(array, value, scope).text};`;
  const isSame = (expr: RegionExpr): boolean =>
    expr.kind === "load" &&
    expr.array === array &&
    places.every(isAtom) &&
    JSON.stringify(expr.places) === JSON.stringify(places);
  return assignment(text.element(codes), value, isSame, scope);
}

const arrayClasses: Readonly<Record<RegionType, string>> = {
  f64: "Float64Array",
  f32: "Float32Array",
  i32: "Int32Array",
  bool: "Uint8Array",
};

function arrayLines(stmt: ArrayDeclaration, scope: StatementScope): string[] {
  const { name, type, dims, growable, at } = stmt;
  const lines: string[] = [];
  const word = keyword(name, scope);
  if (growable === true) {
    const list = scope.declare(name);
    scope.declareArray(name, {
      element: ([i]) => primary(`${list}[${i!.text}]`),
      length: () => primary(`${list}.length`),
      isGrowable: true,
    });
    return [`${word} ${list} = [];`];
  }
  const lengths = dims.map((dim): ExprText => {
    const code = expressionCode(dim, scope);
    const checked = at === undefined ? code : callCode(scope.helper("lengthOf"), code, scope.where(at));
    if (isAtom(dim) && at === undefined && !(dim.kind === "local" && scope.changes(dim.name))) return code;
    const length = scope.fresh(`${name}_length`);
    lines.push(`const ${length} = ${checked.text};`);
    return primary(length);
  });
  const array = scope.declare(name);
  scope.declareArray(name, rowMajor(array, lengths));
  const size = lengths.reduce((n, m) => infix(n, "*", m));
  return [
    ...lines,
    `${word} ${array} = new ${scope.texts.holds(name) ? "Array" : arrayClasses[type]}(${size.text});`,
  ];
}

/** Access to an array of all elements in row-major order. */
export function rowMajor(array: string, lengths: readonly ExprText[]): ArrayText {
  return {
    element: (places) =>
      primary(
        `${array}[${places.reduce((place, next, axis) => infix(infix(place, "*", lengths[axis]!), "+", next)).text}]`,
      ),
    length: (axis) => lengths[axis]!,
  };
}

function forLines(stmt: RegionFor, scope: StatementScope): string[] {
  const lines: string[] = [];
  const bound = (expr: RegionExpr, hint: string): ExprText => {
    const code = expressionCode(expr, scope);
    if (isFixed(expr, scope)) return code;
    const name = scope.fresh(hint);
    lines.push(`const ${name} = ${code.text};`);
    return primary(name);
  };
  const [from, to] = [bound(stmt.from, "from"), bound(stmt.to, "to")];
  const index = scope.declare(stmt.index);
  const { step } = stmt;
  const isUp = step > 0;
  const change = (by: number): string =>
    by === 1 ? `${index}++` : by === -1 ? `${index}--` : by > 0 ? `${index} += ${by}` : `${index} -= ${-by}`;
  const i = primary(index);
  let head: string;
  if (stmt.reverse === true) {
    const test = infix(i, isUp ? ">=" : "<=", from).text;
    head = `let ${index} = ${lastIndex(from, to, step).text}; ${test}; ${change(-step)}`;
  } else {
    const isBelow = infix(i, isUp ? "<" : ">", to);
    const test = stmt.live === undefined ? isBelow : infix(isBelow, "&&", expressionCode(stmt.live, scope));
    head = `let ${index} = ${from.text}; ${test.text}; ${change(step)}`;
  }
  return [...lines, `for (${head}) {`, ...block(stmt.body, scope), "}"];
}

/**
 * Code of the index of the last iteration of a loop. If the loop has no iterations, its value is one step before
 * `from`.
 */
function lastIndex(from: ExprText, to: ExprText, step: number): ExprText {
  if (step === 1) return infix(to, "-", literal(1));
  if (step === -1) return infix(to, "+", literal(1));
  const steps = infix(
    callCode("Math.ceil", infix(infix(to, "-", from), "/", literal(step))),
    "-",
    literal(1),
  );
  return infix(from, "+", infix(steps, "*", literal(step)));
}

/**
 * True if an expression is cheap and has the same value in all iterations of the loop, so that the loop head may
 * evaluate it each time.
 */
function isFixed(expr: RegionExpr, scope: StatementScope): boolean {
  let fixed = true;
  walkExpr(expr, (x) => {
    const isSimple =
      isAtom(x) || (x.kind === "apply" && Object.hasOwn({ add: 1, sub: 1, mul: 1 }, x.function));
    if (!isSimple || (x.kind === "local" && scope.changes(x.name))) fixed = false;
  });
  return fixed;
}
