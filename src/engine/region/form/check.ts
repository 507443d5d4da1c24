import { internalError } from "../../errors/index.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { ScalarFunctions } from "./functions.ts";
import type {
  ArrayDeclaration,
  RegionFor,
  PositionIndex,
  Region,
  RegionExpr,
  RegionParam,
  RegionResult,
  RegionStmt,
  RegionType,
} from "./region.ts";

/**
 * Checks the rules of a region. Each name is declared once, before its first use, and is used in scope. Types, ranks,
 * functions and positions exist and agree. Only locals and arrays of the region are written to. Steps are not 0. Array
 * results are declared in the outermost block.
 *
 * @throws DownhillError `internal` that names the violation.
 */
export function checkRegion(region: Region, functions: ScalarFunctions): void {
  const context: RegionChecker = {
    region,
    functions,
    names: new Set(),
    scopes: [new Map<string, DeclaredName>()],
  };
  for (const param of region.params) declare(context, param.name, ofParam(param));
  for (const param of region.params) checkLengths(context, param);
  checkBlock(context, region.body);
  const returned = new Set<string>();
  for (const result of region.results) checkResult(context, result, returned);
}

type DeclaredName =
  | { readonly kind: "scalar"; readonly type: RegionType; readonly isSettable: boolean }
  | {
      readonly kind: "array";
      readonly type: RegionType;
      readonly rank: number;
      readonly isParam: boolean;
      readonly isGrowable: boolean;
    };

interface RegionChecker {
  readonly region: Region;
  readonly functions: ScalarFunctions;
  /** Every name declared so far, including those out of scope. */
  readonly names: Set<string>;
  readonly scopes: Map<string, DeclaredName>[];
}

function fail({ region }: RegionChecker, message: string): never {
  throw internalError(`region ${JSON.stringify(region.name)}: ${message}`);
}

function ofParam(param: RegionParam): DeclaredName {
  return param.kind === "scalar"
    ? { kind: "scalar", type: param.type, isSettable: false }
    : { kind: "array", type: param.type, rank: param.rank, isParam: true, isGrowable: false };
}

/** Checks the lengths of an array parameter, which may be expressions of other parameters. */
function checkLengths(context: RegionChecker, param: RegionParam): void {
  if (param.kind === "scalar" || param.lengths === undefined) return;
  if (param.lengths.length !== param.rank)
    fail(context, `"${param.name}" has ${param.rank} axes and ${param.lengths.length} lengths`);
  for (const n of param.lengths) demand(context, "i32", n, `a length of "${param.name}"`);
}

function declare(context: RegionChecker, name: string, declared: DeclaredName): void {
  if (context.names.has(name)) fail(context, `"${name}" is declared twice`);
  context.names.add(name);
  context.scopes.at(-1)!.set(name, declared);
}

function lookUp(context: RegionChecker, name: string): DeclaredName {
  const found = context.scopes.findLast((scope) => scope.has(name))?.get(name);
  if (found !== undefined) return found;
  const isElsewhere = context.names.has(name);
  return fail(context, `"${name}" is ${isElsewhere ? "out of scope here" : "used before it is declared"}`);
}

function scalarAt(context: RegionChecker, name: string): DeclaredName & { readonly kind: "scalar" } {
  const found = lookUp(context, name);
  return found.kind === "scalar" ? found : fail(context, `"${name}" is an array, not a scalar`);
}

function arrayAt(context: RegionChecker, name: string): DeclaredName & { readonly kind: "array" } {
  const found = lookUp(context, name);
  return found.kind === "array" ? found : fail(context, `"${name}" is a scalar, not an array`);
}

function checkBlock(context: RegionChecker, block: readonly RegionStmt[]): void {
  for (const stmt of block) checkStmt(context, stmt);
}

function checkScope(context: RegionChecker, block: readonly RegionStmt[], index?: string): void {
  context.scopes.push(new Map());
  if (index !== undefined) declare(context, index, { kind: "scalar", type: "i32", isSettable: false });
  checkBlock(context, block);
  context.scopes.pop();
}

function checkPosition(context: RegionChecker, at: PositionIndex | undefined): void {
  if (at !== undefined && context.region.positions[at] === undefined)
    fail(context, `there is no position ${at}`);
}

function checkStmt(context: RegionChecker, stmt: RegionStmt): void {
  checkPosition(context, stmt.at);
  switch (stmt.kind) {
    case "let":
      checkExpr(context, stmt.value);
      return declare(context, stmt.name, { kind: "scalar", type: stmt.value.type, isSettable: true });
    case "set": {
      const { type, isSettable } = scalarAt(context, stmt.name);
      if (!isSettable)
        fail(context, `"${stmt.name}" is a parameter or the index of a loop and cannot be set`);
      return demand(context, type, stmt.value, `the new value of "${stmt.name}"`);
    }
    case "array":
      return checkArray(context, stmt);
    case "store": {
      const array = arrayAt(context, stmt.array);
      if (array.isParam) fail(context, `"${stmt.array}" is a parameter and cannot be written to`);
      checkPlaces(context, stmt.array, stmt.places);
      return demand(context, array.type, stmt.value, `the new element of "${stmt.array}"`);
    }
    case "swap": {
      const [x, y] = [arrayAt(context, stmt.x), arrayAt(context, stmt.y)];
      const areAlike = x.type === y.type && x.rank === y.rank && stmt.x !== stmt.y;
      if (!areAlike || [x, y].some(({ isParam, isGrowable }) => isParam || isGrowable))
        fail(context, `"${stmt.x}" and "${stmt.y}" cannot be exchanged`);
      return;
    }
    case "for":
      return checkFor(context, stmt);
    case "while":
      demand(context, "bool", stmt.condition, "the condition of a loop");
      return checkScope(context, stmt.body);
    case "if":
      demand(context, "bool", stmt.condition, "the condition of a branch");
      checkScope(context, stmt.then);
      return checkScope(context, stmt.otherwise);
    case "throw":
      for (const { value } of stmt.more ?? []) checkExpr(context, value);
      return;
    default:
      return assertNever(stmt, "checkRegion");
  }
}

function checkArray(context: RegionChecker, { name, type, dims, growable }: ArrayDeclaration): void {
  if (dims.length === 0 || (growable === true && dims.length !== 1))
    fail(context, `"${name}" has ${dims.length} axes`);
  for (const n of dims) demand(context, "i32", n, `a length of "${name}"`);
  declare(context, name, {
    kind: "array",
    type,
    rank: dims.length,
    isParam: false,
    isGrowable: growable === true,
  });
}

function checkFor(context: RegionChecker, { index, from, to, step, reverse, live, body }: RegionFor): void {
  demand(context, "i32", from, `the first value of "${index}"`);
  demand(context, "i32", to, `the end of "${index}"`);
  if (!(Number.isInteger(step) && step !== 0)) fail(context, `"${index}" has the step ${step}`);
  if (live === undefined) return checkScope(context, body, index);
  if (reverse === true) fail(context, `the loop over "${index}" is reverse and has a live condition`);
  context.scopes.push(new Map());
  declare(context, index, { kind: "scalar", type: "i32", isSettable: false });
  demand(context, "bool", live, `the live condition of the loop over "${index}"`);
  checkBlock(context, body);
  context.scopes.pop();
}

function checkResult(context: RegionChecker, result: RegionResult, returned: Set<string>): void {
  if (result.kind === "scalar") return checkExpr(context, result.value);
  const { isParam, isGrowable } = arrayAt(context, result.name);
  if (isParam || isGrowable) fail(context, `"${result.name}" cannot be a result`);
  if (returned.has(result.name)) fail(context, `"${result.name}" is a result twice`);
  returned.add(result.name);
}

function demand(context: RegionChecker, type: RegionType, expr: RegionExpr, role: string): void {
  checkExpr(context, expr);
  if (expr.type !== type) fail(context, `${role} is ${expr.type}, not ${type}`);
}

function checkPlaces(context: RegionChecker, name: string, places: readonly RegionExpr[]): void {
  const { rank } = arrayAt(context, name);
  if (places.length !== rank) fail(context, `"${name}" has ${rank} axes, not ${places.length}`);
  for (const place of places) {
    checkExpr(context, place);
    if (place.type !== "i32" && place.type !== "f64") fail(context, `an index of "${name}" is ${place.type}`);
  }
}

function checkExpr(context: RegionChecker, expr: RegionExpr): void {
  const gives = (type: RegionType | undefined, what: string): void => {
    if (expr.type !== type) fail(context, `${what} has type ${type ?? "none"}, not ${expr.type}`);
  };
  switch (expr.kind) {
    case "const":
      if (!isValueOf(expr.type, expr.value)) fail(context, `${expr.value} is not of type ${expr.type}`);
      return;
    case "local":
      return gives(scalarAt(context, expr.name).type, `"${expr.name}"`);
    case "load":
      checkPosition(context, expr.at);
      checkPlaces(context, expr.array, expr.places);
      return gives(arrayAt(context, expr.array).type, `"${expr.array}"`);
    case "length": {
      const { rank, isGrowable } = arrayAt(context, expr.array);
      if (isGrowable || !(expr.axis >= 0 && expr.axis < rank))
        fail(context, `"${expr.array}" has no length of axis ${expr.axis}`);
      return;
    }
    case "apply": {
      const f = context.functions.get(expr.function);
      if (f === undefined) fail(context, `there is no function "${expr.function}"`);
      for (const arg of expr.args) checkExpr(context, arg);
      const types = expr.args.map((arg) => arg.type);
      return gives(f.typeOf(types), `${expr.function}(${types.join(", ")})`);
    }
    case "convert":
      return checkExpr(context, expr.x);
    case "select":
      demand(context, "bool", expr.condition, "the condition of a select");
      demand(context, expr.type, expr.x, "a side of a select");
      return demand(context, expr.type, expr.y, "a side of a select");
    default:
      return assertNever(expr, "checkRegion");
  }
}

function isValueOf(type: RegionType, value: number): boolean {
  switch (type) {
    case "f64":
      return typeof value === "number";
    case "f32":
      return Object.is(Math.fround(value), value);
    case "i32":
      return Object.is(value | 0, value);
    case "bool":
      return value === 0 || value === 1;
    default:
      return assertNever(type, "isValueOf");
  }
}
