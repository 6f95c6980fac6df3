"""The positioned network as a PyTorch loop, for bench_estimator_training to be compared with.

Usage: python bench/estimator_training.py features.csv     (the file that bench_estimator_training writes)

Prints milliseconds an epoch of batches of 64, hidden width 256, forward, backward and Adam:
  loop    totals summed sample by sample, as the published training does
  masked  totals summed with a mask, the best that plain PyTorch does with the batch x positions x hidden tensor
Collating is left out of both; each runs with one thread and with PyTorch's own choice.
"""

import statistics
import sys
import time

import numpy
import torch
from torch import nn

BATCH, HIDDEN = 64, 256


class Positioned(nn.Module):
    def __init__(self):
        super().__init__()

        def encoder(inputs, width, norm):
            layers, size = [], inputs
            for _ in range(2):
                layers += [nn.Linear(size, width)] + ([nn.LayerNorm(width)] if norm else []) + [nn.ReLU()]
                size = width
            return nn.Sequential(*layers)

        self.config, self.position = encoder(5, HIDDEN, True), encoder(1, HIDDEN // 4, False)
        self.prefill = nn.Linear(HIDDEN, 1)
        self.decode = nn.Sequential(nn.Linear(HIDDEN + HIDDEN // 4, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def forward(self, features, positions):
        encoded = self.config(features)
        at = self.position(torch.log(positions + 1).unsqueeze(-1))
        shape = (features.shape[0], positions.shape[0], -1)
        both = torch.cat([encoded.unsqueeze(1).expand(shape), at.unsqueeze(0).expand(shape)], dim=-1)
        return torch.relu(self.prefill(encoded)).squeeze(-1), torch.relu(self.decode(both)).squeeze(-1)


def totals_loop(steps, counts):
    return torch.stack([steps[i, : int(counts[i].item())].sum() for i in range(steps.shape[0])])


def totals_masked(steps, counts):
    return (steps * (torch.arange(1, steps.shape[1] + 1) <= counts.unsqueeze(1))).sum(1)


def epoch(network, optimiser, data, totals):
    order = torch.randperm(data.shape[0])
    for first in range(0, data.shape[0] - BATCH + 1, BATCH):
        rows = data[order[first : first + BATCH]]
        counts = rows[:, 5]
        positions = torch.arange(1, int(counts.max().item()) + 1, dtype=torch.float32)
        prefill, steps = network(rows[:, :5], positions)
        loss = 2 * ((prefill - rows[:, 6]) ** 2).mean() + ((totals(steps, counts) - rows[:, 7]) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def main():
    data = torch.from_numpy(numpy.loadtxt(sys.argv[1], delimiter=",", skiprows=1, dtype=numpy.float32))
    threads = torch.get_num_threads()
    for name, totals in (("loop", totals_loop), ("masked", totals_masked)):
        for count in sorted({1, threads}):
            torch.set_num_threads(count)
            torch.manual_seed(1)
            network = Positioned()
            optimiser = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-5)
            epoch(network, optimiser, data[: 4 * BATCH], totals)
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                epoch(network, optimiser, data, totals)
                times.append(1000 * (time.perf_counter() - begin))
            print(f"PyTorch {name:7} {count} thread{'s' if count > 1 else ' '} {statistics.median(times):8.1f} ms an epoch", flush=True)


main()
