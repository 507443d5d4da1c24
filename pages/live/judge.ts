// How answers of exercises are judged: pure, so that tests can go through every exercise.
import { tensor } from "downhill";
import * as random from "downhill/random";
import { compileText } from "../../src/numeric/syntax/index.ts";
import { numberFrom } from "./address.ts";

/** A mistake that people make, and what is answered to it. */
export interface Misconception<A> {
  /** Its name, as it is told: “the second path is forgotten”. */
  readonly name: string;
  /** What one gets who makes it. */
  readonly answer: A;
  /** Why it is wrong, and how it goes right. */
  readonly why: string;
}

/** An instance of an exercise whose answer is a formula: any equivalent one is right. */
export interface ExpressionTask {
  readonly kind: "expression";
  readonly question: string;
  /** The names that an answer may use. */
  readonly names: readonly string[];
  readonly answer: string;
  readonly misconceptions: readonly Misconception<string>[];
  /** Where it is compared: each name between these bounds. Left out, −2 to 2. */
  readonly between?: readonly [low: number, high: number];
}

/** An instance of an exercise whose answer is a number. */
export interface NumberTask {
  readonly kind: "number";
  readonly question: string;
  readonly answer: number;
  /** How far from the answer is right, as a part of it (of 1 where it is smaller). Left out, 0.005: three digits. */
  readonly tolerance?: number;
  readonly misconceptions: readonly Misconception<number>[];
}

/** An instance of an exercise. */
export type Task = ExpressionTask | NumberTask;

/** An exercise: instances drawn from a seed, each with other numbers or functions. */
export interface Exercise {
  readonly id: string;
  readonly title: string;
  readonly draw: (draw: Draw) => Task;
}

/** Draws what an instance is made of. */
export interface Draw {
  /** A whole number from `low` to `high`, both among them. */
  whole(low: number, high: number): number;
  /** One of some. */
  one<T>(options: readonly T[]): T;
}

/** What is said to an answer. */
export interface Verdict {
  readonly isRight: boolean;
  readonly text: string;
}

/** The instance of an exercise for a seed. */
export function taskOf(exercise: Exercise, seed: number): Task {
  let count = 0;
  const whole = (low: number, high: number): number => {
    count += 1;
    const key = random.foldIn(random.key(seed), count);
    return random.randint(key, [], low, high + 1).item();
  };
  return exercise.draw({ whole, one: (options) => options[whole(0, options.length - 1)]! });
}

/** Judges an answer; an answer that cannot be read is wrong with the reason. */
export function judge(task: Task, answer: string): Verdict {
  try {
    return task.kind === "number" ? judgeNumber(task, answer) : judgeExpression(task, answer);
  } catch (problem) {
    return { isRight: false, text: problem instanceof Error ? problem.message : String(problem) };
  }
}

function judgeNumber({ answer, tolerance = 0.005, misconceptions }: NumberTask, text: string): Verdict {
  const given = numberOf(text);
  const isNear = (value: number): boolean =>
    Math.abs(given - value) <= tolerance * Math.max(1, Math.abs(value));
  if (isNear(answer)) return { isRight: true, text: "Right." };
  const known = misconceptions.find((one) => isNear(one.answer));
  if (known !== undefined) return { isRight: false, text: `Not yet: ${known.name}. ${known.why}` };
  const side = given > answer ? "too large" : "too small";
  return { isRight: false, text: `Not yet: ${text.trim()} is ${side}.` };
}

/** A number, or a formula without names: `3/4`, `exp(-1)`. */
function numberOf(text: string): number {
  try {
    return numberFrom(text);
  } catch {
    const compiled = compileText(text);
    if (compiled.inputs.length > 0)
      throw new Error(`The answer is a number: ${compiled.inputs[0]!} is none.`);
    return compiled.evaluate([]).item();
  }
}

const pointCount = 24; // where two formulas are compared
const close = 1e-8; // relative: both are computed in float64

function judgeExpression(task: ExpressionTask, text: string): Verdict {
  const { names, answer, misconceptions } = task;
  if (text.trim() === "") return { isRight: false, text: "Write a formula." };
  const given = compileText(text, { names });
  const foreign = given.inputs.find((name) => !names.includes(name));
  if (foreign !== undefined)
    return { isRight: false, text: `${foreign} is no name of this exercise: it has ${names.join(", ")}.` };
  const points = pointsOf(task);
  const values = valuesOf(text, names, points);
  const wanted = valuesOf(answer, names, points);
  const differs = values.findIndex((value, i) => !agree(value, wanted[i]!));
  if (differs < 0) return { isRight: true, text: "Right." };
  for (const { name, answer: wrong, why } of misconceptions) {
    const theirs = valuesOf(wrong, names, points);
    if (values.every((value, i) => agree(value, theirs[i]!)))
      return { isRight: false, text: `Not yet: ${name}. ${why}` };
  }
  const at = names.map((name, i) => `${name} = ${short(points[differs]![i]!)}`).join(", ");
  const [yours, right] = [values[differs]!, wanted[differs]!];
  return {
    isRight: false,
    text: `Not yet: at ${at} yours is ${short(yours)}, and it should be ${short(right)}.`,
  };
}

/** The points at which formulas are compared: the same for every answer. Where the right answer is no number, none. */
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
