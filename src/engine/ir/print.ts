import { refuseExtra } from "../errors/arguments.ts";
import { showType } from "../errors/index.ts";
import type { Equation, Program, Var } from "./program.ts";
import { DeferredProgram, isProgram } from "./program.ts";

/** Assigns each value of a program a unique name: its own name if it has one, otherwise letters. */
function nameVars(program: Program): Map<Var, string> {
  const names = new Map<Var, string>();
  const used = new Set<string>();
  const all = [...program.ins, ...program.eqns.flatMap((eqn) => eqn.outs)];
  for (const v of all) {
    if (v.name === undefined || v.name === "") continue;
    const given = onOneLine(v.name);
    let name = given;
    for (let k = 2; used.has(name); k++) name = `${given}_${k}`;
    used.add(name);
    names.set(v, name);
  }
  let next = 0;
  for (const v of all) {
    if (names.has(v)) continue;
    let name = letters(next++);
    while (used.has(name)) name = letters(next++);
    used.add(name);
    names.set(v, name);
  }
  return names;
}

/** Escapes control characters and line separators in a user's name, so that it stays on one line. */
function onOneLine(name: string): string {
  return name.replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** The n-th name in the sequence a, b, … z, aa, ab, … */
function letters(n: number): string {
  const rest = Math.floor(n / 26);
  return (rest > 0 ? letters(rest - 1) : "") + String.fromCharCode(97 + (n % 26));
}

/** Formats a parameter. A program is shown by its name because it is printed after the equation that holds it. */
function showParam(value: unknown): string {
  if (isProgram(value)) return onOneLine(value.name);
  if (value instanceof DeferredProgram) return onOneLine(value.program.name);
  if (Array.isArray(value)) return `[${value.map(showParam).join(",")}]`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "object" && value !== null) return `{${showParams(value)}}`;
  return String(value);
}

function showParams(params: unknown): string {
  if (typeof params !== "object" || params === null) return "";
  return Object.entries(params)
    .map(([key, value]) => `${key}=${showParam(value)}`)
    .join(" ");
}

/** Formats one equation as a line: `c:f64[3] = mul a b`. */
export function printEquation(eqn: Equation, nameOf: (v: Var) => string): string {
  const params = showParams(eqn.params);
  const outs = eqn.outs.map((v) => `${nameOf(v)}:${showType(v.type)}`).join(" ");
  const ins = eqn.ins.map(nameOf).join(" ");
  return `${outs} = ${eqn.prim.name}${params === "" ? "" : `[${params}]`}${ins === "" ? "" : ` ${ins}`}`;
}

/**
 * Prints a program, with sub-programs indented below the equation that holds them.
 * @example
 * ```text
 * f(x:f64[], y:f64[]) {
 *   a:f64[] = mul x y
 *   return a
 * }
 * ```
 */
export function printProgram(program: Program): string {
  if (arguments.length > 1) refuseExtra("printProgram", arguments, 1);
  return printAround(program, (nameOf) =>
    program.eqns.flatMap((eqn) => [
      printEquation(eqn, nameOf),
      ...Object.values(eqn.params ?? {})
        .filter(isProgram)
        .flatMap((sub) => indented(printProgram(sub).split("\n"))),
    ]),
  );
}

/** Prints the head and the return line of a program, with lines from `write` between them. */
export function printAround(
  program: Program,
  write: (nameOf: (v: Var) => string) => readonly string[],
): string {
  const nameOf = namesOf(program);
  const ins = program.ins.map((v) => `${nameOf(v)}:${showType(v.type)}`).join(", ");
  const lines = [...write(nameOf), `return ${program.outs.map(nameOf).join(", ")}`];
  return [`${onOneLine(program.name)}(${ins}) {`, ...indented(lines), "}"].join("\n");
}

/** Returns the function that maps each value to its printed name. */
export function namesOf(program: Program): (v: Var) => string {
  const names = nameVars(program);
  return (v) => names.get(v) ?? "?";
}

/** Indents lines by two columns. */
export function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
