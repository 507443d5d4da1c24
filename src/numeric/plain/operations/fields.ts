import type { Entity } from "../entities/entity.ts";
import { describe } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { refuse, textOf } from "../entities/env.ts";
import type { CallExpression, Expression, Node } from "../syntax/ast.ts";

const listing: Readonly<Record<string, string>> = {
  "Object.keys": "lists the names of fields, which are strings",
  "Object.values": "lists fields in the order in which the object got them, which its type does not tell",
  "Object.entries": "lists the names of fields, which are strings",
  "Object.getOwnPropertyNames": "lists the names of fields, which are strings",
};

/** Refuses `Object.keys(p)` and similar functions. The message suggests code that lists the fields explicitly. */
export function refuseListing(env: Env, node: CallExpression, name: string): void {
  const reason = listing[name];
  const [given] = node.arguments;
  if (reason === undefined || given === undefined || given.type === "SpreadElement") return;
  const value = env.unit.elaborate.evaluate(env, given);
  refuse(env, node, `${name} ${reason}. ${writtenOut(env, given, value)}`);
}

/** Refuses `for (const k in p)`. The message suggests code without it. */
export function refuseForIn(env: Env, node: Node, right: Expression): never {
  const value = env.unit.elaborate.evaluate(env, right);
  return refuse(
    env,
    node,
    `for … in iterates over names, which are strings. ${writtenOut(env, right, value)}`,
  );
}

/** Advice for messages: how to iterate over the parts of a value instead of their names. */
function writtenOut(env: Env, node: Expression, given: Entity): string {
  const name = textOf(env, node);
  const value = given.kind === "optional" ? given.value : given;
  if (value.kind === "array" || value.kind === "tuple")
    return `Iterate over the elements: for (let i = 0; i < ${name}.length; i++), or for (const x of ${name}).`;
  if (value.kind !== "record") return `${name} is ${describe(value)}, and has no fields.`;
  const fields = [...value.fields.keys()].map((field) =>
    /^[A-Za-z_$][\w$]*$/.test(field) ? `${name}.${field}` : `${name}[${JSON.stringify(field)}]`,
  );
  const areNumbers = [...value.fields.values()].every((field) => field.kind === "scalar");
  if (areNumbers && fields.length > 0)
    return `The fields of ${name} are known: go over their values, for (const x of [${fields.join(", ")}]).`;
  return `The fields of ${name} are known: write a statement for each of ${fields.join(", ")}.`;
}
