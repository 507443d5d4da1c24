import type { Checkpoint } from "../checkpoint/store.ts";
import type { Stretch } from "../stretches.ts";
import type { Ranks } from "./ranks.ts";

/** Start of a run: its last checkpoint, if there is one, and its stretches so far. */
export interface RunStart {
  readonly checkpoint: Checkpoint | undefined;
  readonly stretches: readonly Stretch[];
}

/**
 * Sends the checkpoint and stretches that rank 0 found to all ranks, so that the other ranks need not see its files.
 * Returns them on each rank.
 */
export function shareBegin(ranks: Ranks, found: RunStart): RunStart {
  if (ranks.size === 1) return found;
  const isFirst = ranks.rank === 0;
  const { checkpoint, stretches } = found;
  const rest = checkpoint && { step: checkpoint.step, state: checkpoint.state };
  const text = isFirst ? new TextEncoder().encode(JSON.stringify({ rest, stretches })) : undefined;
  const told = JSON.parse(new TextDecoder().decode(ranks.share(text))) as {
    readonly rest?: Omit<Checkpoint, "tensors">;
    readonly stretches: readonly Stretch[];
  };
  const tensors = ranks.share(isFirst ? checkpoint?.tensors : undefined);
  const shared = told.rest === undefined ? undefined : { ...told.rest, tensors: tensors! };
  return { checkpoint: shared, stretches: told.stretches };
}
