import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";

/** State of a run in two pieces: its tensors and the rest. */
export interface Checkpoint {
  /** Number of steps taken. */
  readonly step: number;
  /** Bytes of a safetensors file with the parameters and all other tensors of the run. */
  readonly tensors: Uint8Array;
  /** JSON with the state of the run that is not in `tensors`. */
  readonly state: string;
}

/** Result of loading from a store. */
export interface LoadedCheckpoint {
  /** Newest intact checkpoint; `undefined` if the store has none. */
  readonly checkpoint: Checkpoint | undefined;
  /** One message per newer checkpoint that was skipped because it is damaged. */
  readonly warnings: readonly string[];
}

/** Storage for checkpoints: `checkpointFolder`, `checkpointMemory`, or a custom object. */
export interface CheckpointStore {
  /**
   * Saves a checkpoint. Once the promise is fulfilled, `load` returns it, even after a crash. Until then `load` returns
   * the previous one.
   *
   * @throws DownhillError `file` if it cannot be saved. Earlier checkpoints stay intact.
   */
  readonly save: (checkpoint: Checkpoint) => Promise<void>;
  /**
   * Returns the newest intact checkpoint.
   *
   * @throws DownhillError `data` if there are checkpoints and none is intact.
   */
  readonly load: () => Promise<LoadedCheckpoint>;
  /**
   * Locks the store, so that no other run saves there. Returns a function that releases the lock.
   *
   * @throws DownhillError `file` if another run holds the lock; the message names that run.
   */
  readonly lock?: () => Promise<() => Promise<void>>;
}

/**
 * Keeps the last checkpoint in memory, for pages and tests. To keep it longer, store the result of `load`.
 *
 * @example
 * const store = checkpointMemory();
 * const options = {
 *   params: { w: tensor(1) },
 *   loss: ({ w }, { x }) => mean(square(sub(w, x))),
 *   data: dataset({ x: [2, 3, 4] }).batch(1),
 *   optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }),
 *   checkpoint: { store },
 * };
 * await fit({ ...options, epochs: 2 });
 * const { params } = await fit({ ...options, epochs: 5, resume: true }); // the last three epochs
 * const unbroken = await fit({ ...options, checkpoint: undefined, epochs: 5 });
 * params.w.item() === unbroken.params.w.item(); // true
 */
export function checkpointMemory(): CheckpointStore {
  if (arguments.length > 0) refuseExtra("checkpointMemory", arguments, 0);
  let last: Checkpoint | undefined;
  return {
    async save(checkpoint) {
      last = checkpoint;
    },
    async load() {
      return { checkpoint: last, warnings: [] };
    },
  };
}

/** Options for checkpoints: the store, and the interval between saves. */
export interface FitCheckpointOptions {
  readonly store: CheckpointStore;
  /** Saves after this many steps, an integer of at least 1. */
  readonly everySteps?: number;
  /** Saves when this many seconds have passed since the last checkpoint; above 0. */
  readonly everySeconds?: number;
  /**
   * Settings of the run, as plain data that JSON can hold. Each checkpoint keeps them for each stretch of the run, and
   * the result returns them in `stretches`. So a run that was resumed with other settings can be recognised and
   * repeated.
   */
  readonly settings?: unknown;
}

/**
 * Checks the `checkpoint` option of `fit`.
 *
 * @throws DownhillError `option` or `range`, naming the invalid option.
 */
export function checkCheckpointOptions(options: FitCheckpointOptions): void {
  checkOptions("fit: checkpoint", options, ["store", "everySteps", "everySeconds", "settings"]);
  const { store, everySteps, everySeconds, settings } = options;
  if (typeof store?.save !== "function" || typeof store.load !== "function") {
    throw new DownhillError(
      "option",
      "fit: checkpoint: store must be a store, as returned by checkpointFolder(path) and checkpointMemory().",
    );
  }
  if (store.lock !== undefined && typeof store.lock !== "function") {
    throw new DownhillError("option", "fit: checkpoint: lock of the store must be a function.");
  }
  if (everySteps !== undefined && !(Number.isInteger(everySteps) && everySteps >= 1)) {
    throw new DownhillError(
      "range",
      `fit: checkpoint: everySteps must be an integer of 1 or more; got ${String(everySteps)}.`,
    );
  }
  if (everySeconds !== undefined && !(Number.isFinite(everySeconds) && everySeconds > 0)) {
    throw new DownhillError(
      "range",
      `fit: checkpoint: everySeconds must be a finite number above 0; got ${String(everySeconds)}.`,
    );
  }
  if (settings !== undefined) plainSettings(settings);
}

/**
 * Returns a copy of settings with only what JSON can represent.
 *
 * @throws DownhillError `option` if JSON cannot hold them.
 */
export function plainSettings(settings: unknown): unknown {
  try {
    const text: unknown = JSON.stringify(settings);
    if (typeof text === "string") return JSON.parse(text);
  } catch {
    // a circular reference or a bigint
  }
  throw new DownhillError("option", "fit: checkpoint: settings must be plain data that JSON can hold.");
}
