# Solutions by SciPy of problems that src/numeric/optim solves: minima within bounds, roots, fixed points and differential
# equations, with the derivatives of the latter by their variational equations. Writes
# src/numeric/optim/testdata/scipy-solvers.json, which the tests read. Run from the root: python3 test/scipy-solvers.py
import json
import sys

import numpy as np
import scipy
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, fixed_point, minimize, root

data = {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__}


def bounded(f, x0, low, high):
    """The minimum in which two methods agree."""
    n = len(x0)
    low, high = np.broadcast_to(low, n), np.broadcast_to(high, n)
    box = list(zip(low, high))
    start = np.clip(x0, low, high)
    found = [
        minimize(f, start, method=method, bounds=box, tol=1e-14, options={"maxiter": 20000})
        for method in ("L-BFGS-B", "SLSQP")
    ]
    assert abs(found[0].fun - found[1].fun) < 1e-9
    best = min(found, key=lambda result: result.fun)
    return {"x": best.x.tolist(), "value": float(best.fun)}


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def beale(x):
    return sum((c - x[0] * (1 - x[1] ** k)) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))


def wood(x):
    a, b, c, d = x
    return (
        100 * (b - a * a) ** 2
        + (1 - a) ** 2
        + 90 * (d - c * c) ** 2
        + (1 - c) ** 2
        + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2)
        + 19.8 * (b - 1) * (d - 1)
    )


data["bounded"] = {
    "rosenbrock": bounded(rosenbrock, [0.5, 0.5, 0.5, 2], [-2, -2, -2, 0.3], [0.8, 2, 2, 2]),
    "beale": bounded(beale, [1, 1], [0.5, 0.1], [2.5, 0.4]),
    "wood": bounded(wood, [0.5, 0, 0.5, 0], [-10, -10, -10, -10], [0.9, 10, 10, 0.5]),
}

data["root"] = root(
    lambda x: [x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1, 0.5 * (x[1] - x[0]) ** 3 + x[1]], [0, 0], tol=1e-14
).x.tolist()
data["brentq"] = [
    brentq(lambda x: x**3 - 2 * x - 5, 2, 3, xtol=1e-15),
    brentq(lambda x: np.tan(x) - x, 4, 4.6, xtol=1e-15),
    brentq(lambda x: x * np.exp(-x) - 0.1, 1, 10, xtol=1e-15),
]
data["fixedPoint"] = fixed_point(
    lambda x, a, b: np.sqrt(a / (x + b)), [1.2, 1.3], args=(np.array([10, 12.0]), np.array([3, 5.0])), xtol=1e-14
).tolist()


def ode(f, y0, ts):
    """To a tolerance far below that of the tests."""
    found = solve_ivp(f, (ts[0], ts[-1]), y0, method="DOP853", t_eval=ts, rtol=1e-13, atol=1e-13)
    assert found.success
    return {"ts": list(ts), "y": found.y.T.tolist()}


def prey(_, y):
    return [1.5 * y[0] - y[0] * y[1], y[0] * y[1] - 3 * y[1]]


def prey_and_derivatives(_, y):
    """Prey and predators with the derivatives of both in the first rate a."""
    u, v, du, dv = y
    return [1.5 * u - u * v, u * v - 3 * v, u + 1.5 * du - du * v - u * dv, du * v + u * dv - 3 * dv]


data["ode"] = {
    "lotkaVolterra": ode(prey, [10, 5], [0, 0.1, 1, 2.5, 4, 10]),
    "lotkaVolterraByRate": ode(prey_and_derivatives, [10, 5, 0, 0], [0, 0.1, 1, 2.5, 4]),
    "vanDerPol": ode(lambda _, y: [y[1], 5 * (1 - y[0] ** 2) * y[1] - y[0]], [2, 0], [0, 1, 5, 20]),
    "driven": ode(lambda t, y: [-2 * y[0] + np.sin(3 * t) * np.exp(-0.1 * t)], [1], [1, 0.5, -1, -2]),
}

with open("src/numeric/optim/testdata/scipy-solvers.json", "w") as file:
    json.dump(data, file, indent=1)
    file.write("\n")
