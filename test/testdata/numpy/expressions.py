# Values of functions of scipy.special that docs/library-names.json replaces by expressions, at the variables of
# test/numpy-names.test.ts. Prints the version and writes expressions.json beside this file:
#
#     python3 test/testdata/numpy/expressions.py
import json
import os

import numpy as np
import scipy
import scipy.special as s

x, y, p, n, k = np.array([0.3, 0.9, 1.7, 2.4]), np.array([0.25, 0.5, 1, 2]), np.array([0.2, 0.5, 0.7, 0.9]), 5, 2
values = {
    "gamma": s.gamma(x), "rgamma": s.rgamma(x), "gammasgn": s.gammasgn(x), "factorial": s.factorial(x), "factorial2": s.factorial2(n),
    "binom": s.binom(x, y), "perm": s.gamma(x + 1) / s.gamma(x - y + 1),
    "poch": s.poch(x, y), "betaincc": s.betaincc(x, y, p), "betainccinv": s.betainccinv(x, y, p),
    "bdtr": s.bdtr(k, n, p), "bdtrc": s.bdtrc(k, n, p), "bdtri": s.bdtri(k, n, p),
    "nbdtr": s.nbdtr(k, n, p), "nbdtrc": s.nbdtrc(k, n, p), "nbdtri": s.nbdtri(k, n, p),
    "chdtr": s.chdtr(n, x), "chdtrc": s.chdtrc(n, x), "chdtri": s.chdtri(n, p),
    "pdtr": s.pdtr(k, x), "pdtrc": s.pdtrc(k, x), "pdtri": s.pdtri(k, p), "gdtr": s.gdtr(k, n, x), "gdtrc": s.gdtrc(k, n, x),
    "fdtr": s.fdtr(n, k, x), "fdtrc": s.fdtrc(n, k, x), "fdtri": s.fdtri(n, k, p), "stdtr": s.stdtr(n, x), "stdtrit": s.stdtrit(n, p),
    "cosm1": s.cosm1(x), "powm1": s.powm1(x, y), "exprel": s.exprel(x), "boxcox1p": s.boxcox1p(x, y), "inv_boxcox": s.inv_boxcox(x, y),
    "inv_boxcox1p": s.inv_boxcox1p(x, y), "cosdg": s.cosdg(x), "cotdg": s.cotdg(x), "radian": s.radian(x, y, 0), "huber": s.huber(2, x - y),
    "pseudo_huber": s.pseudo_huber(2, x), "diric": s.diric(x, n), "ndtri_exp": s.ndtri_exp(-x), "erfi": s.erfi(x), "exp1": s.exp1(x),
    "zetac": s.zetac(x + 1), "ellipkm1": s.ellipkm1(p), "wrightomega": s.wrightomega(x),
    "jn": s.jn(2, x), "j0": s.j0(x), "j1": s.j1(x), "y0": s.y0(x), "y1": s.y1(x), "yn": s.yn(2, x), "kn": s.kn(2, x), "k0": s.k0(x),
    "ive": s.ive(2, x), "kve": s.kve(2, x), "jvp": s.jvp(2, 0.5),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "expressions.json"), "w") as file:
    rows = ",\n".join(f"{json.dumps(name)}:{json.dumps(np.atleast_1d(v).astype(float).tolist())}" for name, v in values.items())
    file.write("{" + rows + "}\n")
print({"numpy": np.__version__, "scipy": scipy.__version__}, len(values), "functions")
