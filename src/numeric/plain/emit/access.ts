// Code that reads parts of an argument.
import type { PlainType, TextCase } from "../form/form.ts";

/** Code of the number that stands for a string: `kind === "relu" ? 0 : kind === "tanh" ? 1 : -1`. */
export function codeText(path: string, cases: readonly TextCase[]): string {
  return `${cases.map(({ text, code }) => `${path} === ${JSON.stringify(text)} ? ${code} : `).join("")}-1`;
}

/** Code of the condition that an optional value is present. */
export function presenceText(path: string, { absence }: PlainType & { readonly kind: "optional" }): string {
  if (absence === "either") return `${path} != null`;
  return `${path} !== ${absence ?? "undefined"}`;
}

/** Code for a member of a value; uses `?.` if the value may be absent. */
export function memberText(path: string, key: string | number, mayLack: boolean): string {
  const member = typeof key === "number" ? `[${key}]` : property(key);
  if (!mayLack) return path + member;
  return `${path}?${member.startsWith(".") ? member : `.${member}`}`;
}

/** Code for a property access: `.name`, or `["a name"]`. */
export function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
