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

/** What plans have to know of the device that runs the code. */
export interface CodegenTarget {
  /** Whether there are vectors of 128 bits. */
  readonly simd: boolean;
  /** Whether the engine makes operations of 256 bits of pairs of vectors. */
  readonly wide: boolean;
  /** Work, in weight, that one call of a function does which runs some iterations of a loop. */
  readonly chunkWork: number;
  /** Whether threads share long kernels. */
  readonly shares: boolean;
}

/** The lanes in which iterations are written: an index each, `count` at a time. */
export interface LanePlan extends VectorisationMode {
  readonly count: 4 | 8 | 16;
}

/** How the iterations of a loop are spread over calls of a function. */
export interface CallPlan {
  /** A kernel's iterations are independent: threads may share them. Those of a sequence are done in their order. */
  readonly kind: "kernel" | "sequence";
  /** Iterations that a call makes, but for the last one. */
  readonly iterations: number;
  /** A number that divides the iterations of every call. */
  readonly multipleOf: number;
  /** Calls from which on threads share them; `undefined` where they do not. */
  readonly sharedFrom: number | undefined;
}

/** How a loop is written. */
export interface LoopPlan {
  /** `undefined` for loops that stay in the function that they stand in. */
  readonly calls: CallPlan | undefined;
  /** `undefined` for one index at a time. */
  readonly lanes: LanePlan | undefined;
  /** Why there are no lanes. */
  readonly reason: string | undefined;
}

/** How a loop is written that only its iterations can end: by calls of so many iterations, or where it stands. */
export interface WhilePlan {
  readonly iterationsPerCall: number | undefined;
}

/** Values that are computed and stored by blocks before they are folded. */
export interface BlockPlan {
  /** The loop that computes and stores the values of a block, in the buffer `blockBuffer`. */
  readonly loop: ForStmt;
  readonly lanes: LanePlan;
  /** The fold of what is stored, of this type. */
  readonly fold: Reduce;
  readonly type: ScalarType;
}

/** How a fold is written: in lanes, or as the statements that it stands for. */
export type FoldPlan =
  | {
      readonly kind: "fold";
      readonly lanes: LanePlan;
      readonly blocks: BlockPlan | undefined;
      /** Whether the body is copied for each value that is left over. */
      readonly isShort: boolean;
    }
  | { readonly kind: "expanded"; readonly statements: readonly Stmt[]; readonly reason: string };

/** How a product of arrays is written: by a function of its own, in parts that threads share, or as plain loops. */
export type ProductPlan =
  | {
      readonly kind: "product";
      /** The statement, with its sizes in numbers. */
      readonly statement: Contract<number>;
      readonly isShared: boolean;
      /** Products that each part has at least. */
      readonly partProducts: number;
    }
  | { readonly kind: "expanded"; readonly statements: readonly Stmt[]; readonly reason: string };

/** What was decided of statements, each beside it. */
export interface StatementPlans {
  readonly loops: Map<ForStmt, LoopPlan>;
  readonly whiles: Map<WhileStmt, WhilePlan>;
  readonly folds: Map<Reduce, FoldPlan>;
  readonly products: Map<Contract, ProductPlan>;
}

/** What was decided of a routine. Within kernels and procedures (`inside`) no loop becomes a function any more. */
export interface RoutinePlan {
  readonly target: CodegenTarget;
  readonly outside: StatementPlans;
  readonly inside: StatementPlans;
}

/** A plan in which nothing is decided yet. */
export function openPlan(target: CodegenTarget): RoutinePlan {
  const plans = (): StatementPlans => ({
    loops: new Map(),
    whiles: new Map(),
    folds: new Map(),
    products: new Map(),
  });
  return { target, outside: plans(), inside: plans() };
}

/** The buffer in which the values of a block wait to be folded. */
export const blockBuffer = "@values";

/** Decides how the loops, folds and products of a routine are written. */
export function planRoutine(routine: Routine, target: CodegenTarget): RoutinePlan {
  const plan = openPlan(target);
  planBlock(routine.body, plan, false);
  return plan;
}

/** Adds to a plan what stands within kernels or procedures (`isKernel`), or outside of them. */
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
  const isOne = isVector && stmt.strip === true; // no end of a call could come within
  const calls = isKernel || isOne ? undefined : planCalls(stmt, isVector ? lanes.count : 1, target);
  (isKernel ? plan.inside : plan.outside).loops.set(stmt, {
    calls,
    lanes: isVector ? lanes : undefined,
    reason: isVector ? undefined : lanes,
  });
  const multipleOf = calls === undefined ? (knownIterations(stmt) ?? 1) : calls.multipleOf;
  const within = isKernel || calls?.kind === "kernel";
  if (isVector && lanes.leavesRareOut) planBlock(stmt.body, plan, true); // what is done again is a function
  const isWhole = isVector && multipleOf % lanes.count === 0;
  if (!isWhole) planBlock(stmt.body, plan, within); // else no index is done by itself
}

/**
 * How a loop is spread over calls: a long independent one as a kernel, any other long one as a sequence of calls too, so that the
 * engine can replace its code by better code. Others stay in place.
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

/** Iterations that one call makes: whole vectors, and many of short ones, so that few calls end within a vector. */
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

/** Whether there may be enough work in a statement that threads should share it, were it to become a kernel. */
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

/** Whether a routine has statements whose work threads may share. */
export function hasShareable({ body }: Routine, target: CodegenTarget): boolean {
  let found = false;
  walkBlock(body, { stmt: (stmt) => void (found ||= isShareable(stmt, target)) });
  return found;
}

/** The lanes for an independent loop, or why there are none. */
function planLanes(stmt: ForStmt, target: CodegenTarget): LanePlan | string {
  if (!target.simd) return "there are no vectors";
  const isBest = stmt.strip === true ? isLight(stmt) : isBestVectorised(stmt);
  return isBest === true ? lanesOf(stmt, target) : isBest;
}

/** Whether the iterations of a strip can be done at once. */
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
    if (leavesManyOver(stmt, target)) return { ...lanes, count: 4 };
    return gainsByTwice(stmt, lanes.count, target) ? { ...lanes, count: lanes.count === 8 ? 16 : 8 } : lanes;
  };
  const withoutRare = hasRare(stmt.body) ? withLanes(true) : "there are no rare branches";
  return typeof withoutRare === "string" ? withLanes(false) : withoutRare;
}

/** Two vectors hold each value: with float64 four lanes, else eight. Two vectors hide what one waits for. */
function lanesFor(
  { body, results }: Pick<IterationBody, "body" | "results">,
  leavesRareOut: boolean,
): LanePlan {
  const isNarrow = !usesDouble(body, results, leavesRareOut);
  return { count: isNarrow ? 8 : 4, isNarrow, leavesRareOut };
}

/**
 * Whether a loop of few iterations leaves so many over after groups of eight that groups of four are quicker. Loops within need
 * two vectors, each of which goes on while the other waits.
 */
function leavesManyOver({ from, to, body }: ForStmt, { wide }: CodegenTarget): boolean {
  if (from.kind !== "const" || to.kind !== "const") return false;
  if (body.some(({ kind }) => kind === "for" || kind === "while" || kind === "reduce")) return false;
  const iterations = to.value - from.value;
  // in vectors; one index by itself takes about the time of one
  const byEight = (wide ? 1 : 2) * Math.floor(iterations / 8) + (iterations % 8);
  const byFour = tuning.timeOfFour * Math.floor(iterations / 4) + (iterations % 4);
  return byFour < byEight;
}

/**
 * Whether a loop should be written for twice as many lanes where 256 bits hold what are two vectors elsewhere: one of these waits for
 * itself, as two of 128 bits do not. Bools lie in memory a byte each, eight at most at a time.
 */
function gainsByTwice(stmt: ForStmt, count: number, { wide }: CodegenTarget): boolean {
  const iterations = knownIterations(stmt);
  if (!wide || iterations === undefined || hasKind(stmt.body, loops) || hasBoolsInMemory(stmt.body))
    return false;
  const work = blockWork(stmt.body);
  if (work < tuning.waitingBody || work > tuning.heaviestTwice) return false;
  // in vectors of 256 bits; one index by itself takes about the time of one
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

/** The float32 that a fold takes in as float64, if that is what it does. */
export function singleOf(value: Expr): Expr | undefined {
  return value.kind === "convert" && value.type === "f64" && value.x.type === "f32" ? value.x : undefined;
}

/**
 * A fold that goes by blocks: a loop computes the values of a block and stores them, and then they are folded. Such a loop
 * leaves rare branches out and is what engines look for that make 256-bit operations of pairs of vectors: they begin at stores.
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

/** Whether values should be stored before they are folded. */
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

/** How many products a part of a contraction should have that threads share. */
function partOf(stmt: Contract, { chunkWork }: CodegenTarget): number {
  const calls = statementWork(stmt) / (tuning.partsOfProduct * chunkWork);
  return chunkWork * Math.max(tuning.fewestPartCalls, Math.min(tuning.mostPartCalls, calls));
}
