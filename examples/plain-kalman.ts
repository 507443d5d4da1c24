// Maximises the likelihood of a Kalman filter. It separates changes of the Nile's flow from noise (Durbin and Koopman,
// Time Series Analysis by State Space Methods, table 2.2: 1469 and 15099).
import { minimize } from "downhill/optim";

// yearly flow at Aswan, 1871 to 1970, in 10⁸ m³
const flow = [
  1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958,
  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020,
  1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040,
  759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
  744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
];

/** Negative log-likelihood of a random-walk level observed with errors, without its constant. */
function surprise(log: { level: number; error: number }, ys: number[]): number {
  "use ad";
  const level = Math.exp(log.level); // variances are above 0
  const error = Math.exp(log.error);
  let mean = ys[0]!;
  let variance = error;
  let sum = 0;
  for (let t = 1; t < ys.length; t++) {
    variance += level;
    const spread = variance + error;
    const missed = ys[t]! - mean;
    sum += 0.5 * (Math.log(spread) + missed ** 2 / spread);
    mean += (variance / spread) * missed;
    variance *= error / spread;
  }
  return sum;
}

const { params: log } = minimize(surprise, { level: 8, error: 8 }, { args: [flow] });
const [level, error] = [Math.exp(log.level), Math.exp(log.error)];
console.log(`variance of the level ${level.toFixed(0)} a year, of the errors ${error.toFixed(0)}`);

if (Math.abs(level - 1469) > 15 || Math.abs(error - 15099) > 15)
  throw new Error("not the variances of the book");
