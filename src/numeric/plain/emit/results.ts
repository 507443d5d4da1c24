// Code that builds plain values from the results of a region.
import { internalError } from "../../../engine/errors/index.ts";
import { infix, literal, primary } from "../../../engine/kernel/code.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { PlainType } from "../form/form.ts";
import { presenceText, property } from "./access.ts";
import type { ArrayText } from "./expression.ts";
import type { ModuleHelper } from "./helpers.ts";

/** Code of a result of a region: an expression for a scalar, or the name of an array and the access to its elements. */
export type ResultText =
  | { readonly kind: "scalar"; readonly text: string }
  | { readonly kind: "array"; readonly name: string; readonly text: ArrayText };

/**
 * Code of the argument whose form a result copies; `undefined` if it copies no argument. A list contains one entry per
 * item of a tuple.
 */
export type TemplateText = string | undefined | readonly TemplateText[];

interface ResultScope {
  helper(name: ModuleHelper): string;
  fresh(hint: string): string;
}

/** A list whose item is being built: the index of the item, and the list's length, which its first leaf sets. */
interface OpenList {
  readonly place: string;
  length: string | undefined;
}

/**
 * Generates the code that builds a plain value from the results of a region. `template` is the code of an argument from
 * which the value copies array classes and absent fields.
 */
export function resultText(
  type: PlainType,
  next: () => ResultText,
  scope: ResultScope,
  template: TemplateText,
): string {
  return new ResultWriter(next, scope).value(type, template);
}

class ResultWriter {
  readonly #next: () => ResultText;
  readonly #scope: ResultScope;
  /** Name of the unused first parameter of callbacks. */
  #unused: string | undefined;
  /** The lists that contain the current value, outermost first. */
  readonly #lists: OpenList[] = [];

  constructor(next: () => ResultText, scope: ResultScope) {
    this.#next = next;
    this.#scope = scope;
  }

  value(type: PlainType, template: TemplateText): string {
    switch (type.kind) {
      case "number":
      case "boolean":
        return this.#scalar(type.kind === "boolean");
      case "array": {
        const row = this.#elements(1);
        switch (type.of) {
          case "number[]":
            return `Array.from(${row.name})`;
          case "any":
            if (typeof template === "string")
              return `Array.isArray(${template}) ? Array.from(${row.name}) : ${row.name}`;
            return this.#lists.length > 0 ? `Array.from(${row.name})` : row.name;
          case "Float64Array":
          case "Float32Array":
          case "Int32Array":
          case "Uint8Array":
            return row.name;
          default:
            return assertNever(type.of, "resultText");
        }
      }
      case "matrix": {
        const { name, lengths } = this.#elements(2);
        return `${this.#scope.helper("rows")}(${[name, ...lengths].join(", ")})`;
      }
      case "list":
        return this.#list(type.item, template);
      case "record":
        return `{ ${type.fields.map((field) => this.#field(field.name, field.type, template)).join(", ")} }`;
      case "tuple":
        return `[${type.items
          .map((item, i) =>
            this.value(item, typeof template === "string" ? `${template}[${i}]` : template?.[i]),
          )
          .join(", ")}]`;
      case "optional":
        return this.value(type.type, template);
      default:
        return assertNever(type, "resultText");
    }
  }

  /** A field. A derivative lacks the fields that its argument lacks, and has null where the argument has null. */
  #field(name: string, type: PlainType, template: TemplateText): string {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const inner = typeof template === "string" ? `${template}${property(name)}` : undefined;
    const text = this.value(type, inner);
    if (type.kind !== "optional" || inner === undefined) return `${key}: ${text}`;
    if (type.absence === "null") return `${key}: ${inner} === null ? null : ${text}`;
    const value = type.absence === "either" ? `${inner} === null ? null : ${text}` : text;
    return `...(${inner} === undefined ? {} : { ${key}: ${value} })`;
  }

  #list(item: PlainType, template: TemplateText): string {
    const list: OpenList = { place: this.#scope.fresh("i"), length: undefined };
    this.#lists.push(list);
    const inner = typeof template === "string" ? `${template}[${list.place}]` : undefined;
    const text = this.value(item, inner);
    this.#lists.pop();
    const isObject = text.startsWith("{");
    const isOptional = item.kind === "optional" && inner !== undefined;
    const value = isOptional
      ? `${presenceText(inner, item)} ? ${text} : ${inner}`
      : isObject
        ? `(${text})`
        : text;
    this.#unused ??= this.#scope.fresh("_");
    return `Array.from({ length: ${list.length ?? "0"} }, (${this.#unused}, ${list.place}) => ${value})`;
  }

  #scalar(isBoolean: boolean): string {
    const result = this.#take();
    if (result.kind === "scalar") return result.text;
    const element = result.text.element(this.#lists.map(({ place }) => primary(place)));
    const isNumber = result.text.isBoolean !== true && result.text.isGrowable !== true;
    return (isBoolean && isNumber ? infix(element, "!==", literal(0)) : element).text;
  }

  /** All elements along the last `rank` axes of the next result, for the current items of the lists. */
  #elements(rank: number): { readonly name: string; readonly lengths: readonly string[] } {
    const result = this.#take();
    if (result.kind !== "array") throw internalError("emit: a result is no array");
    const { name, text } = result;
    const depth = this.#lists.length;
    const lengths = Array.from({ length: rank }, (_, axis) => text.length(depth + axis));
    const shown = lengths.map((length) => length.text);
    const [first, ...others] = this.#lists.map(({ place }) => primary(place));
    if (first === undefined) return { name, lengths: shown };
    const item = others.reduce(
      (index, place, axis) => infix(infix(index, "*", text.length(axis + 1)), "+", place),
      first,
    );
    const from = lengths.reduce((index, length) => infix(index, "*", length), item);
    const to = lengths.reduce((index, length) => infix(index, "*", length), infix(item, "+", literal(1)));
    return { name: `${name}.slice(${from.text}, ${to.text})`, lengths: shown };
  }

  #take(): ResultText {
    const result = this.#next();
    if (result.kind === "array")
      this.#lists.forEach((list, axis) => (list.length ??= result.text.length(axis).text));
    else if (this.#lists.length > 0) throw internalError("emit: a result is no array");
    return result;
  }
}
