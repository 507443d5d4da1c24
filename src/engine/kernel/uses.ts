import type { Expr, ScalarType, Stmt } from "./scalar.ts";
import { walkExpr } from "./walk.ts";

/** The names that statements and expressions use. */
export interface Uses {
  /** Every local that is read, set or declared, with its type, in the order in which they are met. */
  readonly touched: ReadonlyMap<string, ScalarType>;
  /** Those declared, loop indices included. */
  readonly declared: ReadonlySet<string>;
  readonly set: ReadonlySet<string>;
  readonly buffers: ReadonlySet<string>;
}

/** What statements and expressions use. The statements are finished: nothing is added to their blocks any more. */
export function usesOf(block: readonly Stmt[], results: readonly Expr[] = []): Uses {
  const uses = noUses();
  for (const stmt of block) addStmt(uses, stmt);
  for (const result of results) addExpr(uses, result);
  return uses;
}

/** Uses as they are collected. */
interface Collected extends Uses {
  readonly touched: Map<string, ScalarType>;
  readonly declared: Set<string>;
  readonly set: Set<string>;
  readonly buffers: Set<string>;
  readonly note: (part: Expr) => void;
}

function noUses(): Collected {
  const touched = new Map<string, ScalarType>();
  const buffers = new Set<string>();
  const note = (part: Expr): void => {
    if (part.kind === "local") touched.set(part.name, part.type);
    else if (part.kind === "load") buffers.add(part.buffer);
  };
  return { touched, declared: new Set(), set: new Set(), buffers, note };
}

function addExpr({ note }: Collected, expr: Expr): void {
  walkExpr(expr, note);
}

type Nest = Stmt & { readonly kind: "for" | "while" | "if" | "reduce" };

// What is in a loop or branch is asked for again by each block around it, and by each decision about it.
const kept = new WeakMap<Nest, Uses>();

function addStmt(uses: Collected, stmt: Stmt): void {
  const { touched, declared, set, buffers } = uses;
  switch (stmt.kind) {
    case "let":
      touched.set(stmt.name, stmt.value.type);
      declared.add(stmt.name);
      return addExpr(uses, stmt.value);
    case "set":
      touched.set(stmt.name, stmt.value.type);
      set.add(stmt.name);
      return addExpr(uses, stmt.value);
    case "store":
      buffers.add(stmt.buffer);
      addExpr(uses, stmt.index);
      return addExpr(uses, stmt.value);
    case "contract":
      for (const place of [stmt.out, stmt.left, stmt.right]) {
        buffers.add(place.buffer);
        addExpr(uses, place.offset);
      }
      for (const dim of stmt.dims)
        for (const size of [dim.size, dim.out, dim.left, dim.right])
          if (typeof size !== "number") addExpr(uses, size);
      return;
    case "for":
    case "while":
    case "if":
    case "reduce": {
      let inner = kept.get(stmt);
      if (inner === undefined) kept.set(stmt, (inner = usesOfNest(stmt)));
      for (const [name, type] of inner.touched) touched.set(name, type);
      for (const name of inner.declared) declared.add(name);
      for (const name of inner.set) set.add(name);
      for (const name of inner.buffers) buffers.add(name);
      return;
    }
    case "comment":
  }
}

function usesOfNest(stmt: Nest): Uses {
  const uses = noUses();
  const add = (inner: Stmt): void => addStmt(uses, inner);
  switch (stmt.kind) {
    case "for":
      uses.touched.set(stmt.index, "i32");
      uses.declared.add(stmt.index);
      addExpr(uses, stmt.from);
      addExpr(uses, stmt.to);
      stmt.body.forEach(add);
      break;
    case "reduce":
      uses.touched.set(stmt.name, stmt.value.type).set(stmt.index, "i32");
      uses.declared.add(stmt.name).add(stmt.index);
      for (const expr of [stmt.start, stmt.from, stmt.to]) addExpr(uses, expr);
      stmt.body.forEach(add);
      addExpr(uses, stmt.value);
      break;
    case "while":
      addExpr(uses, stmt.condition);
      stmt.body.forEach(add);
      break;
    case "if":
      addExpr(uses, stmt.condition);
      stmt.then.forEach(add);
      stmt.otherwise.forEach(add);
  }
  return uses;
}
