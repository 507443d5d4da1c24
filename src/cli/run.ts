import type { ArgsDef, ParsedArgs } from "citty";
import { parseArgs } from "citty";
import { DownhillError } from "../engine/errors/index.ts";
import { didYouMean } from "../engine/util/suggest.ts";
import { endOptions, normaliseArguments } from "./arguments.ts";
import type { CommandEntry } from "./help.ts";
import { commandHelp, mainHelp } from "./help.ts";
import { paintFor } from "./shared/style.ts";
import type { Terminal } from "./shared/terminal.ts";
import { version } from "../engine/util/version.ts";
import { takeTurbo, turboOption } from "./turbo.ts";

/** What a command does. */
export interface Command<T extends ArgsDef = ArgsDef> {
  readonly args: T;
  /** Gives the exit code: 0 where all went well. */
  readonly run: (args: ParsedArgs<T>, terminal: Terminal) => Promise<number>;
}

/** A command whose `run` gets its arguments with the types that `args` declares. */
export function defineCommand<const T extends ArgsDef>(command: Command<T>): Command {
  return command as unknown as Command;
}

/** A command: what the help says of it, and where it is; its module is loaded only when it runs. */
export interface LazyCommand extends CommandEntry {
  readonly load: () => Promise<Command>;
  /** Whether it computes on arrays, so that it has the option --turbo. */
  readonly computes?: boolean;
  /** Whether the words from the first positional one on are those of a program that it starts. */
  readonly startsProgram?: boolean;
}

/** A command whatever its arguments are: it is given those that it declares. */
export function anyCommand<T extends ArgsDef>(command: Command<T>): Command {
  return command as unknown as Command;
}

/** Ends of the process by what happened. */
const failed = 1;
const badUsage = 2;

/** What can go wrong though the command was right. */
const troubles: ReadonlySet<string> = /* @__PURE__ */ new Set(["file", "data", "aborted", "nan", "diverged"]);

/**
 * Runs the command that the words name and returns the exit code, which it leaves to the caller to make that of the process.
 * What went wrong is told on stderr in one line, as `error: …`.
 *
 * Paths are relative to the folder that the process works in. While training goes on, the signals that ask the process to
 * end save what there is; a second one ends the process. Nothing of that is left afterwards.
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
  if (first === undefined || first === "help" || isHelp(first)) {
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
      // before anything is compiled; where it stays off, a warning on stderr says why
      if (isWanted) (await import("../engine/runtime/turbo.ts")).enableTurbo();
    }
    return await loaded.run(parseArgs([...rawArgs], loaded.args), terminal);
  } catch (error) {
    // citty's own complaints: a value is none of the choices
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

/** citty colours its messages by a rule of its own. */
function plain(message: string): string {
  return message.replaceAll(/\u001b\[[0-9;]*m/g, "").replace(/\.$/, "");
}

function report(error: unknown, { stderr }: Terminal): number {
  const isOurs = error instanceof DownhillError && error.code !== "internal";
  const text = error instanceof Error ? ((isOurs ? undefined : error.stack) ?? error.message) : String(error);
  stderr.write(`${paintFor(stderr)("red", "error:")} ${text}\n`);
  return isOurs && !troubles.has(error.code) ? badUsage : failed;
}
