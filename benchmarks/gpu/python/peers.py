"""Times the peers on the same GPU: PyTorch doing PEFT's formula, PEFT's own layer, CuPy's cuFFT, a
LoRA layer of rank 8 in PyTorch, PEFT's FourierFT and LoRA in training.

    peers.py cases.json LIST SECONDS peers.json [EARLIER.json...]

What an earlier file holds is not timed again. Whatever is not installed is left out, and the file says so. Times are medians over samples of many
calls between two events; results stay on the device.
"""

import json
import math
import os
import sys
import time

CACHE_BYTES = 256 << 20
SCALING = 150.0


class Results:
    def __init__(self, path, seconds, earlier):
        self.path = path
        self.deadline = time.monotonic() + seconds
        self.root = {"peers": {}, "missing": {}, "cases": [], "skipped": []}
        self.known = set()
        for each in earlier:
            if os.path.exists(each):
                with open(each, encoding="utf-8") as source:
                    self.known |= {(c["case"], c["peer"]) for c in json.load(source)["cases"]}

    def write(self):
        # Whole: a process that is ended leaves no half of a file.
        with open(self.path + ".half", "w", encoding="utf-8") as out:
            json.dump(self.root, out, indent=1)
        os.replace(self.path + ".half", self.path)

    def run(self, name, peer, work):
        """Times one case of one peer; work() prepares it too, so that a failure is a gap, not the end."""
        if (name, peer) in self.known:
            return
        if time.monotonic() > self.deadline:
            self.root["skipped"].append({"case": name, "peer": peer, "reason": "the time was used up"})
            self.write()
            return
        try:
            milliseconds, low, high = work()
            entry = {"case": name, "peer": peer, "milliseconds": milliseconds, "low": low, "high": high}
            self.root["cases"].append(entry)
            print(f"{name:44} {peer:6} {milliseconds:10.4f} ms", flush=True)
        except Exception as failure:
            reason = f"{type(failure).__name__}: {failure}".split("\n")[0][:300]
            self.root["skipped"].append({"case": name, "peer": peer, "reason": reason})
            print(f"{name:44} {peer:6} failed: {reason}", flush=True)
        self.write()


class Peers:
    def __init__(self, cases, results):
        import numpy
        import torch

        self.numpy = numpy
        self.torch = torch
        self.cases = cases
        self.results = results
        self.seconds = cases["seconds"]
        self.on_gpu = torch.cuda.is_available()
        if not self.on_gpu and os.environ.get("FOURIERFT_PEERS_ON_CPU") != "1":
            raise RuntimeError("PyTorch sees no GPU")
        self.device = torch.device("cuda" if self.on_gpu else "cpu")
        results.root["peers"]["torch"] = torch.__version__ + ("" if self.on_gpu else " on the CPU: a dry run")
        self.peft = self.find("peft", "peft")
        self.cupy = self.find("cupy", "cupy") if self.on_gpu else None

    def find(self, key, module):
        try:
            found = __import__(module)
            self.results.root["peers"][key] = found.__version__
            return found
        except Exception as failure:
            self.results.root["missing"][key] = f"{type(failure).__name__}: {failure}"[:300]
            return None

    def measure(self, call, sets=1):
        """Median, least and greatest milliseconds of call(set)."""
        torch = self.torch
        for i in range(max(2, sets)):
            call(i % sets)
        once = self.sample(call, 1, sets)
        calls = int(min(max(math.ceil(4 / once), 1), 200))
        samples = int(min(max(1000 * self.seconds / (calls * once), 3), 25))
        times = sorted(self.sample(call, calls, sets) for _ in range(samples))
        if self.on_gpu:
            torch.cuda.synchronize()
        return times[len(times) // 2], times[0], times[-1]

    def sample(self, call, calls, sets):
        torch = self.torch
        if not self.on_gpu:
            begin = time.perf_counter()
            for i in range(calls):
                call(i % sets)
            return max((time.perf_counter() - begin) * 1e3 / calls, 1e-4)
        start = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        start.record()
        for i in range(calls):
            call(i % sets)
        end.record()
        end.synchronize()
        return max(start.elapsed_time(end) / calls, 1e-4)

    def free(self):
        if self.on_gpu:
            self.torch.cuda.empty_cache()
        if self.cupy is not None:
            self.cupy.get_default_memory_pool().free_all_blocks()

    def places(self, rows, cols, n, seed):
        # Which places they are does not matter to the time; a full permutation would take longer
        # than what is measured.
        generator = self.numpy.random.default_rng(seed)
        chosen = generator.choice(rows * cols, size=n, replace=False, shuffle=False)
        chosen = self.torch.from_numpy(chosen)
        return self.torch.stack([chosen // cols, chosen % cols]).to(self.device)

    def spectra(self, rows, cols, n, count):
        torch = self.torch
        return [
            (self.places(rows, cols, n, 777 + i), torch.randn(n, device=self.device))
            for i in range(count)
        ]

    def formula(self, rows, cols, places, spectrum):
        """PEFT's get_delta_weight."""
        torch = self.torch
        dense = torch.zeros(rows, cols, device=self.device)
        dense[places[0], places[1]] = spectrum
        return torch.fft.ifft2(dense).real * SCALING

    def layer(self, rows, cols, n, places):
        """PEFT's FourierFTLinear; its own places would take a permutation of all elements."""
        torch = self.torch
        from peft import FourierFTConfig
        from peft.tuners.fourierft.layer import FourierFTLinear

        config = FourierFTConfig(n_frequency=1, scaling=SCALING, init_weights=False)
        base = torch.nn.Linear(8, 8, bias=False, device=self.device)
        layer = FourierFTLinear(base, "default", config=config, n_frequency=1)
        layer.in_features, layer.out_features = cols, rows
        layer.fourierft_n_frequency["default"] = n
        layer.indices["default"] = places
        layer.fourierft_spectrum["default"] = torch.nn.Parameter(torch.randn(n, device=self.device))
        return layer

    def shapes(self, group):
        cases = self.cases.get(group, {"frequencies": [], "shapes": []})
        for n in cases["frequencies"]:
            for rows, cols in cases["shapes"]:
                yield rows, cols, n

    def deltas_by(self, rows, cols, n):
        """For each peer, what prepares its ΔW: a function that gives the spectrum and one that computes ΔW."""
        torch = self.torch

        def by_torch():
            places = self.places(rows, cols, n, 777)
            spectrum = torch.randn(n, device=self.device, requires_grad=True)
            return spectrum, lambda: self.formula(rows, cols, places, spectrum)

        def by_peft():
            layer = self.layer(rows, cols, n, self.places(rows, cols, n, 777))
            return layer.fourierft_spectrum["default"], lambda: layer.get_delta_weight("default")

        return {"torch": by_torch} if self.peft is None else {"torch": by_torch, "peft": by_peft}

    def mixed(self):
        for rows, cols, n in self.shapes("mixed"):
            for tokens in self.cases["mixed"]["tokens"]:
                for count in self.cases["mixed"]["adapters"]:
                    name = f"mixed/{rows}x{cols}/n{n}/t{tokens}/a{count}"
                    self.results.run(name, "torch", lambda: self.mix(rows, cols, n, tokens, count))
                    self.free()

    def mix(self, rows, cols, n, tokens, count):
        torch = self.torch
        spectra = self.spectra(rows, cols, n, count)
        x = torch.randn(tokens, cols, device=self.device)
        y = torch.zeros(tokens, rows, device=self.device)

        def call(_):
            with torch.no_grad():
                for a, (places, spectrum) in enumerate(spectra):
                    y[a::count] += x[a::count] @ self.formula(rows, cols, places, spectrum).T

        return self.measure(call)

    def operators(self):
        types = {"F32": self.torch.float32, "BF16": self.torch.bfloat16}
        for tokens in self.cases.get("forward", {}).get("tokens", []):
            for rows, cols, n in self.shapes("forward"):
                for label in self.cases["forward"]["types"]:
                    for peer, prepare in self.deltas_by(rows, cols, n).items():
                        suffix = f"{rows}x{cols}/n{n}/t{tokens}/{label.lower()}"
                        for direction in ("forward", "both"):
                            self.results.run(
                                f"{direction}/{suffix}",
                                peer,
                                lambda: self.direction(direction, rows, cols, tokens, types[label], prepare),
                            )
                    suffix = f"{rows}x{cols}/n{n}/t{tokens}/{label.lower()}"
                    for direction in ("forward", "both"):
                        self.results.run(
                            f"{direction}/{suffix}",
                            "lora",
                            lambda: self.lora(direction, rows, cols, tokens, types[label]),
                        )
                    self.free()

    def lora(self, direction, rows, cols, tokens, dtype, rank=8):
        """The adapter's part of a LoRA layer, which is added to the base's output, and of its backward."""
        torch = self.torch
        linear = torch.nn.functional.linear
        down = torch.randn(rank, cols, device=self.device, requires_grad=True)
        up = torch.randn(rows, rank, device=self.device, requires_grad=True)
        x = torch.randn(tokens, cols, device=self.device, dtype=dtype, requires_grad=True)
        y = torch.randn(tokens, rows, device=self.device, dtype=dtype)
        g = torch.randn(tokens, rows, device=self.device, dtype=dtype)

        def forward():
            return (y + linear(linear(x.to(down.dtype), down), up) * 2.0).to(x.dtype)

        def forward_only(_):
            with torch.no_grad():
                forward()

        def both(_):
            x.grad = down.grad = up.grad = None
            forward().backward(g)

        return self.measure(forward_only if direction == "forward" else both)

    def direction(self, direction, rows, cols, tokens, dtype, prepare):
        """The adapter's part of FourierFTLinear.forward, casts included, and of its backward."""
        torch = self.torch
        spectrum, delta = prepare()
        x = torch.randn(tokens, cols, device=self.device, dtype=dtype, requires_grad=True)
        g = torch.randn(tokens, rows, device=self.device, dtype=dtype)

        def forward():
            weight = delta()
            return torch.nn.functional.linear(x.to(weight.dtype), weight).to(x.dtype)

        def forward_only(_):
            with torch.no_grad():
                forward()

        def both(_):
            x.grad = None
            spectrum.grad = None
            forward().backward(g)

        return self.measure(forward_only if direction == "forward" else both)

    def layers(self):
        types = {"F32": self.torch.float32, "BF16": self.torch.bfloat16}
        for tokens in self.cases.get("layer", {}).get("tokens", []):
            for rows, cols, n in self.shapes("layer"):
                for label in self.cases["layer"]["types"]:
                    name = f"layer/{rows}x{cols}/n{n}/t{tokens}/{label.lower()}"
                    prepared = {**self.deltas_by(rows, cols, n), "lora": self.low_rank(rows, cols), "linear": None}
                    for peer, prepare in prepared.items():
                        self.results.run(
                            name, peer, lambda: self.whole(rows, cols, tokens, types[label], prepare)
                        )
                    self.free()

    def training(self, graph):
        """The adapters' part of a step over several layers, of which each has two adapted modules: forward of
        all, backward of all, AdamW. As one recorded graph only on a GPU."""
        if self.peft is None or (graph and not self.on_gpu):
            return
        types = {"F32": self.torch.float32, "BF16": self.torch.bfloat16}
        cases = self.cases.get("training", {"types": []})
        for label in cases["types"]:
            for layers, side in cases["stacks"]:
                for n in cases["frequencies"]:
                    for tokens in cases["tokens"]:
                        name = f"training/{layers}x{side}/n{n}/t{tokens}/{label.lower()}"
                        for peer, make in (("peft", self.fourier_module), ("lora", self.lora_module)):
                            self.results.run(
                                name,
                                peer + "+graph" if graph else peer,
                                lambda: self.train(make, 2 * layers, side, n, tokens, types[label], graph),
                            )
                            self.free()

    def fourier_module(self, side, n, seed):
        torch = self.torch
        layer = self.layer(side, side, n, self.places(side, side, n, seed))

        def part(x):
            weight = layer.get_delta_weight("default")
            return torch.nn.functional.linear(x.to(weight.dtype), weight)

        return part, [layer.fourierft_spectrum["default"]]

    def lora_module(self, side, n, seed, rank=8):
        torch = self.torch
        from peft import LoraConfig
        from peft.tuners.lora.layer import Linear

        base = torch.nn.utils.skip_init(torch.nn.Linear, side, side, bias=False, device=self.device)
        config = LoraConfig(r=rank, lora_alpha=2 * rank)
        layer = Linear(base, "default", config=config, r=rank, lora_alpha=2 * rank)
        down, up, factor = layer.lora_A["default"], layer.lora_B["default"], layer.scaling["default"]
        trained = [down.weight, up.weight]
        for each in trained:
            each.requires_grad_(True)
        return (lambda x: up(down(x.to(down.weight.dtype))) * factor), trained

    def train(self, make, count, side, n, tokens, dtype, graph):
        torch = self.torch
        modules = [make(side, n, 777 + i) for i in range(count)]
        trained = [each for _, own in modules for each in own]
        xs, ys, gs = (
            [torch.randn(tokens, side, device=self.device, dtype=dtype) for _ in modules] for _ in range(3)
        )
        for x in xs:
            x.requires_grad_(True)
        # One kernel for all parameters, as torch offers it; a graph needs the step count on the device.
        optimizer = torch.optim.AdamW(
            trained, lr=1e-3, weight_decay=0.01, fused=self.on_gpu, capturable=graph
        )

        def step(_):
            for each in xs + trained:
                each.grad = None
            # The adapter's part is added to the base's output, which is there already.
            outputs = [(y + part(x)).to(dtype) for (part, _), x, y in zip(modules, xs, ys)]
            for output, g in zip(reversed(outputs), reversed(gs)):
                output.backward(g)
            optimizer.step()

        if not graph:
            return self.measure(step)
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                step(0)
        torch.cuda.current_stream().wait_stream(aside)
        recorded = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recorded):
            step(0)
        return self.measure(lambda _: recorded.replay())

    def low_rank(self, rows, cols, rank=8):
        """The two factors of a LoRA, to be used one after the other."""
        torch = self.torch

        def prepare():
            down = torch.randn(rank, cols, device=self.device, requires_grad=True)
            up = torch.randn(rows, rank, device=self.device, requires_grad=True)
            return (down, up), None

        return prepare

    def whole(self, rows, cols, tokens, dtype, prepare):
        """A frozen linear layer with an adapter, or alone: its output, and the gradients of its input and the adapter."""
        torch = self.torch
        linear = torch.nn.functional.linear
        trained, delta = prepare() if prepare else ((), None)
        trained = trained if isinstance(trained, tuple) else (trained,)
        weight = torch.randn(rows, cols, device=self.device, dtype=dtype)
        x = torch.randn(tokens, cols, device=self.device, dtype=dtype, requires_grad=True)
        g = torch.randn(tokens, rows, device=self.device, dtype=dtype)

        def adapted(y):
            if delta is not None:
                change = delta()
                return y + linear(x.to(change.dtype), change).to(dtype)
            if trained:
                down, up = trained
                return y + (linear(linear(x.to(down.dtype), down), up) * 2.0).to(dtype)
            return y

        def both(_):
            x.grad = None
            for each in trained:
                each.grad = None
            adapted(linear(x, weight)).backward(g)

        return self.measure(both)

    def merges(self):
        for rows, cols, n in self.shapes("merge"):
            for peer, prepare in self.deltas_by(rows, cols, n).items():
                self.results.run(
                    f"merge/{rows}x{cols}/n{n}", peer, lambda: self.merge(rows, cols, prepare)
                )
            self.free()

    def merge(self, rows, cols, prepare):
        torch = self.torch
        _, delta = prepare()
        weight = torch.randn(rows, cols, device=self.device, dtype=torch.bfloat16)

        def call(_):
            nonlocal weight
            with torch.no_grad():
                weight += delta()

        return self.measure(call)

    def deltas(self):
        for batch in self.cases.get("delta", {}).get("batches", []):
            for rows, cols, n in self.shapes("delta"):
                name = f"delta/{rows}x{cols}/n{n}/b{batch}"
                for peer, present in (("torch", True), ("peft", self.peft), ("cupy", self.cupy)):
                    if present:
                        self.results.run(name, peer, lambda: self.delta(peer, rows, cols, n, batch))
                        self.free()

    def delta(self, peer, rows, cols, n, batch):
        torch = self.torch
        spectra = self.spectra(rows, cols, n, batch)
        # Complex input, transform and result of one chunk stay within about 16 GiB.
        chunk = max(1, min(batch, (4 << 30) // (8 * rows * cols)))
        sets = max(1, min(16, CACHE_BYTES // (4 * rows * cols * batch)))
        out = [torch.empty(batch, rows, cols, device=self.device) for _ in range(sets)]
        if peer == "peft":
            layers = [self.layer(rows, cols, n, places) for places, _ in spectra]

            def one_by_one(chosen):
                for i, layer in enumerate(layers):
                    out[chosen][i] = layer.get_delta_weight("default")

            with torch.no_grad():
                return self.measure(one_by_one, sets)
        parts = []
        for first in range(0, batch, chunk):
            some = spectra[first : first + chunk]
            index = torch.cat([torch.full((n,), i, device=self.device) for i in range(len(some))])
            where = torch.cat([p for p, _ in some], dim=1)
            parts.append((first, len(some), index, where, torch.cat([s for _, s in some])))
        if peer == "cupy":
            return self.measure(self.with_cupy(parts, out, rows, cols), sets)

        def batched(chosen):
            for first, count, index, where, values in parts:
                dense = torch.zeros(count, rows, cols, device=self.device)
                dense[index, where[0], where[1]] = values
                torch.mul(torch.fft.ifft2(dense).real, SCALING, out=out[chosen][first : first + count])

        with torch.no_grad():
            return self.measure(batched, sets)

    def with_cupy(self, parts, out, rows, cols):
        cupy = self.cupy
        torch = self.torch
        stream = cupy.cuda.ExternalStream(torch.cuda.current_stream().cuda_stream)
        arrays = [cupy.from_dlpack(each) for each in out]
        taken = [
            (f, c, cupy.from_dlpack(i), cupy.from_dlpack(w), cupy.from_dlpack(v)) for f, c, i, w, v in parts
        ]

        def call(chosen):
            with stream:
                for first, count, index, where, values in taken:
                    dense = cupy.zeros((count, rows, cols), dtype=cupy.complex64)
                    dense[index, where[0], where[1]] = values
                    result = cupy.fft.ifft2(dense, axes=(1, 2))
                    cupy.multiply(result.real, cupy.float32(SCALING), out=arrays[chosen][first : first + count])

        return call


def main():
    cases_path, chosen, seconds, out = sys.argv[1:5]
    with open(cases_path, encoding="utf-8") as source:
        cases = json.load(source)[chosen]
    results = Results(out, float(seconds), sys.argv[5:])
    try:
        peers = Peers(cases, results)
    except Exception as failure:
        results.root["missing"]["torch"] = f"{type(failure).__name__}: {failure}"[:300]
        results.write()
        print(f"no peers: {failure}")
        return
    # Those that decide the wanted ratios come first; what the time does not allow is left out last.
    peers.operators()
    peers.training(graph=False)
    peers.merges()
    peers.deltas()
    peers.mixed()
    peers.layers()
    # Recording may fail and leave torch unfit for more, so it comes last.
    peers.training(graph=True)
    results.root["complete"] = True
    results.write()


if __name__ == "__main__":
    main()
