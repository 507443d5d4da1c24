import { DownhillError } from "../../engine/errors/index.ts";
import { schedulePage, schedulePicture } from "./page.ts";
import { makeReader } from "./reader.ts";
import { findSchedule, makeSchedule, schedules } from "./table.ts";
import { type ScheduleCurve, showCurve, showList } from "./text.ts";
import { pictureFormatter } from "../shared/picture/formatter.ts";
import { columnsOf, paintFor } from "../shared/style.ts";
import type { TextOutput } from "../shared/terminal.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";

/** Arguments of `downhill schedule` as written on the command line. */
export interface ScheduleRequest {
  readonly name: string | undefined;
  readonly steps: string | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
  readonly log: boolean;
  /** The options of the schedule by their names on the command line. */
  readonly texts: ReadonlyMap<string, string>;
}

const defaultSteps = 100;
const mostSteps = 1_000_000;

/** Computes a schedule and writes the requested output. */
export async function drawSchedule(request: ScheduleRequest, stream: TextOutput): Promise<void> {
  const { name, json } = request;
  const paint = paintFor(stream);
  if (name === undefined) {
    if (request.texts.size > 0 || request.out !== undefined || json) {
      throw new DownhillError(
        "option",
        "the name of the schedule is missing, as in downhill schedule cosine.",
      );
    }
    stream.write(showList(schedules, paint));
    return;
  }
  const draw =
    request.out === undefined
      ? undefined
      : await pictureFormatter("--out", request.out, { picture: schedulePicture, page: schedulePage });
  const out = request.out === undefined ? undefined : checkOutput(request.out, []);
  const curve = workOut(name, request);
  if (out !== undefined && draw !== undefined) await writeOutput(out, await draw(curve));
  if (json) stream.write(`${JSON.stringify(asJson(curve))}\n`);
  else {
    stream.write(showCurve(curve, paint, columnsOf(stream)));
    if (out !== undefined) stream.write(`\n${paint("dim", "Picture written to")} ${out}\n`);
  }
}

/**
 * Computes the rates of a schedule with the given options.
 *
 * @throws DownhillError `option` for an unknown schedule or invalid options, `range` for a rate that is negative or not
 *   finite.
 */
export function workOut(
  name: string,
  { steps, texts, log }: Pick<ScheduleRequest, "steps" | "texts" | "log">,
): ScheduleCurve {
  const [key, kind] = findSchedule(name);
  const given = steps === undefined ? undefined : readSteps(steps);
  const reader = makeReader(key, texts, given ?? defaultSteps, "--");
  const made = makeSchedule(kind, reader);
  const n = given ?? made.steps ?? defaultSteps;
  const all = Array.from({ length: n }, (_, t) => t);
  const rates = all.map((t) => made.rate(t));
  const { momentum } = made;
  const wrong = rates.findIndex((rate) => !(Number.isFinite(rate) && rate >= 0));
  if (wrong >= 0) {
    throw new DownhillError(
      "range",
      `${key}: the rate of step ${wrong} is ${rates[wrong]!}, and rates must be finite numbers of 0 or more.`,
    );
  }
  if (log && !rates.some((rate) => rate > 0)) {
    throw new DownhillError("option", "--log needs a rate above 0.");
  }
  return {
    name: key,
    description: kind.description,
    options: reader.values,
    rates,
    log,
    unit: made.unit ?? "step",
    code: made.code,
    momentumCode: momentum?.code,
    ...(momentum === undefined ? {} : { momentum: all.map((t) => momentum.rate(t)) }),
  };
}

function readSteps(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= mostSteps) return value;
  throw new DownhillError(
    "option",
    `--steps must be an integer from 1 to ${mostSteps.toLocaleString("en")}, got ${JSON.stringify(text)}.`,
  );
}

function asJson({ name, options, rates, momentum }: ScheduleCurve): object {
  return {
    schedule: name,
    options: Object.fromEntries(options),
    steps: rates.length,
    rates,
    ...(momentum === undefined ? {} : { momentum }),
  };
}
