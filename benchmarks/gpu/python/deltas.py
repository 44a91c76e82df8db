"""ΔW itself, merged into a weight, and of many adapters for one batch."""

from setting import CACHE_BYTES, SCALING


class Deltas:
    def __init__(self, setting):
        self.setting = setting

    def merges(self):
        for rows, cols, n in self.setting.shapes("merge"):
            for peer, prepare in self.setting.deltas_by(rows, cols, n).items():
                self.setting.results.run(
                    f"merge/{rows}x{cols}/n{n}", peer, lambda: self.merge(rows, cols, prepare)
                )
            self.setting.free()

    def merge(self, rows, cols, prepare):
        torch = self.setting.torch
        _, delta = prepare()
        weight = torch.randn(rows, cols, device=self.setting.device, dtype=torch.bfloat16)

        def call(_):
            nonlocal weight
            with torch.no_grad():
                weight += delta()

        return self.setting.measure(call)

    def deltas(self):
        for batch in self.setting.cases.get("delta", {}).get("batches", []):
            for rows, cols, n in self.setting.shapes("delta"):
                name = f"delta/{rows}x{cols}/n{n}/b{batch}"
                for peer, present in (("torch", True), ("peft", self.setting.peft), ("cupy", self.setting.cupy)):
                    if present:
                        self.setting.results.run(name, peer, lambda: self.delta(peer, rows, cols, n, batch))
                        self.setting.free()

    def delta(self, peer, rows, cols, n, batch):
        torch = self.setting.torch
        spectra = self.setting.spectra(rows, cols, n, batch)
        # Complex input, transform and result of one chunk stay within about 16 GiB.
        chunk = max(1, min(batch, (4 << 30) // (8 * rows * cols)))
        sets = max(1, min(16, CACHE_BYTES // (4 * rows * cols * batch)))
        out = [torch.empty(batch, rows, cols, device=self.setting.device) for _ in range(sets)]
        if peer == "peft":
            layers = [self.setting.layer(rows, cols, n, places) for places, _ in spectra]

            def one_by_one(chosen):
                for i, layer in enumerate(layers):
                    out[chosen][i] = layer.get_delta_weight("default")

            with torch.no_grad():
                return self.setting.measure(one_by_one, sets)
        parts = []
        for first in range(0, batch, chunk):
            some = spectra[first : first + chunk]
            index = torch.cat([torch.full((n,), i, device=self.setting.device) for i in range(len(some))])
            where = torch.cat([p for p, _ in some], dim=1)
            parts.append((first, len(some), index, where, torch.cat([s for _, s in some])))
        if peer == "cupy":
            return self.setting.measure(self.with_cupy(parts, out, rows, cols), sets)

        def batched(chosen):
            for first, count, index, where, values in parts:
                dense = torch.zeros(count, rows, cols, device=self.setting.device)
                dense[index, where[0], where[1]] = values
                torch.mul(torch.fft.ifft2(dense).real, SCALING, out=out[chosen][first : first + count])

        with torch.no_grad():
            return self.setting.measure(batched, sets)

    def with_cupy(self, parts, out, rows, cols):
        cupy = self.setting.cupy
        torch = self.setting.torch
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

    def mixed(self):
        for rows, cols, n in self.setting.shapes("mixed"):
            for tokens in self.setting.cases["mixed"]["tokens"]:
                for count in self.setting.cases["mixed"]["adapters"]:
                    name = f"mixed/{rows}x{cols}/n{n}/t{tokens}/a{count}"
                    self.setting.results.run(name, "torch", lambda: self.mix(rows, cols, n, tokens, count))
                    self.setting.free()

    def mix(self, rows, cols, n, tokens, count):
        torch = self.setting.torch
        spectra = self.setting.spectra(rows, cols, n, count)
        x = torch.randn(tokens, cols, device=self.setting.device)
        y = torch.zeros(tokens, rows, device=self.setting.device)

        def call(_):
            with torch.no_grad():
                for a, (places, spectrum) in enumerate(spectra):
                    y[a::count] += x[a::count] @ self.setting.formula(rows, cols, places, spectrum).T

        return self.setting.measure(call)
