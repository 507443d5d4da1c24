/** A CSV table of x and y = 4·exp(−x/2) + 1 with some noise, for the commands that fit curves. */
export const decayTable: string = `x,y\n${Array.from({ length: 30 }, (_, i) => {
  const x = i / 3;
  return `${x},${4 * Math.exp(-0.5 * x) + 1 + 0.05 * Math.cos(i * i)}`;
}).join("\n")}\n`;
