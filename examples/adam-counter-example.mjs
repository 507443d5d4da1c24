// A convex problem on which Adam goes the wrong way and AMSGrad does not, from Reddi, Kale and Kumar, "On the
// convergence of Adam and beyond", ICLR 2018, section 3. The sum of the losses Cx, −x, −x, Cx, −x, −x, … on [−1, 1]
// with C > 2 is least at x = −1. Adam uses β₁ = 0, β₂ = 1/(1 + C²), the rate α/√t (α < √(1 − β₂), as in the proof of
// theorem 1) and projection onto the interval. It ends at the worst point, x = 1: it divides the rare large gradient by
// its own size, and forgets the size before the small ones come.
import { scan, tensor } from "downhill";
import { adam, applyUpdates, chain, projectBox } from "downhill/optim";

const C = 3;
const steps = 3000;
const losses = tensor(Array.from({ length: steps }, (_, t) => (t % 3 === 0 ? C : -1))); // f_t(x) = c_t x

/** Final point of an optimiser that starts at x = 1, and its average regret relative to x = −1. */
function run(amsgrad) {
  const learningRate = (step) => step.add(1).pow(-0.5).mul(0.5);
  const optimizer = chain(
    adam({ learningRate, beta1: 0, beta2: 1 / (1 + C ** 2), eps: 0, amsgrad }),
    projectBox({ low: -1, high: 1 }),
  );
  const start = { x: tensor(1) };
  const [{ params }, regrets] = scan(
    ({ params, state }, c) => {
      const { updates, state: next } = optimizer.update({ x: c }, state, params);
      return [{ params: applyUpdates(params, updates), state: next }, params.x.add(1).mul(c)];
    },
    { params: start, state: optimizer.init(start) },
    losses,
  );
  return { x: params.x.item(), regret: regrets.mean().item() };
}

const [plain, ams] = [run(false), run(true)];
console.log(`Adam     ends at x = ${plain.x.toFixed(3)}, average regret ${plain.regret.toFixed(3)}`);
console.log(`AMSGrad  ends at x = ${ams.x.toFixed(3)}, average regret ${ams.regret.toFixed(3)}`);
if (plain.x < 0.9 || plain.regret < 0.6) throw new Error("Adam should end near 1");
if (ams.x > -0.9 || ams.regret > 0.1) throw new Error("AMSGrad should end near −1");
