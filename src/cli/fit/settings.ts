import { DownhillError } from "../../engine/errors/index.ts";
import type { RobustLoss } from "../../numeric/optim/index.ts";
import { robustLosses } from "../../numeric/optim/minimize/robust.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { type NameSet, readNumber, readPairs } from "../shared/assignments.ts";
import type { FitRequest } from "./command.ts";

/** The settings of a fit that do not depend on the formula. */
export interface FitSettings {
  readonly loss: RobustLoss;
  readonly lossScale: number | undefined;
  readonly level: number;
  readonly starts: number;
  readonly maxIterations: number;
  readonly missing: "error" | "skip";
}

/**
 * Reads the settings that do not depend on the formula from the command's options.
 *
 * @throws DownhillError `option`, with the option and the nearest valid word.
 */
export function readSettings(request: FitRequest): FitSettings {
  const {
    sigma,
    weights,
    "absolute-sigma": absoluteSigma,
    "loss-scale": lossScale,
    loss = "squares",
  } = request;
  if (sigma !== undefined && weights !== undefined) {
    throw new DownhillError("option", "give --sigma or --weights, not both: --sigma is weights of 1/σ².");
  }
  if (absoluteSigma && sigma === undefined) {
    throw new DownhillError(
      "option",
      "--absolute-sigma needs --sigma, a column with the errors of the data.",
    );
  }
  if (lossScale !== undefined && loss === "squares") {
    throw new DownhillError("option", "--loss-scale is for robust losses: name one, as in --loss soft-l1.");
  }
  return {
    loss: word("--loss", loss, robustLosses),
    lossScale:
      lossScale === undefined ? undefined : number("--loss-scale", lossScale, (s) => s > 0, "above 0"),
    level: number("--level", request.level, (p) => p > 0 && p < 1, "between 0 and 1"),
    starts: whole("--starts", request.starts, 1000),
    maxIterations: whole("--max-iterations", request["max-iterations"], 1_000_000),
    missing: word("--missing", request.missing, ["error", "skip", "drop"]) === "error" ? "error" : "skip",
  };
}

/**
 * Reads start values such as `a=1,b=2` from the option --start; parameters that it leaves out are absent.
 *
 * @throws DownhillError `option` for a name that is not a parameter, or a value that is not a finite number.
 */
export function readStart(text: string | undefined, parameters: readonly string[]): Record<string, number> {
  if (text === undefined) return {};
  const known: NameSet = { noun: "parameter", names: parameters };
  const given = readPairs("--start", text, known, (name, value) => {
    const start = readNumber("--start", name, value);
    if (Number.isFinite(start)) return start;
    throw new DownhillError("option", `--start: ${name} must be finite, got ${value.trim()}.`);
  });
  return Object.fromEntries(given);
}

/** Reads `--bounds a=0:10,b=0:` as the least and greatest value of each parameter in it. An omitted end is −∞ or ∞. */
export function readBounds(
  text: string | undefined,
  parameters: readonly string[],
): { readonly low: Record<string, number>; readonly high: Record<string, number> } {
  if (text === undefined) return { low: {}, high: {} };
  const known: NameSet = { noun: "parameter", names: parameters };
  const given = readPairs("--bounds", text, known, (name, value): readonly [number, number] => {
    const ends = value.split(":");
    if (ends.length !== 2) {
      throw new DownhillError(
        "option",
        `--bounds: ${name} needs its ends, as in ${name}=0:10, ${name}=0: or ${name}=:10; got ${JSON.stringify(value.trim())}.`,
      );
    }
    const [low, high] = ends.map((end, i) =>
      end.trim() === "" ? (i === 0 ? -Infinity : Infinity) : readNumber("--bounds", name, end),
    ) as [number, number];
    if (low <= high) return [low, high];
    throw new DownhillError("option", `--bounds: ${name} must be from low to high, got ${value.trim()}.`);
  });
  return {
    low: Object.fromEntries([...given].map(([name, [low]]) => [name, low])),
    high: Object.fromEntries([...given].map(([name, [, high]]) => [name, high])),
  };
}

function word<const W extends string>(option: string, text: string, words: readonly W[]): W {
  const found = words.find((one) => one === text);
  if (found !== undefined) return found;
  const near = didYouMean(text, words);
  throw new DownhillError(
    "option",
    `${option} must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)!}, got ${JSON.stringify(text)}.${near}`,
  );
}

function number(option: string, text: string, isRight: (x: number) => boolean, what: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && isRight(value)) return value;
  throw new DownhillError("option", `${option} must be a number ${what}, got ${JSON.stringify(text)}.`);
}

function whole(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new DownhillError(
    "option",
    `${option} must be an integer from 1 to ${most.toLocaleString("en")}, got ${JSON.stringify(text)}.`,
  );
}
