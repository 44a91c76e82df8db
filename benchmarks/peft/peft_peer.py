"""PEFT's FourierFT layer as a peer of the benchmarks.

Reads one JSON request a line and answers with one JSON line:

    {"request": "prepare", "work": W, "rows": M, "cols": N, "n": n, "tokens": T, "seed": S, "scaling": s,
     "layers": L}                         (optional; of a training step)
    {"request": "sample", "repetitions": r}   -> {"nanos": of one call}
    {"request": "output"}                     -> {"parts": [base64 of float32, ...]}
    {"request": "release"}

By itself:  python peft_peer.py --threads 2 --table   prints the figures of its own table as JSON.
"""

import argparse
import base64
import json
import statistics
import sys
import time

SPECTRUM, ACTIVATIONS, UPSTREAM, WEIGHT = 1, 2, 3, 4
SAMPLED_PLACES = 8192


def values(kind, *shape):
    """Numbers in [-1, 1) that follow from their index; Workload.java has the same function."""
    count = int(numpy.prod(shape))
    with numpy.errstate(over="ignore"):
        h = numpy.arange(count, dtype=numpy.uint32)
        h += numpy.uint32((kind * 0x9E3779B9) & 0xFFFFFFFF)
        h = (h ^ (h >> numpy.uint32(16))) * numpy.uint32(0x85EBCA6B)
        h = (h ^ (h >> numpy.uint32(13))) * numpy.uint32(0xC2B2AE35)
        h ^= h >> numpy.uint32(16)
    data = (h >> numpy.uint32(8)).astype(numpy.float32) * numpy.float32(2.0**-23) - numpy.float32(1)
    return torch.from_numpy(data.reshape(shape))


def sampled(tensor):
    """Every stride-th element, as SampledPlaces.java chooses them."""
    flat = tensor.detach().reshape(-1)
    stride = max(1, flat.numel() // SAMPLED_PLACES) | 1
    picked = flat[::stride].to(torch.float32).contiguous().numpy()
    return base64.b64encode(picked.astype("<f4").tobytes()).decode()


class Work:
    """One workload on a real PEFT layer."""

    def __init__(self, work, rows, cols, n, tokens, seed, scaling):
        self.shape = (rows, cols, n, seed, scaling)
        self.call = getattr(self, work)
        with torch.no_grad():
            self.x = values(ACTIVATIONS, tokens, cols) if tokens else None
            self.g = values(UPSTREAM, tokens, rows) if tokens else None
        self.base_layer = torch.nn.utils.skip_init(torch.nn.Linear, cols, rows, bias=False)
        if work in ("base", "layer", "layer_training"):
            self.base_layer.weight.data = values(WEIGHT, rows, cols)
        self.base_layer.requires_grad_(False)
        if work != "creation":
            self.wrapped = self.adapted()
            self.spectrum = self.wrapped.fourierft_spectrum["default"]
            self.spectrum.data = values(SPECTRUM, n)

    def adapted(self):
        rows, cols, n, seed, scaling = self.shape
        return FourierFTLinear(
            self.base_layer,
            adapter_name="default",
            config=FourierFTConfig(
                n_frequency=n, scaling=scaling, random_loc_seed=seed, init_weights=True
            ),
            n_frequency=n,
        )

    def delta(self):
        with torch.no_grad():
            return [self.wrapped.get_delta_weight("default")]

    def adapter(self):
        with torch.no_grad():
            return [torch.nn.functional.linear(self.x, self.wrapped.get_delta_weight("default"))]

    def adapter_training(self):
        return self.train(
            lambda x: torch.nn.functional.linear(x, self.wrapped.get_delta_weight("default"))
        )

    def base(self):
        with torch.no_grad():
            return [self.base_layer(self.x)]

    def layer(self):
        with torch.no_grad():
            return [self.wrapped(self.x)]

    def layer_training(self):
        return self.train(self.wrapped)

    def creation(self):
        indices = self.adapted().indices["default"]
        return [(indices[0] * self.shape[1] + indices[1])]

    def train(self, forward):
        x = self.x.detach().requires_grad_(True)
        self.spectrum.grad = None
        forward(x).backward(self.g)
        return [x.grad, self.spectrum.grad]

    def sample(self, repetitions):
        start = time.perf_counter_ns()
        for _ in range(repetitions):
            self.call()
        return (time.perf_counter_ns() - start) / repetitions

    def output(self):
        return [sampled(part) for part in self.call()]


class TrainingStep:
    """The adapters' part of one step of training: forward and backward of each, then AdamW over all."""

    RANK, RATE, DECAY = 8, 1e-3, 0.01

    def __init__(self, work, rows, cols, n, tokens, seed, scaling, layers):
        self.x = values(ACTIVATIONS, tokens, cols)
        self.g = values(UPSTREAM, tokens, rows)
        # No base weight takes part; all layers may share one that nobody reads.
        base = torch.nn.utils.skip_init(torch.nn.Linear, cols, rows, bias=False)
        base.requires_grad_(False)
        make = self.fourier if work == "training_step" else self.lora
        self.adapters = [make(base, n, seed, scaling) for _ in range(layers)]
        self.parameters = [p for _, own in self.adapters for p in own]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=self.RATE, weight_decay=self.DECAY)

    @staticmethod
    def fourier(base, n, seed, scaling):
        config = FourierFTConfig(
            n_frequency=n, scaling=scaling, random_loc_seed=seed, init_weights=True)
        layer = FourierFTLinear(base, adapter_name="default", config=config, n_frequency=n)
        spectrum = layer.fourierft_spectrum["default"]
        spectrum.data = values(SPECTRUM, n)
        spectrum.requires_grad_(True)
        forward = lambda x: torch.nn.functional.linear(x, layer.get_delta_weight("default"))
        return forward, [spectrum]

    def lora(self, base, n, seed, scaling):
        config = LoraConfig(r=self.RANK, lora_alpha=2 * self.RANK)
        layer = LoraLinear(base, "default", config, r=self.RANK, lora_alpha=2 * self.RANK)
        down, up, factor = layer.lora_A["default"], layer.lora_B["default"], layer.scaling["default"]
        forward = lambda x: up(down(x)) * factor
        return forward, [down.weight.requires_grad_(True), up.weight.requires_grad_(True)]

    def step(self):
        inputs = []
        for forward, _ in self.adapters:
            x = self.x.detach().requires_grad_(True)
            forward(x).backward(self.g)
            inputs.append(x.grad)
        self.optimizer.step()
        last = [p.grad for p in self.parameters]
        self.optimizer.zero_grad()
        return inputs[-1], last[-1]

    def sample(self, repetitions):
        start = time.perf_counter_ns()
        for _ in range(repetitions):
            self.step()
        return (time.perf_counter_ns() - start) / repetitions

    def output(self):
        """The gradients of the first step, and the coefficients of the last layer after it."""
        input_gradient, gradient = self.step()
        return [sampled(input_gradient), sampled(gradient), sampled(self.parameters[-1])]


def serve():
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        kind = request.pop("request")
        try:
            if kind == "prepare":
                work = None
                work = TrainingStep(**request) if "layers" in request else Work(**request)
                answer = {}
            elif kind == "sample":
                answer = {"nanos": work.sample(request["repetitions"])}
            elif kind == "output":
                answer = {"parts": work.output()}
            elif kind == "release":
                work = None
                answer = {}
            else:
                answer = {"error": f"unknown request {kind}"}
        except Exception as error:  # The other side reports it and ends the run.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def table(rounds):
    shapes = [(768, 768), (1024, 1024), (3072, 768), (4096, 4096), (11008, 4096), (14336, 4096)]
    cases = [("delta", rows, cols, 0) for rows, cols in shapes]
    cases += [("adapter", 4096, 4096, tokens) for tokens in (1, 64, 512)]
    cases += [("adapter_training", 4096, 4096, 512), ("base", 4096, 4096, 512)]
    cases += [("layer", 4096, 4096, 512), ("layer_training", 4096, 4096, 512)]
    cases += [("creation", 4096, 4096, 0)]
    results = []
    for name, rows, cols, tokens in cases:
        work = Work(name, rows, cols, 1000, tokens, 2024, 150.0)
        work.sample(2)
        samples = [work.sample(1) for _ in range(rounds)]
        results.append(
            {"work": name, "rows": rows, "cols": cols, "n": 1000, "tokens": tokens,
             "median_ms": statistics.median(samples) / 1e6, "samples_ns": samples}
        )
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="print a table as JSON and end")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    description = f"PEFT {peft.__version__}, torch {torch.__version__}, {options.threads} threads, a process of its own"
    if options.table:
        print(json.dumps({"description": description, "results": table(options.rounds)}, indent=2))
    else:
        print(json.dumps({"description": description}), flush=True)
        serve()


try:
    import numpy
    import peft
    import torch
    from peft import FourierFTConfig, LoraConfig
    from peft.tuners.fourierft.layer import FourierFTLinear
    from peft.tuners.lora.layer import Linear as LoraLinear
except ImportError as error:
    print(json.dumps({"error": f"peft cannot be imported: {error}"}), flush=True)
    sys.exit(3)

if __name__ == "__main__":
    main()
