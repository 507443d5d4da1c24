// Calls from numbers to numbers with little overhead: arguments of simple kinds are read without copying them into a
// tree of leaves.
import type { RegionType } from "../../../engine/region/form/region.ts";
import { callRegion, type RegionArgument, type RegionOutcome } from "../../../engine/runtime/regions.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";
import type { RegionClosure, PlainCallable } from "./callable.ts";
import { makeItems, readItems, shapeOfTemplate, shapeOfType } from "./lists.ts";
import type { LeafElements } from "./templates.ts";
import {
  countLeaves,
  type ValueLeaf,
  leavesOf,
  makers,
  plainLeaf,
  putTogether,
  takeApart,
  type Template,
} from "./values.ts";

/**
 * Bit set with one bit per array operand, or per optional value. The bit is 1 if the operand was given as an array of
 * numbers, or the value is present. For simple arguments, these bits determine the kinds of arrays in the result.
 */
type ArgumentKinds = number;

/**
 * Reads an argument and stores its operands at their indices. Returns `kinds` with the bits of this argument added, or
 * −1 if the argument is not simple.
 */
type ArgumentReader = (value: unknown, operands: RegionArgument[], kinds: ArgumentKinds) => ArgumentKinds;

/** Maximum number of array operands, which is the number of bits for them. */
const mostArrays = 24;

/** Fast call of a region for simple arguments. */
export interface QuickCall {
  /**
   * Calls the region and returns the result. Returns `undefined` if the arguments are not simple, or `note` has not
   * been called for their kinds yet; the caller then runs its general code.
   */
  call(args: readonly unknown[]): unknown;
  /**
   * Records how results for arguments of these kinds are assembled. The general code calls it after it has computed a
   * result.
   */
  note(args: readonly unknown[], result: Template): void;
}

/** Creates the fast call of a callable with a region; `undefined` if its arguments can never be simple. */
export function quickCall(callable: PlainCallable, body: () => RegionClosure): QuickCall | undefined {
  const { params } = callable;
  let readers: readonly (ArgumentReader | undefined)[] | undefined;
  const templates = new Map<ArgumentKinds, ResultAssembly>();
  const read = (args: readonly unknown[], operands: RegionArgument[]): ArgumentKinds => {
    if (args.length > params.length) return -1;
    readers ??= readersOf(params, body().region.base.params.map(({ type }) => type)); // prettier-ignore
    let kinds: ArgumentKinds = 0;
    for (let i = 0; i < readers.length && kinds >= 0; i++) {
      const reader = readers[i];
      kinds = reader === undefined ? -1 : reader(args[i], operands, kinds);
    }
    return kinds;
  };
  const run = (args: readonly unknown[]): unknown => {
    const { region, outside, source } = body();
    const operands = new Array<RegionArgument>(region.base.params.length); // allocated at full length, because growing takes part of the time of a short call
    const known = templates.get(read(args, operands));
    if (known === undefined) return undefined;
    const leaves = outside();
    const first = operands.length - leaves.length;
    for (let i = 0; i < leaves.length; i++) operands[first + i] = argumentOf(leaves[i]!);
    return assemble(known, callRegion(region, operands, known.isCopied, source));
  };
  // a getter among the arguments may call the function again, and the arguments of that call would be copied to the
  // same arrays
  let isRunning = false;
  return {
    call(args) {
      if (templates.size === 0 || isRunning) return undefined;
      isRunning = true;
      try {
        return run(args);
      } finally {
        isRunning = false;
      }
    },
    note(args, result) {
      if (isRunning) return;
      const kinds = read(args, []);
      if (kinds >= 0) templates.set(kinds, knownBy(result));
    },
  };
}

interface ResultAssembly {
  readonly assemble: ResultAssembler;
  readonly isCopied: readonly boolean[];
}

const knownBy = (template: Template): ResultAssembly => ({
  assemble: assembler(template),
  isCopied: copiedLeaves(template),
});

/** For each leaf of a result, true if assembling the result copies it, because it becomes an array of numbers. */
function copiedLeaves(template: Template): readonly boolean[] {
  switch (template.kind) {
    case "leaf":
      return [template.of === "number[]"];
    case "record":
      return template.fields.flatMap((field) => copiedLeaves(field.type));
    case "tuple":
      return template.items.flatMap(copiedLeaves);
    case "list":
      return new Array<boolean>(leavesOf(template)).fill(
        template.items === undefined && shapeOfTemplate(template.item) !== undefined,
      );
    case "absent":
    case "optional":
    case "batch":
    case "jacobian":
      return new Array<boolean>(leavesOf(template)).fill(false);
    default:
      return assertNever(template, "copiedLeaves");
  }
}

/** Converts a leaf to an operand in the form that a region takes. */
function argumentOf({ data, dims }: ValueLeaf): RegionArgument {
  return typeof data === "number" ? data : { data, dims };
}

function readersOf(
  params: readonly PlainType[],
  types: readonly RegionType[],
): (ArgumentReader | undefined)[] {
  const source = { next: 0, arrays: 0, types };
  return params.map((type) => readerOf(type, source));
}

/** Position while arguments are read: index of the next operand, and index of the next array. */
interface OperandCursor {
  next: number;
  arrays: number;
  readonly types: readonly RegionType[];
}

function readerOf(type: PlainType, source: OperandCursor): ArgumentReader | undefined {
  switch (type.kind) {
    case "number":
      return numberReader(source.types[source.next]!, source.next++);
    case "array":
      return arrayReader(source.types[source.next]!, source.next++, source.arrays++);
    case "record": {
      const names = type.fields.map((field) => field.name);
      return membersReader(
        names,
        type.fields.map((field) => readerOf(field.type, source)),
      );
    }
    case "tuple":
      return membersReader(
        type.items.map((_, i) => i),
        type.items.map((item) => readerOf(item, source)),
        type.items.length,
      );
    case "optional":
      return optionalReader(type, source);
    case "matrix":
      return matrixReader(source.types[source.next]!, source.next++);
    case "list":
      return listReader(type.item, source);
    case "boolean":
      return undefined;
  }
}

/** Maximum number of elements of cached arrays for copies of arguments. Larger arrays are allocated for each call. */
const mostKept = 65_536;

/**
 * Returns an array for the numbers of an argument. Consecutive calls with the same length, up to `mostKept`, return the
 * same array.
 */
function scratch(type: RegionType): (n: number) => LeafElements {
  const make = makers[type];
  let kept = new make(0);
  return (n) => {
    if (kept.length === n) return kept;
    const made = new make(n);
    if (n <= mostKept) kept = made;
    return made;
  };
}

/**
 * Returns the reader of an array of records or tuples; `undefined` if they contain anything but numbers and booleans.
 */
function listReader(item: PlainType, source: OperandCursor): ArgumentReader | undefined {
  const first = source.next;
  const count = countLeaves(item);
  source.next += count;
  const elements = source.types.slice(first, source.next);
  const shape = shapeOfType(item, elements.values());
  if (shape === undefined) return undefined;
  const read = readItems(shape);
  const arrays = elements.map(scratch);
  return (value, operands, kinds) => {
    if (!Array.isArray(value) || value.length === 0) return -1;
    const own = arrays.map((array) => array(value.length));
    if (!read(value, own)) return -1;
    for (let k = 0; k < count; k++) operands[first + k] = own[k]!;
    return kinds;
  };
}

/**
 * Returns the reader of an array of arrays of numbers, all of the same length; `undefined` unless the numbers are f64.
 */
function matrixReader(type: RegionType, place: number): ArgumentReader | undefined {
  if (type !== "f64") return undefined;
  const array = scratch(type);
  return (value, operands, kinds) => {
    if (!Array.isArray(value) || value.length === 0) return -1;
    const rows = value as readonly unknown[];
    const n = rows.length;
    const width = Array.isArray(rows[0]) ? rows[0].length : 0;
    const data = array(n * width);
    let next = 0;
    for (let i = 0; i < n; i++) {
      const row = rows[i];
      if (!Array.isArray(row) || row.length !== width) return -1;
      for (let j = 0; j < width; j++) {
        const x: unknown = row[j];
        if (typeof x !== "number") return -1;
        data[next++] = x;
      }
    }
    operands[place] = { data, dims: [n, width] };
    return kinds;
  };
}

/**
 * Returns the reader of a value that may be absent; a bit of the kinds records if it is present. `undefined` if the
 * value has no reader, or if no bit is left.
 */
function optionalReader(
  optional: PlainType & { readonly kind: "optional" },
  source: OperandCursor,
): ArgumentReader | undefined {
  const { type, absence } = optional;
  const flag = source.next++;
  const bit = source.arrays++;
  const first = source.next;
  const reader = readerOf(type, source);
  // one bit cannot distinguish null from undefined
  if (reader === undefined || bit >= mostArrays || absence === "either") return undefined;
  const missingValue = absence === "null" ? null : undefined;
  const absent: ValueLeaf[] = [];
  const types = source.types.slice(flag, source.next);
  takeApart(optional, missingValue, types.values(), { path: "", lead: 0 }, absent);
  const missing = absent.slice(1).map(argumentOf);
  return (value, operands, kinds) => {
    operands[flag] = value === missingValue ? 0 : 1;
    if (value !== missingValue) return reader(value, operands, kinds | (1 << bit));
    for (let i = 0; i < missing.length; i++) operands[first + i] = missing[i]!;
    return kinds;
  };
}

function numberReader(type: RegionType, place: number): ArgumentReader {
  if (type === "i32")
    return (value, operands, kinds) => {
      if (value !== ((value as number) | 0)) return -1;
      operands[place] = value;
      return kinds;
    };
  return (value, operands, kinds) => {
    if (typeof value !== "number") return -1;
    operands[place] = value;
    return kinds;
  };
}

/**
 * Returns the reader of an array of numbers, whose bit in the kinds has the number `bit`; `undefined` for booleans, or
 * if no bit is left.
 */
function arrayReader(type: RegionType, place: number, bit: number): ArgumentReader | undefined {
  if (bit >= mostArrays || type === "bool") return undefined;
  const make = makers[type];
  return (value, operands, kinds) => {
    // an empty array may be detached, which the general code checks
    if (value instanceof make && value.length > 0) {
      operands[place] = value;
      return kinds;
    }
    if (!Array.isArray(value) || type === "i32") return -1;
    for (let i = 0; i < value.length; i++) if (typeof value[i] !== "number") return -1;
    operands[place] = value as number[];
    return kinds | (1 << bit);
  };
}

function membersReader(
  names: readonly (string | number)[],
  readers: readonly (ArgumentReader | undefined)[],
  length?: number,
): ArgumentReader | undefined {
  if (readers.includes(undefined)) return undefined;
  return (value, operands, before) => {
    if (typeof value !== "object" || value === null) return -1;
    if (length !== undefined && (value as ArrayLike<unknown>).length !== length) return -1;
    let kinds = before;
    for (let i = 0; i < readers.length && kinds >= 0; i++)
      kinds = readers[i]!((value as Readonly<Record<string | number, unknown>>)[names[i]!], operands, kinds);
    return kinds;
  };
}

/** Creates a result, or a part of one, from the outcomes of a region. */
type ResultAssembler = (from: OutcomeCursor) => unknown;

interface OutcomeCursor {
  readonly outcomes: readonly RegionOutcome[];
  next: number;
}

function assemble(known: ResultAssembly, outcomes: readonly RegionOutcome[]): unknown {
  return known.assemble({ outcomes, next: 0 });
}

function assembler(template: Template): ResultAssembler {
  switch (template.kind) {
    case "leaf":
      return (from) => {
        const x = from.outcomes[from.next++]!;
        if (typeof x === "number") return template.type === "bool" ? x !== 0 : x;
        return plainLeaf(x as ValueLeaf, template.type, template.of);
      };
    case "record": {
      const fields = template.fields.map(({ name, type }) => ({
        name,
        part: assembler(type),
        isAbsent: type.kind === "absent" && type.isNull !== true,
      }));
      return (from) => {
        const object: Record<string, unknown> = {};
        for (const { name, part, isAbsent } of fields) {
          const value = part(from);
          if (!isAbsent) object[name] = value;
        }
        return object;
      };
    }
    case "tuple": {
      const parts = template.items.map(assembler);
      const [first, second, third] = parts;
      // A literal of mixed elements is created at once, whereas an array that is filled changes its layout with the
      // first number and again with the first array.
      if (parts.length === 2) return (from) => [first!(from), second!(from)];
      if (parts.length === 3) return (from) => [first!(from), second!(from), third!(from)];
      return (from) => parts.map((part) => part(from));
    }
    case "absent": {
      const { length } = template.types;
      const value = template.isNull === true ? null : undefined;
      return (from) => {
        from.next += length;
        return value;
      };
    }
    case "list":
    case "optional":
    case "batch":
    case "jacobian": {
      const count = leavesOf(template);
      const shape =
        template.kind === "list" && template.items === undefined ? shapeOfTemplate(template.item) : undefined;
      const make = shape && makeItems(shape);
      return (from) => {
        const own = from.outcomes
          .slice(from.next, (from.next += count))
          .map((x): ValueLeaf => (typeof x === "number" ? { data: x, dims: [] } : (x as ValueLeaf)));
        if (make === undefined) return putTogether(template, own);
        return make(
          own[0]?.dims[0] ?? 0,
          own.map(({ data }) => data as LeafElements),
        );
      };
    }
    default:
      return assertNever(template, "assembler");
  }
}
