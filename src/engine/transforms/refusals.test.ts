// Misuse of transforms that types do not exclude for callers in JavaScript: values instead of functions, more arguments.
import { expect, test } from "vitest";
import * as d from "downhill";

type Anything = (...args: readonly unknown[]) => unknown;

const transforms = d as unknown as Readonly<Record<string, Anything>>;
const f = (x: d.Tensor): d.Tensor => d.sin(x);
const rule = (): unknown => undefined;

/**
 * Arguments of each transform. A function at one of the indices in `functions` may be missing; calls with more arguments
 * are refused unless `isOpen`.
 */
const calls: Readonly<
  Record<
    string,
    { readonly args: readonly unknown[]; readonly functions: readonly number[]; readonly isOpen?: true }
  >
> = {
  associativeScan: { args: [d.add, [1, 2], {}], functions: [0] },
  checkpoint: { args: [f, {}], functions: [0] },
  cond: { args: [true, f, f, 1], functions: [1, 2], isOpen: true },
  customJvp: { args: [f, rule], functions: [0, 1] },
  customVjp: { args: [f, rule, rule], functions: [0, 1, 2] },
  evalShape: { args: [f, 1], functions: [0], isOpen: true },
  foriLoop: { args: [0, 3, (_: unknown, x: unknown) => x, 1, {}], functions: [2] },
  grad: { args: [f, {}], functions: [0] },
  hessian: { args: [f, {}], functions: [0] },
  hvp: { args: [f, 1, 1], functions: [0] },
  jacfwd: { args: [f, {}], functions: [0] },
  jacrev: { args: [f, {}], functions: [0] },
  jvp: { args: [f, [1], [1]], functions: [0] },
  linearTranspose: { args: [f, 1], functions: [0] },
  linearize: { args: [f, 1], functions: [0], isOpen: true },
  makeProgram: { args: [f], functions: [0] },
  map: { args: [f, [1, 2], {}], functions: [0] },
  scan: { args: [(c: unknown) => [c, c], 1, [1, 2], {}], functions: [0] },
  switchCase: { args: [0, [f], 1], functions: [], isOpen: true },
  taylor: { args: [f, { order: 2 }], functions: [0] },
  valueAndGrad: { args: [f, {}], functions: [0] },
  vjp: { args: [f, 1], functions: [0], isOpen: true },
  vmap: { args: [f, {}], functions: [0] },
  whileLoop: { args: [() => false, f, 1], functions: [0, 1] },
};

const entries = Object.entries(calls);

/** Message of the error that a call throws. */
function refusal(name: string, args: readonly unknown[]): string {
  try {
    transforms[name]!(...args);
  } catch (error) {
    return error instanceof d.DownhillError ? error.message : String(error);
  }
  return "no error";
}

test.each(entries)("%s refuses a number where it takes a function", (name, { args, functions }) => {
  for (const index of functions)
    expect(refusal(name, args.with(index, 3))).toMatch(
      new RegExp(`^${name}: expects a function, got number. Write ${name}\\(`),
    );
});

test.each(entries.filter(([, { isOpen }]) => isOpen !== true))(
  "%s refuses one argument more",
  (name, { args }) => {
    const count = args.length === 1 ? "one argument" : `${args.length} arguments`;
    expect(refusal(name, [...args, {}])).toMatch(`${name}: takes ${count}, and more are given`);
  },
);
