import { descriptor, layout, poolImport, taskName } from "../../emit/threads/layout.ts";
import { keptModules, watchTime } from "../tuning.ts";

/** Data that a thread receives at its start. */
export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  /** Bytes of the module that `poolModule(base)` writes. */
  readonly pool: Uint8Array;
  readonly base: number;
  /** Number of the thread, from 0. */
  readonly place: number;
}

const word = (offset: number): number => offset / 4;

/**
 * Script of a thread, as text, so that no file has to be located. The thread waits for work, compiles the module of the
 * work from its bytes in memory unless it has done so before, and processes units until none are left. It receives no
 * messages after the first one; all other communication uses shared memory.
 */
export function workerScript(): string {
  return `
const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
function run({ memory, pool, base, place }) {
  const words = new Int32Array(memory.buffer, base, ${layout.bytes / 4});
  const env = { memory, idle() {}, remainder: (x, y) => x % y };
  if (threads === undefined) self.postMessage("begun"); // its script is read
  const own = new WebAssembly.Instance(new WebAssembly.Module(pool), { env }).exports;
  own.place.value = place;
  const imports = {
    env,
    ${poolImport}: { begin: () => 0, end() {}, take: own.take, finish: own.finish, scratch: own.scratch },
  };
  const known = new Map();
  const claim = new BigInt64Array(memory.buffer, base + ${layout.claim}, 1);
  // While units of an epoch are left, the memory that describes its work is valid. Afterwards its module may have been
  // freed, and earlier reads may be garbage. The atomic add of 0 orders those reads before this check.
  const isLeft = (epoch) => {
    const now = Atomics.add(claim, 0, 0n);
    return Number(now >> 32n) === epoch && (now & 0xffffffffn) !== 0n;
  };
  const moduleAt = (at, epoch) => {
    const [id, address, length] = new Int32Array(memory.buffer, at, ${descriptor.bytes / 4});
    let found = known.get(id); // if it is a different one, it finds no units, because its epoch has passed
    if (found === undefined && isLeft(epoch)) {
      const bytes = new Uint8Array(memory.buffer, address >>> 0, length >>> 0).slice();
      if (!isLeft(epoch)) return {};
      found = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
      if (known.size >= ${keptModules}) known.delete(known.keys().next().value);
      known.set(id, found);
    }
    return found ?? {};
  };
  const bit = 1 << place;
  let watch = ${watchTime.short};
  const watchFor = (seen) => {
    const start = performance.now();
    do {
      for (let i = 0; i < 200; i++) {
        const now = Atomics.load(words, ${word(layout.epoch)});
        if (now !== seen) {
          watch = ${watchTime.long};
          return now;
        }
      }
    } while (performance.now() < start + watch);
    Atomics.or(words, ${word(layout.sleeping)}, bit);
    Atomics.wait(words, ${word(layout.epoch)}, seen);
    Atomics.and(words, ${word(layout.sleeping)}, ~bit);
    watch = performance.now() < start + ${watchTime.long} ? ${watchTime.long} : ${watchTime.short};
    return Atomics.load(words, ${word(layout.epoch)});
  };
  Atomics.or(words, ${word(layout.up)}, bit);
  let seen = (Atomics.load(words, ${word(layout.epoch)}) - 1) | 0; // what is being done already may last
  while (Atomics.load(words, ${word(layout.stop)}) === 0) {
    const now = watchFor(seen);
    if (now === seen) continue;
    seen = now;
    let task;
    try {
      task = moduleAt(words[${word(layout.descriptor)}] >>> 0, seen)["${taskName(0).slice(0, -1)}" + words[${word(layout.task)}]];
    } catch {
      // there may be no memory for the module here, or not yet all of the memory that has grown: others do it
    }
    if (typeof task !== "function") continue;
    own.epoch.value = seen;
    try {
      task();
    } catch {
      Atomics.store(words, ${word(layout.failed)}, 1);
      Atomics.notify(words, ${word(layout.done)});
      break;
    }
  }
  Atomics.and(words, ${word(layout.up)}, ~bit);
  if (threads === undefined) self.close();
}
if (threads?.workerData) run(threads.workerData);
else self.onmessage = ({ data }) => run(data);
`;
}
