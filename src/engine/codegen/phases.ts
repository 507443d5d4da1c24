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

/** Name and type of a local. */
export interface TypedLocal {
  readonly name: string;
  readonly type: ScalarType;
}

/** A buffer that statements access, and whether they read and write it. */
export interface BufferUse {
  readonly name: string;
  readonly isRead: boolean;
  readonly isWritten: boolean;
}

/** Locals and buffers that some statements share with the code around them. */
export interface Boundary {
  /**
   * Locals from outside that the statements only read (`captured`), and locals from outside that they set (`carried`).
   */
  readonly captured: readonly TypedLocal[];
  readonly carried: readonly TypedLocal[];
  /** Accessed buffers, in order of first access. */
  readonly buffers: readonly BufferUse[];
}

/** Determines the locals and buffers that statements share with the code around them. */
export function boundaryOf(statements: readonly Stmt[]): Boundary {
  const { touched, declared, set, buffers, loaded, stored } = usesOf(statements);
  const outer = [...touched].flatMap(([name, type]) => (declared.has(name) ? [] : [{ name, type }]));
  return {
    captured: outer.filter(({ name }) => !set.has(name)),
    carried: outer.filter(({ name }) => set.has(name)),
    buffers: [...buffers].map((name) => ({ name, isRead: loaded.has(name), isWritten: stored.has(name) })),
  };
}

/** Range of a loop index. Its iterations are independent, or each computes one value of a fold. */
export interface IterationRange {
  readonly index: string;
  readonly from: Expr;
  readonly to: Expr;
}

/** Kind of work that a phase consists of. */
export type PhaseContent =
  /** Sequential statements. */
  | { readonly kind: "serial"; readonly statements: readonly Stmt[] }
  /** Perfect nest of independent loops, outermost first; `body` runs for each point. */
  | { readonly kind: "parallel"; readonly loop: ForStmt; readonly extent: readonly IterationRange[]; readonly body: readonly Stmt[] } // prettier-ignore
  /** Fold over a range, in the lanes of its definition. */
  | { readonly kind: "fold"; readonly fold: Reduce; readonly extent: readonly IterationRange[] }
  /** Product of arrays; its dims are the range that threads share. */
  | { readonly kind: "product"; readonly product: Contract }
  /**
   * The phases of the body of a loop, or of the sides of a branch. Code outside of the phases evaluates its bounds or
   * condition, and starts them.
   */
  | { readonly kind: "repeated"; readonly loop: ForStmt | WhileStmt; readonly phases: readonly Phase[] }
  | { readonly kind: "branch"; readonly condition: Expr; readonly then: readonly Phase[]; readonly otherwise: readonly Phase[] }; // prettier-ignore

/**
 * Part of a routine that completes before the next part begins. A GPU dispatches it as kernels; a CPU divides its
 * extent among threads.
 */
export interface Phase {
  readonly content: PhaseContent;
  readonly boundary: Boundary;
  /** Locals that the phase declares or sets and that a later phase reads. */
  readonly gives: readonly TypedLocal[];
}

/** Divides a routine into phases, in order. */
export function phasesOf({ body, outputs }: Routine): Phase[] {
  const results = outputs.flatMap((output) => (output.kind === "scalar" ? [output.value] : []));
  return phasesOfBlock(body, new Set(usesOf([], results).touched.keys()));
}

/** Phases of a block; later code reads the locals in `after`. */
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

/** True if a statement contains no loop, fold or product that could run in parallel. */
function isSerial(stmt: Stmt): boolean {
  let found = hasKind([stmt], shared);
  walkBlock([stmt], { stmt: (inner) => void (found ||= inner.kind === "for" && inner.independent === true) });
  return !found;
}

/**
 * Content of the phase for a run of statements. `after` are the locals that later code reads, including the next
 * iteration of an enclosing loop.
 */
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

/** Ranges of the loops of a perfect nest of independent loops, and the body of the innermost loop. */
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
