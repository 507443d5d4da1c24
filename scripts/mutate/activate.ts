// Set-up of each test file: activates the mutant whose number is in a file (none for −1), and notes which mutants the test file reaches.
import { appendFileSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";

declare global {
  function isMutant(id: number): boolean;
}

const active = Number(readFileSync(process.env["DOWNHILL_MUTANT_FILE"]!, "utf8"));
let reached = new Set<number>();
let whenLoaded: ReadonlySet<number> = reached;

globalThis.isMutant = (id) => {
  reached.add(id);
  return id === active;
};

// modules are loaded once for several test files, so that the mutants of their top level count separately
beforeAll(() => {
  whenLoaded = reached;
  reached = new Set<number>();
});

afterAll(() => {
  const note = { file: expect.getState().testPath, loaded: [...whenLoaded], reached: [...reached] };
  appendFileSync(process.env["DOWNHILL_MUTANT_REACH"]!, `${JSON.stringify(note)}\n`);
});
