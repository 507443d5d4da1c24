// Sites of a TypeScript file at which a mutation operator applies, found in its syntax tree.
import { Visitor, parseSync } from "oxc-parser";

/**
 * One mutation of a file. Its mutated text is inserted next to the original one, behind a switch: see instrument.mjs.
 *
 * @typedef {object} Site
 * @property {string} operator name of the mutation operator
 * @property {number} start offsets of the text that the switch replaces
 * @property {number} end
 * @property {"expression" | "statement" | "element" | "before"} kind `before`: a statement inserted at `start`
 * @property {readonly Piece[]} mutant text of the mutant: literal texts, and ranges of the original text
 */

/** @typedef {string | readonly [start: number, end: number]} Piece */

const boundaries = new Map([
  ["<", "<="],
  ["<=", "<"],
  [">", ">="],
  [">=", ">"],
]);
const ordered = new Set(["-", "/", "%", "<<", ">>", ">>>", "<", "<=", ">", ">=", "**"]);

/** Functions and methods whose two arguments may be swapped, or that are never called: the mutant would be equivalent. */
const commutative =
  /(?:^|\.)(?:min|max|add|mul|and|or|plus|times|eq|ne|is|assertNever|same[A-Z]\w*|sumMaybe|isSame[A-Z]\w*|(?:add|multiply)(?:Polynomials|Sizes))$/;

/** Comparisons without a boundary: a step is never 0, and `refuseExtra` does nothing if the number of arguments is right. */
const withoutBoundary = /(?:^|\.)step [<>]=? 0$|^arguments\.length > \d+$/;

/** Operators that change nothing in a check of an internal invariant, since the check never fails. */
const ofChecks = new Set(["removed guard", "comparison boundary", "early return"]);

/** Results of an early return by the declared type of the function; other types have no early return. */
const earlyResults = new Map([
  ["void", ""],
  ["boolean", " false"],
  ["number", " 0"],
  ["undefined", " undefined"],
]);

/** All sites of a file, in the order of the text. @param {string} file @param {string} text @returns {Site[]} */
export function sitesOf(file, text) {
  /** @type {Site[]} */
  const sites = [];
  /** Ranges of code that is not run, or whose numbers are names: types, keys, imports. @type {[number, number][]} */
  const ignored = [];
  /** Ranges of checks of internal invariants: `if (test) throw internalError(…)`. @type {[number, number][]} */
  const checks = [];
  /** @param {{ start: number, end: number }} node @returns {[number, number]} */
  const range = (node) => [node.start, node.end];
  /** @param {string} operator @param {{ start: number, end: number }} node @param {readonly Piece[]} mutant @param {Site["kind"]} [kind] */
  const add = (operator, node, mutant, kind = "expression") =>
    sites.push({ operator, start: node.start, end: node.end, kind, mutant });

  /** @param {any} test */
  const negate = (test) => add("negated condition", test, ["!(", range(test), ")"]);
  /** @param {any} node */
  const enterFunction = (node) => {
    const first = node.body?.type === "BlockStatement" ? node.body.body[0] : undefined;
    const result = earlyResult(node.returnType, text);
    if (first === undefined || result === undefined) return;
    add("early return", { start: first.start, end: first.start }, [`return${result};`], "before");
  };

  new Visitor({
    BinaryExpression(node) {
      const boundary = boundaries.get(node.operator);
      const [left, right] = [range(node.left), range(node.right)];
      if (boundary !== undefined && !withoutBoundary.test(text.slice(node.start, node.end)))
        add("comparison boundary", node, ["(", left, `) ${boundary} (`, right, ")"]);
      if (ordered.has(node.operator))
        add("swapped operands", node, ["(", right, `) ${node.operator} (`, left, ")"]);
    },
    LogicalExpression(node) {
      const other = node.operator === "&&" ? "||" : node.operator === "||" ? "&&" : undefined;
      if (other !== undefined)
        add("and or", node, ["((", range(node.left), `) ${other} (`, range(node.right), "))"]);
    },
    CallExpression(node) {
      const [a, b] = node.arguments;
      if (node.arguments.length !== 2 || a === undefined || b === undefined) return;
      if (a.type === "SpreadElement" || b.type === "SpreadElement") return;
      if (isFunction(a) || isFunction(b)) return; // the swapped call would always throw
      if (commutative.test(text.slice(node.callee.start, node.callee.end))) return;
      add("swapped operands", node, [
        [node.start, a.start],
        range(b),
        [a.end, b.start],
        range(a),
        [b.end, node.end],
      ]);
    },
    IfStatement(node) {
      negate(node.test);
      if (isInternalError(node.consequent)) checks.push(range(node));
      if (node.alternate === null && isExit(node.consequent)) add("removed guard", node.test, ["false"]);
    },
    ConditionalExpression: ({ test }) => negate(test),
    WhileStatement: ({ test }) => negate(test),
    ExpressionStatement(node) {
      const { type } = node.expression;
      const isSuper = type === "CallExpression" && node.expression.callee.type === "Super";
      const isDirective = type === "Literal";
      const isUnreachable = text.startsWith("assertNever(", node.start);
      if (!isSuper && !isDirective && !isUnreachable) add("removed statement", node, [";"], "statement");
    },
    ArrayExpression(node) {
      // lists of passes: arrays of [name, pass]
      const isPair = (/** @type {any} */ element) =>
        element?.type === "ArrayExpression" &&
        element.elements[0]?.type === "Literal" &&
        typeof element.elements[0].value === "string";
      if (node.elements.length < 3 || !node.elements.every(isPair)) return;
      for (const element of node.elements) if (element !== null) add("removed pass", element, [], "element");
    },
    Literal(node) {
      if (typeof node.value !== "number" || !Number.isInteger(node.value)) return;
      add("plus or minus one", node, [`${node.value + 1}`]);
      if (node.value > 0) add("plus or minus one", node, [`${node.value - 1}`]);
    },
    Property: (node) => void (node.computed || ignored.push(range(node.key))),
    PropertyDefinition: (node) => void (node.computed || ignored.push(range(node.key))),
    ImportDeclaration: (node) => void ignored.push(range(node)),
    ExportAllDeclaration: (node) => void ignored.push(range(node)),
    TSTypeAnnotation: (node) => void ignored.push(range(node)),
    TSTypeAliasDeclaration: (node) => void ignored.push(range(node)),
    TSInterfaceDeclaration: (node) => void ignored.push(range(node)),
    TSTypeParameterInstantiation: (node) => void ignored.push(range(node)),
    TSTypeParameterDeclaration: (node) => void ignored.push(range(node)),
    TSAsExpression: (node) => void ignored.push(range(node.typeAnnotation)),
    TSSatisfiesExpression: (node) => void ignored.push(range(node.typeAnnotation)),
    FunctionDeclaration: enterFunction,
    FunctionExpression: enterFunction,
    ArrowFunctionExpression: enterFunction,
  }).visit(parseSync(file, text).program);

  return sites
    .filter((site) => !isInside(site, ignored))
    .filter((site) => !(ofChecks.has(site.operator) && isInside(site, checks)))
    .toSorted((a, b) => a.start - b.start || b.end - a.end);
}

/** @param {Site} site @param {readonly [number, number][]} ranges */
function isInside({ start, end }, ranges) {
  return ranges.some(([from, to]) => from <= start && end <= to);
}

/** @param {any} node */
function isFunction(node) {
  return node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";
}

/** True if a statement leaves its block. @param {any} node @returns {boolean} */
function isExit(node) {
  if (node.type === "BlockStatement") return node.body.length > 0 && isExit(node.body.at(-1));
  return ["ReturnStatement", "ThrowStatement", "ContinueStatement", "BreakStatement"].includes(node.type);
}

/** True for `throw internalError(…)`, alone or in a block. @param {any} node @returns {boolean} */
function isInternalError(node) {
  if (node.type === "BlockStatement") return node.body.length === 1 && isInternalError(node.body[0]);
  return (
    node.type === "ThrowStatement" &&
    node.argument.type === "CallExpression" &&
    node.argument.callee.name === "internalError"
  );
}

/** Value of an early return of a function with a declared type. @param {any} returnType @param {string} text */
function earlyResult(returnType, text) {
  if (returnType === null || returnType === undefined) return undefined;
  const { start, end } = returnType.typeAnnotation;
  const types = text.slice(start, end).split("|");
  for (const type of types) {
    const result = earlyResults.get(type.trim());
    if (result !== undefined) return result;
  }
  return undefined;
}
