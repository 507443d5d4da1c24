import MagicString, { type SourceMap } from "magic-string";
import {
  elaborate,
  formText,
  type MarkedFunction,
  markedFunctions,
  parseModule,
  precompile,
} from "downhill/plain";
import { parse } from "./parse.ts";
import { writtenCalls } from "./written-calls.ts";

/** Finds the file and text of an imported module; `undefined` if the import cannot be followed. */
export type Resolve = (
  specifier: string,
  importer: string,
) => { readonly text: string; readonly file: string } | undefined;

/** Options of the compiled forms and of the code around them. */
export interface TransformOptions {
  /** Folder of the compiled programs for later runs. */
  readonly cache?: string | undefined;
  /** Targets for which the module's transforms are compiled. */
  readonly precompile?: readonly ("page" | "node")[] | undefined;
  /** The source with its types, if `code` has lost them. Forms are compiled from it, and errors have its positions. */
  readonly written?: string;
}

export interface Transformed {
  readonly code: string;
  readonly map: SourceMap;
}

/** Whether the text of a module may hold a marked function. */
export function mayBeMarked(code: string): boolean {
  return code.includes("use ad");
}

/**
 * Attaches compiled forms to the marked functions of a module. Line numbers and the text of functions are unchanged,
 * and a call with numbers runs that text. A declaration is hoisted, so its form is attached at the beginning of its
 * block, and its body first checks whether an argument is a tensor. An expression is wrapped. A thunk reads outer
 * values at each call.
 *
 * @returns `undefined` where no function is marked.
 * @throws PlainError for code that cannot be differentiated, SyntaxError for what cannot be read.
 */
export function transform(
  code: string,
  file: string,
  resolve: Resolve,
  { cache, written = code, precompile: targets = [] }: TransformOptions = {},
): Transformed | undefined {
  if (!mayBeMarked(code)) return undefined;
  const module = parseModule(written, { parse, file, resolve });
  const sources = markedFunctions(module.program);
  if (sources.length === 0) return undefined;
  const program = written === code ? module.program : parseModule(code, { parse, file, resolve }).program;
  const marked = program === module.program ? sources : markedFunctions(program);
  requireSame(marked, sources, file);
  const text = new MagicString(code);
  const fresh = freshNames(code);
  const attach = fresh("attachForm");
  const wrap = fresh("wrapForm");
  const offer = cache === undefined ? undefined : fresh("offerCompilationCache");
  const calls = targets.length === 0 ? [] : writtenCalls(module.program);
  const withRecords = calls.length === 0 ? undefined : fresh("withRecords");
  const offered =
    (offer === undefined ? "" : `, offerCompilationCache as ${offer}`) +
    (withRecords === undefined ? "" : `, withRecords as ${withRecords}`);
  let head = `import { attachForm as ${attach}, wrapForm as ${wrap}${offered} } from "downhill/plain"; `;
  if (offer !== undefined) head += `${offer}(${JSON.stringify(cache)}); `;
  for (const [i, one] of marked.entries()) {
    const form = elaborate(module, sources[i]);
    const data = fresh("form");
    const own = calls.filter(({ of }) => of === sources[i]!.node || of === one.name);
    const records = own.length === 0 ? [] : targets.flatMap((target) => precompile(form, own, target));
    const plain = formText(form);
    const isKept = withRecords !== undefined && records.length > 0;
    head += `const ${data} = ${isKept ? `${withRecords}(${plain}, ${inText(records)})` : plain}; `;
    const outside = [...form.captured.map(({ name }) => name), ...(form.errors ?? [])];
    const captured = `() => [${outside.join(", ")}]`;
    if (one.node.type === "FunctionDeclaration") {
      head += attachDeclaration(text, one, fresh, (name) => `${attach}(${name}, ${data}, ${captured})`);
    } else if (one.around.at(-1)!.type === "MethodDefinition") {
      // a static block replaces the method when the class is evaluated
      const name = JSON.stringify(one.name ?? "");
      const { end, static: isStatic } = one.around.at(-1)! as Node & { readonly static?: boolean };
      const owner = isStatic === true ? "this" : "this.prototype";
      const value = `${wrap}(${owner}[${name}], ${data}, ${captured}, ${name})`;
      text.appendRight(
        end,
        ` static { Object.defineProperty(${owner}, ${name}, { value: ${value}, writable: true, configurable: true }); }`,
      );
    } else if (isMethod(one)) {
      // the key stays: `loss(x) { … }` becomes `loss: wrap(function (x) { … }, …)`
      text.appendLeft(one.node.start, `: ${wrap}(function `);
      text.appendRight(one.node.end, `, ${data}, ${captured}, ${JSON.stringify(one.name ?? "")})`);
    } else {
      const name = one.node.id ? "" : `, ${JSON.stringify(one.name ?? "")}`;
      text.appendLeft(one.node.start, `${wrap}(`);
      text.appendRight(one.node.end, `, ${data}, ${captured}${name})`);
    }
  }
  text.prependLeft(beginOf(code, program), head);
  return {
    code: text.toString(),
    map: text.generateMap({ source: file, includeContent: true, hires: "boundary" }),
  };
}

/** Data of JSON as an expression, in one line. */
function inText(data: unknown): string {
  return JSON.stringify(data).replace(/[\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16)}`);
}

/** Checks that a text without types has the same functions, by order and name. */
function requireSame(
  marked: readonly MarkedFunction[],
  sources: readonly MarkedFunction[],
  file: string,
): void {
  if (marked.length === sources.length && marked.every(({ name }, i) => name === sources[i]!.name)) return;
  throw new Error(
    `${file}: a plugin in front has changed marked functions. Let downhill stand before it, and before what strips types.`,
  );
}

/** Returns a generator of names that do not occur in a text. */
function freshNames(code: string): (base: string) => string {
  let count = 0;
  return (base) => {
    let name: string;
    do name = `$${base}${count++}`;
    while (code.includes(name));
    return name;
  };
}

type Node = MarkedFunction["around"][number];

/** Node that contains statements: a program, block or case. */
interface Block extends Node {
  readonly body: readonly (Node & { readonly directive?: string | null })[];
}

/** True if a function is a method of an object. `elaborate` refuses accessors. */
function isMethod({ around }: MarkedFunction): boolean {
  const parent: (Node & { readonly method?: boolean }) | undefined = around.at(-1);
  return parent?.type === "Property" && parent.method === true;
}

/**
 * Attaches the form of a declaration, with the code that `attached` writes for its name. Returns the code for the head
 * of the module.
 */
function attachDeclaration(
  text: MagicString,
  { node, around }: MarkedFunction,
  fresh: (base: string) => string,
  attached: (name: string) => string,
): string {
  const code = text.original;
  const handle = fresh("handle");
  const name = node.id?.name ?? fresh("unnamed");
  const parent = around.at(-1)!;
  const isTop = parent.type === "Program" || parent.type.startsWith("Export");
  // In an import cycle or another case of a switch, the function may be called before this line. Then it is uncompiled.
  const isEarly = isTop || parent.type === "SwitchCase";
  let statement = `${isEarly ? "var" : "const"} ${handle} = ${attached(name)}; `;
  if (!node.id) {
    text.appendLeft(node.start + code.slice(node.start).indexOf("function") + "function".length, ` ${name}`);
    statement += `Object.defineProperty(${name}, "name", { value: "default" }); `;
  }
  for (const { start, end } of defaultsOf(node.params))
    // with a tensor argument the compiled form runs, so that this default, which may compute with the tensor, is not
    // evaluated
    text
      .appendLeft(start, `${handle}${isEarly ? "?" : ""}.takesTensors(arguments) ? undefined : (`)
      .appendRight(end, ")");
  const { body } = (node as unknown as { readonly body: Block }).body;
  const directives = body.filter(({ directive }) => typeof directive === "string");
  text.appendLeft(
    directives.at(-1)!.end,
    `; if (${handle}${isEarly ? "?" : ""}.takesTensors(arguments)) return ${handle}.call(arguments);`,
  );
  if (isTop) return statement;
  const [first] = (parent as Node & { readonly consequent?: readonly Node[] }).consequent ?? [];
  text.prependLeft(first?.start ?? beginOf(code, parent as unknown as Block), ` ${statement}`);
  return "";
}

/** The defaults of variables in parameters that contain names. */
function defaultsOf(patterns: readonly (Node | null)[]): Node[] {
  return patterns.flatMap((pattern) => {
    if (pattern === null) return [];
    const { left, right, elements, properties, value, argument } = pattern as Node & Readonly<Partial<Parts>>;
    switch (pattern.type) {
      case "AssignmentPattern":
        return [...defaultsOf([left!]), ...(left!.type === "Identifier" && hasNames(right!) ? [right!] : [])];
      case "ArrayPattern":
        return defaultsOf(elements!);
      case "ObjectPattern":
        return defaultsOf(properties!);
      case "Property":
        return defaultsOf([value!]);
      case "RestElement":
        return defaultsOf([argument!]);
      default:
        return [];
    }
  });
}

/** The parts of patterns. */
interface Parts {
  readonly left: Node;
  readonly right: Node;
  readonly elements: readonly (Node | null)[];
  readonly properties: readonly Node[];
  readonly value: Node;
  readonly argument: Node;
}

function hasNames(node: Node): boolean {
  if (node.type === "Identifier") return true;
  return Object.values(node).some((value: unknown) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).some(
      (child) => typeof (child as Node | null)?.type === "string" && hasNames(child as Node),
    ),
  );
}

/** The offset of the first statement of a program or block, after its directives. */
function beginOf(code: string, block: Block): number {
  const directives = block.body.filter(({ directive }) => typeof directive === "string");
  const last = directives.at(-1);
  if (last !== undefined) return last.end;
  if (block.type !== "Program") return code.indexOf("{", block.start) + 1;
  return /^#!.*/.exec(code)?.[0].length ?? 0;
}
