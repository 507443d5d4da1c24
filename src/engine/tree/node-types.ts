import { DownhillError } from "../errors/index.ts";

/** A class of a user's whose instances are nodes of trees. */
export interface NodeType {
  /** Tells classes apart in keys of structures. */
  readonly id: number;
  readonly name: string;
  /** What an instance is made of: a tree of plain arrays and objects. */
  readonly toTree: (instance: never) => unknown;
  /** An instance of a tree of that structure, whose leaves may be anything. */
  readonly fromTree: (tree: never) => unknown;
}

const nodeTypes = /* @__PURE__ */ new Map<unknown, NodeType>();

/**
 * Makes the instances of a class nodes of trees.
 *
 * @throws DownhillError `tree` for what is no class, or one that is a node already.
 */
export function addNodeType(
  operation: string,
  type: unknown,
  toTree: NodeType["toTree"],
  fromTree: NodeType["fromTree"],
): void {
  if (typeof type !== "function" || typeof type.prototype !== "object")
    throw new DownhillError(
      "tree",
      `${operation}: expects a class first, as in ${operation}(Point, (p) => ({ x: p.x }), ({ x }) => new Point(x)).`,
    );
  if (nodeTypes.has(type))
    throw new DownhillError(
      "tree",
      `${operation}: ${type.name} is registered already. Register each class once, where it is defined.`,
    );
  nodeTypes.set(type, { id: nodeTypes.size, name: type.name, toTree, fromTree });
}

/** How instances of the class of a value are taken apart, if it is registered; those of classes derived from it are not. */
export function nodeTypeOf(value: unknown): NodeType | undefined {
  if (nodeTypes.size === 0 || typeof value !== "object" || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null;
  return prototype === null ? undefined : nodeTypes.get(prototype.constructor);
}
