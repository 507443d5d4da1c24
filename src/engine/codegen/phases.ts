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
import { usesOf } from "../kernel/uses.ts";
import { walkBlock } from "../kernel/walk.ts";
import { hasKind } from "./branches.ts";

/** A local and its type. */
export interface TypedLocal {
  readonly name: string;
  readonly type: ScalarType;
}

/** What statements have to do with a buffer. */
export interface BufferUse {
  readonly name: string;
  readonly isRead: boolean;
  readonly isWritten: boolean;
}

/** What statements exchange with the code around them. */
export interface Boundary {
  /** Locals from outside that are read only, and those that are set. */
  readonly captured: readonly TypedLocal[];
  readonly carried: readonly TypedLocal[];
  /** The buffers that are touched, in the order in which they are met. */
  readonly buffers: readonly BufferUse[];
}

/** What statements exchange with the code around them. */
export function boundaryOf(statements: readonly Stmt[]): Boundary {
  const { touched, declared, set, buffers, loaded, stored } = usesOf(statements);
  const outer = [...touched].flatMap(([name, type]) => (declared.has(name) ? [] : [{ name, type }]));
  return {
    captured: outer.filter(({ name }) => !set.has(name)),
    carried: outer.filter(({ name }) => set.has(name)),
    buffers: [...buffers].map((name) => ({ name, isRead: loaded.has(name), isWritten: stored.has(name) })),
  };
}

/** A range of indices that may be done in any order, or at once. */
export interface IterationRange {
  readonly index: string;
  readonly from: Expr;
  readonly to: Expr;
}

/** What a phase does. */
export type PhaseContent =
  /** One thing after another. */
  | { readonly kind: "serial"; readonly statements: readonly Stmt[] }
  /** A nest of independent loops, outermost first, with nothing between their heads: `body` is done for each point. */
  | { readonly kind: "parallel"; readonly loop: ForStmt; readonly extent: readonly IterationRange[]; readonly body: readonly Stmt[] } // prettier-ignore
  /** A fold over a range, in the lanes of its definition. */
  | { readonly kind: "fold"; readonly fold: Reduce; readonly extent: readonly IterationRange[] }
  /** A product of arrays: its extent is that of its dims. */
  | { readonly kind: "product"; readonly product: Contract }
  /** Phases again and again, or where a condition holds: what decides that stands outside of them. */
  | { readonly kind: "repeated"; readonly loop: ForStmt | WhileStmt; readonly phases: readonly Phase[] }
  | { readonly kind: "branch"; readonly condition: Expr; readonly then: readonly Phase[]; readonly otherwise: readonly Phase[] }; // prettier-ignore

/**
 * A part of a routine that is done as a whole before the next one begins: a device that runs many threads dispatches it, one that
 * shares work among some hands out parts of its extent.
 */
export interface Phase {
  readonly content: PhaseContent;
  readonly boundary: Boundary;
  /** The locals that it declares or sets and that code after it reads: they cross to other phases. */
  readonly gives: readonly TypedLocal[];
}

/** A routine cut into phases, in their order. */
export function phasesOf({ body, outputs }: Routine): Phase[] {
  const results = outputs.flatMap((output) => (output.kind === "scalar" ? [output.value] : []));
  return phasesOfBlock(body, new Set(usesOf([], results).touched.keys()));
}

/** The phases of a block after which code reads the locals `after`. */
function phasesOfBlock(block: readonly Stmt[], after: ReadonlySet<string>): Phase[] {
  const runs: Stmt[][] = [];
  for (const stmt of block) {
    const last = runs.at(-1);
    if (last !== undefined && isSerial(stmt) && last.every(isSerial)) last.push(stmt);
    else runs.push([stmt]);
  }
  const phases: Phase[] = [];
  const live = new Set(after);
  for (const run of runs.toReversed()) {
    const { touched, declared, set } = usesOf(run);
    const made = [...touched].filter(([name]) => (declared.has(name) || set.has(name)) && live.has(name));
    const gives = made.map(([name, type]) => ({ name, type }));
    const boundary = boundaryOf(run);
    phases.push({ content: contentOf(run, boundary, new Set(live)), boundary, gives });
    for (const name of touched.keys()) live.add(name);
  }
  return phases.toReversed();
}

const shared: ReadonlySet<Stmt["kind"]> = new Set(["reduce", "contract"]);

/** Whether a statement has nothing in it that could be done in any order or at once. */
function isSerial(stmt: Stmt): boolean {
  let found = hasKind([stmt], shared);
  walkBlock([stmt], { stmt: (inner) => void (found ||= inner.kind === "for" && inner.independent === true) });
  return !found;
}

/** What a run of statements does after which code reads the locals `after`; an iteration's may be read by the next one. */
function contentOf(
  run: readonly Stmt[],
  { captured, carried }: Boundary,
  after: ReadonlySet<string>,
): PhaseContent {
  const [stmt] = run;
  if (stmt === undefined || run.length > 1 || isSerial(stmt)) return { kind: "serial", statements: run };
  const around = new Set([...after, ...[...captured, ...carried].map(({ name }) => name)]);
  switch (stmt.kind) {
    case "for":
      if (stmt.independent === true) return { kind: "parallel", loop: stmt, ...nestOf(stmt) };
      return { kind: "repeated", loop: stmt, phases: phasesOfBlock(stmt.body, around) };
    case "while":
      return { kind: "repeated", loop: stmt, phases: phasesOfBlock(stmt.body, around) };
    case "reduce":
      return { kind: "fold", fold: stmt, extent: [stmt] };
    case "contract":
      return { kind: "product", product: stmt };
    case "if": {
      const { condition } = stmt;
      const [then, otherwise] = [stmt.then, stmt.otherwise].map((side) => phasesOfBlock(side, after));
      return { kind: "branch", condition, then: then!, otherwise: otherwise! };
    }
    case "let":
    case "set":
    case "store":
    case "comment":
      return { kind: "serial", statements: run };
  }
}

/** The ranges of loops that stand in one another with nothing between, and what the innermost one does. */
function nestOf(loop: ForStmt): {
  readonly extent: readonly IterationRange[];
  readonly body: readonly Stmt[];
} {
  const extent: IterationRange[] = [loop];
  let { body } = loop;
  for (;;) {
    const [inner, ...more] = body.filter(({ kind }) => kind !== "comment");
    if (inner?.kind !== "for" || inner.independent !== true || more.length > 0) return { extent, body };
    extent.push(inner);
    body = inner.body;
  }
}
