// Set-up of each test file: activates the mutant whose number is in a file. No mutant is active for −1.
import { readFileSync } from "node:fs";

declare global {
  var mutant: number;
}

globalThis.mutant = Number(readFileSync(process.env["DOWNHILL_MUTANT_FILE"]!, "utf8"));
