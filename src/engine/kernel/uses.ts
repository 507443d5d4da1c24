import type { Expr, ScalarType, Stmt } from "./scalar.ts";
import { walkBlock, walkExpr } from "./walk.ts";

/** The names that statements and expressions use. */
export interface Uses {
  /** Every local that is read, set or declared, with its type. */
  readonly touched: ReadonlyMap<string, ScalarType>;
  /** Those declared, loop indices included. */
  readonly declared: ReadonlySet<string>;
  readonly set: ReadonlySet<string>;
  readonly buffers: ReadonlySet<string>;
}

export function usesOf(block: readonly Stmt[], results: readonly Expr[] = []): Uses {
  const touched = new Map<string, ScalarType>();
  const [declared, set, buffers] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const expr = (part: Expr): void => {
    if (part.kind === "local") touched.set(part.name, part.type);
    else if (part.kind === "load") buffers.add(part.buffer);
  };
  const stmt = (one: Stmt): void => {
    switch (one.kind) {
      case "let":
        touched.set(one.name, one.value.type);
        declared.add(one.name);
        return;
      case "set":
        touched.set(one.name, one.value.type);
        set.add(one.name);
        return;
      case "for":
        touched.set(one.index, "i32");
        declared.add(one.index);
        return;
      case "store":
        buffers.add(one.buffer);
        return;
      case "reduce":
        touched.set(one.name, one.value.type);
        touched.set(one.index, "i32");
        declared.add(one.name);
        declared.add(one.index);
        return;
      case "contract":
        for (const place of [one.out, one.left, one.right]) buffers.add(place.buffer);
        return;
      case "while":
      case "if":
      case "comment":
        return;
    }
  };
  walkBlock(block, { stmt, expr });
  for (const result of results) walkExpr(result, expr);
  return { touched, declared, set, buffers };
}
