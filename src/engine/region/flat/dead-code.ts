import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { blocksOf, expressionsOf, mapBlocksOf, partsOf } from "../form/walk.ts";
import { targetsOf } from "../form/names.ts";

/**
 * Removes statements that the results do not depend on. Statements that may end the call with an error stay: `throw`,
 * accesses whose indices are not proven, arrays whose lengths may be negative. An endless loop may be removed.
 */
export function eliminateDeadCode(region: Region): Region {
  const kept = new Liveness(region).kept;
  const prune = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
    stmts.flatMap((stmt) => {
      if (!kept.has(stmt)) return [];
      return blocksOf(stmt).length === 0 ? [stmt] : [mapBlocksOf(stmt, prune)];
    });
  return { ...region, body: prune(region.body) };
}

/** Finds the statements to keep: all statements that the results need, directly or through other statements. */
class Liveness {
  readonly kept = new Set<RegionStmt>();
  readonly #needed = new Set<string>();
  /** Statements that write a local or an array, by the name of the local or array. */
  readonly #givers = new Map<string, RegionStmt[]>();
  readonly #around = new Map<RegionStmt, RegionStmt>();
  /** Statements to keep whose operands still have to be visited. */
  readonly #open: RegionStmt[] = [];

  constructor({ body, results }: Region) {
    this.#index(body, undefined);
    for (const result of results) {
      if (result.kind === "array") this.#need(result.name);
      else this.#read(result.value);
    }
    for (let stmt = this.#open.pop(); stmt !== undefined; stmt = this.#open.pop()) {
      expressionsOf(stmt).forEach((expr) => this.#read(expr));
      targetsOf(stmt).forEach((name) => this.#need(name));
      const around = this.#around.get(stmt);
      if (around !== undefined) this.#keep(around);
    }
  }

  #index(stmts: readonly RegionStmt[], around: RegionStmt | undefined): void {
    for (const stmt of stmts) {
      if (around !== undefined) this.#around.set(stmt, around);
      for (const name of targetsOf(stmt)) {
        const givers = this.#givers.get(name);
        if (givers === undefined) this.#givers.set(name, [stmt]);
        else givers.push(stmt);
      }
      if (mayEndTheCall(stmt)) this.#keep(stmt);
      for (const block of blocksOf(stmt)) this.#index(block, stmt);
    }
  }

  #keep(stmt: RegionStmt): void {
    if (this.kept.has(stmt)) return;
    this.kept.add(stmt);
    this.#open.push(stmt);
  }

  #need(name: string): void {
    if (this.#needed.has(name)) return;
    this.#needed.add(name);
    this.#givers.get(name)?.forEach((stmt) => this.#keep(stmt));
  }

  #read(expr: RegionExpr): void {
    if (expr.kind === "local") this.#need(expr.name);
    else if (expr.kind === "load" || expr.kind === "length") this.#need(expr.array);
    partsOf(expr).forEach((part) => this.#read(part));
  }
}

/** True if the statement itself, without nested ones, may end the call with an error. */
export function mayEndTheCall(stmt: RegionStmt): boolean {
  if (stmt.kind === "throw" || (stmt.kind === "store" && stmt.at !== undefined)) return true;
  if (stmt.kind === "array") return !stmt.dims.every((n) => n.kind === "length" || n.kind === "const");
  return expressionsOf(stmt).some(isGuarded);
}

function isGuarded(expr: RegionExpr): boolean {
  return (expr.kind === "load" && expr.at !== undefined) || partsOf(expr).some(isGuarded);
}
