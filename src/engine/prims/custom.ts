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

/** Which operands carry tangents: the floating ones behind the first `consts`. */
function areActive(program: Program, consts: number): boolean[] {
  return program.ins.map((v, i) => i >= consts && isFloating(v.type.dtype));
}

/** Tangents for a rule: a zero where there is none. */
function fullTangents(tangents: readonly Maybe[], program: Program, active: readonly boolean[]): Tensor[] {
  return tangents.flatMap((t, i) => (active[i] === true ? [instantiate(t, program.ins[i]!.type)] : []));
}

function refuseCaptured(name: string, tangents: readonly Maybe[], consts: number): void {
  if (tangents.slice(0, consts).every((t) => t === undefined)) return;
  throw new DownhillError(
    "derivative",
    `${name}: the function reads a value from outside that is being differentiated, and its rule says nothing of that one. Pass it as an argument.`,
  );
}

/** What all operands and results of a function with its own rule are under `vmap`: its arguments are batched, all of them. */
function batchedArguments(
  ins: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
  consts: number,
): { readonly ins: readonly Tensor[]; readonly batched: readonly boolean[] } {
  // A rule gets tangents of all arguments, and these may differ from item to item where the arguments do not.
  return {
    ins: ins.map((x, i) => (i < consts || batched[i] === true ? x : batchAlong(x, size))),
    batched: ins.map((_, i) => i >= consts || batched[i] === true),
  };
}

/** A rule: deferred where it applies its own function, so that it holds itself. */
export type CustomRule = Program | DeferredProgram;

function programOf(rule: CustomRule): Program {
  return rule instanceof DeferredProgram ? rule.program : rule;
}

/** A rule over a batch of all that is marked in what `batched` gives for it. */
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

/** Where a function that is linear itself is transposed, its rule is not asked. */
const transposeCall: TransposeRule<{ readonly program: Program }>["transpose"] = (
  cts,
  ins,
  { program },
  into,
  tools,
  masks,
) => transposeWhole(cts, ins, program, into, tools, masks, call);

/**
 * A program with its own rule for forward mode. `rule` takes the operands of the program, then a tangent for each
 * floating one behind the first `consts`; it gives the results, then a tangent for each floating result.
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
    const marked = ({ ins: taken }: Program): boolean[] => taken.map((_, i) => batched[i] ?? true); // tangents too
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

/** A rule gives all results together, so that none of them can be dropped. */
function keepAll<P>(
  used: readonly boolean[],
  params: P,
  program: Program,
): { readonly params: P; readonly ins: readonly boolean[]; readonly outs: readonly boolean[] } {
  return { params, ins: program.ins.map(() => true), outs: used.map(() => true) };
}

/** Applies a program that has its own rule for forward mode; see `CustomJvpParams`. */
export function customJvp(ins: readonly Tensor[], params: CustomJvpParams): readonly Tensor[] {
  return bind(customJvpPrim, ins, params);
}

/**
 * A program with its own rule for reverse mode. `forward` takes the operands of the program and gives its results, then
 * what `backward` needs: that takes it, then a cotangent for each floating result, and gives a cotangent for each
 * floating operand behind the first `consts`.
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

/** Applies a program that has its own rule for reverse mode; see `CustomVjpParams`. */
export function customVjp(ins: readonly Tensor[], params: CustomVjpParams): readonly Tensor[] {
  return bind(customVjpPrim, ins, params);
}

/**
 * The tangents that a rule for reverse mode stands for: residuals, then tangents of the operands, to tangents of the
 * results. Its transpose is `backward`; to be computed forwards it needs `pushforward`, the transpose of that, which
 * there is where `backward` is linear in the cotangents.
 */
interface PushParams {
  readonly backward: Program;
  readonly pushforward?: Program;
  readonly residuals: number;
}

const pushPrim: Primitive<PushParams> = /* @__PURE__ */ builtIn<PushParams>({
  name: "customPushforward",
  typeOf: (_, { backward, residuals }) => backward.ins.slice(residuals).map((v) => v.type),
  derivative: {
    kind: "structured",
    jvp(ins, tangents, params, { jvpProgram }, masks) {
      const { residuals } = params;
      if (tangents.slice(0, residuals).every((t) => t === undefined)) {
        // linear in the rest
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
    transpose(cts, ins, { backward, pushforward, residuals }, into, { transposeProgram }, masks) {
      const fixed = ins.slice(0, residuals);
      if (fixed.includes(undefined)) {
        throw new DownhillError(
          "derivative",
          "transpose: the rule of customVjp is not linear in what forward hands to backward.",
        );
      }
      const given = backward.ins.slice(residuals).map((v, i) => instantiate(cts[i], v.type));
      const masked = given.map((_, i) => isMasked(masks, i));
      const leftMask = masked.includes(true);
      // the same map, with products that know of masks: those of the rule itself do not
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
  batch(ins, batched, size, { backward, pushforward, residuals }, { batchProgram }) {
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

function requirePushforward({ pushforward }: PushParams): Program {
  if (pushforward !== undefined) return pushforward;
  throw new DownhillError(
    "derivative",
    "customVjp: forward mode is the transpose of the backward rule, and that is not linear in the cotangent. Use reverse mode (grad, vjp, jacrev), or customJvp.",
  );
}
