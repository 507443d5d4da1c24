import { DownhillError } from "../../../engine/errors/index.ts";
import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import { declaredBy, eliminateDeadCode, gradient, tangent } from "../../../engine/region/index.ts";
import { isFloating as isFloatingType } from "../../../engine/region/form/build.ts";
import type { Region } from "../../../engine/region/form/region.ts";
import { walkStmts } from "../../../engine/region/form/walk.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { countLeaves, mayLack } from "../call/values.ts";
import type { PlainForm, PlainType } from "../form/form.ts";
import { isIntegerArray } from "../form/form.ts";
import { exportedFunction } from "./own-names.ts";
import type { TemplateText } from "./results.ts";
import { parametersText } from "./types.ts";

interface TypedParameter {
  readonly name: string;
  readonly type: PlainType;
}

/** A function of an emitted module, before its code is generated: its name, comment, region and types. */
export interface Derivation {
  readonly name: string;
  readonly doc: string;
  readonly region: Region;
  /** Names from the source, which the code keeps. */
  readonly keep: ReadonlySet<string>;
  readonly params: readonly TypedParameter[];
  readonly result: PlainType;
  /**
   * Code of the arguments whose form the result copies. A gradient, for example, lacks the optional fields that its
   * argument lacks. Undefined if the result copies no argument.
   */
  readonly template?: TemplateText;
}

/** Derivation of the function itself. */
export function valueOf(form: PlainForm): Derivation {
  return {
    name: form.region.name,
    doc: `The value of ${form.region.name}.`,
    region: eliminateDeadCode(form.region),
    keep: namesIn(form.region),
    params: parametersOf(form),
    result: form.result,
  };
}

/** Derivation of the gradient in some parameters; with `value`, the function value precedes it. */
export function gradientOf(form: PlainForm, wanted: readonly string[], value: boolean): Derivation {
  requireNumber(form);
  const { region } = form;
  const places = wanted.map((name) => placeOf(form, name));
  // results are in the order of the parameters, whatever order was requested
  const inOrder = [...new Set(places)].sort((a, b) => a - b);
  if (inOrder.join() !== places.join())
    throw new DownhillError(
      "option",
      `emit: grad: name parameters once and in the order of the function: ${inOrder.map((i) => form.params[i]!.name).join(", ")}.`,
    );
  const [only] = places;
  const isOne = places.length === 1;
  const grads: PlainType = isOne
    ? derivativeType(form.params[only!]!.type)
    : { kind: "tuple", items: places.map((i) => derivativeType(form.params[i]!.type)) };
  const names = places.map((i) => form.params[i]!.name);
  const texts: TemplateText = isOne ? names[0]! : names;
  const what = wanted.join(", ");
  return {
    name: `${region.name}Grad`,
    doc: `${value ? `The value of ${region.name} and its gradient` : `The gradient of ${region.name}`} in ${what}.`,
    region: gradient(region, activeIn(form, places), scalarFunctions, {
      wanted: value ? "values gradient" : "gradient",
    }),
    keep: namesIn(region),
    params: parametersOf(form),
    result: value ? { kind: "tuple", items: [form.result, grads] } : grads,
    template: value ? [undefined, texts] : texts,
  };
}

/** Derivation of the product of the Hessian in a parameter with a direction: forward mode over the gradient. */
export function hessianProductOf(form: PlainForm, wanted: string): Derivation {
  requireNumber(form);
  const { region } = form;
  const place = placeOf(form, wanted);
  const active = activeIn(form, [place]);
  const grad = gradient(region, active, scalarFunctions);
  const product = eliminateDeadCode(tangent(grad, active, scalarFunctions, { primal: false }));
  const type = derivativeType(form.params[place]!.type);
  if (mayLack(type))
    throw new DownhillError(
      "option",
      `emit: hvp: ${wanted} has optional fields, and its direction would lack them. Make the fields required.`,
    );
  const direction = freshName("v", form);
  return {
    name: `${region.name}Hvp`,
    doc: `The Hessian of ${region.name} in ${wanted}, times the direction ${direction}.`,
    region: product,
    keep: namesIn(region),
    params: [...parametersOf(form), { name: direction, type }],
    result: type,
    template: wanted,
  };
}

/** Derivation of the derivative in one direction, from which `jacobianText` builds the columns of the Jacobian. */
export function jacobianOf(form: PlainForm, wanted: string): Derivation {
  const { region, result } = form;
  const place = placeOf(form, wanted);
  const type = presentType(form.params[place]!.type);
  const isVector = (t: PlainType): boolean =>
    t.kind === "number" ||
    t.kind === "array" ||
    (t.kind === "tuple" && t.items.every((x) => x.kind === "number"));
  if (!isVector(type) || !isVector(result))
    throw new DownhillError(
      "option",
      `emit: jacobian: ${wanted} and the result of ${region.name} must each be a number, an array or a tuple of numbers.`,
    );
  const direction = freshName("v", form);
  return {
    name: `${region.name}Jvp`,
    doc: `The derivative of ${region.name} in ${wanted} along the direction ${direction}.`,
    region: eliminateDeadCode(tangent(region, activeIn(form, [place]), scalarFunctions, { primal: false })),
    keep: namesIn(region),
    params: [...parametersOf(form), { name: direction, type }],
    result,
  };
}

/** Code of the Jacobian, and its type declaration: calls the function of `jacobianOf` for each unit vector. */
export function jacobianText(
  form: PlainForm,
  wanted: string,
): { readonly code: string; readonly types: string } {
  const { region, result } = form;
  const columnOf = `${region.name}Jvp`;
  const fresh = (hint: string): string => freshName(hint, form);
  // a parameter that has the name of the called function would hide it
  const nameOf = (name: string): string => (name === columnOf ? fresh(`${name}_`) : name);
  const params = parametersOf(form).map((param) => ({ ...param, name: nameOf(param.name) }));
  const names = params.map(({ name }) => name);
  const at = nameOf(wanted);
  const type = presentType(form.params[placeOf(form, wanted)]!.type);
  const call = (direction: string): string => `${columnOf}(${[...names, direction].join(", ")})`;
  const list = (text: string, of: PlainType): string => (of.kind === "number" ? `[${text}]` : text);
  const [unused, j, columns] = [fresh("_"), fresh("j"), fresh("columns")];
  const unit = type.kind === "number" ? "1" : `Array.from(${at}, (${unused}, k) => (k === ${j} ? 1 : 0))`;
  const doc = `The Jacobian of ${region.name} in ${wanted}: a row for each number of the result.`;
  const name = `${region.name}Jacobian`;
  const code = exportedFunction({ name, doc, params: names }, [
    `  const ${columns} = Array.from(${list(at, type)}, (${unused}, ${j}) => ${list(call(unit), result)});`,
    `  return Array.from(${columns}[0] ?? [], (_, row) => ${columns}.map((column) => column[row]));`,
  ]);
  return { code, types: `/** ${doc} */\nexport function ${name}(${parametersText(params)}): number[][];` };
}

/** Type without optionality. Derivatives are taken in values that are present. */
function presentType(type: PlainType): PlainType {
  return type.kind === "optional" ? type.type : type;
}

/**
 * Type of the derivative in a value that is present. It lacks the fields that are booleans or strings, as in the
 * library.
 */
function derivativeType(type: PlainType): PlainType {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return type;
    case "list":
      return { kind: "list", item: derivativePart(type.item) };
    case "record":
      return {
        kind: "record",
        fields: type.fields.flatMap(({ name, type: field }) => {
          if (isConstantField(field)) return [];
          return [{ name, type: derivativePart(field) }];
        }),
      };
    case "tuple":
      return { kind: "tuple", items: type.items.map(derivativeType) };
    case "optional":
      return derivativeType(type.type);
    default:
      return assertNever(type, "derivativeType");
  }
}

/** Type of the derivative in a field or an item, which is absent where the argument lacks it. */
function derivativePart(type: PlainType): PlainType {
  const own = derivativeType(type);
  return type.kind === "optional" ? { ...type, type: own } : own;
}

/** True for the type of a field that derivatives leave out: strings, booleans, and arrays of them. */
function isConstantField(type: PlainType): boolean {
  if (type.kind === "optional") return isConstantField(type.type);
  if (type.kind === "list") return isConstantField(type.item);
  return type.kind === "boolean" || isText(type);
}

/** True for the type of a string. */
function isText(type: PlainType): boolean {
  return type.kind === "number" && type.cases !== undefined;
}

/** Parameters of the emitted functions: those of the function, then the captured values. */
function parametersOf({ params, captured }: PlainForm): readonly TypedParameter[] {
  return [...params, ...captured];
}

/** Names of locals, arrays and loop indices that the source declares. Their statements have a position. */
function namesIn({ body }: Region): ReadonlySet<string> {
  const names = new Set<string>();
  walkStmts(body, (stmt) => {
    const name = stmt.at === undefined ? undefined : declaredBy(stmt);
    if (name !== undefined) names.add(name);
  });
  return names;
}

function freshName(hint: string, form: PlainForm): string {
  const taken = new Set(parametersOf(form).map((param) => param.name));
  let name = hint;
  for (let n = 2; taken.has(name); n++) name = `${hint}${n}`;
  return name;
}

function requireNumber({ region, result }: PlainForm): void {
  if (result.kind === "number" && result.integer !== true) return;
  throw new DownhillError(
    "option",
    `emit: ${region.name} returns no single number, and has no gradient. Ask for jacobian where it returns several.`,
  );
}

function placeOf({ params, region }: PlainForm, name: string): number {
  const place = params.findIndex((param) => param.name === name);
  if (place < 0)
    throw new DownhillError(
      "option",
      `emit: ${region.name} has no parameter ${JSON.stringify(name)}; it has ${params.map((param) => param.name).join(", ")}.`,
    );
  if (!isFloating(params[place]!.type))
    throw new DownhillError(
      "option",
      `emit: ${name} of ${region.name} only sets sizes, bounds and indices, or is true or false, at least in part: it has no derivative.`,
    );
  return place;
}

/**
 * True if all numbers of a value are floating and thus have a derivative. Fields that are booleans or strings do not
 * count.
 */
export function isFloating(type: PlainType): boolean {
  switch (type.kind) {
    case "number":
    case "array":
    case "matrix":
      return type.integer !== true && !isText(type) && !(type.kind === "array" && isIntegerArray(type.of));
    case "boolean":
      return false;
    case "list":
      return isFloating(type.item);
    case "record":
      return type.fields.every((field) => isConstantField(field.type) || isFloating(field.type));
    case "tuple":
      return type.items.every(isFloating);
    case "optional":
      return isFloating(type.type);
    default:
      return assertNever(type, "isFloating");
  }
}

/** One flag per parameter of the region: true if it belongs to one of the given arguments. */
function activeIn(form: PlainForm, places: readonly number[]): readonly boolean[] {
  const active = form.params.flatMap(({ type }, i) =>
    new Array<boolean>(countLeaves(type)).fill(places.includes(i)),
  );
  // booleans and the codes of strings have no derivative
  return form.region.params.map(({ type }, i) => (active[i] ?? false) && isFloatingType(type));
}
