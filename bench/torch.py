#!/usr/bin/env python3
"""The rows of the bench in PyTorch on the CPU, one JSON object a line as `npm run bench -- --json` prints them.

    python3 bench/torch.py [--threads N] [--only NAME] [--rounds N] [--turn SECONDS] [--quick] [--list]

It needs nothing but torch (on Debian: python3-torch and libopenblas0-pthread; without the latter products go through a
slow reference library). The data are those of bench/data.mjs, so that `check` can be compared with that of the other
contestants; bench/report.mjs does so. Run it alone on the machine, right before or after the bench: it does not take
turns with the others. With a threaded BLAS set OMP_NUM_THREADS to the same number as --threads.
"""

import argparse
import json
import math
import statistics
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description="The rows of the bench in PyTorch.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="rows whose name contains this")
    parser.add_argument("--rounds", type=int, default=None, help="default 15; 3 with --quick")
    parser.add_argument("--turn", type=float, default=None, help="seconds of a round; default 0.05")
    parser.add_argument("--quick", action="store_true", help="few and short rounds")
    parser.add_argument("--list", action="store_true", help="the rows, and nothing is run")
    given = parser.parse_args()
    given.rounds = given.rounds or (3 if given.quick else 15)
    given.turn = given.turn or (0.01 if given.quick else 0.05)
    return given


# This file must not be found as the module `torch`.
sys.path = [path for path in sys.path if path not in ("", sys.path[0])]
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

float32, float64 = torch.float32, torch.float64


def numbers(seed, shape, scale=1.0, dtype=float32):
    """The numbers of bench/data.mjs: float32 in [-scale, scale), row by row."""
    state, out = seed, []
    for _ in range(math.prod(shape)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state / 2.0**31 - 1.0)
    # Rounded to float32 before and after the factor, which is a number of double precision.
    values = torch.tensor(out, dtype=float32).double() * scale
    return values.float().to(dtype).reshape(shape)


def digest(values):
    flat = values.detach().double().reshape(-1)
    n = flat.numel()
    order = torch.arange(n, dtype=float64) % 7 + 1
    ends = [flat[0].item(), flat[n >> 1].item(), flat[n - 1].item()]
    return ends + [flat.mean().item(), flat.abs().mean().item(), ((flat * order).sum() / n).item()]


def gradient_digest(gradients):
    flat = torch.cat([g.detach().double().reshape(-1) for g in gradients])
    return [flat.square().sum().sqrt().item(), flat.abs().sum().item()]


# ---- rows: name -> (unit, work, prepare); prepare gives (step, check) or, for the cost of gradients, (step, base, check)

rows = {}


def row(name, unit, work=1):
    def add(prepare):
        rows[name] = (unit, work, prepare)
        return prepare

    return add


def product(name, m, k, n, dtype=float32):
    @row(name, "GFLOP/s", 2 * m * k * n)
    def prepare():
        a, b = numbers(41, (m, k), 1 / math.sqrt(k), dtype), numbers(42, (k, n), 1, dtype)
        return (lambda: torch.mm(a, b)), digest(torch.mm(a, b))


for size in (512, 1024, 510, 511, 513):
    product(f"matmul-{size}", size, size, size)
product("matmul-64x784x128", 64, 784, 128)
product("matmul-64x128x10", 64, 128, 10)
product("matvec-1024", 1024, 1024, 1)
product("matmul-f64-512", 512, 512, 512, float64)


def leaf(values):
    return values.clone().requires_grad_()


def matrices(seed, n, count=1):
    values = numbers(seed, (count, n, n), 1, float64) + n * torch.eye(n, dtype=float64)
    return values if count > 1 else values[0]


def symmetric(seed, n, positive):
    values = numbers(seed, (n, n), 1, float64)
    return values + values.T + (2 * n * torch.eye(n, dtype=float64) if positive else 0)


def gradient_row(name, x, loss):
    @row(name, "us")
    def prepare():
        operand = x()

        def step():
            return torch.autograd.grad(loss(operand).sum(), operand)[0]

        return step, digest(step())


def value_row(name, operands, f, read=lambda out: out):
    @row(name, "us")
    def prepare():
        given = operands()
        return (lambda: f(*given)), digest(read(f(*given)))


def linear_algebra():
    def side(n):
        return numbers(83, (n,), 1, float64)

    for n in (8, 16, 100, 300):
        gradient_row(f"cholesky-gradient-{n}", lambda n=n: leaf(symmetric(81, n, True)), torch.linalg.cholesky)
        gradient_row(
            f"solve-gradient-{n}",
            lambda n=n: leaf(matrices(82, n)),
            lambda a, b=side(n): torch.linalg.solve(a, b),
        )
    for n in (4, 8, 16):
        value_row(f"solve-{n}", lambda n=n: (matrices(82, n), side(n)), torch.linalg.solve)
    many = lambda: (matrices(84, 4, 10_000), numbers(85, (10_000, 4, 1), 1, float64))
    value_row("solve-10000x4", many, torch.linalg.solve)
    for n in (4, 8):
        value_row(f"eager-cholesky-{n}", lambda n=n: (symmetric(81, n, True),), torch.linalg.cholesky)
        value_row(f"eager-solve-{n}", lambda n=n: (matrices(82, n), side(n)), torch.linalg.solve)
        value_row(f"eager-inv-{n}", lambda n=n: (matrices(82, n),), torch.linalg.inv)
        value_row(f"eager-det-{n}", lambda n=n: (matrices(82, n),), torch.linalg.det)
    for n in (100, 300):
        value_row(f"qr-{n}", lambda n=n: (matrices(86, n),), torch.linalg.qr, lambda out: out[1].abs())
    for n in (16, 64, 200):
        value_row(f"eigh-{n}", lambda n=n: (symmetric(87, n, False),), torch.linalg.eigh, lambda out: out[0])
        thin = lambda a: torch.linalg.svd(a, full_matrices=False)
        value_row(f"svd-{n}", lambda n=n: (matrices(88, n),), thin, lambda out: out[1])


linear_algebra()


def labels(count):
    return torch.arange(count) % 10


def digits_mlp():
    p = [
        leaf(numbers(1, (784, 128), 1 / math.sqrt(784))),
        leaf(torch.zeros(128)),
        leaf(numbers(2, (128, 10), 1 / math.sqrt(128))),
        leaf(torch.zeros(10)),
    ]
    x, y = numbers(3, (64, 784)), labels(64)

    def loss():
        h = torch.relu(torch.addmm(p[1], x, p[0]))
        return F.cross_entropy(torch.addmm(p[3], h, p[2]), y)

    return p, loss


def small_mlp():
    p = [
        leaf(numbers(4, (2, 64), 1 / math.sqrt(2))),
        leaf(torch.zeros(64)),
        leaf(numbers(5, (64, 64), 1 / 8)),
        leaf(torch.zeros(64)),
        leaf(numbers(6, (64, 1), 1 / 8)),
        leaf(torch.zeros(1)),
    ]
    x, y = numbers(7, (32, 2)), numbers(8, (32, 1))

    def loss():
        h1 = torch.tanh(torch.addmm(p[1], x, p[0]))
        h2 = torch.tanh(torch.addmm(p[3], h1, p[2]))
        return F.mse_loss(torch.addmm(p[5], h2, p[4]), y)

    return p, loss


def lenet():
    p = [
        leaf(numbers(11, (8, 1, 5, 5), 1 / 5)),
        leaf(torch.zeros(8)),
        leaf(numbers(12, (16, 8, 5, 5), 1 / math.sqrt(8 * 25))),
        leaf(torch.zeros(16)),
        leaf(numbers(13, (256, 10), 1 / 16)),
        leaf(torch.zeros(10)),
    ]
    x, y = numbers(14, (32, 1, 28, 28)), labels(32)

    def loss():
        h1 = F.max_pool2d(torch.relu(F.conv2d(x, p[0], p[1])), 2)
        h2 = F.max_pool2d(torch.relu(F.conv2d(h1, p[2], p[3])), 2)
        return F.cross_entropy(torch.addmm(p[5], h2.flatten(1), p[4]), y)

    return p, loss


def lstm():
    # PyTorch's own LSTM, whose weights are transposed and whose bias comes in two parts, of which one stays 0.
    net = torch.nn.LSTM(64, 64)
    with torch.no_grad():
        net.weight_ih_l0.copy_(numbers(21, (64, 256), 1 / 8).T)
        net.weight_hh_l0.copy_(numbers(22, (64, 256), 1 / 8).T)
        net.bias_ih_l0.zero_()
        net.bias_hh_l0.zero_()
    net.bias_hh_l0.requires_grad_(False)
    head = [leaf(numbers(23, (64, 10), 1 / 8)), leaf(torch.zeros(10))]
    x, y = numbers(24, (32, 16, 64)), labels(16)
    p = [net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0, *head]

    def loss():
        return F.cross_entropy(torch.addmm(head[1], net(x)[0][-1], head[0]), y)

    return p, loss


def transformer():
    d, heads, length, items = 64, 4, 64, 8
    qkv = leaf(torch.cat([numbers(31 + i, (d, d), 1 / 8) for i in range(3)], 1))
    qkv_bias, out_bias = leaf(torch.zeros(3 * d)), leaf(torch.zeros(d))
    out = leaf(numbers(34, (d, d), 1 / 8))
    up, up_bias = leaf(numbers(35, (d, 256), 1 / 8)), leaf(torch.zeros(256))
    down, down_bias = leaf(numbers(36, (256, d), 1 / 16)), leaf(torch.zeros(d))
    norms = [leaf(torch.ones(d)), leaf(torch.zeros(d)), leaf(torch.ones(d)), leaf(torch.zeros(d))]
    x, target = numbers(37, (items, length, d)), numbers(38, (items, length, d))

    def loss():
        z = F.layer_norm(x, (d,), norms[0], norms[1])
        q, k, v = (z @ qkv + qkv_bias).view(items, length, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(items, length, d)
        y = x + seen @ out + out_bias
        wide = F.gelu(F.layer_norm(y, (d,), norms[2], norms[3]) @ up + up_bias)
        return F.mse_loss(y + wide @ down + down_bias, target)

    return [qkv, qkv_bias, out, out_bias, up, up_bias, down, down_bias, *norms], loss


def training(model, name, rule):
    @row(f"{name}-{rule}", "steps/s")
    def prepare():
        p, loss_of = model()
        optimizer = torch.optim.SGD(p, lr=0.05) if rule == "sgd" else torch.optim.Adam(p, lr=0.001)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of()
            loss.backward()
            optimizer.step()
            return loss.item()

        return step, [step(), step(), step()]


training(digits_mlp, "mlp-784-128-10", "sgd")
training(digits_mlp, "mlp-784-128-10", "adam")
training(small_mlp, "mlp-2-64-64-1", "adam")
training(lenet, "lenet", "sgd")
training(lstm, "lstm", "sgd")
training(transformer, "transformer", "sgd")

million = 1_000_000


def elementwise(dtype, tag):
    def curve(x):
        return torch.tanh(x) * torch.exp(-x * x) + torch.sin(x)

    def points():
        return ((torch.arange(million, dtype=float64) / million - 0.5) * 8).to(dtype)

    @row(f"elementwise-{tag}-forward", "ns", million)
    def forward():
        x = points()
        return (lambda: curve(x)), digest(curve(x))

    @row(f"elementwise-{tag}-gradient", "ns", million)
    def gradient():
        x = points().requires_grad_()

        def step():
            return torch.autograd.grad(curve(x).sum(), x)[0]

        return step, digest(step())


elementwise(float32, "f32")
elementwise(float64, "f64")


@row("layer-norm-gelu-gradient", "ns", 1024 * 256)
def layer_norm_gelu():
    x = leaf(numbers(61, (1024, 256)))
    weight, bias = torch.ones(256), torch.zeros(256)

    def step():
        return torch.autograd.grad(F.gelu(F.layer_norm(x, (256,), weight, bias)).sum(), x)[0]

    return step, digest(step())


@row("embedding-gradient", "us")
def embedding_gradient():
    table = leaf(numbers(62, (5000, 64)))
    places = torch.arange(2048) * 7919 % 5000

    def step():
        return torch.autograd.grad(F.embedding(places, table).square().sum(), table)[0]

    return step, digest(step())


@row("adam-update", "ns", million)
def adam_update():
    p = leaf(numbers(51, (million,)))
    p.grad = numbers(52, (million,))
    optimizer = torch.optim.Adam([p], lr=0.001, fused=True)
    optimizer.step()
    optimizer.step()
    return optimizer.step, digest(p)


@row("scalar-gradient-eager", "calls/s")
def scalar_gradient():
    places = [(2 + i / 64, 3 - i / 64) for i in range(64)]
    count = 0

    def step():
        nonlocal count
        x, y = (torch.tensor(v, dtype=float64, requires_grad=True) for v in places[count % 64])
        count += 1
        dx, dy = torch.autograd.grad(x * y + torch.sin(x), (x, y))
        return dx.item() + 2 * dy.item()

    return step, [step(), step(), step()]


def rosenbrock(x):
    head, tail = x[:-1], x[1:]
    return (100 * (tail - head * head) ** 2 + (1 - head) ** 2).sum()


def rosenbrock_row(n):
    @row(f"rosenbrock-{n}", "us")
    def prepare():
        start = [(-1.25 if i % 2 == 0 else 1) + (i % 8) / 16 for i in range(n)]
        x = torch.tensor(start, dtype=float64, requires_grad=True)

        def step():
            return torch.autograd.grad(rosenbrock(x), x)[0]

        return step, digest(step())


for variables in (2, 10, 100, 1000, 100_000):
    rosenbrock_row(variables)


# ---- what a gradient costs


def cost(name, model, check=lambda value, gradients: [value, *gradient_digest(gradients)]):
    @row(f"gradient-cost-{name}", "x")
    def prepare():
        p, loss = model()

        def base():
            with torch.no_grad():
                return loss().item()

        def step():
            return torch.autograd.grad(loss(), p)

        return step, base, check(base(), step())


def rosenbrock_model():
    x = leaf(numbers(61, (1000,)))
    return [x], lambda: rosenbrock(x)


def logistic_regression():
    weight, bias = leaf(numbers(62, (30, 1))), leaf(numbers(63, (1,)))
    x = numbers(64, (1000, 30))
    y = (numbers(65, (1000, 1)) > 0).float()

    def loss():
        z = torch.addmm(bias, x, weight)
        return (F.softplus(z) - y * z).mean()

    return [weight, bias], loss


def logsumexp():
    x = leaf(numbers(66, (100_000,)))
    return [x], lambda: torch.logsumexp(x, 0)


def softplus_sum():
    x = leaf(numbers(67, (million,)))
    return [x], lambda: F.softplus(x).sum()


def matrix_chain():
    p = [leaf(numbers(70 + i, (128, 128), 1 / math.sqrt(128))) for i in range(6)]

    def loss():
        out = p[0]
        for matrix in p[1:]:
            out = out @ matrix
        return out.square().mean()

    return p, loss


def pendulum():
    start = [torch.tensor(v, dtype=float64, requires_grad=True) for v in (1.0, 0.0)]
    step, damping = 0.01, 0.1

    def force(a, b):
        return -damping * b - torch.sin(a)

    def end():
        th, om = start
        for _ in range(1000):
            b1 = force(th, om)
            a2 = om + step / 2 * b1
            b2 = force(th + step / 2 * om, a2)
            a3 = om + step / 2 * b2
            b3 = force(th + step / 2 * a2, a3)
            a4 = om + step * b3
            b4 = force(th + step * a3, a4)
            th, om = (
                th + step / 6 * (om + 2 * a2 + 2 * a3 + a4),
                om + step / 6 * (b1 + 2 * b2 + 2 * b3 + b4),
            )
        return th

    return start, end


cost("rosenbrock-1000", rosenbrock_model)
cost("logistic-regression", logistic_regression)
cost("logsumexp", logsumexp)
cost("softplus-sum", softplus_sum)
cost("matrix-chain", matrix_chain)
cost("mlp-784-128-10", digits_mlp)
cost("lenet", lenet)
cost("pendulum-1000", pendulum, lambda value, gradients: [g.item() for g in gradients])
cost("lstm", lstm)
cost("transformer", transformer)


@row("pendulum-1000", "us")
def pendulum_forward():
    _, end = pendulum()

    def step():
        with torch.no_grad():
            return end().item()

    return step, [step()]


@row("pendulum-gradient-1000", "us")
def pendulum_gradient():
    start, end = pendulum()

    def step():
        return [g.item() for g in torch.autograd.grad(end(), start)]

    return step, step()


# ---- errors of long sums: one number, no time

sums = {
    "sum-of-ones": lambda: (torch.ones(40_000_000).sum().item(), 40_000_000),
    "mean-of-tenths": lambda: (
        torch.full((million,), 0.1).mean().item(),
        torch.tensor(0.1).double().item(),
    ),
}


def ulps(value, exact):
    return abs(value - exact) / 2.0 ** (math.floor(math.log2(exact)) - 23)


# ---- measuring


def seconds(step, count):
    begin = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - begin


def count_for(step, turn, warm_up):
    end = time.perf_counter() + warm_up
    count, spent = 1, seconds(step, 1)
    while spent < turn / 2 or time.perf_counter() < end:
        count = count * 2 if spent < turn / 2 else count
        spent = seconds(step, count)
    return max(1, round(count * turn / spent))


units = {
    "GFLOP/s": lambda s, work: work / s / 1e9,
    "steps/s": lambda s, work: work / s,
    "calls/s": lambda s, work: work / s,
    "us": lambda s, work: s * 1e6 / work,
    "ns": lambda s, work: s * 1e9 / work,
}


def measure(prepared, unit, work, given):
    """The values of all rounds, and what was computed."""
    warm_up = 0.05 if given.quick else 0.4
    *steps, check = prepared
    counts = [count_for(step, given.turn, warm_up) for step in steps]
    values = []
    for _ in range(given.rounds):
        each = [seconds(step, count) / count for step, count in zip(steps, counts)]
        values.append(each[0] / each[1] if unit == "x" else units[unit](each[0], work))
    return values, check


def write(name, unit, values, check, given):
    line = {
        "row": name,
        "contestant": "pytorch",
        "mode": "plain",
        "threads": given.threads,
        "unit": unit,
        "median": statistics.median(values),
        "best": max(values) if unit.endswith("/s") else min(values),
        "node": f"torch {torch.__version__}",
    }
    if check is not None:
        line["check"] = [float(x) for x in check]
    print(json.dumps(line), flush=True)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[2K{text}", end="", file=sys.stderr, flush=True)


def main():
    given = arguments()
    torch.set_num_threads(given.threads)
    wanted = [name for name in (*rows, *sums) if not given.only or any(part in name for part in given.only)]
    if not wanted:
        sys.exit(f"--only {', '.join(given.only)}: no row has such a name; see --list")
    costs = {}
    for name in wanted:
        if given.list:
            print(name)
        elif name in sums:
            write(name, "ulp", [ulps(*sums[name]())], None, given)
        else:
            unit, work, prepare = rows[name]
            progress(name)
            values, check = measure(prepare(), unit, work, given)
            write(name, unit, values, check, given)
            if unit == "x":
                costs[name] = values
    progress("")
    if len(costs) == sum(unit == "x" for unit, _, _ in rows.values()):
        middles = [statistics.median(values) for values in costs.values()]
        write("gradient-cost", "x", [statistics.geometric_mean(middles)], None, given)
        write("gradient-cost-largest", "x", [max(middles)], None, given)


if __name__ == "__main__":
    main()
