import { tensor, zeros } from "../../../numeric/array/create.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { crc32c } from "../../io/crc32c.ts";
import { printProgram } from "../../../engine/ir/index.ts";
import type { Program } from "../../../engine/ir/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { Optimizer } from "../../../numeric/optim/index.ts";
import { key } from "../../../numeric/random/index.ts";
import { makeProgram } from "../../../engine/transforms/make-program.ts";
import { version } from "../../../engine/util/version.ts";
import { batchesOf, type FitData } from "../batches.ts";
import { checksumOfBatch } from "../checkpoint/codec.ts";
import { outlineOf } from "../checkpoint/tree-text.ts";
import type { ModelSnapshot } from "../evaluate.ts";
import { type AnyLoss, contextOf, splitLoss } from "../loss.ts";
import type { Ranks } from "./ranks.ts";
import { headerBytes, type Merge } from "./rounds.ts";

/** Values that must be equal on all ranks of a run. */
export interface RunIdentity<P, S, B> {
  readonly params: P;
  readonly state: S;
  readonly modelState: unknown;
  readonly loss: AnyLoss<P, B>;
  readonly optimizer: Optimizer<P, S>;
  readonly data: FitData<B>;
  readonly validation: FitData<B> | undefined;
  /** Values of the run's options, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Checks that all ranks were given the same programs, data and options.
 *
 * Compares the compiled programs of loss and optimiser. If no batch can be read beforehand, compares the source text of
 * the loss instead. Of data that can be read again, compares the first batch and the number of items and batches.
 *
 * @throws DownhillError `option`, on all ranks, that names the differences.
 */
export async function compareBegin<P, S, B>(ranks: Ranks, run: RunIdentity<P, S, B>): Promise<void> {
  const { params, state, modelState, loss, optimizer, data, validation, settings } = run;
  const first = await firstBatch(data);
  const texts = new Map([
    ["the version of downhill", version],
    ...Object.entries(settings).map(([name, value]) => [name, textOf(value)] as const),
    ["params", `${outlineOf(params, "params").join("\n")} ${checksumOfBatch(params)}`],
    [
      "the state of the model",
      `${outlineOf(modelState, "modelState").join("\n")} ${checksumOfBatch(modelState)}`,
    ],
    [
      "the loss",
      first === undefined
        ? String(loss)
        : printProgram(programOfLoss(loss, { params, modelState }, first.batch)),
    ],
    ["the optimiser", printProgram(programOfUpdate(optimizer, params, state))],
    ["the data", describe(data, first)],
    [
      "the validation data",
      validation === undefined ? "" : describe(validation, await firstBatch(validation)),
    ],
  ]);
  const different = differences(ranks, 0, texts);
  if (different.length === 0) return;
  const what = different.join(", ");
  throw ranks.agree(
    new DownhillError(
      "option",
      `fit: the ranks of this run were given different values: ${what}. Give all of them the same program, data and options.`,
    ),
  );
}

/**
 * Compares parameters and state of the model between ranks.
 *
 * @throws DownhillError `aborted`, on all ranks, if they differ.
 */
export function compareModels(ranks: Ranks, model: unknown, step: number): void {
  if (ranks.size === 1) return;
  const texts = new Map([["model", String(checksumOfBatch(model))]]);
  if (differences(ranks, step, texts).length === 0) return;
  throw ranks.agree(
    new DownhillError(
      "aborted",
      `fit: the ranks have diverged: after step ${step} their models differ. Check whether a loss or an optimiser computes ` +
        "different values on each rank, or a machine has a fault.",
    ),
  );
}

/** Returns the names of the texts that differ between ranks, compared by checksum. */
function differences(ranks: Ranks, step: number, texts: ReadonlyMap<string, string>): readonly string[] {
  const names = [...texts.keys()];
  const n = names.length;
  // One checksum per text, followed by one flag per text that is 1 once another rank had a different checksum.
  const message = new ArrayBuffer(headerBytes + 16 * n);
  const own = new Float64Array(message, headerBytes, 2 * n);
  const encoder = new TextEncoder();
  own.set([...texts.values()].map((text) => crc32c(encoder.encode(text))));
  const merge: Merge = (_, __, buffer, offset) => {
    const theirs = new Float64Array(buffer, offset, 2 * n);
    for (let i = 0; i < n; i++) if (theirs[i] !== own[i] || theirs[n + i] !== 0) own[n + i] = 1;
  };
  ranks.allReduce("compare", step, message, merge);
  return names.filter((_, i) => own[n + i] !== 0);
}

function isAtHand(data: FitData<unknown>): boolean {
  return Array.isArray(data) || ("epoch" in data && typeof data.batchCount === "number");
}

/**
 * Returns the first batch; `undefined` for data that are neither an array nor a data set with a known number of
 * batches, because reading might use them up.
 */
async function firstBatch<B>(data: FitData<B>): Promise<{ readonly batch: B } | undefined> {
  if (!isAtHand(data)) return undefined;
  for await (const batch of batchesOf(data, { epoch: 0 })) return { batch };
  return undefined;
}

function describe<B>(data: FitData<B>, first: { readonly batch: B } | undefined): string {
  const { count, batchCount } = "epoch" in data ? data : {};
  return `${count} items, ${batchCount} batches, ${first === undefined ? "" : checksumOfBatch(first.batch)}`;
}

function programOfLoss<P, B>(
  loss: AnyLoss<P, B>,
  { params, modelState }: ModelSnapshot<P>,
  batch: B,
): Program {
  const f = (p: P, state: unknown, b: B, k: Tensor, step: Tensor): unknown =>
    splitLoss(loss(p, b, contextOf(k, step, true, state)));
  return programOf(f, params, modelState, batch, tensor(key(0)), zeros([], { dtype: "int32" }));
}

function programOfUpdate<P, S>(optimizer: Optimizer<P, S>, params: P, state: S): Program {
  const f = (grads: P, s: S, p: P, value: Tensor): unknown => optimizer.update(grads, s, p, { value });
  return programOf(f, params, state, params, 0);
}

function programOf(f: (...args: never[]) => unknown, ...args: readonly unknown[]): Program {
  return (makeProgram(f) as (...args: readonly unknown[]) => Program)(...args);
}

/** Serialises an option to text for comparison. Functions become their source text. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, x: unknown) =>
      typeof x === "function" || typeof x === "number" ? String(x) : x,
    ) ?? ""
  );
}
