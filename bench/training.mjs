// Training steps, equal for every model, in the idiom of each library. A step returns its loss, which is read, so that
// no library can defer work.
import { mapLeaves, membersOf } from "./data.mjs";

/**
 * A model: its first parameters and its batch as leaves (data.mjs), and its loss as a function of both in each library.
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {string} title
 * @property {() => object} parameters
 * @property {(library: "downhill" | "jax-js" | "tfjs") => object} batch
 * @property {object} losses by library: `(library) => (parameters, batch) => loss`
 * @property {(parameters: object) => object} [forTfjs] parameters in the layout of TensorFlow.js
 * @property {Record<string, string>} [lacks] why a library has no loss
 */

/** @typedef {{ name: "sgd" | "adam", learningRate: number }} Rule */

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** A leaf as a tensor of downhill. */
export const toDownhill =
  ({ tensor }) =>
  ({ shape, values }) =>
    tensor(values).reshape(shape);

/** A leaf as an array of jax-js. */
export const toJax =
  ({ numpy: np }) =>
  ({ shape, values }) =>
    np.array(values, { shape, dtype: values instanceof Int32Array ? "int32" : "float32" });

/** A leaf as a tensor of TensorFlow.js. */
export const toTfjs =
  (tf) =>
  ({ shape, values }) =>
    tf.tensor(values, shape, values instanceof Int32Array ? "int32" : "float32");

const isTfTensor = (x) => typeof x.dataSync === "function";

/** The leaves that a library starts from, made before anything is timed. */
export const leavesOf = (model, library) => ({
  parameters:
    library === "tfjs" && model.forTfjs !== undefined
      ? model.forTfjs(model.parameters())
      : model.parameters(),
  batch: model.batch(library),
});

function downhillStep(dh, model, rule, { parameters, batch }) {
  const { applyUpdates, jit, valueAndGrad } = dh;
  const optimizer = dh[rule.name]({ learningRate: rule.learningRate });
  const gradients = valueAndGrad(model.losses.downhill(dh));
  const update = jit(
    (p, s, data) => {
      const [value, grads] = gradients(p, data);
      const { updates, state } = optimizer.update(grads, s, p);
      return [applyUpdates(p, updates), state, value];
    },
    { donate: [0, 1] },
  );
  const data = mapLeaves(batch, toDownhill(dh));
  let [p, s] = [];
  const restart = () => {
    p = mapLeaves(parameters, toDownhill(dh));
    s = optimizer.init(p);
  };
  const step = () => {
    let value;
    [p, s, value] = update(p, s, data);
    return value.item();
  };
  restart();
  return { step, restart, compileTime: () => update.stats().compileTime };
}

function jaxStep(jax, model, rule, { parameters, batch }) {
  const { jit, numpy: np, tree, valueAndGrad } = jax;
  const gradients = valueAndGrad(model.losses["jax-js"](jax));
  const update = rule.name === "sgd" ? jaxSgd(jax, rule) : jaxAdam(jax, rule);
  const run = jit((p, s, data) => {
    const [value, grads] = gradients(tree.ref(p), data);
    const [after, state] = update(p, s, grads);
    return [after, state, value];
  });
  const data = mapLeaves(batch, toJax(jax));
  let [p, s] = [];
  const restart = () => {
    tree.dispose([p, s]);
    p = mapLeaves(parameters, toJax(jax));
    s =
      rule.name === "sgd"
        ? {}
        : {
            count: np.array(0, { dtype: "float32" }),
            mean: tree.map((x) => np.zeros(x.shape), tree.ref(p)),
            square: tree.map((x) => np.zeros(x.shape), tree.ref(p)),
          };
  };
  const step = () => {
    let value;
    [p, s, value] = run(p, s, tree.ref(data));
    return value.js();
  };
  restart();
  return { step, restart };
}

const jaxSgd =
  ({ tree }, { learningRate }) =>
  (p, s, grads) => [tree.map((x, g) => x.sub(g.mul(learningRate)), p, grads), s];

/** Adam as optax writes it; jax-js has no package of optimisers that could be installed. */
export const jaxAdam =
  ({ numpy: np, tree }, { learningRate }) =>
  (p, { count, mean, square }, grads) => {
    const t = count.add(1);
    const off1 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta1))));
    const off2 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta2))));
    const m = tree.map((x, g) => x.mul(beta1).add(g.mul(1 - beta1)), mean, tree.ref(grads));
    const v = tree.map((x, g) => x.mul(beta2).add(np.square(g).mul(1 - beta2)), square, grads);
    const after = tree.map(
      (x, a, b) =>
        x.sub(
          a
            .div(off1.ref)
            .mul(learningRate)
            .div(np.sqrt(b.div(off2.ref)).add(epsilon)),
        ),
      p,
      tree.ref(m),
      tree.ref(v),
    );
    off1.dispose();
    off2.dispose();
    return [after, { count: t, mean: m, square: v }];
  };

function tfjsStep(tf, model, rule, { parameters, batch }) {
  const p = mapLeaves(parameters, (leaf) => tf.variable(toTfjs(tf)(leaf)));
  const data = mapLeaves(batch, toTfjs(tf));
  const lossOf = model.losses.tfjs(tf);
  let optimizer;
  const restart = () => {
    optimizer?.dispose();
    optimizer = tf.train[rule.name](rule.learningRate);
    tf.tidy(() => assignAll(p, parameters, toTfjs(tf)));
  };
  const step = () => {
    const loss = optimizer.minimize(() => lossOf(p, data), true);
    const value = loss.dataSync()[0];
    loss.dispose();
    return value;
  };
  restart();
  return { step, restart };
}

/** Gives variables the numbers of their leaves again. */
function assignAll(variables, leaves, toTensor) {
  for (const [name, variable] of Object.entries(variables)) {
    if (isTfTensor(variable)) variable.assign(toTensor(leaves[name]));
    else assignAll(variable, leaves[name], toTensor);
  }
}

const steps = { downhill: downhillStep, "jax-js": jaxStep, tfjs: tfjsStep };

/** The libraries that a model has a loss for. */
const librariesOf = (model) => Object.keys(steps).filter((library) => model.losses[library] !== undefined);

/** Programs for each library that has the model. */
export const programsFor = (model, program) =>
  Object.fromEntries(librariesOf(model).map((library) => [library, program(library)]));

/** A step of training, ready to be called, and `restart`, after which it begins from the first parameters again. */
export const makeStep = (library, name, model, rule, leaves) => steps[name](library, model, rule, leaves);

/** A row that times whole steps: loss, gradient and update. */
export function trainingRow(model, rule) {
  return {
    name: `${model.name}-${rule.name}`,
    title: `a step of ${rule.name === "sgd" ? "SGD" : "Adam"} on ${model.title}, float32`,
    unit: "steps/s",
    kind: "speed",
    // Three steps, each of which multiplies the rounding errors of the previous one.
    tolerance: 2e-4,
    lacks: model.lacks,
    programs: programsFor(model, (name) => (library) => {
      const { step, restart } = makeStep(library, name, model, rule, leavesOf(model, name));
      const check = () => {
        restart();
        return [step(), step(), step()];
      };
      return { step, check };
    }),
  };
}

/** The loss of a model and its gradients, each a function that does all its work when it is called. */
export const lossAndGradients = {
  downhill(dh, model) {
    const { parameters, batch } = leavesOf(model, "downhill");
    const [p, data] = [mapLeaves(parameters, toDownhill(dh)), mapLeaves(batch, toDownhill(dh))];
    const loss = model.losses.downhill(dh);
    const [f, g] = [dh.jit(loss), dh.jit(dh.grad(loss))];
    const isTensor = (x) => x instanceof dh.Tensor;
    return {
      value: () => f(p, data).item(),
      gradients: () => g(p, data),
      read: (grads) => membersOf(grads, isTensor).map((x) => x.data()),
    };
  },
  "jax-js"(jax, model) {
    const { grad, jit, tree } = jax;
    const { parameters, batch } = leavesOf(model, "jax-js");
    const [p, data] = [mapLeaves(parameters, toJax(jax)), mapLeaves(batch, toJax(jax))];
    const loss = model.losses["jax-js"](jax);
    const [f, g] = [jit(loss), jit(grad(loss))];
    return {
      value: () => f(tree.ref(p), tree.ref(data)).js(),
      gradients: async () => jax.blockUntilReady(g(tree.ref(p), tree.ref(data))),
      read: (grads) => tree.leaves(grads).map((x) => x.dataSync()),
      free: (grads) => tree.dispose(grads),
    };
  },
  tfjs(tf, model) {
    const { parameters, batch } = leavesOf(model, "tfjs");
    const p = mapLeaves(parameters, (leaf) => tf.variable(toTfjs(tf)(leaf)));
    const data = mapLeaves(batch, toTfjs(tf));
    const loss = model.losses.tfjs(tf);
    return {
      value: () => tf.tidy(() => loss(p, data).dataSync()[0]),
      gradients: () => tf.tidy(() => tf.variableGrads(() => loss(p, data)).grads),
      read: (grads) => Object.values(grads).map((x) => x.dataSync()),
      free: (grads) => tf.dispose(grads),
    };
  },
};
