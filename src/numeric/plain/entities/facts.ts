import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { partsOf } from "../../../engine/region/form/walk.ts";
import { and, not, or, truth } from "../draft/draft.ts";

/** Names of the locals that were assigned since the log was begun. Assignments are also logged in the parents. */
export interface WriteLog {
  readonly names: Set<string>;
  readonly parent: WriteLog | undefined;
}

/** Truth value of a condition, which holds until a local that the condition reads is assigned. */
interface Fact {
  readonly value: boolean;
  /** Mutable locals that the condition reads. */
  readonly reads: readonly string[];
  /** Assignments since the condition was tested. */
  readonly log: WriteLog;
}

/** Truth values of boolean locals and of comparisons with constants, known from the conditions around a statement. */
export type BooleanFacts = ReadonlyMap<string, Fact>;

export const noFacts: BooleanFacts = new Map();

/** Facts that also hold in later iterations of a loop: those without mutable locals. */
export function lastingFacts(facts: BooleanFacts): BooleanFacts {
  return new Map([...facts].filter(([, { reads }]) => reads.length === 0));
}

/** Records the assignment of a local. */
export function logWrite(log: WriteLog | undefined, name: string): void {
  for (let open = log; open !== undefined; open = open.parent) open.names.add(name);
}

/** Key of a condition among the facts; `undefined` for conditions that are not remembered. */
function keyOf(test: RegionExpr): string | undefined {
  if (test.kind === "local") return test.type === "bool" ? test.name : undefined;
  if (test.kind !== "apply" || test.function !== "equal" || isNegation(test)) return undefined;
  const [x, y] = test.args[1]?.kind === "const" ? test.args : test.args.toReversed();
  if (x === undefined || y?.kind !== "const") return undefined;
  const place = placeKey(x);
  return place === undefined ? undefined : `${place}=${y.value}`;
}

/** Name of a local or element; elements have indices that are locals or constants. */
function placeKey(expr: RegionExpr): string | undefined {
  if (expr.kind === "convert") return placeKey(expr.x);
  if (expr.kind === "local") return expr.name;
  if (expr.kind === "const") return String(expr.value);
  if (expr.kind !== "load") return undefined;
  const places = expr.places.map(placeKey);
  return places.includes(undefined) ? undefined : `${expr.array}[${places.join()}]`;
}

/** Simplifies a condition by known facts. */
export function simplified(facts: BooleanFacts, test: RegionExpr): RegionExpr {
  if (facts.size === 0) return test;
  const key = keyOf(test);
  const fact = key === undefined ? undefined : facts.get(key);
  if (fact !== undefined && !fact.reads.some((name) => fact.log.names.has(name))) return truth(fact.value);
  if (test.kind !== "apply") return test;
  const [x, y] = test.args;
  if (x === undefined || y === undefined) return test;
  if (test.function === "bitwiseAnd") return and(simplified(facts, x), simplified(facts, y));
  if (test.function === "bitwiseOr") return or(simplified(facts, x), simplified(facts, y));
  return isNegation(test) ? not(simplified(facts, x)) : test;
}

/** Kind of a local or array, for facts: unchanging, a local that assignments change, or an array that may change. */
export type Changes = (name: string) => "never" | "logged" | "unknown";

/** Returns the facts that hold if `test` is `value`. */
export function factsWhere(
  facts: BooleanFacts,
  test: RegionExpr,
  value: boolean,
  changes: Changes,
  log: WriteLog,
): BooleanFacts {
  const key = keyOf(test);
  if (key !== undefined) {
    const reads = readsOf(test, changes);
    return reads === undefined ? facts : new Map([...facts, [key, { value, reads, log }]]);
  }
  const both = (x: RegionExpr, y: RegionExpr): BooleanFacts =>
    factsWhere(factsWhere(facts, x, value, changes, log), y, value, changes, log);
  if (test.kind === "select") {
    // `and` and `or` whose second operand may fail
    if (value && isConstant(test.y, 0)) return both(test.condition, test.x);
    return !value && isConstant(test.x, 1) ? both(test.condition, test.y) : facts;
  }
  if (test.kind !== "apply") return facts;
  const [x, y] = test.args;
  if (x === undefined || y === undefined) return facts;
  if (isNegation(test)) return factsWhere(facts, x, !value, changes, log);
  if (test.function === "notEqual" && keyOf({ ...test, function: "equal" }) !== undefined)
    return factsWhere(facts, { ...test, function: "equal" }, !value, changes, log);
  const isBoth = test.function === (value ? "bitwiseAnd" : "bitwiseOr");
  return isBoth ? both(x, y) : facts;
}

/** Mutable locals that an expression reads; `undefined` if it reads arrays that may change. */
function readsOf(expr: RegionExpr, changes: Changes): string[] | undefined {
  const own = expr.kind === "local" ? expr.name : expr.kind === "load" ? expr.array : undefined;
  const kind = own === undefined ? "never" : changes(own);
  const parts = partsOf(expr).map((part) => readsOf(part, changes));
  if (kind === "unknown" || !parts.every((part) => part !== undefined)) return undefined;
  return [...(kind === "logged" ? [own!] : []), ...parts.flat()];
}

function isNegation(test: RegionExpr & { readonly kind: "apply" }): boolean {
  const [x, y] = test.args;
  return test.function === "equal" && x?.type === "bool" && y !== undefined && isConstant(y, 0);
}

function isConstant(expr: RegionExpr, value: number): boolean {
  return expr.kind === "const" && expr.value === value;
}
