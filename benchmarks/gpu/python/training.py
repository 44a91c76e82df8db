"""Steps of training over several layers."""


class Training:
    def __init__(self, setting):
        self.setting = setting

    def training(self, graph):
        """The adapters' part of a step over several layers, of which each has two adapted modules: forward of
        all, backward of all, AdamW. As one recorded graph only on a GPU."""
        if self.setting.peft is None or (graph and not self.setting.on_gpu):
            return
        types = {"F32": self.setting.torch.float32, "BF16": self.setting.torch.bfloat16}
        cases = self.setting.cases.get("training", {"types": []})
        for label in cases["types"]:
            for layers, side in cases["stacks"]:
                for n in cases["frequencies"]:
                    for tokens in cases["tokens"]:
                        name = f"training/{layers}x{side}/n{n}/t{tokens}/{label.lower()}"
                        for peer, make in (("peft", self.fourier_module), ("lora", self.lora_module)):
                            self.setting.results.run(
                                name,
                                peer + "+graph" if graph else peer,
                                lambda: self.train(make, 2 * layers, side, n, tokens, types[label], graph),
                            )
                            self.setting.free()

    def fourier_module(self, side, n, seed):
        torch = self.setting.torch
        layer = self.setting.layer(side, side, n, self.setting.places(side, side, n, seed))

        def part(x):
            weight = layer.get_delta_weight("default")
            return torch.nn.functional.linear(x.to(weight.dtype), weight)

        return part, [layer.fourierft_spectrum["default"]]

    def lora_module(self, side, n, seed, rank=8):
        torch = self.setting.torch
        from peft import LoraConfig
        from peft.tuners.lora.layer import Linear

        base = torch.nn.utils.skip_init(torch.nn.Linear, side, side, bias=False, device=self.setting.device)
        config = LoraConfig(r=rank, lora_alpha=2 * rank)
        layer = Linear(base, "default", config=config, r=rank, lora_alpha=2 * rank)
        down, up, factor = layer.lora_A["default"], layer.lora_B["default"], layer.scaling["default"]
        trained = [down.weight, up.weight]
        for each in trained:
            each.requires_grad_(True)
        return (lambda x: up(down(x.to(down.weight.dtype))) * factor), trained

    def train(self, make, count, side, n, tokens, dtype, graph):
        torch = self.setting.torch
        modules = [make(side, n, 777 + i) for i in range(count)]
        trained = [each for _, own in modules for each in own]
        xs, ys, gs = (
            [torch.randn(tokens, side, device=self.setting.device, dtype=dtype) for _ in modules] for _ in range(3)
        )
        for x in xs:
            x.requires_grad_(True)
        # One kernel for all parameters, as torch offers it; a graph needs the step count on the device.
        optimizer = torch.optim.AdamW(
            trained, lr=1e-3, weight_decay=0.01, fused=self.setting.on_gpu, capturable=graph
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
            return self.setting.measure(step)
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                step(0)
        torch.cuda.current_stream().wait_stream(aside)
        recorded = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recorded):
            step(0)
        return self.setting.measure(lambda _: recorded.replay())
