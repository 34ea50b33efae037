from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.embeddings.audio import build_random_audio
from pipeline.embeddings.backbones import BACKBONES, Modality
from pipeline.embeddings.encode import encode_arrays
from pipeline.embeddings.pixel_networks import build_pixel_network
from pipeline.embeddings.regions import RegionFinder

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

CLIPS = [replace(b, input_px=64) for b in BACKBONES.values() if b.modality is Modality.VIDEO]


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("use_bf16", [False, True])
@pytest.mark.parametrize("backbone", CLIPS, ids=lambda b: b.name)
def test_clips_embed_on_the_gpu_as_on_the_cpu(backbone, use_bf16):
    rng = np.random.default_rng(0)
    movies = [(i, rng.integers(0, 256, (2, 24, 64, 64, 3), dtype=np.uint8)) for i in range(2)]
    on_cpu = dict(encode_arrays(movies, build_pixel_network(backbone, None), backbone))
    network = build_pixel_network(backbone, None)
    on_gpu = dict(
        encode_arrays(movies, network, backbone, device="cuda", batch_size=3, use_bf16=use_bf16)
    )
    for tmdb_id, _ in movies:
        assert cosines(on_gpu[tmdb_id], on_cpu[tmdb_id]).min() >= 0.999


@pytest.mark.parametrize("use_bf16", [False, True])
def test_sound_embeds_on_the_gpu_as_on_the_cpu(use_bf16):
    backbone = BACKBONES["ast"]
    rng = np.random.default_rng(0)
    tracks = [(i, (rng.normal(0, 3000, 200_000)).astype(np.int16)) for i in range(2)]
    rate_hz = backbone.sample_rate_hz
    network = build_random_audio(backbone)
    on_cpu = dict(encode_arrays(tracks, network, backbone, sample_rate_hz=rate_hz))
    network = build_random_audio(backbone)
    options = {"device": "cuda", "batch_size": 3, "use_bf16": use_bf16}
    on_gpu = dict(encode_arrays(tracks, network, backbone, sample_rate_hz=rate_hz, **options))
    for tmdb_id, _ in tracks:
        assert cosines(on_gpu[tmdb_id], on_cpu[tmdb_id]).min() >= 0.999


class SeesOne(torch.nn.Module):
    """A detector whose output is known."""

    def forward(self, pictures):
        device = pictures[0].device
        return [
            {
                "labels": torch.tensor([17], device=device),
                "scores": torch.tensor([0.9], device=device),
                "boxes": torch.tensor([[20.0, 30.0, 200.0, 400.0]], device=device),
            }
        ]


def test_regions_on_the_gpu_are_those_on_the_cpu():
    poster = np.random.default_rng(0).integers(0, 256, (600, 400, 3), dtype=np.uint8)
    row = BACKBONES["resnet50"]
    found = {
        device: RegionFinder(SeesOne(), build_pixel_network(row, None), device=device).find(poster)
        for device in ("cpu", "cuda")
    }
    assert found["cpu"].regions == found["cuda"].regions
    one, other = (found[device].features.reshape(1, -1) for device in ("cpu", "cuda"))
    assert cosines(one, other).min() >= 0.999
