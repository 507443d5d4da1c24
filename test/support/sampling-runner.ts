// Runs every fifth row of long tables of tests: of `test.each` every fifth test, of `describe.each` every fifth test of each row, in
// turn. `scripts/test.mjs` uses it for the whole suite, except in CI and in the soak. A file named on the command line runs whole.
import { type RunnerTask, type RunnerTestFile, type RunnerTestSuite, TestRunner } from "vitest";
import { inCi } from "./extent.ts";

/** The number of rows up to which a table runs whole. */
const wholeTable = 5;
const stride = 5;

// oxlint-disable-next-line import/no-default-export -- Vitest loads a runner by its default export
export default class SamplingRunner extends TestRunner {
  onCollected(files: readonly RunnerTestFile[]): void {
    files.forEach(sampleTables);
  }
}

/** Skips tests of the tables in a suite, and in the suites within it. Adjacent tables count as one. */
function sampleTables(suite: RunnerTestSuite): void {
  let table: RunnerTask[] = [];
  const sample = (): void => {
    const isLong = table.length > wholeTable;
    for (const [row, task] of table.entries()) {
      if (task.type === "test") {
        if (isLong && row % stride !== 0) skip(task);
      } else if (isLong) sampleRow(task, row);
      else sampleTables(task);
    }
    table = [];
  };
  for (const task of suite.tasks) {
    if (task.each === true && task.type === (table[0]?.type ?? task.type)) {
      table.push(task);
      continue;
    }
    sample();
    if (task.each === true) table.push(task);
    else if (task.type === "suite") sampleTables(task);
  }
  sample();
}

/** Skips four of five tests of a row of `describe.each`. Row by row, other tests run. */
function sampleRow(suite: RunnerTestSuite, row: number): void {
  for (const [i, task] of suite.tasks.entries()) {
    if (task.type === "suite") sampleRow(task, row + i);
    else if ((row + i) % stride !== 0) skip(task);
  }
}

function skip(task: RunnerTask): void {
  if (task.mode !== "run") return; // it has a reason of its own
  task.mode = "skip";
  task.meta.needs = inCi;
}
