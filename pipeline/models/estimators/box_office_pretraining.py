"""Self-supervised pretraining of reference implementation 000's network: masked fields, and
keywords grounded in poster regions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.core.versions import hash_json
from pipeline.models.networks.box_office_transformer import (
    CHUNK,
    BoxOfficeTransformer,
    TransformerConfig,
)
from pipeline.models.training.batches import Batches, StreamArrays
from pipeline.models.training.estimator import RunConfig
from pipeline.models.training.fitted import Fitted, Objective
from pipeline.models.training.movie_reader import ALL_FIELDS, UNKNOWN

MASKED_SHARE = 0.2
"""Share of a movie's tokens that are hidden. BERT hides 15 %; here tokens are fewer."""

TEMPERATURE = 0.1
KEYWORD = ALL_FIELDS.index("keyword") + 1


class MaskedFields(nn.Module):
    """Hides some tokens of numbers and owners, and predicts them from the others."""

    def __init__(self, network: BoxOfficeTransformer):
        super().__init__()
        self.network = network
        width = network.norm.normalized_shape[0]
        self.hidden = nn.Parameter(torch.randn(width) / 6)
        self.numbers = nn.Linear(width, CHUNK) if network.n_chunks else None
        self.owner = nn.Linear(width, width)

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Return each movie's loss, (batch,)."""
        net = self.network
        tokens, there = net.tokens(streams, masks)
        hides = self._choose(there)
        encoded = net.encode(torch.where(hides[..., None], self.hidden, tokens), there)
        first = 1 + net.n_chunks
        owners = streams["owners"].long()
        at = slice(first, first + owners.shape[1])
        lost = self._owner_loss(encoded[:, at], owners, hides[:, at] & (owners > UNKNOWN))
        if self.numbers is not None:
            predicted = self.numbers(encoded[:, 1:first])
            lost = lost + self._number_loss(predicted, streams["numbers"], hides[:, 1:first])
        return lost

    def _choose(self, there: Tensor) -> Tensor:
        # validation hides the same tokens each epoch, so that losses can be compared
        chance = None if self.training else torch.Generator(there.device).manual_seed(0)
        drawn = torch.rand(there.shape, generator=chance, device=there.device)
        hides = (drawn < MASKED_SHARE) & there
        hides[:, 0] = False
        return hides

    def _owner_loss(self, encoded: Tensor, owners: Tensor, is_hidden: Tensor) -> Tensor:
        movie, _ = torch.nonzero(is_hidden, as_tuple=True)
        logits = self.owner(encoded[is_hidden]) @ self.network.owner.weight.T
        lost = nn.functional.cross_entropy(logits, owners[is_hidden], reduction="none")
        summed = torch.zeros(len(owners), device=lost.device).index_add(0, movie, lost)
        return 0.1 * summed / is_hidden.sum(dim=1).clamp_min(1)

    def _number_loss(self, predicted: Tensor, numbers: Tensor, is_hidden: Tensor) -> Tensor:
        actual = self.network.chunk(numbers)
        counts = is_hidden[..., None] & ~actual.isnan()
        off = (predicted - actual.nan_to_num(0.0)).square() * counts
        return off.sum(dim=(1, 2)) / counts.sum(dim=(1, 2)).clamp_min(1)


class Grounding(nn.Module):
    """Keywords find their region: right posters score above those of other movies in the batch."""

    def __init__(self, network: BoxOfficeTransformer):
        super().__init__()
        _regions_of(network)
        self.network = network

    def affinity(self, owners: Tensor, regions: Tensor) -> Tensor:
        """Return cosines, (keyword movies, keywords, region movies, regions)."""
        words = nn.functional.normalize(self.network.owner(owners), dim=-1)
        seen = nn.functional.normalize(_regions_of(self.network)(regions), dim=-1)
        return torch.einsum("bkw,crw->bkcr", words, seen)

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Return each movie's loss, (batch,); 0 for a movie without keywords or regions."""
        owners, there = streams["owners"].long(), masks["regions"]
        is_keyword = (streams["fields"].long() == KEYWORD) & (owners > UNKNOWN)
        cosines = self.affinity(owners, streams["regions"])
        cosines = cosines.masked_fill(~there[None, None], -1e4)
        best = cosines.amax(dim=3)  # (batch, keywords, batch): the region that fits best
        weight = is_keyword[..., None].to(best)
        scores = (best * weight).sum(dim=1) / weight.sum(dim=1).clamp_min(1)  # (batch, batch)
        usable = there.any(dim=1)
        logits = (scores / TEMPERATURE).masked_fill(~usable[None], -1e4)
        counts = usable & is_keyword.any(dim=1)
        right = torch.arange(len(owners), device=owners.device)
        lost = nn.functional.cross_entropy(logits, right, reduction="none")
        return torch.where(counts, lost, torch.zeros_like(lost))


def _regions_of(network: BoxOfficeTransformer) -> nn.Linear:
    if network.region is None:
        raise ValueError("grounding requires a network with poster regions; build it with some")
    return network.region


STEPS = {"masked": MaskedFields, "grounding": Grounding}


def pretrain(
    network: BoxOfficeTransformer,
    fields: StreamArrays,
    train_rows: np.ndarray,
    val_rows: np.ndarray,
    config: TransformerConfig,
    run: RunConfig,
) -> dict[str, Fitted]:
    """Pretrain the network without revenue, in place; resume where it was interrupted.

    Returns:
        History and best epoch of each step, by name; without grounding where there are no regions.
    """
    from pipeline.models.training.loop import fit_network

    fitted = {}
    for name in steps_of(config, network):
        module = _build(name, network, config.schedule.seed)
        nothing = np.zeros(len(fields.masks["numbers"]), dtype=np.float32)
        shared = (fields, list(network.streams))
        schedule = replace(config.schedule, max_epochs=config.pretraining_epochs)
        who = [train_rows.tolist(), val_rows.tolist(), fields.data_hash]
        built = [config.width, config.layers, config.heads, config.feedforward, config.dropout]
        how = [name, list(config.fields), config.batch_size, repr(schedule), built, list(fitted)]
        fitted[name] = fit_network(
            module,
            Objective(lambda lost, _: lost.mean(), lambda *_: {}),
            Batches(*shared, train_rows, nothing, batch_size=config.batch_size,
                    shuffle_seed=schedule.seed),
            Batches(*shared, val_rows, nothing, batch_size=256),
            schedule,
            folder=run.folder,
            fingerprint=hash_json([who, how]),
            on_epoch=run.on_epoch,
            on_resume=run.on_resume,
            accelerator=run.accelerator,
        )  # fmt: skip
        network.cpu().train()
    return fitted


def steps_of(config: TransformerConfig, network: BoxOfficeTransformer) -> Sequence[str]:
    """Return the steps of pretraining that can be done, in order."""
    requested = [name for name in config.pretraining.split("+") if name]
    can = {"masked"} | ({"grounding"} if network.region is not None else set())
    return [name for name in requested if name in can]


def _build(name: str, network: BoxOfficeTransformer, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return STEPS[name](network).train()
