import type { Expr, ScalarType, Stmt } from "./scalar.ts";
import { blocksIn, walkExpr } from "./walk.ts";

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

/** Where a statement has its blocks. */
type Nest = Stmt & { readonly kind: "for" | "while" | "if" | "reduce" };

// What is in a block is asked for again by each block around it, and by each decision about it.
const kept = new WeakMap<readonly Stmt[], Uses>();

/** What the block of a finished statement uses. */
function usesOfBody(block: readonly Stmt[]): Uses {
  let uses = kept.get(block);
  if (uses === undefined) kept.set(block, (uses = usesOf(block)));
  return uses;
}

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
    case "reduce":
      return addNest(uses, stmt);
    case "comment":
  }
}

function addNest(uses: Collected, stmt: Nest): void {
  switch (stmt.kind) {
    case "for":
      uses.touched.set(stmt.index, "i32");
      uses.declared.add(stmt.index);
      addExpr(uses, stmt.from);
      addExpr(uses, stmt.to);
      return addBody(uses, stmt.body);
    case "reduce":
      uses.touched.set(stmt.name, stmt.value.type).set(stmt.index, "i32");
      uses.declared.add(stmt.name).add(stmt.index);
      for (const expr of [stmt.start, stmt.from, stmt.to]) addExpr(uses, expr);
      addBody(uses, stmt.body);
      return addExpr(uses, stmt.value);
    case "while":
      addExpr(uses, stmt.condition);
      return addBody(uses, stmt.body);
    case "if":
      addExpr(uses, stmt.condition);
      addBody(uses, stmt.then);
      addBody(uses, stmt.otherwise);
  }
}

function addBody({ touched, declared, set, buffers }: Collected, block: readonly Stmt[]): void {
  if (block.length === 0) return;
  const inner = usesOfBody(block);
  inner.touched.forEach((type, name) => touched.set(name, type));
  inner.declared.forEach((name) => declared.add(name));
  inner.set.forEach((name) => set.add(name));
  inner.buffers.forEach((name) => buffers.add(name));
}

/** The locals that statements give values: a part of what they use, which no expression need be looked at for. */
export type Bindings = Pick<Uses, "declared" | "set">;

const bindings = new WeakMap<readonly Stmt[], Bindings>();

/** What the statements of a block and those in them declare and set, kept beside the block: nothing is added to it any more. */
export function bindingsOf(block: readonly Stmt[]): Bindings {
  const known = bindings.get(block);
  if (known !== undefined) return known;
  const [declared, set] = [new Set<string>(), new Set<string>()];
  const add = (stmts: readonly Stmt[]): void => {
    if (stmts.length === 0) return;
    const inner = bindingsOf(stmts);
    inner.declared.forEach((name) => declared.add(name));
    inner.set.forEach((name) => set.add(name));
  };
  for (const stmt of block) {
    if (stmt.kind === "let") declared.add(stmt.name);
    else if (stmt.kind === "set") set.add(stmt.name);
    if (stmt.kind === "for" || stmt.kind === "reduce") declared.add(stmt.index);
    if (stmt.kind === "reduce") declared.add(stmt.name);
    blocksIn(stmt).forEach(add);
  }
  const all = { declared, set };
  bindings.set(block, all);
  return all;
}
