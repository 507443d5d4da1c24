import { DownhillError } from "../../../engine/errors/index.ts";
import { append } from "../../../engine/util/append.ts";
import type {
  BlockStatement,
  ExportDeclaration,
  Expression,
  FunctionNode,
  Identifier,
  ImportDeclaration,
  Node,
  ProgramNode,
  Statement,
  TypeDeclaration,
  TypeNode,
  VariableDeclaration,
  VariableDeclarator,
} from "./ast.ts";
import type { SourceText } from "./refuse.ts";
import { assignedNames, childrenOf, isFunction, isMarked, targetsOf, unwrap } from "./walk.ts";

/** Parser: returns the ESTree of a module with TypeScript nodes, as oxc-parser and acorn do. */
export type Parse = (text: string, file: string) => Node;

/** Module that contains a marked function or one of its helpers. */
export interface Module extends SourceText {
  readonly program: ProgramNode;
  readonly parse: Parse;
  /** Returns the module that an import refers to; `undefined` if it cannot be resolved. */
  readonly imported: (specifier: string) => Module | undefined;
  /**
   * Names of fields that types leave out, because their values may be any string. All modules of a program share the
   * set, and each elaboration begins with an empty one.
   */
  readonly leftOut: Set<string>;
  /** Types that the parameters of a generic or mapped type stand for, within that type. */
  readonly typeArguments?: ReadonlyMap<string, TypeArgument>;
}

/** Type that a type parameter stands for, and the module in which it is written. */
export interface TypeArgument {
  readonly node: TypeNode;
  readonly module: Module;
}

export interface ModuleOptions {
  readonly parse: Parse;
  /** File name for messages. Default `plain.ts`. */
  readonly file?: string | undefined;
  /** Returns the text of a module by its specifier and the importing file; `undefined` if it cannot be resolved. */
  readonly resolve?:
    | ((specifier: string, importer: string) => { readonly text: string; readonly file: string } | undefined)
    | undefined;
}

/** Parses a module. */
export function parseModule(text: string, options: ModuleOptions): Module {
  return readModule(text, options.file ?? "plain.ts", options, new Map(), new Set());
}

/** Parses a module. `known` caches modules by file, so that cyclic imports terminate. */
function readModule(
  text: string,
  file: string,
  options: ModuleOptions,
  known: Map<string, Module>,
  leftOut: Set<string>,
): Module {
  const read: Module = {
    program: options.parse(text, file) as ProgramNode,
    text,
    file,
    parse: options.parse,
    leftOut,
    imported(specifier) {
      const found = options.resolve?.(specifier, file);
      return found && (known.get(found.file) ?? readModule(found.text, found.file, options, known, leftOut));
    },
  };
  known.set(file, read);
  return read;
}

/** A function with the directive `"use ad"`. */
export interface MarkedFunction {
  readonly node: FunctionNode;
  /** Name of the function, or of the variable or field to which it is assigned. */
  readonly name: string | undefined;
  /** The nodes around it, outermost first. */
  readonly around: readonly Node[];
}

/**
 * Returns the functions of a program that are marked `"use ad"`, in source order. Includes functions inside of unmarked
 * ones; marks inside of a marked function are ignored.
 */
export function markedFunctions(program: Node): MarkedFunction[] {
  const found: MarkedFunction[] = [];
  const around: Node[] = [];
  const waiting: (Node | undefined)[] = [program]; // `undefined` where a node ends
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (node === undefined) around.pop();
    else if (isFunction(node) && isMarked(node)) {
      // marks on helpers inside of it have no effect of their own
      found.push({ node, name: nameOf(node, around.at(-1)), around: [...around] });
    } else {
      around.push(node);
      waiting.push(undefined);
      append(waiting, childrenOf(node).toReversed());
    }
  }
  return found;
}

/** Name of the function, or of the variable or field to which it is assigned. */
function nameOf(node: FunctionNode, parent: Node | undefined): string | undefined {
  if (node.id) return node.id.name;
  if (parent?.type === "ExportDefaultDeclaration") return "default";
  const { id, key, left } = (parent ?? {}) as { id?: Node; key?: Node; left?: Node };
  const isMember =
    parent?.type === "Property" ||
    parent?.type === "MethodDefinition" ||
    parent?.type === "PropertyDefinition";
  const holder = parent?.type === "VariableDeclarator" ? id : isMember ? key : left;
  return holder?.type === "Identifier" ? (holder as Identifier).name : undefined;
}

/** A named function that returns a marked function. */
export interface MarkedFactory {
  readonly name: string;
  /** Names of its parameters; `undefined` for patterns. */
  readonly params: readonly (string | undefined)[];
}

/**
 * The named function that returns a marked function without a name; `undefined` if the marked function is not returned
 * like that.
 */
export function factoryOf({ name, around }: MarkedFunction): MarkedFactory | undefined {
  const k = around.findLastIndex(isFunction);
  const owner = around[k];
  const isReturned = around
    .slice(k + 1)
    .every(({ type }) => type === "BlockStatement" || type === "ReturnStatement");
  if (name !== undefined || !isFunction(owner) || !isReturned || around.slice(0, k).some(isFunction))
    return undefined;
  const own = nameOf(owner, around[k - 1]);
  const params = owner.params.map((param) => (param.type === "Identifier" ? param.name : undefined));
  return own === undefined ? undefined : { name: own, params };
}

/** The declaration to which a name outside of a marked function refers. */
export type OuterBinding =
  | {
      readonly kind: "function";
      readonly node: FunctionNode;
      readonly module: Module;
      readonly around: EnclosingNodes;
    }
  | {
      readonly kind: "variable";
      readonly module: Module;
      /** Nodes around the declaration, in whose scope the initialiser is evaluated. */
      readonly around: EnclosingNodes;
      readonly declaration: Node;
      readonly annotation: TypeNode | undefined;
      readonly init: Expression | undefined;
      /** True if no assignment in the declaring block changes it. */
      readonly fixed: boolean;
      /** True if it is declared at the top level of the module. */
      readonly top: boolean;
    }
  | {
      readonly kind: "unreadable";
      readonly module: Module;
      readonly declaration: Node;
      readonly what: string;
      readonly repair: string;
    }
  | { readonly kind: "enum"; readonly node: Node; readonly module: Module }
  /** `import * as H`; with `block`, `namespace H { … }`. */
  | {
      readonly kind: "namespace";
      readonly module: Module;
      readonly block?: NamespaceBlock;
      readonly around?: EnclosingNodes;
    }
  /** A class, whose static methods and constants can be used. */
  | {
      readonly kind: "class";
      readonly node: Node;
      readonly module: Module;
      readonly around: EnclosingNodes;
    }
  /** Part of a built-in object: `const { sin } = Math`. */
  | { readonly kind: "global"; readonly name: string };

type NamespaceBlock = Node & { readonly body: readonly TopStatement[] };

/** The nodes around a node that declare names, outermost first: the program, functions, blocks. */
export type EnclosingNodes = readonly Node[];

/** Resolves `name` in the scope of the given enclosing nodes; `undefined` if it is not declared. */
export function lookUp(name: string, module: Module, around: EnclosingNodes): OuterBinding | undefined {
  for (let depth = around.length - 1; depth >= 0; depth--) {
    const found = declaredIn(around[depth]!, name, module, around.slice(0, depth + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function declaredIn(
  node: Node,
  name: string,
  module: Module,
  around: EnclosingNodes,
): OuterBinding | undefined {
  if (node.type === "Program") return declaredAmong((node as ProgramNode).body, name, module, around, true);
  if (node.type === "BlockStatement" || node.type === "TSModuleBlock")
    return declaredAmong((node as BlockStatement).body, name, module, around, false);
  if (isFunction(node)) return parameterOf(node, name, module, around);
  if (node.type === "ForStatement" || node.type === "ForOfStatement") {
    const head = node as Node & { readonly init?: Node | null; readonly left?: Node };
    const declaration = head.init ?? head.left;
    if (declaration?.type !== "VariableDeclaration") return undefined;
    return variableOf(declaration as VariableDeclaration, name, module, around, false);
  }
  return undefined;
}

function parameterOf(
  node: FunctionNode,
  name: string,
  module: Module,
  around: EnclosingNodes,
): OuterBinding | undefined {
  for (const param of node.params) {
    let isHere = false;
    targetsOf(param, (target) => {
      isHere ||= target.type === "Identifier" && (target as Identifier).name === name;
    });
    if (!isHere) continue;
    const plain = param.type === "AssignmentPattern" ? param.left : param;
    if (plain.type !== "Identifier") return unreadable(param, "a part of a parameter", parts, module);
    return {
      kind: "variable",
      module,
      around,
      declaration: param,
      annotation: plain.typeAnnotation?.typeAnnotation,
      init: undefined,
      fixed: false,
      top: false,
    };
  }
  return undefined;
}

const imports =
  "write the helper in this module or in one beside it, keep a value in a variable with a type (const k: number = …), or hand it in as " +
  "an argument";
const parts = "give it a name and a type of its own, as const y: number = …, or hand it in as an argument";

function unreadable(declaration: Node, what: string, repair: string, module: Module): OuterBinding {
  return { kind: "unreadable", module, declaration, what, repair };
}

type TopStatement = Statement | ImportDeclaration | ExportDeclaration;

function declaredAmong(
  body: readonly TopStatement[],
  name: string,
  module: Module,
  around: EnclosingNodes,
  top: boolean,
): OuterBinding | undefined {
  for (const stmt of body) {
    if (stmt.type === "ImportDeclaration") {
      const found = importOf(stmt, name, module);
      if (found !== undefined) return found;
      continue;
    }
    const declaration = isExport(stmt) ? stmt.declaration : stmt;
    if (declaration === null || declaration === undefined) continue;
    if (declaration.type === "FunctionDeclaration" && declaration.id?.name === name)
      return { kind: "function", node: declaration, module, around };
    if (declaration.type === "VariableDeclaration") {
      const found = variableOf(declaration, name, module, around, top);
      if (found !== undefined) return found;
    }
    const { type, id } = declaration as Node & { readonly id?: Identifier };
    if (id?.name === name && type === "TSEnumDeclaration") return { kind: "enum", node: declaration, module };
    if (id?.name === name && type === "TSModuleDeclaration") {
      const { body: block } = declaration as Node & { readonly body?: NamespaceBlock };
      if (block) return { kind: "namespace", module, block, around: [...around, block] };
    }
    if (id?.name === name && type === "ClassDeclaration")
      return { kind: "class", node: declaration, module, around };
  }
  return undefined;
}

function isExport(stmt: TopStatement): stmt is ExportDeclaration {
  return stmt.type === "ExportNamedDeclaration" || stmt.type === "ExportDefaultDeclaration";
}

function variableOf(
  { declarations, kind, declare }: VariableDeclaration,
  name: string,
  module: Module,
  around: EnclosingNodes,
  top: boolean,
): OuterBinding | undefined {
  for (const declarator of declarations) {
    let isHere = false;
    targetsOf(declarator.id, (target) => {
      isHere ||= target.type === "Identifier" && (target as Identifier).name === name;
    });
    if (!isHere) continue;
    const { id } = declarator;
    const part = id.type === "Identifier" ? undefined : partOfMath(declarator, name);
    if (part !== undefined) return { kind: "global", name: part };
    if (id.type !== "Identifier")
      return unreadable(declarator, "a part of what is taken apart", parts, module);
    const init = declarator.init === null ? undefined : declarator.init;
    const value = init && unwrap(init);
    if (value !== undefined && isFunction(value) && kind === "const")
      return { kind: "function", node: value, module, around };
    const block = around.at(-1)!;
    return {
      kind: "variable",
      module,
      around,
      declaration: declarator,
      annotation: id.typeAnnotation?.typeAnnotation,
      init,
      fixed: declare !== true && (kind === "const" || !assignedNames(block).has(name)),
      top,
    };
  }
  return undefined;
}

/** Returns `Math.sin` for the name `sin` in `const { sin } = Math`; `undefined` for other declarations. */
function partOfMath({ id, init }: VariableDeclarator, name: string): string | undefined {
  if (id.type !== "ObjectPattern" || init?.type !== "Identifier" || init.name !== "Math") return undefined;
  for (const part of id.properties) {
    if (part.type !== "Property" || part.key.type !== "Identifier") continue;
    if ((part.value as Identifier).name === name) return `Math.${part.key.name}`;
  }
  return undefined;
}

function importOf(stmt: ImportDeclaration, name: string, module: Module): OuterBinding | undefined {
  const specifier = stmt.specifiers.find(({ local }) => local.name === name);
  if (specifier === undefined) return undefined;
  const from = String(stmt.source.value);
  const other = module.imported(from);
  if (other === undefined)
    return unreadable(
      specifier,
      `imported from ${JSON.stringify(from)}, which cannot be read here`,
      /^[./]/.test(from)
        ? imports
        : `${imports}, or name the package in the option packages of downhill-plugin`,
      module,
    );
  if (specifier.type === "ImportNamespaceSpecifier") return { kind: "namespace", module: other };
  const wanted =
    specifier.type === "ImportDefaultSpecifier" ? "default" : (specifier.imported ?? specifier.local).name;
  return (
    exportOf(other, wanted) ??
    unreadable(specifier, `not exported by ${JSON.stringify(from)}`, imports, module)
  );
}

/** Module that `import * as name` refers to; `undefined` for other names. */
export function namespaceOf(name: string, module: Module): Module | undefined {
  const found = lookUp(name, module, [module.program]);
  if (found?.kind !== "namespace" || found.block === undefined)
    return found?.kind === "namespace" ? found.module : undefined;
  const body = [...found.block.body, ...found.module.program.body];
  return { ...found.module, program: { ...found.module.program, body } };
}

/** Resolves `H.name` for a namespace, and `C.name` for a static member of a class; `undefined` if it does not exist. */
export function memberOf(
  owner: OuterBinding & { readonly kind: "namespace" | "class" },
  name: string,
): OuterBinding | undefined {
  if (owner.kind === "namespace")
    return owner.block === undefined
      ? exportOf(owner.module, name)
      : declaredAmong(owner.block.body, name, owner.module, owner.around ?? [], false);
  const { module, around } = owner;
  const member = membersOf(owner).find((one) => one.static === true && nameOfMember(one) === name);
  if (member === undefined) return undefined;
  const value = member.value ?? undefined;
  if (isFunction(value) && (member.kind === "method" || member.type === "PropertyDefinition"))
    return { kind: "function", node: value, module, around };
  if (member.type !== "PropertyDefinition")
    return unreadable(member, "an accessor of a class", "write it as a static method", module);
  return {
    kind: "variable",
    module,
    around,
    declaration: member,
    annotation: member.typeAnnotation?.typeAnnotation,
    init: value as Expression | undefined,
    fixed: member.readonly === true,
    top: false,
  };
}

function membersOf({ node }: OuterBinding & { readonly kind: "class" }): readonly ClassMember[] {
  return (node as Node & { readonly body: { readonly body: readonly ClassMember[] } }).body.body;
}

/** Name of a member of a class; `#name` for a private one. */
function nameOfMember({ key }: ClassMember): string | undefined {
  const { name } = (key ?? {}) as Partial<Identifier>;
  return key?.type === "PrivateIdentifier" ? `#${name}` : name;
}

/**
 * Methods of the instances of a class without state: one that extends no class, has no fields, and a constructor that
 * does nothing, if any. `undefined` for other classes.
 */
export function methodsOf(
  owner: OuterBinding & { readonly kind: "class" },
): Map<string, FunctionNode> | undefined {
  const { superClass } = owner.node as Node & { readonly superClass?: Node | null };
  if (superClass) return undefined;
  const methods = new Map<string, FunctionNode>();
  for (const member of membersOf(owner)) {
    if (member.static === true || member.type === "StaticBlock") continue;
    const value = member.value ?? undefined;
    const isEmpty = isFunction(value) && value.body.type === "BlockStatement" && value.body.body.length === 0;
    if (member.kind === "constructor" && isEmpty && value.params.length === 0) continue;
    const name = nameOfMember(member);
    const isMethod = member.kind === "method" || member.type === "PropertyDefinition";
    if (name === undefined || !isMethod || !isFunction(value)) return undefined;
    methods.set(name, value);
  }
  return methods;
}

/** Member of a class body. */
interface ClassMember extends Node {
  readonly key?: Node | null;
  readonly value?: Node | null;
  readonly kind?: string;
  readonly static?: boolean;
  readonly readonly?: boolean;
  readonly typeAnnotation?: { readonly typeAnnotation: TypeNode } | null;
}

/** Resolves a name that a module exports, through re-exports; `undefined` if it does not export the name. */
function exportOf(module: Module, name: string): OuterBinding | undefined {
  const around = [module.program];
  for (const stmt of module.program.body) {
    if (stmt.type === "ExportAllDeclaration" && stmt.source) {
      const other = module.imported(String(stmt.source.value));
      const found = other && exportOf(other, name);
      if (found !== undefined) return found;
    }
    if (!isExport(stmt)) continue;
    if (stmt.type === "ExportDefaultDeclaration") {
      if (name !== "default") continue;
      const { declaration } = stmt;
      if (isFunction(declaration)) return { kind: "function", node: declaration, module, around };
      if (declaration?.type === "Identifier") return lookUp(declaration.name, module, around);
      continue;
    }
    for (const { local, exported } of stmt.specifiers ?? []) {
      if ((exported ?? local).name !== name) continue;
      if (!stmt.source) return lookUp(local.name, module, around);
      const other = module.imported(String(stmt.source.value));
      return other && exportOf(other, local.name);
    }
    if (stmt.declaration) {
      const found = declaredAmong([stmt.declaration as Statement], name, module, around, true);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/**
 * Resolves the name of an interface, type alias or enum, and returns its declaration and module. `seen` are the modules
 * visited so far, because modules may import each other.
 */
export function typeNamed(
  name: string,
  module: Module,
  seen: readonly Module[] = [],
): { readonly declaration: TypeDeclaration; readonly module: Module } | undefined {
  const bound = module.typeArguments?.get(name);
  if (bound !== undefined) {
    const { start, end } = bound.node;
    const id: Identifier = { type: "Identifier", name, start, end };
    const alias = { type: "TSTypeAliasDeclaration", id, typeAnnotation: bound.node, start, end } as const;
    return { declaration: alias, module: bound.module };
  }
  if (seen.includes(module)) return undefined; // modules that re-export each other
  const onward = (from: { readonly value: unknown }, wanted: string): ReturnType<typeof typeNamed> => {
    const other = module.imported(String(from.value));
    return other && typeNamed(wanted, other, [...seen, module]);
  };
  for (const stmt of module.program.body) {
    if (stmt.type === "ImportDeclaration") {
      const specifier = stmt.specifiers.find(({ local }) => local.name === name);
      if (specifier !== undefined) return onward(stmt.source, (specifier.imported ?? specifier.local).name);
      continue;
    }
    if (stmt.type === "ExportAllDeclaration" && stmt.source) {
      const found = onward(stmt.source, name);
      if (found !== undefined) return found;
    }
    const handedOn = isExport(stmt)
      ? stmt.specifiers?.find(({ local, exported }) => (exported ?? local).name === name)
      : undefined;
    if (handedOn !== undefined && isExport(stmt)) {
      if (stmt.source) return onward(stmt.source, handedOn.local.name);
      if (handedOn.local.name !== name) return typeNamed(handedOn.local.name, module, seen);
    }
    const declaration = isExport(stmt) ? stmt.declaration : stmt;
    if (
      declaration?.type !== "TSInterfaceDeclaration" &&
      declaration?.type !== "TSTypeAliasDeclaration" &&
      declaration?.type !== "TSEnumDeclaration"
    )
      continue;
    if (declaration.id.name === name) return { declaration, module };
  }
  return undefined;
}

/** Specifier of the import that declares a name; `undefined` if the name is not imported. */
export function importedFrom(name: string, module: Module): string | undefined {
  for (const stmt of module.program.body) {
    if (stmt.type === "ImportDeclaration" && stmt.specifiers.some(({ local }) => local.name === name))
      return String(stmt.source.value);
  }
  return undefined;
}

/**
 * Returns the marked function of the given name, or the only one.
 *
 * @throws DownhillError `plain` if there is none; the message lists the existing names.
 */
export function findMarked(module: Module, name?: string): MarkedFunction {
  const all = markedFunctions(module.program);
  const found = name === undefined ? all[0] : all.find((marked) => marked.name === name);
  if (found !== undefined && (name !== undefined || all.length === 1)) return found;
  const names = all.map((marked) => marked.name ?? "(without a name)").join(", ");
  const missing = name === undefined ? "a name must be given" : `${name} is not marked, or not there`;
  throw new DownhillError(
    "plain",
    all.length === 0
      ? `${module.file}: no function is marked: write "use ad"; as the first line of its body.`
      : `${module.file}: ${missing}; marked functions: ${names}.`,
  );
}
