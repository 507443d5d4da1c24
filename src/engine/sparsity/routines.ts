import * as k from "../kernel/build.ts";
import { makeNames } from "../kernel/fresh-names.ts";
import type { Buffer, Expr, Port, Routine, SizeExpr, Stmt, Temp } from "../kernel/scalar.ts";
import { addSizes, sizeExpr } from "../kernel/sizes.ts";
import { usesOf } from "../kernel/uses.ts";
import { walkBlock } from "../kernel/walk.ts";
import type { DataFlow, InputRole } from "./flow.ts";
import { analyse, bufferName } from "./flow.ts";
import { countLimit } from "./unions.ts";
import { setName, SetWriter } from "./write.ts";

/** A routine that computes tangents, with the facts that its sparsity pattern is derived from. */
export interface TangentRoutine {
  readonly routine: Routine;
  readonly flow: DataFlow;
  /** Number of leading outputs of the routine whose elements are the rows of the pattern. */
  readonly results: number;
  readonly roles: readonly InputRole[];
  /** For each input of the routine, the index of the column of its first element. Only meaningful for tangents. */
  readonly firsts: readonly number[];
  /** Number of columns of the pattern. */
  readonly columns: number;
}

/** Analyses a routine of tangents. `sizes` are the numbers of elements of its inputs. */
export function prepareTangents(
  routine: Routine,
  roles: readonly InputRole[],
  sizes: readonly number[],
  results: number,
  skipsZeros: boolean,
): TangentRoutine {
  let columns = 0;
  const firsts = sizes.map((size, i) => {
    const first = columns;
    if (roles[i] === "tangent") columns += size;
    return first;
  });
  return { routine, flow: analyse(routine, roles, skipsZeros), results, roles, firsts, columns };
}

/** Capacities of the buffers of a pattern routine, in elements. */
export interface SetCapacity {
  readonly pool: number;
  readonly log: number;
}

/** A routine that computes a pattern, or one that checks whether a pattern still holds. */
export interface SetRoutine {
  readonly routine: Routine;
  /** Indices of the inputs of the tangent routine that it reads, in ascending order. These are its first inputs. */
  readonly inputs: readonly number[];
  /** Number of sites in the code at which a value that depends on the point decides the pattern. */
  readonly sites: number;
}

/**
 * Writes the routine that computes the sets of columns of the results. Its outputs are the sets of each result, the
 * pool of sets and the log. Two numbers follow: the used elements of the pool and of the log. A number above the
 * capacity means that the buffer was too small.
 */
export function patternRoutine(tangents: TangentRoutine, capacity: SetCapacity): SetRoutine {
  const { routine, flow, columns } = tangents;
  const fresh = freshNames(routine);
  const [pool, log] = [fresh("pool"), fresh("log")];
  const prelude = k.makeBlock();
  const top = prelude.let(fresh("top"), k.i32(0));
  const logTop = prelude.let(fresh("log.top"), k.i32(0));
  let sites = 0;
  const writer = new SetWriter({
    ...contextOf(tangents),
    fresh,
    pool: { buffer: pool, capacity: capacity.pool, top, columns, fresh },
    log(block, value) {
      sites++;
      block.if(k.lt(logTop, k.i32(capacity.log)), (inner) => inner.store(log, logTop, value));
      block.set(logTop, advanced(logTop));
    },
  });
  writer.write(routine.body, prelude);
  const outputs = routine.outputs.slice(0, tangents.results).map((output): Routine["outputs"][number] => {
    if (output.kind === "scalar") return { kind: "scalar", value: writer.setOf(output.value, prelude) };
    return { kind: "buffer", buffer: setBuffer(output.buffer) };
  });
  const ends: Routine["outputs"] = [
    { kind: "buffer", buffer: { name: pool, type: "i32", size: capacity.pool } },
    { kind: "buffer", buffer: { name: log, type: "i32", size: capacity.log } },
    { kind: "scalar", value: top },
    { kind: "scalar", value: logTop },
  ];
  const memory = memoryOf(routine, flow, true);
  const all = [...outputs, ...ends, ...memory.outputs];
  const start = writer.speculates ? clearing([...memory.temps, ...buffersAmong([...outputs, ...memory.outputs])], fresh) : []; // prettier-ignore
  const made = frame(tangents, "pattern", [...start, ...prelude.statements], all, memory);
  return { ...made, sites };
}

/**
 * Writes the routine that compares the decisions at a point with a log of `length` decisions, its last input. Output: 1
 * if they differ, otherwise 0.
 */
export function comparisonRoutine(tangents: TangentRoutine, length: number): SetRoutine {
  const { routine, flow } = tangents;
  const fresh = freshNames(routine);
  const log = fresh("log");
  const prelude = k.makeBlock();
  const logTop = prelude.let(fresh("log.top"), k.i32(0));
  const differs = prelude.let(fresh("differs"), k.bool(false));
  let sites = 0;
  const writer = new SetWriter({
    ...contextOf(tangents),
    fresh,
    pool: undefined,
    log(block, value) {
      sites++;
      const held = block.let(fresh("value"), value);
      block.if(k.lt(logTop, k.i32(length)), (inner) =>
        inner.set(differs, k.or(differs, k.ne(k.load("i32", log, logTop), held))),
      );
      block.set(logTop, advanced(logTop));
    },
  });
  writer.write(routine.body, prelude);
  const isOther = k.or(differs, k.ne(logTop, k.i32(length)));
  const memory = memoryOf(routine, flow, false);
  const outputs: Routine["outputs"] = [
    { kind: "scalar", value: k.convert("i32", isOther) },
    ...memory.outputs,
  ];
  const start = writer.speculates ? clearing([...memory.temps, ...buffersAmong(memory.outputs)], fresh) : [];
  const made = frame(tangents, "comparison", [...start, ...prelude.statements], outputs, memory);
  const reference: Port = { kind: "buffer", buffer: { name: log, type: "i32", size: length } };
  return { ...made, routine: { ...made.routine, inputs: [...made.routine.inputs, reference] }, sites };
}

function advanced(counter: Expr): Expr {
  return k.select(k.lt(counter, k.i32(countLimit)), k.add(counter, k.i32(1)), counter);
}

/** Returns a generator of names that the routine does not use. */
function freshNames(routine: Routine): (hint: string) => string {
  const used = new Set<string>();
  for (const port of routine.inputs) used.add(port.kind === "buffer" ? port.buffer.name : port.name);
  for (const { name } of buffersOf(routine)) used.add(name);
  const uses = usesOf(routine.body);
  for (const name of [...uses.touched.keys(), ...uses.declared, ...uses.buffers]) used.add(name);
  const names = makeNames();
  const fresh = (hint: string): string => {
    const name = names(`${hint}#`);
    return used.has(name) ? fresh(hint) : name;
  };
  return fresh;
}

function buffersOf(routine: Routine): Buffer[] {
  const ports = [...routine.inputs, ...routine.outputs];
  return [...ports.flatMap((port) => (port.kind === "buffer" ? [port.buffer] : [])), ...routine.temps];
}

function contextOf({ routine, flow, roles, firsts }: TangentRoutine): {
  readonly flow: DataFlow;
  readonly columnsOf: ReadonlyMap<string, number>;
  readonly sizes: ReadonlyMap<string, SizeExpr>;
  readonly changed: ReadonlySet<string>;
} {
  const columnsOf = new Map<string, number>();
  routine.inputs.forEach((port, i) => {
    if (roles[i] !== "tangent") return;
    columnsOf.set(port.kind === "buffer" ? bufferName(port.buffer.name) : port.name, firsts[i]!);
  });
  const changed = new Set<string>();
  walkBlock(routine.body, { stmt: (stmt: Stmt) => void (stmt.kind === "set" && changed.add(stmt.name)) });
  const sizes = new Map(buffersOf(routine).map(({ name, size }) => [name, size]));
  return { flow, columnsOf, sizes, changed };
}

function setBuffer({ name, size }: Buffer): Buffer {
  return { name: setName(name), type: "i32", size };
}

function buffersAmong(outputs: Routine["outputs"]): Buffer[] {
  return outputs.flatMap((output) => (output.kind === "buffer" ? [output.buffer] : []));
}

/** Code that fills buffers with zeros. */
function clearing(buffers: readonly Buffer[], fresh: (hint: string) => string): Stmt[] {
  const block = k.makeBlock();
  for (const { name, type, size } of buffers)
    block.forEach(fresh("i"), k.i32(0), sizeExpr(size), (inner, i) =>
      inner.store(name, i, k.constant(type, 0)),
    );
  return block.statements;
}

/** Memory and further outputs of a routine that propagates sets. */
interface SetMemory extends Pick<Routine, "temps" | "arenaBytes" | "outputs"> {}

/**
 * Plans the memory for the needed values and, with `hasSets`, for the sets. Sets have the same layout as the values, in
 * a second arena, because a set takes no more bytes than a float. Results with needed values become further outputs.
 */
function memoryOf(routine: Routine, { active, needed }: DataFlow, hasSets: boolean): SetMemory {
  const { temps, arenaBytes } = routine;
  const values = temps.filter(({ name }) => needed.has(bufferName(name)));
  const sets = hasSets ? temps.filter(({ name }) => active.has(bufferName(name))) : [];
  const start: SizeExpr = values.length === 0 ? 0 : arenaBytes;
  const moved = sets.map((temp): Temp => ({ ...setBuffer(temp), offset: addSizes(start, temp.offset) }));
  const isUsed = values.length + sets.length > 0;
  const all = addSizes(start, sets.length === 0 ? 0 : arenaBytes);
  return {
    temps: [...values, ...moved],
    arenaBytes: isUsed ? all : 0,
    outputs: routine.outputs.filter(
      (output) => output.kind === "buffer" && needed.has(bufferName(output.buffer.name)),
    ),
  };
}

function frame(
  { routine, flow, roles }: TangentRoutine,
  name: string,
  body: readonly Stmt[],
  outputs: Routine["outputs"],
  { temps, arenaBytes }: SetMemory,
): Omit<SetRoutine, "sites"> {
  const inputs = routine.inputs.flatMap((port, i) => {
    const isRead = flow.needed.has(port.kind === "buffer" ? bufferName(port.buffer.name) : port.name);
    return isRead && roles[i] !== undefined ? [i] : [];
  });
  const ports = inputs.map((i) => routine.inputs[i]!);
  return {
    routine: {
      name: `${name}(${routine.name})`,
      inputs: ports,
      outputs,
      temps,
      arenaBytes,
      body,
    },
    inputs,
  };
}
