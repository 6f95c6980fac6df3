"""Two training loops of the positioned network in PyTorch, on the same rows and losses as `decodemeter train`.

Both count n steps a row, take relative errors, and add 2 x prefill, 1 x decode total and 1/2 x the steps' error.
"""

import random

import torch
from torch import nn
from torch.nn import functional

TIERS = {"low": 0, "medium": 1, "high": 2}


class Network(nn.Module):
    """Five features -> hidden, log(s + 1) -> hidden / 4, a head on both."""

    def __init__(self, hidden=256):
        super().__init__()
        narrow = hidden // 4
        self.hidden = hidden
        self.config = nn.Sequential(
            nn.Linear(5, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU()
        )
        self.position = nn.Sequential(
            nn.Linear(1, narrow), nn.SiLU(), nn.Linear(narrow, narrow), nn.SiLU()
        )
        self.prefill = nn.Linear(hidden, 1)
        self.head = nn.Sequential(
            nn.Linear(hidden + narrow, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )

    def predict_prefill(self, features):
        return functional.softplus(self.prefill(self.config(features))).squeeze(-1)

    def predict_steps(self, features, positions):
        """[batch, positions], by the concatenation of both encodings at every position."""
        batch = features.shape[0]
        config = self.config(features)[:, None].expand(-1, positions.shape[0], -1)
        logs = torch.log(positions + 1)[None].expand(batch, -1)[..., None]
        return functional.softplus(self.head(torch.cat([config, self.position(logs)], -1))).squeeze(
            -1
        )

    def predict_steps_once_each(self, features, positions):
        """The same, with the head's first layer taken apart: each position is encoded once for the batch."""
        config, position = self.head[0].weight.split([self.hidden, self.hidden // 4], 1)
        u = functional.linear(self.config(features), config, self.head[0].bias)
        v = functional.linear(self.position(torch.log(positions + 1)[:, None]), position)
        return functional.softplus(self.head[2](torch.relu(u[:, None] + v[None]))).squeeze(-1)


def rows_of(records):
    """Features in units of their spread, and times in units of their mean, as the trainer has them."""
    features = torch.tensor(
        [
            [
                r["vision_tokens"],
                r["text_tokens"],
                TIERS[r["tier"]],
                r["top_k"],
                r["num_active_blocks"],
            ]
            for r in records
        ],
        dtype=torch.float32,
    )
    features = (features - features.mean(0)) / features.std(0).clamp(min=1e-6)
    prefill = [r["T_prefill_total"] for r in records]
    steps = [r["T_decode_per_step"] for r in records]
    scale = sum(map(sum, steps)) / max(1, sum(map(len, steps)))
    middle = sum(prefill) / len(prefill)
    return [
        {
            "features": features[i],
            "prefill": torch.tensor(prefill[i] / middle),
            "count": len(steps[i]),
            "steps": [t / scale for t in steps[i]],
        }
        for i in range(len(records))
    ]


def relative(predicted, measured):
    return (predicted / measured - 1) ** 2


class PublishedLoop:
    """As published: rows one by one through a loader, the network called for prefill, for all positions, and for the
    steps of each row, sums row by row, figures read back every batch."""

    def __init__(self, rows, validation, batch, device, with_steps=True):
        self.network, self.batch, self.device, self.with_steps = (
            Network().to(device),
            batch,
            device,
            with_steps,
        )
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3)
        self.rows, self.validation = rows, validation

    def collate(self, rows):
        batch = {
            "features": torch.stack([r["features"] for r in rows]),
            "prefill": torch.stack([r["prefill"] for r in rows]),
            "count": torch.tensor([r["count"] for r in rows]),
            "total": torch.tensor([sum(r["steps"]) for r in rows]),
        }
        return {name: t.to(self.device) for name, t in batch.items()} | {
            "steps": [r["steps"] for r in rows]
        }

    def predict(self, batch):
        prefill = self.network.predict_prefill(batch["features"])
        most = max(1, int(batch["count"].max().item()))
        at = self.network.predict_steps(
            batch["features"], torch.arange(1, most + 1, device=self.device).float()
        )
        totals = torch.zeros(len(batch["steps"]), device=self.device)
        for i in range(len(batch["steps"])):
            count = int(batch["count"][i].item())
            if count > 0:
                totals[i] = at[i, :count].sum()
        return prefill, totals

    def loss(self, batch):
        prefill, totals = self.predict(batch)
        decoded = batch["count"] > 0
        loss = 2 * relative(prefill, batch["prefill"]).mean()
        loss = loss + (relative(totals, torch.where(decoded, batch["total"], 1.0)) * decoded).mean()
        return prefill, totals, loss

    def step_loss(self, batch):
        errors = []
        for i, steps in enumerate(batch["steps"]):
            if steps:
                positions = torch.tensor(
                    [float(j + 1) for j in range(len(steps))], device=self.device
                )
                predicted = self.network.predict_steps(batch["features"][i : i + 1], positions)[0]
                errors.append(relative(predicted, torch.tensor(steps, device=self.device)).mean())
        return torch.stack(errors).sum() / len(batch["steps"])

    def epoch(self):
        loader = torch.utils.data.DataLoader(
            self.rows, self.batch, shuffle=True, collate_fn=self.collate
        )
        for batch in loader:
            self.optimizer.zero_grad()
            prefill, totals, loss = self.loss(batch)
            if self.with_steps:
                loss = loss + 0.5 * self.step_loss(batch)
            loss.backward()
            self.optimizer.step()
            for error in (prefill - batch["prefill"], totals - batch["total"]):
                error.abs().mean().item()
            loss.item()
        return self.validate()

    def validate(self):
        loader = torch.utils.data.DataLoader(self.validation, self.batch, collate_fn=self.collate)
        with torch.no_grad():
            return sum(self.loss(batch)[2].item() for batch in loader) / len(loader)


class VectorisedLoop:
    """What one would write instead: everything in tensors, a mask in place of the loops, one call a batch."""

    def __init__(self, rows, validation, batch, device, once_each):
        self.network, self.batch, self.device = Network().to(device), batch, device
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)
        steps = self.network.predict_steps_once_each if once_each else self.network.predict_steps
        self.predict_steps = steps
        self.rows, self.validation = self.tensors(rows), self.tensors(validation)

    def tensors(self, rows):
        most = max(1, max(r["count"] for r in rows))
        steps = torch.ones(len(rows), most)
        for i, r in enumerate(rows):
            steps[i, : r["count"]] = torch.tensor(r["steps"])
        count = torch.tensor([r["count"] for r in rows])
        mask = (torch.arange(most) < count[:, None]).float()
        total = torch.where(count > 0, (steps * mask).sum(1), 1.0)
        tensors = [
            torch.stack([r["features"] for r in rows]),
            torch.stack([r["prefill"] for r in rows]),
            count,
            mask,
            steps,
            total,
        ]
        return [t.to(self.device) for t in tensors]

    def loss(self, features, prefill, count, mask, steps, total):
        most = max(1, int(count.max().item()))
        mask, steps = mask[:, :most], steps[:, :most]
        at = self.predict_steps(features, torch.arange(1, most + 1, device=self.device).float())
        decoded = (count > 0).float()
        loss = 2 * relative(self.network.predict_prefill(features), prefill).mean()
        loss = loss + (relative((at * mask).sum(1), total) * decoded).mean()
        return loss + 0.5 * ((relative(at, steps) * mask).sum(1) / count.clamp(min=1)).mean()

    def epoch(self):
        order = torch.randperm(self.rows[0].shape[0], device=self.device)
        for first in range(0, order.shape[0] - self.batch + 1, self.batch):
            self.optimizer.zero_grad()
            loss = self.loss(*(t[order[first : first + self.batch]] for t in self.rows))
            loss.backward()
            self.optimizer.step()
        return self.validate()

    def validate(self):
        parts = range(0, self.validation[0].shape[0], self.batch)
        with torch.no_grad():
            return sum(
                self.loss(*(t[i : i + self.batch] for t in self.validation)).item() for i in parts
            ) / len(parts)


def seeded(make, *arguments):
    random.seed(0)
    torch.manual_seed(0)
    return make(*arguments)
