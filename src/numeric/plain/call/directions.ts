import { DownhillError } from "../../../engine/errors/index.ts";
import { isFloating } from "../../../engine/region/form/build.ts";
import { withoutStaging } from "../../../engine/trace/index.ts";
import { runAlong } from "./along.ts";
import { type TransformRequest, flat, pair, requireFloating, requireNumber } from "./asked.ts";
import type { AnyFunction } from "../../../engine/transforms/plain.ts";
import {
  type RegionClosure,
  leavesFrom,
  type OperandTensors,
  type PlainCallable,
  type PreparedArguments,
  prepareCall,
  tensorsOf,
} from "./callable.ts";
import { gradientBody } from "./gradient.ts";
import { derivativeOf, type ValueLeaf, putTogether, takeLike, type Template, typesIn } from "./values.ts";

/**
 * Splits arguments and directions into leaves. Throws unless the directions have the structure and sizes of the
 * arguments. A value without a derivative must have the direction 0.
 */
function prepareTangents(
  title: string,
  f: PlainCallable,
  primals: readonly unknown[],
  directions: readonly unknown[],
): { readonly at: PreparedArguments; readonly tangents: PreparedArguments["leaves"] } {
  const at = prepareCall(f, primals, title);
  if (directions.length !== primals.length) {
    throw new DownhillError(
      "tree",
      `${title}: ${directions.length} tangents for ${primals.length} argument${primals.length === 1 ? "" : "s"}; give one for each.`,
    );
  }
  const leads = new Array<number>(f.params.length).fill(0);
  const { leaves: tangents, templates } = f.prepare(`${title}, tangents`, directions, leads, true);
  templates.forEach((template, i) => {
    requireSamePresence(title, at.templates[i]!, template, f.names[i]!);
  });
  tangents.forEach((own, i) => {
    const types = typesIn(at.templates[i]!);
    own.forEach((leaf, k) => {
      if (leaf.isAbsent === true && !isFloating(types[k]!)) return; // arrays of strings or booleans may be left out
      const { dims } = at.leaves[i]![k]!;
      if (leaf.dims.some((n, axis) => n !== dims[axis])) {
        throw new DownhillError(
          "shape",
          `${title}: the tangent of argument ${i} has ${leaf.dims.join(" × ")} numbers, the argument ${dims.join(" × ")}.`,
        );
      }
      const isStill = typeof leaf.data === "number" ? leaf.data === 0 : leaf.data.every((x) => x === 0);
      if (!isFloating(types[k]!) && !isStill) {
        throw new DownhillError(
          "dtype",
          `${title}: ${f.names[i]!} ${types[k] === "bool" ? "is true or false" : "only sets sizes, bounds and indices"}, and has no derivative. Its tangent must be ${types[k] === "bool" ? "0 or false" : "0"}.`,
        );
      }
    });
  });
  return { at, tangents };
}

/**
 * Refuses a direction in which a value is present although it is absent in the argument, or the reverse.
 *
 * @throws DownhillError `tree`
 */
function requireSamePresence(title: string, of: Template, along: Template, path: string): void {
  if (of.kind === "optional" && along.kind === "optional") {
    if (!of.types.some(isFloating)) return;
    if ((of.item === undefined) !== (along.item === undefined))
      throw new DownhillError(
        "tree",
        of.item === undefined
          ? `${title}: ${path} is undefined, so its tangent must be undefined too.`
          : `${title}: the tangent of ${path} is undefined. Give it: 0 where ${path} does not change.`,
      );
    if (of.item && along.item) requireSamePresence(title, of.item, along.item, path);
  } else if (of.kind === "record" && along.kind === "record") {
    of.fields.forEach(({ name, type }, i) => {
      requireSamePresence(title, type, along.fields[i]!.type, `${path}.${name}`);
    });
  } else if (of.kind === "tuple" && along.kind === "tuple") {
    of.items.forEach((item, i) => {
      requireSamePresence(title, item, along.items[i]!, `${path}[${i}]`);
    });
  } else if (of.kind === "list" && along.kind === "list") {
    of.items?.forEach((item, i) => {
      const other = along.items?.[i];
      if (other !== undefined) requireSamePresence(title, item, other, `${path}[${i}]`);
    });
  }
}

/** Returns as tensors the operands of the directions that belong to floating operands. */
function directionsOf(
  at: PreparedArguments,
  tangents: PreparedArguments["leaves"],
): readonly OperandTensors[] {
  return pointOf({ ...at, leaves: tangents }).floating;
}

/** Computes values and tangents by the tangent region. Results without a derivative have a tangent of 0. */
function directTangents(
  body: RegionClosure,
  at: PreparedArguments,
  tangents: PreparedArguments["leaves"],
): ValueLeaf[] {
  const own = at.templates.flatMap(typesIn).map(isFloating);
  const active = body.region.base.params.map((_, k) => own[k] ?? false);
  const moved = tangents.flat().filter((_, k) => own[k]!);
  const types = typesIn(at.result);
  const leaves = runAlong(body, at.leaves.flat(), moved, active, types.length);
  const values = leaves.slice(0, types.length);
  let next = types.length;
  return [...values, ...types.map((type, k) => (isFloating(type) ? leaves[next++]! : still(values[k]!)))];
}

function still({ data, dims }: ValueLeaf): ValueLeaf {
  return { data: typeof data === "number" ? 0 : data.map(() => 0), dims };
}

/** Arguments as tensors, in which the floating operands are separate from the others. */
interface FloatingArguments {
  readonly floating: readonly OperandTensors[];
  /** Returns all operands of each argument, given the floating operands. */
  readonly complete: (floating: readonly OperandTensors[]) => OperandTensors[];
}

function pointOf(prepared: PreparedArguments): FloatingArguments {
  const types = prepared.templates.map(typesIn);
  const hasTangent = types.map((own) => own.map(isFloating));
  const all = prepared.leaves.map((own, i) => tensorsOf(own, types[i]!));
  return {
    floating: all.map((own, i) => own.filter((_, k) => hasTangent[i]![k]!)),
    complete: (floating) =>
      all.map((own, i) => {
        let next = 0;
        return own.map((x, k) => (hasTangent[i]![k]! ? floating[i]![next++]! : x));
      }),
  };
}

/** Returns the function of the floating operands only; the other operands keep their values. */
function inFloating(f: PlainCallable, { complete }: FloatingArguments): AnyFunction {
  return (...floating: readonly OperandTensors[]) => f.run(...complete(floating));
}

function plainResult(template: Template, tensors: unknown): unknown {
  return putTogether(template, leavesFrom(flat(tensors)));
}

export function pushForward({ title, f, apply }: TransformRequest<unknown>): AnyFunction {
  return (primals: readonly unknown[], directions: readonly unknown[]) => {
    const isPlain = Array.isArray(primals) && Array.isArray(directions);
    if (!isPlain || f.takesTensors(primals) || f.takesTensors(directions))
      return apply(f.overTensors)(primals as never, directions as never);
    const { at, tangents } = prepareTangents(title, f, primals, directions);
    const { result } = at;
    if (f.body !== undefined)
      return putTogether(pair(result, result), directTangents(f.body(), at, tangents));
    return withoutStaging(() => {
      const point = pointOf(at);
      const along = directionsOf(at, tangents);
      return plainResult(
        pair(result, result),
        apply(inFloating(f, point))(point.floating as never, along as never),
      );
    });
  };
}

export function hessianTimes({ title, f, apply }: TransformRequest<unknown>): AnyFunction {
  return (x: unknown, v: unknown) => {
    if (f.takesTensors([x]) || f.takesTensors([v])) return apply(f.overTensors)(x as never, v as never);
    const { at, tangents } = prepareTangents(title, f, [x], [v]);
    const [given] = at.templates as [Template];
    requireNumber(title, at.result);
    requireFloating(title, given, 0);
    const template = derivativeOf(given);
    const gradient = gradientBody(f, {}, "gradient");
    if (gradient !== undefined) {
      const both = directTangents(gradient(), { ...at, result: template }, tangents);
      return putTogether(template, both.slice(both.length / 2));
    }
    return withoutStaging(() => {
      const point = pointOf(at);
      const [along] = directionsOf(at, tangents);
      return plainResult(template, apply(inFloating(f, point))(point.floating[0] as never, along as never));
    });
  };
}

export function pullBack({ title, f, apply }: TransformRequest<unknown>): AnyFunction {
  return (...primals: readonly unknown[]) => {
    if (f.takesTensors(primals)) return apply(f.overTensors)(...(primals as never[]));
    return withoutStaging(() => {
      const prepared = prepareCall(f, primals, title);
      const { templates, result } = prepared;
      templates.forEach((template, i) => {
        if (template.kind !== "optional" || template.item !== undefined) requireFloating(title, template, i);
      });
      const cotangents: Template = { kind: "tuple", items: templates.map(derivativeOf) };
      const at = pointOf(prepared);
      const [out, back] = apply(inFloating(f, at))(...(at.floating as never[])) as [
        OperandTensors,
        AnyFunction,
      ];
      const pullback = (ct: unknown): unknown => {
        const given = tensorsOf(takeLike(result, ct, `${title}: the cotangent`), typesIn(result));
        return withoutStaging(() => plainResult(cotangents, back(given as never)));
      };
      return [plainResult(result, out), pullback];
    });
  };
}

export function linearise({ title, f, apply }: TransformRequest<unknown>): AnyFunction {
  return (...primals: readonly unknown[]) => {
    if (f.takesTensors(primals)) return apply(f.overTensors)(...(primals as never[]));
    return withoutStaging(() => {
      const prepared = prepareCall(f, primals, title);
      const { result } = prepared;
      const at = pointOf(prepared);
      const [out, linear] = apply(inFloating(f, at))(...(at.floating as never[])) as [
        OperandTensors,
        AnyFunction,
      ];
      const push = (...directions: readonly unknown[]): unknown =>
        withoutStaging(() => {
          const { tangents } = prepareTangents(title, f, primals, directions);
          return plainResult(result, linear(...(directionsOf(prepared, tangents) as never[])));
        });
      return [plainResult(result, out), push];
    });
  };
}
