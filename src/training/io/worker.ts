import { DownhillError } from "../../engine/errors/index.ts";

/** A module that runs in its own thread. */
export interface WorkerLink {
  /**
   * Calls the function on the input and returns its result. Both are copied between the threads, except that the
   * buffers in `transfer` are transferred. Calls are answered in order.
   */
  readonly call: (input: readonly unknown[], transfer: readonly ArrayBuffer[]) => Promise<unknown>;
  /**
   * Keeps the program alive until `release` has been called as often as `hold`. Otherwise the thread, even with pending
   * calls, does not keep it alive.
   */
  readonly hold: () => void;
  readonly release: () => void;
  /** Terminates the thread immediately; pending calls fail. */
  readonly close: () => void;
}

/** Common interface of the threads of Node and of browsers. */
interface WorkerThread {
  readonly post: (message: unknown, transfer: readonly ArrayBuffer[]) => void;
  readonly terminate: () => void;
  readonly ref: () => void;
  readonly unref: () => void;
}

interface WorkerCallbacks {
  readonly answer: (message: WorkerAnswer) => void;
  /** Called when the thread has ended, or its script failed outside a call. */
  readonly fail: (why: string) => void;
}

/** Answer of the thread to a call: its result, or the error that occurred while the module was loaded or run. */
type WorkerAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly stage: "load" | "run"; readonly error: ThrownError };

interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/**
 * Opens a thread (`node:worker_threads`, or the `Worker` of browsers, Deno and Bun) that calls the function `exported`
 * of the module at `url`.
 *
 * The thread runs its own short script, which imports the module, so that nothing must be bundled. A page whose content
 * security policy restricts `worker-src` must allow `blob:`.
 *
 * @throws DownhillError `file`, in the answer, naming the module, if it cannot be loaded or has no such function;
 *   `data` for an error in the function.
 */
export function openWorker(url: string, exported: string): WorkerLink {
  const module = showModule(url);
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }
  >();
  let next = 0;
  let holds = 0;
  let failure: DownhillError | undefined;

  const fail = (why: string): void => {
    failure ??= new DownhillError("data", `the worker of ${module} ${why}`);
    for (const call of waiting.values()) call.reject(failure);
    waiting.clear();
  };
  const thread = startThread({
    answer(message) {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if ("value" in message) call?.resolve(message.value);
      else call?.reject(explain(module, exported, message.stage, message.error));
    },
    fail,
  });
  return {
    call: async (input, transfer) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const id = next++;
        waiting.set(id, { resolve, reject });
        thread.post({ id, url, exported, input }, transfer);
      }),
    hold: () => {
      if (holds++ === 0) thread.ref();
    },
    release: () => {
      if (--holds === 0) thread.unref();
    },
    close: () => {
      fail("was closed.");
      thread.terminate();
    },
  };
}

function startThread(hearing: WorkerCallbacks): WorkerThread {
  // looked up at run time, so that bundles for browsers contain no import of node:
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads !== undefined) {
    const worker = new threads.Worker(script, { eval: true, name: "downhill" });
    worker.unref();
    worker.on("message", hearing.answer);
    worker.on("error", (error) => hearing.fail(`failed: ${messageOf(error)}`));
    worker.on("exit", (code) => hearing.fail(`ended before its work was done (exit code ${code}).`));
    return {
      post: (message, transfer) => worker.postMessage(message, transfer),
      terminate: () => void worker.terminate(),
      ref: () => worker.ref(),
      unref: () => worker.unref(),
    };
  }
  if (typeof Worker === "undefined") {
    throw new DownhillError("option", "prefetch: there are no workers here. Omit worker and use augment.");
  }
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(address, { name: "downhill" });
  const forget = (): void => URL.revokeObjectURL(address); // not before the script is loaded, which takes a while
  worker.addEventListener("message", ({ data }: MessageEvent<WorkerAnswer>) => {
    forget();
    hearing.answer(data);
  });
  worker.addEventListener("error", (event) => {
    forget();
    event.preventDefault();
    hearing.fail(`failed: ${event.message || "its script could not be started"}`);
  });
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    terminate: () => {
      forget();
      worker.terminate();
    },
    ref: () => {},
    unref: () => {},
  };
}

/** Creates the error of a call, with the error of the thread as its cause. */
function explain(
  module: string,
  exported: string,
  stage: "load" | "run",
  thrown: ThrownError,
): DownhillError {
  const cause = new Error(thrown.message);
  cause.name = thrown.name;
  if (thrown.stack !== undefined) cause.stack = thrown.stack;
  return stage === "load"
    ? new DownhillError("file", `${module}: the module of the worker cannot be used: ${thrown.message}`, {
        cause,
      })
    : new DownhillError("data", `${exported} of ${module} failed: ${thrown.name}: ${thrown.message}`, {
        cause,
      });
}

/** Formats a module for messages: the path of a file, or the beginning of another URL. */
function showModule(url: string): string {
  const text = url.startsWith("file://") ? decodeURIComponent(new URL(url).pathname) : url;
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Script of the thread. Typed arrays of a result are copied to their own buffers, which are transferred, so that the
 * module may keep its results and return views.
 */
const script = `
const port = typeof require === "function" ? require("node:worker_threads").parentPort : self;
let loaded;
let queue = Promise.resolve();
async function answer({ id, url, exported, input }) {
  let stage = "load";
  try {
    loaded ??= import(url);
    const found = (await loaded)[exported];
    if (typeof found !== "function") {
      const names = Object.keys(await loaded).join(", ") || "nothing";
      throw new Error("it must export a function " + exported + ", but it exports " + names + ".");
    }
    stage = "run";
    const buffers = [];
    const value = own(await found(...input), buffers);
    port.postMessage({ id, value }, buffers);
  } catch (error) {
    const isError = error instanceof Error;
    const { name, message, stack } = isError ? error : { name: "it threw", message: String(error) };
    port.postMessage({ id, stage, error: { name: String(name), message: String(message), stack } });
  }
}
function own(value, buffers) {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const copy = new globalThis[Object.prototype.toString.call(value).slice(8, -1)](value);
    buffers.push(copy.buffer);
    return copy;
  }
  if (Array.isArray(value)) return value.map((x) => own(x, buffers));
  if (typeof value !== "object" || value === null) return value;
  if ("shape" in value && "dtype" in value && "data" in value) {
    const data = typeof value.data === "function" ? value.data() : value.data;
    return { shape: [...value.shape], dtype: value.dtype, data: own(data, buffers) };
  }
  return Object.fromEntries(Object.entries(value).map(([name, x]) => [name, own(x, buffers)]));
}
const receive = (message) => {
  queue = queue.then(() => answer(message));
};
if (typeof port.on === "function") port.on("message", receive);
else port.addEventListener("message", (event) => receive(event.data));
`;
