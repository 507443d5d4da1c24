// Finds the branches of a JavaScript text, and how often each ran, by the block coverage of V8.
import { parseSync } from "oxc-parser";

/** @typedef {{ type: string, start: number, end: number, [field: string]: any }} SyntaxNode */
/** @typedef {{ kind: string, start: number, count: number }} Branch */

/**
 * Counts of executions by offset, from the ranges of V8: the innermost range around an offset counts.
 *
 * @param {number} length of the text
 * @param {readonly { ranges: readonly { startOffset: number, endOffset: number, count: number }[] }[]} functions
 */
export function executionCounts(length, functions) {
  const counts = new Float64Array(length);
  const ranges = functions.flatMap((one) => one.ranges);
  ranges.sort((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset));
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  return counts;
}

/**
 * Branches of a source text that do not end in a throw: functions, both sides of `if` and `? :`, the second operands of
 * `&&`, `||` and `??`, the cases of `switch`, and default values of parameters.
 *
 * @param {string} text
 * @param {Float64Array} counts
 * @param {(name: string) => boolean} neverReturns names of functions that always throw
 * @returns {Branch[]}
 */
export function branchesIn(text, counts, neverReturns) {
  const { program, errors } = parseSync("bundle.mjs", text);
  if (errors.length > 0) throw new SyntaxError(errors[0]?.message);
  /** @type {Branch[]} */
  const found = [];
  const endsInThrow = throwTest(neverReturns);
  const note = (/** @type {string} */ kind, /** @type {SyntaxNode} */ node) => {
    if (!endsInThrow(node)) found.push({ kind, start: node.start, count: counts[node.start] ?? 0 });
  };
  const visit = (/** @type {SyntaxNode} */ node) => {
    switch (node.type) {
      case "IfStatement": {
        note("then", node["consequent"]);
        const taken = counts[node["consequent"].start] ?? 0;
        if (node["alternate"] !== null) note("else", node["alternate"]);
        else found.push({ kind: "no else", start: node.start, count: (counts[node.start] ?? 0) - taken });
        break;
      }
      case "ConditionalExpression":
        note("?", node["consequent"]);
        note(":", node["alternate"]);
        break;
      case "LogicalExpression":
        note(node["operator"], node["right"]);
        break;
      case "SwitchCase":
        if (node["consequent"].length > 0) note("case", caseBody(node));
        break;
      case "AssignmentPattern":
        note("default", node["right"]);
        break;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        if (node["body"] !== null) note("function", node["body"]);
        break;
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return found;
}

/** The statements of a case as a block. */
function caseBody(/** @type {SyntaxNode} */ node) {
  const body = node["consequent"];
  return { type: "BlockStatement", start: body[0].start, end: node.end, body };
}

/** Tests whether a branch ends in a throw, or in a call that never returns. */
function throwTest(/** @type {(name: string) => boolean} */ neverReturns) {
  /** @type {(node: SyntaxNode | null | undefined) => boolean} */
  const test = (node) => {
    if (node === null || node === undefined) return false;
    switch (node.type) {
      case "ThrowStatement":
        return true;
      case "BlockStatement":
        return test(node["body"].at(-1));
      case "ReturnStatement":
        return test(node["argument"]);
      case "ExpressionStatement":
        return test(node["expression"]);
      case "IfStatement":
        return test(node["consequent"]) && test(node["alternate"]);
      case "ParenthesizedExpression":
        return test(node["expression"]);
      case "CallExpression": {
        const callee = node["callee"];
        const name = callee.type === "MemberExpression" ? callee["property"] : callee;
        return typeof name["name"] === "string" && neverReturns(name["name"]);
      }
      default:
        return false;
    }
  };
  return test;
}

/** @returns {SyntaxNode[]} */
export function childrenOf(/** @type {SyntaxNode} */ node) {
  return Object.values(node)
    .flat()
    .filter((value) => typeof value === "object" && value !== null && typeof value.type === "string");
}

/** Names of functions of a TypeScript text whose declared result is `never`. */
export function neverReturning(/** @type {string} */ text) {
  const { program } = parseSync("source.ts", text);
  /** @type {string[]} */
  const names = [];
  const visit = (/** @type {SyntaxNode} */ node, /** @type {string | undefined} */ name) => {
    const own = node["id"]?.name ?? node["key"]?.name ?? name;
    if (node["returnType"]?.typeAnnotation?.type === "TSNeverKeyword" && own !== undefined) names.push(own);
    for (const child of childrenOf(node)) visit(child, own);
  };
  visit(program, undefined);
  return names;
}
