/**
 * The first numbers of `numpy.random.RandomState(seed).rand`: in [0, 1), with 53 bits.
 *
 * @see Matsumoto, Nishimura, Mersenne Twister, ACM Transactions on Modeling and Computer Simulation 8, 1998.
 */
export function randomState(seed: number, count: number): number[] {
  const n = 624;
  const state = new Uint32Array(n);
  state[0] = seed;
  for (let i = 1; i < n; i++) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(1_812_433_253, before) + i;
  }
  let used = n;
  const next = (): number => {
    if (used === n) {
      for (let i = 0; i < n; i++) {
        const y = (state[i]! & 0x80000000) | (state[(i + 1) % n]! & 0x7fffffff);
        state[i] = state[(i + 397) % n]! ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
      }
      used = 0;
    }
    let y = state[used++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return Array.from({ length: count }, () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53);
}
