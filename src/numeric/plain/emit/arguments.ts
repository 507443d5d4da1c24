import { DownhillError, internalError } from "../../../engine/errors/index.ts";
import type { ExprText } from "../../../engine/kernel/code.ts";
import { callCode, primary } from "../../../engine/kernel/code.ts";
import type { RegionParam } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType, TextCase } from "../form/form.ts";
import type { ArrayText } from "./expression.ts";
import type { ModuleHelper } from "./helpers.ts";

/** Context for generating the code of arguments. */
export interface ArgumentScope {
  /** Declares a name of the region and returns its name in the code. With `isNew` it must differ from the arguments. */
  declare(name: string, isNew?: boolean): string;
  fresh(hint: string): string;
  declareArray(name: string, text: ArrayText): void;
  helper(name: ModuleHelper): string;
}

/**
 * Generates the lines that unpack an argument into parameters of a region, and name its numbers and arrays. Elements of
 * matrices and lists of records are read directly from the argument.
 */
export function argumentLines(
  argument: string,
  type: PlainType,
  next: () => RegionParam,
  scope: ArgumentScope,
): string[] {
  const lines: string[] = [];
  takeApart({ path: argument, type, next, scope, lines });
  return lines;
}

interface ArgumentPart {
  readonly path: string;
  readonly type: PlainType;
  readonly next: () => RegionParam;
  readonly scope: ArgumentScope;
  readonly lines: string[];
  /** True within a value that may be absent. */
  readonly mayLack?: boolean;
}

function takeApart(part: ArgumentPart): void {
  const { path, type, next, scope, lines, mayLack = false } = part;
  /** Returns a name for the code of a leaf. An absent array is replaced by an empty one. */
  const nameOf = (param: RegionParam, isArray: boolean): string => {
    const text = isArray && mayLack ? `${path} ?? []` : path;
    const name = scope.declare(param.name, text !== path);
    if (name !== text) lines.push(`const ${name} = ${text};`);
    return name;
  };
  switch (type.kind) {
    case "number":
      if (type.cases !== undefined) {
        const name = scope.declare(next().name, true);
        lines.push(`const ${name} = ${codeText(path, type.cases)};`);
        return;
      }
      nameOf(next(), false);
      return;
    case "boolean":
      nameOf(next(), false);
      return;
    case "array": {
      const param = next();
      const name = nameOf(param, true);
      scope.declareArray(param.name, plainArray(name));
      return;
    }
    case "matrix": {
      const param = next();
      const name = nameOf(param, true);
      const width = scope.fresh(`${param.name}_columns`);
      lines.push(`const ${width} = ${columns(primary(name), path, scope)};`);
      scope.declareArray(param.name, {
        element: ([i, j]) => primary(`${name}[${i!.text}][${j!.text}]`),
        length: (axis) => primary(axis === 0 ? `${name}.length` : width),
      });
      return;
    }
    case "list": {
      if (!mayLack) return takeListApart(part, type.item, "");
      const list = scope.fresh("list");
      lines.push(`const ${list} = ${path} ?? [];`);
      return takeListApart({ ...part, path: list }, type.item, "");
    }
    case "record":
      for (const field of type.fields)
        takeApart({ ...part, path: memberText(path, field.name, mayLack), type: field.type });
      return;
    case "tuple":
      type.items.forEach((item, i) => takeApart({ ...part, path: memberText(path, i, mayLack), type: item }));
      return;
    case "optional": {
      const name = scope.declare(next().name, true);
      lines.push(`const ${name} = ${path} !== undefined;`);
      return takeApart({ ...part, type: type.type, mayLack: true });
    }
    default:
      return assertNever(type, "argumentLines");
  }
}

/** Unpacks a list of records: an element is read as `list[i]` followed by `inner`. */
function takeListApart(part: ArgumentPart, item: PlainType, inner: string): void {
  const { path, next, scope, lines } = part;
  switch (item.kind) {
    case "number":
    case "boolean": {
      const param = next();
      scope.declare(param.name);
      const cases = item.kind === "number" ? item.cases : undefined;
      const code = (text: string): string => (cases === undefined ? text : `(${codeText(text, cases)})`);
      scope.declareArray(param.name, {
        element: ([i]) => primary(code(`${path}[${i!.text}]${inner}`)),
        length: () => primary(`${path}.length`),
      });
      return;
    }
    case "array": {
      const param = next();
      scope.declare(param.name);
      const width = scope.fresh(`${param.name}_length`);
      const all = callCode(`${path}.map`, primary(`(item) => item${inner}`));
      lines.push(`const ${width} = ${columns(all, path + inner, scope)};`);
      scope.declareArray(param.name, {
        element: ([i, j]) => primary(`${path}[${i!.text}]${inner}[${j!.text}]`),
        length: (axis) => primary(axis === 0 ? `${path}.length` : width),
      });
      return;
    }
    case "record":
      for (const { name, type } of item.fields) takeListApart(part, type, `${inner}${property(name)}`);
      return;
    case "tuple":
      item.items.forEach((type, i) => takeListApart(part, type, `${inner}[${i}]`));
      return;
    case "optional":
      throw optionalItem(path);
    case "matrix":
    case "list":
      throw new DownhillError(
        "option",
        `emit: ${path} is a list of lists of more than numbers; emit takes lists of records of numbers and arrays.`,
      );
    default:
      return assertNever(item, "takeListApart");
  }
}

/** Code of the number that stands for a string: `kind === "relu" ? 0 : kind === "tanh" ? 1 : -1`. */
export function codeText(path: string, cases: readonly TextCase[]): string {
  return `${cases.map(({ text, code }) => `${path} === ${JSON.stringify(text)} ? ${code} : `).join("")}-1`;
}

function columns(rows: ExprText, path: string, scope: ArgumentScope): string {
  return callCode(scope.helper("columns"), rows, primary(JSON.stringify(path))).text;
}

function plainArray(name: string): ArrayText {
  return {
    element: ([i]) => primary(`${name}[${i!.text}]`),
    length: () => primary(`${name}.length`),
  };
}

/** Error for arrays of objects with optional fields, which emit does not support. */
export function optionalItem(path: string): DownhillError {
  return new DownhillError(
    "option",
    `emit: the items of ${path} have optional fields; emit takes lists of records in which nothing is absent.`,
  );
}

/** Code for a member of a value; uses `?.` if the value may be absent. */
export function memberText(path: string, key: string | number, mayLack: boolean): string {
  const member = typeof key === "number" ? `[${key}]` : property(key);
  if (!mayLack) return path + member;
  return `${path}?${member.startsWith(".") ? member : `.${member}`}`;
}

/** Code for a property access: `.name`, or `["a name"]`. */
export function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** Code of a result of a region: an expression for a scalar, or the name of an array and the access to its elements. */
export type ResultText =
  | { readonly kind: "scalar"; readonly text: string }
  | { readonly kind: "array"; readonly name: string; readonly text: ArrayText };

/**
 * Code of the argument whose form a result copies; `undefined` if it copies no argument. A list contains one entry per
 * item of a tuple.
 */
export type TemplateText = string | undefined | readonly TemplateText[];

/**
 * Generates the code that builds a plain value from the results of a region. `template` is the code of an argument from
 * which the value copies array classes and absent fields.
 */
export function resultText(
  type: PlainType,
  next: () => ResultText,
  scope: Pick<ArgumentScope, "helper" | "fresh">,
  template: TemplateText,
): string {
  switch (type.kind) {
    case "number":
    case "boolean": {
      return scalarResult(next());
    }
    case "array": {
      const { name } = arrayResult(next());
      switch (type.of) {
        case "number[]":
          return `Array.from(${name})`;
        case "any":
          return typeof template !== "string"
            ? name
            : `Array.isArray(${template}) ? Array.from(${name}) : ${name}`;
        case "Float64Array":
        case "Float32Array":
        case "Int32Array":
          return name;
        default:
          return assertNever(type.of, "resultText");
      }
    }
    case "matrix": {
      const { name, text } = arrayResult(next());
      return `${scope.helper("rows")}(${name}, ${text.length(0).text}, ${text.length(1).text})`;
    }
    case "list": {
      const place = scope.fresh("i");
      const first = { place, length: undefined as string | undefined };
      const item = itemText(type.item, next, first);
      return `Array.from({ length: ${first.length ?? "0"} }, (_, ${place}) => ${isObject(item) ? `(${item})` : item})`;
    }
    case "record":
      return `{ ${type.fields
        .map((field) => {
          const key = /^[A-Za-z_$][\w$]*$/.test(field.name) ? field.name : JSON.stringify(field.name);
          const inner = typeof template === "string" ? `${template}${property(field.name)}` : undefined;
          const text = resultText(field.type, next, scope, inner);
          // the derivative lacks the fields that the argument lacks
          if (field.type.kind === "optional" && inner !== undefined)
            return `...(${inner} === undefined ? {} : { ${key}: ${text} })`;
          return `${key}: ${text}`;
        })
        .join(", ")} }`;
    case "tuple":
      return `[${type.items
        .map((item, i) =>
          resultText(item, next, scope, typeof template === "string" ? `${template}[${i}]` : template?.[i]),
        )
        .join(", ")}]`;
    case "optional":
      return resultText(type.type, next, scope, template);
    default:
      return assertNever(type, "resultText");
  }
}

function isObject(text: string): boolean {
  return text.startsWith("{");
}

/** Code for the item of a list of records at an index. The length of the first leaf is the length of the list. */
function itemText(
  type: PlainType,
  next: () => ResultText,
  first: { readonly place: string; length: string | undefined },
): string {
  const { place } = first;
  switch (type.kind) {
    case "number":
    case "boolean": {
      const { text } = arrayResult(next());
      first.length ??= text.length(0).text;
      return text.element([primary(place)]).text;
    }
    case "array": {
      const { name, text } = arrayResult(next());
      first.length ??= text.length(0).text;
      const n = text.length(1).text;
      const row = `${name}.slice(${place} * ${n}, (${place} + 1) * ${n})`;
      return type.of === "number[]" || type.of === "any" ? `Array.from(${row})` : row;
    }
    case "record":
      return `{ ${type.fields.map(({ name, type: field }) => `${JSON.stringify(name)}: ${itemText(field, next, first)}`).join(", ")} }`;
    case "tuple":
      return `[${type.items.map((item) => itemText(item, next, first)).join(", ")}]`;
    case "optional":
    case "matrix":
    case "list":
      throw internalError("emit: a list of lists is refused as an argument");
    default:
      return assertNever(type, "itemText");
  }
}

function arrayResult(result: ResultText): ResultText & { readonly kind: "array" } {
  if (result.kind !== "array") throw internalError("emit: a result is no array");
  return result;
}

function scalarResult(result: ResultText): string {
  if (result.kind !== "scalar") throw internalError("emit: a result is no number");
  return result.text;
}
