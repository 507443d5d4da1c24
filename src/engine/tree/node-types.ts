import { DownhillError } from "../errors/index.ts";

/** Registered class whose instances are tree nodes. */
export interface NodeType {
  /** Number that distinguishes the class in structure keys. */
  readonly id: number;
  readonly name: string;
  /** Converts an instance to a tree of plain arrays and objects. */
  readonly toTree: (instance: never) => unknown;
  /** Creates an instance from a tree of that structure, whose leaves may have any type. */
  readonly fromTree: (tree: never) => unknown;
}

const nodeTypes = /* @__PURE__ */ new Map<unknown, NodeType>();

/**
 * Registers a class, so that its instances are tree nodes.
 *
 * @throws DownhillError `tree` for a value that is not a class, or a class that is registered already.
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

/** Registration of the class of a value, if any. Derived classes need their own registration. */
export function nodeTypeOf(value: unknown): NodeType | undefined {
  if (nodeTypes.size === 0 || typeof value !== "object" || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null;
  return prototype === null ? undefined : nodeTypes.get(prototype.constructor);
}
