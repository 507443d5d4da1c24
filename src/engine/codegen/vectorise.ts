import { expandReduce } from "../kernel/expand.ts";
import type { Expr, Procedure, Stmt } from "../kernel/scalar.ts";
import { reachedBy, usesOf, usesOfBlock } from "../kernel/uses.ts";
import { walkBlock, walkExpr } from "../kernel/walk.ts";
import { assertNever } from "../util/assert-never.ts";
import type { Dependence } from "./affine.ts";
import { affine, dependence, distance, integral, uniform, varying } from "./affine.ts";
import { isCheap, isSilent, usesDouble } from "./branches.ts";
import { weightOfProcedure } from "./cost.ts";
import { inlinedAltogether, inlinedProcedure } from "./tuning.ts";

/** Properties of vectorised code that determine which statements it may contain. */
export interface VectorisationMode {
  /** True if all lanes have 32 bits, so that float64 is not allowed. */
  readonly isNarrow: boolean;
  /**
   * True if rare branches are left out. Lanes that take one are recomputed, so that no store may precede a rare branch.
   */
  readonly leavesRareOut: boolean;
}

/** Code that a loop or a fold runs for each index. */
export interface IterationBody {
  readonly index: string;
  readonly body: readonly Stmt[];
  /** Expressions that are read after the code has run for an index. */
  readonly results: readonly Expr[];
  /** Number of copies of the code that will be written in sequence. */
  readonly copies: number;
}

/**
 * Returns true if an iteration can be vectorised, otherwise the reason why not. It can if the bounds of inner loops are
 * uniform, all locals that are set are declared inside, and every statement has a vector form.
 */
export function canVectorise(
  { index, body, results, copies }: IterationBody,
  manner: VectorisationMode,
): string | true {
  const found: Findings = { refusal: undefined, hasStored: false, pending: [], inlined: 0 };
  const { set } = usesOfBlock(body);
  const indices = namesInIndices(body);
  for (let copy = 0; copy < copies; copy++) {
    const names = new Map([[index, affine(1)]]);
    const walk: LaneAnalysis = {
      ...manner,
      found,
      names,
      set,
      indices,
      isConditional: false,
      isMasked: false,
    };
    visitBlock(body, walk);
    for (const result of results) visitExpr(result, walk);
  }
  if (manner.leavesRareOut && found.hasStored) found.refusal ??= "something is stored before a rare branch";
  return found.refusal ?? true;
}

/**
 * Store that is delayed to the end of an iteration, so that vectors are stored contiguously. It is not delayed past
 * code of the iteration that must see it.
 */
interface DeferredStore {
  readonly buffer: string;
  /**
   * Index of a store to every second element, like `a[2i]`, as long as a store to the elements between, like `a[2i+1]`,
   * may join it. Otherwise `undefined`.
   */
  readonly alternate: Expr | undefined;
}

interface Findings {
  /** Reason why the code cannot be vectorised; `undefined` if none was found. */
  refusal: string | undefined;
  /** True if the code stores something at once, instead of delaying the store to the end of the iteration. */
  hasStored: boolean;
  readonly pending: DeferredStore[];
  /** Weight of the procedures inlined so far. */
  inlined: number;
}

interface LaneAnalysis extends VectorisationMode {
  readonly found: Findings;
  /** Dependence on the lane of each local that the code declares. */
  readonly names: Map<string, Dependence>;
  /** Locals that the code assigns after their declaration; each lane has a separate value. */
  readonly set: ReadonlySet<string>;
  /** Locals that indices are computed from. */
  readonly indices: ReadonlySet<string>;
  /** True if the code may be skipped entirely. `isMasked` is true if it may be skipped for some of the lanes. */
  readonly isConditional: boolean;
  readonly isMasked: boolean;
}

function refuse({ found }: LaneAnalysis, reason: string): void {
  found.refusal ??= reason;
}

function flushAll({ found }: LaneAnalysis): void {
  if (found.pending.length > 0) found.hasStored = true;
  found.pending.length = 0;
}

function flushBuffer(buffer: string, walk: LaneAnalysis): void {
  if (walk.found.pending.some((store) => store.buffer === buffer)) flushAll(walk);
}

function visitBlock(block: readonly Stmt[], walk: LaneAnalysis): void {
  for (const stmt of block) {
    if (walk.found.refusal !== undefined) return; // one reason is enough
    visitStmt(stmt, walk);
  }
}

function visitStmt(stmt: Stmt, walk: LaneAnalysis): void {
  const { names } = walk;
  switch (stmt.kind) {
    case "let":
      names.set(stmt.name, visitLet(stmt.name, stmt.value, walk));
      return;
    case "set":
      if (names.get(stmt.name)?.kind !== "varying") refuse(walk, `it sets the outer local "${stmt.name}"`);
      return visitExpr(stmt.value, walk);
    case "store":
      return visitStore(stmt, walk);
    case "for":
      for (const bound of [stmt.from, stmt.to])
        if (dependence(bound, names).kind !== "uniform") refuse(walk, differingBounds);
      flushAll(walk);
      names.set(stmt.index, uniform);
      visitBlock(stmt.body, { ...walk, isConditional: true });
      return flushAll(walk);
    case "reduce": {
      const expanded = expandReduce(stmt);
      return visitBlock(expanded, { ...walk, set: new Set([...walk.set, ...usesOf(expanded).set]) });
    }
    case "contract":
      return refuse(walk, "it contains a product of arrays");
    case "while": {
      flushAll(walk);
      const inner: LaneAnalysis = { ...walk, isConditional: true };
      const isSame = dependence(stmt.condition, names).kind === "uniform";
      if (!isSame) visitExpr(stmt.condition, inner);
      visitBlock(stmt.body, isSame ? inner : { ...inner, isMasked: true });
      return flushAll(walk);
    }
    case "if":
      return visitIf(stmt, walk);
    case "comment":
      return;
    default:
      return assertNever(stmt, "visitStmt");
  }
}

const differingBounds = "an inner loop has bounds that differ between lanes";

/**
 * Dependence of a new local on the lane. It is that of its value if this is uniform, affine, or an integer index per
 * lane; otherwise the local is a vector.
 */
function visitLet(name: string, value: Expr, walk: LaneAnalysis): Dependence {
  if (!walk.set.has(name)) {
    const by = dependence(value, walk.names);
    if (by.kind === "uniform" || by.kind === "affine") return by;
    if (by.kind === "integral" && value.type === "i32" && walk.indices.has(name)) return integral;
  }
  visitExpr(value, walk);
  return varying;
}

function visitStore({ buffer, index, value }: Stmt & { kind: "store" }, walk: LaneAnalysis): void {
  const { found, names, isMasked } = walk;
  visitExpr(value, walk);
  const by = dependence(index, names);
  const isAlternate = by.kind === "affine" && by.stride === 2 && !isMasked && value.type !== "bool";
  const last = found.pending.at(-1);
  if (isAlternate && last?.buffer === buffer && last.alternate && distance(last.alternate, index) === 1) {
    found.pending.splice(-1, 1, { buffer, alternate: undefined });
    return;
  }
  flushBuffer(buffer, walk);
  const isRun = by.kind === "affine" && by.stride === 1;
  if ((isRun && !isMasked) || isAlternate) {
    found.pending.push({ buffer, alternate: isAlternate ? index : undefined });
    return;
  }
  found.hasStored = true;
  if (by.kind === "varying") visitExpr(index, walk);
}

function visitIf(stmt: Stmt & { kind: "if" }, walk: LaneAnalysis): void {
  if (stmt.shortcut === true) return visitBlock(stmt.otherwise, walk);
  const inner: LaneAnalysis = { ...walk, isConditional: true };
  if (dependence(stmt.condition, walk.names).kind === "uniform") {
    flushAll(walk);
    visitBlock(stmt.then, inner);
    flushAll(walk);
    visitBlock(stmt.otherwise, inner);
    return flushAll(walk);
  }
  visitExpr(stmt.condition, walk);
  if (stmt.rare === true && walk.leavesRareOut && !walk.isMasked && !walk.isConditional) return;
  for (const side of [stmt.then, stmt.otherwise]) {
    if (!isCheap(side) && !isSilent(side)) flushAll(walk);
    visitBlock(side, { ...inner, isMasked: true });
  }
}

/**
 * Visits the parts of an expression that are computed as vectors. Uniform and affine parts are skipped, because they
 * are computed as scalars.
 */
function visitExpr(expr: Expr, walk: LaneAnalysis): void {
  if (expr.type === "f64" && walk.isNarrow) return refuse(walk, "it uses float64 in lanes of 32 bits");
  const by = dependence(expr, walk.names);
  if (by.kind === "uniform" || by.kind === "affine") return;
  switch (expr.kind) {
    case "const":
    case "local":
      return;
    case "load":
      flushBuffer(expr.buffer, walk);
      return visitIndex(expr.index, walk);
    case "table":
      return visitIndex(expr.index, walk);
    case "unary":
    case "convert":
      return visitExpr(expr.x, walk);
    case "binary":
      visitExpr(expr.x, walk);
      return visitExpr(expr.y, walk);
    case "mulAdd":
      for (const x of [expr.x, expr.y, expr.z]) visitExpr(x, walk);
      return;
    case "select":
      return visitSelect(expr, walk);
    case "call":
      return visitCall(expr, walk);
    default:
      return assertNever(expr, "visitExpr");
  }
}

function visitIndex(index: Expr, walk: LaneAnalysis): void {
  if (dependence(index, walk.names).kind === "varying") visitExpr(index, walk);
}

/**
 * Analyses a `select`. Sides that may be computed only where they are selected, that is, calls and loads that may be
 * out of range, become branches.
 */
function visitSelect({ condition, x, y }: Expr & { kind: "select" }, walk: LaneAnalysis): void {
  for (const buffer of usesOf([], [x, y]).buffers) flushBuffer(buffer, walk);
  visitExpr(condition, walk);
  const inner: LaneAnalysis = { ...walk, isConditional: walk.isConditional || hasCall(x) || hasCall(y) };
  visitExpr(x, inner);
  visitExpr(y, inner);
}

function hasCall(expr: Expr): boolean {
  let found = false;
  walkExpr(expr, ({ kind }) => {
    if (kind === "call") found = true;
  });
  return found;
}

/** True if a call is inlined, given the weight of the procedures inlined so far. */
export function isInlined(procedure: Procedure, isConditional: boolean, inlined: number): boolean {
  const weight = weightOfProcedure(procedure);
  return !isConditional && weight <= inlinedProcedure && inlined + weight <= inlinedAltogether;
}

function visitCall({ procedure, args }: Expr & { kind: "call" }, walk: LaneAnalysis): void {
  const { found } = walk;
  if (!isInlined(procedure, walk.isConditional, found.inlined)) {
    const reason = reasonAgainstFunction(procedure, walk.isNarrow);
    if (reason !== undefined) refuse(walk, reason);
    for (const arg of args) visitExpr(arg, walk);
    return;
  }
  found.inlined += weightOfProcedure(procedure);
  const { set } = usesOfBlock(procedure.body);
  const names = new Map<string, Dependence>();
  procedure.params.forEach(({ name }, k) => {
    const arg = args[k]!;
    const isSame = dependence(arg, walk.names).kind === "uniform" && !set.has(name);
    if (!isSame) visitExpr(arg, walk);
    names.set(name, isSame ? uniform : varying);
  });
  const inner: LaneAnalysis = { ...walk, names, set, indices: new Set() };
  visitBlock(procedure.body, inner);
  visitExpr(procedure.result, inner);
}

/**
 * Reason why a procedure cannot be a function of vectors with arguments that differ between lanes; `undefined` if it
 * can.
 */
function reasonAgainstFunction(procedure: Procedure, isNarrow: boolean): string | undefined {
  const known = isNarrow ? narrowReasons : wideReasons;
  if (!known.has(procedure)) known.set(procedure, findReasonAgainstFunction(procedure, isNarrow));
  return known.get(procedure);
}

// Cached because many loops call the same procedures.
const narrowReasons = new WeakMap<Procedure, string | undefined>();
const wideReasons = new WeakMap<Procedure, string | undefined>();

function findReasonAgainstFunction(procedure: Procedure, isNarrow: boolean): string | undefined {
  if (isNarrow && usesDouble(procedure.body, [procedure.result], false))
    return `"${procedure.name}" uses float64 in lanes of 32 bits`;
  let reason: string | undefined;
  for (const one of [procedure, ...reachedBy(procedure.body, [procedure.result]).procedures]) {
    walkBlock(one.body, {
      stmt(stmt) {
        if (stmt.kind !== "for" && stmt.kind !== "reduce") return;
        if (stmt.from.kind !== "const" || stmt.to.kind !== "const") reason ??= differingBounds;
      },
    });
  }
  return reason;
}

const inIndices = new WeakMap<readonly Stmt[], ReadonlySet<string>>();

/** Locals from which indices in a complete block are computed, directly or through other locals. */
export function namesInIndices(block: readonly Stmt[]): ReadonlySet<string> {
  let names = inIndices.get(block);
  if (names === undefined) inIndices.set(block, (names = collectInIndices(block)));
  return names;
}

function collectInIndices(block: readonly Stmt[]): ReadonlySet<string> {
  const names = new Set<string>();
  const note = (x: Expr): void => {
    if (x.kind === "local") names.add(x.name);
  };
  const lets: { readonly name: string; readonly value: Expr }[] = [];
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "store") walkExpr(stmt.index, note);
      else if (stmt.kind === "let" && stmt.value.type === "i32") lets.push(stmt);
    },
    expr(x) {
      if (x.kind === "load" || x.kind === "table") walkExpr(x.index, note);
    },
  });
  for (const { name, value } of lets.toReversed()) if (names.has(name)) walkExpr(value, note);
  return names;
}
