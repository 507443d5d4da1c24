"""Losses with weights and smoothing, losses of distances, recurrent layers over time, pools and resized images, by PyTorch.

Run: python3 layers.py > layers.json   (prints the versions on stderr and keeps them in the file)
"""
import json
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(17)
torch.set_default_dtype(torch.float64)


def flat(t):
    return {"shape": list(t.shape), "dtype": "int64" if t.dtype == torch.int64 else "float64", "data": t.detach().ravel().tolist()}


def randn(*shape):
    return torch.round(torch.randn(*shape) * 1e3) / 1e3


def main():
    cases = []

    def add(name, inputs, options, f):
        """f gives a list of results; gradients are those of Σ (results · cos(their place))."""
        leaves = {k: v.clone().requires_grad_(v.dtype == torch.float64) for k, v in inputs.items()}
        outs = f(**leaves)
        total = sum((o * torch.cos(torch.arange(o.numel(), dtype=torch.float64)).reshape(o.shape)).sum() for o in outs)
        total.backward()
        grads = {k: flat(v.grad) if v.grad is not None else None for k, v in leaves.items()}
        cases.append({"name": name, "inputs": {k: flat(v) for k, v in inputs.items()}, "options": options,
                      "outs": [flat(o) for o in outs], "grads": grads})

    for reduction in ["mean", "sum", "none"]:
        add("meanSquaredError", {"x": randn(3, 2), "y": randn(3, 2), "weights": torch.rand(3, 2).round(decimals=3)}, {"reduction": reduction},
            lambda x, y, weights: [F.mse_loss(x, y, reduction=reduction, weight=weights)])
        labels = torch.tensor([0, 3, 1])
        add("softmaxCrossEntropy", {"x": randn(3, 4), "y": labels}, {"reduction": reduction, "labelSmoothing": 0.2},
            lambda x, y: [F.cross_entropy(x, y, reduction=reduction, label_smoothing=0.2)])
        target = torch.rand(3, 2).round(decimals=3)
        add("sigmoidCrossEntropy", {"x": randn(3, 2), "y": target}, {"reduction": reduction, "labelSmoothing": 0.1},
            lambda x, y: [F.binary_cross_entropy_with_logits(x, y * 0.9 + 0.05, reduction=reduction)])
        for margin, p in [(1.0, 2), (0.3, 1)]:
            add("tripletLoss", {"anchor": randn(4, 3), "positive": randn(4, 3), "negative": randn(4, 3)},
                {"reduction": reduction, "margin": margin, "power": p},
                lambda anchor, positive, negative: [F.triplet_margin_loss(anchor, positive, negative, margin=margin, p=p, eps=0, reduction=reduction)])
        sign = torch.tensor([1.0, -1.0, 1.0, -1.0])
        add("marginRankingLoss", {"a": randn(4), "b": randn(4), "y": sign}, {"reduction": reduction, "margin": 0.25},
            lambda a, b, y: [F.margin_ranking_loss(a, b, y.detach(), margin=0.25, reduction=reduction)])
        add("cosineEmbeddingLoss", {"a": randn(4, 3), "b": randn(4, 3), "y": sign}, {"reduction": reduction, "margin": 0.1},
            lambda a, b, y: [F.cosine_embedding_loss(a, b, y.detach(), margin=0.1, reduction=reduction)])
        add("hingeEmbeddingLoss", {"x": randn(4), "y": sign}, {"reduction": reduction, "margin": 0.5},
            lambda x, y: [F.hinge_embedding_loss(x, y.detach(), margin=0.5, reduction=reduction)])
        add("multiMarginLoss", {"x": randn(3, 4), "y": labels}, {"reduction": reduction, "margin": 0.7},
            lambda x, y: [F.multi_margin_loss(x, y, margin=0.7, reduction=reduction)])

    for lengths, targets, target_lengths in [
        ([6, 6], [[1, 2, 2], [3, 1, 0]], [3, 2]),
        ([6, 4], [[1, 1, 0], [2, 0, 0]], [2, 1]),
        ([5, 3], [[3, 2, 1], [1, 0, 0]], [3, 0]),
    ]:
        for reduction in ["none", "sum"]:
            add("ctcLoss", {"x": randn(2, 6, 4), "y": torch.tensor(targets)},
                {"reduction": reduction, "lengths": lengths, "labelLengths": target_lengths},
                lambda x, y: [F.ctc_loss(F.log_softmax(x, -1).transpose(0, 1), y, torch.tensor(lengths), torch.tensor(target_lengths), reduction=reduction)])

    for kind, parts in [("lstm", 4), ("gru", 3)]:
        for both in [False, True]:
            for lengths in [None, [5, 3]]:
                names = ["forward", "backward"] if both else ["forward"]
                inputs = {"x": randn(2, 5, 3)}
                for n in names:
                    inputs[f"{n}.input"], inputs[f"{n}.hidden"] = randn(3, parts * 4), randn(4, parts * 4)
                    inputs[f"{n}.bias"] = randn(parts * 4)
                    if kind == "gru":
                        inputs[f"{n}.hiddenBias"] = randn(4)

                def run(x, **p):
                    module = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(3, 4, batch_first=True, bidirectional=both)
                    weights = {}
                    for n in names:
                        suffix = "_reverse" if n == "backward" else ""
                        weights[f"weight_ih_l0{suffix}"] = p[f"{n}.input"].T
                        weights[f"weight_hh_l0{suffix}"] = p[f"{n}.hidden"].T
                        weights[f"bias_ih_l0{suffix}"] = p[f"{n}.bias"]
                        extra = torch.zeros(parts * 4)
                        if kind == "gru":
                            extra = torch.cat([torch.zeros(8), p[f"{n}.hiddenBias"]])
                        weights[f"bias_hh_l0{suffix}"] = extra
                    given = x if lengths is None else torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True)
                    out, last = torch.func.functional_call(module, weights, (given,))
                    if lengths is not None:
                        out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
                    states = list(last) if kind == "lstm" else [last]
                    return [out, *states]

                add(kind, inputs, {"both": both, "lengths": lengths}, run)
    for decoder in [False, True]:
        for norm_first in [False, True]:
            inputs = {"x": randn(2, 5, 4)}
            if decoder:
                inputs["context"] = randn(2, 3, 4)
            for a in ["attention"] + (["crossAttention"] if decoder else []):
                for part in ["query", "key", "value", "output"]:
                    inputs[f"{a}.{part}.weight"], inputs[f"{a}.{part}.bias"] = randn(4, 4), randn(4)
            for n in ["attentionNorm", "feedForwardNorm"] + (["crossAttentionNorm"] if decoder else []):
                inputs[f"{n}.weight"], inputs[f"{n}.bias"] = randn(4), randn(4)
            inputs["feedForward.0.weight"], inputs["feedForward.0.bias"] = randn(4, 6), randn(6)
            inputs["feedForward.1.weight"], inputs["feedForward.1.bias"] = randn(6, 4), randn(4)

            def run(x, context=None, **p):
                kind = torch.nn.TransformerDecoderLayer if decoder else torch.nn.TransformerEncoderLayer
                module = kind(4, 2, 6, dropout=0.0, batch_first=True, norm_first=norm_first)
                weights = {}
                for ours, theirs in [("attention", "self_attn")] + ([("crossAttention", "multihead_attn")] if decoder else []):
                    rows = ["query", "key", "value"]
                    weights[f"{theirs}.in_proj_weight"] = torch.cat([p[f"{ours}.{r}.weight"].T for r in rows])
                    weights[f"{theirs}.in_proj_bias"] = torch.cat([p[f"{ours}.{r}.bias"] for r in rows])
                    weights[f"{theirs}.out_proj.weight"] = p[f"{ours}.output.weight"].T
                    weights[f"{theirs}.out_proj.bias"] = p[f"{ours}.output.bias"]
                norms = ["attentionNorm", "crossAttentionNorm", "feedForwardNorm"] if decoder else ["attentionNorm", "feedForwardNorm"]
                for i, n in enumerate(norms):
                    weights[f"norm{i + 1}.weight"], weights[f"norm{i + 1}.bias"] = p[f"{n}.weight"], p[f"{n}.bias"]
                for i in [0, 1]:
                    weights[f"linear{i + 1}.weight"] = p[f"feedForward.{i}.weight"].T
                    weights[f"linear{i + 1}.bias"] = p[f"feedForward.{i}.bias"]
                hidden = torch.triu(torch.full((5, 5), float("-inf")), 1)
                if decoder:
                    return [torch.func.functional_call(module, weights, (x, context), {"tgt_mask": hidden})]
                return [torch.func.functional_call(module, weights, (x,), {"src_mask": hidden})]

            add("transformerDecoderLayer" if decoder else "transformerEncoderLayer", inputs,
                {"heads": 2, "causal": True, "normFirst": norm_first}, run)
    for sizes, shape in [([2], [2, 1, 5]), ([3], [1, 2, 2]), ([2, 3], [1, 2, 4, 7]), ([2, None], [1, 1, 4, 3]), ([2, 1, 2], [1, 1, 3, 2, 3])]:
        x = randn(*shape).round(decimals=1)  # of one digit: some are equal
        rank = len(sizes)
        average = [F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d][rank - 1]
        largest = [F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d][rank - 1]
        add("adaptiveAvgPool", {"x": x}, {"sizes": sizes}, lambda x: [average(x, sizes if rank > 1 else sizes[0])])
        add("adaptiveMaxPool", {"x": x}, {"sizes": sizes}, lambda x: [largest(x, sizes if rank > 1 else sizes[0])])
    for window, options, shape in [
        (2, {}, [2, 1, 5]),
        (3, {"stride": 2, "padding": 1}, [1, 2, 5, 6]),
        ([2, 1], {"stride": 1, "dilation": 2}, [1, 1, 4, 3]),
        (2, {"ceilMode": True}, [1, 1, 3, 3, 2]),
    ]:
        theirs = {"ceil_mode" if key == "ceilMode" else key: value for key, value in options.items()}
        pool = [F.max_pool1d, F.max_pool2d, F.max_pool3d][len(shape) - 3]
        add("maxPoolWithPlaces", {"x": randn(*shape).round(decimals=1)}, {"window": window, "more": options},
            lambda x: list(pool(x, window, return_indices=True, **theirs)))
    for shape, sizes in [([1, 2, 5], [8]), ([1, 2, 5], [2]), ([2, 1, 3, 4], [5, 3]), ([1, 1, 4, 3], [1, 7]), ([1, 1, 2, 3, 2], [3, 2, 5])]:
        x, rank = randn(*shape), len(sizes)
        add("resize", {"x": x}, {"sizes": sizes, "more": {"method": "nearest"}}, lambda x: [F.interpolate(x, sizes, mode="nearest")])
        for align in [False, True]:
            linear = ["linear", "bilinear", "trilinear"][rank - 1]
            add("resize", {"x": x}, {"sizes": sizes, "more": {"method": "linear", "alignCorners": align}},
                lambda x: [F.interpolate(x, sizes, mode=linear, align_corners=align)])
            if rank == 2:
                add("resize", {"x": x}, {"sizes": sizes, "more": {"method": "cubic", "alignCorners": align}},
                    lambda x: [F.interpolate(x, sizes, mode="bicubic", align_corners=align)])
    for shape, sizes in [([1, 2, 7], [3]), ([1, 1, 5, 4], [2, 6]), ([1, 1, 3, 4, 5], [2, 2, 5])]:
        x = randn(*shape)
        add("resize", {"x": x}, {"sizes": sizes, "more": {"method": "area"}}, lambda x: [F.interpolate(x, sizes, mode="area")])
    for shape, sizes in [([1, 2, 9, 7], [3, 4]), ([1, 1, 8, 3], [3, 5]), ([1, 1, 13, 4], [2, 3])]:  # of width 1 PyTorch 2.6 repeats the first row
        x = randn(*shape)
        for align in [False, True]:
            for method, mode in [("linear", "bilinear"), ("cubic", "bicubic")]:
                add("resize", {"x": x}, {"sizes": sizes, "more": {"method": method, "alignCorners": align, "antialias": True}},
                    lambda x: [F.interpolate(x, sizes, mode=mode, align_corners=align, antialias=True)])
    versions = {"torch": torch.__version__, "python": sys.version.split()[0]}
    print(versions, file=sys.stderr)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    print('{"versions":' + json.dumps(versions) + ',"cases":[\n' + lines + "\n]}")


main()
