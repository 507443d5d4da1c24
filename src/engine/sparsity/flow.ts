import type { Expr, Routine, Stmt } from "../kernel/scalar.ts";
import { assertNever } from "../util/assert-never.ts";
import { blocksIn, checkDepth, walkExpr } from "../kernel/walk.ts";

/** Role of an input of a tangent routine when its sparsity pattern is determined. */
export type InputRole =
  /** Direction of differentiation: each element is a column of the pattern. */
  | "tangent"
  /** Value at which the derivative is taken. Indices and branches that depend on it make a pattern local. */
  | "point"
  /** Value that stays fixed while the pattern is in use. */
  | "fixed";

/** Properties of the names of a routine. Names of buffers have the prefix `@`. */
export interface DataFlow {
  /** Names that carry derivatives: each of their elements has a set of columns on which it depends. */
  readonly active: ReadonlySet<string>;
  /** Names with values that may depend on the point, directly or because a branch or loop bound does. */
  readonly tainted: ReadonlySet<string>;
  /** Names with values that decide an index, a bound or a branch while the sets are propagated. */
  readonly needed: ReadonlySet<string>;
  /** True if a factor that does not depend on the point removes columns wherever it is 0. */
  readonly skipsZeros: boolean;
}

export const bufferName = (name: string): string => `@${name}`;

/**
 * True for operations whose derivative is 0 wherever it exists: rounding, comparisons, and conversions to types that
 * are not floating.
 */
function isFlat(expr: Expr): boolean {
  if (expr.kind === "unary") return ["floor", "ceil", "trunc", "nearest", "not"].includes(expr.op);
  if (expr.kind === "binary") return ["lt", "le", "eq", "ne"].includes(expr.op);
  return expr.kind === "convert" && expr.type !== "f64" && expr.type !== "f32";
}

/**
 * Operands from which an expression takes its columns. Indices and conditions are not among them, and a load takes the
 * columns of its buffer.
 */
export function differentiated(expr: Expr): readonly Expr[] {
  if (isFlat(expr)) return [];
  switch (expr.kind) {
    case "const":
    case "local":
    case "load":
    case "table":
      return [];
    case "unary":
    case "convert":
      return [expr.x];
    case "binary":
    case "select":
      return [expr.x, expr.y];
    case "mulAdd":
      return [expr.x, expr.y, expr.z];
    case "call":
      return expr.args;
    default:
      return assertNever(expr, "differentiated");
  }
}

/** True if an expression carries a derivative, so that it has a set of columns. */
export function hasSet(expr: Expr, active: ReadonlySet<string>, depth = 0): boolean {
  checkDepth(depth);
  if (expr.kind === "local") return active.has(expr.name);
  if (expr.kind === "load") return active.has(bufferName(expr.buffer));
  return differentiated(expr).some((part) => hasSet(part, active, depth + 1));
}

/** True if the value of an expression may depend on the point. */
export function isTainted(expr: Expr, tainted: ReadonlySet<string>): boolean {
  let found = false;
  walkExpr(expr, (part) => {
    if (part.kind === "local") found ||= tainted.has(part.name);
    else if (part.kind === "load") found ||= tainted.has(bufferName(part.buffer));
  });
  return found;
}

/**
 * Finds a factor of a product whose zeros remove the columns of the other factor, `rest`. The found factor has no
 * columns and does not depend on the point. `undefined` if no factor qualifies or `skipsZeros` is false.
 */
export function zeroFactor(
  expr: Expr,
  { skipsZeros, active, tainted }: Pick<DataFlow, "skipsZeros" | "active" | "tainted">,
): { readonly factor: Expr; readonly rest: Expr } | undefined {
  if (!skipsZeros || (expr.kind !== "mulAdd" && (expr.kind !== "binary" || expr.op !== "mul")))
    return undefined;
  const isConstant = (part: Expr): boolean =>
    part.kind !== "const" && !hasSet(part, active) && !isTainted(part, tainted);
  if (isConstant(expr.y)) return { factor: expr.y, rest: expr.x };
  return isConstant(expr.x) ? { factor: expr.x, rest: expr.y } : undefined;
}

/**
 * Returns the buffer of the operand opposite to `side` if its zeros remove columns of `side`, that is, if it has no
 * columns and does not depend on the point.
 */
export function zeroOperand(
  stmt: Stmt & { readonly kind: "contract" },
  side: "left" | "right",
  { skipsZeros, active, tainted }: Pick<DataFlow, "skipsZeros" | "active" | "tainted">,
): string | undefined {
  const { buffer } = side === "left" ? stmt.right : stmt.left;
  const name = bufferName(buffer);
  return skipsZeros && !active.has(name) && !tainted.has(name) ? buffer : undefined;
}

/** Determines the data flow of a routine whose inputs have the given roles. */
export function analyse(routine: Routine, roles: readonly InputRole[], skipsZeros: boolean): DataFlow {
  const active = new Set<string>();
  const tainted = new Set<string>();
  routine.inputs.forEach((port, i) => {
    const name = port.kind === "buffer" ? bufferName(port.buffer.name) : port.name;
    if (roles[i] === "tangent") active.add(name);
    if (roles[i] !== "fixed") tainted.add(name);
  });
  untilStable([active, tainted], () => spread(routine.body, { active, tainted }, false));
  const needed = new Set<string>();
  untilStable([needed], () => demandBlock(routine.body, { active, tainted, needed, skipsZeros }));
  return { active, tainted, needed, skipsZeros };
}

function untilStable(sets: readonly ReadonlySet<string>[], step: () => void): void {
  const total = (): number => sets.reduce((sum, set) => sum + set.size, 0);
  for (let before = -1; before !== total();) {
    before = total();
    step();
  }
}

interface ForwardFacts {
  readonly active: Set<string>;
  readonly tainted: Set<string>;
}

/**
 * Propagates activity and taint through a block. `isWithin`: the block is under a branch or loop that depends on the
 * point.
 */
function spread(block: readonly Stmt[], facts: ForwardFacts, isWithin: boolean): void {
  const { active, tainted } = facts;
  const mark = (name: string, isDirty: boolean, hasColumns: boolean): void => {
    if (isDirty) tainted.add(name);
    if (hasColumns) active.add(name);
  };
  const dirty = (...exprs: readonly Expr[]): boolean => exprs.some((expr) => isTainted(expr, tainted));
  for (const stmt of block) {
    switch (stmt.kind) {
      case "let":
        mark(stmt.name, dirty(stmt.value), hasSet(stmt.value, active));
        break;
      case "set":
        mark(stmt.name, isWithin || dirty(stmt.value), hasSet(stmt.value, active));
        break;
      case "store":
        mark(bufferName(stmt.buffer), isWithin || dirty(stmt.index, stmt.value), hasSet(stmt.value, active));
        break;
      case "for":
        spread(stmt.body, facts, isWithin || dirty(stmt.from, stmt.to));
        break;
      case "while":
        spread(stmt.body, facts, isWithin || dirty(stmt.condition));
        break;
      case "if":
        for (const inner of blocksIn(stmt)) spread(inner, facts, isWithin || dirty(stmt.condition));
        break;
      case "reduce": {
        const isBounded = dirty(stmt.from, stmt.to);
        spread(stmt.body, facts, isWithin || isBounded);
        mark(stmt.name, isBounded || dirty(stmt.value), hasSet(stmt.value, active));
        break;
      }
      case "contract": {
        const [left, right] = [bufferName(stmt.left.buffer), bufferName(stmt.right.buffer)];
        const isDirty = tainted.has(left) || tainted.has(right) || dirty(...contractSizes(stmt));
        mark(bufferName(stmt.out.buffer), isWithin || isDirty, active.has(left) || active.has(right));
        break;
      }
      case "comment":
        break;
      default:
        assertNever(stmt, "spread");
    }
  }
}

/** Offsets of the operands of a contraction, and its sizes and strides that are only known at run time. */
export function contractSizes(stmt: Stmt & { readonly kind: "contract" }): Expr[] {
  const sizes = stmt.dims.flatMap(({ size, out, left, right }) => [size, out, left, right]);
  return [
    stmt.out.offset,
    stmt.left.offset,
    stmt.right.offset,
    ...sizes.filter((size) => typeof size !== "number"),
  ];
}

interface BackwardFacts {
  readonly skipsZeros: boolean;
  readonly active: ReadonlySet<string>;
  readonly tainted: ReadonlySet<string>;
  readonly needed: Set<string>;
}

/** Marks as needed the names that an expression reads. */
function demand(expr: Expr, needed: Set<string>): void {
  walkExpr(expr, (part) => {
    if (part.kind === "local") needed.add(part.name);
    else if (part.kind === "load") needed.add(bufferName(part.buffer));
  });
}

/**
 * Marks as needed the names that determine the set of an expression. They occur in indices of its loads, in conditions
 * that do not depend on the point, and in factors whose zeros remove columns.
 */
function demandSet(expr: Expr, facts: BackwardFacts): void {
  if (!hasSet(expr, facts.active)) return;
  if (expr.kind === "load") return demand(expr.index, facts.needed);
  if (expr.kind === "select" && !isTainted(expr.condition, facts.tainted))
    demand(expr.condition, facts.needed);
  const product = zeroFactor(expr, facts);
  if (product !== undefined) demand(product.factor, facts.needed);
  for (const part of differentiated(expr)) demandSet(part, facts);
}

function demandBlock(block: readonly Stmt[], facts: BackwardFacts): void {
  const { active, needed } = facts;
  const demandAll = (...exprs: readonly Expr[]): void => {
    for (const expr of exprs) demand(expr, needed);
  };
  // from the last statement, because values are computed before they are used
  for (let i = block.length - 1; i >= 0; i--) {
    const stmt = block[i]!;
    for (const inner of blocksIn(stmt)) demandBlock(inner, facts);
    switch (stmt.kind) {
      case "let":
      case "set":
        if (needed.has(stmt.name)) demandAll(stmt.value);
        if (active.has(stmt.name)) demandSet(stmt.value, facts);
        break;
      case "store": {
        const name = bufferName(stmt.buffer);
        if (needed.has(name)) demandAll(stmt.value);
        if (needed.has(name) || active.has(name)) demandAll(stmt.index);
        if (active.has(name)) demandSet(stmt.value, facts);
        break;
      }
      case "for":
        if (isRelevant(stmt.body, facts)) demandAll(stmt.from, stmt.to);
        break;
      case "while":
        if (isRelevant(stmt.body, facts)) demandAll(stmt.condition);
        break;
      case "if":
        if (isRelevant([stmt], facts) && branchForm(stmt, facts) === "one") demandAll(stmt.condition);
        break;
      case "reduce":
        if (needed.has(stmt.name)) demandAll(stmt.value, stmt.start);
        if (active.has(stmt.name)) demandSet(stmt.value, facts);
        if (isRelevant([stmt], facts)) demandAll(stmt.from, stmt.to);
        break;
      case "contract": {
        const out = bufferName(stmt.out.buffer);
        if (needed.has(out)) needed.add(bufferName(stmt.left.buffer)).add(bufferName(stmt.right.buffer));
        if (needed.has(out) || active.has(out)) demandAll(...contractSizes(stmt));
        for (const side of ["left", "right"] as const) {
          const zeros = active.has(bufferName(stmt[side].buffer))
            ? zeroOperand(stmt, side, facts)
            : undefined;
          if (zeros !== undefined) needed.add(bufferName(zeros));
        }
        break;
      }
      case "comment":
        break;
      default:
        assertNever(stmt, "demandBlock");
    }
  }
}

/** Name of the local or buffer that a statement assigns; `undefined` for loops, branches and comments. */
function assigned(stmt: Stmt): string | undefined {
  switch (stmt.kind) {
    case "let":
    case "set":
    case "reduce":
      return stmt.name;
    case "store":
      return bufferName(stmt.buffer);
    case "contract":
      return bufferName(stmt.out.buffer);
    case "for":
    case "while":
    case "if":
    case "comment":
      return undefined;
    default:
      return assertNever(stmt, "assigned");
  }
}

/** True if a block, or a block inside it, assigns a name that carries a set of columns. */
export function assignsSets(block: readonly Stmt[], active: ReadonlySet<string>): boolean {
  return isRelevant(block, { active, needed: new Set() });
}

/** True if a block, or a block inside it, assigns a name that carries a set of columns or a needed value. */
function isRelevant(block: readonly Stmt[], facts: Pick<DataFlow, "active" | "needed">): boolean {
  return block.some((stmt) => {
    const name = assigned(stmt);
    if (name !== undefined && (facts.active.has(name) || facts.needed.has(name))) return true;
    return blocksIn(stmt).some((inner) => isRelevant(inner, facts));
  });
}

/**
 * Treatment of a branch when sets are propagated. `one`: the condition selects a side. `both`: the condition depends on
 * the point, and each result gets the union of the sets of both sides. `otherwise`: the first side is only a shortcut,
 * so that only the second side is followed.
 */
export function branchForm(
  stmt: Stmt & { readonly kind: "if" },
  facts: DataFlow,
): "one" | "both" | "otherwise" {
  if (stmt.shortcut === true) return "otherwise";
  if (!isTainted(stmt.condition, facts.tainted)) return "one";
  const isFree = blocksIn(stmt).every((inner) => canSpeculate(inner, facts, new Set()));
  return isFree ? "both" : "one";
}

/**
 * True if a block may run although its condition does not hold. It must end (no `while`, no loop bound that depends on
 * the point) and assign no needed name that was declared outside.
 */
function canSpeculate(block: readonly Stmt[], facts: DataFlow, own: Set<string>): boolean {
  return block.every((stmt) => {
    if (stmt.kind === "while") return false;
    if (stmt.kind === "for" && [stmt.from, stmt.to].some((e) => isTainted(e, facts.tainted))) return false;
    if (stmt.kind === "let" || stmt.kind === "reduce") own.add(stmt.name);
    else {
      const name = assigned(stmt);
      if (name !== undefined && facts.needed.has(name) && !own.has(name)) return false;
    }
    return blocksIn(stmt).every((inner) => canSpeculate(inner, facts, own));
  });
}
