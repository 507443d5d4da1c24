import { DownhillError } from "../errors/index.ts";
import type { Maybe, PartialValue, Primitive, TransformTools, TransposeRule } from "../ir/primitive.ts";
import { builtIn, isMasked } from "../ir/primitive.ts";
import type { Program } from "../ir/program.ts";
import { DeferredProgram } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { bind } from "../trace/bind.ts";
import { call } from "./call.ts";
import { present, runsProgram, transposeWhole, wholeProgram } from "./carries.ts";
import { batchAlong } from "./index-ops.ts";
import { instantiate } from "./linear.ts";

/** Marks the operands that carry tangents: floating operands after the first `consts`. */
function areActive(program: Program, consts: number): boolean[] {
  return program.ins.map((v, i) => i >= consts && isFloating(v.type.dtype));
}

/** Returns the tangents that a custom rule receives: one per active operand, with zeros for missing ones. */
function fullTangents(tangents: readonly Maybe[], program: Program, active: readonly boolean[]): Tensor[] {
  return tangents.flatMap((t, i) => (active[i] === true ? [instantiate(t, program.ins[i]!.type)] : []));
}

function refuseCaptured(name: string, tangents: readonly Maybe[], consts: number): void {
  if (tangents.slice(0, consts).every((t) => t === undefined)) return;
  throw new DownhillError(
    "derivative",
    `${name}: the function reads an outer value that is being differentiated, which its rule does not cover. Pass it as an argument.`,
  );
}

/** Batches all arguments of a function with a custom rule under `vmap`; only its constants may stay unbatched. */
function batchedArguments(
  ins: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
  consts: number,
): { readonly ins: readonly Tensor[]; readonly batched: readonly boolean[] } {
  // A rule receives tangents of all arguments, which may differ between items even if the arguments do not.
  return {
    ins: ins.map((x, i) => (i < consts || batched[i] === true ? x : batchAlong(x, size))),
    batched: ins.map((_, i) => i >= consts || batched[i] === true),
  };
}

/**
 * Program of a custom derivative rule. It is a `DeferredProgram` if it applies its own function and therefore contains
 * itself.
 */
export type CustomRule = Program | DeferredProgram;

function programOf(rule: CustomRule): Program {
  return rule instanceof DeferredProgram ? rule.program : rule;
}

/**
 * Batches a rule over the inputs that `batched` marks; all results are batched. `size` and `key` identify the batched
 * form of a deferred rule, so that it is built once.
 */
function batchRule(
  rule: CustomRule,
  size: number,
  key: string,
  batched: (program: Program) => readonly boolean[],
  { batchProgram }: TransformTools,
): CustomRule {
  const form = (program: Program): Program =>
    batchProgram(
      program,
      size,
      batched(program),
      program.outs.map(() => true),
    ).program;
  return rule instanceof DeferredProgram ? rule.form(`${size} ${key}`, form) : form(rule);
}

/** Transposes a call whose program is itself linear, by transposing the program. The custom rule is not used. */
const transposeCall: TransposeRule<{ readonly program: Program }>["transpose"] = (
  cts,
  ins,
  { program },
  into,
  tools,
  masks,
) => transposeWhole(cts, ins, program, into, tools, masks, call);

/**
 * Parameters of a program with a custom forward-mode rule. `rule` takes the operands of the program, followed by a
 * tangent for each floating operand after the first `consts`. It returns the results, followed by a tangent for each
 * floating result.
 */
export interface CustomJvpParams {
  readonly program: Program;
  readonly rule: CustomRule;
  readonly consts: number;
}

const customJvpPrim: Primitive<CustomJvpParams> = /* @__PURE__ */ builtIn<CustomJvpParams>({
  name: "customJvp",
  typeOf: (_, { program }) => program.outs.map((v) => v.type),
  derivative: {
    kind: "structured",
    jvp(ins, tangents, { program, rule, consts }) {
      refuseCaptured("customJvp", tangents, consts);
      const results = call(programOf(rule), [
        ...ins,
        ...fullTangents(tangents, program, areActive(program, consts)),
      ]);
      let next = program.outs.length;
      return [
        results.slice(0, next),
        program.outs.map((v) => (isFloating(v.type.dtype) ? results[next++] : undefined)),
      ];
    },
    partialEval: (ins, params, tools) => later(tools.unknown(customJvpPrim, valuesOf(ins), params)),
    transpose: transposeCall,
    dce: (used, params) => keepAll(used, params, params.program),
  },
  batch(given, are, size, { program, rule, consts }, tools) {
    const { ins, batched } = batchedArguments(given, are, size, consts);
    const all = program.outs.map(() => true);
    const marked = ({ ins: taken }: Program): boolean[] => taken.map((_, i) => batched[i] ?? true); // also the tangents
    return {
      outs: customJvp(ins, {
        program: tools.batchProgram(program, size, batched, all).program,
        rule: batchRule(rule, size, batched.join(), marked, tools),
        consts,
      }),
      batched: all,
    };
  },
  lowering: runsProgram,
  unroll: (ins, { program }, run) => run(program, ins),
});

function valuesOf(ins: readonly PartialValue[]): Tensor[] {
  return ins.map((x) => x.value);
}

function later(values: readonly Tensor[]): PartialValue[] {
  return values.map((value) => ({ known: false, value }));
}

/**
 * Dead-code elimination rule that keeps the equation unchanged, because a custom rule returns all its results together.
 */
function keepAll<P>(
  used: readonly boolean[],
  params: P,
  program: Program,
): { readonly params: P; readonly ins: readonly boolean[]; readonly outs: readonly boolean[] } {
  return { params, ins: program.ins.map(() => true), outs: used.map(() => true) };
}

/** Applies a program with a custom forward-mode rule; see `CustomJvpParams`. */
export function customJvp(ins: readonly Tensor[], params: CustomJvpParams): readonly Tensor[] {
  return bind(customJvpPrim, ins, params);
}

/**
 * Parameters of a program with a custom reverse-mode rule. `forward` takes the operands and returns the results,
 * followed by the residuals. `backward` takes the residuals, followed by a cotangent for each floating result; it
 * returns a cotangent for each floating operand after the first `consts`.
 */
export interface CustomVjpParams {
  readonly program: Program;
  readonly forward: CustomRule;
  readonly backward: CustomRule;
  readonly consts: number;
}

const customVjpPrim: Primitive<CustomVjpParams> = /* @__PURE__ */ builtIn<CustomVjpParams>({
  name: "customVjp",
  typeOf: (_, { program }) => program.outs.map((v) => v.type),
  derivative: {
    kind: "structured",
    jvp(ins, tangents, { program, forward, backward: rule, consts }, { transposeProgram }) {
      refuseCaptured("customVjp", tangents, consts);
      const backward = programOf(rule);
      const results = call(programOf(forward), ins);
      const outs = results.slice(0, program.outs.length);
      const residuals = results.slice(program.outs.length);
      const linear = backward.ins.map((_, i) => i >= residuals.length);
      const none = linear.map(() => false);
      let pushforward: Program | undefined;
      try {
        pushforward = transposeProgram(backward, linear, none, []).program;
      } catch (error) {
        if (!(error instanceof DownhillError && error.code === "derivative")) throw error;
      }
      const dIns = fullTangents(tangents, program, areActive(program, consts));
      const dOuts = bind(pushPrim, [...residuals, ...dIns], {
        backward,
        ...(pushforward === undefined ? {} : { pushforward }),
        residuals: residuals.length,
      });
      let next = 0;
      return [outs, outs.map((out) => (isFloating(out.dtype) ? dOuts[next++] : undefined))];
    },
    partialEval: (ins, params, tools) => later(tools.unknown(customVjpPrim, valuesOf(ins), params)),
    transpose: transposeCall,
    dce: (used, params) => keepAll(used, params, params.program),
  },
  batch(given, are, size, { program, forward, backward, consts }, tools) {
    const { ins, batched } = batchedArguments(given, are, size, consts);
    const all = program.outs.map(() => true);
    return {
      outs: customVjp(ins, {
        program: tools.batchProgram(program, size, batched, all).program,
        forward: batchRule(forward, size, batched.join(), () => batched, tools),
        backward: batchRule(backward, size, "", ({ ins: taken }) => taken.map(() => true), tools),
        consts,
      }),
      batched: all,
    };
  },
  lowering: runsProgram,
  unroll: (ins, { program }, run) => run(program, ins),
});

/** Applies a program with a custom reverse-mode rule; see `CustomVjpParams`. */
export function customVjp(ins: readonly Tensor[], params: CustomVjpParams): readonly Tensor[] {
  return bind(customVjpPrim, ins, params);
}

/**
 * Parameters of the tangent map of a custom reverse-mode rule, from residuals and tangents of the operands to tangents
 * of the results. Its transpose is `backward`. Forward evaluation needs `pushforward`, the transpose of `backward`,
 * which exists if `backward` is linear in the cotangents.
 */
export interface PushParams {
  readonly backward: Program;
  readonly pushforward?: Program;
  readonly residuals: number;
  /** True if the transpose is always `backward` itself. Masks of cotangents then have no effect within the map. */
  readonly isOpaque?: boolean;
}

const pushPrim: Primitive<PushParams> = /* @__PURE__ */ builtIn<PushParams>({
  name: "customPushforward",
  typeOf: (_, { backward, residuals }) => backward.ins.slice(residuals).map((v) => v.type),
  derivative: {
    kind: "structured",
    jvp(ins, tangents, params, { jvpProgram }, masks) {
      const { residuals } = params;
      if (tangents.slice(0, residuals).every((t) => t === undefined)) {
        // linear in the other operands
        const moved = ins.map((x, i) => (i < residuals ? x : instantiate(tangents[i], x.type)));
        return [bind(pushPrim, ins, params), bind(pushPrim, moved, params)];
      }
      const program = requirePushforward(params);
      const forward = jvpProgram(
        program,
        tangents.map((t) => t !== undefined),
        program.outs.map(() => true),
        masks,
      );
      const outs = call(forward.program, [...ins, ...present(tangents)]);
      return [outs.slice(0, program.outs.length), outs.slice(program.outs.length), forward.maskedOuts];
    },
    partialEval: (ins, params, tools) => later(tools.unknown(pushPrim, valuesOf(ins), params)),
    transpose(cts, ins, { backward, pushforward, residuals, isOpaque }, into, { transposeProgram }, masks) {
      const fixed = ins.slice(0, residuals);
      if (fixed.includes(undefined)) {
        throw new DownhillError(
          "derivative",
          "transpose: the rule of customVjp is not linear in the values that forward passes to backward.",
        );
      }
      const given = backward.ins.slice(residuals).map((v, i) => instantiate(cts[i], v.type));
      const masked = given.map((_, i) => isMasked(masks, i));
      const leftMask = isOpaque !== true && masked.includes(true);
      // the transpose of `pushforward` is the same map, but its products respect masks, unlike those of the rule itself
      const strong =
        leftMask && pushforward !== undefined
          ? transposeProgram(
              pushforward,
              pushforward.ins.map((_, i) => i >= residuals),
              pushforward.ins.map(() => false),
              masked,
            ).program
          : backward;
      const outs = call(strong, [...present(fixed), ...given]);
      outs.forEach((ct, i) => into[residuals + i]?.add(ct, leftMask));
    },
    dce: (used, params) => ({
      params,
      ins: [...new Array<boolean>(params.residuals).fill(true), ...params.backward.outs.map(() => true)],
      outs: used.map(() => true),
    }),
  },
  batch(ins, batched, size, { backward, pushforward, residuals, ...rest }, { batchProgram }) {
    const whole = (p: Program): Program =>
      batchProgram(
        p,
        size,
        p.ins.map(() => true),
        p.outs.map(() => true),
      ).program;
    const outs = bind(
      pushPrim,
      ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size))),
      {
        backward: whole(backward),
        ...(pushforward === undefined ? {} : { pushforward: whole(pushforward) }),
        residuals,
        ...rest,
      },
    );
    return { outs, batched: outs.map(() => true) };
  },
  lowering: {
    kind: "loops",
    programs: (params) => [wholeProgram(requirePushforward(params))],
    emit: ({ block, write }) => void write(block, 0),
  },
  unroll: (ins, params, run) => run(requirePushforward(params), ins),
});

/** Applies a linear map whose transpose is given; see `PushParams`. */
export function linearMap(ins: readonly Tensor[], params: PushParams): readonly Tensor[] {
  return bind(pushPrim, ins, params);
}

function requirePushforward({ pushforward }: PushParams): Program {
  if (pushforward !== undefined) return pushforward;
  throw new DownhillError(
    "derivative",
    "customVjp: forward mode needs a backward rule that is linear in the cotangent, and this one is not. Use reverse mode (grad, vjp, jacrev), or customJvp.",
  );
}

/** True if an operation has a derivative rule of the user: a call of `customJvp` or `customVjp`. */
export function hasCustomRule(prim: Primitive): boolean {
  return prim === (customJvpPrim as Primitive) || prim === (customVjpPrim as Primitive);
}

/** Program of the tangent map of a custom reverse-mode rule; `undefined` for other operations. */
export function pushforwardOf(prim: Primitive, params: unknown): Program | undefined {
  return prim === (pushPrim as Primitive) ? requirePushforward(params as PushParams) : undefined;
}
