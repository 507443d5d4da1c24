import type { Parser } from "acorn";
import type { Node } from "./ast.ts";
import type { Parse } from "./module.ts";
import { nestedTooDeep, PlainError } from "./refuse.ts";

/**
 * Loads the default parser of `compile`: acorn with its TypeScript plugin, on the first call. The parser throws
 * PlainError for text that is not TypeScript.
 */
export async function loadParser(): Promise<Parse> {
  const [{ Parser }, { tsPlugin }] = await Promise.all([
    import("acorn"),
    import("@sveltejs/acorn-typescript"),
  ]);
  const TypeScript = Parser.extend(tsPlugin(), withQuickErrors, withFlatChains);
  return (text, file) => {
    try {
      return TypeScript.parse(text, { sourceType: "module", ecmaVersion: "latest", locations: true });
    } catch (error) {
      if (!(error instanceof SyntaxError) || !("pos" in error) || typeof error.pos !== "number") throw error;
      const at = { type: "", start: error.pos, end: error.pos };
      const isTooDeep = error.message === nestedTooDeep || error.message.startsWith("Not enough stack space");
      throw new PlainError({ text, file }, at, isTooDeep ? nestedTooDeep : `${error.message}.`);
    }
  };
}

/**
 * Creates parser errors without line and column. The plugin parses speculatively and raises an error at each backtrack,
 * for which acorn counts all preceding lines. That takes a third of the time for thirteen functions, and grows with the
 * square of the length.
 */
function withQuickErrors(Base: typeof Parser): typeof Parser {
  return class extends Base {
    raise(pos: number, message: string): never {
      throw Object.assign(new SyntaxError(message), { pos });
    }

    raiseRecoverable(pos: number, message: string): never {
      return this.raise(pos, message);
    }
  };
}

/** Methods of acorn's parser that this file uses but acorn's types do not list. */
interface ParserInternals {
  readonly type: { readonly keyword?: string };
  next(): void;
  startNode(): IfNode;
  finishNode(node: IfNode, type: string): IfNode;
  parseParenExpression(): Node;
  parseIfStatement(node: IfNode): IfNode;
  readonly start: number;
  raise(position: number, message: string): never;
  parseMaybeUnary(...rest: unknown[]): Node;
  parseStatement(...rest: unknown[]): Node;
  parseExprOp(left: Node, start: number, loc: unknown, precedence: number, forInit: unknown): Node;
}

interface IfNode {
  test?: Node;
  consequent?: Node;
  alternate?: Node | IfNode | null;
}

/** A chain of operands and operators of one precedence while it is being parsed. */
interface OpenChain {
  readonly start: number;
  readonly precedence: number;
  next: Node | undefined;
}

/**
 * Maximum nesting depth of operands and of statements. About 390 operands or 2,000 statements exhaust the stack of
 * Node. Near that limit, the engine may end the whole process while it compiles a regular expression.
 */
const deepest = { operands: 350, statements: 1000 } as const;

/** Parses `a + b + …` and `else if` in loops. The recursion of acorn overflows the stack at about 1,000 parts. */
function withFlatChains(Base: typeof Parser): typeof Parser {
  const Recursive = Base as unknown as new (...args: unknown[]) => ParserInternals;
  class Flat extends Recursive {
    private chain: OpenChain | undefined;
    private readonly depth = { operands: 0, statements: 0 };

    override parseMaybeUnary(...rest: unknown[]): Node {
      return this.within("operands", () => super.parseMaybeUnary(...rest));
    }

    override parseStatement(...rest: unknown[]): Node {
      return this.within("statements", () => super.parseStatement(...rest));
    }

    private within<T>(kind: "operands" | "statements", parse: () => T): T {
      if (this.depth[kind] >= deepest[kind]) return this.raise(this.start, nestedTooDeep);
      this.depth[kind]++;
      try {
        return parse();
      } finally {
        this.depth[kind]--;
      }
    }

    override parseExprOp(
      left: Node,
      start: number,
      loc: unknown,
      precedence: number,
      forInit: unknown,
    ): Node {
      const around = this.chain;
      // acorn recurses with the operand parsed so far: return at once, and let the loop below continue
      if (around?.start === start && around.precedence === precedence) return (around.next = left);
      const chain: OpenChain = { start, precedence, next: left };
      this.chain = chain;
      try {
        let result = left;
        while (chain.next !== undefined) {
          const operand = chain.next;
          chain.next = undefined;
          result = super.parseExprOp(operand, start, loc, precedence, forInit);
        }
        return result;
      } finally {
        this.chain = around;
      }
    }

    private isAt(keyword: string): boolean {
      return this.type.keyword === keyword;
    }

    override parseIfStatement(node: IfNode): IfNode {
      const opened = [node];
      for (let current = node; ;) {
        this.next();
        current.test = this.parseParenExpression();
        current.consequent = this.parseStatement("if");
        current.alternate = null;
        if (!this.isAt("else")) break;
        this.next();
        if (!this.isAt("if")) {
          current.alternate = this.parseStatement("if");
          break;
        }
        const inner = this.startNode();
        current.alternate = inner;
        opened.push((current = inner));
      }
      for (const one of opened.toReversed()) this.finishNode(one, "IfStatement");
      return node;
    }
  }
  return Flat as unknown as typeof Parser;
}
