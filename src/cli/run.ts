import type { ArgsDef } from "citty";
import { DownhillError } from "../engine/errors/index.ts";
import { didYouMean } from "../engine/util/suggest.ts";
import { endOptions, normaliseArguments } from "./arguments.ts";
import type { CommandEntry } from "./help.ts";
import { commandHelp, mainHelp, welcome } from "./help.ts";
import { type OptionValues, optionValues } from "./shared/option-values.ts";
import { paintFor } from "./shared/style.ts";
import type { Terminal } from "./shared/terminal.ts";
import { version } from "../engine/util/version.ts";
import { takeTurbo, turboOption } from "./turbo.ts";

/** The implementation of a command. */
export interface Command<T extends ArgsDef = ArgsDef> {
  readonly args: T;
  /** Returns the exit code: 0 if all went well. `words` are all positional arguments. */
  readonly run: (given: OptionValues<T>, terminal: Terminal, words: readonly string[]) => Promise<number>;
}

/**
 * A command: its help text and the loader of its module, which is loaded only when the command runs or explains its
 * options.
 */
export interface LazyCommand extends CommandEntry {
  readonly load: () => Promise<Command>;
  /** True if it computes on arrays, so that it has the option --turbo. */
  readonly computes?: boolean;
  /** True if the words from the first positional one on belong to a program that it starts. */
  readonly startsProgram?: boolean;
}

/**
 * Erases the types of a command's arguments. This is safe, because a command only receives the arguments that it
 * declares.
 */
export function anyCommand<T extends ArgsDef>(command: Command<T>): Command {
  return command as unknown as Command;
}

/** Exit codes of the process. */
const failed = 1;
const badUsage = 2;

/** Codes of errors that a correct command may cause. */
const troubles: ReadonlySet<string> = /* @__PURE__ */ new Set(["file", "data", "aborted", "nan", "diverged"]);

/**
 * Runs the command given by the words and returns the exit code, which the caller may set as that of the process.
 * Errors are reported on stderr in one line, `error: …`.
 *
 * Paths are relative to the working directory. During training, signals that ask the process to end save the run first;
 * a second one ends the process. The signal handlers are removed afterwards.
 */
export async function run(
  words: readonly string[],
  commands: ReadonlyMap<string, LazyCommand>,
  terminal: Terminal,
): Promise<number> {
  try {
    return await dispatch(words, commands, terminal);
  } catch (error) {
    return report(error, terminal);
  }
}

async function dispatch(
  words: readonly string[],
  commands: ReadonlyMap<string, LazyCommand>,
  terminal: Terminal,
): Promise<number> {
  const { stdout } = terminal;
  const paint = paintFor(stdout);
  const [first, ...given] = words;
  if (first === undefined) {
    stdout.write(welcome(version, paint));
    return 0;
  }
  if (first === "help" || isHelp(first)) {
    const about = given[0];
    if (first === "help" && about !== undefined) return await dispatch([about, "--help"], commands, terminal);
    stdout.write(mainHelp(commands, version, paint));
    return 0;
  }
  if (first === "--version" || first === "-v") {
    stdout.write(`${version}\n`);
    return 0;
  }
  const command = commands.get(first);
  if (command === undefined) {
    const kind = first.startsWith("-") ? "option" : "command";
    const near = didYouMean(first, kind === "option" ? ["--help", "--version"] : commands.keys());
    const all = near === "" ? ` There are ${[...commands.keys()].join(", ")}.` : near;
    throw new DownhillError("option", `unknown ${kind} ${first}.${all} See downhill --help.`);
  }
  const loaded = await command.load();
  const args = command.computes === true ? { ...loaded.args, ...turboOption } : loaded.args;
  const startsProgram = command.startsProgram === true;
  const rest = startsProgram ? endOptions(given, args) : given;
  const end = rest.indexOf("--");
  if ((end < 0 ? rest : rest.slice(0, end)).some(isHelp)) {
    stdout.write(commandHelp(first, command, args, paint));
    return 0;
  }
  try {
    let rawArgs: readonly string[] = normaliseArguments(
      rest,
      args,
      startsProgram || command.takesMany === true,
    );
    if (command.computes === true) {
      const { words: others, isWanted } = takeTurbo(rawArgs, process.env);
      rawArgs = others;
      // before anything is compiled; if it stays off, a warning on stderr gives the reason
      if (isWanted) (await import("../engine/runtime/turbo.ts")).enableTurbo();
    }
    const { parseArgs } = await import("citty"); // help does not need it
    const parsed = parseArgs([...rawArgs], loaded.args);
    return await loaded.run(optionValues(loaded.args, parsed), terminal, parsed._);
  } catch (error) {
    // errors of citty itself, such as a value that is not one of the choices
    const isCitty = error instanceof Error && error.name === "CLIError";
    const isOption = error instanceof DownhillError && error.code === "option";
    if (!isCitty && !isOption) throw error;
    const message = plain(error.message);
    throw new DownhillError(
      "option",
      message.includes("\n")
        ? message
        : `${message}${/[.?]$/.test(message) ? "" : "."} See downhill ${first} --help.`,
    );
  }
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

/** Removes the colours that citty gives its messages by rules of its own. */
function plain(message: string): string {
  return message.replaceAll(/\u001b\[[0-9;]*m/g, "").replace(/\.$/, "");
}

function report(error: unknown, { stderr }: Terminal): number {
  const isOurs = error instanceof DownhillError && error.code !== "internal";
  const text = error instanceof Error ? ((isOurs ? undefined : error.stack) ?? error.message) : String(error);
  stderr.write(`${paintFor(stderr)("red", "error:")} ${text}\n`);
  return isOurs && !troubles.has(error.code) ? badUsage : failed;
}
