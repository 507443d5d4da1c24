// The part of a linter's data that the rules read, and the resolution of names.
/** A rule of ESLint, whose interface oxlint shares. */
export interface Rule {
  readonly meta: {
    readonly type: "problem";
    readonly docs: { readonly description: string };
    readonly schema: readonly unknown[];
  };
  create(context: never): Readonly<Record<string, (node: never) => void>>;
}

/** A node of a linter's syntax tree. */
export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly operator?: string;
  readonly kind?: string;
  readonly test?: Node | null;
  readonly argument?: Node | null;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly left?: Node;
  readonly right?: Node;
  readonly init?: Node | null;
  readonly parent?: Node | null;
  readonly imported?: Node;
  readonly source?: { readonly value?: unknown };
  readonly arguments?: readonly Node[];
  readonly params?: readonly Node[];
  /** The block or expression of a function; the statements of a block. */
  readonly body?: Node | readonly Node[];
  readonly directive?: string | null;
  readonly typeAnnotation?: Node | null;
  readonly typeName?: Node;
  readonly elementType?: Node;
}

interface Variable {
  readonly defs: readonly { readonly type: string; readonly node: Node; readonly parent?: Node | null }[];
}

export interface Scope {
  readonly set: ReadonlyMap<string, Variable>;
  readonly upper: Scope | null;
}

export interface Context {
  readonly sourceCode: { getScope(node: Node): Scope };
  report(problem: { readonly node: Node; readonly message: string }): void;
}

const modules: ReadonlySet<unknown> = new Set(["downhill", "downhill/core", "downhill/optim"]);

/** The name under which downhill exports the callee; `undefined` if the callee is not from downhill. */
export function importedName(callee: Node, scope: Scope): string | undefined {
  const isMember = callee.type === "MemberExpression" && callee.object?.type === "Identifier";
  const local = isMember ? callee.object : callee;
  if (local?.type !== "Identifier") return undefined;
  const [definition] = variableOf(local.name!, scope)?.defs ?? [];
  const from = definition?.type === "ImportBinding" ? definition.parent?.source?.value : undefined;
  if (!modules.has(from)) return undefined;
  const isNamespace = definition!.node.type === "ImportNamespaceSpecifier";
  if (isMember !== isNamespace) return undefined;
  return isMember ? callee.property?.name : definition!.node.imported?.name;
}

/** The variable that a name refers to in a scope; `undefined` if none is declared. */
export function variableOf(name: string, scope: Scope): Variable | undefined {
  for (let here: Scope | null = scope; here !== null; here = here.upper) {
    const found = here.set.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
