"""What NumPy gives for the functions that search and count, and sums and extremes of segments by ufunc.at.

Run: python3 search.py > search.json   (prints the versions on stderr and keeps them in the file)
"""
import json
import sys

import numpy as np

rng = np.random.default_rng(29)
INF = float("inf")


def flat(a):
    a = np.asarray(a)
    texts = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return {"shape": list(a.shape), "data": [texts.get(str(v), v) for v in a.ravel().tolist()]}


def vector(n, with_nan=False, dtype=float):
    x = rng.integers(-4, 5, n).astype(dtype)
    if dtype is float:
        x = x / 2
        if with_nan and n > 2:
            x[rng.integers(0, n, 2)] = np.nan
    return x


def main():
    cases = []

    def add(name, args, options, outs):
        cases.append({"name": name, "args": [flat(a) for a in args], "options": options, "outs": [flat(o) for o in outs]})

    for n in [0, 1, 2, 5, 9, 40]:
        for with_nan in [False, True]:
            x = vector(n, with_nan)
            add("unique", [x], {}, np.unique(x, return_index=True, return_inverse=True, return_counts=True))
        x = rng.integers(0, 2, n) * vector(n)
        add("nonzero", [x], {}, np.nonzero(x))
        add("argwhere", [x], {}, [np.argwhere(x)])
    grid = rng.integers(-1, 2, (3, 4)).astype(float)
    add("unique", [grid], {}, np.unique(grid, return_index=True, return_inverse=True, return_counts=True))
    add("nonzero", [grid], {}, np.nonzero(grid))
    add("argwhere", [grid], {}, [np.argwhere(grid)])
    add("nonzero", [grid.reshape(2, 3, 2)], {}, np.nonzero(grid.reshape(2, 3, 2)))
    for n in [0, 1, 2, 3, 7, 8, 33]:
        for side in ["left", "right"]:
            s = np.sort(vector(n, n == 8))
            v = np.concatenate([vector(9), [np.nan, INF, -INF, 0.25]])
            add("searchsorted", [s, v], {"side": side}, [np.searchsorted(s, v, side=side)])
    add("searchsorted", [np.array([1.0, 2.0]), grid], {}, [np.searchsorted([1.0, 2.0], grid)])
    for right in [False, True]:
        for bins in [[0.0], [-1.0, 0.0, 0.0, 1.0], [1.0, 0.5, 0.5, -1.0], [2.0, 2.0]]:
            v = vector(12)
            add("digitize", [v, np.array(bins)], {"right": right}, [np.digitize(v, bins, right=right)])
    for minlength in [0, 8]:
        i = rng.integers(0, 5, 11)
        w = vector(11)
        add("bincount", [i], {"minlength": minlength}, [np.bincount(i, minlength=minlength)])
        add("bincount", [i], {"minlength": minlength, "weights": flat(w)}, [np.bincount(i, w, minlength)])
    for density in [False, True]:
        for options in [{}, {"bins": 4}, {"bins": 3, "range": [-1, 1]}, {"bins": [-2.0, -1.0, 0.0, 0.5, 2.0]}]:
            v = np.round(rng.normal(size=25), 2)
            add("histogram", [v], {**options, "density": density}, np.histogram(v, density=density, **options))
    v = np.full(4, 3.0)
    add("histogram", [v], {"bins": 2}, np.histogram(v, bins=2))
    w = vector(25)
    v = np.round(rng.normal(size=25), 2)
    add("histogram", [v], {"bins": 5, "weights": flat(w)}, np.histogram(v, bins=5, weights=w))
    for name, ufunc, start in [
        ("segmentSum", np.add, 0.0),
        ("segmentProd", np.multiply, 1.0),
        ("segmentMax", np.maximum, -INF),
        ("segmentMin", np.minimum, INF),
    ]:
        for shape in [(9,), (7, 3), (6, 2, 2)]:
            x = np.round(rng.normal(size=shape), 3)
            ids = rng.integers(0, 5, shape[0])
            out = np.full((6, *shape[1:]), start)
            ufunc.at(out, ids, x)
            add(name, [x, ids], {"size": 6}, [out])
    versions = {"numpy": np.__version__, "python": sys.version.split()[0]}
    print(versions, file=sys.stderr)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    print('{"versions":' + json.dumps(versions) + ',"cases":[\n' + lines + "\n]}")


main()
