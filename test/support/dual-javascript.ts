// JavaScript with hyper-dual numbers: translates the text of a plain function to a function whose arithmetic calls a
// table of operations. A run returns the value of the function and its exact first and second derivatives along two
// directions. It shares no code with the compiler.
import { runInThisContext } from "node:vm";
import { parseSync } from "oxc-parser";
import type { HyperDual } from "./hyper-dual.ts";
import { binary, chain, unary } from "./hyper-dual.ts";

/** A value of a translated program: a plain number carries no derivative. */
export type DualNumber = number | HyperDual;

/** Operations of translated programs, by the names that the translation uses. */
export type DualOperations = Readonly<Record<string, (...operands: DualNumber[]) => DualNumber | boolean>>;

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const binaryNames: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "rem",
  "**": "pow",
  "<": "less",
  "<=": "lessEqual",
  ">": "greater",
  ">=": "greaterEqual",
  "===": "equal",
  "!==": "notEqual",
};

/** Returns the function `f` of a JavaScript text, over values whose numbers may be hyper-dual numbers. */
export function dualFunction(
  javascript: string,
  operations: DualOperations,
): (...args: unknown[]) => unknown {
  const { program, errors } = parseSync("plain.js", javascript);
  if (errors.length > 0) throw new SyntaxError(errors[0]!.message);
  const text = new Translation(javascript).of(program as unknown as SyntaxNode);
  const body = text.replace("export function f(", "return function f(");
  const make = runInThisContext(`(($) => { ${body} })`) as (
    table: unknown,
  ) => (...args: unknown[]) => unknown;
  return make({
    ...operations,
    zeros: (length: number) => new Array<number>(length).fill(0),
    inside(array: ArrayLike<unknown>, index: number) {
      if (Number.isInteger(index) && index >= 0 && index < array.length) return index;
      throw new OutOfRange(`index ${index} of ${array.length} elements`);
    },
  });
}

/** An access beyond the ends of an array, which compiled functions refuse. */
export class OutOfRange extends Error {}

/** Translates nodes to text: arithmetic and comparisons become calls, everything else is unchanged. */
class Translation {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  of(node: SyntaxNode): string {
    switch (node.type) {
      case "BinaryExpression": {
        const name = binaryNames[node["operator"] as string];
        return name === undefined ? this.#asWritten(node) : this.#call(name, node["left"], node["right"]);
      }
      case "UnaryExpression":
        return node["operator"] === "-" ? this.#call("neg", node["argument"]) : this.#asWritten(node);
      case "AssignmentExpression": {
        const operator = node["operator"] as string;
        const name = binaryNames[operator.slice(0, -1)];
        if (operator === "=" || name === undefined) return this.#asWritten(node);
        const target = this.of(node["left"] as SyntaxNode);
        return `${target} = $.${name}(${target}, ${this.of(node["right"] as SyntaxNode)})`;
      }
      case "NewExpression": {
        const callee = this.of(node["callee"] as SyntaxNode);
        const [length] = node["arguments"] as SyntaxNode[];
        return callee.endsWith("Array") && length !== undefined
          ? `$.zeros(${this.of(length)})`
          : this.#asWritten(node);
      }
      case "MemberExpression": {
        const object = node["object"] as SyntaxNode;
        const isMath = object.type === "Identifier" && object["name"] === "Math";
        const property = node["property"] as SyntaxNode;
        if (isMath && node["computed"] !== true) return `$.${String(property["name"])}`;
        if (node["computed"] !== true) return this.#asWritten(node);
        const array = this.of(object);
        return `${array}[$.inside(${array}, ${this.of(property)})]`;
      }
      default:
        return this.#asWritten(node);
    }
  }

  #call(name: string, ...operands: readonly unknown[]): string {
    return `$.${name}(${operands.map((operand) => this.of(operand as SyntaxNode)).join(", ")})`;
  }

  /** The text of a node with its children translated. */
  #asWritten(node: SyntaxNode): string {
    let text = "";
    let end = node.start;
    for (const child of childrenOf(node)) {
      if (child.start < end) continue; // a shorthand property names its value twice
      text += this.#source.slice(end, child.start) + this.of(child);
      end = child.end;
    }
    return text + this.#source.slice(end, node.end);
  }
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const isNode = (value: unknown): value is SyntaxNode =>
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
  return Object.values(node)
    .flat()
    .filter(isNode)
    .toSorted((a, b) => a.start - b.start);
}

const valueOf = (x: DualNumber): number => (typeof x === "number" ? x : x.x);
const asDual = (x: DualNumber): HyperDual => (typeof x === "number" ? { x, a: 0, b: 0, ab: 0 } : x);

/**
 * The operations. `disturbed` is applied to the result of each operation that rounds: the identity gives the exact derivatives up to
 * rounding; a change by some ulps shows how much rounding matters.
 */
export function dualOperations(disturbed: (x: number) => number): DualOperations {
  const rounded = ({ x, a, b, ab }: HyperDual): HyperDual => ({
    x: disturbed(x),
    a: disturbed(a),
    b: disturbed(b),
    ab: disturbed(ab),
  });
  const operations: Record<string, (...operands: DualNumber[]) => DualNumber | boolean> = {};
  const two = (name: string, value: (x: number, y: number) => number): void => {
    const slopes = binary[aliases[name] ?? name]!;
    operations[name] = (x, y) => {
      const f = value(valueOf(x), valueOf(y));
      if (typeof x === "number" && typeof y === "number") return f;
      const [p, q] = [asDual(x), asDual(y)];
      return rounded(chain(f, p, q, slopes(p.x, q.x, f)));
    };
  };
  for (const [name, slopes] of Object.entries(unary)) {
    const value = (name === "neg" ? (x: number) => -x : Math[name as "sin"]) as
      ((x: number) => number) | undefined;
    operations[name] = (x) => {
      const f = value!(valueOf(x));
      if (typeof x === "number") return f;
      const [first, second] = slopes(x.x, f);
      const dual = chain(f, x, asDual(0), [first, 0, second, 0, 0]);
      return name === "neg" || name === "abs" ? dual : rounded(dual);
    };
  }
  two("add", (x, y) => x + y);
  two("sub", (x, y) => x - y);
  two("mul", (x, y) => x * y);
  two("div", (x, y) => x / y);
  two("rem", (x, y) => x % y);
  two("pow", (x, y) => x ** y);
  two("atan2", Math.atan2);
  two("max", Math.max);
  two("min", Math.min);
  const pairs = { max: operations["max"]!, min: operations["min"]! };
  for (const name of ["max", "min"] as const)
    operations[name] = (...all) => all.reduce((x, y) => pairs[name](x, y) as DualNumber);
  operations["hypot"] = (...all) => {
    const squares = all.map((x) => operations["mul"]!(x, x) as DualNumber);
    const sum = squares.reduce((x, y) => operations["add"]!(x, y) as DualNumber);
    return operations["sqrt"]!(sum);
  };
  for (const name of ["floor", "ceil", "round", "trunc", "sign"] as const)
    operations[name] = (x) => Math[name](valueOf(x));
  operations["fround"] = (x) => x;
  for (const [name, compare] of Object.entries(comparisons))
    operations[name] = (x, y) => compare(valueOf(x), valueOf(y));
  return operations;
}

/** Names of `Math` whose slopes have another name in the table. */
const aliases: Readonly<Record<string, string>> = { max: "maximum", min: "minimum" };

const comparisons: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  less: (x, y) => x < y,
  lessEqual: (x, y) => x <= y,
  greater: (x, y) => x > y,
  greaterEqual: (x, y) => x >= y,
  equal: (x, y) => x === y,
  notEqual: (x, y) => x !== y,
};
