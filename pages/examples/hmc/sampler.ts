// Hamiltonian Monte Carlo with several simultaneous chains.
import {
  add,
  div,
  exp,
  foriLoop,
  grad,
  jit,
  less,
  mul,
  scan,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  where,
} from "downhill";
import * as random from "downhill/random";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { type TargetName, targets } from "./targets.ts";

export const draws = 400; // draws per chain

/** Settings of a run. */
export interface Question {
  readonly target: TargetName;
  readonly starts: readonly Point[];
  /** Step size of the leapfrog integrator, and the number of steps per draw. */
  readonly stepSize: number;
  readonly steps: number;
  readonly seed: number;
}

/** Result of a run. */
export interface Chains {
  /** The start and the draws of each chain. */
  readonly points: readonly (readonly Point[])[];
  /** For each draw and chain, whether the proposal was accepted. */
  readonly accepted: readonly (readonly boolean[])[];
  /** For each draw and chain, the initial momentum. */
  readonly momenta: readonly (readonly Point[])[];
}

interface Moving {
  readonly at: Tensor;
  readonly momentum: Tensor;
}

/** Energy of each chain at positions [chains, 2]. */
function energies(target: TargetName, at: Tensor): Tensor {
  return targets[target].energy(at.at(null, 0), at.at(null, 1));
}

/** One leapfrog step: half a kick, a drift, half a kick. Reversible by negating the momentum. */
function leapfrog(target: TargetName, { at, momentum }: Moving, stepSize: Tensor): Moving {
  const slope = grad((places: Tensor) => sum(energies(target, places)));
  const half = div(stepSize, 2);
  const kicked = sub(momentum, mul(half, slope(at)));
  const there = add(at, mul(stepSize, kicked));
  return { at: there, momentum: sub(kicked, mul(half, slope(there))) };
}

function samplerOf(target: TargetName) {
  return jit((starts: Tensor, momenta: Tensor, chances: Tensor, stepSize: Tensor, steps: Tensor) => {
    const total = ({ at, momentum }: Moving): Tensor =>
      add(energies(target, at), mul(sum(square(momentum), { axis: 1 }), 0.5));
    const [, track] = scan(
      (at: Tensor, { momentum, chance }: { momentum: Tensor; chance: Tensor }) => {
        const begin = { at, momentum };
        const end = foriLoop<Moving>(0, steps, (_, moving) => leapfrog(target, moving, stepSize), begin);
        // False also on overflow.
        const isAccepted = less(chance, exp(sub(total(begin), total(end))));
        const next = where(isAccepted.reshape([-1, 1]), end.at, at);
        return [next, [next, isAccepted] as const] as const;
      },
      starts,
      { momentum: momenta, chance: chances },
    );
    return track;
  });
}

const samplers = new Map<TargetName, ReturnType<typeof samplerOf>>();

/** Runs the chains. Equal settings give equal results. */
export function sample({ target, starts, stepSize, steps, seed }: Question): Chains {
  let sampler = samplers.get(target);
  if (sampler === undefined) samplers.set(target, (sampler = samplerOf(target)));
  const [forMomenta, forChances] = random.split(random.key(seed));
  const momenta = random.normal(forMomenta, [draws, starts.length, 2], { dtype: "float64" });
  const chances = random.uniform(forChances, [draws, starts.length], { dtype: "float64" });
  const [track, accepted] = sampler(
    tensor(starts, { dtype: "float64" }),
    momenta,
    chances,
    tensor(stepSize, { dtype: "float64" }),
    tensor(steps, { dtype: "int32" }),
  );
  const places = track.tolist() as number[][][];
  return {
    points: starts.map((start, chain) => [start, ...places.map((row) => row[chain]!)]),
    accepted: (accepted.tolist() as number[][]).map((row) => row.map((is) => is === 1)),
    momenta: momenta.tolist() as number[][][],
  };
}

const pathSteps = new Map<TargetName, (moving: Moving, stepSize: Tensor) => Moving>();

/** Positions after each leapfrog step of one proposal, including its start. The path ends early on overflow. */
export function proposalPath(
  { target, stepSize, steps }: Omit<Question, "starts" | "seed">,
  at: Point,
  momentum: Point,
): Point[] {
  let advance = pathSteps.get(target);
  if (advance === undefined) {
    advance = jit((moving: Moving, size: Tensor) => leapfrog(target, moving, size));
    pathSteps.set(target, advance);
  }
  const path = [at];
  const size = tensor(stepSize, { dtype: "float64" });
  let moving: Moving = {
    at: tensor([at], { dtype: "float64" }),
    momentum: tensor([momentum], { dtype: "float64" }),
  };
  for (let i = 0; i < steps; i++) {
    moving = advance(moving, size);
    const [place] = moving.at.tolist() as number[][];
    if (!place!.every((z) => Math.abs(z) < 1e6)) break;
    path.push(place!);
  }
  return path;
}
