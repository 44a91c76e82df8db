"""Writes trainer_reference.json: loops of torch with parameter groups, accumulation, left-over batches, clipping and a schedule.

Each loop is the one of torch's documentation: every batch's loss is divided by the number of batches of a step (`division`
"BATCHES_PER_STEP"), or by the number that are gathered ("GATHERED_BATCHES", as transformers' Trainer since 4.46), so here its
gradient is; a step follows every `batches_per_step` batches and the last one of an epoch. Run once with torch and transformers
installed; the tests read the stored file. Every float32 is stored exactly, as the double of the same value.
"""

import json
import pathlib

import torch
import transformers

GROUPS = [
    {"name": "spectra", "lr": 2e-2, "weight_decay": 0.0, "shapes": [[5], [3]]},
    {"name": "head", "lr": 5e-3, "weight_decay": 0.1, "shapes": [[2, 4], [1, 2]]},
]


def loop(name, seed, epochs, batches, batches_per_step, division, clip=None, warmup=None, total=None):
    generator = torch.Generator().manual_seed(seed)
    groups = []
    for group in GROUPS:
        parameters = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in group["shapes"]]
        groups.append({"params": parameters, "lr": group["lr"], "weight_decay": group["weight_decay"]})
    parameters = [p for g in groups for p in g["params"]]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), eps=1e-6, foreach=False, fused=False)
    scheduler = None
    if total is not None:
        scheduler = transformers.get_linear_schedule_with_warmup(optimizer, warmup, total)
    initial = [p.detach().flatten().tolist() for p in parameters]
    trace = []
    gathered = []
    for epoch in range(epochs):
        for batch in range(batches):
            gradients = [torch.randn(p.shape, generator=generator) * 10 ** (batch % 3 - 1) for p in parameters]
            gathered.append(gradients)
            norm = None
            stepped = len(gathered) == batches_per_step or batch == batches - 1
            if stepped:
                share = batches_per_step if division == "BATCHES_PER_STEP" else len(gathered)
                optimizer.zero_grad()
                for each in gathered:
                    for p, g in zip(parameters, each):
                        p.grad = g / share if p.grad is None else p.grad + g / share
                gathered = []
                norm = float(torch.nn.utils.clip_grad_norm_(parameters, clip if clip is not None else float("inf")))
                optimizer.step()
                if scheduler is not None:
                    scheduler.step()
            trace.append(
                {
                    "gradients": [g.flatten().tolist() for g in gradients],
                    "stepped": stepped,
                    "norm": norm,
                    "values": [p.detach().flatten().tolist() for p in parameters],
                }
            )
    return {
        "name": name,
        "batches": batches,
        "batches_per_step": batches_per_step,
        "division": division,
        "clip": clip,
        "warmup": warmup,
        "total": total,
        "initial": initial,
        "trace": trace,
    }


reference = {
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "betas": [0.9, 0.95],
    "eps": 1e-6,
    "groups": GROUPS,
    "loops": [
        loop("groups", 1, 1, 5, 1, "BATCHES_PER_STEP"),
        loop("two batches a step, one left over", 2, 2, 5, 2, "BATCHES_PER_STEP"),
        loop("the mean of those left over", 3, 2, 5, 4, "GATHERED_BATCHES"),
        loop("a schedule", 4, 2, 5, 2, "BATCHES_PER_STEP", warmup=2, total=6),
        loop("clipped", 5, 2, 4, 1, "BATCHES_PER_STEP", clip=1.0),
        loop("all at once", 6, 3, 5, 3, "BATCHES_PER_STEP", clip=0.5, warmup=1, total=6),
    ],
}
path = pathlib.Path(__file__).with_name("trainer_reference.json")
path.write_text(json.dumps(reference, indent=1) + "\n")
