"""Passes: the adapter's part alone, and a whole layer."""


class Layers:
    def __init__(self, setting):
        self.setting = setting

    def operators(self):
        types = {"F32": self.setting.torch.float32, "BF16": self.setting.torch.bfloat16}
        for tokens in self.setting.cases.get("forward", {}).get("tokens", []):
            for rows, cols, n in self.setting.shapes("forward"):
                for label in self.setting.cases["forward"]["types"]:
                    for peer, prepare in self.setting.deltas_by(rows, cols, n).items():
                        suffix = f"{rows}x{cols}/n{n}/t{tokens}/{label.lower()}"
                        for direction in ("forward", "both"):
                            self.setting.results.run(
                                f"{direction}/{suffix}",
                                peer,
                                lambda: self.direction(direction, rows, cols, tokens, types[label], prepare),
                            )
                    suffix = f"{rows}x{cols}/n{n}/t{tokens}/{label.lower()}"
                    for direction in ("forward", "both"):
                        self.setting.results.run(
                            f"{direction}/{suffix}",
                            "lora",
                            lambda: self.lora(direction, rows, cols, tokens, types[label]),
                        )
                    self.setting.free()

    def lora(self, direction, rows, cols, tokens, dtype, rank=8):
        """The adapter's part of a LoRA layer, which is added to the base's output, and of its backward."""
        torch = self.setting.torch
        linear = torch.nn.functional.linear
        down = torch.randn(rank, cols, device=self.setting.device, requires_grad=True)
        up = torch.randn(rows, rank, device=self.setting.device, requires_grad=True)
        x = torch.randn(tokens, cols, device=self.setting.device, dtype=dtype, requires_grad=True)
        y = torch.randn(tokens, rows, device=self.setting.device, dtype=dtype)
        g = torch.randn(tokens, rows, device=self.setting.device, dtype=dtype)

        def forward():
            return (y + linear(linear(x.to(down.dtype), down), up) * 2.0).to(x.dtype)

        def forward_only(_):
            with torch.no_grad():
                forward()

        def both(_):
            x.grad = down.grad = up.grad = None
            forward().backward(g)

        return self.setting.measure(forward_only if direction == "forward" else both)

    def direction(self, direction, rows, cols, tokens, dtype, prepare):
        """The adapter's part of FourierFTLinear.forward, casts included, and of its backward."""
        torch = self.setting.torch
        spectrum, delta = prepare()
        x = torch.randn(tokens, cols, device=self.setting.device, dtype=dtype, requires_grad=True)
        g = torch.randn(tokens, rows, device=self.setting.device, dtype=dtype)

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

        return self.setting.measure(forward_only if direction == "forward" else both)

    def layers(self):
        types = {"F32": self.setting.torch.float32, "BF16": self.setting.torch.bfloat16}
        for tokens in self.setting.cases.get("layer", {}).get("tokens", []):
            for rows, cols, n in self.setting.shapes("layer"):
                for label in self.setting.cases["layer"]["types"]:
                    name = f"layer/{rows}x{cols}/n{n}/t{tokens}/{label.lower()}"
                    prepared = {**self.setting.deltas_by(rows, cols, n), "lora": self.low_rank(rows, cols), "linear": None}
                    for peer, prepare in prepared.items():
                        self.setting.results.run(
                            name, peer, lambda: self.whole(rows, cols, tokens, types[label], prepare)
                        )
                    self.setting.free()

    def low_rank(self, rows, cols, rank=8):
        """The two factors of a LoRA, to be used one after the other."""
        torch = self.setting.torch

        def prepare():
            down = torch.randn(rank, cols, device=self.setting.device, requires_grad=True)
            up = torch.randn(rows, rank, device=self.setting.device, requires_grad=True)
            return (down, up), None

        return prepare

    def whole(self, rows, cols, tokens, dtype, prepare):
        """A frozen linear layer with an adapter, or alone: its output, and the gradients of its input and the adapter."""
        torch = self.setting.torch
        linear = torch.nn.functional.linear
        trained, delta = prepare() if prepare else ((), None)
        trained = trained if isinstance(trained, tuple) else (trained,)
        weight = torch.randn(rows, cols, device=self.setting.device, dtype=dtype)
        x = torch.randn(tokens, cols, device=self.setting.device, dtype=dtype, requires_grad=True)
        g = torch.randn(tokens, rows, device=self.setting.device, dtype=dtype)

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

        return self.setting.measure(both)
