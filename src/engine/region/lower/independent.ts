// Loops whose iterations may run in any order are marked so, for backends to write them for several lanes; a sum that goes through
// all iterations of a loop becomes a fold.
import * as k from "../../kernel/build.ts";
import type { Range } from "../../kernel/range.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkBlock, walkExpr } from "../../kernel/walk.ts";
import type { IndexRange, IsPositive, Surroundings } from "./bounds.ts";
import { endsOf, isNeverNegative, rangeOfLoop, within } from "./bounds.ts";
import type { LowerOptions } from "./options.ts";
import type { Made, Polynomial } from "./polynomial.ts";
import { addPolynomials, hasName, one, polynomialOf, samePolynomial, splitBy } from "./polynomial.ts";
import { mapBlocks } from "./rewrite.ts";
import { foldOf } from "./sums.ts";

type For = Stmt & { readonly kind: "for" };

interface Pass {
  /** Definitions of locals that are never set and read none that is. */
  readonly steady: ReadonlyMap<string, Expr>;
  readonly isPositive: IsPositive;
  readonly ranges: ReadonlyMap<string, Range>;
  readonly steadyNames: (name: string) => boolean;
  /** Locals that say where arrays begin that share a buffer: places behind different ones are never the same. */
  readonly offsets: ReadonlySet<string>;
  readonly options: LowerOptions;
  fresh(hint: string): string;
}

/** What a block was written with. */
interface Surrounded {
  readonly changing: ReadonlySet<string>;
  readonly ranges: ReadonlyMap<string, Range>;
  readonly offsets: ReadonlySet<string>;
  fresh(hint: string): string;
}

/** A block whose loops are marked, or folds, where they may be. */
export function markLoops(
  block: readonly Stmt[],
  { changing, ranges, offsets, fresh }: Surrounded,
  options: LowerOptions,
): readonly Stmt[] {
  const steady = new Map<string, Expr>();
  const isSteady = (expr: Expr): boolean => {
    let is = true;
    walkExpr(expr, (x) => {
      if (x.kind === "load" || (x.kind === "local" && changing.has(x.name))) is = false;
    });
    return is;
  };
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "let" && !changing.has(stmt.name) && isSteady(stmt.value))
        steady.set(stmt.name, stmt.value);
    },
  });
  const isPositive = (name: string): boolean => (ranges.get(name)?.low ?? -1) >= 0;
  const steadyNames = (name: string): boolean => !changing.has(name);
  return markBlock({ steady, steadyNames, isPositive, ranges, offsets, options, fresh }, block);
}

function markBlock(pass: Pass, block: readonly Stmt[]): readonly Stmt[] {
  return block.flatMap((stmt): readonly Stmt[] => {
    if (stmt.kind === "if") {
      const then = markBlock(assuming(pass, stmt.condition), stmt.then);
      return [{ ...stmt, then, otherwise: markBlock(pass, stmt.otherwise) }];
    }
    const inner = mapBlocks(stmt, (part) => markBlock(pass, part));
    return inner.kind === "for" && inner.independent !== true ? markLoop(pass, inner) : [inner];
  });
}

/** What is known where a condition holds: numbers that it says not to be negative. */
function assuming(pass: Pass, condition: Expr): Pass {
  const names = new Set<string>();
  const visit = (x: Expr): void => {
    if (x.kind !== "binary") return;
    if (x.op === "and") {
      visit(x.x);
      visit(x.y);
    } else if (x.op === "le" && x.x.kind === "const" && x.x.value >= 0 && x.y.kind === "convert") {
      if (x.y.x.kind === "local" && x.y.x.type === "i32" && pass.steadyNames(x.y.x.name))
        names.add(x.y.x.name);
    }
  };
  visit(condition);
  const { isPositive } = pass;
  return names.size === 0 ? pass : { ...pass, isPositive: (name) => names.has(name) || isPositive(name) };
}

function markLoop(pass: Pass, loop: For): readonly Stmt[] {
  const { options } = pass;
  const outer = outerSets(loop);
  if (outer.size === 0) {
    const isMarked = options.independentLoops !== false && areApart(pass, loop);
    return [isMarked ? { ...loop, reverse: false, independent: true } : loop];
  }
  const [name] = outer;
  if (outer.size > 1 || options.sums === false || name === undefined) return [loop];
  const fold = foldOf(loop, name, pass.fresh);
  if (fold === undefined || !areApart(pass, { ...loop, body: fold.body })) return [loop];
  const target = k.local(fold.value.type, name);
  return [fold, { kind: "set", name, value: k.add(target, k.local(fold.value.type, fold.name)) }];
}

/** Locals from outside that a loop sets. */
function outerSets(loop: For): ReadonlySet<string> {
  const { set, declared } = usesOf(loop.body);
  return new Set([...set].filter((name) => !declared.has(name)));
}

/** An element that an iteration reads or writes. */
interface Access {
  readonly isStore: boolean;
  readonly index: Polynomial | undefined;
  /** The loops within around it. */
  readonly ranges: Surroundings;
}

/** Whether no iteration of a loop touches an element that another one writes. */
function areApart(pass: Pass, loop: For): boolean {
  const made = madeIn(pass, loop);
  const accesses = new Map<string, Access[]>();
  let isPlain = true;
  const note = (buffer: string, index: Expr, isStore: boolean, ranges: Surroundings): void => {
    const known = accesses.get(buffer) ?? [];
    accesses.set(buffer, known);
    known.push({ isStore, index: polynomialOf(index, made), ranges });
  };
  const read = (ranges: Surroundings, ...exprs: readonly Expr[]): void => {
    for (const expr of exprs)
      walkExpr(expr, (x) => {
        if (x.kind === "load") note(x.buffer, x.index, false, ranges);
      });
  };
  const visit = (block: readonly Stmt[], ranges: Surroundings): void => {
    for (const stmt of block) {
      switch (stmt.kind) {
        case "let":
        case "set":
          read(ranges, stmt.value);
          break;
        case "store":
          read(ranges, stmt.index, stmt.value);
          note(stmt.buffer, stmt.index, true, ranges);
          break;
        case "for":
          read(ranges, stmt.from, stmt.to);
          visit(stmt.body, [...ranges, rangeOfLoop(stmt.index, stmt, made)]);
          break;
        case "reduce":
          read(ranges, stmt.from, stmt.to);
          {
            const inside = [...ranges, rangeOfLoop(stmt.index, stmt, made)];
            visit(stmt.body, inside);
            read(inside, stmt.value);
          }
          break;
        case "while":
          read(ranges, stmt.condition);
          visit(stmt.body, ranges);
          break;
        case "if":
          read(ranges, stmt.condition);
          visit(stmt.then, within(ranges, stmt.condition, true, made));
          visit(stmt.otherwise, within(ranges, stmt.condition, false, made));
          break;
        case "contract":
          isPlain = false;
          break;
        case "comment":
          break;
      }
    }
  };
  visit(loop.body, []);
  if (!isPlain) return false;
  return [...accesses.values()].every(
    (list) => !list.some(({ isStore }) => isStore) || areListApart(pass, loop.index, list),
  );
}

/** What locals are made of as one iteration of a loop sees them. */
function madeIn({ steady, ranges }: Pass, loop: For): Made {
  const { set } = usesOf(loop.body);
  const of = new Map(steady);
  walkBlock(loop.body, {
    stmt(stmt) {
      if (stmt.kind === "let" && !set.has(stmt.name)) of.set(stmt.name, stmt.value);
    },
  });
  return { of, changing: set, ranges, known: new Map() };
}

/** Whether the accesses of one buffer lie apart from those of other iterations. */
function areListApart(pass: Pass, index: string, list: readonly Access[]): boolean {
  const parts = new Map<string, Access[]>();
  for (const access of list) {
    if (access.index === undefined) return false;
    const names = [...pass.offsets].filter((name) => hasName(access.index!, name));
    const key = names.join(" ");
    const part = parts.get(key) ?? [];
    parts.set(key, part);
    part.push(access);
  }
  // arrays that share a buffer are told apart by where they begin, if all say so
  if (parts.size > 1 && parts.has("")) return false;
  return [...parts.values()].every(
    (part) => !part.some(({ isStore }) => isStore) || haveOwnRuns(pass, index, part),
  );
}

/** Whether the places of iteration i are all among `base + factor · i` and the `factor − 1` places behind. */
function haveOwnRuns({ isPositive }: Pass, index: string, list: readonly Access[]): boolean {
  const splits = list.map(({ index: place, ranges }) => ({ split: splitBy(place!, index), ranges }));
  const [first] = splits;
  if (first?.split === undefined) return false;
  const { factor } = first.split;
  if (factor.size === 0) return false;
  const isUp = isNeverNegative(factor, isPositive);
  const width = isUp ? factor : addPolynomials(new Map(), factor, -1);
  if (!isNeverNegative(width, isPositive)) return false;
  const bases = endsOf(first.split.rest, first.ranges, true, isPositive).flatMap(({ value, needs }) =>
    needs.length === 0 ? [value] : [],
  );
  return bases.some((base) =>
    splits.every(({ split, ranges }) => {
      if (split === undefined || !samePolynomial(split.factor, factor)) return false;
      const above = addPolynomials(split.rest, base, -1);
      const below = addPolynomials(addPolynomials(width, one, -1), above, -1);
      return [above, below].every((demand) => isAlwaysPositive(demand, ranges, isPositive));
    }),
  );
}

function isAlwaysPositive(p: Polynomial, ranges: readonly IndexRange[], isPositive: IsPositive): boolean {
  return endsOf(p, ranges, true, isPositive).some(({ value, needs }) =>
    [value, ...needs].every((q) => isNeverNegative(q, isPositive)),
  );
}
