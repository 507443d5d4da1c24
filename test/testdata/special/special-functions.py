"""Reference values of special functions: prints special-functions.json, made with mpmath to 40 digits and more.

python3 test/testdata/special/special-functions.py > test/testdata/special/special-functions.json

A point is [arguments, value, rest, condition]: value + rest is the true value to 32 digits, condition the sum of
|x df/dx| over the arguments, by which inexact arguments show (0 where it is not given).
"""
import json
import random
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 50


def double(x):
    return float(x)  # mpf to float rounds to nearest


def split(x):
    high = double(x)
    return [high, double(x - mpf(high))]


def slope(f, i, args):
    def along(t):
        return f(*[t if k == i else mpf(a) for k, a in enumerate(args)])

    h = mpf(10) ** -18 * max(mpf(abs(args[i])), mpf(10) ** -6)
    with mp.workdps(80):
        return (along(mpf(args[i]) + h) - along(mpf(args[i]) - h)) / (2 * h)


def point(f, args, conditioned):
    value = f(*[mpf(a) for a in args])
    condition = 0.0
    if conditioned:
        condition = double(sum(abs(mpf(a) * slope(f, i, args)) for i, a in enumerate(args)))
    return [list(args), *split(value), float("%.3g" % condition)]


def by_shape(n):
    def derivative(a, x):
        with mp.workdps(80):
            return mp.diff(lambda b: mp.gammainc(b, 0, x, regularized=True), a, n, h=mpf(10) ** -20)

    return derivative


random.seed(1)


def spread(low, high):
    return float("%.6g" % 10 ** random.uniform(low, high))


def gamma_points(count):
    """Parameters over all of [1e-2, 1e4]: half of them where the function is neither 0 nor 1."""
    points = [[a, x] for a in (0.01, 0.5, 1, 19.5, 20, 21, 1e4) for x in (0.01, 0.75, 1, 20, 1e4)]
    while len(points) < count:
        a = spread(-2, 4)
        x = float("%.6g" % abs(random.gauss(a, 2.5 * a**0.5))) if len(points) % 2 else spread(-2, 4)
        if 1e-2 <= x <= 1e4:
            points.append([a, x])
    # results below 1e-280 have lost digits to underflow or will soon
    return points


def keep(points):
    return [p for p in points if 1e-280 < abs(p[1]) < 1e280]


def gamma_family(data):
    P = lambda a, x: mp.gammainc(a, 0, x, regularized=True)
    Q = lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True)
    points = gamma_points(150)
    data["gammainc"] = keep(point(P, p, True) for p in points)
    data["gammaincc"] = keep(point(Q, p, True) for p in points)
    density = lambda a, x: mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))
    data["gammaDensity"] = keep(point(density, p, True) for p in points)
    for n in (1, 2, 3):
        data["gammaincByShape%d" % n] = keep(point(by_shape(n), p, False) for p in gamma_points(90))


def polygammas(data):
    real = [spread(-3, 3) for _ in range(60)] + [spread(-1, 1) for _ in range(40)]
    below = [-float("%.6g" % random.uniform(0.01, 8)) for _ in range(60)]
    zeros = [-2.457024738220801, -2.7476826467274127, -3.1435808883499798, -0.504083008264455, -1.573498473162390]
    lgamma = lambda x: mp.log(abs(mp.gamma(x)))
    data["lgamma"] = keep(point(lgamma, [x], True) for x in real + below + zeros + [1e8, 1e300])
    data["digamma"] = keep(point(mp.digamma, [x], True) for x in real + below + zeros + [1e8, 1e300, 1.4616321449683624])
    for n in (1, 2, 5):
        data["polygamma%d" % n] = keep(point(lambda x: mp.polygamma(n, x), [x], True) for x in real + below)


def hurwitz(s, q):
    """Euler and Maclaurin: mpmath's zeta loses digits where s is large."""
    total, y = mpf(0), mpf(q)
    while y < s + 40:
        term = y**-s
        total += term
        if term < total * mpf(10) ** -60:
            return total
        y += 1
    total += y ** (1 - s) / (s - 1) + y**-s / 2
    rising = s * y ** (-s - 1)
    for j in range(1, 40):
        total += mp.bernoulli(2 * j) / mp.factorial(2 * j) * rising
        rising *= (s + 2 * j - 1) * (s + 2 * j) / (y * y)
    return total


def zetas(data):
    pairs = [[spread(0.001, 1.5), spread(-2, 4)] for _ in range(80)]
    pairs += [[spread(1, 4), spread(-2, 4)] for _ in range(60)] + [[1.0001, 1], [2, 1], [1e4, 1e4]]
    data["zeta"] = keep(point(hurwitz, p, True) for p in pairs)


data = {}
gamma_family(data)
polygammas(data)
zetas(data)
print("mpmath", mpmath.__version__, "Python", sys.version.split()[0], file=sys.stderr)
lines = ",\n".join(
    '"%s": [\n%s\n]' % (name, ",\n".join(json.dumps(p, separators=(",", ":")) for p in points))
    for name, points in data.items()
)
print("{\n" + lines + "\n}")
