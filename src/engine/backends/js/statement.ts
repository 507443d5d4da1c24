import { internalError } from "../../errors/index.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import { typeRange } from "../../kernel/range.ts";
import type { Expr, ScalarType, Stmt } from "../../kernel/scalar.ts";
import type { BlockPiece, SharedLocal, BlockSplit } from "../../codegen/split.ts";
import { splitBlock } from "../../codegen/split.ts";
import { checkDepth } from "../../kernel/walk.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { ExpressionContext } from "./expression.ts";
import { conditionCode, elementCode, localCode, numberCode } from "./expression.ts";
import { commentLines } from "./names.ts";

/** Environment of statements in the enclosing function, which also collects declarations outside of it. */
export interface FunctionScope extends ExpressionContext {
  readonly isSet: (local: string) => boolean;
  readonly noteRange: (local: string, range: IntegerInterval) => void;
  /** Returns a new identifier of this function. */
  readonly takeName: (name: string) => string;
  /** Index in `spill` where a local is stored between functions. */
  readonly spillSlot: (local: string) => number;
  /** Adds a function `partN` next to this one and returns its name. */
  readonly addPart: (write: (name: string) => readonly string[]) => string;
  /**
   * Variables of the given buffers that a part receives as arguments: the array, and the offset if there is one.
   * Buffers in the outermost scope need none.
   */
  readonly portVariables: (buffers: readonly string[]) => readonly string[];
  /** Maximum weight of a block. Heavier blocks are split into parts. */
  readonly limit: number;
}

/** Lines of a block. `results` are expressions that are read in its scope afterwards. */
export function blockLines(
  block: readonly Stmt[],
  results: readonly Expr[],
  scope: FunctionScope,
  depth = 0,
): string[] {
  checkDepth(depth);
  const split = splitBlock(block, results, scope.limit);
  return split ? partLines(split, scope, depth) : block.flatMap((stmt) => stmtLines(stmt, scope, depth));
}

function stmtLines(stmt: Stmt, scope: FunctionScope, depth: number): string[] {
  switch (stmt.kind) {
    case "let": {
      const { text, range } = localCode(stmt.value, scope);
      const isSet = scope.isSet(stmt.name);
      if (!isSet && range !== undefined) scope.noteRange(stmt.name, range);
      return [`${isSet ? "let" : "const"} ${scope.localName(stmt.name)} = ${text};`];
    }
    case "set":
      return [setLine(stmt.name, stmt.value, scope)];
    case "store": {
      const value = numberCode(stmt.value, scope).text;
      return [`${elementCode(stmt.buffer, stmt.index, scope).text} = ${value};`];
    }
    case "for":
      return [forHeader(stmt, scope), ...indented(blockLines(stmt.body, [], scope, depth + 1)), "}"];
    case "while": {
      const condition = conditionCode(stmt.condition, scope).text;
      return [`while (${condition}) {`, ...indented(blockLines(stmt.body, [], scope, depth + 1)), "}"];
    }
    case "if": {
      const then = indented(blockLines(stmt.then, [], scope, depth + 1));
      const lines = [`if (${conditionCode(stmt.condition, scope).text}) {`, ...then];
      const [first, ...more] = stmt.otherwise;
      if (first === undefined) return [...lines, "}"];
      if (first.kind === "if" && more.length === 0) {
        const [head, ...tail] = stmtLines(first, scope, depth + 1);
        return [...lines, `} else ${head}`, ...tail];
      }
      return [...lines, "} else {", ...indented(blockLines(stmt.otherwise, [], scope, depth + 1)), "}"];
    }
    case "reduce":
    case "contract": // expanded by `source`
      throw internalError(`"${stmt.kind}" in generated code`);
    case "comment":
      return commentLines(stmt.text);
    default:
      return assertNever(stmt, "stmtLines");
  }
}

/**
 * Code of an assignment: `name = value;`, or `name += y;`, `name -= y;` or `name *= y;` if a float64 value has the form
 * `name + y`, `name - y` or `name * y`.
 */
function setLine(name: string, value: Expr, scope: FunctionScope): string {
  const local = scope.localName(name);
  const grows =
    value.kind === "binary" && value.type === "f64" && value.x.kind === "local" && value.x.name === name;
  if (grows && (value.op === "add" || value.op === "sub" || value.op === "mul")) {
    const operator = { add: "+=", sub: "-=", mul: "*=" }[value.op];
    return `${local} ${operator} ${numberCode(value.y, scope).text};`;
  }
  return `${local} = ${localCode(value, scope).text};`;
}

/**
 * First line of a loop. Bounds that the body might change are stored in variables first, because the vocabulary
 * requires that they are evaluated once.
 */
function forHeader(stmt: Stmt & { kind: "for" }, scope: FunctionScope): string {
  const [from, to] = [numberCode(stmt.from, scope), numberCode(stmt.to, scope)];
  const all = typeRange("i32")!;
  scope.noteRange(stmt.index, { low: from.range?.low ?? all.low, high: (to.range?.high ?? all.high) - 1 });
  const i = scope.localName(stmt.index);
  const isFixed = (bound: Expr): boolean =>
    bound.kind === "const" || (bound.kind === "local" && !scope.isSet(bound.name));
  const end = stmt.reverse ? stmt.from : stmt.to;
  const endCode = stmt.reverse ? from.text : to.text;
  const limit = isFixed(end) ? endCode : scope.takeName(`${stmt.index}_${stmt.reverse ? "first" : "end"}`);
  const declareLimit = isFixed(end) ? "" : `, ${limit} = ${endCode}`;
  if (!stmt.reverse) return `for (let ${i} = ${from.text}${declareLimit}; ${i} < ${limit}; ${i}++) {`;
  const start = stmt.to.kind === "const" ? String(stmt.to.value - 1) : `${group(to.text, to.level)} - 1`;
  return `for (let ${i} = ${start}${declareLimit}; ${i} >= ${limit}; ${i}--) {`;
}

function group(text: string, level: string): string {
  return level === "primary" || level === "additive" ? text : `(${text})`;
}

/** Lines of a split block: each part is a function, and locals are stored in `spill` between them. */
function partLines(split: BlockSplit, scope: FunctionScope, depth: number): string[] {
  const lines = split.incoming.map((local) => spillLine(local, scope));
  for (const piece of split.pieces) {
    const variables = scope.portVariables(piece.buffers).join(", ");
    const name = scope.addPart((name) => [
      `function ${name}(${variables}) {`,
      ...indented(partBody(piece, scope, depth)),
      "}",
    ]);
    lines.push(`${name}(${variables});`);
  }
  const incoming = new Set(split.incoming.map((local) => local.name));
  for (const local of split.outgoing) {
    if (incoming.has(local.name)) lines.push(`${scope.localName(local.name)} = ${spilled(local, scope)};`);
    else lines.push(reloadLine({ ...local, isSet: false }, scope)); // only results read it from here on
  }
  return lines;
}

function partBody(piece: BlockPiece, scope: FunctionScope, depth: number): string[] {
  return [
    ...piece.incoming.map((local) => reloadLine(local, scope)),
    ...piece.statements.flatMap((stmt) => stmtLines(stmt, scope, depth + 1)),
    ...piece.outgoing.map((local) => spillLine(local, scope)),
  ];
}

function reloadLine(local: SharedLocal, scope: FunctionScope): string {
  return `${local.isSet ? "let" : "const"} ${scope.localName(local.name)} = ${spilled(local, scope)};`;
}

function spilled({ name, type }: SharedLocal, scope: FunctionScope): string {
  const place = `spill[${scope.spillSlot(name)}]`;
  return type === "bool" ? `${place} !== 0` : place;
}

function spillLine({ name, type }: SharedLocal, scope: FunctionScope): string {
  return `spill[${scope.spillSlot(name)}] = ${fromLocal(type, scope.localName(name))};`;
}

/** Converts a local of generated code to the number it represents. */
export function fromLocal(type: ScalarType, local: string): string {
  return type === "bool" ? `${local} ? 1 : 0` : local;
}

export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? line : `  ${line}`));
}
