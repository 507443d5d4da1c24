// The map of the worker: noise by the key, and some time.
export function map({ x, y }, key) {
  const end = performance.now() + 1;
  while (performance.now() < end);
  const bits = key.data ?? key;
  for (let i = 0; i < x.data.length; i++) x.data[i] += (((bits[0] >>> 0) * (i + 1)) % 1009) / 100900;
  return { x, y };
}
