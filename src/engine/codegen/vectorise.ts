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

/** How code for several lanes is to be written, as far as it matters whether it can be. */
export interface VectorisationMode {
  /** Whether all lanes have 32 bits: no float64 may be met. */
  readonly isNarrow: boolean;
  /** Whether rare branches are left out: what a lane that takes one needs is done again, which stores must not precede. */
  readonly leavesRareOut: boolean;
}

/** What a loop or a fold does for each index. */
export interface IterationBody {
  readonly index: string;
  readonly body: readonly Stmt[];
  /** What is read after the body. */
  readonly results: readonly Expr[];
  /** How often it is written one after the other. */
  readonly copies: number;
}

/**
 * Whether an iteration can be written for several lanes at a time: `true`, or the reason why not. Then the bounds of loops within
 * are the same for all lanes, all that is set is declared within, and there is nothing that has no form in vectors.
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

/** Stores wait for the end of an iteration, so that vectors are stored side by side, unless something must see them. */
interface DeferredStore {
  readonly buffer: string;
  /** The index of a store to every second element, which one to the elements between may follow. */
  readonly alternate: Expr | undefined;
}

interface Findings {
  /** Why the code cannot be written for several lanes. */
  refusal: string | undefined;
  /** Whether something is stored before the end. */
  hasStored: boolean;
  readonly pending: DeferredStore[];
  /** Weight of the procedures that are written into the code. */
  inlined: number;
}

interface LaneAnalysis extends VectorisationMode {
  readonly found: Findings;
  /** How what the code declares depends on the lane. */
  readonly names: Map<string, Dependence>;
  /** Locals that are set somewhere: each lane has its own. */
  readonly set: ReadonlySet<string>;
  /** Locals that indices are made of. */
  readonly indices: ReadonlySet<string>;
  /** Whether the code may be passed over, and whether it is for some of the lanes. */
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
      if (names.get(stmt.name)?.kind !== "varying")
        refuse(walk, `"${stmt.name}" from around the loop is set`);
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
      return refuse(walk, "a product of arrays stands in it");
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

const differingBounds = "a loop within has bounds that differ from lane to lane";

/** How a new local depends on the lane: as its value does where that is a number or an integer for each lane, else it is a vector. */
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

/** Goes through what is computed by vectors; what is the same for all lanes, or moves by a step, is not. */
function visitExpr(expr: Expr, walk: LaneAnalysis): void {
  if (expr.type === "f64" && walk.isNarrow) return refuse(walk, "a float64 stands among lanes of 32 bits");
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

/** Sides that may only be computed where they are chosen stand in branches: calls do, and loads that may be out of range. */
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

/** Whether a call is written into the code that makes it, where procedures of so much weight have been already. */
export function isInlined(procedure: Procedure, isConditional: boolean, inlined: number): boolean {
  const weight = weightOfProcedure(procedure);
  return !isConditional && weight <= inlinedProcedure && inlined + weight <= inlinedAltogether;
}

function visitCall({ procedure, args }: Expr & { kind: "call" }, walk: LaneAnalysis): void {
  const { found } = walk;
  if (!isInlined(procedure, walk.isConditional, found.inlined)) {
    const reason = whyNoFunction(procedure, walk.isNarrow);
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

/** Why a procedure cannot be a function of vectors, whose arguments may all differ from lane to lane. */
function whyNoFunction(procedure: Procedure, isNarrow: boolean): string | undefined {
  if (isNarrow && usesDouble(procedure.body, [procedure.result], false))
    return `"${procedure.name}" has float64 among lanes of 32 bits`;
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

/** The locals that indices in a finished block are made of, directly and through others. */
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
