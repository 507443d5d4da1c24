# Values and gradients of distributions by PyTorch, in float64:
#   /usr/bin/python3 test/testdata/distributions/distributions.py > test/testdata/distributions/distributions.json
# Gradients are of the sum of weighted log densities, the weights 1, 2, 3, …
import json, math, sys
import torch
import torch.distributions as D
import scipy.stats as st

print(f"PyTorch {torch.__version__}, SciPy {__import__('scipy').__version__}", file=sys.stderr)
torch.set_default_dtype(torch.float64)


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def numbers(x):
    return x.tolist() if isinstance(x, torch.Tensor) else x


def optional(f):
    try:
        out = f()
        return None if torch.isnan(out).all() else numbers(out)
    except NotImplementedError:
        return None


def case(family, torch_class, params, x, differentiable=True, quantiles=(0.02, 0.3, 0.5, 0.9, 0.999)):
    given = {k: torch.tensor(v, dtype=torch.float64, requires_grad=k != "total_count") for k, v in params.items()}
    event = torch.tensor(x, dtype=torch.float64, requires_grad=differentiable)
    d = torch_class(**given, validate_args=False)
    log_prob = d.log_prob(event)
    weights = torch.arange(1, log_prob.numel() + 1, dtype=torch.float64).reshape(log_prob.shape)
    (log_prob * weights).sum().backward()
    out = {
        "family": family,
        "params": {camel(k): v for k, v in params.items()},
        "x": x,
        "logProb": numbers(log_prob.detach()),
        "gradients": {camel(k): numbers(v.grad) for k, v in given.items() if v.grad is not None},
        "gradientOfX": numbers(event.grad) if differentiable else None,
        "mean": optional(lambda: d.mean.detach()),
        "variance": optional(lambda: d.variance.detach()),
        "entropy": optional(lambda: d.entropy().detach()),
        "cdf": optional(lambda: d.cdf(event).detach()),
        "icdf": optional(lambda: d.icdf(torch.tensor(quantiles)).detach()) if d.batch_shape == () else None,
        "quantiles": list(quantiles),
    }
    return out


def with_cdf(entry, cdf):
    """A distribution function that PyTorch lacks, by SciPy."""
    entry["cdf"] = [float(v) for v in cdf]
    return entry


class VonMises:
    """PyTorch's has Bessel functions to seven digits only; these are those of torch.special."""
    batch_shape = None

    def __init__(self, loc, concentration, validate_args=None):
        self.loc, self.k = loc, concentration
        self.i0, self.i1 = torch.special.i0e(concentration), torch.special.i1e(concentration)
        self.mean, self.variance = loc, 1 - self.i1 / self.i0

    def log_prob(self, x):
        return self.k * (torch.cos(x - self.loc) - 1) - math.log(2 * math.pi) - torch.log(self.i0)

    def entropy(self):
        return math.log(2 * math.pi) + torch.log(self.i0) + self.k * (1 - self.i1 / self.i0)

    def cdf(self, x):
        raise NotImplementedError


class Multinomial(D.Multinomial):
    """Takes the number of draws as a tensor; its entropy goes through all outcomes of each category, and is not compared."""

    def __init__(self, total_count, validate_args=None, **given):
        super().__init__(int(total_count), validate_args=validate_args, **given)

    def entropy(self):
        raise NotImplementedError


cases = [
    case("normal", D.Normal, {"loc": 0.5, "scale": 2.0}, [-9.0, 0.5, 3.0]),
    case("normal", D.Normal, {"loc": [0.5, -1.0], "scale": [2.0, 0.1]}, [[-9.0, 0.5], [3.0, -1.05]]),
    case("logNormal", D.LogNormal, {"loc": 0.5, "scale": 0.7}, [0.01, 1.0, 30.0]),
    case("uniform", D.Uniform, {"low": -1.0, "high": 3.0}, [-0.5, 0.0, 2.9]),
    case("exponential", D.Exponential, {"rate": 1.7}, [0.0, 0.4, 12.0]),
    case("laplace", D.Laplace, {"loc": 0.5, "scale": 2.0}, [-9.0, 0.6, 30.0]),
    case("cauchy", D.Cauchy, {"loc": 0.5, "scale": 2.0}, [-9.0, 0.6, 300.0]),
    case("gumbel", D.Gumbel, {"loc": 0.5, "scale": 2.0}, [-4.0, 0.6, 30.0]),
    case("vonMises", VonMises, {"loc": 0.5, "concentration": 2.0}, [-3.0, 0.6, 2.0]),
    case("vonMises", VonMises, {"loc": [0.5, 0.5], "concentration": [0.01, 300.0]}, [0.45, 0.6]),
    case("halfNormal", D.HalfNormal, {"scale": 2.0}, [0.1, 3.0, 9.0]),
    case("halfCauchy", D.HalfCauchy, {"scale": 2.0}, [0.1, 3.0, 90.0]),
    case("gamma", D.Gamma, {"concentration": 2.5, "rate": 0.7}, [0.01, 1.0, 30.0]),
    case("gamma", D.Gamma, {"concentration": [0.1, 200.0], "rate": [1.0, 3.0]}, [[1e-9, 60.0], [1.0, 80.0]]),
    with_cdf(case("inverseGamma", D.InverseGamma, {"concentration": 2.5, "rate": 0.7}, [0.05, 1.0, 30.0]),
             st.invgamma.cdf([0.05, 1.0, 30.0], 2.5, scale=0.7)),
    with_cdf(case("beta", D.Beta, {"concentration1": 2.5, "concentration0": 0.7}, [0.05, 0.5, 0.999]),
             st.beta.cdf([0.05, 0.5, 0.999], 2.5, 0.7)),
    case("dirichlet", D.Dirichlet, {"concentration": [0.3, 1.0, 4.0]}, [[0.2, 0.3, 0.5], [0.01, 0.01, 0.98]]),
    case("dirichlet", D.Dirichlet, {"concentration": [[0.3, 1.0], [4.0, 5.0]]}, [[0.2, 0.8], [0.5, 0.5]]),
    with_cdf(case("studentT", D.StudentT, {"df": 3.5, "loc": 0.5, "scale": 2.0}, [-9.0, 0.6, 30.0]),
             st.t.cdf([-9.0, 0.6, 30.0], 3.5, 0.5, 2.0)),
    case("studentT", D.StudentT, {"df": [0.7, 1.5, 1000.0], "loc": 0.0, "scale": 1.0}, [-9.0, 0.6, 3.0]),
    case("bernoulli", D.Bernoulli, {"probs": 0.3}, [0.0, 1.0], False),
    case("bernoulli", D.Bernoulli, {"logits": [-40.0, 2.0]}, [[1.0, 1.0], [0.0, 0.0]], False),
    case("categorical", D.Categorical, {"probs": [1.0, 2.0, 5.0]}, [0.0, 1.0, 2.0], False),
    case("categorical", D.Categorical, {"logits": [[1.0, 2.0, 5.0], [-30.0, 0.0, 0.1]]}, [0.0, 2.0], False),
    with_cdf(case("binomial", D.Binomial, {"total_count": 7.0, "probs": 0.3}, [0.0, 3.0, 7.0], False),
             st.binom.cdf([0, 3, 7], 7, 0.3)),
    case("binomial", D.Binomial, {"total_count": [7.0, 100.0], "logits": [0.3, -2.0]}, [[0.0, 3.0], [7.0, 20.0]], False),
    with_cdf(case("poisson", D.Poisson, {"rate": 4.2}, [0.0, 3.0, 30.0], False), st.poisson.cdf([0, 3, 30], 4.2)),
    with_cdf(case("negativeBinomial", D.NegativeBinomial, {"total_count": 3.5, "probs": 0.3}, [0.0, 3.0, 30.0], False),
             st.nbinom.cdf([0, 3, 30], 3.5, 0.7)),
    case("negativeBinomial", D.NegativeBinomial, {"total_count": 3.5, "logits": 0.3}, [0.0, 3.0, 30.0], False),
    case("multivariateNormal", D.MultivariateNormal,
         {"loc": [0.5, -1.0], "covariance_matrix": [[2.0, 0.6], [0.6, 1.0]]}, [[0.0, 0.0], [3.0, -2.0]]),
    case("multivariateNormal", D.MultivariateNormal,
         {"loc": [0.5, -1.0], "precision_matrix": [[2.0, 0.6], [0.6, 1.0]]}, [[0.0, 0.0], [3.0, -2.0]]),
    case("multivariateNormal", D.MultivariateNormal,
         {"loc": [[0.5, -1.0], [0.0, 0.0]], "scale_tril": [[[2.0, 0.0], [0.6, 1.0]], [[1.0, 0.0], [0.0, 3.0]]]},
         [[0.0, 0.0], [3.0, -2.0]]),
    case("weibull", D.Weibull, {"scale": 2.0, "concentration": 0.7}, [0.05, 1.0, 30.0]),
    case("weibull", D.Weibull, {"scale": [2.0, 0.1], "concentration": [3.0, 1.0]}, [[0.05, 1.0], [3.0, 0.2]]),
    case("pareto", D.Pareto, {"scale": 2.0, "alpha": 2.7}, [2.05, 3.0, 300.0]),
    case("pareto", D.Pareto, {"scale": 0.5, "alpha": 0.7}, [0.55, 3.0, 300.0]),
    with_cdf(case("chi2", D.Chi2, {"df": 3.5}, [0.05, 1.0, 30.0]), st.chi2.cdf([0.05, 1.0, 30.0], 3.5)),
    with_cdf(case("geometric", D.Geometric, {"probs": 0.3}, [0.0, 3.0, 30.0], False), st.geom.cdf([1, 4, 31], 0.3)),
    case("geometric", D.Geometric, {"logits": [-3.0, 2.0]}, [[0.0, 1.0], [7.0, 3.0]], False),
    case("oneHotCategorical", D.OneHotCategorical, {"probs": [1.0, 2.0, 5.0]}, [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], False),
    case("oneHotCategorical", D.OneHotCategorical, {"logits": [[1.0, 2.0], [-30.0, 0.1]]}, [[1.0, 0.0], [1.0, 0.0]], False),
    case("multinomial", Multinomial, {"total_count": 5.0, "probs": [1.0, 2.0, 5.0]}, [[1.0, 0.0, 4.0], [0.0, 5.0, 0.0]], False),
    case("multinomial", Multinomial, {"total_count": 3.0, "logits": [[1.0, 2.0], [-3.0, 0.1]]}, [[1.0, 2.0], [3.0, 0.0]], False),
    with_cdf(case("relaxedBernoulli", D.RelaxedBernoulli, {"temperature": 0.7, "probs": 0.3}, [0.01, 0.3, 0.999]),
             [1 / (1 + math.exp(-(0.7 * math.log(v / (1 - v)) - math.log(0.3 / 0.7)))) for v in [0.01, 0.3, 0.999]]),
    case("relaxedBernoulli", D.RelaxedBernoulli, {"temperature": 2.0, "logits": [-2.0, 4.0]}, [[0.01, 0.3], [0.5, 0.9]]),
    case("relaxedOneHotCategorical", D.RelaxedOneHotCategorical, {"temperature": 0.7, "probs": [1.0, 2.0, 5.0]}, [[0.2, 0.3, 0.5], [0.01, 0.01, 0.98]]),
    case("relaxedOneHotCategorical", D.RelaxedOneHotCategorical, {"temperature": 2.0, "logits": [[1.0, 2.0], [-3.0, 0.1]]}, [[0.2, 0.8], [0.5, 0.5]]),
    case("lowRankMultivariateNormal", D.LowRankMultivariateNormal,
         {"loc": [0.5, -1.0, 0.0], "cov_factor": [[2.0], [0.6], [1.0]], "cov_diag": [0.3, 1.0, 2.0]}, [[0.0, 0.0, 1.0], [3.0, -2.0, 0.5]]),
    case("lowRankMultivariateNormal", D.LowRankMultivariateNormal,
         {"loc": [[0.5, -1.0], [0.0, 0.0]], "cov_factor": [[2.0, 0.1, 0.3], [0.6, 1.0, -0.5]], "cov_diag": [0.3, 1.0]}, [[0.0, 0.0], [3.0, -2.0]]),
]

makers = {
    "geometric": D.Geometric, "oneHotCategorical": D.OneHotCategorical,
    "normal": D.Normal, "logNormal": D.LogNormal, "halfNormal": D.HalfNormal, "multivariateNormal": D.MultivariateNormal,
    "gamma": D.Gamma, "inverseGamma": D.InverseGamma, "exponential": D.Exponential, "beta": D.Beta, "dirichlet": D.Dirichlet,
    "bernoulli": D.Bernoulli, "binomial": D.Binomial, "categorical": D.Categorical, "poisson": D.Poisson, "uniform": D.Uniform,
    "laplace": D.Laplace, "gumbel": D.Gumbel, "cauchy": D.Cauchy,
}
A, B = {"loc": 0.5, "scale": 2.0}, {"loc": -1.0, "scale": 0.7}
R, S = {"concentration": 2.5, "rate": 0.7}, {"concentration": 0.4, "rate": 1.9}
pairs = [
    ("normal", A, "normal", B), ("logNormal", A, "logNormal", B), ("halfNormal", {"scale": 2.0}, "halfNormal", {"scale": 0.7}),
    ("multivariateNormal", {"loc": [0.5, 1.0], "covariance_matrix": [[2.0, 0.6], [0.6, 1.0]]},
     "multivariateNormal", {"loc": [0.0, 1.5], "covariance_matrix": [[1.0, -0.3], [-0.3, 3.0]]}),
    ("multivariateNormal", {"loc": [0.5, 1.0], "precision_matrix": [[2.0, 0.6], [0.6, 1.0]]},
     "multivariateNormal", {"loc": [0.0, 1.5], "precision_matrix": [[1.0, -0.3], [-0.3, 3.0]]}),
    ("gamma", R, "gamma", S), ("inverseGamma", R, "inverseGamma", S), ("exponential", {"rate": 2.0}, "exponential", {"rate": 0.7}),
    ("gamma", R, "exponential", {"rate": 0.7}), ("exponential", {"rate": 0.7}, "gamma", R),
    ("beta", {"concentration1": 2.5, "concentration0": 0.7}, "beta", {"concentration1": 0.4, "concentration0": 1.9}),
    ("dirichlet", {"concentration": [0.3, 1.0, 4.0]}, "dirichlet", {"concentration": [2.0, 1.5, 0.7]}),
    ("bernoulli", {"probs": 0.3}, "bernoulli", {"logits": 0.4}), ("binomial", {"total_count": 7.0, "probs": 0.3}, "binomial", {"total_count": 7.0, "probs": 0.6}),
    ("categorical", {"probs": [1.0, 2.0, 5.0]}, "categorical", {"logits": [0.1, 0.2, -0.5]}),
    ("geometric", {"probs": 0.3}, "geometric", {"logits": 0.4}),
    ("oneHotCategorical", {"probs": [1.0, 2.0, 5.0]}, "oneHotCategorical", {"logits": [0.1, 0.2, -0.5]}),
    ("poisson", {"rate": 2.0}, "poisson", {"rate": 0.7}), ("uniform", {"low": 0.0, "high": 1.0}, "uniform", {"low": -1.0, "high": 2.0}),
    ("uniform", {"low": -2.0, "high": 1.0}, "uniform", {"low": -1.0, "high": 2.0}),
    ("laplace", A, "laplace", B), ("gumbel", A, "gumbel", B), ("cauchy", A, "cauchy", B), ("normal", A, "laplace", B), ("laplace", A, "normal", B),
    ("uniform", {"low": 0.0, "high": 1.0}, "normal", A), ("gamma", R, "normal", A), ("exponential", {"rate": 0.7}, "normal", A),
    ("gumbel", A, "normal", B), ("normal", A, "gumbel", B), ("uniform", {"low": 0.5, "high": 1.0}, "exponential", {"rate": 2.0}),
    ("normal", A, "exponential", {"rate": 2.0}), ("normal", A, "gamma", R), ("normal", A, "uniform", {"low": 0.5, "high": 1.0}),
    ("bernoulli", {"probs": 0.3}, "poisson", {"rate": 2.0}),
]


def make(family, params):
    return makers[family](**{k: torch.tensor(v) for k, v in params.items()})


divergences = []
for p, pp, q, qq in pairs:
    # PyTorch has logNormal as a transformed normal distribution; where it has no rule, the integral of logProb is taken
    # the whole number of trials of binomial is compared by identity there
    left, right = make(p, pp), make(q, qq)
    try:
        value = D.kl_divergence(left, right)
    except NotImplementedError:
        from scipy.integrate import quad
        density = lambda t: float((left.log_prob(torch.tensor(t)).exp() * (left.log_prob(torch.tensor(t)) - right.log_prob(torch.tensor(t)))))
        value = torch.tensor(quad(density, -60, 60, limit=500, points=[float(left.mean) if torch.isfinite(left.mean) else 0.0])[0])
        print(p, q, "by integration", file=sys.stderr)
    value = float(value)
    divergences.append({"p": p, "pParams": {camel(k): v for k, v in pp.items()}, "q": q, "qParams": {camel(k): v for k, v in qq.items()},
                        "value": None if value == float("inf") else value})

text = json.dumps({"cases": cases, "divergences": divergences}, indent=None)
print(text.replace("Infinity", '"Infinity"').replace("-\"Infinity\"", '"-Infinity"').replace("NaN", '"NaN"').replace('}, {"family"', '},\n{"family"').replace('}, {"p"', '},\n{"p"'))
