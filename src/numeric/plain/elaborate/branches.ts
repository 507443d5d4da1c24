import type { PositionIndex, RegionExpr } from "../../../engine/region/form/region.ts";
import { truth } from "../draft/draft.ts";
import type { Env } from "../entities/env.ts";
import { assuming, letLocal, nested } from "../entities/env.ts";

/** Maximum nesting depth of the branches of a chain. Further branches begin a new chain. */
const mostNested = 50;

interface OpenBranch {
  readonly env: Env;
  readonly test: RegionExpr;
  readonly then: Env;
  readonly otherwise: Env;
  readonly at: PositionIndex;
}

/**
 * Chain of branches, each in the `else` side of the previous one: `else if`, or the cases of a `switch`. Long chains
 * are not nested more than `mostNested` deep: a local records that no branch was taken so far, and the remaining
 * branches follow in an `if` on this local.
 */
export class BranchChain {
  /** Environment for the next test, or for the code after the last `else`. */
  inner: Env;
  readonly #env: Env;
  #open: OpenBranch[] = [];
  #finish: (() => void) | undefined;

  constructor(env: Env) {
    this.#env = env;
    this.inner = env;
  }

  /** Prepares the environment for the next test. Must be called before the test is evaluated. */
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

  /** Opens the branch for a test. Returns the environment of its `then` side; `inner` becomes its `else` side. */
  branch(test: RegionExpr, at: PositionIndex): Env {
    const [then, otherwise] = [true, false].map((value) => nested(assuming(this.inner, test, value))) as [
      Env,
      Env,
    ];
    this.#open.push({ env: this.inner, test, then, otherwise, at });
    this.inner = otherwise;
    return then;
  }

  /** Emits the open branches as nested `if` statements, innermost first. */
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
