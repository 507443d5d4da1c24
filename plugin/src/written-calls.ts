import type { WrittenCall } from "downhill/plain";

/** The part of a syntax node that is read here. */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  readonly source?: Node;
  readonly specifiers?: readonly { readonly local: Node; readonly imported?: Node }[];
  readonly properties?: readonly {
    readonly type: string;
    readonly key?: Node;
    readonly value?: Node;
    readonly computed?: boolean;
  }[];
  readonly elements?: readonly (Node | null)[];
}

/**
 * Modules that export the transforms, and the transforms that run a function with one region, whatever its arguments.
 */
const modules: ReadonlySet<unknown> = new Set(["downhill", "downhill/core"]);
const transforms: ReadonlySet<unknown> = new Set(["grad", "valueAndGrad", "jit"]);

/** A transform with a function of the module: the function node, or its name. */
interface Call extends WrittenCall {
  readonly of: object | string;
}

/** The transform calls of a module whose options are literals. */
export function writtenCalls(program: object): readonly Call[] {
  const imported = new Map<string, WrittenCall["transform"]>();
  const calls: Call[] = [];
  walk(program as Node, (node) => {
    if (node.type === "ImportDeclaration" && modules.has(node.source?.value)) {
      for (const { local, imported: name } of node.specifiers ?? [])
        if (transforms.has(name?.name)) imported.set(local.name!, name!.name as WrittenCall["transform"]);
    }
    if (node.type !== "CallExpression" || node.callee?.type !== "Identifier") return;
    const transform = imported.get(node.callee.name!);
    const [f, given] = node.arguments ?? [];
    const options = transform === undefined ? undefined : optionsOf(given);
    if (transform === undefined || f === undefined || options === undefined) return;
    calls.push({ transform, ...options, of: f.type === "Identifier" ? f.name! : f });
  });
  return calls;
}

/** Literal options; `undefined` for other options. */
function optionsOf(node: Node | undefined): Pick<WrittenCall, "argnums" | "hasAux"> | undefined {
  if (node === undefined) return {};
  if (node.type !== "ObjectExpression") return undefined;
  const options: Record<string, unknown> = {};
  for (const { type, key, value, computed } of node.properties ?? []) {
    const name = key?.name;
    if (type !== "Property" || computed === true || (name !== "argnums" && name !== "hasAux"))
      return undefined;
    const read = value && valueOf(value);
    if (read === undefined) return undefined;
    options[name] = read;
  }
  return options;
}

function valueOf({ type, value, elements = [] }: Node): unknown {
  if (type === "Literal" && (typeof value === "number" || typeof value === "boolean")) return value;
  if (type !== "ArrayExpression") return undefined;
  const items = elements.map((item) => (item === null ? undefined : valueOf(item)));
  return items.every((item) => typeof item === "number") ? items : undefined;
}

function walk(node: Node, enter: (node: Node) => void): void {
  enter(node);
  for (const value of Object.values(node) as unknown[])
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value])
      if (typeof (child as Node | null | undefined)?.type === "string") walk(child as Node, enter);
}
