import { visible } from "../help.ts";
import { toJson } from "../shared/json.ts";
import { type Paint, columnsOf, paintFor } from "../shared/style.ts";
import type { TextOutput } from "../shared/terminal.ts";
import { wrapLine } from "../shared/wrap.ts";

/** Loss, accuracy, rate and speed of a run after a step or an epoch. */
export interface RunStatus {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  /** Share of the training items classified correctly. */
  readonly accuracy: number | undefined;
  readonly learningRate: number;
  readonly itemsPerSecond: number;
}

/** Status of a run after an epoch. */
export interface EpochStatus extends RunStatus {
  /** Loss on the validation items, if there are any. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number | undefined;
  readonly testLoss: number;
  readonly testAccuracy: number | undefined;
  readonly seconds: number;
}

/** State of tuning after one step of the hyper-parameters. */
export interface TuneStatus {
  readonly round: number;
  readonly rounds: number;
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** The loss on items outside the training set, before and after the steps of the round. */
  readonly before: number;
  readonly after: number;
  readonly outcome: "descended" | "diverged";
}

/** Result of tuning the hyper-parameters. */
export interface TuneOutcome {
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Mean losses of trial runs with the initial and with the tuned hyper-parameters. */
  readonly trial: { readonly start: number; readonly tuned: number };
}

/** A finished run. */
export interface TrainingOutcome {
  readonly stopped: "finished" | "aborted" | "early-stopping" | "diverged";
  readonly epochs: number;
  readonly steps: number;
  readonly trainLoss: number | undefined;
  /** The epoch whose parameters were kept, and its loss on the validation items. */
  readonly bestEpoch?: number;
  readonly validationLoss?: number;
  readonly testLoss: number;
  readonly testAccuracy?: number;
  readonly testR2?: number;
  readonly testRmse?: number;
  /** Duration of the whole command in seconds. */
  readonly seconds: number;
  readonly seed: number;
  /** The commands that reproduce the run to the last bit; empty if unknown. */
  readonly commands: readonly string[];
  readonly report: string;
  readonly checkpoint?: string;
  readonly network?: string;
}

/** Reports the progress of a run to the user. */
export interface ProgressReporter {
  start(about: Readonly<Record<string, unknown>>, text: string): void;
  /**
   * Shows the state within an epoch. `done` is the finished fraction of the run, from 0 to 1, and `left` the remaining
   * seconds.
   */
  step(standing: RunStatus, done: number, left: number): void;
  epoch(standing: EpochStatus): void;
  /** Shows a note to the user during a run. */
  note(text: string): void;
  tune(standing: TuneStatus): void;
  tuned(outcome: TuneOutcome, text: string): void;
  done(outcome: TrainingOutcome, text: string): void;
  /** Erases the progress bar before other output. */
  clear(): void;
}

/** Prints JSON lines, a bar on a terminal, or otherwise one line per epoch. */
export function makeOutput(json: boolean, stream: TextOutput): ProgressReporter {
  if (json) return jsonLines(stream);
  return stream.isTTY === true ? bar(stream) : lines(stream);
}

/** Reporter that prints nothing. Used by all ranks of a run except the first. */
export const silentOutput: ProgressReporter = {
  start: () => {},
  step: () => {},
  epoch: () => {},
  note: () => {},
  tune: () => {},
  tuned: () => {},
  done: () => {},
  clear: () => {},
};

function jsonLines(stream: TextOutput): ProgressReporter {
  const write = (event: string, rest: object): void => {
    stream.write(`${toJson({ event, ...rest })}\n`);
  };
  return {
    start: (about) => write("start", about),
    step: () => {},
    epoch: (standing) => write("epoch", standing),
    note: (text) => write("note", { text }),
    tune: (standing) => write("tune", standing),
    tuned: (outcome) => write("tuned", outcome),
    done: (outcome) => write("done", outcome),
    clear: () => {},
  };
}

function lines(stream: TextOutput): ProgressReporter {
  const paint = paintFor(stream);
  return {
    start: (_, text) => stream.write(`${text}\n`),
    step: () => {},
    epoch(standing) {
      const { epoch, epochs, validationAccuracy, validationLoss, testAccuracy, testLoss } = standing;
      const width = String(epochs).length;
      const on = (name: string, loss: number, accuracy: number | undefined): string =>
        accuracy === undefined ? `${name} loss ${showLoss(loss)}` : `${name} ${percent(accuracy)}`;
      const held = validationLoss === undefined ? [] : [on("val", validationLoss, validationAccuracy)];
      const parts = [...quality(standing), ...held, on("test", testLoss, testAccuracy)];
      const counted = `epoch ${String(epoch).padStart(width)}/${epochs}`;
      stream.write(`${[counted, ...parts, ...pace(standing, paint)].join("  ")}\n`);
    },
    note: (text) => stream.write(`${text}\n`),
    tune: (standing) => stream.write(`${tuneLine(standing)}\n`),
    tuned: (_, text) => stream.write(`${text}\n`),
    done: (_, text) => stream.write(`${text}\n`),
    clear: () => {},
  };
}

/** Formats a tuning step as `round 3/40  learningRate 0.0123  momentum 0.9  loss 2.3012 → 1.9870`. */
function tuneLine({ round, rounds, hyperparameters, before, after, outcome }: TuneStatus): string {
  const width = String(rounds).length;
  const values = Object.entries(hyperparameters).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  const losses = `loss ${showLoss(before)} → ${showLoss(after)}`;
  const end = outcome === "diverged" ? ["diverged: reverting to lower rates"] : [];
  return [`round ${String(round).padStart(width)}/${rounds}`, ...values, losses, ...end].join("  ");
}

const redrawEvery = 100; // ms
const barWidth = 20;

function bar(stream: TextOutput): ProgressReporter {
  const paint = paintFor(stream);
  let drawn = -Infinity;
  const clear = (): void => {
    if (drawn > -Infinity) stream.write("\r\u001b[2K");
    drawn = -Infinity;
  };
  const say = (text: string): void => {
    clear();
    const columns = columnsOf(stream);
    for (const line of text.split("\n"))
      for (const part of wrapLine(line, columns)) stream.write(`${part}\n`);
  };
  return {
    start: (_, text) => say(text),
    step(standing, done, left) {
      const now = performance.now();
      if (now - drawn < redrawEvery) return;
      drawn = now;
      const columns = columnsOf(stream) ?? 80;
      const time = `${duration(left)} left`;
      const counted = `epoch ${standing.epoch}/${standing.epochs}`;
      // a line wider than the terminal would not be overwritten but repeated below itself
      const width = Math.max(0, Math.min(barWidth, columns - counted.length - time.length - 5));
      const full = Math.round(done * width);
      const shape = paint("cyan", "█".repeat(full)) + paint("dim", "░".repeat(width - full));
      const head = width < 4 ? counted : `${counted} ${shape}`;
      const line = fitLine([head, ...quality(standing), ...pace(standing, paint), time], columns);
      stream.write(`\r\u001b[2K${line}`);
    },
    epoch: () => {},
    note: say,
    tune: (standing) => say(tuneLine(standing)),
    tuned: (_, text) => say(text),
    done: (_, text) => say(text),
    clear,
  };
}

/** Formats loss and accuracy as texts. */
function quality({ loss, accuracy }: RunStatus): string[] {
  return [`loss ${showLoss(loss)}`, ...(accuracy === undefined ? [] : [`accuracy ${percent(accuracy)}`])];
}

/** Formats learning rate and speed as texts. */
function pace({ learningRate, itemsPerSecond }: RunStatus, paint: Paint): string[] {
  return [
    paint("dim", `rate ${showRate(learningRate)}`),
    paint("dim", `${Math.round(itemsPerSecond).toLocaleString("en")} items/s`),
  ];
}

/**
 * Joins the parts that fit a line. Others are dropped, beginning with the last but one; the first part and the last,
 * the remaining time, always stay.
 */
function fitLine(parts: readonly string[], columns: number): string {
  const kept = [...parts];
  while (kept.length > 2 && visible(kept.join("  ")) >= columns) kept.splice(-2, 1);
  return kept.join("  ");
}

/**
 * Formats a loss with four decimals. Losses other than 0 that are below 0.001 or at least 100 000 get an exponent and
 * three digits: `1.23e-4`.
 */
export function showLoss(loss: number): string {
  if (loss !== 0 && (Math.abs(loss) < 1e-3 || Math.abs(loss) >= 1e5)) return loss.toExponential(2);
  return loss.toFixed(4);
}

/** Formats a fraction as a percentage: `97.8 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function showRate(rate: number): string {
  return String(Number(rate.toPrecision(4)));
}

/** Formats seconds as a duration. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
