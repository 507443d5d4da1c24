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
from scipy import special

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


def inverse(f, start):
    """The x with f(x) = y, by secants from where doubles are."""

    def root(y):
        with mp.workdps(60):
            y = mpf(y)
            x = mpf(start(float(y)))
            return mp.findroot(lambda t: mp.log(f(t)) - mp.log(y), (x, x * (1 + mpf(10) ** -9)), tol=mpf(10) ** -90)

    return root


def normals(data):
    whole = [random.uniform(-6, 6) for _ in range(60)] + [random.uniform(-38, -6) for _ in range(40)]
    whole = [float("%.6g" % x) for x in whole] + [1.25, -1.25, 1e-10]
    ndtr = lambda x: mp.erfc(-x / mp.sqrt(2)) / 2
    data["ndtr"] = keep(point(ndtr, [x], False) for x in whole)
    far = [-50.0, -1e3, -1e6, -1e100, -40.5]
    log_ndtr = lambda x: mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2) if x > 0 else mp.log(ndtr(x))
    hazard = lambda x: mp.npdf(x) / ndtr(x)
    with mp.workdps(80):
        data["logNdtr"] = keep(point(log_ndtr, [x], False) for x in whole + far[:3])
        data["normalHazard"] = keep(point(hazard, [x], False) for x in whole + far[:2])
    fractions = [random.uniform(0.001, 0.999) for _ in range(80)] + [10 ** random.uniform(-12, -3) for _ in range(30)]
    fractions += [0.7495, 0.74951, 0.5, 0.25, 1 - 2.0**-53, 1 - 2.0**-40]
    data["erfinv"] = keep(point(lambda y: mp.erfinv(y), [y * s], False) for y in fractions for s in (1, -1))
    tails = [10 ** random.uniform(-307, -3) for _ in range(60)] + [1e-310, 5e-324]
    erfcinv = inverse(mp.erfc, special.erfcinv)
    data["erfcinv"] = keep(
        point(erfcinv if q < 0.5 else lambda p: mp.erfinv(1 - p), [q], False)
        for q in fractions + tails + [2 - f for f in fractions]
        if q != 1
    )
    ndtri = inverse(ndtr, special.ndtri)
    data["ndtri"] = keep(
        point(ndtri if p < 0.25 else lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), [p], False)
        for p in fractions + tails
        if p != 0.5
    )


def betainc(a, b, x):
    """The regularised incomplete beta function by its continued fraction, evaluated as Lentz does."""
    if x > (a + 1) / (a + b + 2):
        return 1 - betainc(b, a, 1 - x)
    c, d = mpf(1), 1 / (1 - (a + b) * x / (a + 1))
    value, m = d, 0
    while True:
        m += 1
        for k in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / (1 + k * d)
            c = 1 + k / c
            value *= c * d
        if abs(c * d - 1) < mpf(10) ** -(mp.dps - 2):
            break
    log = a * mp.log(x) + b * mp.log1p(-x) + mp.loggamma(a + b) - mp.loggamma(a + 1) - mp.loggamma(b)
    return mp.exp(log) * value


def by_shapes(p, q):
    """Derivatives by differences of Taylor's kind: exact to some 20 digits."""

    def derivative(a, b, x):
        with mp.workdps(150):
            h = mpf(10) ** -20
            total = mpf(0)
            for i in range(p + 1):
                for j in range(q + 1):
                    sign = (-1) ** (i + j)
                    at = betainc(a + (mpf(p) / 2 - i) * h * a, b + (mpf(q) / 2 - j) * h * b, x)
                    total += sign * mp.binomial(p, i) * mp.binomial(q, j) * at
            return total / (h * a) ** p / (h * b) ** q

    return derivative


def beta_points(count, largest=4):
    points = []
    while len(points) < count:
        a, b = spread(-2, largest), spread(-2, largest)
        mean = a / (a + b)
        x = random.gauss(mean, 2 * (mean * (1 - mean) / (a + b + 1)) ** 0.5) if len(points) % 3 else random.random()
        x = float("%.8g" % x)
        # a series that does not end for long says nothing more
        if 0 < x < 1 and max(x, 1 - x) < 0.999:
            points.append([a, b, x])
    return points


def betas(data):
    pairs = [[spread(-2, 4), spread(-2, 4)] for _ in range(80)] + [[1, 1], [8, 8], [0.4, 8.3], [1e4, 1e4], [7.9, 7.9]]
    betaln = lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    data["betaln"] = [point(betaln, p, True) for p in pairs if p != [1, 1]]
    data["beta"] = keep(point(lambda a, b: mp.exp(betaln(a, b)), p, True) for p in pairs)
    rise = lambda a, b: mp.digamma(a + b) - mp.digamma(a)
    data["digammaRise"] = [point(rise, p, True) for p in pairs]
    points = beta_points(80)
    data["betainc"] = keep(point(betainc, p, True) for p in points)
    density = lambda a, b, x: mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - betaln(a, b))
    data["betaDensity"] = keep(point(density, p, True) for p in points)
    for p, q in ((1, 0), (0, 1), (1, 1), (2, 0)):
        data["betaincByShapes%dAnd%d" % (p, q)] = keep(point(by_shapes(p, q), at, False) for at in beta_points(30, 3))


def bessels(data):
    places = [spread(-3, 1.2) * random.choice((1, -1)) for _ in range(60)] + [spread(1, 2.8) for _ in range(30)]
    places += [11.99, 12.01, 1e-30, 700.5]
    for n in (0, 1):
        data["i%d" % n] = keep(point(lambda x: mp.besseli(n, x), [x], False) for x in places)
        scaled = lambda x: mp.besseli(n, x) * mp.exp(-abs(x))
        data["i%de" % n] = keep(point(scaled, [x], False) for x in places + [1e5, 1e300][: 1 - n])
    for n in (1, 3):
        data["besselRatio%d" % n] = keep(point(lambda x: mp.besseli(n, x) / x**n, [x], False) for x in places)


def asymptotic_slope(n):
    """The n-th derivative of exp(-|x|) I0(x), as an integral in which nothing cancels, from 40 on by its asymptotic series."""

    def derivative(x):
        size = abs(x)
        if size < 40:
            with mp.workdps(60):
                f = lambda t: (1 - mp.cos(t)) ** n * mp.exp(-size * (1 - mp.cos(t)))
                value = mp.quad(f, mp.linspace(0, mp.pi, 9)) / mp.pi
        else:
            c, value = mpf(1), mpf(0)
            for k in range(40):
                value += c * mp.rf(mpf(1) / 2 + k, n) * size ** (-mpf(1) / 2 - k - n) / mp.sqrt(2 * mp.pi)
                c *= mpf((2 * k + 1) ** 2) / (8 * (k + 1))
        return value * (-1) ** n if x > 0 else value

    return derivative


def bessel_slopes(data):
    places = [spread(-3, 1.6) * random.choice((1, -1)) for _ in range(30)] + [spread(1.6, 12) for _ in range(20)]
    for n in (1, 2, 3):
        data["i0eByOrder%d" % n] = keep(point(asymptotic_slope(n), [x], False) for x in places + [39.9, 40.1, 1e-9])


def newton(f, density, start):
    """The root of a distribution function by Newton's method in the logarithm of x."""
    x = start
    with mp.workdps(60):
        for _ in range(60):
            step = f(x) / (density(x) * x)
            x *= mp.exp(-step)
            if abs(step) < mpf(10) ** -33:
                return x
    raise ValueError("no root")


def gamma_inverse(a, t, upper=False):
    # by the smaller tail, as the procedure does
    of_upper = (t < 0.5) == upper
    target = t if t < 0.5 else 1 - t

    def tail(x):
        with mp.workdps(60 + int(-mp.log10(target)) * of_upper):
            term = total = 1 / a
            k = 0
            while term > total * mpf(10) ** -mp.dps:
                k += 1
                term *= x / (a + k)
                total += term
            lower = total * mp.exp(a * mp.log(x) - x - mp.loggamma(a))
            return 1 - lower if of_upper else lower

    density = lambda x: mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))
    sign = -1 if of_upper else 1
    found = special.gammainccinv if upper else special.gammaincinv
    start = mpf(float(found(float(a), float(t))))
    return newton(lambda x: sign * mp.log(tail(x) / target) * tail(x), density, start)


def beta_inverse(a, b, t):
    density = lambda x: mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b))
    start = mpf(float(special.betaincinv(float(a), float(b), float(t))))
    return newton(lambda x: mp.log(betainc(a, b, x) / t) * betainc(a, b, x), density, start)


def inverses(data):
    def probability():
        return float("%.6g" % random.choice((random.random(), 10 ** random.uniform(-12, -1))))

    pairs = [[spread(-2, 4), probability()] for _ in range(60)] + [[1, 0.5], [20, 0.999999], [0.5, 0.75], [100, 1e-12]]
    # what is less than a float64 can tell from 0
    pairs = [p for p in pairs if special.gammaincinv(*p) > 1e-250]
    data["gammaincinv"] = keep(point(gamma_inverse, p, True) for p in pairs)
    data["gammainccinv"] = keep(point(lambda a, t: gamma_inverse(a, t, True), p, True) for p in pairs if special.gammainccinv(*p) > 1e-250)
    triples = [[spread(-1.5, 3), spread(-1.5, 3), probability()] for _ in range(60)] + [[1, 1, 0.25], [0.5, 50, 0.3], [1e4, 1e4, 0.1]]
    triples = [t for t in triples if 1e-250 < special.betaincinv(*t) < 0.999]
    data["betaincinv"] = keep(point(beta_inverse, t, True) for t in triples)
    squares = [[spread(-1, 3), float("%.6g" % random.uniform(-0.95, 0.95))] for _ in range(40)] + [[1.5, 1e-9], [20, -1e-3]]
    of_square = lambda b, w: (1 if w > 0 else -1) * betainc(mpf(1) / 2, b, w * w)
    data["betaincOfSquare0"] = keep(point(of_square, p, True) for p in squares)
    by_shape_of_square = by_shapes(0, 1)
    data["betaincOfSquare1"] = keep(point(lambda b, w: (1 if w > 0 else -1) * by_shape_of_square(mpf(1) / 2, b, w * w), p, False) for p in squares)
    root = lambda b, u: (1 if u > 0 else -1) * mp.sqrt(beta_inverse(mpf(1) / 2, b, abs(u)))
    data["betaincOfSquareInverse"] = keep(point(root, p, True) for p in squares)


def ratios(data):
    fractions = [random.random() for _ in range(80)] + [spread(-300, -2) for _ in range(10)] + [0.25, 0.249, 0.4999999, 0.51]
    data["logit"] = keep(point(lambda x: mp.log(x / (1 - x)), [x], True) for x in fractions)
    data["entr"] = keep(point(lambda x: -x * mp.log(x), [x], False) for x in fractions + [spread(0, 5) for _ in range(20)])
    pairs = [[spread(-2, 4), spread(-2, 4)] for _ in range(60)]
    pairs += [[x, x * (1 + random.choice((1, -1)) * spread(-14, -0.1))] for x, _ in pairs[:40]]
    pairs += [[1e300, 1e-300], [1e-300, 1e300]]
    data["relEntr"] = keep(point(lambda x, y: x * mp.log(x / y), p, True) for p in pairs)
    data["klDiv"] = keep(point(lambda x, y: x * mp.log(x / y) - x + y, p, True) for p in pairs)


def by_differences(f, n):
    """The n-th derivative by differences with a tiny step: exact to some 25 digits."""

    def derivative(x):
        with mp.workdps(60 + 30 * n):
            h = mpf(10) ** -28 * max(abs(x), mpf(10) ** -3)
            terms = ((-1) ** i * mp.binomial(n, i) * f(x + (mpf(n) / 2 - i) * h) for i in range(n + 1))
            return sum(terms) / h**n

    return derivative


def error_functions(data):
    around = [float("%.6g" % random.uniform(-6, 6)) for _ in range(40)] + [spread(0, 2) for _ in range(12)] + [0.8, -0.8]
    erfcx = lambda x: mp.exp(x * x) * mp.erfc(x)
    dawsn = lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)

    def slopes(f, start, sign):
        def order(n):
            def derivative(x):
                a, b = f(x), start(x)
                for k in range(1, n):
                    a, b = b, sign * 2 * (x * b + k * a)
                return b

            return derivative

        return order

    of_erfcx = slopes(erfcx, lambda x: 2 * x * erfcx(x) - 2 / mp.sqrt(mp.pi), 1)
    of_dawsn = slopes(dawsn, lambda x: 1 - 2 * x * dawsn(x), -1)
    with mp.workdps(120):
        data["erfcx"] = keep(point(erfcx, [x], False) for x in around + [-20.25, -26, 1e5])
        for n in (1, 3):
            data["erfcxByOrder%d" % n] = keep(point(of_erfcx(n), [x], False) for x in around[::2] + [-20.25, 35.4])
        data["dawsn"] = keep(point(dawsn, [x], False) for x in around + [1.0, 7.99, 8.01, 1e-5])
        for n in (1, 2, 3):
            data["dawsnByOrder%d" % n] = keep(point(of_dawsn(n), [x], False) for x in around[::2] + [7.99, 8.01, 1e-3])


def integrals(data):
    places = [spread(-3, 2.8) * random.choice((1, -1)) for _ in range(50)]
    places += [0.3725, 0.7, -0.7, -0.71, 39.9, 40.1, 700.5, 712.5, -700.25]
    data["expi"] = keep(point(mp.ei, [x], True) for x in places)
    spence = lambda z: (mp.polylog(2, 1 - z) if z <= 2 else -mp.log(z) ** 2 / 2 - mp.polylog(2, 1 - 1 / z)).real
    near = [float("%.6g" % random.uniform(0.02, 4)) for _ in range(30)] + [spread(-3, 3) for _ in range(10)]
    data["spence"] = keep(point(spence, [z], True) for z in near + [0.2, 0.1999, 5.0, 5.01, 0.99999])
    quotient = lambda z: mp.log(z) / (z - 1)
    for n in (0, 1, 2):
        data["logQuotientByOrder%d" % n] = keep(point(by_differences(quotient, n), [z], False) for z in near[::2] + [0.501, 1.499, 1.00001])


def elliptics(data):
    places = [float("%.6g" % random.uniform(-1, 1)) for _ in range(30)] + [-spread(-3, 6) for _ in range(12)]
    places += [1 - spread(-15, 0) for _ in range(12)] + [0.35, -0.35, 1e-9]
    data["ellipk"] = keep(point(mp.ellipk, [m], True) for m in places)
    data["ellipe"] = keep(point(mp.ellipe, [m], True) for m in places)
    slopes = {"k": lambda m: mp.hyp2f1(1.5, 1.5, 2, m) * mp.pi / 8, "e": lambda m: -mp.hyp2f1(0.5, 1.5, 2, m) * mp.pi / 8}
    for name, slope in slopes.items():
        for n in (1, 2):
            # the parameter is near 1 only as far as differences of its function are exact
            some = [m for m in places[::2] if abs(1 - m) > 1e-6] + [0.349, 0.351, -0.351, -0.349]
            data["ellip%sByOrder%d" % (name, n)] = keep(point(by_differences(slope, n - 1), [m], False) for m in some)


def lamberts(data):
    branch = -1 / mp.e
    near = [float(branch * (1 - mpf(spread(-15, -0.5)))) for _ in range(25)]
    near = [x for x in near if mpf(x) > branch]
    outer = [spread(-5, 5) for _ in range(25)] + [4.0, 3.99, 1e300]
    inner = [-spread(-5, -0.5) for _ in range(15)] + [-0.239, -0.2392]
    with mp.workdps(80):
        upper, lower = (lambda x: mp.lambertw(x).real), (lambda x: mp.lambertw(x, -1).real)
        data["lambertw"] = keep(point(upper, [x], False) for x in near + inner + outer)
        data["lambertwOnePlus"] = keep(point(lambda x: 1 + upper(x), [x], False) for x in near + inner + outer)
        data["lambertwLower"] = keep(point(lower, [x], False) for x in near + inner + [-1e-300, -5e-324])
        data["lambertwLowerOnePlus"] = keep(point(lambda x: 1 + lower(x), [x], False) for x in near + inner)


def box_coxes(data):
    pairs = [[spread(-3, 3), float("%.6g" % random.uniform(-3, 3))] for _ in range(40)]
    pairs += [[spread(-3, 3), spread(-9, 0)] for _ in range(20)] + [[1 + spread(-8, -1), random.uniform(-3, 3)] for _ in range(10)]
    data["boxcox"] = keep(point(lambda x, l: (x**l - 1) / l, p, False) for p in pairs)
    places = [float("%.6g" % random.uniform(-60, 60)) for _ in range(25)] + [1e-7, 30.1, -30.1, 29.9, -29.9]
    for n in (0, 1, 2):
        ratio = lambda t: mp.hyp1f1(n + 1, n + 2, t) / (n + 1)
        data["expm1Quotient%d" % n] = keep(point(ratio, [t], False) for t in places)


def orders(data):
    """The Bessel functions of real order. For those that oscillate, the condition is the local amplitude."""
    uniform = lambda low, high: float("%.6g" % random.uniform(low, high))
    pairs = [[uniform(0, 3), uniform(0, 3)] for _ in range(15)] + [[uniform(0, 3), spread(-6, 0)] for _ in range(8)]
    pairs += [[uniform(0, 20), spread(-1, 2)] for _ in range(15)] + [[uniform(0, 100), spread(0, 2.5)] for _ in range(15)]
    pairs += [[random.randint(-6, 12), spread(-1, 2)] for _ in range(10)] + [[uniform(-12, 0), spread(-1, 2)] for _ in range(15)]
    pairs += [[-2.5, 3.75], [300.5, 301], [50, 50.01], [0.5, 2], [1.5, 1.999], [100, 100], [3, 1e-9]]
    functions = {"jv": mp.besselj, "yv": mp.bessely, "iv": mp.besseli, "kv": mp.besselk}
    for name, f in functions.items():
        rows = []
        for v, x in pairs + ([[0, 1e6], [2.25, 12345.5]] if name in ("jv", "yv") else []):
            value = point(f, [v, x], False)
            if name in ("jv", "yv"):
                # the sine and cosine of a reflection are those of the function of the positive order
                size = abs(v)
                oscillates = x > size or v < 0
                value[3] = float("%.3g" % mp.sqrt(mp.besselj(size, x) ** 2 + mp.bessely(size, x) ** 2)) if oscillates else 0.0
            rows.append(value)
        data[name] = keep(rows)


data = {}
families = [bessels, bessel_slopes, inverses, ratios, betas, normals, gamma_family, polygammas, zetas]
families += [error_functions, integrals, elliptics, lamberts, box_coxes, orders]
for family in families:
    # each from its own seed, so that the others stay when one changes
    random.seed(family.__name__)
    if len(sys.argv) < 2 or family.__name__ in sys.argv[1:]:
        family(data)
print("mpmath", mpmath.__version__, "Python", sys.version.split()[0], file=sys.stderr)
lines = ",\n".join(
    '"%s": [\n%s\n]' % (name, ",\n".join(json.dumps(p, separators=(",", ":")) for p in points))
    for name, points in data.items()
)
print("{\n" + lines + "\n}")
