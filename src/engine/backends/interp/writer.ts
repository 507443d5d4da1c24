import type { Dim, Expr, Procedure, ScalarType, Stmt, Table } from "../../kernel/scalar.ts";
import { isFloat, reduceLanes } from "../../kernel/scalar.ts";
import { checkDepth } from "../../kernel/walk.ts";
import { assertNever, must } from "../../util/assert-never.ts";
import type { Counts } from "./folds.ts";
import { contractStep, foldStep } from "./folds.ts";
import type { Place, Step } from "./memory.ts";
import { loadStep, storeStep, tablePlace } from "./memory.ts";
import { binaryFunction, convertFunction, unaryFunction } from "../../kernel/meaning.ts";
import type { Runnable } from "./steps.ts";
import { binaryStep, callStep, loopStep, mapStep, moveStep, sequence } from "./steps.ts";

/** What a writer asks of the backend that it writes for. */
export interface Library {
  readonly procedure: (procedure: Procedure) => Runnable;
  readonly counts: Counts | undefined;
}

/** Turns statements and expressions into steps over numbered registers. */
export interface Writer {
  /** The register of a local, new ones included. */
  readonly local: (name: string) => number;
  readonly block: (block: readonly Stmt[]) => Step;
  /** Steps that bring the expressions into registers. */
  readonly results: (exprs: readonly Expr[]) => { readonly run: Step; readonly at: readonly number[] };
  /** Registers with the constants in place. To be called last. */
  readonly registers: () => Float64Array;
}

/**
 * Makes a writer for one routine or procedure. Every local and constant has a register; the parts of an expression go
 * through registers that the next statement uses again.
 */
export function makeWriter(places: ReadonlyMap<string, Place>, library: Library): Writer {
  const { counts } = library;
  const locals = new Map<string, number>();
  const constants = new Map<number, number>();
  const tables = new Map<Table, Place>();
  let count = 0;
  let zeroMinus: number | undefined;
  const idle: number[] = []; // registers that no running statement needs
  let busy: number[] = [];
  let steps: Step[] = [];

  const local = (name: string): number => {
    const known = locals.get(name);
    if (known !== undefined) return known;
    locals.set(name, count);
    return count++;
  };
  const constant = (type: ScalarType, given: number): number => {
    const value = type === "f32" ? Math.fround(given) : type === "f64" ? given : given + 0; // integers have no −0
    if (Object.is(value, -0)) return (zeroMinus ??= count++); // a Map takes −0 for 0
    const known = constants.get(value);
    if (known !== undefined) return known;
    constants.set(value, count);
    return count++;
  };
  const temporary = (): number => {
    const register = idle.pop() ?? count++;
    busy.push(register);
    return register;
  };
  const place = (name: string): Place => must(places.get(name), `buffer ${JSON.stringify(name)}`);
  const tally = (key: keyof Counts): void => {
    if (counts) steps.push(() => void counts[key]++);
  };

  /** The steps that `write` emits, as one. */
  const collect = (write: () => void): Step => {
    const outer = steps;
    steps = [];
    write();
    const step = sequence(steps);
    steps = outer;
    return step;
  };

  /** The register that holds the expression, after the steps emitted here. */
  const operand = (expr: Expr, depth: number): number => {
    if (expr.kind === "const") return constant(expr.type, expr.value);
    if (expr.kind === "local") return local(expr.name);
    const out = temporary();
    evaluate(expr, out, depth);
    return out;
  };

  /** Emits the steps that bring the expression into `out`; only the last of them writes there. */
  const evaluate = (expr: Expr, out: number, depth: number): void => {
    checkDepth(depth);
    const next = depth + 1;
    switch (expr.kind) {
      case "const":
      case "local":
        steps.push(moveStep(operand(expr, next), out));
        return;
      case "load": {
        const index = operand(expr.index, next);
        tally("loads");
        steps.push(loadStep(place(expr.buffer), index, out));
        return;
      }
      case "table": {
        let table = tables.get(expr.table);
        if (table === undefined) tables.set(expr.table, (table = tablePlace(expr.table)));
        steps.push(loadStep(table, operand(expr.index, next), out));
        return;
      }
      case "unary": {
        const x = operand(expr.x, next);
        if (isFloat(expr.type) && expr.op !== "fromBits") tally("flops");
        steps.push(mapStep(unaryFunction(expr.op, expr.x.type), x, out));
        return;
      }
      case "binary": {
        const x = operand(expr.x, next);
        const y = operand(expr.y, next);
        if (isFloat(expr.type) && expr.op !== "fromWords") tally("flops");
        steps.push(binaryStep(expr.op, expr.x.type, x, y, out));
        return;
      }
      case "select": {
        const condition = operand(expr.condition, next);
        const x = collect(() => evaluate(expr.x, out, next));
        const y = collect(() => evaluate(expr.y, out, next));
        steps.push((r) => (r[condition] !== 0 ? x(r) : y(r)));
        return;
      }
      case "convert":
        steps.push(mapStep(convertFunction(expr.type, expr.x.type), operand(expr.x, next), out));
        return;
      case "mulAdd": {
        const [x, y, z] = [operand(expr.x, next), operand(expr.y, next), operand(expr.z, next)];
        if (counts) steps.push(() => void (counts.flops += 2));
        if (expr.type === "f64") steps.push((r) => void (r[out] = r[x]! * r[y]! + r[z]!));
        else steps.push((r) => void (r[out] = Math.fround(Math.fround(r[x]! * r[y]!) + r[z]!)));
        return;
      }
      case "call": {
        const args = expr.args.map((arg) => operand(arg, next));
        steps.push(callStep(library.procedure(expr.procedure), args, out));
        return;
      }
      default:
        return assertNever(expr, "evaluate");
    }
  };

  /** A dim in numbers, after the steps emitted here. */
  const dimInNumbers = (dim: Dim): Dim<number> => {
    const numbers = { role: dim.role, size: 0, out: 0, left: 0, right: 0 };
    for (const key of ["size", "out", "left", "right"] as const) {
      const size = dim[key];
      if (typeof size === "number") numbers[key] = size;
      else {
        const register = operand(size, 0);
        steps.push((r) => void (numbers[key] = r[register]!));
      }
    }
    return numbers;
  };

  const statement = (stmt: Stmt, depth: number): void => {
    switch (stmt.kind) {
      case "let":
      case "set":
        return evaluate(stmt.value, local(stmt.name), 0);
      case "store": {
        const index = operand(stmt.index, 0);
        const value = operand(stmt.value, 0);
        tally("stores");
        steps.push(storeStep(place(stmt.buffer), index, value));
        return;
      }
      case "for": {
        const from = operand(stmt.from, 0);
        const to = operand(stmt.to, 0);
        steps.push(loopStep(local(stmt.index), from, to, stmt.reverse, block(stmt.body, depth + 1)));
        return;
      }
      case "while": {
        const flag = temporary();
        const condition = collect(() => evaluate(stmt.condition, flag, 0));
        const body = block(stmt.body, depth + 1);
        steps.push((r) => {
          for (condition(r); r[flag] !== 0; condition(r)) body(r);
        });
        return;
      }
      case "if": {
        const flag = operand(stmt.condition, 0);
        const then = block(stmt.then, depth + 1);
        const otherwise = block(stmt.otherwise, depth + 1);
        steps.push((r) => (r[flag] !== 0 ? then(r) : otherwise(r)));
        return;
      }
      case "reduce": {
        const { op, value } = stmt;
        const at = {
          index: local(stmt.index),
          from: operand(stmt.from, 0),
          to: operand(stmt.to, 0),
          start: operand(stmt.start, 0),
          value: temporary(),
          lanes: Array.from({ length: reduceLanes }, temporary),
          out: local(stmt.name),
        };
        const combine = binaryFunction(op, value.type);
        const counted = (x: number, y: number): number => (counts!.flops++, combine(x, y));
        const body = [block(stmt.body, depth + 1), collect(() => evaluate(value, at.value, 0))];
        steps.push(foldStep(counts && isFloat(value.type) ? counted : combine, at, sequence(body)));
        return;
      }
      case "contract": {
        const { out, left, right } = stmt;
        const begin = {
          out: operand(out.offset, 0),
          left: operand(left.offset, 0),
          right: operand(right.offset, 0),
        };
        const places = {
          out: place(out.buffer),
          left: place(left.buffer),
          right: place(right.buffer),
          begin,
        };
        steps.push(contractStep(stmt, stmt.dims.map(dimInNumbers), places, counts));
        return;
      }
      case "comment":
        return;
      default:
        return assertNever(stmt, "statement");
    }
  };

  const block = (stmts: readonly Stmt[], depth: number): Step => {
    checkDepth(depth);
    return collect(() => {
      for (const stmt of stmts) {
        const outer = busy;
        busy = [];
        statement(stmt, depth);
        idle.push(...busy);
        busy = outer;
      }
    });
  };

  return {
    local,
    block: (stmts) => block(stmts, 0),
    results(exprs) {
      let at: number[] = [];
      const run = collect(() => (at = exprs.map((expr) => operand(expr, 0))));
      return { run, at };
    },
    registers() {
      const registers = new Float64Array(count);
      for (const [value, register] of constants) registers[register] = value;
      if (zeroMinus !== undefined) registers[zeroMinus] = -0;
      return registers;
    },
  };
}
