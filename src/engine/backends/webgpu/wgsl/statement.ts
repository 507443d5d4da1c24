import { internalError } from "../../../errors/index.ts";
import type { Expr, ScalarType, Stmt } from "../../../kernel/scalar.ts";
import { checkDepth } from "../../../kernel/walk.ts";
import { assertNever } from "../../../util/assert-never.ts";
import type { WgslScope } from "./expression.ts";
import { expressionCode, storeLines, wgslType } from "./expression.ts";

/** Context of the statements of a WGSL function. `isSet` is true for locals that a statement assigns again. */
export interface WgslFunction extends WgslScope {
  readonly isSet: (local: string) => boolean;
}

/** WGSL lines of a block of statements. */
export function wgslLines(block: readonly Stmt[], scope: WgslFunction, depth = 0): string[] {
  checkDepth(depth);
  return block.flatMap((stmt) => statementLines(stmt, scope, depth));
}

export function indentedLines(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Generates the code of an expression, and the statements that must precede it. */
export function evaluated(
  expr: Expr,
  scope: WgslScope,
): { readonly before: string[]; readonly code: string } {
  const before: string[] = [];
  const code = expressionCode(expr, scope, before);
  return { before, code };
}

/** Declaration of a local whose initial value has this code. */
export function declaration(name: string, type: ScalarType, code: string, scope: WgslFunction): string {
  return `${scope.isSet(name) ? "var" : "let"} ${scope.localName(name)}: ${wgslType(type)} = ${code};`;
}

function statementLines(stmt: Stmt, scope: WgslFunction, depth: number): string[] {
  switch (stmt.kind) {
    case "let": {
      const { before, code } = evaluated(stmt.value, scope);
      return [...before, declaration(stmt.name, stmt.value.type, code, scope)];
    }
    case "set": {
      const { before, code } = evaluated(stmt.value, scope);
      return [...before, `${scope.localName(stmt.name)} = ${code};`];
    }
    case "store": {
      const [index, value] = [evaluated(stmt.index, scope), evaluated(stmt.value, scope)];
      const lines = storeLines(stmt.value.type, scope.base(stmt.buffer), index.code, value.code, scope);
      return [...index.before, ...value.before, ...lines];
    }
    case "for": {
      const [from, to] = [evaluated(stmt.from, scope), evaluated(stmt.to, scope)];
      const [low, high] = [scope.takeName("from"), scope.takeName("to")];
      const i = scope.localName(stmt.index);
      const head = stmt.reverse
        ? `for (var ${i} = ${high} - 1; ${i} >= ${low}; ${i}--) {`
        : `for (var ${i} = ${low}; ${i} < ${high}; ${i}++) {`;
      return [
        ...from.before,
        ...to.before,
        `let ${low} = ${from.code};`,
        `let ${high} = ${to.code};`,
        head,
        ...indentedLines(wgslLines(stmt.body, scope, depth + 1)),
        "}",
      ];
    }
    case "while": {
      const { before, code } = evaluated(stmt.condition, scope);
      return [
        "loop {",
        ...indentedLines([...before, `if (!${code}) { break; }`, ...wgslLines(stmt.body, scope, depth + 1)]),
        "}",
      ];
    }
    case "if": {
      const { before, code } = evaluated(stmt.condition, scope);
      const lines = [...before, `if (${code}) {`, ...indentedLines(wgslLines(stmt.then, scope, depth + 1))];
      if (stmt.otherwise.length === 0) return [...lines, "}"];
      return [...lines, "} else {", ...indentedLines(wgslLines(stmt.otherwise, scope, depth + 1)), "}"];
    }
    case "reduce":
    case "contract": // expanded by the plan
      throw internalError(`"${stmt.kind}" in generated WGSL`);
    case "comment":
      return [];
    default:
      return assertNever(stmt, "statementLines");
  }
}
