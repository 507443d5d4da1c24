import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";

/** The state of a run as two pieces: its tensors, and all the rest. */
export interface Checkpoint {
  /** Steps taken. */
  readonly step: number;
  /** The bytes of a safetensors file: parameters and whatever tensors the run holds. */
  readonly tensors: Uint8Array;
  /** JSON: everything else. */
  readonly state: string;
}

/** What a store gave back. */
export interface LoadedCheckpoint {
  /** The newest whole checkpoint; `undefined` if there never was one. */
  readonly checkpoint: Checkpoint | undefined;
  /** Why newer ones were passed over. */
  readonly warnings: readonly string[];
}

/** Where checkpoints are kept: `checkpointFolder`, `checkpointMemory`, or something of one's own. */
export interface CheckpointStore {
  /**
   * Keeps a checkpoint. Once the promise is fulfilled it is safe; until then the one before it is.
   *
   * @throws DownhillError `file` if it cannot be kept; what was kept before still is.
   */
  readonly save: (checkpoint: Checkpoint) => Promise<void>;
  /**
   * The newest checkpoint that is whole.
   *
   * @throws DownhillError `data` if there are some and none of them is whole.
   */
  readonly load: () => Promise<LoadedCheckpoint>;
  /**
   * Takes the store for one run, so that no other saves there until it is given back by what this gives.
   *
   * @throws DownhillError `file` if another run has it, naming that.
   */
  readonly lock?: () => Promise<() => Promise<void>>;
}

/**
 * Keeps the last checkpoint in memory: in pages, and in tests. To keep it for longer, take what `load` gives.
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

/** When and where a run is saved. */
export interface FitCheckpointOptions {
  readonly store: CheckpointStore;
  /** After every so many steps, 1 or more. */
  readonly everySteps?: number;
  /** As soon as so many seconds have passed since the last, above 0. */
  readonly everySeconds?: number;
  /**
   * How the run is made: plain data that JSON can hold. They are kept in the checkpoints for each stretch of the run, and
   * handed back as `stretches` of the result, so that a run that was resumed with others can be told, and made again.
   */
  readonly settings?: unknown;
}

/** Checks when and where a run is to be saved. */
export function checkCheckpointOptions(options: FitCheckpointOptions): void {
  checkOptions("fit: checkpoint", options, ["store", "everySteps", "everySeconds", "settings"]);
  const { store, everySteps, everySeconds, settings } = options;
  if (typeof store?.save !== "function" || typeof store.load !== "function") {
    throw new DownhillError(
      "option",
      "fit: checkpoint: store must be a store, as checkpointFolder(path) and checkpointMemory() give.",
    );
  }
  if (store.lock !== undefined && typeof store.lock !== "function") {
    throw new DownhillError("option", "fit: checkpoint: lock of the store must be a function.");
  }
  if (everySteps !== undefined && !(Number.isInteger(everySteps) && everySteps >= 1)) {
    throw new DownhillError(
      "range",
      `fit: checkpoint: everySteps must be a whole number of 1 or more; got ${String(everySteps)}.`,
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
 * Settings as JSON has them.
 *
 * @throws DownhillError `option` for what JSON cannot hold.
 */
export function plainSettings(settings: unknown): unknown {
  try {
    const text: unknown = JSON.stringify(settings);
    if (typeof text === "string") return JSON.parse(text);
  } catch {
    // a value that holds itself, a bigint
  }
  throw new DownhillError("option", "fit: checkpoint: settings must be plain data that JSON can hold.");
}
