import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { copyBlock, copyExpr } from "../kernel/copy.ts";
import type { Dim, Expr, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { sizeExpr } from "../kernel/sizes.ts";
import { assertNever, must } from "../util/assert-never.ts";
import type { DataFlow } from "./flow.ts";
import {
  assignsSets,
  branchForm,
  bufferName,
  contractSizes,
  differentiated,
  hasSet,
  isTainted,
  zeroFactor,
  zeroOperand,
} from "./flow.ts";
import type { SetPool } from "./unions.ts";
import { columnSet, distinct, writeUnion } from "./unions.ts";

/** Maximum number of sets that are held separately for one local. The union of more sets is written at once. */
const mostSeparate = 12;

/** Buffers, names and log of the routine that a `SetWriter` writes. */
export interface SetWriting {
  readonly flow: DataFlow;
  /** Pool of sets; `undefined` to write only the decisions that determine the pattern. */
  readonly pool: SetPool | undefined;
  /** For each input of tangents, a buffer or scalar, the index of the column of its first element. */
  readonly columnsOf: ReadonlyMap<string, number>;
  /** Sizes of the buffers of the routine. */
  readonly sizes: ReadonlyMap<string, SizeExpr>;
  /** Locals that are assigned again after their declaration. */
  readonly changed: ReadonlySet<string>;
  fresh(hint: string): string;
  /** Writes code that logs a value on which the pattern depends. */
  log(block: Block, value: Expr): void;
}

/** Block to which code is appended, and how it runs. */
interface Context {
  readonly block: Block;
  /**
   * True if the code may run although its condition does not hold. Indices are then clamped, and new sets are joined
   * with the old ones.
   */
  readonly isSpeculative: boolean;
}

type LocalExpr = Expr & { readonly kind: "local" };

/** Name of the buffer or local that contains the sets of the given buffer or local. */
export const setName = (name: string): string => `${name}.set`;

/** Writes code that propagates sets of columns through the statements of a routine. */
export class SetWriter {
  readonly #to: SetWriting;
  /** Sets of locals that are assigned once. */
  readonly #sets = new Map<string, readonly Expr[]>();
  /** Names of the set locals of locals that are assigned again. */
  readonly #variable = new Set<string>();
  /** Names of locals that contain single columns. */
  readonly #columns = new Set<string>();

  constructor(to: SetWriting) {
    this.#to = to;
  }

  /** Writes the propagation for the statements of the original routine. */
  write(stmts: readonly Stmt[], block: Block): void {
    this.#block(stmts, { block, isSpeculative: false });
  }

  /** Writes the union of the sets of an expression and returns the expression that holds it. */
  setOf(expr: Expr, block: Block): Expr {
    return this.#join(this.#setsOf(expr, { block, isSpeculative: false }), block);
  }

  #block(stmts: readonly Stmt[], at: Context): void {
    for (const stmt of stmts) this.#statement(stmt, at);
  }

  #statement(stmt: Stmt, at: Context): void {
    const { active, needed } = this.#to.flow;
    const { block } = at;
    switch (stmt.kind) {
      case "let":
      case "set": {
        // sets first, because indices of sets read the values before the statement
        if (active.has(stmt.name)) this.#assign(stmt, at);
        if (!needed.has(stmt.name)) return;
        const value = this.#value(stmt.value, at);
        if (stmt.kind === "let") block.let(stmt.name, value);
        else block.set(k.local(value.type, stmt.name), value);
        return;
      }
      case "store": {
        const name = bufferName(stmt.buffer);
        if (active.has(name)) {
          const index = this.#index(stmt.index, stmt.buffer, at, false);
          const sets = this.#setsOf(stmt.value, at);
          this.#storeSet(stmt.buffer, index, sets, at);
        }
        if (needed.has(name))
          block.store(stmt.buffer, this.#clamped(this.#value(stmt.index, at), stmt.buffer, at), this.#value(stmt.value, at)); // prettier-ignore
        return;
      }
      case "for":
        return this.#loop(stmt, at);
      case "while":
        return this.#while(stmt, at);
      case "if":
        return this.#branch(stmt, at);
      case "reduce":
        return this.#reduce(stmt, at);
      case "contract":
        return this.#contract(stmt, at);
      case "comment":
        return;
      default:
        return assertNever(stmt, "#statement");
    }
  }

  /** Writes code that computes the set of a local, or notes its sets if it is assigned once. */
  #assign(stmt: Stmt & { readonly kind: "let" | "set" }, at: Context): void {
    const { changed, pool } = this.#to;
    const { block } = at;
    const sets = this.#setsOf(stmt.value, at);
    if (!changed.has(stmt.name)) {
      const some = sets.length > mostSeparate ? [this.#join(sets, block)] : sets;
      const kept = some.map((set) => this.#hold(set, block, this.#mayChange(set)));
      this.#sets.set(stmt.name, kept);
      return;
    }
    const own = k.local("i32", setName(stmt.name)) as LocalExpr;
    this.#variable.add(own.name);
    const before = stmt.kind === "set" && at.isSpeculative ? [own] : [];
    const union = this.#join([...before, ...sets], block);
    if (pool === undefined) return;
    if (stmt.kind === "let") block.let(own.name, union);
    else block.set(own, union);
  }

  #storeSet(buffer: string, index: Expr, sets: readonly Expr[], at: Context, isAdded = false): void {
    const { block } = at;
    const place = this.#hold(index, block);
    const before = isAdded || at.isSpeculative ? [k.load("i32", setName(buffer), place)] : [];
    const union = this.#join([...before, ...sets], block);
    if (this.#to.pool !== undefined) block.store(setName(buffer), place, union);
  }

  #loop(stmt: Stmt & { readonly kind: "for" }, at: Context): void {
    const inner = k.makeBlock();
    const before = this.#marks;
    this.#block(stmt.body, { ...at, block: inner });
    if (inner.statements.length === 0) return;
    const hasSets = assignsSets(stmt.body, this.#to.flow.active);
    const [from, to] = [stmt.from, stmt.to].map((bound) => this.#decision(bound, at, hasSets));
    const isSame = this.#marks === before; // neither unions nor decisions
    at.block.statements.push({
      kind: "for",
      index: stmt.index,
      from: from!,
      to: to!,
      reverse: stmt.reverse,
      independent: isSame && stmt.independent === true,
      body: inner.statements,
    });
  }

  #while(stmt: Stmt & { readonly kind: "while" }, at: Context): void {
    const inner = k.makeBlock();
    const { flow, log } = this.#to;
    const isLogged = assignsSets(stmt.body, flow.active) && isTainted(stmt.condition, flow.tainted);
    if (isLogged) {
      this.#marks++;
      log(inner, k.i32(1));
    }
    this.#block(stmt.body, { ...at, block: inner });
    if (inner.statements.length === 0) return;
    at.block.statements.push({
      kind: "while",
      condition: this.#value(stmt.condition, at),
      body: inner.statements,
    });
    if (isLogged) log(at.block, k.i32(0));
  }

  #branch(stmt: Stmt & { readonly kind: "if" }, at: Context): void {
    const form = branchForm(stmt, this.#to.flow);
    if (form === "otherwise") return this.#block(stmt.otherwise, at);
    if (form === "both") {
      this.speculates = true;
      this.#block(stmt.then, { ...at, isSpeculative: true });
      return this.#block(stmt.otherwise, { ...at, isSpeculative: true });
    }
    const [then, otherwise] = [stmt.then, stmt.otherwise].map((body) => {
      const inner = k.makeBlock();
      this.#block(body, { ...at, block: inner });
      return inner.statements;
    });
    if (then!.length + otherwise!.length === 0) return;
    const hasSets = [stmt.then, stmt.otherwise].some((body) => assignsSets(body, this.#to.flow.active));
    const condition = this.#decision(stmt.condition, at, hasSets);
    at.block.statements.push({ kind: "if", condition, then: then!, otherwise: otherwise! });
  }

  #reduce(stmt: Stmt & { readonly kind: "reduce" }, at: Context): void {
    const { flow, pool } = this.#to;
    const hasColumns = flow.active.has(stmt.name);
    const isLoop = hasColumns || assignsSets(stmt.body, flow.active);
    if (flow.needed.has(stmt.name)) this.#valueReduce(stmt, at, isLoop);
    else if (!isLoop) {
      // its body may store needed values
      return this.#loop({ ...stmt, kind: "for", reverse: false }, at);
    }
    if (!isLoop) return;
    const own = k.local("i32", setName(stmt.name)) as LocalExpr;
    if (hasColumns && pool !== undefined) at.block.let(own.name, k.i32(0));
    const inner = k.makeBlock();
    const context = { ...at, block: inner };
    this.#block(stmt.body, context);
    if (hasColumns) {
      const union = this.#join([own, ...this.#setsOf(stmt.value, context)], inner);
      if (pool !== undefined) inner.set(own, union);
      this.#sets.set(stmt.name, [own]);
    }
    if (inner.statements.length === 0) return;
    const [from, to] = [stmt.from, stmt.to].map((bound) => this.#decision(bound, at, true));
    const index = stmt.index;
    at.block.statements.push({ kind: "for", index, from: from!, to: to!, reverse: false, independent: false, body: inner.statements }); // prettier-ignore
  }

  /**
   * Writes the needed value of a reduction. With `isRepeated`, a loop over its sets follows and runs the body again, so
   * that the copy here stores nothing.
   */
  #valueReduce(stmt: Stmt & { readonly kind: "reduce" }, at: Context, isRepeated: boolean): void {
    const { block } = at;
    if (!isRepeated) {
      const inner = k.makeBlock();
      this.#block(stmt.body, { ...at, block: inner });
      const value = this.#value(stmt.value, at);
      block.statements.push({ ...stmt, body: inner.statements, value });
      return;
    }
    const index = `${stmt.index}.value`;
    const values = new SetWriter({ ...this.#to, flow: { ...this.#to.flow, active: new Set() } });
    const inner = k.makeBlock();
    values.#block(stmt.body, { ...at, block: inner });
    const given = new Map([[stmt.index, k.local("i32", index)]]);
    const { statements, results } = copyBlock(
      inner.statements,
      [this.#value(stmt.value, at)],
      ".value",
      given,
    );
    block.statements.push({ ...stmt, index, body: withoutStores(statements), value: results[0]! });
  }

  /**
   * Writes the sets of a product of arrays. Each element has the columns of a row of `left` and of a column of `right`.
   */
  #contract(stmt: Stmt & { readonly kind: "contract" }, at: Context): void {
    const { active, needed } = this.#to.flow;
    const out = bufferName(stmt.out.buffer);
    if (active.has(out)) {
      const sizes = contractSizes(stmt);
      for (const size of sizes) this.#decision(size, at, true);
      let isAdded = stmt.accumulate;
      for (const side of ["left", "right"] as const) {
        if (!active.has(bufferName(stmt[side].buffer))) continue;
        if (this.#to.pool !== undefined) this.#contractSide(stmt, side, at, isAdded);
        isAdded = true;
      }
    }
    if (needed.has(out)) at.block.statements.push(stmt);
  }

  #contractSide(
    stmt: Stmt & { readonly kind: "contract" },
    side: "left" | "right",
    at: Context,
    isAdded: boolean,
  ): void {
    const { fresh, pool } = this.#to;
    const operand = stmt[side];
    const outer = stmt.dims.filter((dim) => dim.role === "batch" || dim.role === (side === "left" ? "row" : "column")); // prettier-ignore
    const sums = stmt.dims.filter((dim) => dim.role === "sum");
    const inner = stmt.dims.filter((dim) => dim.role === (side === "left" ? "column" : "row"));
    const zeros = zeroOperand(stmt, side, this.#to.flow);
    const start = { out: stmt.out.offset, left: stmt.left.offset, right: stmt.right.offset };
    if (zeros !== undefined) {
      const other = side === "left" ? "right" : "left";
      const { type } = stmt;
      nest([...outer, ...inner], start, at.block, fresh, (block, starts) => {
        const union = block.let(fresh("element.set"), k.i32(0));
        nest(sums, starts, block, fresh, (body, { [side]: index, [other]: factor }) => {
          body.if(k.ne(k.load(type, zeros, factor), k.constant(type, 0)), (used) => {
            const set = this.#hold(this.#loadSet(operand.buffer, index), used);
            used.set(union, this.#join([union, set], used));
          });
        });
        this.#storeSet(stmt.out.buffer, starts.out, [union], { ...at, block }, isAdded);
      });
      this.#marks++;
      return;
    }
    nest(outer, start, at.block, fresh, (block, starts) => {
      const union = block.let(fresh("row.set"), k.i32(0));
      nest(sums, starts, block, fresh, (body, { [side]: index }) => {
        const set = this.#loadSet(operand.buffer, index);
        body.set(union, this.#join([union, this.#hold(set, body)], body));
      });
      nest(inner, starts, block, fresh, (body, { out: index }) =>
        this.#storeSet(stmt.out.buffer, index, [union], { ...at, block: body }, isAdded),
      );
    });
    if (pool !== undefined) this.#marks++;
  }

  /** Number of unions and logged decisions written so far. */
  #marks = 0;
  /** True if some code may run although its condition does not hold. It may then read memory that was never written. */
  speculates = false;

  /** Writes a value that decides how sets are propagated, and logs it if it depends on the point. */
  #decision(expr: Expr, at: Context, hasSets: boolean): Expr {
    const value = this.#value(expr, at);
    if (!hasSets || !isTainted(expr, this.#to.flow.tainted)) return value;
    this.#marks++;
    const held = at.block.let(this.#to.fresh("decision"), value);
    this.#to.log(at.block, k.convert("i32", held));
    return held;
  }

  /**
   * Writes the index at which a set is read or written. `isLazy`: the set may turn out to be unused, so that its index
   * must be clamped.
   */
  #index(index: Expr, buffer: string, at: Context, isLazy: boolean): Expr {
    if (!isTainted(index, this.#to.flow.tainted)) return this.#clamped(this.#value(index, at), buffer, at);
    const careful = { ...at, isSpeculative: at.isSpeculative || isLazy };
    return this.#clamped(this.#decision(index, careful, true), buffer, careful);
  }

  /** Returns the expression, with clamped indices in code that may run although its condition does not hold. */
  #value(expr: Expr, at: Context): Expr {
    if (!at.isSpeculative) return expr;
    const replace = (part: Expr): Expr | undefined => {
      if (part.kind !== "load") return undefined;
      const index = copyExpr(part.index, replace);
      return { ...part, index: this.#clamped(index, part.buffer, at) };
    };
    return copyExpr(expr, replace);
  }

  #clamped(index: Expr, buffer: string, { isSpeculative }: Context): Expr {
    if (!isSpeculative || index.kind === "const") return index;
    const size = sizeExpr(must(this.#to.sizes.get(buffer), "the size of a buffer"));
    return k.max(k.min(index, k.sub(size, k.i32(1))), k.i32(0));
  }

  #loadSet(buffer: string, index: Expr): Expr {
    if (this.#to.pool === undefined) return k.i32(0);
    const first = this.#to.columnsOf.get(bufferName(buffer));
    return first === undefined ? k.load("i32", setName(buffer), index) : columnSet(index, first);
  }

  /**
   * Returns sets whose union are the columns of an expression. They are expressions that read memory, so the caller
   * must use them, or store them in locals, before that memory changes.
   */
  #setsOf(expr: Expr, at: Context, isLazy = false): Expr[] {
    const { flow, columnsOf } = this.#to;
    if (!hasSet(expr, flow.active)) return [];
    if (expr.kind === "local") {
      const first = columnsOf.get(expr.name);
      if (first !== undefined) return [k.i32(first + 1)];
      return [...(this.#sets.get(expr.name) ?? [k.local("i32", setName(expr.name))])];
    }
    if (expr.kind === "load") {
      return [this.#loadSet(expr.buffer, this.#index(expr.index, expr.buffer, at, isLazy))];
    }
    const product = zeroFactor(expr, flow);
    if (product !== undefined) {
      const factor = this.#value(product.factor, at);
      const isUsed = k.ne(factor, k.constant(factor.type, 0));
      const sets = this.#setsOf(product.rest, at, true).map((set) => k.select(isUsed, set, k.i32(0)));
      return expr.kind === "mulAdd" ? distinct([...sets, ...this.#setsOf(expr.z, at, isLazy)]) : sets;
    }
    if (expr.kind !== "select")
      return distinct(differentiated(expr).flatMap((part) => this.#setsOf(part, at, isLazy)));
    if (isTainted(expr.condition, flow.tainted)) {
      const both = { ...at, isSpeculative: true };
      this.speculates = true;
      return distinct([expr.x, expr.y].flatMap((side) => this.#setsOf(side, both, isLazy)));
    }
    const condition = this.#value(expr.condition, at);
    const [x, y] = [this.#setsOf(expr.x, at, true), this.#setsOf(expr.y, at, true)];
    return Array.from({ length: Math.max(x.length, y.length) }, (_, i) =>
      k.select(condition, x[i] ?? k.i32(0), y[i] ?? k.i32(0)),
    );
  }

  /** True if a set is in a local that later statements assign again. */
  #mayChange(set: Expr): boolean {
    return set.kind === "local" && this.#variable.has(set.name);
  }

  /**
   * Stores a set in a new local and returns the local. Constants, and locals unless `isCopied`, are returned unchanged.
   */
  #hold(set: Expr, block: Block, isCopied = false): Expr {
    if (this.#to.pool === undefined || set.kind === "const") return set;
    if (set.kind === "local" && !isCopied) return set;
    const held = block.let(this.#to.fresh("set"), set);
    const isColumn = set.kind === "binary" && set.op === "add" && held.kind === "local";
    if (isColumn) this.#columns.add(held.name);
    return held;
  }

  #join(sets: readonly Expr[], block: Block): Expr {
    const { pool } = this.#to;
    const some = distinct(sets);
    if (pool === undefined || some.length === 0) return k.i32(0);
    if (some.length === 1) return some[0]!;
    this.#marks++;
    const held = some.map((set) => this.#hold(set, block));
    return writeUnion(block, held, this.#columns, pool);
  }
}

/** Index of an element in the result and in the operands of a product. */
type OperandIndices = Readonly<Record<"out" | "left" | "right", Expr>>;

/**
 * Writes one loop per axis in `dims`, nested. Calls `body` in the innermost one with the flat indices into result and
 * operands.
 */
function nest(
  dims: readonly Dim[],
  starts: OperandIndices,
  block: Block,
  fresh: (hint: string) => string,
  body: (block: Block, indices: OperandIndices) => void,
): void {
  const [dim, ...rest] = dims;
  if (dim === undefined) return body(block, starts);
  block.for(fresh("i"), k.i32(0), sizeExpr(dim.size), (inner, i) => {
    const step = (start: Expr, stride: SizeExpr): Expr =>
      stride === 0 ? start : k.add(start, k.mul(i, sizeExpr(stride)));
    const next = { out: step(starts.out, dim.out), left: step(starts.left, dim.left), right: step(starts.right, dim.right) }; // prettier-ignore
    nest(rest, next, inner, fresh, body);
  });
}

function withoutStores(block: readonly Stmt[]): Stmt[] {
  return block.flatMap((stmt): Stmt[] => {
    switch (stmt.kind) {
      case "store":
        return [];
      case "for":
      case "while":
      case "reduce":
        return [{ ...stmt, body: withoutStores(stmt.body) }];
      case "if":
        return [{ ...stmt, then: withoutStores(stmt.then), otherwise: withoutStores(stmt.otherwise) }];
      case "let":
      case "set":
      case "contract":
      case "comment":
        return [stmt];
      default:
        return assertNever(stmt, "withoutStores");
    }
  });
}
