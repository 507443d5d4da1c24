"""Draws index expressions and what NumPy makes of them: values read, and arrays written by each word.

Run: python3 places.py > places.json   (prints the versions on stderr and keeps them in the file)
A place is written as it is in TypeScript; `masks` are nests of booleans.
"""
import json
import random
import sys

import numpy as np

random.seed(13)
SHAPES = [[5], [3, 4], [2, 3, 4], [2, 3, 2, 2], [1, 3], [4, 1, 3], [], [6, 1]]
CASES = 320


def draw_range(n):
    bound = lambda: random.choice([None, random.randint(-n - 2, n + 2)])
    start, end, step = bound(), bound(), random.choice([None, 1, 2, 3, -1, -2])
    given = {k: v for k, v in (("start", start), ("end", end), ("step", step)) if v is not None}
    return given, slice(start, end, step)


def draw_integers(n, block):
    shape = random.choice([block, block[-1:], [1] * len(block), block])
    values = np.random.default_rng(random.randrange(1 << 30)).integers(-n, n, size=shape)
    return values.tolist(), values


def draw(shape):
    """Places for an array of this shape, and the same for NumPy."""
    block = random.choice([[2], [3], [2, 2], [2, 1]])
    ours, theirs, axis, has_rest = [], [], 0, False
    style = random.choice(["basic", "mixed", "mixed", "arrays"])
    while axis < len(shape) or random.random() < 0.15:
        roll = random.random()
        if axis == len(shape) or roll < 0.08:
            ours.append("new"), theirs.append(None)
            continue
        n = shape[axis]
        if roll < 0.15 and not has_rest:
            has_rest = True
            skipped = random.randint(0, len(shape) - axis)
            ours.append("..."), theirs.append(Ellipsis)
            axis += skipped
            continue
        if random.random() < 0.12 and not has_rest:
            break
        kind = random.choice({"basic": "irn", "mixed": "irnaam", "arrays": "aai"}[style])
        if kind == "i":
            i = random.randint(-n, n - 1)
            ours.append(i), theirs.append(i)
        elif kind == "r":
            o, t = draw_range(n)
            ours.append(o), theirs.append(t)
        elif kind == "n":
            ours.append(None), theirs.append(slice(None))
        elif kind == "a":
            o, t = draw_integers(n, block)
            ours.append(o), theirs.append(t)
        else:
            rank = random.randint(1, min(2, len(shape) - axis))
            mask = np.random.default_rng(random.randrange(1 << 30)).random(shape[axis : axis + rank]) < 0.5
            ours.append(mask.tolist()), theirs.append(mask)
            axis += rank - 1
        axis += 1
    return ours, tuple(theirs)


def main():
    cases = []
    while len(cases) < CASES:
        shape = random.choice(SHAPES)
        ours, theirs = draw(shape)
        x = np.asarray(np.arange(np.prod(shape), dtype=float).reshape(shape) + 1)
        try:
            read = x[theirs]
        except IndexError:
            continue  # places that do not fit: another draw
        read = np.asarray(read)
        if read.size > 60:
            continue
        lead = random.choice([0, 0, 1, read.ndim])
        values = np.asarray((np.arange(np.prod(read.shape[lead:]), dtype=float).reshape(read.shape[lead:]) * 3) % 7 + 2)
        written = {}
        put = x.copy()
        put[theirs] = values
        written["setAt"] = put
        word, ufunc = random.choice([("mulAt", np.multiply), ("minAt", np.minimum), ("maxAt", np.maximum)])
        for name, f in (("addAt", np.add), (word, ufunc)):
            out = x.copy()
            # repeated before, since ufunc.at of NumPy 2.2 leaves values out where it has to repeat them
            f.at(out, theirs, np.broadcast_to(values, read.shape).copy())
            written[name] = out
        flat = lambda a: [int(v) for v in a.ravel()]
        cases.append(
            {
                "shape": shape,
                "places": ours,
                "read": {"shape": list(read.shape), "data": flat(read)},
                "values": {"shape": list(values.shape), "data": flat(values)},
                "written": {name: flat(out) for name, out in written.items()},
            }
        )
    versions = {"numpy": np.__version__, "python": sys.version.split()[0]}
    print(versions, file=sys.stderr)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    print('{"versions":' + json.dumps(versions) + ',"cases":[\n' + lines + "\n]}")


main()
