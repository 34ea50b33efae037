import numpy as np
import pytest
import torch

from pipeline.embeddings.backbones import BACKBONES, Modality
from pipeline.embeddings.encode import encode_arrays
from pipeline.embeddings.encode_text import encode_texts
from pipeline.embeddings.pixel_networks import build_pixel_network
from pipeline.embeddings.text import build_random_text

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

IMAGES = [b for b in BACKBONES.values() if b.modality is Modality.IMAGE]


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("use_bf16", [False, True])
@pytest.mark.parametrize("backbone", IMAGES, ids=lambda b: b.name)
def test_pictures_embed_on_the_gpu_as_on_the_cpu(backbone, use_bf16):
    rng = np.random.default_rng(0)
    movies = [(i, rng.integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)) for i in range(4)]
    on_cpu = dict(encode_arrays(movies, build_pixel_network(backbone, None), backbone))
    network = build_pixel_network(backbone, None)
    on_gpu = dict(
        encode_arrays(movies, network, backbone, device="cuda", batch_size=5, use_bf16=use_bf16)
    )
    for tmdb_id, _ in movies:
        assert cosines(on_gpu[tmdb_id], on_cpu[tmdb_id]).min() >= 0.999


@pytest.mark.parametrize("use_bf16", [False, True])
def test_texts_embed_on_the_gpu_as_on_the_cpu(use_bf16):
    backbone = BACKBONES["minilm"]
    texts = [(1, "A thief comes back."), (2, "Run."), (3, "Two sisters and a lighthouse. " * 20)]
    network, tokenizer = build_random_text(backbone)
    on_cpu = dict(encode_texts(texts, network, tokenizer, backbone))
    network, tokenizer = build_random_text(backbone)
    on_gpu = dict(
        encode_texts(texts, network, tokenizer, backbone, device="cuda", use_bf16=use_bf16)
    )
    for tmdb_id, _ in texts:
        assert cosines(on_gpu[tmdb_id][None], on_cpu[tmdb_id][None]).min() >= 0.999
