"""What all peers share: torch and its device, the clock, places, and PEFT's formula and layer."""

import math
import os
import time

CACHE_BYTES = 256 << 20
SCALING = 150.0


class Setting:
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
