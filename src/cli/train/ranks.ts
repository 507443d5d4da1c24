import { openMpi } from "../../training/distributed/index.ts";
import type { World } from "../../training/train/index.ts";
import { usualGrace } from "../launch/counts.ts";
import { launch } from "../launch/run.ts";
import type { TrainRequest } from "./options.ts";
import type { OutputSettings } from "./settings.ts";

/** Opens the group of ranks if this process was started as one of them, and adds their number to the request. */
export async function openRanks(
  request: TrainRequest,
): Promise<{ readonly world: World | undefined; readonly asked: TrainRequest }> {
  if (!request.mpi) return { world: undefined, asked: request };
  const world = await openMpi();
  return { world, asked: { ...request, ranks: String(world.size) } };
}

/** Starts this command again as the given number of ranks on this machine, and returns the exit code. */
export async function launchRanks(ranks: number, request: TrainRequest): Promise<number> {
  const [, program, command, ...words] = process.argv;
  return launch({
    program: program!,
    words: [command!, "--mpi", ...words],
    ranks,
    restarts: 0,
    checkpoint: undefined,
    mpirun: undefined,
    grace: usualGrace,
    allowRunAsRoot: request["allow-run-as-root"],
  });
}

/** Output settings of a rank other than the first, which writes no files. */
export function withoutFiles({ until }: OutputSettings): OutputSettings {
  return {
    report: "",
    checkpoint: undefined,
    resume: false,
    until,
    save: undefined,
    tensorboard: undefined,
  };
}

/** Sends plain data from rank 0 to all ranks; `undefined` if it is undefined there. */
export function fromFirst<T>(world: World | undefined, value: T | undefined): T | undefined {
  if (world === undefined || world.size === 1) return value;
  const text = world.rank === 0 ? new TextEncoder().encode(JSON.stringify({ value })) : undefined;
  const length = Int32Array.of(text?.length ?? 0);
  world.broadcast(length);
  const bytes = text ?? new Uint8Array(length[0]!);
  world.broadcast(bytes);
  return (JSON.parse(new TextDecoder().decode(bytes)) as { readonly value?: T }).value;
}
