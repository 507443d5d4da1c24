import { internalError } from "../errors/index.ts";
import type { ConstantTable, Contract, Expr, Procedure, Reduce, ScalarType, Stmt } from "./scalar.ts";
import { blocksIn, checkDepth, visitExprs, visitSizes, walkExpr, walkOwnExprs } from "./walk.ts";

/** Names that statements and expressions use. Sets are in order of first use. */
export interface SymbolUses {
  /** Every local that is read, set or declared, with its type. */
  readonly touched: ReadonlyMap<string, ScalarType>;
  /** Declared locals, loop indices included. */
  readonly declared: ReadonlySet<string>;
  readonly set: ReadonlySet<string>;
  readonly buffers: ReadonlySet<string>;
  /** Buffers that are read. `stored` contains the buffers that are written. */
  readonly loaded: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  /** Procedures that are called directly. */
  readonly called: ReadonlySet<Procedure>;
  readonly tables: ReadonlySet<ConstantTable>;
  /** True if the remainder of floats is computed. */
  readonly hasRemainder: boolean;
}

/**
 * Collects the names that statements and expressions use. Blocks inside the statements must be complete; the block
 * itself may still grow.
 */
export function usesOf(block: readonly Stmt[], results: readonly Expr[] = []): SymbolUses {
  const uses = noUses();
  for (const stmt of block) addStmt(uses, stmt);
  for (const result of results) walkExpr(result, uses.note);
  return uses;
}

// Cached because every enclosing block, and every decision about it, asks for it.
const kept = new WeakMap<readonly Stmt[], SymbolUses>();

/** Cached `usesOf` of a complete block. */
export function usesOfBlock(block: readonly Stmt[]): SymbolUses {
  let uses = kept.get(block);
  if (uses === undefined) kept.set(block, (uses = usesOf(block)));
  return uses;
}

/** Sets of used names while they are being collected. */
interface SymbolUseCollector extends SymbolUses {
  readonly touched: Map<string, ScalarType>;
  readonly declared: Set<string>;
  readonly set: Set<string>;
  readonly buffers: Set<string>;
  readonly loaded: Set<string>;
  readonly stored: Set<string>;
  readonly called: Set<Procedure>;
  readonly tables: Set<ConstantTable>;
  hasRemainder: boolean;
  readonly note: (part: Expr) => void;
}

function noUses(): SymbolUseCollector {
  const touched = new Map<string, ScalarType>();
  const buffers = new Set<string>();
  const loaded = new Set<string>();
  const called = new Set<Procedure>();
  const tables = new Set<ConstantTable>();
  const note = (part: Expr): void => {
    if (part.kind === "local") touched.set(part.name, part.type);
    else if (part.kind === "load") {
      buffers.add(part.buffer);
      loaded.add(part.buffer);
    } else if (part.kind === "call") called.add(part.procedure);
    else if (part.kind === "table") tables.add(part.table);
    else if (part.kind === "binary" && part.op === "rem" && (part.type === "f64" || part.type === "f32"))
      uses.hasRemainder = true;
  };
  const uses: SymbolUseCollector = {
    touched,
    declared: new Set(),
    set: new Set(),
    buffers,
    loaded,
    stored: new Set(),
    called,
    tables,
    hasRemainder: false,
    note,
  };
  return uses;
}

function addStmt(uses: SymbolUseCollector, stmt: Stmt): void {
  switch (stmt.kind) {
    case "let":
    case "set":
      uses.touched.set(stmt.name, stmt.value.type);
      uses[stmt.kind === "let" ? "declared" : "set"].add(stmt.name);
      return walkExpr(stmt.value, uses.note);
    case "store":
      uses.buffers.add(stmt.buffer);
      uses.stored.add(stmt.buffer);
      return visitExprs(uses.note, stmt.index, stmt.value);
    case "contract":
      return addContract(uses, stmt);
    case "for":
      uses.touched.set(stmt.index, "i32");
      uses.declared.add(stmt.index);
      break;
    case "reduce":
      return addReduce(uses, stmt);
    case "while":
    case "if":
    case "comment":
  }
  walkOwnExprs(stmt, uses.note);
  for (const block of blocksIn(stmt)) addBlock(uses, block);
}

function addReduce(uses: SymbolUseCollector, stmt: Reduce): void {
  uses.touched.set(stmt.name, stmt.value.type).set(stmt.index, "i32");
  uses.declared.add(stmt.name).add(stmt.index);
  visitExprs(uses.note, stmt.start, stmt.from, stmt.to);
  addBlock(uses, stmt.body);
  walkExpr(stmt.value, uses.note);
}

function addContract(uses: SymbolUseCollector, stmt: Contract): void {
  const { buffers, loaded } = uses;
  const { out, left, right } = stmt;
  uses.stored.add(out.buffer);
  if (stmt.accumulate) loaded.add(out.buffer);
  loaded.add(left.buffer).add(right.buffer);
  for (const { buffer, offset } of [out, left, right]) {
    buffers.add(buffer);
    walkExpr(offset, uses.note);
  }
  for (const dim of stmt.dims) visitSizes(uses.note, dim);
}

function addBlock(uses: SymbolUseCollector, block: readonly Stmt[]): void {
  const inner = usesOfBlock(block);
  inner.touched.forEach((type, name) => uses.touched.set(name, type));
  addAll(uses.declared, inner.declared);
  addAll(uses.set, inner.set);
  addAll(uses.buffers, inner.buffers);
  addAll(uses.loaded, inner.loaded);
  addAll(uses.stored, inner.stored);
  addAll(uses.called, inner.called);
  addAll(uses.tables, inner.tables);
  if (inner.hasRemainder) uses.hasRemainder = true;
}

function addAll<T>(all: Set<T>, more: ReadonlySet<T>): void {
  if (more.size > 0) more.forEach((one) => all.add(one));
}

/**
 * Part of `SymbolUses`: the locals that statements declare or set. Computing it does not require visiting expressions.
 */
export type Bindings = Pick<SymbolUses, "declared" | "set">;

const bindings = new WeakMap<readonly Stmt[], Bindings>();

/** Locals that the statements of a complete block, inner ones included, declare and set. Cached. */
export function bindingsOf(block: readonly Stmt[]): Bindings {
  const known = bindings.get(block) ?? kept.get(block);
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

/** Procedures and tables that code uses directly or through other procedures. */
export interface TransitiveUses {
  /** Procedures in dependency order: each follows the procedures that it calls. */
  readonly procedures: readonly Procedure[];
  readonly tables: readonly ConstantTable[];
}

/** Collects the procedures and tables that a complete block and expressions use, directly and through procedures. */
export function reachedBy(block: readonly Stmt[], results: readonly Expr[]): TransitiveUses {
  const procedures = new Set<Procedure>();
  const tables = new Set<ConstantTable>();
  const open = new Set<Procedure>();
  const enter = (procedure: Procedure): void => {
    if (procedures.has(procedure)) return;
    if (open.has(procedure)) throw internalError(`procedure ${JSON.stringify(procedure.name)} calls itself`);
    checkDepth(open.size);
    open.add(procedure);
    reach(procedure.body, [procedure.result]);
    open.delete(procedure);
    procedures.add(procedure);
  };
  const add = (uses: SymbolUses): void => {
    uses.tables.forEach((table) => tables.add(table));
    uses.called.forEach(enter);
  };
  const reach = (stmts: readonly Stmt[], exprs: readonly Expr[]): void => {
    add(usesOfBlock(stmts));
    if (exprs.length > 0) add(usesOf([], exprs));
  };
  reach(block, results);
  return { procedures: [...procedures], tables: [...tables] };
}
