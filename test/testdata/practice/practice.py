"""Values, gradients and Hessian-vector products of the functions of test/plain/practice/, by PyTorch in float64.

    python3 test/testdata/practice/practice.py > test/testdata/practice/practice.json

Each function is written again here over tensors of one number. `value` is the list of the numbers that it returns; `gradient` that of
their sum with weights 1, 2, 3, …, in the structure of the arguments of the places `wrt`; `product` is the Hessian of that sum times
`direction`; `jacobian` has a gradient for each number where there are several.
"""

import json
import math
import random
import sys

import torch

torch.set_default_dtype(torch.float64)
draw = random.Random(24)


def uniform(low=-1.0, high=1.0):
    return round(draw.uniform(low, high), 3)


def numbers(n, low=-1.0, high=1.0):
    return [uniform(low, high) for _ in range(n)]


def rows(n, m, low=-1.0, high=1.0):
    return [numbers(m, low, high) for _ in range(n)]


class Typed(list):
    """A typed array of JavaScript."""

    kind = "Float64Array"


class Whole(Typed):
    kind = "Int32Array"


def T(x):
    return x if isinstance(x, torch.Tensor) else torch.tensor(float(x))


def exp(x): return torch.exp(T(x))
def log(x): return torch.log(T(x))
def sqrt(x): return torch.sqrt(T(x))
def sin(x): return torch.sin(T(x))
def cos(x): return torch.cos(T(x))
def atan2(y, x): return torch.atan2(T(y), T(x))
def hypot(*xs): return sqrt(sum(x * x for x in xs))
def maximum(a, b): return a if float(a) >= float(b) else b
def minimum(a, b): return a if float(a) <= float(b) else b


def largest(xs):
    best = xs[0]
    for x in xs:
        best = maximum(best, x)
    return best


def bond_yield(price, coupons):
    rate = T(0.05)
    for _ in range(50):
        value, slope = -price, T(0)
        for c in coupons:
            now = c["amount"] * exp(-rate * c["time"])
            value = value + now
            slope = slope - c["time"] * now
        change = value / slope
        rate = rate - change
        if abs(float(change)) <= 1e-13:
            break
    return [rate, sum(c["time"] * c["amount"] * exp(-rate * c["time"]) / price for c in coupons)]


def bootstrap(swaps):
    annuity, factors = T(0), []
    for s in swaps:
        factors.append((1 - s * annuity) / (1 + s))
        annuity = annuity + factors[-1]
    return factors


def heston_call(model, spot, strike, years):
    v0, vbar, lam = model["start"], model["longRun"], model["speed"]
    eta, rho = model["volatility"], model["correlation"]
    money = log(spot / strike)
    i = torch.complex(T(0), T(1))

    def part(u, j):
        alpha = torch.complex(T(-0.5 * u * u), T((0.5 if j == 1 else -0.5) * u))
        beta = torch.complex(lam - rho * eta * j, -rho * eta * u)
        gamma = eta * eta / 2
        d = torch.sqrt(beta * beta - 4 * gamma * alpha)
        minus, plus = (beta - d) / (2 * gamma), (beta + d) / (2 * gamma)
        g = minus / plus
        decay = torch.exp(-years * d)
        D = minus * (1 - decay) / (1 - g * decay)
        C = lam * (years * minus - torch.log((1 - g * decay) / (1 - g)) / gamma)
        return (torch.exp(C * vbar + D * v0 + i * u * money) / (i * u)).real

    first = sum(part((k + 0.5) * 0.75, 1) * 0.75 for k in range(64))
    second = sum(part((k + 0.5) * 0.75, 0) * 0.75 for k in range(64))
    return spot * (0.5 + first / math.pi) - strike * (0.5 + second / math.pi)


def asian_barrier(market, contract, normals):
    total = T(0)
    for shocks in normals:
        dt = contract["years"] / len(shocks)
        drift = (market["rate"] - 0.5 * market["sigma"] ** 2) * dt
        price, mean, alive = market["spot"], T(0), True
        for z in shocks:
            price = price * exp(drift + market["sigma"] * sqrt(dt) * z)
            alive = alive and float(price) > float(contract["barrier"])
            mean = mean + price / len(shocks)
        if alive and float(mean) > float(contract["strike"]):
            total = total + mean - contract["strike"]
    return exp(-market["rate"] * contract["years"]) * total / len(normals)


def hamilton(p, q):
    a, b, c, d = p
    e, f, g, h = q
    return [
        a * e - b * f - c * g - d * h,
        a * f + b * e + c * h - d * g,
        a * g - b * h + c * e + d * f,
        a * h + b * g - c * f + d * e,
    ]


def unit(q):
    norm = hypot(*q)
    return [x / norm for x in q]


def attitude(rates, start, to, bias, dt):
    q = unit(start)
    for rate in rates:
        w = [r - b for r, b in zip(rate, bias)]
        speed = hypot(*w)
        k = sin(speed * dt / 2) / speed
        q = unit(hamilton(q, [cos(speed * dt / 2)] + [k * x for x in w]))
    w, x, y, z = hamilton([to[0], -to[1], -to[2], -to[3]], q)
    return (2 * atan2(hypot(x, y, z), torch.abs(w))) ** 2


def pose_graph(poses, edges, delta):
    total = T(0)
    for edge in edges:
        a, b = poses[edge["from"]], poses[edge["to"]]
        c, s = cos(a[2]), sin(a[2])
        dx, dy = b[0] - a[0], b[1] - a[1]
        mx, my, mt = edge["move"]
        turn = b[2] - a[2] - mt
        turn = turn - 2 * math.pi * round(float(turn) / (2 * math.pi))
        error = sqrt((c * dx + s * dy - mx) ** 2 + (c * dy - s * dx - my) ** 2 + turn**2 + 1e-12)
        loss = 0.5 * error**2 if float(error) <= float(delta) else delta * (error - 0.5 * delta)
        total = total + edge["weight"] * loss
    return total


def drive(controls, goal, obstacles):
    x, y, heading, speed, cost, dt = T(0), T(0), T(0), T(1), T(0), 0.2
    for c in controls:
        heading = heading + speed * torch.tan(torch.clamp(c["steer"], -0.6, 0.6)) / 1.5 * dt
        speed = torch.clamp(speed + c["throttle"] * dt, 0, 3)
        x = x + speed * cos(heading) * dt
        y = y + speed * sin(heading) * dt
        cost = cost + 0.01 * (c["steer"] ** 2 + c["throttle"] ** 2)
        for o in obstacles:
            gap = hypot(x - o["at"][0], y - o["at"][1]) - o["radius"]
            if float(gap) < 0.5:
                cost = cost + 5 * (0.5 - gap) ** 2
    return cost + (x - goal[0]) ** 2 + (y - goal[1]) ** 2 + 0.1 * speed**2


def arm_dynamics(state, torque, link):
    q, v, (a, b), g = state["q"], state["v"], link, 9.81
    ra, rb = a["length"] / 2, b["length"] / 2
    cross = b["mass"] * a["length"] * rb
    m22 = b["inertia"] + b["mass"] * rb**2
    m12 = m22 + cross * cos(q[1])
    m11 = a["inertia"] + a["mass"] * ra**2 + b["mass"] * a["length"] ** 2 + m22 + 2 * cross * cos(q[1])
    h = cross * sin(q[1])
    low = b["mass"] * rb * g * cos(q[0] + q[1])
    bias = [
        -h * v[1] * (2 * v[0] + v[1]) + (a["mass"] * ra + b["mass"] * a["length"]) * g * cos(q[0]) + low,
        h * v[0] ** 2 + low,
    ]
    mass = torch.stack([torch.stack([m11, m12]), torch.stack([m12, m22])])
    right = torch.stack([T(torque[0]) - bias[0], T(torque[1]) - bias[1]])
    return list(torch.linalg.solve(mass, right))


def schools(p, effects, errors):
    spread = exp(p["logSpread"])
    total = -0.5 * (p["mean"] / 5) ** 2 - torch.log1p((spread / 5) ** 2) + p["logSpread"]
    for raw, effect, error in zip(p["raw"], effects, errors):
        theta = p["mean"] + spread * raw
        total = total - 0.5 * raw**2 - 0.5 * ((effect - theta) / error) ** 2 - log(error)
    return total


def ratings(strength, home, draws, games):
    total = T(0)
    for g in games:
        a = strength[g["winner"]] + (home if g["atHome"] else 0)
        b = strength[g["loser"]] + (home if not g["atHome"] and not g["draw"] else 0)
        both = draws + (a + b) / 2
        total = total + (both if g["draw"] else a) - torch.logsumexp(torch.stack([a, b, both]), 0)
    return total - sum(0.05 * s * s for s in strength)


def unscented(mean, covariance, drag, dt):
    n, kappa = len(mean), 1
    matrix = torch.stack([torch.stack([T(x) for x in row]) for row in covariance])
    lower = torch.tril(matrix)  # the function reads no more of it
    matrix = lower + torch.tril(matrix, -1).T
    root = torch.linalg.cholesky(matrix * (n + kappa))
    center = torch.stack(mean)
    points = [center] + [center + root[:, j] for j in range(n)] + [center - root[:, j] for j in range(n)]

    def move(s):
        speed = sqrt(s[2] ** 2 + s[3] ** 2)
        return torch.stack(
            [
                s[0] + dt * s[2],
                s[1] + dt * s[3],
                s[2] - dt * drag * speed * s[2],
                s[3] - dt * (9.81 + drag * speed * s[3]),
            ]
        )

    moved = torch.stack([move(p) for p in points])
    weights = torch.tensor([kappa / (n + kappa)] + [0.5 / (n + kappa)] * (2 * n))
    middle = weights @ moved
    spread = weights @ ((moved - middle) ** 2 @ torch.arange(1.0, n + 1))
    return spread + torch.sin(middle).sum()


def spin_ring(couplings, fields, temperature):
    product, n = torch.eye(2), len(couplings)
    for i in range(n):
        j, f, g = couplings[i] / temperature, fields[i], fields[(i + 1) % n]
        h, k = (f + g) / (2 * temperature), (f - g) / (2 * temperature)
        step = torch.stack([torch.stack([exp(j + h), exp(-j + k)]), torch.stack([exp(-j - k), exp(j - h)])])
        product = product @ step
    return log(product[0, 0] + product[1, 1])


def distance_to(solid, p):
    x, y, z = [a - b for a, b in zip(p, solid["at"])]
    size = solid["size"]
    if solid["kind"] == 0:
        return hypot(x, y, z) - size
    if solid["kind"] == 1:
        d = [torch.abs(c) - size for c in (x, y, z)]
        outside = sqrt(sum(torch.relu(c) ** 2 for c in d) + 1e-9)
        return outside + minimum(largest(d), T(0)) - 0.05
    around = sqrt(x * x + z * z) - size
    return sqrt(around * around + y * y) - 0.25 * size


def trace(solids, origin, direction, smooth):
    length = hypot(*direction)
    t = T(0)
    for _ in range(200):
        p = [o + t * d / length for o, d in zip(origin, direction)]
        nearest = T(10)
        for solid in solids:
            d = distance_to(solid, p)
            h = torch.relu(smooth - torch.abs(nearest - d)) / smooth
            nearest = minimum(nearest, d) - h * h * smooth / 4
        if float(nearest) < 1e-13:
            return t
        t = t + nearest
        if float(t) > 20:
            break
    return T(20)


def encode(x):
    return 12.92 * x if float(x) <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055


def grade(look, image, target, curve):
    error = T(0)
    for colours, want in zip(image, target):
        pixel = []
        for c, tint in zip(colours, look["tint"]):
            c = c * 2 ** look["exposure"] * tint
            if curve == 2:
                c = 1.2 * c
            c = c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14) if curve >= 1 else c / (1 + c)
            pixel.append(0.18 * (c / 0.18) ** look["contrast"])
        luma = 0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2]
        for c, w in zip(pixel, want):
            error = error + (encode(torch.relu(luma + look["saturation"] * (c - luma))) - w) ** 2
    return error


def soft_triangle(corners, sharpness, picture):
    height, width, off = len(picture), len(picture[0]), T(0)
    for row in range(height):
        for column in range(width):
            x, y, inside = (column + 0.5) / width, (row + 0.5) / height, T(1)
            for k in range(3):
                a, b = corners[k], corners[(k + 1) % 3]
                ux, uy = b[0] - a[0], b[1] - a[1]
                inside = inside * torch.sigmoid(sharpness * (ux * (y - a[1]) - uy * (x - a[0])) / hypot(ux, uy))
            off = off + (inside - picture[row][column]) ** 2
    return off / (width * height)


def reproject(camera, points, seen):
    r = torch.stack([T(x) for x in camera["rotation"]])
    zero = T(0)
    skew = torch.stack(
        [torch.stack([zero, -r[2], r[1]]), torch.stack([r[2], zero, -r[0]]), torch.stack([-r[1], r[0], zero])]
    )
    turn = torch.linalg.matrix_exp(skew)
    errors = []
    for point, at in zip(points, seen):
        p = turn @ torch.stack([T(x) for x in point]) + torch.stack(list(camera["shift"]))
        u, v = p[0] / p[2], p[1] / p[2]
        r2 = u * u + v * v
        f = camera["focal"] * (1 + r2 * (camera["k1"] + camera["k2"] * r2))
        errors += [f * u - at[0], f * v - at[1]]
    return errors


def ctc(logits, labels):
    scores = torch.log_softmax(torch.stack([torch.stack(row) for row in logits]), 1)
    loss = torch.nn.functional.ctc_loss(
        scores.unsqueeze(1),
        torch.tensor([labels]),
        torch.tensor([len(logits)]),
        torch.tensor([len(labels)]),
        reduction="sum",
    )
    # its rule for gradients has none of its own: the second derivative is taken of this sum over alignments
    extended = [0]
    for label in labels:
        extended += [label, 0]
    alpha = [None] * len(extended)
    for t, row in enumerate(scores):
        after = []
        for s, label in enumerate(extended):
            if t == 0:
                ways = [T(0)] if s < 2 else []
            else:
                ways = [alpha[s]] + ([alpha[s - 1]] if s > 0 else [])
                if s > 1 and s % 2 == 1 and label != extended[s - 2]:
                    ways.append(alpha[s - 2])
                ways = [w for w in ways if w is not None]
            after.append(torch.logsumexp(torch.stack(ways), 0) + row[label] if ways else None)
        alpha = after
    own = -torch.logsumexp(torch.stack([a for a in alpha[-2:] if a is not None]), 0)
    assert abs(float(own) - float(loss)) < 1e-12 * abs(float(loss))
    return own


def soft_knapsack(values, weights, capacity, warmth):
    before = [T(0)] * (capacity + 1)
    for value, weight in zip(values, weights):
        before = [
            before[c]
            if weight > c
            else warmth * torch.logsumexp(torch.stack([before[c - weight] + value, before[c]]) / warmth, 0)
            for c in range(capacity + 1)
        ]
    return before[capacity]


def chain_order(dims, warmth):
    n = len(dims) - 1
    cost = [[T(0)] * n for _ in range(n)]
    for span in range(1, n):
        for i in range(n - span):
            j = i + span
            totals = [cost[i][k] + cost[k + 1][j] + dims[i] * dims[k + 1] * dims[j + 1] for k in range(i, j)]
            cost[i][j] = -warmth * torch.logsumexp(-torch.stack(totals) / warmth, 0)
    return cost[0][n - 1]


def edit_distance(costs, a, b):
    table = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if i == 0 or j == 0:
                table[i, j] = i * costs["remove"] if j == 0 else j * costs["insert"]
                continue
            gap = torch.abs(T(a[i - 1] - b[j - 1]))
            best = table[i - 1, j - 1] + (0 if float(gap) < 0.05 else costs["replace"] * gap)
            best = minimum(best, table[i - 1, j] + costs["remove"])
            best = minimum(best, table[i, j - 1] + costs["insert"])
            if i > 1 and j > 1 and abs(float(a[i - 1] - b[j - 2])) < 0.05 and abs(float(a[i - 2] - b[j - 1])) < 0.05:
                best = minimum(best, table[i - 2, j - 2] + costs["exchange"])
            table[i, j] = best
    return table[len(a), len(b)]


def adaptive_simpson(center, width, tolerance):
    def f(x):
        return 1 / (1 + ((x - center) / width) ** 2) + math.sin(3 * x)

    def simpson(a, b):
        return (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b))

    stack, integral = [(0.0, 1.0)], T(0)
    while stack:
        a, b = stack.pop()
        m = (a + b) / 2
        whole, left, right = simpson(a, b), simpson(a, m), simpson(m, b)
        if abs(float(left + right - whole)) < 15 * float(tolerance) * (b - a):
            integral = integral + left + right + (left + right - whole) / 15
        else:
            stack += [(a, m), (m, b)]
    return integral


def trace_of_exp(a):
    return torch.linalg.matrix_exp(torch.stack([torch.stack(row) for row in a])).trace()


def oscillator(mu, start, time, tolerance):
    def slope(s):
        return torch.stack([s[1], mu * (1 - s[0] * s[0]) * s[1] - s[0]])

    s, t, h = torch.stack(list(start)), T(0), T(0.1)
    k1 = slope(s)
    while float(t) < float(time):
        if float(t + h) > float(time):
            h = time - t
        k2 = slope(s + h / 2 * k1)
        k3 = slope(s + 0.75 * h * k2)
        after = s + h / 9 * (2 * k1 + 3 * k2 + 4 * k3)
        k4 = slope(after)
        e = h * (-5 / 72 * k1 + k2 / 12 + k3 / 9 - k4 / 8)
        error = torch.max(torch.abs(e) / (tolerance * (1 + torch.abs(after))))
        if float(error) <= 1:
            t, s, k1 = t + h, after, k4
        h = h * torch.clamp(0.9 * (error + 1e-10) ** (-1 / 3), 0.25, 4)
    return [s[0], s[1]]


def seasons(smoothing, series, period):
    alpha, beta, gamma = smoothing["level"], smoothing["trend"], smoothing["season"]
    level = sum(series[:period]) / period
    seasonal = [x / level for x in series[:period]]
    trend, sse = T(0), T(0)
    for t in range(period, len(series)):
        at, seen = t % period, series[t]
        sse = sse + (seen - (level + trend) * seasonal[at]) ** 2
        last = level
        level = alpha * (seen / seasonal[at]) + (1 - alpha) * (level + trend)
        trend = beta * (level - last) + (1 - beta) * trend
        seasonal[at] = gamma * (seen / level) + (1 - gamma) * seasonal[at]
    return sse


def game(winner, loser, at_home, is_draw):
    return {"winner": winner, "loser": loser, "atHome": at_home, "draw": is_draw}


def edge(a, b, move, weight):
    return {"from": a, "to": b, "move": move, "weight": weight}


spread = [[1.0, 0.3, 0.1, 0.0], [0.3, 0.8, 0.0, 0.2], [0.1, 0.0, 0.5, 0.1], [0.0, 0.2, 0.1, 0.6]]
solid = lambda kind, at, size: {"kind": kind, "at": at, "size": size}

cases = {
    "bondYield": (bond_yield, [96.5, [{"time": t, "amount": 4.0 + (100 if t == 5 else 0)} for t in range(1, 6)]], [0, 1]),
    "bootstrap": (bootstrap, [[0.021, 0.024, 0.028, 0.031, 0.0335]], [0]),
    "hestonCall": (
        heston_call,
        [
            {"start": 0.05, "longRun": 0.04, "speed": 1.4, "volatility": 0.35, "correlation": -0.6},
            100.0,
            103.0,
            0.8,
        ],
        [0, 1, 2, 3],
    ),
    "asianBarrier": (
        asian_barrier,
        [
            {"spot": 100.0, "rate": 0.03, "sigma": 0.3},
            {"strike": 99.0, "barrier": 85.0, "years": 0.75},
            [[round(draw.gauss(0, 1), 3) for _ in range(6)] for _ in range(24)],
        ],
        [0, 1],
    ),
    "attitude": (attitude, [rows(7, 3), [1, 0.2, -0.1, 0.4], [0.8, 0.6, 0.0, 0.0], [0.02, -0.01, 0.03], 0.2], [0, 1, 3, 4]),
    "poseGraph": (
        pose_graph,
        [
            [[0, 0, 0.1], [1.1, 0.1, 1.4], [1.2, 1.0, 3.0], [0.1, 1.2, -1.5]],
            [
                edge(0, 1, [1.0, 0.0, 1.57], 1.0),
                edge(1, 2, [1.0, 0.1, 1.5], 2.0),
                edge(2, 3, [0.9, 0.0, 1.6], 1.5),
                edge(3, 0, [1.1, 0.0, 1.55], 1.0),
                edge(0, 2, [1.0, 2.5, 3.1], 0.5),
            ],
            0.4,
        ],
        [0, 2],
    ),
    "drive": (
        drive,
        [
            [{"steer": s, "throttle": a} for s, a in [(0.1, 1.5), (0.3, 2.2), (0.75, 3.1), (-0.2, 4.5), (-0.5, 2.0), (-0.9, 1.0), (0.1, -2.0), (0.2, -1.5)]],
            [3.0, 0.5],
            [{"at": [1.0, 0.6], "radius": 0.3}, {"at": [2.2, -0.4], "radius": 0.5}],
        ],
        [0, 1, 2],
    ),
    "armDynamics": (
        arm_dynamics,
        [
            {"q": [0.4, -0.9], "v": [0.7, 1.3]},
            [2.0, -0.5],
            [{"mass": 1.2, "length": 0.8, "inertia": 0.07}, {"mass": 0.9, "length": 0.6, "inertia": 0.03}],
        ],
        [0, 1, 2],
    ),
    "schools": (
        schools,
        [
            {"mean": 4.2, "logSpread": 1.1, "raw": Typed(numbers(8))},
            Typed([28, 8, -3, 7, -1, 1, 18, 12]),
            Typed([15, 10, 16, 11, 9, 11, 10, 18]),
        ],
        [0],
    ),
    "ratings": (
        ratings,
        [
            numbers(4),
            0.3,
            -0.5,
            [game(0, 1, True, False), game(2, 1, False, False), game(3, 0, True, True), game(1, 3, True, False), game(2, 0, False, True), game(3, 2, False, False)],
        ],
        [0, 1, 2],
    ),
    "unscented": (unscented, [[0.3, 1.0, 4.0, 3.0], spread, 0.05, 0.3], [0, 1, 2, 3]),
    "spinRing": (spin_ring, [numbers(9), numbers(9), 0.7], [0, 1, 2]),
    "trace": (
        trace,
        [
            [solid(0, [0.2, 0.1, 3.0], 0.7), solid(1, [-0.8, 0.2, 3.5], 0.5), solid(2, [0.3, -0.6, 3.2], 0.9)],
            [0.05, 0.1, -1.0],
            [-0.05, 0.01, 1.0],
            0.4,
        ],
        [0, 1, 2, 3],
    ),
    "grade": (
        grade,
        [
            {"exposure": 0.4, "contrast": 1.15, "saturation": 1.2, "tint": [1.05, 0.98, 0.9]},
            rows(5, 3, 0.05, 0.9) + [[0.0007, 0.0009, 0.0011]],
            rows(6, 3, 0.1, 0.9),
            2,
        ],
        [0, 1],
    ),
    "softTriangle": (soft_triangle, [[[0.15, 0.2], [0.9, 0.35], [0.4, 0.85]], 12.0, rows(5, 6, 0, 1)], [0, 1]),
    "reproject": (
        reproject,
        [
            {"rotation": [0.2, -0.3, 0.1], "shift": [0.1, -0.2, 5.0], "focal": 1.3, "k1": -0.12, "k2": 0.03},
            rows(4, 3),
            rows(4, 2, -0.3, 0.3),
        ],
        [0, 1],
    ),
    "ctc": (ctc, [rows(9, 5, -2, 2), [1, 3, 3, 2]], [0]),
    "softKnapsack": (soft_knapsack, [Typed([3.1, 4.2, 2.5, 5.7, 1.9]), Whole([2, 3, 1, 4, 2]), 7, 0.4], [0, 3]),
    "chainOrder": (chain_order, [[3.0, 4.5, 2.0, 6.0, 3.5, 5.0], 8.0], [0, 1]),
    "editDistance": (
        edit_distance,
        [
            {"insert": 0.8, "remove": 0.9, "replace": 0.6, "exchange": 0.3},
            [0.2, 1.5, 0.7, 3.0, 2.1, 0.4],
            [0.22, 0.71, 1.52, 2.2, 1.0, 0.9, 0.41],
        ],
        [0, 1, 2],
    ),
    "adaptiveSimpson": (adaptive_simpson, [0.37, 0.06, 1e-7], [0, 1]),
    "traceOfExp": (trace_of_exp, [[[0.1, 1.9, -0.4], [0.7, -0.2, 1.1], [-1.3, 0.6, 0.5]]], [0]),
    "oscillator": (oscillator, [1.7, [1.2, -0.4], 2.5, 1e-4], [0, 1, 2]),
    "seasons": (
        seasons,
        [
            {"level": 0.4, "trend": 0.2, "season": 0.3},
            [round((20 + 0.5 * t) * (1 + 0.3 * math.sin(t * math.pi / 2)) + uniform(), 2) for t in range(20)],
            4,
        ],
        [0, 1],
    ),
}


def leaves(value):
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [value]


def like(value, flat):
    """The next numbers of `flat` in the structure of `value`."""
    if isinstance(value, dict):
        return {key: like(one, flat) for key, one in value.items()}
    if isinstance(value, list):
        return type(value)(like(one, flat) for one in value)
    return next(flat)


def plain(value):
    """A value as JSON; typed arrays by their kind."""
    if isinstance(value, Typed):
        return {value.kind: list(value)}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def gradient(y, xs, further=False):
    got = torch.autograd.grad(y, xs, create_graph=further, allow_unused=True, materialize_grads=True)
    return list(got)


def reference(f, args, wrt):
    # all that is differentiated is of floats, but for names of kinds, whose derivatives are 0
    flat = [[float(leaf) for leaf in leaves(args[i])] for i in wrt]
    inputs = [torch.tensor(x, requires_grad=True) for x in sum(flat, [])]
    supply = iter(inputs)
    with_tensors = list(args)
    for i in wrt:
        with_tensors[i] = like(args[i], supply)
    for i in range(len(args)):
        if i not in wrt and isinstance(args[i], float):
            with_tensors[i] = torch.tensor(args[i])
    outs = f(*with_tensors)
    outs = outs if isinstance(outs, list) else [outs]
    total = sum((i + 1) * out for i, out in enumerate(outs))
    first = gradient(total, inputs, True)
    direction = numbers(len(inputs))
    along = sum(g * d for g, d in zip(first, direction))
    second = gradient(along, inputs, True) if along.requires_grad else [T(0)] * len(inputs)
    shaped = lambda xs: plain([like(args[i], part) for part in [iter([float(x) for x in xs])] for i in wrt])
    found = {
        "args": plain(args),
        "wrt": wrt,
        "value": [float(out) for out in outs],
        "gradient": shaped(first),
        "direction": shaped(direction),
        "product": shaped(second),
    }
    if len(outs) > 1:
        found["jacobian"] = [shaped(gradient(out, inputs, True)) for out in outs]
    return found


print(f"torch {torch.__version__}, Python {sys.version.split()[0]}", file=sys.stderr)
print(json.dumps({name: reference(*case) for name, case in cases.items()}))
