# Reference values of functions of arrays, made with NumPy and SciPy. Prints the versions and writes arrays.json beside this file:
#
#     python3 test/testdata/numpy/arrays.py
#
# A case is { f, args, out }: the name of ours, what it is called with, and what NumPy gives. Tensors are { shape, dtype, data };
# numbers that JSON lacks are texts.
import json
import math
import os
import sys
import warnings

import numpy as np
import scipy
import scipy.ndimage
import scipy.spatial.distance
import scipy.special

warnings.filterwarnings("ignore")
np.seterr(all="ignore")
rng = np.random.default_rng(1313)
cases = []


def number(v):
    v = float(v)
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    return v


dtypes = {"float64": "float64", "float32": "float32", "int64": "int32", "int32": "int32", "uint32": "uint32", "uint8": "int32", "bool": "bool", "intc": "int32"}


def encode(x):
    if isinstance(x, np.ndarray) or isinstance(x, np.generic):
        x = np.asarray(x)
        return {"shape": list(x.shape), "dtype": dtypes[str(x.dtype)], "data": [number(v) for v in x.ravel()]}
    if isinstance(x, (list, tuple)):
        return [encode(v) for v in x]
    if isinstance(x, dict):
        return {k: encode(v) for k, v in x.items()}
    if isinstance(x, float):
        return number(x)
    return x


def case(f, args, out):
    if isinstance(out, (list, tuple)):
        out = [np.asarray(o) for o in out]
    else:
        out = np.asarray(out)
    cases.append({"f": f, "args": encode(list(args)), "out": encode(out)})


def draw(*shape):
    return np.round(rng.normal(size=shape), 3)


inf, nan = math.inf, math.nan
special = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, inf, -inf, nan])
left, right = [g.ravel() for g in np.meshgrid(special, special)]
pairs = [(left, right), (draw(2, 3), draw(3)), (draw(2, 1, 3), draw(4, 1)), (np.float32(draw(5)), np.float32(draw(5)))]

# elementwise
for f, g in {
    "mod": np.mod, "remainder": np.remainder, "fmod": np.fmod, "floorDivide": np.floor_divide, "divmod": np.divmod,
    "hypot": np.hypot, "copysign": np.copysign, "heaviside": np.heaviside, "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2,
    "xlogy": scipy.special.xlogy, "fmax": np.fmax, "fmin": np.fmin, "floatPower": np.power,
}.items():
    for x, y in pairs:
        case(f, [x, y], g(x, y))
case("logaddexp", [np.array([1000.0, -1e20, 0.1]), np.array([1000.5, 1.0, 0.1])], np.logaddexp([1000.0, -1e20, 0.1], [1000.5, 1.0, 0.1]))
case("hypot", [np.array([3e200, 1e-200]), np.array([4e200, 1e-200])], np.hypot([3e200, 1e-200], [4e200, 1e-200]))
whole = np.array([7, -7, 7, -7, 0], dtype=np.int32)
by = np.array([2, 2, -2, -2, 3], dtype=np.int32)
for f, g in {"mod": np.mod, "floorDivide": np.floor_divide, "divmod": np.divmod, "fmod": np.fmod}.items():
    case(f, [whole, by], g(whole, by))
for f, g in {
    "modf": np.modf, "signbit": np.signbit, "nanToNum": np.nan_to_num, "sinc": np.sinc, "deg2rad": np.deg2rad, "rad2deg": np.rad2deg,
    "radians": np.radians, "degrees": np.degrees, "isInf": np.isinf, "isPosInf": np.isposinf, "isNegInf": np.isneginf,
    "frexp": np.frexp,
}.items():
    for x in [special[:-1] if f in ("sinc", "frexp") else special, draw(2, 3)]:
        case(f, [x], g(x) if f != "sinc" else np.where(np.isinf(x), nan, g(x)))
case("frexp", [np.array([5e-324, 1e-310, 2.0**52, 0.5, -3.0])], np.frexp(np.array([5e-324, 1e-310, 2.0**52, 0.5, -3.0])))
case("ldexp", [np.array([1.0, 1.5, -3.0]), np.array([1074 - 2148, 900, 3], dtype=np.int32)], np.ldexp(np.array([1.0, 1.5, -3.0]), [-1074, 900, 3]))
case("nanToNum", [special, {"nan": 0.5, "posinf": 9.0, "neginf": -9.0}], np.nan_to_num(special, nan=0.5, posinf=9.0, neginf=-9.0))
case("sinc", [np.array([1e-9, 1e-4, 0.3, 0.32, 1.5, 20.25])], np.sinc([1e-9, 1e-4, 0.3, 0.32, 1.5, 20.25]))
ends = np.array([0.0, 1.0, 1.0, -1.0, 2.0, 5e-324, 1.5, inf, -inf, 1.7976931348623157e308, 3.0, nan, 2.2250738585072014e-308])
towards = np.array([1.0, 2.0, 0.0, 0.0, -5.0, -1.0, 1.5, 0.0, 0.0, inf, nan, 1.0, 0.0])
case("nextafter", [ends, towards], np.nextafter(ends, towards))
case("nextafter", [np.float32([1.0, 1.0, 0.0, 3.0]), np.float32([2.0, 0.0, -1.0, 9.0])], np.nextafter(np.float32([1.0, 1.0, 0.0, 3.0]), np.float32([2.0, 0.0, -1.0, 9.0])))
case("rsqrt", [np.array([4.0, 0.25, 0.0])], 1 / np.sqrt(np.array([4.0, 0.25, 0.0])))
truth = np.array([True, False, True, False]), np.array([True, True, False, False])
case("logicalXor", list(truth), np.logical_xor(*truth))
bits = np.array([0, 1, -1, 12345, -98765, 2**31 - 1, -(2**31)], dtype=np.int32)
mask = np.array([255, 3, 7, 1 << 30, -8, 5, 1], dtype=np.int32)
words = bits.view(np.uint32)
for f, g in {"bitwiseAnd": np.bitwise_and, "bitwiseOr": np.bitwise_or, "bitwiseXor": np.bitwise_xor}.items():
    case(f, [bits, mask], g(bits, mask))
    case(f, [words, mask.view(np.uint32)], g(words, mask.view(np.uint32)))
    case(f, list(truth), g(*truth))
for x in [bits, words, truth[0]]:
    case("bitwiseNot", [x], np.invert(x))
counts = np.array([0, 1, 5, 31, 4, 2, 9], dtype=np.int32)
case("leftShift", [bits, counts], np.left_shift(bits, counts))
case("rightShift", [bits, counts], np.right_shift(bits, counts))
case("rightShift", [words, counts.astype(np.uint32)], np.right_shift(words, counts.astype(np.uint32)))
case("bitwiseCount", [bits], np.bitwise_count(bits))
case("bitwiseCount", [words], np.bitwise_count(words))
clipped = draw(2, 3)
low, high = np.array([-0.5, 0.0, 0.25]), np.array([[0.5], [1.0]])
case("clip", [clipped, low, high], np.clip(clipped, low, high))
case("clip", [clipped, None, high], np.clip(clipped, None, high))
case("clip", [clipped, low, None], np.clip(clipped, low, None))

# reductions
cube = draw(2, 3, 4)
holes = cube.copy()
holes[0, 1, 2] = holes[1, 0, 0] = holes[1, 2, 3] = nan
holes[0, 0, :] = nan
chosen = rng.random((2, 3, 4)) < 0.6
chosen[0, 0, 0] = True
axes = [None, 0, 1, -1, (0, 2)]


def options(axis, **more):
    given = {k: v for k, v in more.items() if v is not None}
    if axis is not None:
        given["axis"] = list(axis) if isinstance(axis, tuple) else axis
    return given


for axis in axes:
    for f, g in {"sum": np.sum, "prod": np.prod, "mean": np.mean, "std": np.std, "variance": np.var, "max": np.max, "min": np.min}.items():
        case(f, [cube, options(axis, keepdims=True)], g(cube, axis=axis, keepdims=True))
        extra = {"initial": -inf} if f == "max" else {"initial": inf} if f == "min" else {}
        case(f, [cube, options(axis, where=chosen)], g(cube, axis=axis, where=chosen, **extra))
    for f, g in {"std": np.std, "variance": np.var}.items():
        case(f, [cube, options(axis, ddof=1)], g(cube, axis=axis, ddof=1))
    for f, g in {"all": np.all, "any": np.any}.items():
        case(f, [chosen, options(axis)], g(chosen, axis=axis))
        case(f, [chosen, options(axis, where=cube > 0)], g(chosen, axis=axis, where=cube > 0))
    for f, g in {
        "nansum": np.nansum, "nanprod": np.nanprod, "nanmean": np.nanmean, "nanstd": np.nanstd, "nanvar": np.nanvar, "nanmax": np.nanmax,
        "nanmin": np.nanmin, "nanmedian": np.nanmedian,
    }.items():
        case(f, [holes, options(axis)], g(holes, axis=axis))
    case("median", [cube, options(axis)], np.median(cube, axis=axis))
    case("median", [holes, options(axis)], np.median(holes, axis=axis))
    case("ptp", [cube, options(axis)], np.ptp(cube, axis=axis))
    case("countNonzero", [np.round(cube), options(axis)], np.count_nonzero(np.round(cube), axis=axis).astype(np.int64) if axis is not None else np.int64(np.count_nonzero(np.round(cube))))
    for method in ["linear", "lower", "higher", "midpoint", "nearest"]:
        q = np.array([0.0, 0.3, 0.5, 1.0])
        case("quantile", [cube, q, options(axis, method=method)], np.quantile(cube, q, axis=axis, method=method))
        case("nanquantile", [holes, 0.3, options(axis, method=method)], np.nanquantile(holes, 0.3, axis=axis, method=method))
    case("quantile", [cube, 0.25, options(axis, keepdims=True)], np.quantile(cube, 0.25, axis=axis, keepdims=True))
    case("percentile", [cube, 80, options(axis)], np.percentile(cube, 80, axis=axis))
    case("nanpercentile", [holes, 35, options(axis)], np.nanpercentile(holes, 35, axis=axis))
case("median", [np.array([1.0, inf, inf])], inf)
case("median", [np.array([inf, inf])], inf)
case("argmax", [cube], np.argmax(cube))
case("argmin", [cube, {"axis": 1, "keepdims": True}], np.argmin(cube, axis=1, keepdims=True))
some = np.where(np.isnan(holes), 0.25, holes)
some[0, 1, 2] = nan
case("nanargmax", [some, {"axis": 1}], np.nanargmax(some, axis=1))
case("nanargmin", [some, {"axis": 1}], np.nanargmin(some, axis=1))
case("average", [cube, {"axis": 1, "weights": np.array([1.0, 2.0, 0.5])}], np.average(cube, axis=1, weights=[1.0, 2.0, 0.5]))
weights = np.abs(draw(2, 3, 4))
case("average", [cube, {"weights": weights}], np.average(cube, weights=weights))
table, more = draw(3, 5), draw(2, 5)
case("cov", [table], np.cov(table))
case("cov", [table, {"rowvar": False, "ddof": 0}], np.cov(table, rowvar=False, ddof=0))
case("cov", [table, {"y": more}], np.cov(table, more))
case("cov", [table[0]], np.cov(table[0]))
case("corrcoef", [table], np.corrcoef(table))

# along an axis
for axis in [None, 0, 1, -1]:
    for f, g in {"cumsum": np.cumsum, "cumprod": np.cumprod, "cummax": np.maximum.accumulate, "cummin": np.minimum.accumulate, "logcumsumexp": np.logaddexp.accumulate}.items():
        case(f, [cube, options(axis)], g(cube.ravel() if axis is None else cube, axis=0 if axis is None else axis))
    case("nancumsum", [holes, options(axis)], np.nancumsum(holes, axis=axis))
    case("nancumprod", [holes, options(axis)], np.nancumprod(holes, axis=axis))
steep = np.array([-inf, -inf, -800.0, 3.0, 700.0, 1000.0, -5.0])
case("logcumsumexp", [steep], np.logaddexp.accumulate(steep))
case("logcumsumexp", [np.array([1.0, inf, 2.0])], np.array([1.0, inf, inf]))
case("cummax", [np.array([1.0, nan, 2.0])], np.array([1.0, nan, nan]))
for axis in [0, 1, 2]:
    case("diff", [cube, {"axis": axis}], np.diff(cube, axis=axis))
    case("trapezoid", [cube, {"axis": axis, "dx": 0.5}], np.trapezoid(cube, axis=axis, dx=0.5))
    places = np.sort(draw(cube.shape[axis]))
    case("trapezoid", [cube, {"axis": axis, "x": places}], np.trapezoid(cube, x=places, axis=axis))
    case("gradient", [cube, {"axis": axis}], np.gradient(cube, axis=axis))
    case("gradient", [cube, {"axis": axis, "spacing": 0.5}], np.gradient(cube, 0.5, axis=axis))
    case("gradient", [cube, {"axis": axis, "spacing": np.arange(cube.shape[axis]) ** 1.5}], np.gradient(cube, np.arange(cube.shape[axis]) ** 1.5, axis=axis))
case("diff", [cube, {"n": 2}], np.diff(cube, n=2))
case("diff", [cube[0, 0], {"prepend": 0.5, "append": np.array([1.0, 2.0])}], np.diff(cube[0, 0], prepend=0.5, append=[1.0, 2.0]))
case("diff", [truth[0]], np.diff(truth[0]))
case("ediff1d", [cube], np.ediff1d(cube))
case("gradient", [cube[0], {"axis": [0, 1]}], np.gradient(cube[0]))

# arrangements
case("moveaxis", [cube, 0, -1], np.moveaxis(cube, 0, -1))
case("moveaxis", [cube, [0, 1], [2, 0]], np.moveaxis(cube, [0, 1], [2, 0]))
case("swapaxes", [cube, 0, 2], np.swapaxes(cube, 0, 2))
case("matrixTranspose", [cube], np.swapaxes(cube, 1, 2))
case("repeat", [cube, 2], np.repeat(cube, 2))
case("repeat", [cube, 3, {"axis": 1}], np.repeat(cube, 3, axis=1))
case("repeat", [cube, [2, 0, 1], {"axis": 1}], np.repeat(cube, [2, 0, 1], axis=1))
case("tile", [cube, 2], np.tile(cube, 2))
case("tile", [cube[0], [2, 1, 3]], np.tile(cube[0], (2, 1, 3)))
case("roll", [cube, 5], np.roll(cube, 5))
case("roll", [cube, -1, {"axis": 1}], np.roll(cube, -1, axis=1))
case("roll", [cube, [1, 2], {"axis": [0, 2]}], np.roll(cube, (1, 2), axis=(0, 2)))
line = draw(7)
case("split", [cube, 2, {"axis": 2}], np.split(cube, 2, axis=2))
case("split", [line, [2, 5]], np.split(line, [2, 5]))
case("arraySplit", [line, 3], np.array_split(line, 3))
case("hsplit", [cube, 3], np.hsplit(cube, 3))
case("vsplit", [cube, 2], np.vsplit(cube, 2))
case("dsplit", [cube, 2], np.dsplit(cube, 2))
case("unstack", [cube, {"axis": 1}], [cube[:, i] for i in range(3)])
for f, g in {"atleast1d": np.atleast_1d, "atleast2d": np.atleast_2d, "atleast3d": np.atleast_3d}.items():
    for x in [np.float64(2.5), line, cube[0], cube]:
        case(f, [x], g(x))
for f, g in {"hstack": np.hstack, "vstack": np.vstack, "dstack": np.dstack, "columnStack": np.column_stack}.items():
    for xs in [[line, line * 2], [cube[0], cube[1]]]:
        case(f, [xs], g(xs))
case("block", [[[cube[0], cube[1]], [cube[1], cube[0]]]], np.block([[cube[0], cube[1]], [cube[1], cube[0]]]))
case("append", [cube, line], np.append(cube, line))
case("append", [cube[0], cube[1], {"axis": 1}], np.append(cube[0], cube[1], axis=1))
case("remove", [line, [1, -1]], np.delete(line, [1, -1]))
case("remove", [cube, 1, {"axis": 2}], np.delete(cube, 1, axis=2))
case("insert", [line, [1, 3], np.array([9.0, 8.0])], np.insert(line, [1, 3], [9.0, 8.0]))
case("insert", [cube[0], 2, np.array([9.0, 8.0, 7.0]), {"axis": 1}], np.insert(cube[0], 2, [9.0, 8.0, 7.0], axis=1))
case("insert", [line, 0, 5.0], np.insert(line, 0, 5.0))
for k in [-1, 0, 1, 2, 3]:
    case("rot90", [cube, {"k": k}], np.rot90(cube, k))
case("rot90", [cube, {"axes": [2, 1]}], np.rot90(cube, axes=(2, 1)))
case("fliplr", [cube], np.fliplr(cube))
case("flipud", [cube], np.flipud(cube))
case("broadcastArrays", [line[:3], cube[:, :, :1]], np.broadcast_arrays(line[:3], cube[:, :, :1]))
case("meshgrid", [[line[:2], line[2:5]]], np.meshgrid(line[:2], line[2:5]))
case("meshgrid", [[line[:2], line[2:5], line[:4]], {"indexing": "ij"}], np.meshgrid(line[:2], line[2:5], line[:4], indexing="ij"))
case("resize", [cube[0], [5, 4]], np.resize(cube[0], (5, 4)))
flat = cube[0]
for mode in ["edge", "reflect", "symmetric", "wrap"]:
    case("pad", [flat, [[2, 3], [5, 1]], {"mode": mode}], np.pad(flat, [(2, 3), (5, 1)], mode=mode))
case("pad", [flat, 2], np.pad(flat, 2))
case("pad", [flat, [1, 2], {"value": 0.5}], np.pad(flat, (1, 2), constant_values=0.5))

# diagonals
for k in [-4, -1, 0, 1, 3, 4]:
    case("diagonal", [cube, {"offset": k, "axis1": 1, "axis2": 2}], np.diagonal(cube, k, 1, 2))
    case("trace", [cube, {"offset": k, "axis1": 0, "axis2": 2}], np.trace(cube, k, 0, 2))
    case("diag", [flat, {"k": k}], np.diag(flat, k))
    case("diag", [line, {"k": k}], np.diag(line, k))
    case("tril", [cube, {"k": k}], np.tril(cube, k))
    case("triu", [cube, {"k": k}], np.triu(cube, k))
    case("tri", [3, {"columns": 5, "k": k}], np.tri(3, 5, k))
    case("eye", [3, 5, {"k": k}], np.eye(3, 5, k))
    case("trilIndices", [3, {"columns": 4, "k": k}], np.tril_indices(3, k, 4))
    case("triuIndices", [3, {"columns": 4, "k": k}], np.triu_indices(3, k, 4))
case("diagflat", [flat], np.diagflat(flat))
filled = draw(4, 3)
full = filled.copy()
np.fill_diagonal(full, 7.0)
case("fillDiagonal", [filled, 7], full)
case("diagIndices", [3], np.diag_indices(3))
case("vander", [line], np.vander(line))
case("vander", [line, {"n": 3, "increasing": True}], np.vander(line, 3, increasing=True))

# creation
case("geomspace", [1, 1000, 7], np.geomspace(1, 1000, 7))
case("geomspace", [-2, -32, 5], np.geomspace(-2, -32, 5))
case("logspace", [-1, 3, 6], np.logspace(-1, 3, 6))
case("logspace", [0, 4, 5, {"base": 2}], np.logspace(0, 4, 5, base=2))
case("identity", [3], np.identity(3))
case("fullLike", [bits, 7], np.full_like(bits, 7))
for n in [0, 1, 2, 5, 8]:
    for f, g in {"hanning": np.hanning, "hamming": np.hamming, "blackman": np.blackman, "bartlett": np.bartlett}.items():
        case(f, [n], g(n))

# products
threes = draw(4, 3), draw(3)
case("cross", list(threes), np.cross(*threes))
columns = draw(3, 2), draw(3, 2)
case("cross", [*columns, {"axis": 0}], np.cross(*columns, axis=0))
matrix, other = draw(5, 4), draw(2, 4)
case("inner", [cube, matrix], np.inner(cube, matrix))
case("inner", [line, line[::-1].copy()], np.inner(line, line[::-1]))
case("vdot", [matrix, matrix * 2], np.vdot(matrix, matrix * 2))
case("vecdot", [cube, cube[0]], np.vecdot(cube, cube[0]))
case("vecdot", [cube, cube * 2, {"axis": 1}], np.vecdot(cube, cube * 2, axis=1))
case("matvec", [cube, other], np.einsum("bij,bj->bi", cube, other))
case("matvec", [matrix, other[0]], matrix @ other[0])
row = draw(3)
case("vecmat", [row, cube], np.einsum("i,bij->bj", row, cube))
case("tensordot", [cube, flat], np.tensordot(cube, flat))
case("tensordot", [cube, matrix, [2, 1]], np.tensordot(cube, matrix, ([2], [1])))
case("tensordot", [line, other, 0], np.tensordot(line, other, 0))
operands = [draw(2, 3), draw(3, 40), draw(40, 2), draw(2, 5)]
case("einsum", ["ij,jk,kl,lm->im", *operands], np.einsum("ij,jk,kl,lm->im", *operands))
stackedOperand = draw(1, 4, 2)
case("einsum", ["...ij,...jk->...ik", cube, stackedOperand], np.einsum("...ij,...jk->...ik", cube, stackedOperand))

# comparisons
near = cube + np.where(chosen, 1e-6, 1e-3)
case("isclose", [cube, near], np.isclose(cube, near))
case("isclose", [left, right], np.isclose(left, right))
case("isclose", [left, right, {"equalNaN": True}], np.isclose(left, right, equal_nan=True))
case("allclose", [cube, cube * (1 + 1e-7)], np.allclose(cube, cube * (1 + 1e-7)))
case("allclose", [cube, near], np.allclose(cube, near))
case("arrayEqual", [bits, bits], np.array_equal(bits, bits))
case("arrayEqual", [bits, bits[:3]], False)
case("arrayEquiv", [flat, np.stack([flat, flat])], True)
members = [np.array([3, 1, 2, 3, 7], dtype=np.int32), np.array([7, 3, 9, 3], dtype=np.int32)]
case("intersect1d", members, np.intersect1d(*members))
case("union1d", members, np.union1d(*members))
case("setdiff1d", members, np.setdiff1d(*members))
case("setxor1d", members, np.setxor1d(*members))
case("isin", [bits, np.array([1, -1, 5], dtype=np.int32)], np.isin(bits, [1, -1, 5]))

# choices
case("select", [[line < 0, line < 1], [line, line * 10], 99], np.select([line < 0, line < 1], [line, line * 10], 99))
case("ravelMultiIndex", [[np.array([1, 2], dtype=np.int32), np.array([0, 3], dtype=np.int32)], [3, 4]], np.ravel_multi_index(([1, 2], [0, 3]), (3, 4)))
case("unravelIndex", [np.array([4, 11, 0], dtype=np.int32), [3, 4]], np.unravel_index([4, 11, 0], (3, 4)))
keys = np.round(draw(9)), np.round(draw(9))
case("lexsort", [list(keys)], np.lexsort(keys))

# polynomials and signals
a, b = draw(6), draw(3)
for mode in ["full", "same", "valid"]:
    for x, y in [(a, b), (b, a), (a, draw(4)), (a, a)]:
        case("convolve", [x, y, mode], np.convolve(x, y, mode))
        case("correlate", [x, y, mode], np.correlate(x, y, mode))
case("polyval", [b, matrix], np.polyval(b, matrix))
case("polyadd", [a, b], np.polyadd(a, b))
case("polysub", [b, a], np.polysub(b, a))
case("polymul", [a, b], np.polymul(a, b))
case("polyder", [a], np.polyder(a))
case("polyder", [a, 2], np.polyder(a, 2))
case("polyint", [a], np.polyint(a))
case("polyint", [a, 2], np.polyint(a, 2))
xs = np.sort(draw(20)) * 3 + 10
ys = draw(20)
for degree in [0, 1, 3, 7]:
    case("polyfit", [xs, ys, degree], np.polyfit(xs, ys, degree))
case("polyfit", [xs, np.stack([ys, ys * xs], 1), 2], np.polyfit(xs, np.stack([ys, ys * xs], 1), 2))
at = np.array([-5.0, -1.0, 0.0, 0.4, 1.0, 1.5, 2.0, 7.0, nan])
knots, heights = np.array([-1.0, 0.0, 1.0, 2.0, 4.0]), np.array([2.0, -1.0, 0.5, 3.0, -2.0])
case("interp", [at, knots, heights], np.interp(at, knots, heights))
case("interp", [at, knots, heights, {"left": -9.0, "right": 9.0}], np.interp(at, knots, heights, left=-9.0, right=9.0))
angles = np.cumsum(draw(3, 12) * 2, axis=1)
case("unwrap", [np.angle(np.exp(1j * angles))], np.unwrap(np.angle(np.exp(1j * angles))))
case("unwrap", [np.array([0.0, 3.0, 1.0, 5.0, 2.0]), {"period": 4}], np.unwrap([0.0, 3.0, 1.0, 5.0, 2.0], period=4))

case("interp", [at, np.array([2.5, 0.3, 7.1, 1.9]), np.array([1.0, -2.0, 0.5, 3.0]), {"period": 3}], np.interp(at, [2.5, 0.3, 7.1, 1.9], [1.0, -2.0, 0.5, 3.0], period=3))
case("interp", [at, np.array([1.0]), np.array([4.0]), {"period": 2}], np.interp(at, [1.0], [4.0], period=2))
for start, stop, count in [(2.0, -3.0, 7), (1.0, 4.0, 1), (1.0, 4.0, 0)]:
    case("linspace", [start, stop, count, {"endpoint": False}], np.linspace(start, stop, count, endpoint=False))
    case("logspace", [start, stop, count, {"endpoint": False, "base": 2}], np.logspace(start, stop, count, endpoint=False, base=2))
case("geomspace", [1.0, 256.0, 8, {"endpoint": False}], np.geomspace(1, 256, 8, endpoint=False))
case("geomspace", [-3.0, -100.0, 1, {"endpoint": False}], np.geomspace(-3, -100, 1, endpoint=False))
case("geomspace", [1.0, 256.0, 2], np.geomspace(1, 256, 2))
for axes in [[0], [0, -1], [1, 2], [-2, 0, -1], []]:
    case("expandDims", [matrix, axes], np.expand_dims(matrix, tuple(axes)))
for left, right in [((2, 3), (4, 3, 2)), ((4, 2, 3), (3,)), ((4, 2, 3), (5, 3, 2)), ((3,), (4, 3, 2)), ((1, 2, 0), (4, 0, 1))]:
    x, y = draw(*left), draw(*right)
    case("dot", [x, y], np.dot(x, y))

versions = {"numpy": np.__version__, "scipy": scipy.__version__, "python": sys.version.split()[0]}
# samples and distances
for shape in [(5,), (3, 4), (2, 3, 3)]:
    image = draw(*shape)
    at = np.stack([np.round(rng.uniform(-1.7 * n, 2.6 * n, 12), 2) for n in shape])
    at[:, :3] = np.round(at[:, :3])
    for order in [0, 1]:
        for mode in ["constant", "grid-constant", "nearest", "mirror", "reflect", "wrap", "grid-wrap"]:
            if len(shape) < 3 or (order == 1 and mode != "nearest"):
                ours = mode.replace("-c", "C").replace("-w", "W")
                sampled = scipy.ndimage.map_coordinates(image, at, order=order, mode=mode, cval=0.5)
                case("mapCoordinates", [image, at, {"order": order, "mode": ours, "value": 0.5}], sampled)
rows, others = draw(4, 3), draw(3, 3)
others[1] = rows[2]
others[0, 1] = rows[0, 1]
for exponent in [0.5, 1.0, 1.5, 2.0, 3.0, 7.5]:
    case("cdist", [rows, others, {"p": exponent}], scipy.spatial.distance.cdist(rows, others, "minkowski", p=exponent))

# splines; on short axes SciPy sums the first coefficient of the mode reflect with an error
line, plane = draw(40), draw(4, 3)
along = np.round(rng.uniform(-22, 70, (1, 12)), 2)
across = np.round(rng.uniform(-1, 4, (2, 6)), 2)
for order in [2, 3, 4, 5]:
    for mode in ["constant", "grid-constant", "nearest", "mirror", "reflect", "wrap", "grid-wrap"]:
        ours = mode.replace("-c", "C").replace("-w", "W")
        # SciPy extends the axis by 12 elements in these modes, and has errors of 1e-5 beyond
        places = np.clip(along, -3, 42) if mode in ("nearest", "grid-constant") else along
        sampled = scipy.ndimage.map_coordinates(line, places, order=order, mode=mode, cval=0.5)
        case("mapCoordinates", [line, places, {"order": order, "mode": ours, "value": 0.5}], sampled)
case("mapCoordinates", [plane, across, {"order": 3, "mode": "mirror"}], scipy.ndimage.map_coordinates(plane, across, order=3, mode="mirror"))

print(versions, len(cases), "cases")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "arrays.json"), "w") as file:
    file.write('{"versions":' + json.dumps(versions) + ',"cases":[\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
