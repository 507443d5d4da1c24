import { assertNever } from "../../util/assert-never.ts";
import { isFloating } from "../form/build.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";

/** A dependency: the value of the local or array `target` depends on `source`. */
type DataflowEdge = readonly [target: string, source: string];

/**
 * Returns the locals and arrays of a flat region that derivatives flow through. They are floating, depend smoothly on
 * an active parameter, and influence a floating result. The analysis ignores the order of statements: a name is active
 * everywhere or nowhere.
 */
export function findActiveNames(
  region: Region,
  active: readonly boolean[],
  functions: ScalarFunctions,
): ReadonlySet<string> {
  const edges = edgesOf(region.body, functions);
  const varied = findReachable(
    region.params.filter((param, i) => active[i] === true && isFloating(param.type)).map(({ name }) => name),
    edges.map(([target, source]) => [source, target]),
  );
  const results = region.results.flatMap((result) =>
    result.kind === "array" ? [result.name] : sourcesOf(result.value, functions),
  );
  const useful = findReachable(results, edges);
  return new Set([...varied].filter((name) => useful.has(name)));
}

/** Returns all names that edges reach from the names in `first`, including `first`. */
export function findReachable(first: readonly string[], edges: readonly DataflowEdge[]): Set<string> {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) {
    const all = next.get(from);
    if (all === undefined) next.set(from, [to]);
    else all.push(to);
  }
  const reached = new Set(first);
  for (const name of reached) for (const to of next.get(name) ?? []) reached.add(to); // iteration over a set includes elements added meanwhile
  return reached;
}

function edgesOf(body: readonly RegionStmt[], functions: ScalarFunctions): DataflowEdge[] {
  const edges: DataflowEdge[] = [];
  walkStmts(body, (stmt) => {
    switch (stmt.kind) {
      case "let":
      case "set":
        for (const source of sourcesOf(stmt.value, functions)) edges.push([stmt.name, source]);
        return;
      case "store":
        for (const source of sourcesOf(stmt.value, functions)) edges.push([stmt.array, source]);
        return;
      case "swap":
        edges.push([stmt.x, stmt.y], [stmt.y, stmt.x]);
        return;
      case "array":
      case "for":
      case "while":
      case "if":
      case "throw":
        return;
      default:
        assertNever(stmt, "edgesOf");
    }
  });
  return edges;
}

/** Floating locals and arrays on whose values the value of a flat expression depends smoothly. */
function sourcesOf(expr: RegionExpr, functions: ScalarFunctions): string[] {
  if (!isFloating(expr.type)) return [];
  switch (expr.kind) {
    case "const":
    case "length":
      return [];
    case "local":
      return [expr.name];
    case "load":
      return [expr.array];
    case "apply":
      return functions.get(expr.function)!.isConstant
        ? []
        : expr.args.flatMap((x) => sourcesOf(x, functions));
    case "convert":
      return sourcesOf(expr.x, functions);
    case "select":
      return [...sourcesOf(expr.x, functions), ...sourcesOf(expr.y, functions)];
    default:
      return assertNever(expr, "sourcesOf");
  }
}
