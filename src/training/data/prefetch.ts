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
  /** How many batches are made before they are asked for; default 2. They are what is held in memory. */
  readonly ahead?: number;
}

/**
 * Options of `prefetch` with a map in a thread of its own.
 *
 * The module exports a function `map(batch, key, place)`, which may be async. It is what `augment` takes, but for the
 * batch: the library need not be there, so that each field is a plain column `{ shape, dtype, data }` with a typed
 * array, its own to change. It returns what may stand for columns: typed arrays, such columns, nests of numbers,
 * tensors. Keys are those that `augment` would give in its place.
 *
 * The thread starts with the first batch, serves one epoch after another, and never keeps a program alive. It ends
 * when a loop is left or fails, and a few seconds after the last epoch. An error in it reaches the loop in the place
 * of its batch, naming the module.
 */
export interface WorkerOptions extends PrefetchOptions {
  /**
   * The module, as in `new URL("./augment.js", import.meta.url)`.
   */
  readonly worker: URL | string;
  /** Name of the function that the module exports; default `"map"`. */
  readonly export?: string;
  /** Which of the streams of random numbers the keys are of: an integer; default 0. */
  readonly seed?: number;
}

/** Batches are only read ahead. */
const noWork: ReadAheadHooks<unknown, unknown> = {
  start: async (batch) => Promise.resolve(batch),
  wait: () => {},
  waited: () => {},
  end: () => {},
};

/** Milliseconds that a thread without work waits for the next epoch. */
const idleLimit = 5000;

/** The same batches, made ahead, and led through a worker if one is named. */
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
      `prefetch: ahead must be a number of batches, 1 or more, got ${String(ahead)}.`,
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

/** An error of the worker with the place of its batch. */
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

/** A batch as plain columns in buffers of their own, which are handed over. */
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

/** A share in a worker. */
interface Lease {
  /** The worker, started when it is first asked for. */
  readonly link: () => WorkerLink;
  /** Gives the share back: `isWhole` if its epoch came to its end. */
  readonly leave: (isWhole: boolean) => void;
}

/** One worker for the epochs of a data set, which may overlap; it ends some time after the last. */
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
            // of a browser a number; in Node an object that would keep the program alive
            if (typeof timer === "object") timer.unref();
          }
        },
      };
    },
  };
}
