// Derivatives of random programs over the ranks, in the ways in which downhill computes them. The data are cut into as
// many parts as there are ranks at most, of which each rank has its share. The numbers then do not depend on the ranks.
// Writes on each rank a file of JSON into the folder that it is given: the numbers by their names.
// Usage: gradients.mjs FOLDER FIRST      with the first of the six programs that are tried, from 0
import { writeFileSync } from "node:fs";
import {
  grad,
  hvp,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  tensor,
  vjp,
  vmap,
  valueAndGrad,
  concatenate,
} from "downhill";
import { allGather, openMpi, pmean, psum, replicated } from "downhill/distributed";

const world = await openMpi();
const first = Number(process.argv[3]);
const parts = 4;
const n = 3; // elements of a vector
const own = parts / world.size;

/** A generator of numbers below 1, and of whole ones below `most`. */
function randomFrom(seed) {
  let state = seed * 2654435761 + 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return { next, below: (most) => Math.floor(next() * most) };
}

/** A random function of a shared vector and of a vector for each part, to a shared vector. */
function randomProgram(seed) {
  const random = randomFrom(seed);
  const steps = Array.from({ length: 5 }, () => ({
    between: random.below(3),
    reduce: random.below(3),
    data: Array.from({ length: parts }, () => Array.from({ length: n }, () => random.next() - 0.5)),
  }));
  return (shared, varying) => {
    let s = shared;
    let v = varying;
    for (const { between, reduce, data } of steps) {
      const mine = tensor(data.slice(world.rank * own, (world.rank + 1) * own));
      const { r } = replicated({ r: s }, world);
      if (between === 0) v = v.mul(r).add(mine).tanh();
      else if (between === 1) v = mine.mul(r).sin().add(v.mul(0.5));
      else v = r.mul(r).add(v).mul(mine);
      if (reduce === 0)
        s = psum(v.sum({ axis: 0 }), world)
          .mul(0.5)
          .add(s);
      else if (reduce === 1) s = pmean(v.mean({ axis: 0 }), world).mul(s);
      else {
        const all = allGather(v, world).reshape([parts, n]);
        s = all
          .mul(tensor([1, -2, 3, 0.5]).reshape([parts, 1]))
          .sum({ axis: 0 })
          .sin()
          .add(s.mul(0.3));
      }
    }
    return s;
  };
}

const plain = (x) => [...x.data()];
const numbers = {};
for (let seed = first; seed < 6; seed++) {
  const random = randomFrom(seed + 100);
  const vector = () => tensor(Array.from({ length: n }, random.next));
  const [p, u, w] = [vector(), vector(), vector()];
  const all = Array.from({ length: parts }, () => Array.from({ length: n }, random.next));
  const v = tensor(all.slice(world.rank * own, (world.rank + 1) * own));
  const program = randomProgram(seed);
  const f = (x) => program(x, v);
  const loss = (x) => f(x).mul(w).sum();
  const say = (name, x) => (numbers[`${seed} ${name}`] = plain(x));
  const [value, gradient] = valueAndGrad(loss)(p);
  say("value", value);
  say("gradient", gradient);
  const step = 1e-5;
  const difference = (g, x) =>
    [0, 1, 2].map((i) => {
      const e = tensor([0, 1, 2].map((k) => (k === i ? step : 0)));
      return g(x.add(e))
        .sub(g(x.sub(e)))
        .div(2 * step);
    });
  say("gradient by differences", tensor(difference(loss, p).map((x) => x.item())));
  const jacobian = jacrev(f)(p);
  say("jacobian", jacobian);
  say("jacobian, forward", jacfwd(f)(p));
  say("jacobian along", jvp(f, [p], [u])[1]);
  say("linearized", linearize(f, p)[1](u));
  say("pulled back", vjp(f, p)[1](w)[0]);
  // second and third order
  const second = hvp(loss, p, u);
  say("second", second);
  say("second, reverse over reverse", grad((x) => grad(loss)(x).mul(u).sum())(p));
  say("second, forward over reverse", jvp(grad(loss), [p], [u])[1]);
  say("second, reverse over forward", grad((x) => jvp(loss, [x], [u])[1])(p));
  const ahead = (t) => grad(loss)(p.add(u.mul(t)));
  say(
    "second by differences",
    ahead(step)
      .sub(ahead(-step))
      .div(2 * step),
  );
  say(
    "third",
    grad((x) =>
      grad((y) => grad(loss)(y).mul(u).sum())(x)
        .mul(w)
        .sum(),
    )(p),
  );
  // many at once
  const many = concatenate([p, u, w]).reshape([3, n]);
  say("in a batch", vmap(grad(loss))(many));
  say("one by one", concatenate([p, u, w].map((x) => grad(loss)(x))));
  // of what differs by rank: each rank has the derivative in its own part
  const inParts = (x) => program(p, x).mul(w).sum();
  const ofParts = grad(inParts)(v);
  say("gradient in the parts", allGather(ofParts, world));
  // what is differentiated here sums up what ranks have, so that the sum over ranks is the one of one rank
  say("second in the parts", allGather(grad((y) => psum(grad(inParts)(y).mul(v).sum(), world))(v), world));
}

// compiled is what a rank does alone
{
  const x = tensor([0.5, -1, 2]);
  const mine = tensor(Array.from({ length: own }, (_, i) => world.rank * own + i + 1)).reshape([own, 1]);
  const compiled = jit(valueAndGrad((p) => p.mul(mine).sin().sum()));
  const [value, gradient] = psum(compiled(x), world);
  numbers["compiled value"] = plain(value);
  numbers["compiled gradient"] = plain(gradient);
}
writeFileSync(`${process.argv[2]}/gradients-${world.rank}-of-${world.size}.json`, JSON.stringify(numbers));
