import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { compileText, showExpr } from "../../numeric/syntax/index.ts";
import { syntaxError } from "../../numeric/syntax/span.ts";
import { type Punctuator, type Token, tokenize } from "../../numeric/syntax/token.ts";
import { didYouMean } from "../../engine/util/suggest.ts";

/** A constraint that the user wrote, as limits of an expression. */
export interface WrittenConstraint {
  /** The constraint as written, in one form: `a + b <= 1`. */
  readonly text: string;
  /** The limited expression, as a formula. */
  readonly expression: string;
  /** Names that it uses, in order of appearance. */
  readonly names: readonly string[];
  readonly low: number;
  readonly high: number;
  /** Computes the value of the limited expression from the values of its names. */
  readonly value: (values: Readonly<Record<string, Tensor>>) => Tensor;
}

/** Names that constraints may use. */
export interface ConstraintNames {
  /** Word for such a name in messages: `parameter`. */
  readonly noun: string;
  readonly names: readonly string[];
  /** Explains why another name is not one of them; `undefined` for unknown names. */
  readonly explain?: (name: string) => string | undefined;
}

const comparisons = new Set<Punctuator>(["<=", ">=", "=", "==", "<", ">", "!="]);

/**
 * Reads constraints such as `a + b <= 1`, `a = 2*b` or `0 <= a <= 1`, one per line or separated by semicolons.
 *
 * @throws DownhillError `syntax` with a caret, `option` for unknown names and for other comparisons.
 */
export function readWhere(text: string | undefined, known: ConstraintNames): WrittenConstraint[] {
  return statementsOf(text ?? "").flatMap((statement) => readStatement(statement, known));
}

/** One side of a constraint. */
interface Side {
  readonly text: string;
  readonly names: readonly string[];
  readonly evaluate: (values: Readonly<Record<string, Tensor>>) => Tensor;
  /** The value of the side, if it has no names; otherwise `undefined`. */
  readonly constant: number | undefined;
}

function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let start = 0;
  for (const token of tokenize(text)) {
    if (token.kind !== "separator" && token.kind !== "end") continue;
    const statement = text.slice(start, token.span.start).trim();
    if (statement !== "") statements.push(statement);
    start = token.span.end;
  }
  return statements;
}

function readStatement(text: string, known: ConstraintNames): WrittenConstraint[] {
  const marks = comparisonsOf(tokenize(text));
  const wrong = marks.find(({ mark }) => mark === "<" || mark === ">" || mark === "!=");
  if (wrong !== undefined)
    throw syntaxError(
      text,
      wrong.span,
      wrong.mark === "!="
        ? "--where: a constraint cannot exclude one value; write <=, >= or ="
        : `--where: write ${wrong.mark}=, because a search cannot tell ${wrong.mark} from ${wrong.mark}=`,
    );
  const [first, second, third] = marks;
  if (first === undefined)
    throw syntaxError(
      text,
      { start: 0, end: text.length },
      `--where: a constraint compares two expressions, as in ${text} <= 1`,
    );
  if (third !== undefined)
    throw syntaxError(
      text,
      third.span,
      "--where: a constraint has at most two comparisons; write two of them",
    );
  if (second !== undefined && (first.mark !== second.mark || isEquality(first.mark)))
    throw syntaxError(
      text,
      second.span,
      "--where: a two-sided constraint has two <= or two >=, as in 0 <= a <= 1",
    );
  const ends = [...marks.map(({ span }) => span), { start: text.length, end: text.length }];
  const sides = ends.map(({ start }, i) => {
    const from = i === 0 ? 0 : ends[i - 1]!.end;
    return readSide(text, from, start, known);
  });
  if (sides.every(({ constant }) => constant !== undefined))
    throw new DownhillError("option", `--where: ${text} names no ${known.noun}. ${listOf(known)}`);
  if (second === undefined) return [compared(sides[0]!, first.mark, sides[1]!)];
  const [a, b, c] = sides as [Side, Side, Side];
  if (a.constant === undefined || c.constant === undefined || b.constant !== undefined)
    return [compared(a, first.mark, b), compared(b, first.mark, c)];
  const [low, high] = first.mark === "<=" ? [a.constant, c.constant] : [c.constant, a.constant];
  if (low > high)
    throw new DownhillError("option", `--where: ${text} allows no value: ${low} is above ${high}.`);
  return [limited(b, `${a.text} ${first.mark} ${b.text} ${first.mark} ${c.text}`, low, high)];
}

function comparisonsOf(tokens: readonly Token[]): Extract<Token, { kind: "mark" }>[] {
  let open = 0;
  return tokens.filter((token) => {
    if (token.kind !== "mark") return false;
    if (token.mark === "(") open++;
    if (token.mark === ")") open--;
    return open === 0 && comparisons.has(token.mark);
  }) as Extract<Token, { kind: "mark" }>[];
}

function isEquality(mark: Punctuator): boolean {
  return mark === "=" || mark === "==";
}

function compared(left: Side, mark: Punctuator, right: Side): WrittenConstraint {
  const sign = isEquality(mark) ? "=" : mark;
  const text = `${left.text} ${sign} ${right.text}`;
  const isBelow = mark === "<=";
  const limits = (limit: number, isUpper: boolean): [number, number] =>
    sign === "=" ? [limit, limit] : isUpper ? [-Infinity, limit] : [limit, Infinity];
  if (right.constant !== undefined) return limited(left, text, ...limits(right.constant, isBelow));
  if (left.constant !== undefined) return limited(right, text, ...limits(left.constant, !isBelow));
  const names = [...new Set([...left.names, ...right.names])];
  const evaluate: Side["evaluate"] = (values) => left.evaluate(values).sub(right.evaluate(values));
  const difference = `${left.text} - (${right.text})`;
  return limited({ ...left, text: difference, names, evaluate }, text, ...limits(0, isBelow));
}

function limited(side: Side, text: string, low: number, high: number): WrittenConstraint {
  return { text, expression: side.text, names: side.names, low, high, value: side.evaluate };
}

function readSide(text: string, start: number, end: number, known: ConstraintNames): Side {
  const part = text.slice(start, end);
  if (part.trim() === "") throw syntaxError(text, { start, end }, "--where: an expression is missing here");
  const { inputs, evaluate, statements } = compileText(part.trim(), { names: known.names });
  const unknown = inputs.find((name) => !known.names.includes(name));
  if (unknown !== undefined)
    throw new DownhillError(
      "option",
      `--where: ${text} uses ${unknown}, which is not a ${known.noun}.` +
        `${known.explain?.(unknown) ?? didYouMean(unknown, known.names)} ${listOf(known)}`,
    );
  const expression = statements.at(-1)!.value;
  return {
    text: showExpr(expression),
    names: inputs,
    evaluate: (values) => evaluate(inputs.map((name) => values[name]!)),
    constant: inputs.length === 0 ? evaluate([]).item() : undefined,
  };
}

function listOf({ noun, names }: ConstraintNames): string {
  return names.length === 1 ? `The only ${noun} is ${names[0]!}.` : `The ${noun}s are ${names.join(", ")}.`;
}
