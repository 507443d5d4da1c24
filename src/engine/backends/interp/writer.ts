import type { Dim, Expr, Procedure, Stmt, ConstantTable } from "../../kernel/scalar.ts";
import { isFloat, reduceLanes } from "../../kernel/scalar.ts";
import { checkDepth } from "../../kernel/walk.ts";
import { assertNever, must } from "../../util/assert-never.ts";
import { contractStep, foldStep } from "./folds.ts";
import type { BufferBinding, InterpreterStep } from "./memory.ts";
import { loadStep, storeStep, tablePlace } from "./memory.ts";
import { binaryFunction, convertFunction, unaryFunction } from "../../kernel/operations.ts";
import type { AccessCounts, Observers } from "./observers.ts";
import { makeRegisters, type Registers } from "./registers.ts";
import type { ProcedureSteps } from "./steps.ts";
import { binaryStep, callStep, loopStep, mapStep, moveStep, sequence } from "./steps.ts";

/** Services of the backend that the writer uses. */
export interface Library extends Observers {
  readonly procedure: (procedure: Procedure) => ProcedureSteps;
}

/** Converts statements and expressions to steps over numbered registers. */
export interface StepWriter {
  /** Returns the register of a local, which is allocated on first use. */
  readonly local: (name: string) => number;
  readonly block: (block: readonly Stmt[]) => InterpreterStep;
  /** Returns the steps that compute the expressions, and the registers that hold their values afterwards. */
  readonly results: (exprs: readonly Expr[]) => {
    readonly run: InterpreterStep;
    readonly at: readonly number[];
  };
  /**
   * Returns the array of all registers, in which the constants have their values. Must be called after all other
   * methods.
   */
  readonly registers: () => Float64Array;
}

/** State of a routine or procedure that is being written. */
interface WriterState {
  readonly registers: Registers;
  readonly places: ReadonlyMap<string, BufferBinding>;
  readonly tables: Map<ConstantTable, BufferBinding>;
  readonly library: Library;
  /** Steps of the block that is being written; further steps are appended. */
  readonly steps: InterpreterStep[];
}

/**
 * Creates a writer for one routine or procedure. Each local and constant has its own register. Parts of expressions use
 * temporary registers, which the next statement reuses.
 */
export function makeWriter(places: ReadonlyMap<string, BufferBinding>, library: Library): StepWriter {
  const registers = makeRegisters();
  const draft: WriterState = { registers, places, tables: new Map(), library, steps: [] };
  return {
    local: registers.local,
    block: (stmts) => block(draft, stmts, 0),
    results(exprs) {
      let at: number[] = [];
      const run = collect(draft, (inner) => (at = exprs.map((expr) => operand(inner, expr, 0))));
      return { run, at };
    },
    registers: registers.initial,
  };
}

function block(draft: WriterState, stmts: readonly Stmt[], depth: number): InterpreterStep {
  checkDepth(depth);
  return collect(draft, (inner) => {
    for (const stmt of stmts) inner.registers.scope(() => statement(inner, stmt, depth));
  });
}

/** Combines the steps that `write` emits into a single step. */
function collect(draft: WriterState, write: (inner: WriterState) => void): InterpreterStep {
  const steps: InterpreterStep[] = [];
  write({ ...draft, steps });
  return sequence(steps);
}

/** Emits a step that counts an access or operation, if the backend counts them for tests. */
function emitCount({ library: { counts }, steps }: WriterState, key: keyof AccessCounts): void {
  if (counts) steps.push(() => void counts[key]++);
}

function place({ places }: WriterState, buffer: string): BufferBinding {
  return must(places.get(buffer), `buffer ${JSON.stringify(buffer)}`);
}

function statement(draft: WriterState, stmt: Stmt, depth: number): void {
  const { registers, steps } = draft;
  const { counts } = draft.library;
  switch (stmt.kind) {
    case "let":
    case "set":
      return evaluate(draft, stmt.value, registers.local(stmt.name), 0);
    case "store": {
      const index = operand(draft, stmt.index, 0);
      const value = operand(draft, stmt.value, 0);
      emitCount(draft, "stores");
      noteAccess(draft, stmt.buffer, index, true);
      steps.push(storeStep(place(draft, stmt.buffer), index, value));
      return;
    }
    case "for":
      return loop(draft, stmt, depth);
    case "while": {
      const flag = registers.temporary();
      const condition = collect(draft, (inner) => evaluate(inner, stmt.condition, flag, 0));
      const body = block(draft, stmt.body, depth + 1);
      steps.push((r) => {
        for (condition(r); r[flag] !== 0; condition(r)) body(r);
      });
      return;
    }
    case "if": {
      const flag = operand(draft, stmt.condition, 0);
      const then = block(draft, stmt.then, depth + 1);
      const otherwise = block(draft, stmt.otherwise, depth + 1);
      steps.push((r) => (r[flag] !== 0 ? then(r) : otherwise(r)));
      return;
    }
    case "reduce": {
      const { op, value } = stmt;
      const at = {
        index: registers.local(stmt.index),
        from: operand(draft, stmt.from, 0),
        to: operand(draft, stmt.to, 0),
        start: operand(draft, stmt.start, 0),
        value: registers.temporary(),
        lanes: Array.from({ length: reduceLanes }, registers.temporary),
        out: registers.local(stmt.name),
      };
      const combine = binaryFunction(op, value.type);
      const counted = (x: number, y: number): number => (counts!.flops++, combine(x, y));
      const body = [
        block(draft, stmt.body, depth + 1),
        collect(draft, (inner) => evaluate(inner, value, at.value, 0)),
      ];
      steps.push(foldStep(counts && isFloat(value.type) ? counted : combine, at, sequence(body)));
      return;
    }
    case "contract": {
      const { out, left, right } = stmt;
      const begin = {
        out: operand(draft, out.offset, 0),
        left: operand(draft, left.offset, 0),
        right: operand(draft, right.offset, 0),
      };
      const places = {
        out: place(draft, out.buffer),
        left: place(draft, left.buffer),
        right: place(draft, right.buffer),
        begin,
      };
      steps.push(
        contractStep(
          stmt,
          stmt.dims.map((dim) => numericDim(draft, dim)),
          places,
          draft.library,
        ),
      );
      return;
    }
    case "comment":
      return;
    default:
      return assertNever(stmt, "statement");
  }
}

function loop(draft: WriterState, stmt: Stmt & { kind: "for" }, depth: number): void {
  const { registers, steps, library } = draft;
  const { races } = library;
  const from = operand(draft, stmt.from, 0);
  const to = operand(draft, stmt.to, 0);
  const index = registers.local(stmt.index);
  const body = block(draft, stmt.body, depth + 1);
  if (races === undefined || stmt.independent !== true) {
    steps.push(loopStep(index, from, to, stmt.reverse, body));
    return;
  }
  steps.push((r) => {
    const run = races.open(stmt);
    const observed: InterpreterStep = (at) => {
      run.iteration = at[index]!;
      body(at);
    };
    try {
      loopStep(index, from, to, stmt.reverse, observed)(r);
    } finally {
      races.close();
    }
  });
}

/** Emits a step that reports an access if the backend checks for races. */
function noteAccess(draft: WriterState, buffer: string, index: number, isStore: boolean): void {
  const { library, steps } = draft;
  const { races } = library;
  if (races === undefined) return;
  const at = place(draft, buffer);
  steps.push((r) => races.access(at, r[index]!, isStore));
}

/** Returns a dim whose sizes and strides are numbers. Steps emitted here update them in each run. */
function numericDim(draft: WriterState, dim: Dim): Dim<number> {
  const numbers = { role: dim.role, size: 0, out: 0, left: 0, right: 0 };
  for (const key of ["size", "out", "left", "right"] as const) {
    const size = dim[key];
    if (typeof size === "number") numbers[key] = size;
    else {
      const register = operand(draft, size, 0);
      draft.steps.push((r) => void (numbers[key] = r[register]!));
    }
  }
  return numbers;
}

/** Emits steps that compute the expression, and returns the register that holds its value then. */
function operand(draft: WriterState, expr: Expr, depth: number): number {
  const { registers } = draft;
  if (expr.kind === "const") return registers.constant(expr.type, expr.value);
  if (expr.kind === "local") return registers.local(expr.name);
  const out = registers.temporary();
  evaluate(draft, expr, out, depth);
  return out;
}

/** Emits steps that compute the expression in register `out`. Only the last of them writes to `out`. */
function evaluate(draft: WriterState, expr: Expr, out: number, depth: number): void {
  const { steps } = draft;
  const { counts } = draft.library;
  checkDepth(depth);
  const next = depth + 1;
  switch (expr.kind) {
    case "const":
    case "local":
      steps.push(moveStep(operand(draft, expr, next), out));
      return;
    case "load": {
      const index = operand(draft, expr.index, next);
      emitCount(draft, "loads");
      noteAccess(draft, expr.buffer, index, false);
      steps.push(loadStep(place(draft, expr.buffer), index, out));
      return;
    }
    case "table": {
      let table = draft.tables.get(expr.table);
      if (table === undefined) draft.tables.set(expr.table, (table = tablePlace(expr.table)));
      steps.push(loadStep(table, operand(draft, expr.index, next), out));
      return;
    }
    case "unary": {
      const x = operand(draft, expr.x, next);
      if (isFloat(expr.type) && expr.op !== "fromBits") emitCount(draft, "flops");
      steps.push(mapStep(unaryFunction(expr.op, expr.x.type), x, out));
      return;
    }
    case "binary": {
      const x = operand(draft, expr.x, next);
      const y = operand(draft, expr.y, next);
      if (isFloat(expr.type) && expr.op !== "fromWords") emitCount(draft, "flops");
      steps.push(binaryStep(expr.op, expr.x.type, x, y, out));
      return;
    }
    case "select": {
      const condition = operand(draft, expr.condition, next);
      const x = collect(draft, (inner) => evaluate(inner, expr.x, out, next));
      const y = collect(draft, (inner) => evaluate(inner, expr.y, out, next));
      steps.push((r) => (r[condition] !== 0 ? x(r) : y(r)));
      return;
    }
    case "convert":
      steps.push(mapStep(convertFunction(expr.type, expr.x.type), operand(draft, expr.x, next), out));
      return;
    case "mulAdd": {
      const [x, y, z] = [
        operand(draft, expr.x, next),
        operand(draft, expr.y, next),
        operand(draft, expr.z, next),
      ];
      if (counts) steps.push(() => void (counts.flops += 2));
      if (expr.type === "f64") steps.push((r) => void (r[out] = r[x]! * r[y]! + r[z]!));
      else steps.push((r) => void (r[out] = Math.fround(Math.fround(r[x]! * r[y]!) + r[z]!)));
      return;
    }
    case "call": {
      const args = expr.args.map((arg) => operand(draft, arg, next));
      steps.push(callStep(draft.library.procedure(expr.procedure), args, out));
      return;
    }
    default:
      return assertNever(expr, "evaluate");
  }
}
