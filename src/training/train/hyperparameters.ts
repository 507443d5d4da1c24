import { full } from "../../numeric/array/create.ts";
import { exp, mul, sigmoid } from "../../numeric/array/elementwise.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";

/** Values of hyper-parameters by name. */
export type Hyperparameters<H extends string> = Readonly<Record<H, number>>;

/** Coordinates of hyper-parameters by name, each in its `HyperparameterSpace`. */
export type Coordinates<H extends string> = Readonly<Record<H, number>>;

/** Coordinates or hyper-parameters as float64 scalars that can be differentiated. */
export type TracedCoordinates<H extends string> = Readonly<Record<H, Tensor>>;

/**
 * Coordinate u in which a hyper-parameter h is changed: `log` (h = eᵘ, above 0), `unit` (h = 1/(1 + e^(−u/2)), between
 * 0 and 1) or `linear` (h = u). One unit of u matters about equally everywhere. A rate of 1e-4 is as far from 1e-3 as
 * 0.1 is from 1, and a momentum of 0.9 is as far from 0.5 as 0.99 is from 0.9. The factor of 2 makes momenta change
 * more slowly than rates. Otherwise a high momentum would compensate for a low rate, and the tuner would hardly leave
 * that state.
 */
export type HyperparameterSpace = "log" | "unit" | "linear";

interface Space {
  readonly inside: (h: number) => boolean;
  readonly range: string;
  readonly toCoordinate: (h: number) => number;
  readonly toNumber: (u: number) => number;
  readonly toTensor: (u: Tensor) => Tensor;
  /**
   * Lowers u, at which training diverges, by a fraction `share` (0 to 1) of the full step. A full step divides h by 10
   * in `log` and `linear` space, and lowers u by 1 in `unit` space.
   */
  readonly lower: (u: number, share: number) => number;
}

/** Bound of |u|, within which 1/(1 + e⁻ᵘ) is neither 0 nor 1 in float32. */
const outermost = 15;

const spaces: Readonly<Record<HyperparameterSpace, Space>> = {
  log: {
    inside: (h) => h > 0,
    range: "above 0",
    toCoordinate: Math.log,
    toNumber: Math.exp,
    toTensor: exp,
    lower: (u, share) => u - share * Math.log(10),
  },
  unit: {
    inside: (h) => h > 0 && h < 1,
    range: "between 0 and 1, both excluded",
    toCoordinate: (h) => 2 * Math.max(-outermost, Math.min(outermost, Math.log(h / (1 - h)))),
    toNumber: (u) => 1 / (1 + Math.exp(-u / 2)),
    toTensor: (u) => sigmoid(mul(u, 0.5)),
    lower: (u, share) => u - share,
  },
  linear: {
    inside: () => true,
    range: "finite",
    toCoordinate: (h) => h,
    toNumber: (u) => u,
    toTensor: (u) => u,
    lower: (u, share) => u / 10 ** share,
  },
};

const inUnit = /^(momentum|beta\d?|rho|alpha|dampening)$/;

/** Returns the default space of a hyper-parameter by its name: `unit` for momenta and similar, otherwise `log`. */
function spaceOf(name: string): HyperparameterSpace {
  return inUnit.test(name) ? "unit" : "log";
}

/** Returns the coordinate of a value. @throws DownhillError `range` for a value outside its space. */
function coordinateOf(operation: string, name: string, value: number, space: HyperparameterSpace): number {
  const { inside, range, toCoordinate } = spaces[space];
  if (typeof value === "number" && Number.isFinite(value) && inside(value)) return toCoordinate(value);
  throw new DownhillError(
    "range",
    `${operation}: start.${name} must be a number ${range}, because it is tuned in ${space} space; got ${String(value)}.`,
  );
}

/** Conversions between hyper-parameters and their coordinates. */
export interface CoordinateSystem<H extends string> {
  readonly start: Coordinates<H>;
  /** Converts coordinates to hyper-parameters. */
  valuesAt(u: Coordinates<H>): Hyperparameters<H>;
  /** Like `valuesAt`, for tensors. */
  tensorsAt(u: TracedCoordinates<H>): TracedCoordinates<H>;
  /** Converts coordinates to float64 scalars. */
  traced(u: Coordinates<H>): TracedCoordinates<H>;
  /** Converts scalar tensors to numbers. */
  numbers(u: TracedCoordinates<H>): Coordinates<H>;
  /** For each name, applies `f` to its coordinates in all the given sets, as in `combine((a, b) => a + b, u, v)`. */
  combine(f: (...values: readonly number[]) => number, ...all: readonly Coordinates<H>[]): Coordinates<H>;
  /**
   * Lowers the learning rate if there is one, otherwise all hyper-parameters, by the fraction `share` of a full step. A
   * full step divides by 10, or lowers the coordinate by 1 in `unit` space.
   */
  lower(u: Coordinates<H>, share: number): Coordinates<H>;
}

/**
 * Creates coordinates for the hyper-parameters of `start`, in the chosen spaces or those of `spaceOf`.
 *
 * @throws DownhillError `range` for a value outside its space, `option` for an unknown hyper-parameter.
 */
export function coordinateSystem<H extends string>(
  operation: string,
  start: Hyperparameters<H>,
  chosen: { readonly [K in H]?: HyperparameterSpace } | undefined,
): CoordinateSystem<H> {
  const names = typeof start === "object" && start !== null ? (Object.keys(start) as H[]) : [];
  if (names.length === 0) {
    throw new DownhillError(
      "option",
      `${operation}: start must have a number for each hyper-parameter, as in { learningRate: 0.01 }.`,
    );
  }
  checkOptions(`${operation}: spaces`, chosen, names);
  const spaceNames = new Map(
    names.map((name) => {
      const space: HyperparameterSpace = chosen?.[name] ?? spaceOf(name);
      checkChoice(operation, `spaces.${name}`, space, Object.keys(spaces));
      return [name, space] as const;
    }),
  );
  const spaceAt = (name: H): Space => spaces[spaceNames.get(name)!];
  const record = <T>(value: (name: H) => T): Readonly<Record<H, T>> =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Readonly<Record<H, T>>;
  const lowered: readonly string[] = names.some((name) => name === "learningRate") ? ["learningRate"] : names;
  return {
    start: record((name) => coordinateOf(operation, name, start[name], spaceNames.get(name)!)),
    valuesAt: (u) => record((name) => spaceAt(name).toNumber(u[name])),
    tensorsAt: (u) => record((name) => spaceAt(name).toTensor(u[name])),
    traced: (u) => record((name) => full([], u[name], { dtype: "float64" })),
    numbers: (u) => record((name) => u[name].item()),
    combine: (f, ...all) => record((name) => f(...all.map((u) => u[name]))),
    lower: (u, share) =>
      record((name) => (lowered.includes(name) ? spaceAt(name).lower(u[name], share) : u[name])),
  };
}
