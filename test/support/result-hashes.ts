// Hashes of the bits of many results, for scripts/compare-results.mjs: what it uses of downhill is public, so that two builds
// can be asked the same, however they are made inside.
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Optimizer } from "downhill/optim";
import type { RuntimeOptions, Tensor } from "downhill";
import * as downhill from "downhill";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import { findLandscape, zoo } from "downhill/landscapes";
import { compile } from "downhill/plain";
// @ts-expect-error -- plain JavaScript of the bench
import { lenet } from "../../bench/models/lenet.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { digitsMlp, smallMlp } from "../../bench/models/dense.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { lstm } from "../../bench/models/lstm.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { transformer } from "../../bench/models/transformer.mjs";
import { choicesOf } from "./draw-region.ts";
import { numbersIn } from "./plain-differences.ts";
import { Choices } from "./random-choices.ts";
import { randomNest } from "./random-nests.ts";
import type { PlainProgram } from "./random-plain.ts";
import { randomPlain } from "./random-plain.ts";
import { functionOf, isReversible, largeDims, pointOf, recipes, smallDims } from "./random-programs.ts";
import { transformNames, transforms } from "./random-transforms.ts";

/** Options of the runs. Each run has its own hashes, because backends may differ. */
const ways: Readonly<Record<string, RuntimeOptions>> = {
  interpreter: { backend: "interpreter" },
  JavaScript: { backend: "js" },
  "WebAssembly, 1 thread": { backend: "wasm", threads: 1 },
  "WebAssembly, 2 threads": { backend: "wasm", threads: 2 },
  reproducible: { reproducible: true, threads: 1 },
  "as it comes": {},
};

/** A name for each result, and the hash of its bits. */
export type Hashes = Record<string, string>;

/** Hashes of the results of random programs drawn from `seed`. Calls `note` with the name of each step. */
export async function hashResults(
  seed: number,
  count: number,
  note: (what: string) => void,
  isTurbo = false,
): Promise<Hashes> {
  const hashes: Hashes = {};
  if (isTurbo) downhill.enableTurbo();
  for (const [way, options] of Object.entries(ways)) {
    downhill.configure(options);
    note(`${way}: ${count} random programs`);
    drawn(seed, count).forEach(({ recipe, transform }, i) => {
      hashes[`${way}: program ${i} of seed ${seed}, ${transform}`] = hashOf(() => {
        const f = functionOf(recipe);
        const point = pointOf(recipe);
        const given = {
          point,
          tangents: pointOf(recipe, 1),
          cotangents: pointOf(recipe, 2),
          batch: point.map((x) => downhill.stack([x, x.mul(0.5), x.mul(-2)])),
        };
        const { g, point: at } = transforms[transform]!(f, given);
        return downhill.jit(g)(...at);
      });
    });
    note(`${way}: ${count} random plain programs`);
    for (let i = 0; i < count; i++) {
      const hash = await hashOfPlain(i % 2 === 0 ? randomPlain : randomNest, seed + i);
      hashes[`${way}: plain program ${i} of seed ${seed}`] = hash;
    }
    note(`${way}: landscapes and networks`);
    for (const name of Object.keys(zoo)) {
      const { value, start } = findLandscape(name);
      hashes[`${way}: landscape ${name}`] = hashOf(() =>
        downhill.jit((x: Tensor) => [value(x), downhill.grad(value)(x), downhill.hessian(value)(x)])(
          downhill.tensor(start),
        ),
      );
    }
    if (way === "interpreter") continue; // a step of LeNet takes minutes
    for (const model of [digitsMlp, smallMlp, lenet, lstm, transformer] as Model[])
      hashes[`${way}: three steps of ${model.name}`] = hashOf(() => trained(model));
  }
  return hashes;
}

interface Drawn {
  readonly recipe: Parameters<typeof functionOf>[0];
  readonly transform: string;
}

function drawn(seed: number, count: number): readonly Drawn[] {
  const drawing = fc.record({
    recipe: fc.oneof(
      { weight: 5, arbitrary: recipes(smallDims) },
      { weight: 1, arbitrary: recipes(largeDims) },
    ),
    transform: fc.constantFrom(...transformNames),
  });
  const usable = drawing.filter(({ recipe, transform }) => isReversible(recipe) || !/vjp/.test(transform));
  return fc.sample(usable, { seed, numRuns: count });
}

/** A model of the bench, see bench/training.mjs. */
interface Model {
  readonly name: string;
  readonly parameters: () => object;
  readonly batch: (library: "downhill") => object;
  readonly losses: { readonly downhill: (library: object) => (p: Tensors, batch: object) => Tensor };
}

type Tensors = Readonly<Record<string, Tensor>>;

interface Leaf {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Parameters and loss after three steps of Adam. */
function trained({ parameters, batch, losses }: Model): readonly Tensor[] {
  const tensors = (leaves: unknown): unknown =>
    "values" in (leaves as object)
      ? downhill.tensor((leaves as Leaf).values).reshape((leaves as Leaf).shape)
      : Array.isArray(leaves)
        ? leaves.map(tensors)
        : Object.fromEntries(Object.entries(leaves as object).map(([name, leaf]) => [name, tensors(leaf)]));
  const optimizer = optim.adam({ learningRate: 0.001 }) as unknown as Optimizer<Tensors, object>;
  const loss = losses.downhill({ ...downhill, ...nn, ...optim });
  let p = tensors(parameters()) as Tensors;
  const data = tensors(batch("downhill")) as object;
  let state = optimizer.init(p);
  const step = downhill.jit((q: Tensors, s: object, d: object) => {
    const [value, grads] = downhill.valueAndGrad((r: Tensors) => loss(r, d))(q);
    const { updates, state: next } = optimizer.update(grads, s, q);
    return [optim.applyUpdates(q, updates), next, value] as const;
  }) as unknown as (q: Tensors, s: object, d: object) => [Tensors, object, Tensor];
  let value: Tensor | undefined;
  for (let k = 0; k < 3; k++) [p, state, value] = step(p, state, data);
  return [...leavesOf(p), ...leavesOf(state), value!];
}

function leavesOf(tree: unknown): Tensor[] {
  if (tree instanceof downhill.Tensor) return [tree];
  return typeof tree === "object" && tree !== null ? Object.values(tree).flatMap(leavesOf) : [];
}

/** Hash of the value of a random plain program, and of its gradient if the value is a number. */
async function hashOfPlain(draw: (choices: Choices) => PlainProgram, seed: number): Promise<string> {
  const { typescript, args, wrt } = draw(new Choices(choicesOf(seed)));
  const hash = createHash("sha1");
  try {
    const { f } = await compile<{ f: (...values: never[]) => never }>(typescript);
    const value: unknown = downhill.jit(f)(...(args as never[]));
    hash.update(bitsOf(value));
    if (typeof value === "number")
      hash.update(bitsOf(downhill.grad(f, { argnums: wrt })(...(args as never[]))));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    hash.update(error instanceof downhill.DownhillError ? error.code : error.message);
  }
  return hash.digest("hex").slice(0, 16);
}

/** The numbers of a tree; every NaN counts as the same. */
function bitsOf(value: unknown): Float64Array {
  return Float64Array.from(numbersIn(value), (x) => (Number.isNaN(x) ? NaN : x));
}

/** The hash of all elements; every NaN counts as the same. A refused program has the hash of the message. */
function hashOf(run: () => readonly Tensor[]): string {
  const hash = createHash("sha1");
  try {
    for (const x of run()) {
      const elements = x.data();
      if (x.dtype === "float64" || x.dtype === "float32") {
        for (let i = 0; i < elements.length; i++) if (Number.isNaN(elements[i])) elements[i] = NaN;
      }
      hash.update(`${x.dtype}[${x.shape.join()}]`).update(elements);
    }
  } catch (error) {
    if (!(error instanceof downhill.DownhillError)) throw error;
    hash.update(error.message);
  }
  return hash.digest("hex").slice(0, 16);
}
