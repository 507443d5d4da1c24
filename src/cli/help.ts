import type { ArgsDef } from "citty";
import { cells } from "../engine/util/cells.ts";
import type { Paint } from "./shared/style.ts";

/** Help text of a command. */
export interface CommandEntry {
  readonly description: string;
  /** Complete command lines with their explanations. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** True if it accepts any number of its last positional words. */
  readonly takesMany?: boolean;
}

/** Commands for a first look, with what they show. Each needs no file and takes less than a second. */
export const firstCommands: readonly (readonly [line: string, meaning: string])[] = [
  ['downhill explain "x*y + sin(x)" --at x=2,y=3', "a derivative line by line, forward and in reverse"],
  ["downhill race himmelblau", "four optimisers on a landscape, drawn in the terminal"],
  [
    'downhill fit co2 "co2 = a + b*(year-1990) + c*(year-1990)^2"',
    "a curve through measurements, with the errors of its parameters",
  ],
  ["downhill learn", "the course, in the browser"],
];

/** Returns the text that `downhill` prints without arguments. */
export function welcome(version: string, paint: Paint): string {
  return [
    `${paint("bold", "downhill")} ${version}: automatic differentiation and gradient descent`,
    "",
    ...firstCommands.flatMap(([line, meaning]) => [
      `  ${paint("cyan", line)}`,
      `      ${paint("dim", meaning)}`,
    ]),
    "",
    "downhill --help lists all commands.",
    "",
  ].join("\n");
}

/** Returns the text that `downhill --help` prints. */
export function mainHelp(commands: ReadonlyMap<string, CommandEntry>, version: string, paint: Paint): string {
  return [
    `${paint("bold", "downhill")} ${version}: derivatives of functions, and training by gradients`,
    "",
    paint("bold", "Usage"),
    "  downhill <command> [options]",
    "",
    paint("bold", "Commands"),
    ...rows([...commands].map(([name, { description }]) => [paint("cyan", name), description])),
    "",
    paint("bold", "Examples"),
    ...[...commands.values()].flatMap(({ examples }) => examples.slice(0, 1)).map(([line]) => `  ${line}`),
    "",
    "downhill <command> --help explains a command.",
    "",
  ].join("\n");
}

/** Returns the text that `downhill <command> --help` prints. */
export function commandHelp(
  name: string,
  { description, examples, takesMany = false }: CommandEntry,
  args: ArgsDef,
  paint: Paint,
): string {
  const all = Object.entries(args);
  const positional = all.filter(([, { type }]) => type === "positional");
  const options = all.filter(([, { type }]) => type !== "positional");
  const words = positional.map(([key, { required, valueHint }]) =>
    required === false ? `[${valueHint ?? key}]` : `<${valueHint ?? key}>`,
  );
  return [
    description,
    "",
    paint("bold", "Usage"),
    `  downhill ${[name, ...words, ...(takesMany ? ["…"] : [])].join(" ")} [options]`,
    "",
    ...section(
      paint,
      "Arguments",
      positional.map(([key, arg]) => [paint("cyan", arg.valueHint ?? key), arg.description ?? ""]),
    ),
    ...section(paint, "Options", [
      ...options.map(([key, arg]): [string, string] => {
        const short =
          "alias" in arg && arg.alias !== undefined
            ? [arg.alias].flat().map((a) => (a.length === 1 ? `-${a}, ` : ""))
            : [];
        const value = arg.type === "boolean" ? "" : ` <${arg.valueHint ?? "value"}>`;
        const fallback =
          arg.default === undefined || arg.type === "boolean" ? "" : ` (default ${String(arg.default)})`;
        return [
          paint("cyan", `${short.join("")}${optionName(key, arg)}${value}`),
          `${arg.description ?? ""}${fallback}`,
        ];
      }),
      [paint("cyan", "-h, --help"), "show this"],
    ]),
    paint("bold", "Examples"),
    ...examples.flatMap(([line, meaning]) => [`  ${line}`, `      ${paint("dim", meaning)}`]),
    "",
  ].join("\n");
}

/** Returns an option as written on the command line. A flag that is on by default is written `--no-…`. */
export function optionName(key: string, { type, default: initial }: ArgsDef[string]): string {
  return type === "boolean" && initial === true ? `--no-${key}` : `--${key}`;
}

function section(paint: Paint, title: string, entries: readonly (readonly [string, string])[]): string[] {
  return entries.length === 0 ? [] : [paint("bold", title), ...rows(entries), ""];
}

/** Formats entries as two aligned columns. Further lines of a text in the second column start at its left edge. */
function rows(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([left]) => visible(left)));
  return entries.flatMap(([left, right]) =>
    right
      .split("\n")
      .map((line, i) =>
        `  ${i === 0 ? left + " ".repeat(width - visible(left)) : " ".repeat(width)}  ${line}`.trimEnd(),
      ),
  );
}

/** Returns the width of a text in cells, not counting escape sequences of styles. */
export function visible(text: string): number {
  return cells(text.replaceAll(/\u001b\[[0-9;]*m/g, ""));
}
