import type { ArgDef, ArgsDef } from "citty";

/** Value of an option: `undefined` for an omitted text without a default, `false` for an omitted flag. */
type OptionValue<Arg extends ArgDef> = Arg["type"] extends "boolean"
  ? boolean
  : Arg extends { readonly default: string } | { readonly type: "positional"; readonly required: true }
    ? string
    : string | undefined;

/** Values of the options of a command, by their names on the command line. Their declaration gives the types. */
export type OptionValues<Args extends ArgsDef> = { readonly [Name in keyof Args]: OptionValue<Args[Name]> };

/** Returns the values of all options, given or omitted. */
export function optionValues<const Args extends ArgsDef>(args: Args, given: object): OptionValues<Args> {
  const values = new Map(Object.entries(given));
  return Object.fromEntries(
    Object.entries(args).map(([name, arg]) => [name, values.get(name) ?? valueLeftOut(arg)]),
  ) as OptionValues<Args>;
}

/**
 * Returns the value of an option that was omitted: its default, `false` for a boolean option without one, otherwise
 * `undefined`.
 */
export function valueLeftOut({ type, default: usual }: ArgDef): string | boolean | undefined {
  return usual ?? (type === "boolean" ? false : undefined);
}
