import type { ArgsDef, CommandDef } from "citty";
import { runCommand } from "citty";
import { DownhillError } from "../errors/index.ts";
import { didYouMean } from "../util/suggest.ts";
import { endOptions, normaliseArguments } from "./arguments.ts";
import type { CommandEntry } from "./help.ts";
import { commandHelp, mainHelp } from "./help.ts";
import { paintFor } from "./shared/style.ts";
import { version } from "../util/version.ts";
import { takeTurbo, turboOption } from "./turbo.ts";

/** A command: what the help says of it, and where it is; its module is loaded only when it runs. */
export interface LazyCommand extends CommandEntry {
  readonly load: () => Promise<CommandDef>;
  /** Whether it computes on arrays, so that it has the option --turbo. */
  readonly computes?: boolean;
  /** Whether the words from the first positional one on are those of a program that it starts. */
  readonly startsProgram?: boolean;
}

/** A command whatever its arguments are: citty gives it those that it declares. */
export function anyCommand<T extends ArgsDef>(command: CommandDef<T>): CommandDef {
  return command as unknown as CommandDef;
}

/** Ends of the process by what happened. */
const failed = 1;
const badUsage = 2;

/** What can go wrong though the command was right. */
const troubles: ReadonlySet<string> = /* @__PURE__ */ new Set(["file", "data", "aborted", "nan", "diverged"]);

/**
 * Runs the command that the words name and returns the exit code. What went wrong is told on stderr in one line, as
 * `error: …`.
 */
export async function run(
  words: readonly string[],
  commands: ReadonlyMap<string, LazyCommand>,
): Promise<number> {
  try {
    return await dispatch(words, commands);
  } catch (error) {
    return report(error);
  }
}

async function dispatch(
  words: readonly string[],
  commands: ReadonlyMap<string, LazyCommand>,
): Promise<number> {
  const paint = paintFor(process.stdout);
  const [first, ...given] = words;
  if (first === undefined || first === "help" || isHelp(first)) {
    const about = given[0];
    if (first === "help" && about !== undefined) return await dispatch([about, "--help"], commands);
    process.stdout.write(mainHelp(commands, version, paint));
    return 0;
  }
  if (first === "--version" || first === "-v") {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const command = commands.get(first);
  if (command === undefined) {
    const kind = first.startsWith("-") ? "option" : "command";
    const near = didYouMean(first, kind === "option" ? ["--help", "--version"] : commands.keys());
    const all = near === "" ? ` There are ${[...commands.keys()].join(", ")}.` : near;
    throw new DownhillError("option", `unknown ${kind} ${first}.${all} See downhill --help.`);
  }
  const citty = await command.load();
  const own = typeof citty.args === "function" ? await citty.args() : ((await citty.args) ?? {});
  const args = command.computes === true ? { ...own, ...turboOption } : own;
  const startsProgram = command.startsProgram === true;
  const rest = startsProgram ? endOptions(given, args) : given;
  const end = rest.indexOf("--");
  if ((end < 0 ? rest : rest.slice(0, end)).some(isHelp)) {
    process.stdout.write(commandHelp(first, command, args, paint));
    return 0;
  }
  try {
    let rawArgs: readonly string[] = normaliseArguments(rest, args, startsProgram);
    if (command.computes === true) {
      const { words: others, isWanted } = takeTurbo(rawArgs, process.env);
      rawArgs = others;
      // before anything is compiled; where it stays off, a warning on stderr says why
      if (isWanted) (await import("../runtime/turbo.ts")).enableTurbo();
    }
    await runCommand(citty, { rawArgs: [...rawArgs] });
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
  return Number(process.exitCode ?? 0);
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

/** citty colours its messages by a rule of its own. */
function plain(message: string): string {
  return message.replaceAll(/\u001b\[[0-9;]*m/g, "").replace(/\.$/, "");
}

function report(error: unknown): number {
  if (error instanceof DownhillError && error.code !== "internal") {
    process.stderr.write(`${paintFor(process.stderr)("red", "error:")} ${error.message}\n`);
    return troubles.has(error.code) ? failed : badUsage;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${paintFor(process.stderr)("red", "error:")} ${text}\n`);
  return failed;
}
