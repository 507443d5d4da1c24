// Rewrites sums of products in loop nests as contractions, which backends compute in tiles. The rest of a nest stays in
// loops.
import * as k from "../kernel/build.ts";
import type { Contract, Dim, Expr, ForStmt, ScalarType, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import { walkBlock } from "../kernel/walk.ts";
import type {
  ProductExtraction,
  StridedElements,
  ProductFactor,
  ProductOperand,
  ProductHost,
} from "./operands.ts";
import { elementsAt, factorOf, indexIn, newArray, operandOf, stripLength } from "./operands.ts";
import type { StmtBlock, LoopNest, AccessPattern } from "./nests.ts";
import { areDistinct, factsOf, nestOf, placeOf, readersOf, throughLets } from "./nests.ts";
import { plus } from "../kernel/index-arithmetic.ts";
import { samePolynomial } from "./polynomial.ts";
import { mapBlocks, mapStmts } from "./rewrite.ts";
import { withoutUnusedLocals } from "./unused-locals.ts";
import { largestOf } from "../util/append.ts";

/** Minimum number of loops of a product: one over rows, one over columns and one over summands. */
const fewestLoops = 3;
/** Minimum number of iterations for which a loop is worth a tile of a contraction. */
const fewestIndices = 4;

/** Rewrites the sums of products in a block as contractions. */
export function withProducts(block: StmtBlock, host: ProductHost): readonly Stmt[] {
  return mapStmts(block, (stmt) => {
    const found = stmt.kind === "for" && depthOf(stmt) >= fewestLoops ? extract(stmt, host) : undefined;
    return found ?? mapBlocks(stmt, (inner) => withProducts(inner, host));
  });
}

/** Largest number of `for` loops nested directly in one another, without branches between them; 0 if not a loop. */
function depthOf(stmt: Stmt): number {
  return stmt.kind === "for" ? 1 + largestOf(0, stmt.body.map(depthOf)) : 0;
}

/** Statements that replace a nest after one product was taken out of it. They run in the order of the fields. */
interface ExtractedNest {
  /** Statements to run once, before the nest, even if the outermost loop is divided into strips. */
  readonly once: StmtBlock;
  readonly before: StmtBlock;
  readonly rest: StmtBlock;
  readonly after: StmtBlock;
}

/** A statement that may add a product to a sum, together with the loops around it. */
interface ProductSite<S extends Stmt = Stmt & { readonly kind: "set" | "store" }> {
  readonly loops: readonly ForStmt[];
  readonly block: StmtBlock;
  readonly stmt: S;
}

/** Statements that replace a nest if one of its products can be taken out; `undefined` otherwise. */
function extract(head: ForStmt, host: ProductHost): readonly Stmt[] | undefined {
  const facts = factsOf(head, host);
  for (const site of sitesIn(head)) {
    const nest = nestOf(facts, site.loops, host);
    const found = nest && (takeOut(nest, site, host) ?? inStrips(nest, site, host));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Takes a product out of a nest as a whole; `undefined` if impossible, or if strips are better. */
function takeOut(nest: LoopNest, site: ProductSite, host: ProductHost): readonly Stmt[] | undefined {
  const made = attempted(nest, site, host);
  if (made === undefined) return undefined;
  const { once, before, rest, after } = made;
  return [...once, ...before, ...withProducts(rest, host), ...after];
}

function attempted(nest: LoopNest, site: ProductSite, host: ProductHost): ExtractedNest | undefined {
  const { stmt } = site;
  const attempt: ProductExtraction = { host, arrays: [], wantsStrips: false };
  const made =
    stmt.kind === "store"
      ? outOfElements(nest, { ...site, stmt }, attempt)
      : outOfLocal(nest, { ...site, stmt }, attempt);
  if (made !== undefined) attempt.arrays.forEach((array) => host.allocate(array));
  return made;
}

/**
 * Divides the outermost loop into strips and takes the product out of each strip. The arrays for sums and factors thus
 * have the size of a strip, not of the whole loop. `undefined` if impossible.
 */
function inStrips(nest: LoopNest, site: ProductSite, host: ProductHost): readonly Stmt[] | undefined {
  if (nest.isStrip) return undefined;
  const { from, to, index, reverse } = nest.head;
  const number = host.fresh(`${index}.strip`);
  const body = k.makeBlock();
  const first = host.fresh(`${index}.from`);
  const begin = body.let(first, plus(from, k.mul(k.local("i32", number), k.i32(stripLength))));
  const end = body.let(host.fresh(`${index}.to`), k.min(to, k.add(begin, k.i32(stripLength))));
  host.strips.set(first, nest.tripPolynomials[0]!);
  const loops = nest.loops.map((loop, l) => (l === 0 ? { ...loop, from: begin, to: end } : loop));
  const strip = nestOf(nest, loops, host);
  const made = strip && attempted(strip, site, host);
  if (made === undefined) return undefined;
  const { once, before, rest, after } = made;
  const narrowed = rest.map((stmt) =>
    stmt.kind === "for" && stmt.index === index ? { ...stmt, from: begin, to: end } : stmt,
  );
  const count = k.div(k.add(nest.trips[0]!, k.i32(stripLength - 1)), k.i32(stripLength));
  return [
    ...once,
    {
      kind: "for",
      index: number,
      from: k.i32(0),
      to: count,
      reverse,
      body: [...body.statements, ...before, ...withProducts(narrowed, host), ...after],
    },
  ];
}

function sitesIn(head: ForStmt): readonly ProductSite[] {
  const found: ProductSite[] = [];
  const visit = (loop: ForStmt, around: readonly ForStmt[]): void => {
    const loops = [...around, loop];
    for (const stmt of loop.body) {
      if (stmt.kind === "for") visit(stmt, loops);
      else if (
        (stmt.kind === "store" || stmt.kind === "set") &&
        isFloat(stmt.value.type) &&
        loops.length >= fewestLoops
      )
        found.push({ loops, block: loop.body, stmt });
    }
  };
  visit(head, []);
  return found;
}

/** Product `x · y` that a statement adds to a local or an array element, or subtracts from it. */
interface ProductTerm {
  readonly x: Expr;
  readonly y: Expr;
  readonly isNegative: boolean;
  /** Statement that adds the product, and the declarations of locals that only this statement uses. */
  readonly stmts: ReadonlySet<Stmt>;
}

/** Returns the product that a statement adds to its target; `undefined` if the statement adds no product. */
function termOf(
  nest: LoopNest,
  { block, stmt }: ProductSite,
  isTarget: (expr: Expr) => boolean,
): ProductTerm | undefined {
  const stmts = new Set<Stmt>([stmt]);
  /** Returns the value of a local that is declared in the same iteration; other expressions unchanged. */
  const look = (expr: Expr): Expr => {
    const { value, lets } = throughLets(nest, expr, block);
    for (const one of lets) stmts.add(one);
    return value;
  };
  const sum = look(stmt.value);
  if (sum.kind !== "binary" || (sum.op !== "add" && sum.op !== "sub")) return undefined;
  const isFirst = isTarget(look(sum.x));
  if (!isFirst && !(sum.op === "add" && isTarget(look(sum.y)))) return undefined;
  const product = throughLets(nest, isFirst ? sum.y : sum.x).value;
  if (product.kind !== "binary" || product.op !== "mul" || !areApart(nest, stmts)) return undefined;
  return { x: product.x, y: product.y, isNegative: sum.op === "sub", stmts };
}

/** True if the locals that statements in `stmts` declare are read only by statements in `stmts`. */
function areApart({ readersOf: readers }: LoopNest, stmts: ReadonlySet<Stmt>): boolean {
  return [...stmts].every((stmt) => stmt.kind !== "let" || areAmong(readers(stmt.name), stmts));
}

function areAmong(some: ReadonlySet<Stmt>, all: ReadonlySet<Stmt>): boolean {
  for (const stmt of some) if (!all.has(stmt)) return false;
  return true;
}

/**
 * Takes out a product that is added to array elements; a contraction after the nest adds it instead. `undefined` if
 * another statement of the nest accesses the array, or if the product is no worthwhile contraction.
 */
function outOfElements(
  nest: LoopNest,
  site: ProductSite<Stmt & { readonly kind: "store" }>,
  attempt: ProductExtraction,
): ExtractedNest | undefined {
  const { buffer, index, value } = site.stmt;
  const place = placeOf(nest, index);
  const out = place && elementsAt(buffer, place);
  if (place === undefined || out === undefined) return undefined;
  const term = termOf(
    nest,
    site,
    (x) => x.kind === "load" && x.buffer === buffer && hasPattern(nest, x.index, place),
  );
  if (term === undefined || !areAmong(nest.touching(buffer), term.stmts)) return undefined;
  const loops = new Set(place.strides.flatMap((stride, l) => (stride.size > 0 ? [l] : [])));
  const [x, y] = [factorOf(nest, term.x), factorOf(nest, term.y)];
  if (x === undefined || y === undefined || !areDistinct(nest, place, [...loops])) return undefined;
  const signed = term.isNegative ? negated(nest, term.x) : x;
  const made =
    signed && contraction(nest, { out, loops, accumulate: true }, [signed, y], value.type, attempt);
  if (made === undefined) return undefined;
  const edits = new Map<Stmt, Edit>([[site.stmt, () => []]]);
  for (const { store } of made.operands)
    if (store !== undefined) edits.set(store.behind, (stmt) => [stmt, store.stmt]);
  return {
    ...beforeNest(made.operands),
    rest: restOf(nest, edits),
    after: [made.contract],
  };
}

function hasPattern(nest: LoopNest, index: Expr, place: AccessPattern): boolean {
  const other = placeOf(nest, index);
  return (
    other !== undefined &&
    samePolynomial(place.start, other.start) &&
    place.strides.every((stride, l) => samePolynomial(stride, other.strides[l]!))
  );
}

/** The factor −x; `undefined` if x cannot be computed outside of the nest. */
function negated(nest: LoopNest, x: Expr): ProductFactor | undefined {
  const factor = factorOf(nest, k.neg(x));
  return factor?.source.kind === "computed" ? factor : undefined;
}

/**
 * Takes out a product that is summed in a local of the nest. A contraction computes the sums before the nest, which
 * then reads them. `undefined` if the local is used otherwise, or if the product is no worthwhile contraction.
 */
function outOfLocal(
  nest: LoopNest,
  site: ProductSite<Stmt & { readonly kind: "set" }>,
  attempt: ProductExtraction,
): ExtractedNest | undefined {
  const { name, value } = site.stmt;
  const depth = nest.loops.findIndex(({ body }) =>
    body.some((stmt) => stmt.kind === "let" && stmt.name === name),
  );
  const inner = nest.loops[depth + 1];
  if (depth < 0 || inner === undefined) return undefined;
  const isSum = (x: Expr): boolean => x.kind === "local" && x.name === name;
  const term = termOf(nest, site, isSum);
  if (term === undefined || countSets([inner], name) > 1) return undefined;
  if ([...readersOf([inner], isSum)].some((stmt) => !term.stmts.has(stmt))) return undefined;
  const [x, y] = [factorOf(nest, term.x), factorOf(nest, term.y)];
  if (x?.source.kind === "declared" || y?.source.kind === "declared" || !x || !y) return undefined;
  const loops = new Set(nest.loops.slice(0, depth + 1).keys());
  const direct = term.isNegative ? undefined : storedSum(nest, depth, name, term);
  if (direct !== undefined) {
    const made = contraction(
      nest,
      { out: direct.out, loops, accumulate: false },
      [x, y],
      value.type,
      attempt,
    );
    if (made !== undefined) {
      const edits = new Map([...direct.stmts, site.stmt].map((stmt): [Stmt, Edit] => [stmt, () => []]));
      return {
        ...beforeNest(made.operands, made.contract),
        rest: restOf(nest, edits),
        after: [],
      };
    }
  }
  attempt.arrays.length = 0; // these arrays are not needed
  const out = newArray(nest, [...loops], name, value.type, attempt);
  const made = out && contraction(nest, { out, loops, accumulate: false }, [x, y], value.type, attempt);
  if (made === undefined || out === undefined) return undefined;
  const sum = k.load(value.type, out.buffer, indexIn(nest, out));
  const old = k.local(value.type, name);
  const taken: Stmt = { kind: "set", name, value: term.isNegative ? k.sub(old, sum) : k.add(old, sum) };
  const edits = new Map<Stmt, Edit>([
    [site.stmt, () => []],
    [inner, (stmt) => [stmt, taken]],
  ]);
  return {
    ...beforeNest(made.operands, made.contract),
    rest: restOf(nest, edits),
    after: [],
  };
}

/**
 * Returns the statements to run before a nest: copies of factors to arrays, and the contractions that read these
 * arrays.
 */
function beforeNest(
  operands: readonly ProductOperand[],
  ...contracts: StmtBlock
): Pick<ExtractedNest, "once" | "before"> {
  const copies = (isSteady: boolean): StmtBlock =>
    operands.filter((one) => one.isSteady === isSteady).flatMap(({ before }) => before);
  return { once: copies(true), before: [...copies(false), ...contracts] };
}

function countSets(block: StmtBlock, name: string): number {
  let sets = 0;
  walkBlock(block, { stmt: (stmt) => void (stmt.kind === "set" && stmt.name === name && sets++) });
  return sets;
}

/**
 * Array elements to which a nest stores a sum that starts at 0, with the statements that are redundant if a contraction
 * writes the elements. `undefined` if the nest reads the sum, or accesses the array, in any other way.
 */
function storedSum(
  nest: LoopNest,
  depth: number,
  name: string,
  term: ProductTerm,
): { readonly out: StridedElements; readonly stmts: readonly Stmt[] } | undefined {
  const { body } = nest.loops[depth]!;
  const start = body.find((stmt) => stmt.kind === "let" && stmt.name === name);
  const isZero = start?.kind === "let" && start.value.kind === "const" && Object.is(start.value.value, 0);
  if (!isZero || countSets([nest.head], name) > 1) return undefined;
  const behind = body.slice(body.indexOf(nest.loops[depth + 1]!) + 1);
  for (const stmt of behind) {
    if (stmt.kind !== "store") continue;
    const { value, lets } = throughLets(nest, stmt.value, body);
    if (value.kind !== "local" || value.name !== name) continue;
    const stmts = new Set<Stmt>([...term.stmts, ...lets, stmt]);
    const isRead = !areAmong(nest.readersOf(name), stmts);
    const isEarly = lets.some((one) => !behind.includes(one));
    const place = placeOf(nest, stmt.index);
    const out = place && elementsAt(stmt.buffer, place);
    if (
      isRead ||
      isEarly ||
      out === undefined ||
      !areApart(nest, stmts) ||
      !areAmong(nest.touching(stmt.buffer), new Set([stmt]))
    )
      return undefined;
    const loops = nest.loops.slice(0, depth + 1).keys();
    // each element is stored once, and not inside a loop over summands
    return areDistinct(nest, place!, [...loops]) ? { out, stmts: [start, stmt] } : undefined;
  }
  return undefined;
}

/** Target of a product. Iterations of the loops in `loops` add to different elements of it. */
interface ProductTarget {
  readonly out: StridedElements;
  readonly loops: ReadonlySet<number>;
  readonly accumulate: boolean;
}

/**
 * Builds the contraction of two factors into a target; `undefined` if they do not form one, or it would not be faster.
 * That is the case for sizes that are known to be small, and without contiguous elements, which vectors require.
 */
function contraction(
  nest: LoopNest,
  { out, loops, accumulate }: ProductTarget,
  [x, y]: readonly [ProductFactor, ProductFactor],
  type: ScalarType,
  attempt: ProductExtraction,
): { readonly contract: Stmt; readonly operands: readonly ProductOperand[] } | undefined {
  const roles = nest.loops.map((_, l) => roleOf(loops.has(l), x.loops.has(l), y.loops.has(l)));
  if (!roles.every((role) => role !== undefined)) return undefined;
  const sizes = nest.trips.map((trip) => constantSize(trip) ?? trip);
  const isWorth = (role: Dim["role"]): boolean =>
    roles.some((one, l) => one === role && (constantSize(sizes[l]!) ?? fewestIndices) >= fewestIndices);
  if (!isWorth("row") || !isWorth("column") || !isWorth("sum")) return undefined;
  const lanes = roles.findLastIndex(
    (role, l) => (role === "row" || role === "column") && out.strides[l] === 1,
  );
  const isKnown = sizes.every((size) => constantSize(size) !== undefined); // then backends handle any layout
  if (lanes < 0 && !isKnown) return undefined;
  const operands: ProductOperand[] = [];
  for (const factor of [x, y]) {
    const order = [...factor.loops].toSorted((a, b) => Number(a === lanes) - Number(b === lanes) || a - b);
    const { source } = factor;
    const isApart =
      !isKnown &&
      source.kind === "elements" &&
      factor.loops.has(lanes) &&
      source.elements.strides[lanes] !== 1;
    const operand = operandOf(nest, factor, order, isApart, type, attempt);
    if (operand === undefined) return undefined;
    operands.push(operand);
  }
  const [left, right] = operands.map(({ elements }) => elements) as [StridedElements, StridedElements];
  const goesBack = (stride: SizeExpr): boolean => (constantSize(stride) ?? 0) < 0;
  if ([out, left, right].some(({ strides }) => strides.some(goesBack))) return undefined;
  const dims = roles.map((role, l): Dim => {
    const [size, strides] = [sizes[l]!, [out, left, right].map((one) => one.strides[l]!)];
    return { role, size, out: strides[0]!, left: strides[1]!, right: strides[2]! };
  });
  const at = ({ buffer, start }: StridedElements): Contract["out"] => ({ buffer, offset: start });
  const contract: Contract = {
    kind: "contract",
    name: attempt.host.fresh("product"),
    type,
    out: at(out),
    left: at(left),
    right: at(right),
    dims,
    accumulate,
  };
  return { contract, operands };
}

function roleOf(inOut: boolean, inLeft: boolean, inRight: boolean): Dim["role"] | undefined {
  if (inLeft && inRight) return inOut ? "batch" : "sum";
  if (!inOut) return undefined;
  return inLeft ? "row" : inRight ? "column" : undefined;
}

/** Returns the statements that replace a statement whose inner blocks have already been rewritten. */
type Edit = (stmt: Stmt) => readonly Stmt[];

/** Returns a nest with some statements replaced, and without the statements that became unnecessary. */
function restOf({ head }: LoopNest, edits: ReadonlyMap<Stmt, Edit>): StmtBlock {
  const edited = (block: StmtBlock): readonly Stmt[] =>
    block.flatMap((stmt) => {
      const inner = mapBlocks(stmt, edited);
      return edits.get(stmt)?.(inner) ?? [inner];
    });
  return withoutIdleLoops(withoutUnusedLocals(edited([head]), []));
}

/** Removes `for` loops whose bodies contain only declarations and comments, so that they do nothing. */
function withoutIdleLoops(block: StmtBlock): readonly Stmt[] {
  return block.flatMap((stmt) => {
    const inner = mapBlocks(stmt, withoutIdleLoops);
    const isIdle =
      inner.kind === "for" && inner.body.every(({ kind }) => kind === "let" || kind === "comment");
    return isIdle ? [] : [inner];
  });
}
