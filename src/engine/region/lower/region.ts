import * as k from "../../kernel/build.ts";
import type { Block } from "../../kernel/build.ts";
import type { Expr, ScalarType, Stmt } from "../../kernel/scalar.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { walkBlock } from "../../kernel/walk.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";
import { writeExpr } from "./expressions.ts";
import { integerRange, lengthRange } from "./integers.ts";
import type { LowerOptions } from "./options.ts";
import { plus, times } from "../../kernel/index-arithmetic.ts";
import { must } from "../../util/assert-never.ts";
import { simplifyChecks } from "./checks.ts";
import { removeUnreadClears } from "./clears.ts";
import { type LoopContext, runLoopPasses } from "../../loops/pipeline.ts";
import type { ProductHost } from "../../loops/operands.ts";
import { mapBlocks } from "../../loops/rewrite.ts";
import type { ArrayPlace, LoweringCursor, LoweringHost, RegionScope, ErrorSite } from "./scope.ts";
import { arrayOf, openCursor } from "./scope.ts";
import { sizeBeforeCall } from "./sizes.ts";
import { writeBlock } from "./statements.ts";
import type { StripMemory } from "../../loops/strips.ts";
import { replaceAll } from "../../util/append.ts";
import { cutDeepNests } from "./unnest.ts";

/** Results of a lowered region, as expressions, and the locals that they read. */
export interface WrittenRegion {
  /** Scalar results, in order. */
  readonly scalars: readonly Expr[];
  /** Lengths of the axes of the arrays listed in `dimsOf`. */
  readonly dims: ReadonlyMap<string, readonly Expr[]>;
  /** Locals to declare before all statements. They are 0 if an error ends the call. */
  readonly locals: readonly { readonly type: ScalarType; readonly name: string }[];
}

export interface WriteOptions extends LowerOptions {
  /**
   * Returns the memory to which an array result must be copied at the end; `undefined` if it is already computed there.
   */
  outOf(array: string): Pick<ArrayPlace, "buffer" | "offset"> | undefined;
  /** Arrays whose lengths the caller needs. */
  readonly dimsOf: readonly string[];
}

/** Writes a region into a routine, and runs the passes over its checks and loops. */
export function writeRegion(
  region: Region,
  functions: ScalarFunctions,
  host: LoweringHost,
  options: WriteOptions,
): WrittenRegion {
  const settable = new Set<string>();
  walkStmts(region.body, (stmt) => void (stmt.kind === "set" && settable.add(stmt.name)));
  const sites: ErrorSite[] = [];
  const { site, wanted, length } = host.failure;
  const value = (i: number): Expr => host.failure.value(i);
  const scope: RegionScope = {
    host: {
      ...host,
      failure: { site, wanted, length, value, canFail: false, add: (one) => sites.push(one) },
    },
    functions,
    settable,
    scalars: new Map(host.scalars),
    arrays: new Map(host.arrays),
    ranges: new Map(),
    exact: new Map(),
    changing: new Set(),
    guards: new Map(),
    indices: new Map(),
    clears: new Map(),
    stores: new Map(),
    afterError: new Set(),
  };
  const offsets = noteOffsets(region, scope);
  for (const { dims } of host.arrays.values())
    for (const n of dims) if (n.kind === "local") scope.ranges.set(n.name, lengthRange);
  for (const n of host.scalars.values())
    if (n.kind === "local" && n.type === "i32") scope.ranges.set(n.name, integerRange);
  const cursor = openCursor(host.block);
  writeBlock(scope, cursor, region.body);
  const written = writeResults(region, scope, cursor, options);
  const noteStage = (pass: string, statements: readonly Stmt[]): void =>
    void options.stages?.push({ pass, statements });
  cutDeepNests(scope, host.block.statements);
  let statements = removeUnreadClears(scope, host.block.statements);
  noteStage("clears", statements);
  if (options.hoistChecks !== false) {
    statements = simplifyChecks(scope, statements, options);
    noteStage("checks", statements);
  }
  const results = [...written.scalars, ...[...written.dims.values()].flat()];
  const rewrite = (scratch: LoweringHost["scratch"]): readonly Stmt[] =>
    runLoopPasses(statements, loopContext(scope, scratch, offsets, results, options), noteStage);
  let rewritten = rewrite(host.scratch);
  if (host.scratch?.isGranted?.() === false) rewritten = rewrite(undefined);
  statements = numberSites(rewritten, sites, host);
  noteStage("sites", statements);
  replaceAll(host.block.statements, statements);
  return written;
}

function loopContext(
  scope: RegionScope,
  scratch: LoweringHost["scratch"],
  offsets: ReadonlySet<string>,
  results: readonly Expr[],
  options: LowerOptions,
): LoopContext {
  const { changing, ranges, host } = scope;
  const memory = stripMemory(scope, scratch);
  const productsOf = (block: readonly Stmt[]): ProductHost => productHost(block, scope, scratch);
  return { changing, ranges, offsets, memory, productsOf, results, options, fresh: host.fresh };
}

/** Memory and facts for the contractions of a block. */
function productHost(
  block: readonly Stmt[],
  { host, changing, ranges }: RegionScope,
  scratch: LoweringHost["scratch"],
): ProductHost {
  const set = new Set(changing);
  const of = new Map<string, Expr>();
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "set") set.add(stmt.name);
      else if (stmt.kind === "let") of.set(stmt.name, stmt.value);
    },
  });
  for (const name of set) of.delete(name);
  const { scalars, arrays } = host;
  const given = new Set<string>();
  for (const x of [...scalars.values(), ...[...arrays.values()].flatMap(({ dims }) => dims)])
    if (x.kind === "local") given.add(x.name);
  return {
    made: { of, changing: set, ranges, known: new Map() },
    isPositive: (name) => (ranges.get(name)?.low ?? -1) >= 0,
    strips: new Map(),
    fresh: host.fresh,
    knownSize(size) {
      if (scratch === undefined || scratch.holdsProducts === false) return undefined;
      const known = sizeBeforeCall(size, of, given);
      return known === undefined || scratch.isFixed !== true ? known : constantSize(known);
    },
    allocate: (buffer) => scratch?.add(buffer, "products"),
  };
}

/** Memory for loops in strips; `undefined` if the host provides none. */
function stripMemory(
  { host, arrays }: RegionScope,
  scratch: LoweringHost["scratch"],
): StripMemory | undefined {
  if (scratch === undefined) return undefined;
  const own = new Map<string, ArrayPlace>();
  for (const array of arrays.values()) own.set(array.buffer, array);
  return {
    name: host.fresh,
    add: (name, type, size) => scratch.add({ name, type, size }, "strips"),
    arrayIn(buffer) {
      const [array, size] = [own.get(buffer), scratch.sizeOf(buffer)];
      if (array === undefined || size === undefined || array.growth !== undefined) return undefined;
      if (scratch.isFixed === true && constantSize(size) === undefined) return undefined;
      return { size, length: array.dims.reduce(times), type: array.type };
    },
  };
}

/**
 * Replaces the temporary numbers of the error sites in a block by numbers from the host. Sites that no longer occur in
 * the block get none.
 */
function numberSites(
  block: readonly Stmt[],
  sites: readonly ErrorSite[],
  { failure }: LoweringHost,
): readonly Stmt[] {
  const numbers = new Map<number, number>();
  const { name } = failure.site as Expr & { readonly kind: "local" };
  const numbered = (stmts: readonly Stmt[]): readonly Stmt[] =>
    stmts.map((stmt) => {
      if (stmt.kind !== "set" || stmt.name !== name || stmt.value.kind !== "const")
        return mapBlocks(stmt, numbered);
      const { value } = stmt.value;
      let number = numbers.get(value);
      if (number === undefined) numbers.set(value, (number = failure.add(must(sites[value - 1], "a site"))));
      return { ...stmt, value: k.i32(number) };
    });
  return numbered(block);
}

/** Marks the locals with the offsets of swapped arrays as mutable, and returns them. */
function noteOffsets(region: Region, scope: RegionScope): ReadonlySet<string> {
  const offsets = new Set<string>();
  walkStmts(region.body, (stmt) => {
    if (stmt.kind !== "swap") return;
    for (const name of [stmt.x, stmt.y]) {
      const { offset } = scope.host.memoryOf(name);
      if (offset.kind === "local") offsets.add(offset.name);
    }
  });
  for (const name of offsets) scope.changing.add(name);
  return offsets;
}

function writeResults(
  region: Region,
  scope: RegionScope,
  cursor: LoweringCursor,
  options: WriteOptions,
): WrittenRegion {
  const { host } = scope;
  const isDeep = cursor.block !== host.block; // then locals declared there are out of scope at the end
  const isCopied = region.results.some(
    (result) => result.kind === "array" && options.outOf(result.name) !== undefined,
  );
  const locals: { type: ScalarType; name: string }[] = [];
  const dims = new Map<string, readonly Expr[]>();
  if (cursor.isDead) {
    const zeros = region.results.flatMap((result) =>
      result.kind === "scalar" ? [k.constant(result.value.type, 0)] : [],
    );
    for (const name of options.dimsOf) dims.set(name, [k.i32(0)]);
    return { scalars: zeros, dims, locals };
  }
  const kept = (hint: string, value: Expr): Expr => {
    if (!isDeep && cursor.block === host.block) return value;
    const name = host.fresh(hint);
    locals.push({ type: value.type, name });
    const target = k.local(value.type, name);
    cursor.block.set(target, value);
    return target;
  };
  // all values are written before the first is stored, because a check in one of them moves the cursor inward
  const values = region.results.flatMap((result) =>
    result.kind === "scalar" ? [writeExpr(scope, cursor, result.value)] : [],
  );
  const scalars = values.map((value) => kept("result", value));
  for (const name of options.dimsOf)
    dims.set(
      name,
      arrayOf(scope, name).dims.map((n) => kept(`${name}.length`, n)),
    );
  if (isCopied) copyResults(region, scope, cursor.block, options);
  return { scalars, dims, locals };
}

function copyResults(region: Region, scope: RegionScope, block: Block, options: WriteOptions): void {
  for (const result of region.results) {
    if (result.kind !== "array") continue;
    const out = options.outOf(result.name);
    if (out === undefined) continue;
    const { type, buffer, offset, dims } = arrayOf(scope, result.name);
    block.forEach(scope.host.fresh("i"), k.i32(0), dims.reduce(times), (loop, i) =>
      loop.store(out.buffer, plus(out.offset, i), k.load(type, buffer, plus(offset, i))),
    );
  }
}
