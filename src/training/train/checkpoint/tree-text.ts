import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { lastingElements } from "../../../engine/ir/elements.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { asTensor, fromArray } from "../../../engine/prims/lift.ts";
import { deepestNesting, flatten, leafPaths, StaticValue, type TreeDef } from "../../../engine/tree/index.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { anything, aNumber, aText, type FormCheck, formOf, listOf, notOfForm } from "./form.ts";

/**
 * A tree as data for JSON. Tensors are stored by name; numbers, booleans, strings and `null` (`text`) and `undefined`
 * (`missing`) by kind, so that reading restores each as it was.
 */
export type TreeText =
  | { readonly tensor: string; readonly weak?: true }
  | { readonly number: number }
  | { readonly boolean: boolean }
  | { readonly array: readonly TreeText[] }
  | { readonly object: readonly (readonly [key: string, value: TreeText])[] }
  | { readonly text: string | null }
  | { readonly missing: true };

type TreeCheck = (value: unknown, path: string, depth: number) => void;

const treeKinds: ReadonlyMap<string, TreeCheck> = new Map<string, TreeCheck>([
  ["tensor", aText],
  ["number", aNumber],
  ["boolean", /* @__PURE__ */ formOf("true or false", (value) => typeof value === "boolean")],
  ["array", (value, path, depth) => listOf((item, at) => checkTree(item, at, depth + 1))(value, path)],
  [
    "object",
    (value, path, depth) =>
      listOf((entry, at) => {
        if (!Array.isArray(entry) || entry.length !== 2) throw notOfForm(at, "a name and a value");
        aText(entry[0], at);
        checkTree(entry[1], at, depth + 1);
      })(value, path),
  ],
  [
    "text",
    /* @__PURE__ */ formOf("a string or null", (value) => value === null || typeof value === "string"),
  ],
  ["missing", anything],
]);

/** Checks that a value is a `TreeText` that is not nested too deeply. */
export const aTree: FormCheck = (value, path) => checkTree(value, path, 0);

function checkTree(value: unknown, path: string, depth: number): void {
  if (depth > deepestNesting) throw notOfForm(path, `nested at most ${deepestNesting} deep`);
  const kind = typeof value === "object" && value !== null ? Object.keys(value)[0] : undefined;
  const check = treeKinds.get(kind ?? "");
  if (kind === undefined || check === undefined) throw notOfForm(path, "a tree of tensors");
  check((value as Readonly<Record<string, unknown>>)[kind], `${path}.${kind}`, depth);
}

/** Converts a tree to plain data. Its tensors are added to `tensors`, named by their paths from `root`. */
export function writeTree(tree: unknown, root: string, tensors: Map<string, Tensor>): TreeText {
  const { leaves, def } = flatten(tree, "fit");
  const paths = leafPaths(def, root);
  let next = 0;
  const write = (node: TreeDef): TreeText => {
    switch (node.kind) {
      case "leaf": {
        const [leaf, path] = [leaves[next], paths[next]!];
        next++;
        return writeLeaf(leaf, path, tensors);
      }
      case "array":
        return { array: node.children.map(write) };
      case "object":
        return { object: node.keys.map((key, i) => [key, write(node.children[i]!)] as const) };
      case "instance":
        throw new DownhillError(
          "tree",
          `fit: a checkpoint holds plain arrays and objects, but ${root} holds an instance of ${node.type.name}. ` +
            `Train its parts, and create the instance inside the loss.`,
        );
      case "static":
        if (typeof node.value === "boolean") return { boolean: node.value };
        if (node.value instanceof StaticValue) {
          throw new DownhillError(
            "tree",
            `fit: a checkpoint holds plain arrays and objects, but ${root} holds ${node.value.toString()}. ` +
              `Create it inside the loss.`,
          );
        }
        return node.value === undefined ? { missing: true } : { text: node.value };
      default:
        return assertNever(node, "writeTree");
    }
  };
  return write(def);
}

function writeLeaf(leaf: unknown, path: string, tensors: Map<string, Tensor>): TreeText {
  if (typeof leaf === "number") return { number: leaf };
  const x = asTensor(leaf, "fit");
  tensors.set(path, x);
  return { tensor: path, ...(x.type.weak ? { weak: true } : {}) };
}

/**
 * Rebuilds a tree from its data and its tensors by name.
 *
 * @throws DownhillError `data` if a tensor is missing.
 */
export function readTree(text: TreeText, tensors: ReadonlyMap<string, Tensor>): unknown {
  if ("tensor" in text) {
    const x = tensors.get(text.tensor);
    if (x === undefined) {
      throw new DownhillError("data", `fit: the checkpoint lacks the tensor ${JSON.stringify(text.tensor)}.`);
    }
    if (text.weak !== true) return x;
    return fromArray(arrayType(x.dtype, x.shape, true), lastingElements(x, "fit"));
  }
  if ("number" in text) return text.number;
  if ("boolean" in text) return text.boolean;
  if ("array" in text) return text.array.map((item) => readTree(item, tensors));
  if ("object" in text) {
    return Object.fromEntries(text.object.map(([key, value]) => [key, readTree(value, tensors)]));
  }
  return "text" in text ? text.text : undefined;
}

/**
 * Lists the structure of a tree: one line per leaf or boolean with its type, and one per string, `null` or `undefined`
 * with its value. Two trees of the same form have equal outlines.
 */
export function outlineOf(tree: unknown, root: string): string[] {
  const { leaves, def } = flatten(tree, "fit");
  const paths = leafPaths(def, root);
  const lines = leaves.map((leaf, i) => {
    const what =
      leaf instanceof Tensor ? showType(leaf.type) : typeof leaf === "object" ? "array" : typeof leaf;
    return `${paths[i]!}: ${what}`;
  });
  return [...lines, ...staticLines(def, root)];
}

function staticLines(def: TreeDef, path: string): string[] {
  switch (def.kind) {
    case "leaf":
      return [];
    case "static":
      return [
        `${path}: ${typeof def.value === "boolean" ? "boolean" : (JSON.stringify(def.value) ?? "undefined")}`,
      ];
    case "instance":
      return staticLines(def.children[0], path);
    case "array":
      return def.children.flatMap((child, i) => staticLines(child, `${path}[${i}]`));
    case "object":
      return def.children.flatMap((child, i) => staticLines(child, `${path}.${def.keys[i]!}`));
    default:
      return assertNever(def, "staticLines");
  }
}

/**
 * Serialises to JSON such that every number is exact: `NaN`, infinities and −0, which JSON cannot hold, become objects
 * such as `{ "$number": "NaN" }`.
 */
export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, x: unknown) => {
    if (typeof x !== "number" || (Number.isFinite(x) && !Object.is(x, -0))) return x;
    return { [exactNumber]: Object.is(x, -0) ? "-0" : String(x) };
  });
}

/** Parses the output of `exactJson`. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_, x: unknown) => {
    if (typeof x !== "object" || x === null || !Object.hasOwn(x, exactNumber)) return x;
    return Number((x as Readonly<Record<string, string>>)[exactNumber]);
  });
}

const exactNumber = "$number";
