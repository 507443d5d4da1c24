// Ends in the given way: the last rank does something that the other ranks do not, and these continue until they are
// ended. Usage: ends.mjs WAY [FILE]
import { existsSync, writeFileSync } from "node:fs";
import { openMpi } from "downhill/distributed";

const [how, file] = process.argv.slice(2);
const { env } = process;
if (how === "leave before opening" && (env.OMPI_COMM_WORLD_RANK ?? env.PMI_RANK) === "1") process.exit(0);
const world = await openMpi();
const isLast = world.rank === world.size - 1;
const say = (text) => process.stdout.write(`${text}\n`);
const flag = new Int32Array(1);

/** Steps in which all ranks take part, until one of them says that it is enough. */
async function steps() {
  for (;;) {
    world.allReduce(flag, "max");
    if (flag[0] > 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

if (how === "throw" && isLast) throw new Error("the last rank has had enough");
if (how === "reject" && isLast) void Promise.reject(new Error("the last rank was let down"));
if (how === "abort" && isLast) world.abort("the last rank asks to end it");
if (how === "leave the others alone") {
  world.barrier();
  if (isLast) process.exit(0);
  world.broadcast(flag, 0); // which may return, though the last rank is gone
  if (file === "exchange") world.exchange(world.size - 1, new Uint8Array(1), new Uint8Array(1));
  else world.allReduce(flag, "max");
}
if (how === "finish apart") {
  world.broadcast(flag, 0);
  if (isLast) process.exit(0);
  say("finished");
  process.exit(0);
}
if (how === "busy") {
  world.barrier();
  if (isLast) say("ready");
  for (;;)
    if (isLast)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // deaf to all signals that have handlers
    else world.allReduce(flag, "max");
}
if (how === "leave") {
  if (isLast) process.exit(3);
  await new Promise((resolve) => setTimeout(resolve, 3_600_000)); // it is ended long before
}
const isAgain = file !== undefined && existsSync(file);
if (how === "kill once, interrupt" && !isAgain) {
  world.barrier();
  if (isLast) {
    writeFileSync(file, "");
    process.kill(process.pid, "SIGKILL");
  }
}
if (how === "checkpoint") {
  // fails each time, the first time after a checkpoint
  if (isLast && !isAgain) writeFileSync(file, "");
  throw new Error("it fails");
}
if (how === "deaf") {
  process.on("SIGINT", () => say("heard"));
  world.barrier();
  if (world.rank === 0) say("ready");
}
if (how === "kill once, interrupt" && isAgain) {
  process.on("SIGINT", () => (flag[0] = 1));
  world.barrier();
  if (world.rank === 0) say(`ready on ${world.size} ranks`);
  await steps();
  // the first to know is not the last to be ready
  if (world.rank === 0) {
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    say("saved once");
  }
  process.exit(130);
}
await steps();
