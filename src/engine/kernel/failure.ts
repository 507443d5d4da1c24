import type { Block } from "./build.ts";
import * as k from "./build.ts";
import type { Expr, Routine } from "./scalar.ts";

/** The locals by which a routine says that a call ended with an error: the first is 0 as long as there is none. */
export interface FailureLocals<Site> {
  /** Number of the site, from 1; i32. */
  readonly site: Expr;
  /** What was wanted there, f64, and how much there is, i32. */
  readonly wanted: Expr;
  readonly length: Expr;
  /** Whether there is a site yet. */
  readonly canFail: boolean;
  /** Numbers a site: a place in the code where a call may end. */
  add(site: Site): number;
}

/** Failures of a routine while it is written. */
export interface Failures<Site> {
  readonly locals: FailureLocals<Site>;
  /** By their numbers, less 1. */
  readonly sites: readonly Site[];
  /** Declares the locals in front of all that may fail; nothing where nothing does. */
  declare(block: Block): void;
  /** The outputs by which callers learn of them, in the order of the locals; none where nothing fails. */
  outputs(): Routine["outputs"];
}

export function makeFailures<Site>(fresh: (hint: string) => string): Failures<Site> {
  const sites: Site[] = [];
  let names: readonly [site: string, wanted: string, length: string] | undefined;
  const name = (i: 0 | 1 | 2): string =>
    (names ??= [fresh("failure"), fresh("failure.wanted"), fresh("failure.length")])[i];
  const locals: FailureLocals<Site> = {
    get site() {
      return k.local("i32", name(0));
    },
    get wanted() {
      return k.local("f64", name(1));
    },
    get length() {
      return k.local("i32", name(2));
    },
    get canFail() {
      return sites.length > 0;
    },
    add: (site) => sites.push(site),
  };
  const all = (): readonly Expr[] => [locals.site, locals.wanted, locals.length];
  return {
    locals,
    sites,
    declare(block) {
      if (sites.length === 0) return;
      all().forEach(({ type }, i) => block.let(name(i as 0 | 1 | 2), k.constant(type, 0)));
    },
    outputs: () => (sites.length === 0 ? [] : all().map((value) => ({ kind: "scalar", value }) as const)),
  };
}
