import { internalError } from "../errors/index.ts";
import { assertNever } from "../util/assert-never.ts";
import { printExpr, printHead } from "./print.ts";
import type { Buffer, Contract, Expr, Procedure, Routine, ScalarType, Stmt } from "./scalar.ts";
import { binaryType, hasBinary, hasUnary, unaryType } from "./operations.ts";
import { isFloat } from "./scalar.ts";
import { checkDepth } from "./walk.ts";

/**
 * Checks that a routine obeys the vocabulary: every local declared before it is used, in scope and once; types that
 * agree; buffers that exist, and are written only if they are not inputs; int32 indices; procedures that obey it too.
 *
 * `writable` names the inputs whose memory was donated, so that they may be overwritten.
 *
 * @throws DownhillError `internal`, naming the statement.
 */
export function checkRoutine(routine: Routine, writable: readonly string[] = []): void {
  const where = `routine ${JSON.stringify(routine.name)}`;
  const checker = makeChecker(where);
  for (const input of routine.inputs) {
    if (input.kind === "scalar") checker.declare(input.name, { type: input.type, isIndex: false });
    else checker.addBuffer(input.buffer, writable.includes(input.buffer.name));
  }
  for (const output of routine.outputs) if (output.kind === "buffer") checker.addBuffer(output.buffer, true);
  for (const temp of routine.temps) checker.addBuffer(temp, true);
  checker.block(routine.body, 0);
  routine.outputs.forEach((output, k) => {
    if (output.kind === "scalar") checker.result(`output ${k}`, output.value);
  });
}

/**
 * Checks that a procedure and those that it calls obey the vocabulary. Procedures touch no buffers.
 *
 * @throws DownhillError `internal`, naming the statement.
 */
export function checkProcedure(procedure: Procedure): void {
  checkProcedureOnce(procedure, newProgress());
}

/** Whether a number is a value of the type. */
function isValueOf(type: ScalarType, value: number): boolean {
  switch (type) {
    case "f64":
    case "f32":
      return typeof value === "number";
    case "i32":
      return value === (value | 0);
    case "u32":
      return value === value >>> 0;
    case "bool":
      return value === 0 || value === 1;
    default:
      return assertNever(type, "isValueOf");
  }
}

interface Local {
  readonly type: ScalarType;
  readonly isIndex: boolean;
}

interface Checker {
  readonly addBuffer: (buffer: Buffer, isWritable: boolean) => void;
  readonly declare: (name: string, local: Local) => void;
  readonly block: (block: readonly Stmt[], depth: number) => void;
  readonly result: (what: string, expr: Expr) => void;
}

/** Procedures that were checked, and those whose check is under way. */
interface Progress {
  readonly checked: Set<Procedure>;
  readonly open: Set<Procedure>;
}

function newProgress(): Progress {
  return { checked: new Set(), open: new Set() };
}

function checkProcedureOnce(procedure: Procedure, progress: Progress): void {
  const { checked, open } = progress;
  if (checked.has(procedure)) return;
  const where = `procedure ${JSON.stringify(procedure.name)}`;
  if (open.has(procedure)) throw internalError(`${where}: calls itself`);
  checkDepth(open.size);
  open.add(procedure);
  const checker = makeChecker(where, progress);
  for (const param of procedure.params) checker.declare(param.name, { type: param.type, isIndex: false });
  checker.block(procedure.body, 0);
  checker.result("result", procedure.result);
  open.delete(procedure);
  checked.add(procedure);
}

function makeChecker(where: string, progress: Progress = newProgress()): Checker {
  const buffers = new Map<string, Buffer & { readonly isWritable: boolean }>();
  const names = new Set<string>(); // of every local so far, those out of scope too
  const scopes = [new Map<string, Local>()];
  let outermostSettable = 0; // scopes further out belong to the surroundings of an independent loop
  let current: Stmt | string | undefined; // the statement that is being checked, or what else is

  const fail = (message: string): never => {
    const at =
      typeof current === "object"
        ? `: at "${printHead(current)}"`
        : current === undefined
          ? ""
          : `: ${current}`;
    throw internalError(`${where}${at}: ${message}`);
  };
  const demand = (type: ScalarType, expr: Expr, role: string): void => {
    if (expr.type !== type) fail(`${role} ${printExpr(expr)} is ${expr.type}, not ${type}`);
  };
  const lookUp = (name: string): Local => {
    for (let k = scopes.length - 1; k >= 0; k--) {
      const local = scopes[k]!.get(name);
      if (local !== undefined) return local;
    }
    return fail(
      `local "${name}" ${names.has(name) ? "is out of scope here" : "is used before it is declared"}`,
    );
  };
  const declare = (name: string, local: Local): void => {
    if (names.has(name)) fail(`local "${name}" is declared twice`);
    names.add(name);
    scopes.at(-1)!.set(name, local);
  };
  const bufferOf = (name: string): Buffer & { readonly isWritable: boolean } =>
    buffers.get(name) ?? fail(`there is no buffer "${name}"`);

  const check = (expr: Expr, depth: number): void => {
    checkDepth(depth);
    const part = (inner: Expr): void => check(inner, depth + 1);
    const gives = (type: ScalarType): void => {
      if (expr.type !== type) fail(`${printExpr(expr)} gives ${type} but says ${expr.type}`);
    };
    switch (expr.kind) {
      case "const":
        if (!isValueOf(expr.type, expr.value)) fail(`${expr.value} is not a ${expr.type}`);
        return;
      case "local":
        return gives(lookUp(expr.name).type);
      case "load": {
        const buffer = bufferOf(expr.buffer);
        part(expr.index);
        demand("i32", expr.index, "index");
        return gives(buffer.type);
      }
      case "table": {
        const { table } = expr;
        part(expr.index);
        demand("i32", expr.index, "index");
        for (const value of table.values) {
          if (!isValueOf(table.type, value)) fail(`table "${table.name}" of ${table.type} holds ${value}`);
        }
        return gives(table.type);
      }
      case "unary":
        part(expr.x);
        if (!hasUnary(expr.op, expr.x.type)) fail(`there is no "${expr.op}" of ${expr.x.type}`);
        return gives(unaryType(expr.op, expr.x.type));
      case "binary":
        part(expr.x);
        part(expr.y);
        demand(expr.x.type, expr.y, `the right side of "${expr.op}",`);
        if (!hasBinary(expr.op, expr.x.type)) fail(`there is no "${expr.op}" of ${expr.x.type}`);
        return gives(binaryType(expr.op, expr.x.type));
      case "select":
        for (const inner of [expr.condition, expr.x, expr.y]) part(inner);
        demand("bool", expr.condition, "condition");
        demand(expr.x.type, expr.y, "the other side of a select,");
        return gives(expr.x.type);
      case "convert":
        return part(expr.x);
      case "mulAdd":
        for (const inner of [expr.x, expr.y, expr.z]) {
          part(inner);
          demand(expr.type, inner, "an operand of mulAdd,");
        }
        if (!isFloat(expr.type)) fail(`there is no mulAdd of ${expr.type}`);
        return;
      case "call": {
        const { procedure, args } = expr;
        if (args.length !== procedure.params.length) {
          fail(`${procedure.name} takes ${procedure.params.length} arguments, not ${args.length}`);
        }
        args.forEach((arg, k) => {
          part(arg);
          demand(
            procedure.params[k]!.type,
            arg,
            `argument "${procedure.params[k]!.name}" of ${procedure.name},`,
          );
        });
        checkProcedureOnce(procedure, progress);
        return gives(procedure.result.type);
      }
      default:
        return assertNever(expr, "checkExpr");
    }
  };

  const scoped = (
    stmts: readonly Stmt[],
    depth: number,
    index?: string,
    isIndependent = false,
    value?: Expr,
  ): void => {
    const saved = outermostSettable;
    scopes.push(new Map());
    if (isIndependent) outermostSettable = scopes.length - 1;
    if (index !== undefined) declare(index, { type: "i32", isIndex: true });
    block(stmts, depth);
    if (value !== undefined) check(value, 0);
    scopes.pop();
    outermostSettable = saved;
  };

  const checkContract = (stmt: Contract): void => {
    for (const [place, role] of [
      [stmt.out, "out"],
      [stmt.left, "left"],
      [stmt.right, "right"],
    ] as const) {
      const buffer = bufferOf(place.buffer);
      check(place.offset, 0);
      demand("i32", place.offset, "offset");
      if (buffer.type !== stmt.type) fail(`buffer "${buffer.name}" is ${buffer.type}, not ${stmt.type}`);
      const isEmpty = stmt.dims.some((dim) => dim.size === 0);
      const reach = stmt.dims.reduce((sum, dim) => sum + (dim.size - 1) * dim[role], 0);
      const start = place.offset.kind === "const" ? place.offset.value : 0;
      if (!isEmpty && start + reach >= buffer.size)
        fail(`${role} reaches element ${start + reach} of buffer "${buffer.name}", which has ${buffer.size}`);
    }
    if (!bufferOf(stmt.out.buffer).isWritable)
      fail(`buffer "${stmt.out.buffer}" is an input and cannot be written`);
    for (const dim of stmt.dims) {
      const numbers = [dim.size, dim.out, dim.left, dim.right];
      if (!numbers.every((n) => Number.isSafeInteger(n) && n >= 0))
        fail(`${dim.role} has size and strides ${numbers.join(", ")}`);
      if ((dim.role === "column" && dim.left !== 0) || (dim.role === "row" && dim.right !== 0))
        fail(`${dim.role} has strides of both operands`);
      if (dim.role === "sum" && dim.out !== 0) fail("sum has a stride of out");
    }
  };

  const checkStmt = (stmt: Stmt, depth: number): void => {
    switch (stmt.kind) {
      case "let":
        check(stmt.value, 0);
        return declare(stmt.name, { type: stmt.value.type, isIndex: false });
      case "set": {
        check(stmt.value, 0);
        const { type, isIndex } = lookUp(stmt.name);
        if (!scopes.slice(outermostSettable).some((scope) => scope.has(stmt.name)))
          fail(`"${stmt.name}" comes from outside of an independent loop and cannot be set in it`);
        if (isIndex) fail(`"${stmt.name}" is the index of a loop and cannot be set`);
        return demand(type, stmt.value, `the new value of "${stmt.name}",`);
      }
      case "store": {
        const buffer = bufferOf(stmt.buffer);
        check(stmt.index, 0);
        check(stmt.value, 0);
        demand("i32", stmt.index, "index");
        if (!buffer.isWritable) fail(`buffer "${buffer.name}" is an input and cannot be written`);
        return demand(buffer.type, stmt.value, `the new element of "${buffer.name}",`);
      }
      case "for":
        for (const bound of [stmt.from, stmt.to]) {
          check(bound, 0);
          demand("i32", bound, "bound");
        }
        return scoped(stmt.body, depth + 1, stmt.index, stmt.independent === true);
      case "reduce":
        for (const bound of [stmt.from, stmt.to]) {
          check(bound, 0);
          demand("i32", bound, "bound");
        }
        check(stmt.start, 0);
        demand(stmt.value.type, stmt.start, "the start of a fold,");
        if (stmt.start.kind !== "const") fail("the start of a fold is not a constant");
        if (!hasBinary(stmt.op, stmt.value.type)) fail(`there is no "${stmt.op}" of ${stmt.value.type}`);
        scoped(stmt.body, depth + 1, stmt.index, true, stmt.value);
        return declare(stmt.name, { type: stmt.value.type, isIndex: false });
      case "contract":
        return checkContract(stmt);
      case "while":
        check(stmt.condition, 0);
        demand("bool", stmt.condition, "condition");
        return scoped(stmt.body, depth + 1);
      case "if":
        check(stmt.condition, 0);
        demand("bool", stmt.condition, "condition");
        scoped(stmt.then, depth + 1);
        return scoped(stmt.otherwise, depth + 1);
      case "comment":
        return;
      default:
        return assertNever(stmt, "checkStmt");
    }
  };

  const block = (stmts: readonly Stmt[], depth: number): void => {
    checkDepth(depth);
    for (const stmt of stmts) {
      current = stmt;
      checkStmt(stmt, depth);
    }
  };

  return {
    declare,
    block,
    addBuffer(buffer, isWritable) {
      if (buffers.has(buffer.name)) fail(`buffer "${buffer.name}" is declared twice`);
      if (!(Number.isSafeInteger(buffer.size) && buffer.size >= 0))
        fail(`buffer "${buffer.name}" has ${buffer.size} elements`);
      buffers.set(buffer.name, { ...buffer, isWritable });
    },
    result(what, expr) {
      current = what;
      check(expr, 0);
    },
  };
}
