# Writes test/testdata/weights: small random models under the names and in the layouts of Hugging Face, and what PyTorch makes of
# them. Needs python3-torch and python3-safetensors of Debian; the tests read the files and need neither.
#
#   /usr/bin/python3 test/torch-weights.py
import json
import math
import os

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

folder = os.path.join(os.path.dirname(__file__), "testdata", "weights")
about = {"written_by": f"PyTorch {torch.__version__}"}
torch.manual_seed(0)


def linear(outputs, inputs):  # torch.nn.Linear: [out, in]
    return torch.randn(outputs, inputs) / math.sqrt(inputs)


def norm(name, size):
    return {f"{name}.weight": 1 + 0.1 * torch.randn(size), f"{name}.bias": 0.1 * torch.randn(size)}


def heads_of(x, heads):
    n, length, features = x.shape
    return x.view(n, length, heads, features // heads).transpose(1, 2)


def attention(q, k, v, heads, causal):
    out = F.scaled_dot_product_attention(*(heads_of(x, heads) for x in (q, k, v)), is_causal=causal)
    return out.transpose(1, 2).flatten(2)


# GPT-2, whose Conv1D holds [in, out]
vocabulary, positions, features, heads, layers = 40, 12, 16, 2, 2
gpt2 = {"wte.weight": torch.randn(vocabulary, features), "wpe.weight": 0.1 * torch.randn(positions, features)}
for i in range(layers):
    conv1d = {"attn.c_attn": 3 * features, "attn.c_proj": features, "mlp.c_fc": 4 * features, "mlp.c_proj": features}
    for name, outputs in conv1d.items():
        inputs = 4 * features if name == "mlp.c_proj" else features
        gpt2[f"h.{i}.{name}.weight"] = linear(outputs, inputs).T.contiguous()
        gpt2[f"h.{i}.{name}.bias"] = 0.1 * torch.randn(outputs)
    gpt2 |= norm(f"h.{i}.ln_1", features) | norm(f"h.{i}.ln_2", features)
    # a mask that checkpoints of GPT-2 have among their weights
    gpt2[f"h.{i}.attn.bias"] = torch.ones(positions, positions).tril().view(1, 1, positions, positions)
gpt2 |= norm("ln_f", features)
gpt2 = {name: x.to(torch.bfloat16) for name, x in gpt2.items()}


def conv1d(w, name, x):
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


def layer_norm(w, name, x, epsilon):
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], epsilon)


def run_gpt2(w, tokens):
    x = w["wte.weight"][tokens] + w["wpe.weight"][: tokens.shape[1]]
    for i in range(layers):
        h = f"h.{i}"
        qkv = conv1d(w, f"{h}.attn.c_attn", layer_norm(w, f"{h}.ln_1", x, 1e-5)).split(features, dim=2)
        x = x + conv1d(w, f"{h}.attn.c_proj", attention(*qkv, heads, True))
        inner = F.gelu(conv1d(w, f"{h}.mlp.c_fc", layer_norm(w, f"{h}.ln_2", x, 1e-5)), approximate="tanh")
        x = x + conv1d(w, f"{h}.mlp.c_proj", inner)
    return layer_norm(w, "ln_f", x, 1e-5) @ w["wte.weight"].T


# a vision transformer for classification, as ViTForImageClassification
size, patch, classes, hidden = 16, 4, 5, 32
count = (size // patch) ** 2
vit = {
    "vit.embeddings.cls_token": torch.randn(1, 1, features),
    "vit.embeddings.position_embeddings": 0.1 * torch.randn(1, count + 1, features),
    "vit.embeddings.patch_embeddings.projection.weight": linear(features, 3 * patch**2).view(features, 3, patch, patch),
    "vit.embeddings.patch_embeddings.projection.bias": 0.1 * torch.randn(features),
    "classifier.weight": linear(classes, features),
    "classifier.bias": 0.1 * torch.randn(classes),
} | norm("vit.layernorm", features)
for i in range(layers):
    at = f"vit.encoder.layer.{i}"
    dense = {f"attention.attention.{part}": (features, features) for part in ("query", "key", "value")}
    dense |= {"attention.output.dense": (features, features)}
    dense |= {"intermediate.dense": (hidden, features), "output.dense": (features, hidden)}
    for name, (outputs, inputs) in dense.items():
        vit[f"{at}.{name}.weight"] = linear(outputs, inputs)
        vit[f"{at}.{name}.bias"] = 0.1 * torch.randn(outputs)
    vit |= norm(f"{at}.layernorm_before", features) | norm(f"{at}.layernorm_after", features)


def run_vit(w, images):
    def apply(name, x):
        return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    at = "vit.embeddings"
    projection = f"{at}.patch_embeddings.projection"
    patches = F.conv2d(images, w[f"{projection}.weight"], w[f"{projection}.bias"], stride=patch)
    tokens = patches.flatten(2).transpose(1, 2)
    cls = w[f"{at}.cls_token"].expand(len(images), -1, -1)
    x = torch.cat([cls, tokens], dim=1) + w[f"{at}.position_embeddings"]
    for i in range(layers):
        at = f"vit.encoder.layer.{i}"
        y = layer_norm(w, f"{at}.layernorm_before", x, 1e-12)
        qkv = [apply(f"{at}.attention.attention.{part}", y) for part in ("query", "key", "value")]
        x = x + apply(f"{at}.attention.output.dense", attention(*qkv, heads, False))
        y = layer_norm(w, f"{at}.layernorm_after", x, 1e-12)
        x = x + apply(f"{at}.output.dense", F.gelu(apply(f"{at}.intermediate.dense", y)))
    return apply("classifier", layer_norm(w, "vit.layernorm", x, 1e-12)[:, 0])


def write(name, tensors):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    save_file({key: x.contiguous() for key, x in tensors.items()}, path, about)


# split over two files, as large models are
shards = [f"model-{i + 1:05}-of-00002.safetensors" for i in range(2)]
place = {name: shards[name.startswith("h.1") or name.startswith("ln_f")] for name in gpt2}
for shard in shards:
    write(f"gpt2/{shard}", {name: x for name, x in gpt2.items() if place[name] == shard})
total = sum(x.numel() * x.element_size() for x in gpt2.values())
with open(os.path.join(folder, "gpt2/model.safetensors.index.json"), "w") as file:
    json.dump({"metadata": {"total_size": total}, "weight_map": place}, file, indent=2)
write("vit/model.safetensors", vit)

tokens = torch.randint(vocabulary, (2, 7))
images = torch.randn(3, 3, size, size)
whole = {name: x.float() for name, x in gpt2.items()}
with torch.no_grad():
    write("expected.safetensors", {
        "gpt2.tokens": tokens.to(torch.int32),
        "gpt2.logits": run_gpt2(whole, tokens),
        "vit.images": images,
        "vit.logits": run_vit(vit, images),
    })
