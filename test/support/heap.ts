import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use by the heap and by arrays after garbage collection, without a turn of the event loop. */
export function bytesInUse(): number {
  collect();
  collect(); // buffers of arrays that the first collection released
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}
