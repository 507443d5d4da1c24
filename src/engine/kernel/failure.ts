import type { Block } from "./build.ts";
import * as k from "./build.ts";
import type { Expr, Routine } from "./scalar.ts";

/** Locals through which code reports how a call ended. `site` is 0 unless the call failed. */
export interface FailureLocals<Site> {
  /** Number of the site that failed, from 1; i32. */
  readonly site: Expr;
  /** Number that the failed site required, f64. `length` is the number that was available, i32. */
  readonly wanted: Expr;
  readonly length: Expr;
  /** Value number `i` of the error message of the failed site, f64. */
  value(i: number): Expr;
  /** True if at least one site was added. A site is a position at which a call may fail. */
  readonly canFail: boolean;
  /** Adds a site, that is, a position in the code where a call may fail, and returns its number. */
  add(site: Site): number;
}

/** Failure sites of a routine that is being written. */
export interface Failures<Site> {
  readonly locals: FailureLocals<Site>;
  /** Failure sites; the site with number n is at index n − 1, because number 0 means no failure. */
  readonly sites: readonly Site[];
  /** Declares the locals, before all code that may fail; nothing if there are no sites. */
  declare(block: Block): void;
  /** Outputs that report a failure to callers, in the order of the locals; none if there are no sites. */
  outputs(): Routine["outputs"];
}

export function makeFailures<Site>(fresh: (hint: string) => string): Failures<Site> {
  const sites: Site[] = [];
  let names: readonly [site: string, wanted: string, length: string] | undefined;
  const values: string[] = [];
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
    value(i) {
      while (values.length <= i) values.push(fresh("failure.value"));
      return k.local("f64", values[i]!);
    },
    get canFail() {
      return sites.length > 0;
    },
    add: (site) => sites.push(site),
  };
  const all = (): readonly { readonly name: string; readonly local: Expr }[] => [
    { name: name(0), local: locals.site },
    { name: name(1), local: locals.wanted },
    { name: name(2), local: locals.length },
    ...values.map((own, i) => ({ name: own, local: locals.value(i) })),
  ];
  return {
    locals,
    sites,
    declare(block) {
      if (sites.length === 0) return;
      for (const { name: own, local } of all()) block.let(own, k.constant(local.type, 0));
    },
    outputs: () =>
      sites.length === 0 ? [] : all().map(({ local }) => ({ kind: "scalar", value: local }) as const),
  };
}
