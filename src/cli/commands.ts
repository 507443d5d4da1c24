import { compareEntry } from "./compare/entry.ts";
import { demoEntry } from "./demo/entry.ts";
import { doctorEntry } from "./doctor/entry.ts";
import { emitEntry } from "./emit/entry.ts";
import { explainEntry } from "./explain/entry.ts";
import { exportEntry } from "./export/entry.ts";
import { fitEntry } from "./fit/entry.ts";
import { launchEntry } from "./launch/entry.ts";
import { landscapeEntry } from "./landscape/entry.ts";
import { learnEntry } from "./learn/entry.ts";
import { lrFindEntry } from "./lr-find/entry.ts";
import { raceEntry } from "./race/entry.ts";
import type { LazyCommand } from "./run.ts";
import { predictEntry } from "./predict/entry.ts";
import { scheduleEntry } from "./schedule/entry.ts";
import { trainEntry } from "./train/entry.ts";

/**
 * All commands by name, in the order of the help. Each command has a folder, whose module is loaded when the command
 * runs.
 */
export const commands: ReadonlyMap<string, LazyCommand> = /* @__PURE__ */ new Map<string, LazyCommand>([
  ["explain", explainEntry],
  ["train", trainEntry],
  ["predict", predictEntry],
  ["compare", compareEntry],
  ["launch", launchEntry],
  ["export", exportEntry],
  ["emit", emitEntry],
  ["fit", fitEntry],
  ["lr-find", lrFindEntry],
  ["schedule", scheduleEntry],
  ["race", raceEntry],
  ["landscape", landscapeEntry],
  ["demo", demoEntry],
  ["learn", learnEntry],
  ["doctor", doctorEntry],
]);
