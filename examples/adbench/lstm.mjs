import { add, at, exp, jit, log, mul, scan, sigmoid, stack, sub, sum, tanh, valueAndGrad } from "downhill";

/**
 * Computes the next hidden and cell state of one layer. Weights and biases are [8, bits]; input, hidden and cell state
 * are [bits] each. All operations are elementwise.
 */
function cellOf(p, x, hidden, cell) {
  const gate = (i, from) => add(mul(from, p.at(i)), p.at(4 + i));
  const [forget, input, output] = [gate(0, x), gate(1, hidden), gate(2, x)].map((z) => sigmoid(z));
  const next = add(mul(cell, forget), mul(input, tanh(gate(3, hidden))));
  return [mul(output, tanh(next)), next];
}

/**
 * Loss of a diagonal LSTM that predicts the next character. `main` [layers, 8, bits] holds its layers. `extra` [3,
 * bits] holds the input weight, the output weight and the output bias. `state` is [layers, 2, bits] and `sequence`
 * [characters, bits].
 */
export function loss({ main, extra }, state, sequence) {
  const step = (before, [character, following]) => {
    let x = mul(character, extra.at(0));
    const after = [];
    for (let layer = 0; layer < main.shape[0]; layer++) {
      const [hidden, cell] = cellOf(main.at(layer), x, before.at(layer, 0), before.at(layer, 1));
      after.push(stack([hidden, cell]));
      x = hidden;
    }
    const y = add(mul(x, extra.at(1)), extra.at(2));
    const norm = log(add(2, sum(exp(y)))); // the 2 is ADBench's
    return [stack(after), sum(mul(following, sub(y, norm)))];
  };
  const [characters, bits] = sequence.shape;
  const pairs = [at(sequence, { end: -1 }), at(sequence, { start: 1 })];
  const [, likelihoods] = scan(step, state, pairs);
  return sum(likelihoods).div(-bits * (characters - 1));
}

/** The loss and its gradient. */
export const derivative = jit(valueAndGrad(loss));
