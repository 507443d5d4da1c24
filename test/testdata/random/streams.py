# Random numbers as JAX draws them, written once more with NumPy and SciPy from the descriptions of its algorithms:
#   python3 test/testdata/random/streams.py > test/testdata/random/streams.json
# Keys are split and words are counted as with jax_threefry_partitionable, real numbers are float64 unless the name says 32.
import json, math, sys
import mpmath, numpy as np, scipy
from scipy import special

print(f"NumPy {np.__version__}, SciPy {scipy.__version__}, mpmath {mpmath.__version__}", file=sys.stderr)
MASK = 0xFFFFFFFF


def block(key, counter):
    rotations = [[13, 15, 26, 6], [17, 29, 16, 24]]
    ks = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDA]
    x0, x1 = ks[0], (counter + ks[1]) & MASK
    for group in range(5):
        for r in rotations[group % 2]:
            x0 = (x0 + x1) & MASK
            x1 = x0 ^ (((x1 << r) | (x1 >> (32 - r))) & MASK)
        x0 = (x0 + ks[(group + 1) % 3]) & MASK
        x1 = (x1 + ks[(group + 2) % 3] + group + 1) & MASK
    return x0, x1


def split(key, n=2):
    return [block(key, i) for i in range(n)]


def word(key, i=0):
    a, b = block(key, i)
    return a ^ b


def unit(key, i=0):
    a, b = block(key, i)
    return ((a << 20) | (b >> 12)) * 2.0**-52


def unit32(key, i=0):
    return (word(key, i) >> 9) * 2.0**-23


def normal(key, i=0):
    return math.sqrt(2) * special.erfinv(unit(key, i) * 2.0 + (-1 + 2.0**-53))


def gamma(key, i, a):
    key = block(key, i)
    key, boost_key = split(key)
    boost = unit(boost_key)
    shape = a if a >= 1 else a + 1
    d = shape - 1 / 3
    c = 1 / 3 / math.sqrt(d)
    while True:
        key, x_key, u_key = split(key, 3)
        v = -1.0
        while v <= 0:
            x_key, drawn = split(x_key)
            x = normal(drawn)
            v = 1 + x * c
        square, cube, u = x * x, v * v * v, unit(u_key)
        if u < 1 - 0.0331 * square * square or math.log(u) < square / 2 + d * (1 - cube + math.log(cube)):
            break
    return math.log(d) + math.log(cube) + (0 if a >= 1 else math.log(boost) / a)


def poisson(key, i, rate):
    if rate < 10:
        k, log_product = -1, 0.0
        while log_product > -rate:
            key, drawn = split(key)
            k += 1
            log_product += math.log(unit32(drawn, i))
        return k
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    while True:
        key, u_key, v_key = split(key, 3)
        u, v = unit32(u_key, i) - 0.5, unit32(v_key, i)
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2):
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        if math.log(v * inverse / (a / (us * us) + b)) <= k * math.log(rate) - rate - math.lgamma(k + 1):
            return k


def binomial(key, i, n, p):
    q = p if p < 0.5 else 1 - p
    if n * q <= 10:
        k, total = -1, 0.0
        while total <= n:
            drawn, key = split(key)
            k += 1
            total += math.ceil(math.log(unit(drawn, i)) / math.log1p(-q))
    else:
        deviation = math.sqrt(n * q * (1 - q))
        b = 1.15 + 2.53 * deviation
        a = -0.0873 + 0.0248 * b + 0.01 * q
        alpha = (2.83 + 5.1 / b) * deviation
        mode = math.floor((n + 1) * q)
        tail = lambda k: math.lgamma(k + 1) + math.lgamma(n - k + 1)
        while True:
            key, u_key, v_key = split(key, 3)
            u, v = unit(u_key, i) - 0.5, unit(v_key, i)
            us = 0.5 - abs(u)
            k = math.floor((2 * a / us + b) * u + n * q + 0.5)
            if us >= 0.07 and v <= 0.92 - 4.2 / b:
                break
            if k < 0 or k > n:
                continue
            bound = tail(mode) - tail(k) + (k - mode) * math.log(q / (1 - q))
            if math.log(v * alpha / (a / (us * us) + b)) <= bound:
                break
    return k if p < 0.5 else n - k


def randint(key, i, low, high):
    span = high - low
    upper, lower = [word(k, i) for k in split(key)]
    factor = (2**16 % span) ** 2 % 2**32 % span
    return low + (((upper % span) * factor + lower % span) & MASK) % span


def gumbel(key, i):
    return -math.log(-math.log(max(unit(key, i), sys.float_info.min)))


def log_gamma_slopes(a, log):
    """First and second derivative in a of the logarithm of the variate whose probability P(a, x) stays as it is."""
    mpmath.mp.dps = 60

    def slope(a, log):
        x = mpmath.exp(log)
        lower = lambda t: mpmath.gammainc(t, 0, x, regularized=True)
        return -mpmath.diff(lower, a) * mpmath.gamma(a) / (x**a * mpmath.exp(-x))

    a, log = mpmath.mpf(a), mpmath.mpf(log)
    first = slope(a, log)
    second = mpmath.diff(lambda t: slope(t, log), a) + first * mpmath.diff(lambda t: slope(a, t), log)
    return float(first), float(second)


key, places = (0, 7), range(12)
logits = [0.5, -1.0, 2.0, 0.0]
data = {
    "normal": [normal(key, i) for i in places],
    "exponential": [-math.log1p(-unit(key, i)) for i in places],
    "gumbel": [gumbel(key, i) for i in places],
    "loggamma": {str(a): [gamma(key, i, a) for i in places] for a in (0.05, 0.7, 1, 3.5, 100)},
    "loggammaSlopes": {str(a): [log_gamma_slopes(a, gamma(key, i, a)) for i in places] for a in (0.05, 0.7, 1, 3.5, 100)},
    "poisson": {str(r): [poisson(key, i, r) for i in places] for r in (0.3, 4, 10, 75, 1e6)},
    "binomial": {f"{n},{p}": [binomial(key, i, n, p) for i in places]
                 for n, p in ((5, 0.3), (40, 0.2), (100, 0.5), (1000, 0.9), (10**6, 0.4))},
    "randint": {f"{lo},{hi}": [randint(key, i, lo, hi) for i in places]
                for lo, hi in ((0, 10), (-5, 5), (0, 100000), (-(2**31), 2**31 - 1))},
    "categorical": [max(range(4), key=lambda c: gumbel(key, 4 * i + c) + logits[c]) for i in places],
}
json.dump(data, sys.stdout, indent=1)
print()
