import { readElements } from "../../engine/ir/elements.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { openWorker, type WorkerLink } from "../io/worker.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { augmentKeys, batchLevel, keyOf } from "./augment-keys.ts";
import { cutLater, type StreamSource } from "./batch-source.ts";
import { batchFrom } from "./fields.ts";
import { type ReadAheadHooks, readAhead } from "./read-ahead.ts";

/** Options of `prefetch`. */
export interface PrefetchOptions {
  /** Number of batches to prepare in advance, which are held in memory. Default 2. */
  readonly ahead?: number;
}

/**
 * Options of `prefetch` with a transformation in its own thread.
 *
 * The module exports a function `map(batch, key, place)`, which may be async. It has the arguments of `augment`, except
 * that the fields of the batch are plain columns `{ shape, dtype, data }` with a typed array, which it may change. So
 * it need not import the library. It returns values that can be converted to columns: typed arrays, such columns,
 * nested numbers, tensors. Keys are those that `augment` would pass at this point.
 *
 * The thread starts with the first batch, serves one epoch after another, and never keeps a program alive. It ends when
 * a loop is left or fails, and a few seconds after the last epoch. An error in the thread reaches the loop at the
 * position of its batch; it names the module.
 */
export interface WorkerOptions extends PrefetchOptions {
  /** URL of the module, as in `new URL("./augment.js", import.meta.url)`. */
  readonly worker: URL | string;
  /** Name of the exported function. Default `"map"`. */
  readonly export?: string;
  /** Seed of the keys, an integer. Default 0. */
  readonly seed?: number;
}

/** Hooks for reading ahead without further work on the batches. */
const noWork: ReadAheadHooks<unknown, unknown> = {
  start: async (batch) => Promise.resolve(batch),
  wait: () => {},
  waited: () => {},
  end: () => {},
};

/** Milliseconds for which an idle thread waits for the next epoch before it ends. */
const idleLimit = 5000;

/** Prepares batches in advance, and transforms them in a worker if one is named. */
export function prefetched(
  source: StreamSource<unknown>,
  options: PrefetchOptions | WorkerOptions | undefined,
  depth: number,
): StreamSource<unknown> {
  checkOptions("prefetch", options, ["ahead", "worker", "export", "seed"]);
  const ahead = options?.ahead ?? 2;
  if (!Number.isInteger(ahead) || ahead < 1) {
    throw new DownhillError(
      "option",
      `prefetch: ahead must be an integer of 1 or more, got ${String(ahead)}.`,
    );
  }
  if (options === undefined || !("worker" in options)) {
    const odd = ["export", "seed"].find((name) => options !== undefined && name in options);
    if (odd !== undefined) {
      throw new DownhillError(
        "option",
        `prefetch: ${odd} is for a map in a worker. Name its module: { worker }.`,
      );
    }
    return {
      ...source,
      open: (k, from) => readAhead(source.open(k, from), ahead, noWork),
      shard: (shard) => prefetched(source.shard(shard), options, depth),
    };
  }
  const { worker, export: exported = "map", seed } = options;
  const url = moduleUrl(worker);
  if (typeof exported !== "string") {
    throw new DownhillError(
      "option",
      `prefetch: export must be the name of a function, got ${String(exported)}.`,
    );
  }
  const root = augmentKeys(seed === undefined ? {} : { seed }, batchLevel + depth);
  const shared = sharedWorker(() => openWorker(url, exported));

  return cutLater({
    ...source,
    open(epoch, from) {
      const lease = shared.join();
      let index = from;
      return readAhead(source.open(epoch, from), ahead, {
        async start(batch) {
          const place = { epoch, batch: index++ };
          const { columns, transfer } = plainBatch(batch);
          try {
            const result = await lease
              .link()
              .call([columns, keyOf(root, epoch, place.batch), place], transfer);
            return batchFrom(result, `${exported} of the worker`);
          } catch (error) {
            throw inPlace(error, place);
          }
        },
        wait: () => lease.link().hold(),
        waited: () => lease.link().release(),
        end: (isWhole) => lease.leave(isWhole),
      });
    },
  });
}

/** Adds the position of the batch to a `DownhillError` of the worker. Returns other errors unchanged. */
function inPlace(
  error: unknown,
  { epoch, batch }: { readonly epoch: number; readonly batch: number },
): unknown {
  if (!(error instanceof DownhillError)) return error;
  const where = `prefetch: batch ${batch} of epoch ${epoch} (from 0)`;
  return new DownhillError(error.code, `${where}: ${error.message}`, { cause: error.cause ?? error });
}

function moduleUrl(worker: unknown): string {
  if (worker instanceof URL) return worker.href;
  if (typeof worker === "string" && URL.canParse(worker)) return worker;
  const got = typeof worker === "string" ? JSON.stringify(worker) : String(worker);
  throw new DownhillError(
    "option",
    `prefetch: worker must be the URL of a module, as in new URL("./map.js", import.meta.url); got ${got}.`,
  );
}

/** Converts a batch to plain columns in their own buffers, which are transferred. */
function plainBatch(batch: unknown): { readonly columns: unknown; readonly transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const plain = (x: unknown): unknown => {
    if (!(x instanceof Tensor)) return x;
    const data = readElements(x, "prefetch").slice();
    transfer.push(data.buffer);
    return { shape: [...x.shape], dtype: x.dtype, data };
  };
  const columns =
    batch instanceof Tensor
      ? plain(batch)
      : Object.fromEntries(Object.entries(batch as object).map(([name, x]) => [name, plain(x)]));
  return { columns, transfer };
}

/** The use of a shared worker by one epoch. */
interface Lease {
  /** Returns the worker, which starts at the first call. */
  readonly link: () => WorkerLink;
  /** Ends the use of the worker. `isWhole` tells if the epoch was read to its end. */
  readonly leave: (isWhole: boolean) => void;
}

/**
 * Shares one worker between the epochs of a data set, which may overlap in time. The worker ends some time after the
 * last epoch, or at once if that epoch was not read to its end.
 */
function sharedWorker(open: () => WorkerLink): { readonly join: () => Lease } {
  let link: WorkerLink | undefined;
  let users = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const close = (): void => {
    clearTimeout(timer);
    link?.close();
    link = undefined;
  };
  return {
    join() {
      let own: WorkerLink | undefined;
      let isIn = false;
      return {
        link() {
          if (own !== undefined) return own;
          clearTimeout(timer);
          isIn = true;
          users++;
          own = link ??= open();
          return own;
        },
        leave(isWhole) {
          if (!isIn) return;
          isIn = false;
          users--;
          if (users > 0 || own !== link) return;
          if (!isWhole) close();
          else {
            timer = setTimeout(close, idleLimit);
            // In a browser the timer is a number; in Node an object that would keep the program alive.
            if (typeof timer === "object") timer.unref();
          }
        },
      };
    },
  };
}
