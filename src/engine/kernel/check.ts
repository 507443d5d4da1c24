import { internalError } from "../errors/index.ts";
import { assertNever } from "../util/assert-never.ts";
import { isSizeOperation } from "./call-sizes.ts";
import { knownIterations } from "./iterations.ts";
import { printExpr, printHead } from "./print.ts";
import type {
  Buffer,
  Contract,
  Expr,
  Procedure,
  Routine,
  ScalarType,
  SizeExpr,
  Stmt,
  Temp,
} from "./scalar.ts";
import { binaryType, hasBinary, hasUnary, unaryType } from "./operations.ts";
import { isFloat } from "./scalar.ts";
import { addSizes, bytesOf, constantDims, constantSize, sizeExpr, tempAlignment } from "./sizes.ts";
import { checkDepth, walkExpr } from "./walk.ts";

/**
 * Checks that a routine is valid: each local is declared exactly once and used in scope after its declaration; types
 * agree. Buffers exist and are written only if they are not inputs; indices are int32. Sizes of buffers are numbers or
 * arithmetic on immutable scalar inputs. Temporaries are inside the arena; procedures are valid. `writable` names
 * donated inputs, which may be overwritten.
 * @throws DownhillError `internal` that names the statement.
 */
export function checkRoutine(routine: Routine, writable: readonly string[] = []): void {
  const where = `routine ${JSON.stringify(routine.name)}`;
  const scalars = routine.inputs.filter((input) => input.kind === "scalar");
  const context = openContext(where, newProgress(), namesInSizes(routine));
  for (const { name, type } of scalars) declare(context, name, { type, isIndex: false });
  for (const input of routine.inputs)
    if (input.kind === "buffer") addBuffer(context, input.buffer, writable.includes(input.buffer.name));
  for (const output of routine.outputs) if (output.kind === "buffer") addBuffer(context, output.buffer, true);
  checkSize(context, routine.arenaBytes, "the arena", "bytes");
  for (const temp of routine.temps) checkTemp(context, temp, routine.arenaBytes);
  checkBlock(context, routine.body, 0);
  routine.outputs.forEach((output, k) => {
    if (output.kind === "scalar") checkResult(context, `output ${k}`, output.value);
  });
}

/**
 * Checks that a procedure and the procedures that it calls are valid. Procedures access no buffers.
 * @throws DownhillError `internal` that names the statement.
 */
export function checkProcedure(procedure: Procedure): void {
  checkProcedureOnce(procedure, newProgress());
}

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

/** Procedures that have been checked, and procedures whose check is in progress. */
interface ProcedureChecks {
  readonly checked: Set<Procedure>;
  readonly open: Set<Procedure>;
}

function newProgress(): ProcedureChecks {
  return { checked: new Set(), open: new Set() };
}

function checkProcedureOnce(procedure: Procedure, progress: ProcedureChecks): void {
  const { checked, open } = progress;
  if (checked.has(procedure)) return;
  const where = `procedure ${JSON.stringify(procedure.name)}`;
  if (open.has(procedure)) throw internalError(`${where}: calls itself`);
  checkDepth(open.size);
  open.add(procedure);
  const context = openContext(where, progress);
  for (const { name, type } of procedure.params) declare(context, name, { type, isIndex: false });
  checkBlock(context, procedure.body, 0);
  checkResult(context, "result", procedure.result);
  open.delete(procedure);
  checked.add(procedure);
}

/** State of the check while it visits the statements of a routine or procedure. */
interface RoutineContext {
  /** The routine or procedure as messages name it. */
  readonly where: string;
  readonly progress: ProcedureChecks;
  readonly buffers: Map<string, Buffer & { readonly isWritable: boolean }>;
  /** All locals so far, including those out of scope. */
  readonly names: Set<string>;
  readonly scopes: Map<string, Local>[];
  /** Scalar inputs that the sizes of buffers depend on. */
  readonly inSizes: ReadonlySet<string>;
  /** Index of the outermost scope inside the current independent loop. Locals of outer scopes cannot be set. */
  outermostSettable: number;
  /** True in loops without iterations, whose statements access no element. */
  isUnreached: boolean;
  /** Statement being checked, or the name of another part of the routine. */
  current: Stmt | string | undefined;
}

function openContext(
  where: string,
  progress: ProcedureChecks,
  inSizes: ReadonlySet<string> = new Set(),
): RoutineContext {
  return {
    where,
    progress,
    inSizes,
    buffers: new Map(),
    names: new Set(),
    scopes: [new Map<string, Local>()],
    outermostSettable: 0,
    isUnreached: false,
    current: undefined,
  };
}

function fail({ where, current }: RoutineContext, message: string): never {
  const at =
    typeof current === "object"
      ? `: at "${printHead(current)}"`
      : current === undefined
        ? ""
        : `: ${current}`;
  throw internalError(`${where}${at}: ${message}`);
}

function demand(context: RoutineContext, type: ScalarType, expr: Expr, role: string): void {
  if (expr.type !== type) fail(context, `${role} ${printExpr(expr)} is ${expr.type}, not ${type}`);
}

/** Names of the locals that sizes of a routine's buffers depend on. */
function namesInSizes({ inputs, outputs, temps, arenaBytes }: Routine): Set<string> {
  const names = new Set<string>();
  const enter = (size: SizeExpr): void =>
    walkExpr(sizeExpr(size), (part) => void (part.kind === "local" && names.add(part.name)));
  for (const port of [...inputs, ...outputs]) if (port.kind === "buffer") enter(port.buffer.size);
  for (const { size, offset } of temps) for (const one of [size, offset]) enter(one);
  enter(arenaBytes);
  return names;
}

function declare(context: RoutineContext, name: string, local: Local): void {
  if (context.names.has(name)) fail(context, `local "${name}" is declared twice`);
  context.names.add(name);
  context.scopes.at(-1)!.set(name, local);
}

function lookUp(context: RoutineContext, name: string): Local {
  const { scopes, names } = context;
  const found = scopes.findLast((scope) => scope.has(name))?.get(name);
  if (found !== undefined) return found;
  return fail(
    context,
    `local "${name}" ${names.has(name) ? "is out of scope here" : "is used before it is declared"}`,
  );
}

function bufferOf(context: RoutineContext, name: string): Buffer & { readonly isWritable: boolean } {
  return context.buffers.get(name) ?? fail(context, `there is no buffer "${name}"`);
}

function addBuffer(context: RoutineContext, buffer: Buffer, isWritable: boolean): void {
  const { buffers } = context;
  if (buffers.has(buffer.name)) fail(context, `buffer "${buffer.name}" is declared twice`);
  checkSize(context, buffer.size, `buffer "${buffer.name}"`, "elements");
  buffers.set(buffer.name, { ...buffer, isWritable });
}

function checkTemp(context: RoutineContext, temp: Temp, arenaBytes: SizeExpr): void {
  addBuffer(context, temp, true);
  checkSize(context, temp.offset, `buffer "${temp.name}"`, "bytes before it");
  if (!isMultiple(temp.offset, tempAlignment))
    fail(context, `buffer "${temp.name}" does not start at a multiple of ${tempAlignment} bytes`);
  const end = constantSize(addSizes(temp.offset, bytesOf(temp)));
  const bytes = constantSize(arenaBytes);
  if (end !== undefined && bytes !== undefined && end > bytes)
    fail(context, `buffer "${temp.name}" ends at byte ${end} of an arena of ${bytes}`);
}

/** True if a size is known to be a multiple of `of`, which is a power of two. */
function isMultiple(size: SizeExpr, of: number): boolean {
  const known = constantSize(size);
  if (known !== undefined || typeof size === "number") return known! % of === 0;
  if (size.kind !== "binary") return false;
  const { op, x, y } = size;
  if (op === "mul") return isMultiple(x, of) || isMultiple(y, of);
  if (op === "shl") return y.kind === "const" && y.value < 32 && 2 ** y.value >= of;
  return ["add", "sub", "min", "max"].includes(op) && isMultiple(x, of) && isMultiple(y, of);
}

/** Checks a size; messages say that `owner` has this size in `unit`. */
function checkSize(context: RoutineContext, size: SizeExpr, owner: string, unit: string): void {
  if (typeof size === "number") {
    if (!(Number.isSafeInteger(size) && size >= 0)) fail(context, `${owner} has ${size} ${unit}`);
    return;
  }
  const what = `${owner} has ${printExpr(size)} ${unit}`;
  checkExpr(context, size);
  if (size.type !== "i32") fail(context, `${what}, which is ${size.type}, not i32`);
  walkExpr(size, (part) => {
    if (part.kind === "const" || (part.kind === "binary" && isSizeOperation(part.op))) return;
    // buffers precede all statements, so a local is an input
    if (part.kind !== "local") fail(context, `${what}, which has operations other than arithmetic`);
  });
}

/** Checks a size or stride of a contraction, which is evaluated at the statement. */
function checkExtent(context: RoutineContext, extent: SizeExpr, owner: string, unit: string): void {
  if (typeof extent === "number") return checkSize(context, extent, owner, unit);
  checkExpr(context, extent);
  demand(context, "i32", extent, `the size or stride of ${owner}`);
}

function checkExpr(context: RoutineContext, expr: Expr, depth = 0): void {
  checkDepth(depth);
  const part = (inner: Expr): void => checkExpr(context, inner, depth + 1);
  const gives = (type: ScalarType): void => {
    if (expr.type !== type) fail(context, `${printExpr(expr)} has type ${type} but is declared ${expr.type}`);
  };
  switch (expr.kind) {
    case "const":
      if (!isValueOf(expr.type, expr.value)) fail(context, `${expr.value} is not a ${expr.type}`);
      return;
    case "local":
      return gives(lookUp(context, expr.name).type);
    case "load": {
      const buffer = bufferOf(context, expr.buffer);
      part(expr.index);
      demand(context, "i32", expr.index, "index");
      return gives(buffer.type);
    }
    case "table": {
      const { table } = expr;
      part(expr.index);
      demand(context, "i32", expr.index, "index");
      for (const value of table.values) {
        if (!isValueOf(table.type, value))
          fail(context, `table "${table.name}" of ${table.type} holds ${value}`);
      }
      return gives(table.type);
    }
    case "unary":
      part(expr.x);
      if (!hasUnary(expr.op, expr.x.type)) fail(context, `there is no "${expr.op}" of ${expr.x.type}`);
      return gives(unaryType(expr.op, expr.x.type));
    case "binary":
      part(expr.x);
      part(expr.y);
      demand(context, expr.x.type, expr.y, `the right side of "${expr.op}",`);
      if (!hasBinary(expr.op, expr.x.type)) fail(context, `there is no "${expr.op}" of ${expr.x.type}`);
      return gives(binaryType(expr.op, expr.x.type));
    case "select":
      for (const inner of [expr.condition, expr.x, expr.y]) part(inner);
      demand(context, "bool", expr.condition, "condition");
      demand(context, expr.x.type, expr.y, "the other side of a select,");
      return gives(expr.x.type);
    case "convert":
      return part(expr.x);
    case "mulAdd":
      for (const inner of [expr.x, expr.y, expr.z]) {
        part(inner);
        demand(context, expr.type, inner, "an operand of mulAdd,");
      }
      if (!isFloat(expr.type)) fail(context, `there is no mulAdd of ${expr.type}`);
      return;
    case "call": {
      const { procedure, args } = expr;
      if (args.length !== procedure.params.length) {
        fail(context, `${procedure.name} takes ${procedure.params.length} arguments, not ${args.length}`);
      }
      args.forEach((arg, k) => {
        part(arg);
        demand(
          context,
          procedure.params[k]!.type,
          arg,
          `argument "${procedure.params[k]!.name}" of ${procedure.name},`,
        );
      });
      checkProcedureOnce(procedure, context.progress);
      return gives(procedure.result.type);
    }
    default:
      return assertNever(expr, "checkExpr");
  }
}

function checkScope(
  context: RoutineContext,
  stmts: readonly Stmt[],
  depth: number,
  index?: string,
  isIndependent = false,
  value?: Expr,
): void {
  const { scopes, outermostSettable } = context;
  scopes.push(new Map());
  if (isIndependent) context.outermostSettable = scopes.length - 1;
  if (index !== undefined) declare(context, index, { type: "i32", isIndex: true });
  checkBlock(context, stmts, depth);
  if (value !== undefined) checkExpr(context, value);
  scopes.pop();
  context.outermostSettable = outermostSettable;
}

/** Calls `check` for the body of a loop. If the loop has no iteration, the body counts as unreached meanwhile. */
function checkIterations(
  context: RoutineContext,
  loop: Parameters<typeof knownIterations>[0],
  check: () => void,
): void {
  const { isUnreached } = context;
  context.isUnreached ||= knownIterations(loop) === 0;
  check();
  context.isUnreached = isUnreached;
}

function checkContract(context: RoutineContext, stmt: Contract): void {
  for (const [place, role] of [
    [stmt.out, "out"],
    [stmt.left, "left"],
    [stmt.right, "right"],
  ] as const) {
    const buffer = bufferOf(context, place.buffer);
    checkExpr(context, place.offset);
    demand(context, "i32", place.offset, "offset");
    if (buffer.type !== stmt.type)
      fail(context, `buffer "${buffer.name}" is ${buffer.type}, not ${stmt.type}`);
    const dims = constantDims(stmt.dims) ?? [];
    const size = constantSize(buffer.size) ?? Infinity;
    const isEmpty = context.isUnreached || dims.length === 0 || dims.some((dim) => dim.size === 0);
    const reach = dims.reduce((sum, dim) => sum + (dim.size - 1) * dim[role], 0);
    const start = place.offset.kind === "const" ? place.offset.value : 0;
    if (!isEmpty && start + reach >= size)
      fail(context, `${role} reaches element ${start + reach} of buffer "${buffer.name}", which has ${size}`);
  }
  if (!bufferOf(context, stmt.out.buffer).isWritable)
    fail(context, `buffer "${stmt.out.buffer}" is an input and cannot be written`);
  for (const dim of stmt.dims) {
    checkExtent(context, dim.size, dim.role, "indices");
    for (const stride of [dim.out, dim.left, dim.right])
      checkExtent(context, stride, dim.role, "elements per index");
    if ((dim.role === "column" && dim.left !== 0) || (dim.role === "row" && dim.right !== 0))
      fail(context, `${dim.role} has strides in both operands`);
    if (dim.role === "sum" && dim.out !== 0) fail(context, "sum has a stride in out");
  }
}

function checkStmt(context: RoutineContext, stmt: Stmt, depth: number): void {
  switch (stmt.kind) {
    case "let":
      checkExpr(context, stmt.value);
      return declare(context, stmt.name, { type: stmt.value.type, isIndex: false });
    case "set": {
      checkExpr(context, stmt.value);
      const { type, isIndex } = lookUp(context, stmt.name);
      if (!context.scopes.slice(context.outermostSettable).some((scope) => scope.has(stmt.name)))
        fail(context, `"${stmt.name}" is declared outside an independent loop and cannot be set in it`);
      if (context.inSizes.has(stmt.name))
        fail(context, `sizes depend on "${stmt.name}", which therefore cannot be set`);
      if (isIndex) fail(context, `"${stmt.name}" is a loop index and cannot be set`);
      return demand(context, type, stmt.value, `the new value of "${stmt.name}",`);
    }
    case "store": {
      const buffer = bufferOf(context, stmt.buffer);
      checkExpr(context, stmt.index);
      checkExpr(context, stmt.value);
      demand(context, "i32", stmt.index, "index");
      if (!buffer.isWritable) fail(context, `buffer "${buffer.name}" is an input and cannot be written`);
      return demand(context, buffer.type, stmt.value, `the new element of "${buffer.name}",`);
    }
    case "for":
      for (const bound of [stmt.from, stmt.to]) {
        checkExpr(context, bound);
        demand(context, "i32", bound, "bound");
      }
      return checkIterations(context, stmt, () =>
        checkScope(context, stmt.body, depth + 1, stmt.index, stmt.independent === true),
      );
    case "reduce":
      for (const bound of [stmt.from, stmt.to]) {
        checkExpr(context, bound);
        demand(context, "i32", bound, "bound");
      }
      checkExpr(context, stmt.start);
      demand(context, stmt.value.type, stmt.start, "the start of a fold,");
      if (stmt.start.kind !== "const") fail(context, "the start of a fold is not a constant");
      if (!hasBinary(stmt.op, stmt.value.type))
        fail(context, `there is no "${stmt.op}" of ${stmt.value.type}`);
      checkIterations(context, stmt, () =>
        checkScope(context, stmt.body, depth + 1, stmt.index, true, stmt.value),
      );
      return declare(context, stmt.name, { type: stmt.value.type, isIndex: false });
    case "contract":
      return checkContract(context, stmt);
    case "while":
      checkExpr(context, stmt.condition);
      demand(context, "bool", stmt.condition, "condition");
      return checkScope(context, stmt.body, depth + 1);
    case "if":
      checkExpr(context, stmt.condition);
      demand(context, "bool", stmt.condition, "condition");
      checkScope(context, stmt.then, depth + 1);
      return checkScope(context, stmt.otherwise, depth + 1);
    case "comment":
      return;
    default:
      return assertNever(stmt, "checkStmt");
  }
}

function checkBlock(context: RoutineContext, stmts: readonly Stmt[], depth: number): void {
  checkDepth(depth);
  for (const stmt of stmts) {
    context.current = stmt;
    checkStmt(context, stmt, depth);
  }
}

function checkResult(context: RoutineContext, what: string, expr: Expr): void {
  context.current = what;
  checkExpr(context, expr);
}
