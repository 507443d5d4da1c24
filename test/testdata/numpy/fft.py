# Reference values of Fourier transforms, made with NumPy, and of cosine transforms, made with SciPy. Prints the version and writes fft.json beside this file:
#
#     python3 test/testdata/numpy/fft.py
#
# A case is { f, x, options, out }: the name of ours, its operand, its options, and what NumPy gives. Arrays are { shape, re, im }, real
# ones without im.
import json
import os

import numpy as np
import scipy.fft

rng = np.random.default_rng(7)
cases = []


def encode(x):
    x = np.asarray(x)
    parts = {"shape": list(x.shape), "re": [float(v) for v in x.real.ravel()]}
    if np.iscomplexobj(x):
        parts["im"] = [float(v) for v in x.imag.ravel()]
    return parts


def case(f, g, x, **options):
    names = {"n": "n", "axis": "axis", "norm": "norm", "shape": "s", "axes": "axes", "type": "type"}
    out = g(x, **{names[k]: v for k, v in options.items()})
    cases.append({"f": f, "x": encode(x), "options": options, "out": encode(out)})


def real(*shape):
    return np.round(rng.normal(size=shape), 3)


def both(*shape):
    return real(*shape) + 1j * real(*shape)


one = {"fft": np.fft.fft, "ifft": np.fft.ifft}
for n in [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 17, 19, 23, 30, 34, 60, 64, 97, 100, 128, 143, 210]:
    for f, g in one.items():
        case(f, g, both(n))
    case("fft", np.fft.fft, real(n))
    case("rfft", np.fft.rfft, real(n))
    if n > 1:
        case("irfft", np.fft.irfft, both(n // 2 + 1), n=n)
    case("hfft", np.fft.hfft, both(n // 2 + 1), n=n)
    case("ihfft", np.fft.ihfft, real(n))
for axis in [0, 1, 2, -2]:
    for norm in ["backward", "ortho", "forward"]:
        case("fft", np.fft.fft, both(4, 6, 5), axis=axis, norm=norm)
        case("ifft", np.fft.ifft, both(4, 6, 5), axis=axis, norm=norm)
        case("rfft", np.fft.rfft, real(4, 6, 5), axis=axis, norm=norm)
        case("irfft", np.fft.irfft, both(4, 6, 5), axis=axis, norm=norm)
        case("hfft", np.fft.hfft, both(4, 6, 5), axis=axis, norm=norm)
        case("ihfft", np.fft.ihfft, real(4, 6, 5), axis=axis, norm=norm)
for n in [3, 8, 17]:
    case("fft", np.fft.fft, both(2, 6), n=n)
    case("rfft", np.fft.rfft, real(2, 6), n=n)
    case("irfft", np.fft.irfft, both(2, 6), n=n)
case("fft", np.fft.fft, both(20, 12))
case("fft", np.fft.fft, both(3, 2, 64))
case("fft", np.fft.fft, both(256))
case("fft", np.fft.fft, both(1000))
for f, g in {"fft2": np.fft.fft2, "ifft2": np.fft.ifft2, "fftn": np.fft.fftn, "ifftn": np.fft.ifftn}.items():
    case(f, g, both(2, 4, 6), norm="ortho")
    case(f, g, both(2, 4, 6), shape=[3, 5], axes=[0, 2])
case("fft2", np.fft.fft2, real(3, 4))
for f, g in {"rfft2": np.fft.rfft2, "rfftn": np.fft.rfftn}.items():
    case(f, g, real(2, 4, 5))
    case(f, g, real(2, 4, 5), axes=[2, 0], norm="forward")
for f, g in {"irfft2": np.fft.irfft2, "irfftn": np.fft.irfftn}.items():
    case(f, g, both(2, 4, 5))
    case(f, g, both(2, 4, 5), shape=[4, 7], axes=[1, 2])
for f, g in {"fftshift": np.fft.fftshift, "ifftshift": np.fft.ifftshift}.items():
    case(f, g, real(5))
    case(f, g, both(4, 3))
    case(f, g, real(4, 3), axes=1)
for f, g in {"dct": scipy.fft.dct, "idct": scipy.fft.idct}.items():
    for kind in [1, 2, 3, 4]:
        for n in [1, 2, 3, 4, 5, 8, 15, 17]:
            if kind > 1 or n > 1:
                case(f, g, real(n), type=kind, norm="ortho")
        case(f, g, real(7), type=kind, norm="backward")
        case(f, g, real(4, 6, 5), type=kind, axis=1, norm="forward")
        case(f, g, real(2, 6), type=kind, n=9)
        case(f, g, real(6, 2), type=kind, n=4, axis=0)
    case(f, g, real(6))

print({"numpy": np.__version__}, len(cases), "cases")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fft.json"), "w") as file:
    file.write('{"numpy":' + json.dumps(np.__version__) + ',"cases":[\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
