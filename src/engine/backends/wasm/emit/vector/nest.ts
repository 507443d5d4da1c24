import type { Expr, Stmt } from "../../../../kernel/scalar.ts";
import { weightOf } from "../../../../kernel/split.ts";
import { knownIterations } from "../../../../kernel/iterations.ts";
import { walkExpr } from "../../../../kernel/walk.ts";

type For = Stmt & { readonly kind: "for" };

/** How far an index moves when that of a loop grows by one; `undefined` where that is not the same everywhere. */
type Stride = number | undefined;

interface Access {
  /** Along the loop in question. */
  readonly outer: Stride;
  /** Along the innermost loop within it, if the access stands in one. */
  readonly inner: Stride | "none";
  /** How often it is made in an iteration of the loop in question, where that is known of loops within. */
  readonly times: number;
}

interface Survey {
  readonly accesses: Access[];
  hasLoops: boolean;
  /** Whether all loops within may be vectorised themselves. */
  areParallel: boolean;
  isPossible: boolean;
  weight: number;
  /** Of all that an iteration does, loops within and calls counted. */
  work: number;
  /** The most iterations that a loop within has. */
  longest: number;
}

/**
 * Whether a loop is best written for several lanes at a time: where its body has no loops and mostly walks through memory
 * step by step; and where it has loops, if memory is walked through step by step along this one rather than along those.
 */
export function isBestVectorised(stmt: For): boolean {
  const survey: Survey = {
    accesses: [],
    hasLoops: false,
    areParallel: true,
    isPossible: true,
    weight: 0,
    work: 0,
    longest: 0,
  };
  surveyBlock(stmt.body, { times: 1, innermost: undefined }, new Map([[stmt.index, 1]]), new Map(), survey);
  survey.weight = stmt.body.reduce((sum, inner) => sum + weightOf(inner), 0);
  if (!survey.isPossible || survey.weight > heaviest) return false;
  const { accesses } = survey;
  const scattered = accesses.filter(({ outer }) => outer !== 0 && outer !== 1).length;
  const alternate = accesses.filter(({ outer }) => outer === 2).length;
  if (!survey.hasLoops)
    return scattered === 0 || (scattered - alternate) * weightPerGather + alternate <= survey.weight;
  if (scattered > 0)
    return (
      survey.longest < shortRow && (knownIterations(stmt) ?? Infinity) >= shortRow && isWorthGathering(survey)
    );
  const within = accesses.filter((access) => access.inner !== "none");
  const isInnerFine = within.every(({ inner }) => inner === 0 || inner === 1);
  return !(survey.areParallel && isInnerFine);
}

/** Whether rows too short for vectors of their own do so much that elements of four rows are fetched one by one for it. */
function isWorthGathering({ accesses, work }: Survey): boolean {
  const gathers = accesses.reduce(
    (sum, { outer, times }) => (outer === 0 || outer === 1 ? sum : sum + times),
    0,
  );
  return gathers * weightPerShortGather <= work;
}

/** The same where the alternative is to compute them one by one. As measured, sums and largest elements are below, scaled rows at it. */
const weightPerShortGather = 8;

/** Loops within of fewer iterations than this fill no vectors. */
const shortRow = 8;

/** What it weighs to fold in a value. */
const weightPerFold = 5;

/** What a call of a procedure weighs: a transcendental function. */
const weightPerCall = 100;

/** Bodies heavier than this stay as they are. */
const heaviest = 4000;

/** How much other work makes up for an element that has to be fetched for each lane alone. */
const weightPerGather = 12;

type Known = Map<string, Stride>;

function surveyBlock(
  block: readonly Stmt[],
  place: { readonly times: number; readonly innermost: string | undefined },
  outer: Known,
  inner: Known,
  survey: Survey,
): void {
  const { times, innermost } = place;
  const access = (index: Expr): void => {
    survey.accesses.push({
      outer: strideOf(index, outer),
      inner: innermost === undefined ? "none" : strideOf(index, inner),
      times,
    });
  };
  const read = (expr: Expr): void =>
    walkExpr(expr, (x) => {
      if (x.kind === "load") access(x.index);
      else if (x.kind === "call") survey.work += times * weightPerCall;
    });
  for (const stmt of block) {
    const isIndex = stmt.kind === "let" && stmt.value.type === "i32";
    if (!isIndex && (stmt.kind === "let" || stmt.kind === "set" || stmt.kind === "store"))
      survey.work += times * weightOf(stmt);
    switch (stmt.kind) {
      case "let":
      case "set":
        read(stmt.value);
        if (stmt.value.type === "i32") {
          const isSet = stmt.kind === "set";
          outer.set(stmt.name, isSet ? undefined : strideOf(stmt.value, outer));
          inner.set(stmt.name, isSet ? undefined : strideOf(stmt.value, inner));
        } else if (stmt.kind === "let") {
          outer.set(stmt.name, undefined);
          inner.set(stmt.name, undefined);
        }
        break;
      case "store":
        read(stmt.index);
        read(stmt.value);
        access(stmt.index);
        break;
      case "if":
        read(stmt.condition);
        surveyBlock(stmt.then, place, outer, inner, survey);
        surveyBlock(stmt.otherwise, place, outer, inner, survey);
        break;
      case "for":
      case "reduce": {
        survey.hasLoops = true;
        if (stmt.kind === "for" && stmt.independent !== true) survey.areParallel = false;
        for (const bound of [stmt.from, stmt.to]) {
          read(bound);
          if (strideOf(bound, outer) !== 0) survey.isPossible = false;
        }
        outer.set(stmt.index, 0);
        const within: Known = new Map([...inner].map(([name]) => [name, 0]));
        within.set(stmt.index, 1);
        const iterations = knownIterations(stmt) ?? Infinity;
        const isFilled = stmt.kind === "for" && (iterations === 4 || iterations === 5); // by one vector
        survey.longest = Math.max(survey.longest, isFilled ? shortRow : iterations);
        const all = times * Math.min(iterations, shortRow);
        surveyBlock(stmt.body, { times: all, innermost: stmt.index }, outer, within, survey);
        if (stmt.kind === "reduce") {
          walkExpr(stmt.value, (x) => {
            if (x.kind === "load")
              survey.accesses.push({
                outer: strideOf(x.index, outer),
                inner: strideOf(x.index, within),
                times: all,
              });
          });
          survey.work += all * weightPerFold;
          outer.set(stmt.name, undefined);
          inner.set(stmt.name, undefined);
        }
        break;
      }
      case "while":
        survey.areParallel = false;
        read(stmt.condition);
        survey.longest = Infinity;
        surveyBlock(stmt.body, place, outer, inner, survey);
        break;
      case "contract":
        survey.isPossible = false;
        break;
      case "comment":
        break;
    }
  }
}

/** How an integer expression moves with the names in `known`; names that are not there stay where they are. */
function strideOf(expr: Expr, known: ReadonlyMap<string, Stride>): Stride {
  switch (expr.kind) {
    case "const":
      return 0;
    case "local":
      return known.has(expr.name) ? known.get(expr.name) : 0;
    case "binary": {
      const [x, y] = [strideOf(expr.x, known), strideOf(expr.y, known)];
      if (x === 0 && y === 0) return 0;
      if (x === undefined || y === undefined) return undefined;
      if (expr.op === "add") return x + y;
      if (expr.op === "sub") return x - y;
      if (expr.op === "mul" && expr.y.kind === "const") return x * expr.y.value;
      if (expr.op === "mul" && expr.x.kind === "const") return y * expr.x.value;
      return undefined;
    }
    case "load":
    case "table":
      return strideOf(expr.index, known) === 0 ? 0 : undefined;
    case "unary":
    case "convert":
      return strideOf(expr.x, known) === 0 ? 0 : undefined;
    case "select":
      return [expr.condition, expr.x, expr.y].every((x) => strideOf(x, known) === 0) ? 0 : undefined;
    case "mulAdd":
      return [expr.x, expr.y, expr.z].every((x) => strideOf(x, known) === 0) ? 0 : undefined;
    case "call":
      return expr.args.every((x) => strideOf(x, known) === 0) ? 0 : undefined;
  }
}
