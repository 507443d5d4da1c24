// Errors for differences, and the data from which they can be repeated.
import { DownhillError } from "../../engine/errors/index.ts";
import type { EncodedData } from "./data.ts";
import { encode } from "./data.ts";

/** A difference found in one call, as data: `repeatVerification` runs it again. */
export interface VerificationReport {
  readonly format: "downhill verification 1";
  readonly kind: "program" | "region";
  /** Name of the function or program. */
  readonly name: string;
  /** The difference in one sentence. */
  readonly difference: string;
  /** The program or region as text. */
  readonly printed: string;
  /** Options of `configure` under which the program or region was compiled. */
  readonly options: { readonly backend: string; readonly reproducible: boolean };
  /** The program or region, the inputs and both results. */
  readonly data: EncodedData;
  /** Reason why the program cannot be stored as data, if any. */
  readonly obstacle?: string | undefined;
}

/** Number of elements of an input or result shown in messages. */
const mostShown = 12;

/** Formats a value for messages. */
function showValue(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const list = value as ArrayLike<unknown>;
    const shown = Array.from({ length: Math.min(list.length, mostShown) }, (_, i) => showValue(list[i]));
    return `[${shown.join(", ")}${list.length > mostShown ? `, … (${list.length} in all)` : ""}]`;
  }
  if (typeof value === "object" && value !== null && "data" in value && "dims" in value)
    return `${showValue(value.data)} of shape [${(value.dims as number[]).join(",")}]`;
  return value instanceof Error ? `${value.name}: ${value.message}` : String(value);
}

/** A difference between two results, as values. `reportOf` converts it to a report, in which the values are encoded. */
export interface VerificationFailure extends Omit<VerificationReport, "format" | "data" | "obstacle"> {
  readonly inputs: readonly unknown[];
  readonly got: readonly unknown[];
  readonly expected: readonly unknown[];
  /** The program or region as objects. */
  readonly subject: unknown;
}

function reportOf({ inputs, got, expected, subject, ...found }: VerificationFailure): VerificationReport {
  const results = { inputs, got: got.map(plainError), expected: expected.map(plainError) };
  const whole = { format: "downhill verification 1", ...found } as const;
  try {
    return { ...whole, data: encode({ subject, ...results }) };
  } catch (error) {
    if (!(error instanceof DownhillError)) throw error;
    return { ...whole, data: encode(results), obstacle: error.message };
  }
}

/** Converts errors among the results to text. */
function plainError(value: unknown): unknown {
  return value instanceof Error ? showValue(value) : value;
}

/** Returns a Node module; `undefined` in pages, which have none. */
function nodeModule(name: string): unknown {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.(name);
}

interface ReportFileSystem {
  readonly writeFileSync: (path: string, text: string, options: object) => void;
  readonly mkdtempSync: (prefix: string) => string;
  readonly readFileSync: (path: string, encoding: "utf8") => string;
}

/** Writes a report to a new temporary folder and returns its path; `undefined` if there is no writable file system. */
function writeFile(report: VerificationReport): string | undefined {
  const fs = nodeModule("node:fs") as ReportFileSystem | undefined;
  const os = nodeModule("node:os") as { readonly tmpdir: () => string } | undefined;
  if (fs === undefined || os === undefined) return undefined;
  try {
    const path = `${fs.mkdtempSync(`${os.tmpdir()}/downhill-verify-`)}/report.json`;
    fs.writeFileSync(path, JSON.stringify(report), { mode: 0o600, flag: "wx" });
    return path;
  } catch {
    return undefined; // a full or read-only disk must not hide the difference
  }
}

/**
 * Reads a report from a file.
 *
 * @throws DownhillError `file` if there is no such file, no JSON in it, or no file system.
 */
export function readReport(path: string): VerificationReport {
  const fs = nodeModule("node:fs") as ReportFileSystem | undefined;
  if (fs === undefined)
    throw new DownhillError("file", "repeatVerification: there are no files here; pass the report itself.");
  try {
    return JSON.parse(fs.readFileSync(path, "utf8")) as VerificationReport;
  } catch (error) {
    throw new DownhillError("file", `repeatVerification: ${path} does not contain a report.`, {
      cause: error,
    });
  }
}

/**
 * Creates the error for a difference. Its `cause` is the report, which is also written to a temporary file if possible;
 * the message names that file.
 */
export function differenceError(found: VerificationFailure): DownhillError {
  const report = reportOf(found);
  const path = writeFile(report);
  const list = (values: readonly unknown[]): string =>
    values.map((x, i) => `\n    ${i}: ${showValue(x)}`).join("");
  const repeat =
    report.obstacle !== undefined
      ? `It cannot be repeated from data: ${report.obstacle}`
      : path === undefined
        ? "Repeat it with repeatVerification(error.cause) from downhill/testing."
        : `Repeat it: node --input-type=module -e 'import { repeatVerification } from "downhill/testing"; ` +
          `console.log(repeatVerification(${JSON.stringify(path)}))'`;
  return new DownhillError(
    "internal",
    `internal: ${found.name} was compiled wrongly: ${found.difference}.\n` +
      `${found.printed}\n  inputs:${list(found.inputs)}\n  got:${list(found.got)}\n  expected:${list(found.expected)}\n` +
      `${repeat}\nPlease report this with ${path === undefined ? "error.cause" : "that file"}.`,
    { cause: report },
  );
}
