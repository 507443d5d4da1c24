import { DownhillError } from "../../engine/errors/index.ts";
import { mostInFlight, readNumbers, requireTypesOf } from "./resident.ts";
import type { Device } from "../../engine/runtime/index.ts";
import type { BatchOutcome, Stepper, StepQuestion, StepRoutine, TrainingState } from "./step.ts";

/** A batch, or the end of an epoch. */
export type NextBatch<B> = IteratorResult<B, undefined>;

/**
 * Steps that have begun, in order. On a device, a step begins before the numbers of the steps before it have arrived. On
 * the processor there is at most one.
 */
export interface Flight<P, S, B> {
  /** Begins the next step; `at` is the state after the settled ones. */
  readonly begin: (at: TrainingState<P, S>, next: NextBatch<B>) => void;
  /** True if the oldest step must be settled before another one begins. */
  readonly isFull: () => boolean;
  readonly isEmpty: () => boolean;
  /** Waits for the oldest step. Its outcome is undefined if the NaN check stopped it. */
  readonly settle: () => Promise<{
    readonly next: NextBatch<B>;
    readonly outcome: BatchOutcome<P, S> | undefined;
  }>;
  /** States after the steps that have begun, whose memory is in use. */
  readonly states: () => readonly unknown[];
}

/**
 * A step that has begun. `turn` is undefined if the NaN check stopped it, or if it failed with `problem`, which is thrown
 * after the steps before it are settled.
 */
interface BegunStep<P, S, B> {
  readonly next: NextBatch<B>;
  readonly routine: StepRoutine<P, S>;
  readonly turn: IteratorResult<StepQuestion<P, S>, BatchOutcome<P, S>> | undefined;
  readonly numbers: readonly number[] | Promise<readonly number[]> | undefined;
  readonly problem: { readonly error: unknown } | undefined;
}

/** Creates the queue of steps of a stepper. `overlaps` allows several steps on a device. */
export function makeFlight<P, S, B>(
  { take, finish }: Stepper<P, S, B>,
  device: Device | undefined,
  overlaps: boolean,
): Flight<P, S, B> {
  const steps: BegunStep<P, S, B>[] = [];
  const most = device !== undefined && overlaps ? mostInFlight : 0;
  let isFirst = true;
  const stateAfter = ({ turn }: BegunStep<P, S, B>): StepQuestion<P, S>["next"] =>
    turn === undefined || turn.done === true ? undefined : turn.value.next;
  return {
    begin(settled, next) {
      if (device !== undefined && isFirst && next.done !== true)
        requireTypesOf(device, { batch: next.value });
      isFirst = false;
      const last = steps.at(-1);
      const ahead = last === undefined ? undefined : stateAfter(last);
      const { rateScale } = settled;
      const at: TrainingState<P, S> =
        ahead === undefined
          ? settled
          : { ...ahead, step: settled.step + steps.length, pending: undefined, rateScale };
      const routine = next.done === true ? finish(at, at.pending!) : take(at, next.value);
      let turn: BegunStep<P, S, B>["turn"];
      let problem: BegunStep<P, S, B>["problem"];
      try {
        turn = unlessNaN(() => routine.next());
      } catch (error) {
        problem = { error };
      }
      const numbers = turn === undefined || turn.done === true ? undefined : readNumbers(turn.value.scalars);
      steps.push({ next, routine, turn, numbers, problem });
    },
    isFull: () => steps.length > most || (steps.length > 0 && stateAfter(steps.at(-1)!) === undefined),
    isEmpty: () => steps.length === 0,
    async settle() {
      const { next, routine, turn: first, numbers: asked, problem } = steps.shift()!;
      if (problem !== undefined) throw problem.error;
      let turn = first;
      let numbers = asked;
      while (turn !== undefined && turn.done !== true) {
        const given = await numbers!;
        turn = unlessNaN(() => routine.next(given));
        if (turn !== undefined && turn.done !== true) numbers = readNumbers(turn.value.scalars);
      }
      return { next, outcome: turn?.value };
    },
    states: () => steps.map(stateAfter),
  };
}

/** Returns the result of `run`; `undefined` if the NaN check stopped it at a non-finite number. */
function unlessNaN<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof DownhillError && error.code === "nan") return undefined;
    throw error;
  }
}
