import type { Entity } from "../entities/entity.ts";
import { nothing } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { isPresent } from "../entities/env.ts";
import { evaluateMaybe } from "../operations/access.ts";
import { choose } from "../operations/operators.ts";
import type { CallExpression, Expression, MemberExpression } from "../syntax/ast.ts";

/**
 * Evaluates a member or call that may contain `?.`. `x?.a.b` is `undefined` if `x` is, and the rest of the chain is not
 * evaluated. `direct` evaluates the chain once all objects before a `?.` are known to be present.
 */
export function chain(
  env: Env,
  node: MemberExpression | CallExpression,
  direct: (inner: Env) => Entity,
): Entity {
  const link = undecidedLink(env, node);
  if (link === undefined) return direct(env);
  const { object } = link;
  const value = evaluateMaybe(env, object);
  const rest = (inner: Env): Entity => {
    const found = value.kind === "optional" ? value.value : value;
    return direct({ ...inner, links: new Map([...inner.links, [object, found]]) });
  };
  return choose(env, {
    node,
    sides: [node, node],
    test: isPresent(env, value),
    then: rest,
    otherwise: () => nothing,
  });
}

/** Returns the last `?.` of a chain whose object is not known to be present; `undefined` if there is none. */
function undecidedLink({ links }: Env, node: Expression): MemberExpression | undefined {
  let inner: Expression = node;
  for (;;) {
    if (inner.type === "MemberExpression") {
      if (inner.optional === true && !links.has(inner.object)) return inner;
      inner = inner.object;
    } else if (inner.type === "CallExpression") inner = inner.callee;
    else if (inner.type === "TSNonNullExpression") inner = inner.expression;
    else return undefined;
  }
}
