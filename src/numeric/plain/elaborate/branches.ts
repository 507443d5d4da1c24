import type { PositionIndex, RegionExpr } from "../../../engine/region/form/region.ts";
import { truth } from "../draft/draft.ts";
import type { Env } from "../entities/env.ts";
import { assuming, letLocal, nested } from "../entities/env.ts";

/** Branches of a chain that are nested in one another; those after them are in a branch of their own. */
const mostNested = 50;

interface OpenBranch {
  readonly env: Env;
  readonly test: RegionExpr;
  readonly then: Env;
  readonly otherwise: Env;
  readonly at: PositionIndex;
}

/**
 * A chain of branches, each in the `else` side of the one before: `else if`, or the cases of a `switch`. A chain of any length is
 * nested `mostNested` deep: every so many branches set a local where none of them is taken, and the next ones follow in a branch on it.
 */
export class BranchChain {
  /** Where the next test is evaluated, or what comes after the last `else` is written. */
  inner: Env;
  readonly #env: Env;
  #open: OpenBranch[] = [];
  #finish: (() => void) | undefined;

  constructor(env: Env) {
    this.#env = env;
    this.inner = env;
  }

  /** Called before a test is evaluated. */
  begin(): void {
    if (this.#open.length < mostNested) return;
    const { value } = letLocal(this.#env, "isElse", truth(false), { mutable: true });
    if (value.kind === "local") this.inner.out.push({ kind: "set", name: value.name, value: truth(true) });
    this.close();
    const rest = nested({ ...this.#env, facts: this.inner.facts });
    this.#finish = () => {
      this.#env.out.push({ kind: "if", condition: value, then: rest.out.statements(), otherwise: [] });
    };
    this.inner = rest;
  }

  /** Opens the branch for a test; the result is its side, and `inner` the other one. */
  branch(test: RegionExpr, at: PositionIndex): Env {
    const [then, otherwise] = [true, false].map((value) => nested(assuming(this.inner, test, value))) as [
      Env,
      Env,
    ];
    this.#open.push({ env: this.inner, test, then, otherwise, at });
    this.inner = otherwise;
    return then;
  }

  /** Writes the branches that are open, innermost first. */
  close(): void {
    for (const { env, test, then, otherwise, at } of this.#open.toReversed())
      env.out.push({
        kind: "if",
        condition: test,
        then: then.out.statements(),
        otherwise: otherwise.out.statements(),
        at,
      });
    this.#open = [];
    this.#finish?.();
    this.#finish = undefined;
  }
}
