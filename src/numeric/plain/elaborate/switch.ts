import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { and, compare, isTrue, number, or, select } from "../draft/draft.ts";
import type { Env, Jump } from "../entities/env.ts";
import {
  at,
  atom,
  isPresent,
  nested,
  refuse,
  scalarValue,
  shallow,
  textOf,
  withScope,
} from "../entities/env.ts";
import { scalar } from "../entities/entity.ts";
import { sameText } from "../operations/operators.ts";
import type { ReturnStatement, Statement, SwitchCase, SwitchStatement } from "../syntax/ast.ts";
import { neverCompletes, walkStatements } from "../syntax/walk.ts";
import { BranchChain } from "./branches.ts";
import { exitsOf } from "./jumps.ts";

interface SwitchHandlers {
  readonly sequence: (env: Env, body: readonly Statement[]) => void;
  readonly notTaken: (exits: readonly Jump[]) => RegionExpr;
}

/**
 * Elaborates `switch` as a chain of branches. If a case falls through, the cases from the matching one on run in
 * sequence until one jumps away.
 */
export function switchStatement(
  env: Env,
  stmt: SwitchStatement,
  labels: readonly string[],
  parts: SwitchHandlers,
): void {
  const given = env.unit.elaborate.evaluate(env, stmt.discriminant);
  const discriminant = given.kind === "optional" && given.value.kind === "text" ? given.value : given;
  const isText = discriminant.kind === "text";
  const value = isText ? discriminant.code.value : scalarValue(env, stmt.discriminant, given);
  const chosen = atom(env, value, "chosen");
  const isThere = isPresent(env, given);
  const covered = new Set<number>();
  const tests = stmt.cases.map(({ test }) => {
    if (!test) return undefined;
    const trial = nested(env, new Set());
    const entity = env.unit.elaborate.evaluate(trial, test);
    const known = sameText({ kind: "text", code: scalar(chosen) }, entity);
    if (entity.kind === "text" && entity.code.value.kind === "const") covered.add(entity.code.value.value);
    if (isText && known !== undefined) return and(isThere, known);
    const x = scalarValue(trial, test, entity);
    if (trial.out.size > 0) return refuse(env, test, "a case must be a value that is there already: use if.");
    if (x.type !== chosen.type)
      return refuse(env, test, "a case of another kind than the value is never taken.");
    return compare("equal", chosen, x);
  });
  const possible = chosen.kind === "const" ? [chosen.value] : isText ? discriminant.cases : undefined;
  // without known values, a value without a case is an error of the call where the function ends with the switch
  const isLast = possible === undefined && env.returns !== undefined && env.tail.has(env.returns.jump);
  const isChecked = isLast && allReturn(stmt) && !tests.includes(undefined);
  const isCovered = possible?.every((code) => covered.has(code)) ?? isChecked;
  env.unit.exhaustive.set(stmt, (isTrue(isThere) || isChecked) && isCovered);
  const jump: Jump = { flag: undefined, declarations: env.out.reserve() };
  const inner: Env = { ...env, frames: [...env.frames, { kind: "switch", labels, break: jump }] };
  const isSimple = stmt.cases.every(
    ({ consequent }, k) =>
      consequent.length === 0 || k === stmt.cases.length - 1 || consequent.some(neverCompletes),
  );
  if (isSimple) return branches(inner, stmt, tests, jump, parts, isChecked);
  return fallThrough(inner, stmt, tests, jump, parts);
}

/** Elaborates cases without fall-through. Consecutive labels of one body (`case 1: case 2: body`) are one branch. */
function branches(
  env: Env,
  stmt: SwitchStatement,
  tests: readonly (RegionExpr | undefined)[],
  jump: Jump,
  parts: SwitchHandlers,
  isChecked: boolean,
): void {
  const groups: { test: RegionExpr | undefined; isDefault: boolean; readonly body: SwitchCase }[] = [];
  let pending: RegionExpr | undefined;
  let isDefault = false;
  for (const [k, one] of stmt.cases.entries()) {
    const test = tests[k];
    if (test === undefined) isDefault = true;
    else pending = pending === undefined ? test : shallow(env, or(pending, test));
    if (one.consequent.length === 0 && k < stmt.cases.length - 1) continue;
    groups.push({ test: pending, isDefault, body: one });
    pending = undefined;
    isDefault = false;
  }
  const others = groups.find((group) => group.isDefault)?.body;
  const chain = new BranchChain({ ...env, tail: new Set([...env.tail, jump]) });
  for (const { test, isDefault: isOther, body } of groups) {
    if (isOther || (test?.kind === "const" && test.value === 0)) continue;
    if (test?.kind === "const") {
      // the case is known, so that the cases after it are never taken
      caseBody(chain.inner, body, parts);
      chain.close();
      return;
    }
    chain.begin();
    caseBody(chain.branch(test!, at(env, body, body.consequent[0]?.start)), body, parts);
  }
  if (others) caseBody(chain.inner, others, parts);
  else if (isChecked)
    chain.inner.out.push({
      kind: "throw",
      message: `no case of switch (${textOf(env, stmt.discriminant)}) has this value`,
      at: at(env, stmt, stmt.discriminant.end + 1),
    });
  chain.close();
}

/** True if each case of a `switch` returns a value. */
export function allReturn({ cases }: SwitchStatement): boolean {
  const ends = ({ consequent }: SwitchCase): boolean =>
    consequent.length === 0 || consequent.some(neverCompletes);
  let isValue = false;
  for (const { consequent } of cases)
    for (const inner of consequent)
      walkStatements(inner, (node) => {
        isValue ||= node.type === "ReturnStatement" && Boolean((node as ReturnStatement).argument);
      });
  return isValue && cases.at(-1)?.consequent.length !== 0 && cases.every(ends);
}

function caseBody(env: Env, one: SwitchCase, parts: SwitchHandlers): void {
  withScope(env, one, (inner) => parts.sequence(inner, one.consequent));
}

function fallThrough(
  env: Env,
  stmt: SwitchStatement,
  tests: readonly (RegionExpr | undefined)[],
  jump: Jump,
  parts: SwitchHandlers,
): void {
  const ofNone = tests.includes(undefined) ? tests.indexOf(undefined) : stmt.cases.length;
  const first = tests.reduceRight<RegionExpr>(
    (rest, test, k) => (test === undefined ? rest : shallow(env, select(test, number(k), rest))),
    number(ofNone),
  );
  const start = atom(env, first, "first");
  const taken = [jump, ...exitsOf(env, stmt)];
  for (const [k, one] of stmt.cases.entries()) {
    const isBefore = start.kind === "const" && start.value > k;
    if (one.consequent.length === 0 || isBefore) continue;
    const inner = nested(env, new Set());
    caseBody(inner, one, parts);
    const isReached = compare("lessEqual", start, number(k));
    env.out.push({
      kind: "if",
      condition: and(parts.notTaken(taken), isReached),
      then: inner.out.statements(),
      otherwise: [],
      at: at(env, one, one.consequent[0]!.start),
    });
  }
}
