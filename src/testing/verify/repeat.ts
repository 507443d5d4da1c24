import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Primitive, Program } from "../../engine/ir/index.ts";
import type { Region } from "../../engine/region/form/region.ts";
import { configure } from "../../engine/runtime/configure.ts";
import { compileProgram, engine, isRelaxed, isTurbo } from "../../engine/runtime/index.ts";
import { callRegion } from "../../engine/runtime/regions.ts";
import type { RuntimeOptions, Verification } from "../../engine/runtime/index.ts";
import { decode } from "./data.ts";
import type { ProgramValue } from "./oracle.ts";
import { compareProgram, outcomeOf } from "./programs.ts";
import { compareRegion, endOf } from "./region-calls.ts";
import type { RegionValue, DerivationStep } from "./regions.ts";
import { derivedBy } from "./regions.ts";
import type { VerificationReport } from "./report.ts";
import { readReport } from "./report.ts";

export interface RepeatVerificationOptions {
  /** Custom primitives (`definePrimitive`) that the program uses. */
  readonly primitives?: readonly Primitive[];
  /** Largest number of scalar operations of the oracle. Default 10⁹. */
  readonly verifyBudget?: number;
}

/** Program or region in a report. */
interface ReportedSubject {
  readonly subject: unknown;
  readonly inputs: readonly unknown[];
}

interface ReportedRegion {
  readonly base: Region;
  readonly steps: readonly DerivationStep[];
  readonly javaScript?: string;
  readonly values?: readonly RegionValue[];
}

/**
 * Compiles and calls the program of an error of `configure({ verify })` again, and compares it with the oracle.
 * `report` is the `cause` of the error, or the path of the file that its message names. Returns "verified" if the
 * difference no longer occurs, and "unverified" if the comparison exceeds its budget.
 *
 * A difference from a JavaScript function is compared with the recorded results of that function.
 *
 * @throws DownhillError `internal` for a difference; `file` for a file without a report, `option` for a report whose
 *   program cannot be stored as data.
 */
export function repeatVerification(
  report: string | VerificationReport,
  options: RepeatVerificationOptions = {},
): Verification {
  if (arguments.length > 2) refuseExtra("repeatVerification", arguments, 2);
  checkOptions("repeatVerification", options, ["primitives", "verifyBudget"]);
  const { primitives = [], verifyBudget = 1e9 } = options;
  const { kind, data, obstacle, options: chosen } = typeof report === "string" ? readReport(report) : report;
  if (obstacle !== undefined) throw new DownhillError("option", `repeatVerification: ${obstacle}`);
  const recorded = decode(data, primitives) as ReportedSubject;
  const before = engine.options;
  configure({ ...(chosen as RuntimeOptions), verify: "off" });
  try {
    return kind === "program" ? repeatProgram(recorded, verifyBudget) : repeatRegion(recorded, verifyBudget);
  } finally {
    configure(before);
  }
}

function repeatProgram({ subject, inputs }: ReportedSubject, budget: number): Verification {
  const program = subject as Program;
  const { run, drop } = compileProgram(program);
  try {
    const outcome = outcomeOf(run, program, inputs as ProgramValue[]);
    return compareProgram(
      { program, inputs: inputs as ProgramValue[], outcome, isExact: !isRelaxed() && !isTurbo() },
      budget,
    );
  } finally {
    drop();
  }
}

function repeatRegion({ subject, inputs }: ReportedSubject, budget: number): Verification {
  const { base, steps, javaScript = "", values } = subject as ReportedRegion;
  const args = inputs as RegionValue[];
  const region = derivedBy(base, steps);
  const end = endOf((given) => callRegion(region, given), args, region.region().params);
  return compareRegion(
    { base, steps, args, end, source: undefined, recorded: values && { javaScript, values } },
    budget,
  );
}
