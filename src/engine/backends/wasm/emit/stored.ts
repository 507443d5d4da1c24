import type { Stmt } from "../../../kernel/scalar.ts";
import { walkBlock } from "../../../kernel/walk.ts";

/** The buffers that statements store to. */
export function storedBuffers(block: readonly Stmt[]): Set<string> {
  const stored = new Set<string>();
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "store") stored.add(stmt.buffer);
      else if (stmt.kind === "contract") stored.add(stmt.out.buffer);
    },
  });
  return stored;
}
