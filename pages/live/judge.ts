// Judges answers to exercises, without side effects, so that tests can check every exercise.
import { tensor } from "downhill";
import * as random from "downhill/random";
import { compileText } from "../../src/numeric/syntax/index.ts";
import { numberFrom } from "./address.ts";
import { readingsOf } from "./notation.ts";

/** A common mistake, with the response to it. */
export interface Misconception<A> {
  /** Name of the mistake, as shown: “the second path is forgotten”. */
  readonly name: string;
  /** Answer that results from the mistake. */
  readonly answer: A;
  /** Explanation of the mistake and its correction. */
  readonly why: string;
}

/** An instance of an exercise whose answer is a formula. Any equivalent formula is correct. */
export interface ExpressionTask {
  readonly kind: "expression";
  readonly question: string;
  /** Names that an answer may use. */
  readonly names: readonly string[];
  readonly answer: string;
  readonly misconceptions: readonly Misconception<string>[];
  /** Range of each name in the comparison. Default: −2 to 2. */
  readonly between?: readonly [low: number, high: number];
}

/** An instance of an exercise whose answer is a number. */
export interface NumberTask {
  readonly kind: "number";
  readonly question: string;
  readonly answer: number;
  /** Accepted relative deviation from the answer (absolute if the answer is below 1). Default 0.005: three digits. */
  readonly tolerance?: number;
  readonly misconceptions: readonly Misconception<number>[];
}

/** An instance of an exercise. */
export type Task = ExpressionTask | NumberTask;

/** An exercise: instances drawn from a seed, each with different numbers or functions. */
export interface Exercise {
  readonly id: string;
  readonly title: string;
  /** Idea that leads to the answer, shown after two wrong attempts. Formulas are between backquotes. */
  readonly hint: string;
  readonly draw: (draw: Draw) => Task;
}

/** Random choices for an instance of an exercise. */
export interface Draw {
  /** A random integer from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  /** One of the given options. */
  one<T>(options: readonly T[]): T;
}

/** Judgement of an answer. */
export interface Verdict {
  readonly isRight: boolean;
  readonly text: string;
  /** False for an answer that cannot be parsed. It does not count as an attempt. */
  readonly isReadable: boolean;
}

/** Numbers of wrong answers to an instance after which the hint and the solution are shown. */
const triesUntilHint = 2;
const triesUntilSolution = 3;

/** Response to an answer: the verdict, from the second wrong answer on also a hint, from the third on the solution. */
export interface Response extends Verdict {
  readonly isSolved: boolean;
  /** Number of wrong answers so far, including this one. */
  readonly tries: number;
}

/**
 * Judges an answer after `tries` wrong ones.
 *
 * @param hint the hint of the exercise
 */
export function respond(task: Task, hint: string, answer: string, tries: number): Response {
  const verdict = judge(task, answer);
  if (verdict.isRight || !verdict.isReadable) return { ...verdict, isSolved: verdict.isRight, tries };
  const now = tries + 1;
  const parts = [
    verdict.text,
    ...(now >= triesUntilHint ? [`Hint: ${hint}`] : []),
    ...(now >= triesUntilSolution ? [`The answer is \`${solutionOf(task)}\`. Try a similar one.`] : []),
  ];
  return { ...verdict, text: parts.join("\n"), isSolved: now >= triesUntilSolution, tries: now };
}

/** The correct answer as shown: a number to four digits. */
function solutionOf({ kind, answer }: Task): string {
  return kind === "number" ? short(answer) : answer.replaceAll(/\^1(?!\d)/g, "");
}

/** Instance of an exercise for a seed. */
export function taskOf(exercise: Exercise, seed: number): Task {
  let count = 0;
  const whole = (low: number, high: number): number => {
    count += 1;
    const key = random.foldIn(random.key(seed), count);
    return random.randint(key, [], low, high + 1).item();
  };
  return exercise.draw({ whole, one: (options) => options[whole(0, options.length - 1)]! });
}

/** Judges an answer. An answer that cannot be parsed is wrong, with the reason. */
export function judge(task: Task, answer: string): Verdict {
  try {
    return task.kind === "number" ? judgeNumber(task, answer) : judgeExpression(task, answer);
  } catch (problem) {
    return unreadable(problem instanceof Error ? problem.message : String(problem));
  }
}

function unreadable(text: string): Verdict {
  return { isRight: false, text, isReadable: false };
}

function wrong(text: string): Verdict {
  return { isRight: false, text: `Not yet: ${text}`, isReadable: true };
}

const right: Verdict = { isRight: true, text: "Right.", isReadable: true };

function judgeNumber({ answer, tolerance = 0.005, misconceptions }: NumberTask, text: string): Verdict {
  const given = numbersOf(text);
  const isNear = (value: number): boolean =>
    given.some((one) => Math.abs(one - value) <= tolerance * Math.max(1, Math.abs(value)));
  if (isNear(answer)) return right;
  const known = misconceptions.find((one) => isNear(one.answer));
  if (known !== undefined) return wrong(`${known.name}. ${known.why}`);
  if (isRounded(text, answer))
    return wrong(`${text.trim()} is rounded too far. Write more digits, or a formula.`);
  return wrong(`${text.trim()} is ${given[0]! > answer ? "too large" : "too small"}.`);
}

/** True if the text is the number with fewer digits: `1.6` for 1.609. */
function isRounded(text: string, answer: number): boolean {
  const digits = /^\s*[-−]?(?<digits>\d*\.?\d+)\s*$/.exec(text)?.groups?.["digits"];
  const count = digits?.replace(".", "").replace(/^0+/, "").length ?? 0;
  return count > 0 && Number(answer.toPrecision(count)) === numberFrom(text);
}

/**
 * Values that the text of an answer may mean: `1,437` has two readings; a formula without names has one: `3/4`,
 * `exp(-1)`, `2√3`, `65x24`, `8.3 %`, `two thirds`. In `2·3 = 6 runs` the number is 6: the last side of an equation or
 * of an inequality, without its unit. In `1/12 ≈ 0.08` it is the exact side.
 */
function numbersOf(text: string): readonly number[] {
  const written = withoutWords(text);
  const last = written.slice(Math.max(...[..."=<≤>≥"].map((mark) => written.lastIndexOf(mark))) + 1);
  const side = (last.split(/[≈∼~]|\babout\b/).find((part) => part.trim() !== "") ?? "")
    .replace(/[.…]+\s*$/, "")
    .replaceAll(/(?<=\d\s*)x(?=\s*\d)/gi, "*")
    .replace(/%\s*$/, "/100")
    .trim();
  const plain = /^(?<number>[-−]?[\d.,]+)(?:\s+\p{L}+|\s*ε)$/u.exec(side)?.groups?.["number"] ?? side;
  if (plain === "") throw new Error("Write a number.");
  if (/^[-−]?\d{1,3}(?:[,\s'’]\d{3})+(?:\.\d+)?$/.test(plain)) {
    const whole = Number(plain.replace("−", "-").replaceAll(/[,\s'’]/g, ""));
    return /^[^,\s]*,[^,\s]*$/.test(plain) ? [whole, numberFrom(plain)] : [whole];
  }
  try {
    return [numberFrom(plain)];
  } catch {
    return readingsOf(plain, []).map((reading) => {
      const compiled = compileText(reading);
      if (compiled.inputs.length > 0)
        throw new Error(`The answer is a number, and ${compiled.inputs[0]!} has no value here.`);
      return compiled.evaluate([]).item();
    });
  }
}

const wordsOfNumbers: ReadonlyMap<string, string> = new Map([
  ...["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].map(
    (word, i) => [word, String(i)] as const,
  ),
  ...["eleven", "twelve"].map((word, i) => [word, String(11 + i)] as const),
  ...["half", "third", "quarter", "fifth", "sixth"].flatMap((word, i) =>
    [word, word === "half" ? "halves" : `${word}s`].map((form) => [form, `(1/${i + 2})`] as const),
  ),
  ["none", "0"],
  ["never", "0"],
  ["once", "1"],
  ["twice", "2"],
  ["thrice", "3"],
  ["infinity", "inf"],
  ["minus", "-"],
  ["plus", "+"],
  ["times", "*"],
]);

/** Replaces words of numbers: `two` becomes `2`, `minus one half` becomes `- 1 (1/2)`, `one and a half` becomes `1 + (1/2)`. */
function withoutWords(text: string): string {
  return text
    .replaceAll(/\band\s+(?=(?:a|an|one|two|three)\b)/gi, "+ ")
    .replaceAll(/\b(?:a|an)\s+(?=[a-z])/gi, "")
    .replaceAll(/\p{L}+/gu, (word) => wordsOfNumbers.get(word.toLowerCase()) ?? word);
}

const pointCount = 24; // number of points at which two formulas are compared
const close = 1e-8; // relative tolerance; both formulas are computed in float64

function judgeExpression(task: ExpressionTask, text: string): Verdict {
  const { names, answer, misconceptions } = task;
  if (text.trim() === "") return unreadable("Write a formula.");
  const readings = readingsOf(text, names);
  for (const reading of readings) {
    const foreign = compileText(reading, { names }).inputs.find((name) => !names.includes(name));
    if (foreign !== undefined)
      return unreadable(`${foreign} is not a name in this exercise. Write a formula in ${listed(names)}.`);
  }
  const points = pointsOf(task);
  const all = readings.map((reading) => valuesOf(reading, names, points));
  const wanted = valuesOf(answer, names, points);
  const isOneOf = (others: readonly number[]): boolean =>
    all.some((values) => values.every((value, i) => agree(value, others[i]!)));
  if (isOneOf(wanted)) return right;
  const known = misconceptions.find((one) => isOneOf(valuesOf(one.answer, names, points)));
  if (known !== undefined) return wrong(`${known.name}. ${known.why}`);
  const values = all[0]!;
  const differs = values.findIndex((value, i) => !agree(value, wanted[i]!));
  const at = names.map((name, i) => `${name} = ${short(points[differs]![i]!)}`).join(", ");
  return wrong(`at ${at} yours is ${short(values[differs]!)}, and it should be ${short(wanted[differs]!)}.`);
}

/** Names as a phrase: “x, y and dx”. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

/**
 * Points at which formulas are compared. They are equal for all answers and exclude points where the correct answer is
 * undefined.
 */
function pointsOf({ names, answer, between: [low, high] = [-2, 2] }: ExpressionTask): number[][] {
  const shape = [2 * pointCount, names.length];
  const drawn = random.uniform(random.key(7), shape, { minval: low, maxval: high, dtype: "float64" });
  const all = drawn.tolist() as number[][];
  const values = valuesOf(answer, names, all);
  return all.filter((_, i) => Number.isFinite(values[i]!)).slice(0, pointCount);
}

function valuesOf(text: string, names: readonly string[], points: readonly (readonly number[])[]): number[] {
  const { inputs, evaluate } = compileText(text, { names });
  return points.map((point) =>
    evaluate(inputs.map((name) => tensor(point[names.indexOf(name)]!, { dtype: "float64" }))).item(),
  );
}

function agree(a: number, b: number): boolean {
  return Math.abs(a - b) <= close * Math.max(1, Math.abs(a), Math.abs(b));
}

function short(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
