import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use by the heap and by arrays once all that is unreachable is gone; no turn of the event loop passes. */
export function bytesInUse(): number {
  collect();
  collect(); // buffers of arrays that the first one found to be garbage
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}
