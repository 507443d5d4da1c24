import { knownIterations } from "../kernel/iterations.ts";
import type { Expr, ForStmt, Stmt } from "../kernel/scalar.ts";
import { walkExpr } from "../kernel/walk.ts";
import type { Dependence } from "./affine.ts";
import { affine, dependence, strideOf, uniform, varying } from "./affine.ts";
import { weightOf } from "./cost.ts";
import * as tuning from "./tuning.ts";

/** Change of an array index when a loop index grows by one; `undefined` if the change is not constant. */
type Stride = number | undefined;

interface AccessStrides {
  /** Change of the array index of an access per iteration of the surveyed loop. */
  readonly outer: Stride;
  /** Stride along the innermost loop inside the surveyed loop; `"none"` if the access is in no inner loop. */
  readonly inner: Stride | "none";
  /** Number of accesses per iteration of the surveyed loop, as far as the sizes of inner loops are known. */
  readonly times: number;
}

/** Memory accesses and work of one iteration of a loop. */
interface Survey {
  readonly accesses: AccessStrides[];
  hasLoops: boolean;
  /** True if all inner loops are independent and may be vectorised themselves. */
  areParallel: boolean;
  /** Reason why the loop cannot be vectorised; `undefined` if none was found. */
  refusal: string | undefined;
  /** Estimated run time of one iteration, in units of weight (see `weightOf`), including inner loops and calls. */
  work: number;
  /** Largest number of iterations of an inner loop. */
  longest: number;
}

/**
 * Returns true if vectorising this loop is worthwhile, otherwise the reason why not. A loop without inner loops
 * qualifies if most of its memory accesses are contiguous. A loop with inner loops qualifies if accesses are contiguous
 * along it rather than along the inner loops.
 */
export function isBestVectorised(stmt: ForStmt): string | true {
  const survey: Survey = {
    accesses: [],
    hasLoops: false,
    areParallel: true,
    refusal: undefined,
    work: 0,
    longest: 0,
  };
  const names = new Map([[stmt.index, affine(1)]]);
  surveyBlock(stmt.body, { times: 1, innermost: undefined, outer: names, inner: new Map() }, survey);
  if (survey.refusal !== undefined) return survey.refusal;
  const light = isLight(stmt);
  if (light !== true) return light;
  const { accesses } = survey;
  const scattered = accesses.filter(({ outer }) => outer !== 0 && outer !== 1).length;
  if (scattered > 0) {
    const isWorth = survey.hasLoops
      ? isWorthShortRows(stmt, survey)
      : isWorthGathering(survey, weightOfBody(stmt));
    return isWorth || "elements would be fetched one by one";
  }
  const within = accesses.filter((access) => access.inner !== "none");
  const isInnerBetter = survey.areParallel && within.every(({ inner }) => inner === 0 || inner === 1);
  return !survey.hasLoops || !isInnerBetter || "vectorising an inner loop is better";
}

/** Returns true if the code of a loop is small enough to vectorise, otherwise the reason why not. */
export function isLight(stmt: ForStmt): string | true {
  return weightOfBody(stmt) <= tuning.heaviestVectorised || "it is too much code";
}

function weightOfBody({ body }: ForStmt): number {
  return body.reduce((sum, inner) => sum + weightOf(inner), 0);
}

/** True if a loop without inner loops does enough work per iteration to pay for fetching elements lane by lane. */
function isWorthGathering({ accesses }: Survey, weight: number): boolean {
  const alternate = accesses.filter(({ outer }) => outer === 2).length;
  const scattered = accesses.filter(({ outer }) => outer !== 0 && outer !== 1 && outer !== 2).length;
  return scattered * tuning.weightOfGather + alternate <= weight;
}

/**
 * True if a loop with inner loops too short for vectors does enough work to pay for fetching the elements of four
 * iterations lane by lane.
 */
function isWorthShortRows(stmt: ForStmt, { accesses, work, longest }: Survey): boolean {
  if (longest >= tuning.shortRow || (knownIterations(stmt) ?? Infinity) < tuning.shortRow) return false;
  const gathers = accesses.reduce(
    (sum, { outer, times }) => (outer === 0 || outer === 1 ? sum : sum + times),
    0,
  );
  return gathers * tuning.weightOfShortGather <= work;
}

/** Position of a statement within the surveyed loop. */
interface NestPosition {
  /** Number of times that the statement runs per iteration of the surveyed loop. */
  readonly times: number;
  /** Index of the innermost enclosing loop inside the surveyed loop. */
  readonly innermost: string | undefined;
  /**
   * Dependence of locals on the index of the surveyed loop (`outer`), and on the index of the innermost loop around the
   * statement (`inner`).
   */
  readonly outer: Map<string, Dependence>;
  readonly inner: Map<string, Dependence>;
}

function surveyBlock(block: readonly Stmt[], place: NestPosition, survey: Survey): void {
  const { times, outer, inner } = place;
  for (const stmt of block) {
    const isIndex = stmt.kind === "let" && stmt.value.type === "i32";
    if (!isIndex && (stmt.kind === "let" || stmt.kind === "set" || stmt.kind === "store"))
      survey.work += times * weightOf(stmt);
    switch (stmt.kind) {
      case "let":
        noteReads(stmt.value, place, survey);
        outer.set(stmt.name, isIndex ? dependence(stmt.value, outer) : varying);
        inner.set(stmt.name, isIndex ? dependence(stmt.value, inner) : varying);
        break;
      case "set":
        noteReads(stmt.value, place, survey);
        if (stmt.value.type !== "i32") break;
        outer.set(stmt.name, varying);
        inner.set(stmt.name, varying);
        break;
      case "store":
        noteReads(stmt.index, place, survey);
        noteReads(stmt.value, place, survey);
        noteAccess(stmt.index, place, survey);
        break;
      case "if":
        noteReads(stmt.condition, place, survey);
        surveyBlock(stmt.then, place, survey);
        surveyBlock(stmt.otherwise, place, survey);
        break;
      case "for":
      case "reduce":
        surveyLoop(stmt, place, survey);
        break;
      case "while":
        survey.areParallel = false;
        noteReads(stmt.condition, place, survey);
        survey.longest = Infinity;
        surveyBlock(stmt.body, place, survey);
        break;
      case "contract":
        survey.refusal ??= "it contains a product of arrays";
        break;
      case "comment":
        break;
    }
  }
}

function noteAccess(index: Expr, { times, innermost, outer, inner }: NestPosition, survey: Survey): void {
  survey.accesses.push({
    outer: strideOf(dependence(index, outer)),
    inner: innermost === undefined ? "none" : strideOf(dependence(index, inner)),
    times,
  });
}

function noteReads(expr: Expr, place: NestPosition, survey: Survey): void {
  walkExpr(expr, (x) => {
    if (x.kind === "load") noteAccess(x.index, place, survey);
    else if (x.kind === "call") survey.work += place.times * tuning.weightOfCall;
  });
}

function surveyLoop(stmt: Stmt & { kind: "for" | "reduce" }, place: NestPosition, survey: Survey): void {
  const { times, outer, inner } = place;
  survey.hasLoops = true;
  if (stmt.kind === "for" && stmt.independent !== true) survey.areParallel = false;
  for (const bound of [stmt.from, stmt.to]) {
    noteReads(bound, place, survey);
    if (dependence(bound, outer).kind !== "uniform")
      survey.refusal ??= "an inner loop has bounds that differ between lanes";
  }
  outer.set(stmt.index, uniform);
  const names = new Map([...inner.keys()].map((name) => [name, uniform]));
  names.set(stmt.index, affine(1));
  const iterations = knownIterations(stmt) ?? Infinity;
  const isFilled = stmt.kind === "for" && tuning.filledRows.includes(iterations);
  survey.longest = Math.max(survey.longest, isFilled ? tuning.shortRow : iterations);
  const all = times * Math.min(iterations, tuning.shortRow);
  const within: NestPosition = { times: all, innermost: stmt.index, outer, inner: names };
  surveyBlock(stmt.body, within, survey);
  if (stmt.kind !== "reduce") return;
  walkExpr(stmt.value, (x) => {
    if (x.kind === "load") noteAccess(x.index, within, survey);
  });
  survey.work += all * tuning.weightOfFold;
  outer.set(stmt.name, varying);
  inner.set(stmt.name, varying);
}
