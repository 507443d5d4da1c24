import { blockContract } from "../kernel/block-contract.ts";
import * as build from "../kernel/build.ts";
import { expandContract, expandReduce } from "../kernel/expand.ts";
import { knownIterations, likelyIterations } from "../kernel/iterations.ts";
import type {
  Contract,
  Expr,
  ForStmt,
  Reduce,
  Routine,
  ScalarType,
  Stmt,
  WhileStmt,
} from "../kernel/scalar.ts";
import { reduceLanes } from "../kernel/scalar.ts";
import { constantDims } from "../kernel/sizes.ts";
import { walkBlock, walkExpr } from "../kernel/walk.ts";
import { greatestCommonDivisor } from "../util/shape.ts";
import { hasKind, hasRare, usesDouble } from "./branches.ts";
import { tileContract } from "./contract/run-time.ts";
import { blockWork, loopWork, statementWork, weightOf } from "./cost.ts";
import { isBestVectorised, isLight } from "./survey.ts";
import * as tuning from "./tuning.ts";
import type { IterationBody, VectorisationMode } from "./vectorise.ts";
import { canVectorise } from "./vectorise.ts";

/** Properties of the target device that plans depend on. */
export interface CodegenTarget {
  /** True if the target has 128-bit vectors. */
  readonly simd: boolean;
  /** True if the engine merges pairs of vectors into 256-bit operations. */
  readonly wide: boolean;
  /**
   * Target run time, in units of weight (see `weightOf`), of one call of a function that computes iterations of a loop.
   */
  readonly chunkWork: number;
  /** True if threads share long kernels. */
  readonly shares: boolean;
}

/** Lanes of a vectorised loop: `count` iterations at a time, one per lane. */
export interface LanePlan extends VectorisationMode {
  readonly count: 4 | 8 | 16;
}

/** Division of a loop's iterations into calls of a function. */
export interface CallPlan {
  /** `kernel`: the iterations are independent, and threads may share them. `sequence`: they run in order. */
  readonly kind: "kernel" | "sequence";
  /** Iterations per call, except for the last call. */
  readonly iterations: number;
  /** Number that divides the iterations of every call. */
  readonly multipleOf: number;
  /** Minimum number of calls that threads share; `undefined` if threads do not share the loop. */
  readonly sharedFrom: number | undefined;
}

/** Plan of the code of a loop. */
export interface LoopPlan {
  /** Division into calls of a function; `undefined` if the loop stays inline in its function. */
  readonly calls: CallPlan | undefined;
  /** Lanes of the vectorised loop; `undefined` if the loop is not vectorised. */
  readonly lanes: LanePlan | undefined;
  /** Reason why the loop is not vectorised; `undefined` if it is. */
  readonly reason: string | undefined;
}

/** Plan of the code of a `while` loop: calls with the given number of iterations each, or inline code. */
export interface WhilePlan {
  readonly iterationsPerCall: number | undefined;
}

/** Plan of a blocked fold: the values of a block are computed and stored before they are folded. */
export interface BlockPlan {
  /** Loop that computes the values of a block and stores them in the buffer named `blockBuffer`. */
  readonly loop: ForStmt;
  readonly lanes: LanePlan;
  /** Fold of the stored values, which have the type `type`. */
  readonly fold: Reduce;
  readonly type: ScalarType;
}

/** Plan of the code of a fold: vectorised, or expanded into plain statements. */
export type FoldPlan =
  | {
      readonly kind: "fold";
      readonly lanes: LanePlan;
      readonly blocks: BlockPlan | undefined;
      /** True if the body is short enough to be repeated for each value that remains after the last full vector. */
      readonly isShort: boolean;
    }
  | { readonly kind: "expanded"; readonly statements: readonly Stmt[]; readonly reason: string };

/** Plan of the code of a product of arrays: its own function, in parts that threads may share, or plain loops. */
export type ProductPlan =
  | {
      readonly kind: "product";
      /** The statement with constant sizes. */
      readonly statement: Contract<number>;
      readonly isShared: boolean;
      /** Minimum number of products per part. */
      readonly partProducts: number;
    }
  | { readonly kind: "expanded"; readonly statements: readonly Stmt[]; readonly reason: string };

/** Plans of the loops, folds and products of some code, by statement. */
export interface StatementPlans {
  readonly loops: Map<ForStmt, LoopPlan>;
  readonly whiles: Map<WhileStmt, WhilePlan>;
  readonly folds: Map<Reduce, FoldPlan>;
  readonly products: Map<Contract, ProductPlan>;
}

/** Plan of a routine. Within kernels and procedures (`inside`) no loop becomes a function. */
export interface RoutinePlan {
  readonly target: CodegenTarget;
  readonly outside: StatementPlans;
  readonly inside: StatementPlans;
}

/** Creates a routine's plan without entries for loops, folds and products. */
export function openPlan(target: CodegenTarget): RoutinePlan {
  const plans = (): StatementPlans => ({
    loops: new Map(),
    whiles: new Map(),
    folds: new Map(),
    products: new Map(),
  });
  return { target, outside: plans(), inside: plans() };
}

/** Name of the buffer that holds the values of a block before they are folded. */
export const blockBuffer = "@values";

/** Decides how the loops, folds and products of a routine are written. */
export function planRoutine(routine: Routine, target: CodegenTarget): RoutinePlan {
  const plan = openPlan(target);
  planBlock(routine.body, plan, false);
  return plan;
}

/** Adds the plans of a block, which is within a kernel or procedure if `isKernel`. */
export function planBlock(block: readonly Stmt[], plan: RoutinePlan, isKernel: boolean): void {
  const { target } = plan;
  const plans = isKernel ? plan.inside : plan.outside;
  for (const stmt of block) {
    switch (stmt.kind) {
      case "for":
        planLoop(stmt, plan, isKernel);
        break;
      case "while": {
        const work = isKernel ? 0 : blockWork(stmt.body);
        const isLong = work > tuning.longBody;
        const iterationsPerCall = isLong ? iterationsOfCall(stmt.body, work, target) : undefined;
        plans.whiles.set(stmt, { iterationsPerCall });
        planBlock(stmt.body, plan, isKernel);
        break;
      }
      case "reduce": {
        const fold = planFold(stmt, target);
        plans.folds.set(stmt, fold);
        planBlock(fold.kind === "expanded" ? fold.statements : stmt.body, plan, isKernel);
        break;
      }
      case "contract": {
        const product = planProduct(stmt, target, isKernel);
        plans.products.set(stmt, product);
        if (product.kind === "expanded") planBlock(product.statements, plan, isKernel);
        break;
      }
      case "if":
        planBlock(stmt.then, plan, isKernel);
        planBlock(stmt.otherwise, plan, isKernel);
        break;
      case "let":
      case "set":
      case "store":
      case "comment":
        break;
    }
  }
}

function planLoop(stmt: ForStmt, plan: RoutinePlan, isKernel: boolean): void {
  const { target } = plan;
  const lanes = stmt.independent === true ? planLanes(stmt, target) : "its iterations depend on one another";
  const isVector = typeof lanes !== "string";
  const isOne = isVector && stmt.strip === true; // a call could not end inside a strip
  const calls = isKernel || isOne ? undefined : planCalls(stmt, isVector ? lanes.count : 1, target);
  (isKernel ? plan.inside : plan.outside).loops.set(stmt, {
    calls,
    lanes: isVector ? lanes : undefined,
    reason: isVector ? undefined : lanes,
  });
  const multipleOf = calls === undefined ? (knownIterations(stmt) ?? 1) : calls.multipleOf;
  const within = isKernel || calls?.kind === "kernel";
  if (isVector && lanes.leavesRareOut) planBlock(stmt.body, plan, true); // iterations that took a rare branch are repeated by a function
  const isWhole = isVector && multipleOf % lanes.count === 0;
  if (!isWhole) planBlock(stmt.body, plan, within); // otherwise all iterations are in full vectors, and no scalar loop is written
}

/**
 * Division of a loop into calls. A long independent loop becomes a kernel. Any other long loop becomes a sequence of
 * calls, so that the engine can replace its code by optimised code between calls. Short loops stay inline.
 */
function planCalls(stmt: ForStmt, lanes: number, target: CodegenTarget): CallPlan | undefined {
  const { chunkWork } = target;
  const kind = stmt.independent === true ? "kernel" : "sequence";
  const bodyWork = blockWork(stmt.body);
  const work = loopWork(stmt, bodyWork);
  if (work <= (kind === "kernel" ? chunkWork * tuning.inlinePart : chunkWork)) return undefined;
  const iterations = iterationsOfCall(stmt.body, bodyWork, target, lanes);
  if (kind === "sequence") return { kind, iterations, multipleOf: 1, sharedFrom: undefined };
  const known = knownIterations(stmt);
  const multipleOf =
    known === undefined ? 1 : known <= iterations ? known : greatestCommonDivisor(known, iterations);
  const workOfCall = iterations * bodyWork;
  const sharedFrom = Math.max(2, Math.ceil((chunkWork * tuning.sharedCalls) / workOfCall));
  return {
    kind,
    iterations,
    multipleOf,
    sharedFrom: target.shares && isShareable(stmt, target) ? sharedFrom : undefined,
  };
}

const loops: ReadonlySet<Stmt["kind"]> = new Set(["for", "while", "reduce", "contract"]);

/**
 * Number of iterations per call. It is a multiple of the lane count, or of a larger number if iterations are short, so
 * that few calls end with an incomplete vector.
 */
function iterationsOfCall(
  block: readonly Stmt[],
  work: number,
  { chunkWork }: CodegenTarget,
  lanes = 1,
): number {
  const least = Math.ceil(chunkWork / work);
  if (least < tuning.callMultiple && hasKind(block, loops)) return Math.ceil(least / lanes) * lanes;
  return Math.max(tuning.fewestPerCall, Math.ceil(least / tuning.callMultiple) * tuning.callMultiple);
}

/** True if a statement may have enough work for threads to share if it became a kernel. */
function isShareable(stmt: Stmt, { simd, chunkWork }: CodegenTarget): boolean {
  if (stmt.kind === "contract") {
    const isLong = statementWork(stmt) >= chunkWork * tuning.sharedProductCalls;
    return simd && (isLong || constantDims(stmt.dims) === undefined);
  }
  if (stmt.kind !== "for" || stmt.independent !== true || stmt.reverse) return false;
  if (stmt.from.kind !== "const" || stmt.to.kind !== "const") return true;
  const iterations = likelyIterations(stmt, tuning.unknownIterationsOfLoops);
  return iterations > 1 && loopWork(stmt) >= chunkWork * tuning.sharedCalls;
}

/** True if a routine has statements whose work threads may share. */
export function hasShareable({ body }: Routine, target: CodegenTarget): boolean {
  let found = false;
  walkBlock(body, { stmt: (stmt) => void (found ||= isShareable(stmt, target)) });
  return found;
}

/** Plans the lanes of an independent loop, or returns the reason why it is not vectorised. */
function planLanes(stmt: ForStmt, target: CodegenTarget): LanePlan | string {
  if (!target.simd) return "there are no vectors";
  const isBest = stmt.strip === true ? isLight(stmt) : isBestVectorised(stmt);
  return isBest === true ? lanesOf(stmt, target) : isBest;
}

/** True if the iterations of a strip can run in lanes. */
export function fitsLanes(stmt: ForStmt): boolean {
  return typeof planLanes(stmt, { simd: true, wide: false, chunkWork: 0, shares: false }) !== "string";
}

function lanesOf(stmt: ForStmt, target: CodegenTarget): LanePlan | string {
  const iteration: IterationBody = { index: stmt.index, body: stmt.body, results: [], copies: 1 };
  const withLanes = (leavesRareOut: boolean): LanePlan | string => {
    const lanes = lanesFor(iteration, leavesRareOut);
    const can = canVectorise(iteration, lanes);
    if (can !== true) return can;
    if (stmt.strip === true) return { ...lanes, count: knownIterations(stmt) === 8 ? 8 : 4 };
    if (prefersFourLanes(stmt, target)) return { ...lanes, count: 4 };
    return gainsFromTwiceTheLanes(stmt, lanes.count, target)
      ? { ...lanes, count: lanes.count === 8 ? 16 : 8 }
      : lanes;
  };
  const withoutRare = hasRare(stmt.body) ? withLanes(true) : "there are no rare branches";
  return typeof withoutRare === "string" ? withLanes(false) : withoutRare;
}

/**
 * Lanes for code: four iterations at a time if it uses float64, otherwise eight. Each value then takes two vectors,
 * which hide each other's latency.
 */
function lanesFor(
  { body, results }: Pick<IterationBody, "body" | "results">,
  leavesRareOut: boolean,
): LanePlan {
  const isNarrow = !usesDouble(body, results, leavesRareOut);
  return { count: isNarrow ? 8 : 4, isNarrow, leavesRareOut };
}

/**
 * True if groups of eight iterations would leave a remainder for which groups of four are faster. Loops with inner
 * loops still need two vectors per value, which hide each other's latency.
 */
function prefersFourLanes({ from, to, body }: ForStmt, { wide }: CodegenTarget): boolean {
  if (from.kind !== "const" || to.kind !== "const") return false;
  if (body.some(({ kind }) => kind === "for" || kind === "while" || kind === "reduce")) return false;
  const iterations = to.value - from.value;
  // in vectors; a single index takes about as long as one vector
  const byEight = (wide ? 1 : 2) * Math.floor(iterations / 8) + (iterations % 8);
  const byFour = tuning.timeOfFour * Math.floor(iterations / 4) + (iterations % 4);
  return byFour < byEight;
}

/**
 * True if a loop should use twice as many lanes because the engine replaces two vectors by one 256-bit vector, and a
 * single vector does not hide its own latency. Bools are stored as bytes, so they allow at most eight lanes.
 */
function gainsFromTwiceTheLanes(stmt: ForStmt, count: number, { wide }: CodegenTarget): boolean {
  const iterations = knownIterations(stmt);
  if (!wide || iterations === undefined || hasKind(stmt.body, loops) || hasBoolsInMemory(stmt.body))
    return false;
  const work = blockWork(stmt.body);
  if (work < tuning.waitingBody || work > tuning.heaviestTwice) return false;
  // in vectors of 256 bits; a single index takes about as long as one vector
  const byOne = Math.floor(iterations / count) + (iterations % count);
  const byTwo = tuning.timeOfTwoWide * Math.floor(iterations / (2 * count)) + (iterations % (2 * count));
  return byTwo < byOne;
}

function hasBoolsInMemory(body: readonly Stmt[]): boolean {
  let found = false;
  walkBlock(body, {
    stmt: (stmt) => void (found ||= stmt.kind === "store" && stmt.value.type === "bool"),
    expr: ({ kind, type }) => void (found ||= kind === "load" && type === "bool"),
  });
  return found;
}

function planFold(stmt: Reduce, target: CodegenTarget): FoldPlan {
  const expanded = (reason: string): FoldPlan => ({
    kind: "expanded",
    statements: expandReduce(stmt),
    reason,
  });
  if (!target.simd) return expanded("there are no vectors");
  if ((knownIterations(stmt) ?? reduceLanes) < reduceLanes)
    return expanded("there are fewer values than lanes");
  const fold: Stmt = { kind: "let", name: stmt.name, value: stmt.value };
  const weight = [...stmt.body, fold].reduce((sum, inner) => sum + weightOf(inner), 0);
  if (weight > tuning.heaviestFold)
    return expanded(`its values weigh ${weight}, more than ${tuning.heaviestFold}`);
  const blocks = planBlocks(stmt, target);
  const { body, value, index } = blocks?.fold ?? stmt;
  const single = singleOf(value);
  const lanes = lanesFor({ body, results: [single ?? value] }, false);
  const results = [single !== undefined && lanes.isNarrow ? single : value];
  const can = canVectorise({ index, body, results, copies: reduceLanes / lanes.count }, lanes);
  if (can !== true) return expanded(can);
  return { kind: "fold", lanes, blocks, isShort: weight <= tuning.shortFold };
}

/** The float32 operand of a value that is converted to float64 for the fold; `undefined` for other values. */
export function singleOf(value: Expr): Expr | undefined {
  return value.kind === "convert" && value.type === "f64" && value.x.type === "f32" ? value.x : undefined;
}

/**
 * Plans a blocked fold: a loop computes and stores the values of a block before they are folded. Such a loop can omit
 * rare branches. Engines that merge pairs of vectors into 256-bit operations recognise it, because they start from
 * stores. `undefined` if this is not worthwhile, the values are bools, or the loop cannot be vectorised.
 */
function planBlocks(stmt: Reduce, target: CodegenTarget): BlockPlan | undefined {
  const element = singleOf(stmt.value) ?? stmt.value;
  const { type } = element;
  if (type === "bool" || !isWorthBlocks(stmt.body, element, target)) return undefined;
  const index = build.local("i32", stmt.index);
  const loop: ForStmt = {
    kind: "for",
    index: stmt.index,
    from: stmt.from,
    to: stmt.to,
    reverse: false,
    independent: true,
    body: [...stmt.body, { kind: "store", buffer: blockBuffer, index, value: element }],
  };
  const lanes = planLanes(loop, target);
  if (typeof lanes === "string") return undefined;
  const stored = build.load(type, blockBuffer, index);
  return { loop, lanes, fold: { ...stmt, body: [], value: build.convert(stmt.value.type, stored) }, type };
}

/** True if values should be stored before they are folded. */
function isWorthBlocks(body: readonly Stmt[], element: Expr, { wide }: CodegenTarget): boolean {
  if (hasKind(body, loops)) return false;
  const value: Stmt = { kind: "let", name: "@value", value: element };
  if (hasRare([...body, value])) return true;
  if (!wide) return false;
  let operations = 0;
  const count = ({ kind, type }: Expr): void => {
    if (kind === "call") operations += tuning.manyOperations;
    else if (kind === "mulAdd") operations += 2;
    else if (kind !== "const" && kind !== "local" && kind !== "load" && type !== "i32") operations++;
  };
  walkBlock(body, { expr: count });
  walkExpr(element, count);
  return operations >= tuning.manyOperations;
}

function planProduct(stmt: Contract, target: CodegenTarget, isKernel: boolean): ProductPlan {
  const expanded = (reason: string, statements = expandContract(stmt)): ProductPlan => ({
    kind: "expanded",
    statements,
    reason,
  });
  if (!target.simd) return expanded("there are no vectors");
  const dims = constantDims(stmt.dims);
  if (dims === undefined)
    return expanded("its sizes are computed by calls", blockContract(stmt) ?? tileContract(stmt));
  const statement: Contract<number> = { ...stmt, dims };
  const isShared = target.shares && !isKernel && isShareable(stmt, target);
  return { kind: "product", statement, isShared, partProducts: isShared ? partOf(stmt, target) : Infinity };
}

/** Target number of products per part, when threads share a contraction. */
function partOf(stmt: Contract, { chunkWork }: CodegenTarget): number {
  const calls = statementWork(stmt) / (tuning.partsOfProduct * chunkWork);
  return chunkWork * Math.max(tuning.fewestPartCalls, Math.min(tuning.mostPartCalls, calls));
}
