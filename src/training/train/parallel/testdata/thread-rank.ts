// A thread that is a rank of one run after another. It receives memory and scenario, and answers with the outcome.
import { parentPort } from "node:worker_threads";
import { type ThreadMemory, threadWorld } from "../../../../../test/support/thread-world.ts";
import { runScenario, type Scenario } from "./scenario.ts";

interface Task {
  readonly memory: ThreadMemory | undefined;
  readonly rank: number;
  readonly scenario: Scenario;
}

parentPort!.on("message", ({ memory, rank, scenario }: Task) => {
  const world = memory === undefined ? undefined : threadWorld(memory, rank);
  runScenario(world, scenario).then(
    (outcome) => parentPort!.postMessage(outcome),
    (error: unknown) => parentPort!.postMessage({ rank, error: { code: "test", message: String(error) } }),
  );
});
