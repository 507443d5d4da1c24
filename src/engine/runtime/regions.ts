import { DownhillError, internalError } from "../errors/index.ts";
import { sizeOfCall } from "../kernel/call-sizes.ts";
import { copyNumbers } from "../kernel/copy-elements.ts";
import type { Backend, BufferView, CompiledRoutine, KernelValue, TypedArray } from "../kernel/executable.ts";
import { bytesPerElement, makeArray } from "../kernel/executable.ts";
import { addHolder } from "../kernel/reclaim.ts";
import type { Routine, ScalarType } from "../kernel/scalar.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import { failureOf } from "../region/lower/failure.ts";
import type { DerivedRegion } from "../region/lower/derived.ts";
import { positionsInOrder, regionKey } from "../region/form/key.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import { sitesInOrder } from "../region/lower/record.ts";
import type { LoweredRegion, ResultPort } from "../region/lower/routine.ts";
import { lowerRegion } from "../region/lower/routine.ts";
import type { PositionIndex, Region } from "../region/form/region.ts";
import { maxLength } from "../region/form/region.ts";
import { makeLru } from "../util/lru.ts";
import { must } from "../util/assert-never.ts";
import { engine } from "./engine.ts";
import { sizedBackendFor } from "./sized-backend.ts";
import type { PlainSource } from "./verify.ts";
import { currentVerifier } from "./verify.ts";

/** An array argument or result of a region: elements in row-major order, and one length per axis. */
export interface RegionArray<Data extends ArrayLike<number> = ArrayLike<number>> {
  readonly data: Data;
  readonly dims: readonly number[];
}

/**
 * An argument of a region: a number (0 or 1 for a boolean) or an array. A one-dimensional array may be passed as its
 * elements alone.
 */
export type RegionArgument = number | RegionArray | TypedArray | readonly number[];

/** A result of a region. Arrays are newly allocated. */
export type RegionOutcome = number | RegionArray<TypedArray>;

/**
 * Calls a compiled region. `isLent` marks results whose arrays the next call may overwrite, because the caller copies
 * them first. Such an array may be longer than the result.
 */
export type RegionCall = (
  args: readonly RegionArgument[],
  isLent?: readonly boolean[],
  source?: PlainSource,
) => RegionOutcome[];

/** Cache of compiled regions. */
export interface RegionCache {
  /** Returns the call of a region. A derived region is not built if a record of it is found. */
  readonly callOf: (region: Region | DerivedRegion) => RegionCall;
  readonly clear: () => void;
}

/** Maximum number of cached compiled regions; the least recently used one is evicted first. */
const mostKept = 256;

/**
 * Runs a region on numbers and arrays, which stay unchanged. Typed arrays of the parameter's type are read without a
 * copy. Structurally equal regions share one compilation; other values and lengths compile nothing.
 *
 * @throws DownhillError `range` for an index or a length out of range, or a non-int32 argument of an integer parameter;
 *   `thrown` if a `throw` statement is reached; `oom` if an array outgrows the memory.
 *
 * @param isLent see `RegionCall`.
 * @param source the plain function that the region was built or derived from, for `configure({ verify })`.
 */
export function callRegion(
  region: Region | DerivedRegion,
  args: readonly RegionArgument[],
  isLent?: readonly boolean[],
  source?: PlainSource,
): RegionOutcome[] {
  return (engine.regions ??= makeRegionCache()).callOf(region)(args, isLent, source);
}

/** Cache entry of a region that was called at least once. */
interface RegionCacheEntry {
  readonly region: Region | DerivedRegion;
  readonly code: CompiledRegion;
  call: RegionCall;
}

function makeRegionCache(): RegionCache {
  const byKey = makeLru<string, CompiledRegion>(mostKept, (_, code) => code.drop());
  let byRegion = new WeakMap<Region | DerivedRegion, RegionCacheEntry>();
  let latest: RegionCacheEntry | undefined; // saves the lookup in repeated calls
  const keptCode = <C extends CompiledRegion | undefined>(
    key: string,
    compile: () => C,
  ): CompiledRegion | C => {
    const known = byKey.get(key);
    if (known !== undefined && !known.isDropped()) return known;
    const code = compile();
    if (code !== undefined) byKey.set(key, code);
    return code;
  };
  const compiled = (region: Region): RegionCacheEntry => {
    const code = keptCode(regionKey(region), () => {
      engine.compilations++;
      return compileRegion(region);
    });
    return { region, code, call: callOf(code, region) };
  };
  const recorded = (region: DerivedRegion): RegionCacheEntry => {
    const { base, steps } = region;
    if (engine.records !== undefined) {
      const code = keptCode(`${steps}|${regionKey(base)}`, () => recordedCode(region));
      if (code !== undefined) return { region, code, call: callOf(code, base) };
    }
    return { ...compiled(region.region()), region };
  };
  /** Drops the code of all regions that are not running; they are compiled again at the next call. */
  const dropIdle = (): boolean => {
    const idle = byKey.values().filter((code) => !code.isRunning && !code.isDropped());
    for (const code of idle) code.drop();
    return idle.length > 0;
  };
  addHolder({ giveBack: dropIdle });
  return {
    callOf(region) {
      const known = latest?.region === region ? latest : byRegion.get(region);
      if (known !== undefined && !known.code.isDropped()) {
        latest = known;
        return known.call;
      }
      latest = "steps" in region ? recorded(region) : compiled(region);
      currentVerifier().watchRegion?.(latest);
      byRegion.set(region, latest);
      return latest.call;
    },
    clear() {
      for (const code of byKey.values()) code.drop();
      byKey.clear();
      byRegion = new WeakMap();
      latest = undefined;
    },
  };
}

/** A compiled region, shared by all regions of its structure. */
export interface CompiledRegion {
  /**
   * Returns name and parameters of the region that is called. `text` is this region, or the base region if the code
   * comes from a record.
   */
  readonly signatureOf: (text: Region) => Pick<Region, "name" | "params">;
  /** Maps the position in an error site to a position in the text of the called region. */
  readonly placeOf: (at: PositionIndex, text: Region) => PositionIndex | undefined;
  /** Code that calls use at present. After a check before a loop has failed, it is the result of `withCopies`. */
  version: CodeVersion;
  /** Compiles the region with an additional copy of each loop that makes all checks in its iterations. */
  readonly withCopies: () => CodeVersion;
  /** Capacity in elements, one entry per capacity input of the routine. Grows on demand. */
  readonly capacities: number[];
  /** True during a call; its memory must not be freed then. */
  isRunning: boolean;
  readonly isDropped: () => boolean;
  readonly drop: () => void;
}

interface CodeVersion {
  readonly lowered: LoweredRegion;
  readonly compiled: CompiledRoutine;
}

/** Initial capacity, in elements, of arrays whose length is only known at run time. */
const firstCapacity = 256;
/** Maximum capacity in elements. */
const mostElements = 2 ** 31 - 1;

/** Compiles a region by the given backend, or by the one that suits its work. */
export function compileRegion(region: Region, backend?: Backend, options: LowerOptions = {}): CompiledRegion {
  const quick = lowerRegion(region, scalarFunctions, { ...options, failedChecks: "end" });
  // both versions use one backend, because sums of products may differ in the last bit between backends
  const { compile } = backend ?? sizedBackendFor(quick.routine);
  return codeOf({
    signatureOf: (text) => text,
    placeOf: (at, text) =>
      text === region ? at : positionsInOrder(text)[positionsInOrder(region).indexOf(at)],
    version: { lowered: quick, compiled: compile(quick.routine) },
    withCopies() {
      const lowered = lowerRegion(region, scalarFunctions, { ...options, failedChecks: "copy" });
      return { lowered, compiled: compile(lowered.routine) };
    },
  });
}

/** Returns the code of a region from its record; undefined if it has none. */
function recordedCode(region: DerivedRegion): CompiledRegion | undefined {
  const found = engine.records?.find(region);
  if (found === undefined) return undefined;
  const { signatureOf, lowered, compiled, compile } = found;
  return codeOf({
    signatureOf,
    placeOf: (at, text) => positionsInOrder(text)[at],
    version: { lowered, compiled },
    withCopies() {
      const copied = lowerRegion(region.region(), scalarFunctions, { failedChecks: "copy" });
      return {
        lowered: { ...copied, sites: sitesInOrder(copied.sites, region.base) },
        compiled: compile(copied.routine),
      };
    },
  });
}

function codeOf(
  parts: Pick<CompiledRegion, "signatureOf" | "placeOf" | "version" | "withCopies">,
): CompiledRegion {
  let dropped = false;
  return {
    ...parts,
    capacities: parts.version.lowered.capacities.map(() => firstCapacity),
    isRunning: false,
    isDropped: () => dropped,
    drop() {
      dropped = true;
      this.version.compiled.release?.();
    },
  };
}

/**
 * Creates the call of a region from code that was compiled for its structure. `text` is the region itself, or the base
 * region if the code comes from a record.
 */
export function callOf(code: CompiledRegion, text: Region): RegionCall {
  let { version } = code;
  const region = { ...code.signatureOf(text), text };
  let attempt = attemptOf(code, version, region);
  return (args, isLent) => {
    for (;;) {
      if (version !== code.version) attempt = attemptOf(code, (version = code.version), region);
      const outcomes = attempt(args, isLent);
      if (outcomes !== undefined) return outcomes;
    }
  };
}

/** The region that a call runs, for the checks of arguments and for errors. */
interface Callee extends Pick<Region, "name" | "params"> {
  /** Region whose source text errors quote. */
  readonly text: Region;
}

/**
 * Creates a function that runs the code once. It returns undefined if the call must be repeated, because capacities
 * have grown or the code was replaced.
 */
function attemptOf(
  code: CompiledRegion,
  { lowered, compiled }: CodeVersion,
  region: Callee,
): (args: readonly RegionArgument[], isLent?: readonly boolean[]) => RegionOutcome[] | undefined {
  const { routine, results, failure } = lowered;
  const { capacities } = code;
  const writeArgs = region.params.map((param, i) =>
    param.kind === "scalar"
      ? scalarWriter(region, param, i)
      : arrayWriter(region, param, i, firstLength(region, i), compiled.takesNumbers === true),
  );
  const n = writeArgs.length;
  const isReal = region.params.map(({ kind, type }) => kind === "scalar" && type === "f64");
  const readers = results.map((port) => resultReader(port, routine));
  const rooms = results.flatMap((port, result) =>
    port.kind === "array" ? [roomOf(port, result, sizeOfCall(port.size, routine))] : [],
  );
  const inputs: KernelValue[] = routine.inputs.map(() => 0);
  const outputs: KernelValue[] = routine.outputs.map(() => 0);
  return (args, isLent) => {
    if (args.length !== n) throw internalError(`${region.name} takes ${n} arguments, not ${args.length}`);
    for (let i = 0; i < n; i++) {
      const x = args[i]!;
      if (isReal[i] === true && typeof x === "number") inputs[i] = x;
      else writeArgs[i]!(x, inputs);
    }
    for (let k = 0; k < capacities.length; k++) inputs[lowered.capacities[k]!.input] = capacities[k]!;
    for (let k = 0; k < rooms.length; k++) outputs[rooms[k]!.output] = rooms[k]!.make(inputs, isLent);
    code.isRunning = true;
    try {
      compiled(inputs, outputs);
    } finally {
      code.isRunning = false;
    }
    if (failure !== undefined && outputs[failure] !== 0) {
      settleFailure(code, region, outputs);
      return undefined;
    }
    const outcomes = new Array<RegionOutcome>(readers.length);
    for (let k = 0; k < readers.length; k++) {
      const port = results[k]!;
      outcomes[k] = port.kind === "scalar" ? (outputs[port.output] as number) : readers[k]!(inputs, outputs);
    }
    return outcomes;
  };
}

/** Allocates the array of one result. */
interface ResultAllocator {
  readonly output: number;
  readonly make: (inputs: readonly KernelValue[], isLent: readonly boolean[] | undefined) => BufferView;
}

/** Maximum size in bytes of a lent array that is reused. Allocating a larger one takes less time than filling it. */
const mostBytesLent = 16_384;

function roomOf(
  { type, output }: ResultPort & { readonly kind: "array" },
  result: number,
  sizeOf: (inputs: readonly KernelValue[]) => number,
): ResultAllocator {
  const none = makeArray(type, 0);
  const lent: Writable<BufferView> = { array: none, offset: 0, isOutside: true, isZero: false };
  const given: Writable<BufferView> = { array: none, offset: 0, isOutside: true, isZero: true };
  const most = mostBytesLent / bytesPerElement[type];
  return {
    output,
    make(inputs, isLent) {
      const n = Math.max(0, sizeOf(inputs)) || 0;
      if (isLent?.[result] === true && n <= most) {
        if (lent.array.length < n) lent.array = makeArray(type, n);
        return lent;
      }
      given.array = makeArray(type, n);
      return given;
    },
  };
}

/**
 * Handles a reported failure: enlarges the capacity of a full array, or replaces the code after a failed check. Throws
 * every other error.
 */
function settleFailure(code: CompiledRegion, { name, text }: Callee, outputs: readonly KernelValue[]): void {
  const { lowered, compiled } = code.version;
  const first = must(lowered.failure, "the outputs of errors");
  const [number, wanted, length, ...values] = outputs.slice(first) as [number, number, number, ...number[]];
  const site = must(lowered.sites[number - 1], `site ${number} of an error`);
  if (site.kind === "checks") {
    engine.compilations++;
    code.version = code.withCopies();
    compiled.release?.();
    return;
  }
  if (site.kind === "capacity" && wanted <= mostElements) {
    const k = lowered.capacities.findIndex(({ arrays }) => arrays.includes(site.array ?? ""));
    code.capacities[k] = Math.min(mostElements, Math.max(2 * code.capacities[k]!, wanted));
    return;
  }
  const at = site.at === undefined ? undefined : code.placeOf(site.at, text);
  throw failureOf({ ...text, name }, { ...site, at }, wanted, length, values);
}

type ArgumentWriter = (arg: RegionArgument, inputs: KernelValue[]) => void;

function scalarWriter(
  { name: owner }: Callee,
  { name, type }: { readonly name: string; readonly type: ScalarType },
  slot: number,
): ArgumentWriter {
  if (type === "i32")
    return (x, inputs) => {
      if (x !== ((x as number) | 0) || x > maxLength || x < -maxLength)
        throw new DownhillError(
          "range",
          `${owner}: ${name} must be an integer of at most 2³⁰ in magnitude, got ${typeof x === "number" ? x : "an array"}.`,
        );
      inputs[slot] = x;
    };
  if (type === "f32") return (x, inputs) => void (inputs[slot] = Math.fround(numberOf(x, owner, name)));
  return (x, inputs) => void (inputs[slot] = numberOf(x, owner, name));
}

function numberOf(x: RegionArgument, owner: string, name: string): number {
  if (typeof x !== "number") throw internalError(`${owner}: ${name} is not a number`);
  return x;
}

/** Input index of the first length of array parameter `i`. */
function firstLength({ params }: Callee, i: number): number {
  const before = params.slice(0, i).reduce((sum, p) => sum + (p.kind === "array" ? p.rank : 0), 0);
  return params.length + before;
}

function arrayWriter(
  { name: owner }: Callee,
  { name, type, rank }: { readonly name: string; readonly type: ScalarType; readonly rank: number },
  slot: number,
  lengths: number,
  takesNumbers: boolean,
): ArgumentWriter {
  const none = makeArray(type, 0);
  const noLength = (axis: number, n: number): DownhillError =>
    new DownhillError("range", `${owner}: ${name} has ${n} elements along axis ${axis}, more than 2³⁰.`);
  // created once, because allocating an object per array would take a noticeable part of a short call
  const inPlace: Writable<BufferView> = { array: none, offset: 0 };
  const copied: Writable<BufferView> = { array: none, offset: 0, isOutside: true, numbers: [] };
  const write = (data: ArrayLike<number>, inputs: KernelValue[]): void => {
    if (data.constructor === none.constructor) {
      inPlace.array = data as TypedArray;
      inputs[slot] = inPlace;
      return;
    }
    copied.numbers = data;
    if (!takesNumbers) {
      if (copied.array.length < data.length) copied.array = makeArray(type, data.length);
      copyNumbers(copied.array, data);
    }
    inputs[slot] = copied;
  };
  return (x, inputs) => {
    if (typeof x !== "number" && !("dims" in x) && rank === 1) {
      if (x.length > maxLength) throw noLength(0, x.length);
      inputs[lengths] = x.length;
      return write(x, inputs);
    }
    if (typeof x === "number" || !("dims" in x) || x.dims.length !== rank)
      throw internalError(`${owner}: ${name} is not an array of ${rank} axes`);
    const { data, dims } = x;
    let size = 1;
    for (let axis = 0; axis < rank; axis++) {
      if (dims[axis]! > maxLength) throw noLength(axis, dims[axis]!);
      size *= dims[axis]!;
      inputs[lengths + axis] = dims[axis]!;
    }
    if (data.length !== size)
      throw internalError(`${owner}: ${name} has ${data.length} elements, not ${dims.join(" × ")}`);
    write(data, inputs);
  };
}

/** The type without `readonly` modifiers. */
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Creates a function that reads one result from the outputs of a call. */
function resultReader(
  port: ResultPort,
  routine: Routine,
): (inputs: readonly KernelValue[], outputs: readonly KernelValue[]) => RegionOutcome {
  const { output } = port;
  if (port.kind === "scalar") return (_, outputs) => outputs[output] as number;
  if ("sizes" in port.dims) {
    const dims = port.dims.sizes.map((size) => sizeOfCall(size, routine));
    const [length, ...rest] = dims;
    if (length !== undefined && rest.length === 0)
      return (inputs, outputs) => ({ data: (outputs[output] as BufferView).array, dims: [length(inputs)] });
    return (inputs, outputs) => ({
      data: (outputs[output] as BufferView).array,
      dims: dims.map((n) => n(inputs)),
    });
  }
  const places = port.dims.outputs;
  return (_, outputs) => {
    const dims = places.map((place) => outputs[place] as number);
    const size = dims.reduce((a, b) => a * b);
    return { data: (outputs[output] as BufferView).array.slice(0, size), dims };
  };
}
