"""Writes general-matrices.json: real matrices with their eigenvalues, square roots and logarithms.

    python3 general-matrices.py > general-matrices.json

Values are computed with mpmath at 60 digits. `condition` is the largest condition number of an eigenvalue, multiplied by
the norm of the matrix: the change of an eigenvalue by a rounding error of size 1. It is null for matrices that lack
eigenvectors; their eigenvalues are exact multiples of the given ones. The script checks that NumPy agrees, and
prints where SciPy (1.17) does not. A root or logarithm is null if it does not exist, or if an eigenvalue is so close to the branch cut
or to 0 that rounding errors decide.
"""

import json
import sys
import warnings

import mpmath as mp
import numpy as np
import scipy.linalg as sl

mp.mp.dps = 60
rng = np.random.default_rng(11)
matrices = {}


def add(name, a):
    matrices[name] = np.array(a, dtype=float)


def rounded(a):
    return np.round(np.array(a) * 64) / 64


for n in (1, 2, 3, 4, 5, 6):
    add(f"normal numbers {n}", rounded(rng.standard_normal((n, n))))
    add(f"uniform numbers {n}", rounded(rng.random((n, n))))
for n in (2, 3, 5):
    add(f"defective {n}", np.eye(n, k=1) + 2 * np.eye(n))
    add(f"defective, lower {n}", np.eye(n, k=-1) - 2 * np.eye(n))
    add(f"nilpotent {n}", np.eye(n, k=1))
    add(f"companion {n}", sl.companion([1, *rounded(rng.standard_normal(n))]))
    add(f"cycle {n}", np.roll(np.eye(n), 1, 0))
    add(f"upper triangle {n}", np.triu(rounded(rng.standard_normal((n, n)))))
    add(f"lower triangle {n}", np.tril(rounded(rng.standard_normal((n, n)))))
for n in (1, 3):
    add(f"zeros {n}", np.zeros((n, n)))
    add(f"identity {n}", np.eye(n))
for n in (3, 6):
    d = 2.0 ** rng.integers(-25, 25, n)
    add(f"badly scaled {n}", rounded(rng.standard_normal((n, n))) * d[:, None] / d)
    add(f"scaled rows {n}", rounded(rng.standard_normal((n, n))) * d[:, None])
    x = rounded(rng.standard_normal((n, n)))
    add(f"symmetric {n}", x + x.T)
    add(f"skew {n}", x - x.T)
    add(f"positive definite {n}", x @ x.T + np.eye(n))
add("huge", rounded(rng.standard_normal((4, 4))) * 2.0**900)
add("tiny", rounded(rng.standard_normal((4, 4))) * 2.0**-900)
add("permutation", np.eye(6)[[3, 0, 5, 4, 1, 2]])
add("two cycles", np.eye(4)[[1, 0, 3, 2]])
add("repeated pair, semisimple", np.kron(np.eye(2), [[0, -1], [1, 0]]))
add("repeated pair, defective", np.kron(np.eye(2), [[0, -1], [1, 0]]) + np.eye(4, k=2))
add("negative and positive", np.diag([-4, 9, -1]))
add("minus identity", -np.eye(2))
add("half turn and more", [[-1, 2, 0], [-2, -1, 1], [0, 0, 3]])
add("near identity", np.eye(3) + 2.0**-30 * rounded(rng.standard_normal((3, 3))))
add("far from normal", [[1, 2.0**20, 3], [0, 2, 2.0**18], [0, 0, 3]])
add("Frank", [[5 - max(i, j) if j >= i - 1 else 0 for j in range(5)] for i in range(5)])
add("rotation by 3.1", [[np.cos(3.1), -np.sin(3.1)], [np.sin(3.1), np.cos(3.1)]])
add("stochastic", [[0.5, 0.25, 0.125], [0.25, 0.5, 0.25], [0.25, 0.25, 0.625]])


def floats(x):
    return [float(v) for v in x]


def parts(x, n):
    entries = [mp.mpc(x[i, j]) for i in range(n) for j in range(n)]
    return {"re": floats(v.real for v in entries), "im": floats(v.imag for v in entries)}


def by_vectors(values, v, inverse, f, n):
    return v * mp.diag([f(w) for w in values]) * inverse


cases = []
for name, a in matrices.items():
    n = len(a)
    scale = mp.mpf(float(np.abs(a).max()) or 1.0)
    scaled = mp.matrix(a.tolist()) / scale
    case = {"name": name, "a": a.tolist()}
    is_defective = name.startswith(("defective", "nilpotent")) or name.endswith("defective")
    # the exact multiple eigenvalue of a defective matrix is on its diagonal, or ±i
    if is_defective:
        values = [mp.mpc(0, s) for s in (1, -1, 1, -1)] if "pair" in name else [mp.mpc(a[i, i]) for i in range(n)]
        case["condition"] = None
    else:
        values, v = mp.eig(scaled)
        inverse = mp.inverse(v)
        conditions = [mp.norm(inverse[i, :]) * mp.norm(v[:, i]) for i in range(n)]
        case["condition"] = float(max(conditions) * mp.norm(scaled) * scale)
        values = [w * scale for w in values]
        eps = mp.mpf(10) ** -40 * scale
        values = [mp.mpc(0 if abs(mp.re(w)) < eps else mp.re(w), 0 if abs(mp.im(w)) < eps else mp.im(w)) for w in values]
    values.sort(key=lambda w: (float(w.real), float(w.imag)))
    case["values"] = {"re": floats(w.real for w in values), "im": floats(w.imag for w in values)}
    if not is_defective:
        found = sorted(np.linalg.eigvals(a / float(scale)) * 1.0, key=lambda w: (w.real, w.imag))
        for w in values:
            assert min(abs(complex(w / scale) - z) for z in found) <= 1e-14 * max(1, case["condition"] / float(scale)), name
    size = max(abs(w) for w in values)
    is_singular = min(abs(w) for w in values) <= mp.mpf(10) ** -12 * size
    for key, function, peer in (("sqrtm", mp.sqrt, sl.sqrtm), ("logm", mp.log, sl.logm)):
        case[key] = None
        if is_singular or (is_defective and "pair" in name):
            continue
        if is_defective:
            # by Taylor's formula at the eigenvalue, on the powers of the nilpotent part
            w = mp.mpc(values[0])
            nilpotent = mp.matrix(a.tolist()) - mp.eye(n) * w
            total, power = mp.zeros(n), mp.eye(n)
            for j in range(n):
                total += power * mp.diff(function, w, j, h=mp.mpf(10) ** -20) / mp.factorial(j) if j else power * function(w)
                power = power * nilpotent
        else:
            ordered, v = mp.eig(scaled)
            ordered = [w * scale for w in ordered]
            ordered = [mp.mpc(mp.re(w), 0 if abs(mp.im(w)) < eps else mp.im(w)) for w in ordered]
            total = by_vectors(ordered, v, mp.inverse(v), function, n)
        case[key] = parts(total, n)
        if n > 1 and 1e-100 < scale < 1e100:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = np.array(peer(a))
            mine = np.array(case[key]["re"]) + 1j * np.array(case[key]["im"])
            error = np.abs(theirs.ravel() - mine).max() / max(np.abs(mine).max(), 1e-3)
            if not error < 1e-9:
                print(f"{key} of {name}: SciPy differs by {error:.1e}", file=sys.stderr)
    cases.append(case)
print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")
