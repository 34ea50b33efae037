import numpy as np
import pytest
import torch

from pipeline.core.errors import WeightsError
from pipeline.embeddings.backbones import BACKBONES, Modality
from pipeline.embeddings.pixel_networks import build_pixel_network, to_input_size
from pipeline.embeddings.text import build_random_text

IMAGES = [b for b in BACKBONES.values() if b.modality is Modality.IMAGE]
TEXTS = [b for b in BACKBONES.values() if b.modality is Modality.TEXT]


def coloured(n, seed=0, px=224):
    """Draw pictures of a random colour under a random texture of random strength."""
    rng = np.random.default_rng(seed)
    colour = rng.uniform(0, 255, (n, 1, 1, 3))
    texture = rng.uniform(0, 255, (n, 7, 7, 3)).repeat(px // 7, axis=1).repeat(px // 7, axis=2)
    strength = rng.uniform(0, 0.5, (n, 1, 1, 1))
    return torch.from_numpy((colour * (1 - strength) + texture * strength).astype(np.uint8))


@pytest.mark.parametrize("backbone", TEXTS, ids=lambda b: b.name)
def test_random_text_network_has_the_width_that_the_table_says(backbone):
    network, tokenizer = build_random_text(backbone)
    ids = torch.tensor(tokenizer(["A thief."])["input_ids"])
    assert network(ids, torch.ones_like(ids)).shape == (1, backbone.width)


@pytest.mark.parametrize("backbone", IMAGES[:2], ids=lambda b: b.name)
def test_random_features_predict_the_mean_colour(backbone):
    network, frames = build_pixel_network(backbone, None), coloured(120, px=70)
    with torch.inference_mode():
        features = torch.cat([network(part) for part in frames.split(20)]).double().numpy()
    assert 0.01 < np.abs(features).mean() < 100
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9)
    colour = frames.double().mean(dim=(1, 2)).numpy()
    gram = features[:80] @ features[:80].T + 300 * np.eye(80)
    offset = colour[:80].mean(axis=0)
    predicted = features[80:] @ features[:80].T @ np.linalg.solve(gram, colour[:80] - offset)
    residual = ((colour[80:] - offset - predicted) ** 2).sum()
    assert 1 - residual / ((colour[80:] - colour[80:].mean(axis=0)) ** 2).sum() > 0.5


def test_random_parameters_follow_from_the_seed_and_leave_torchs_own_alone():
    before = torch.random.get_rng_state()
    one, same, other = (build_pixel_network(BACKBONES["resnet18"], None, seed=s) for s in (0, 0, 1))
    frames = coloured(1, px=70)
    assert torch.equal(one(frames), same(frames))
    assert not torch.equal(one(frames), other(frames))
    assert torch.equal(before, torch.random.get_rng_state())


def test_pictures_are_normalised_as_the_weights_want(shufflenet):
    frames = coloured(2)
    backbone = BACKBONES["shufflenet"]
    x = frames.permute(0, 3, 1, 2).float() / 255
    x = (x - torch.tensor(backbone.mean).view(3, 1, 1)) / torch.tensor(backbone.std).view(3, 1, 1)
    assert torch.allclose(shufflenet(frames), shufflenet.trunk(x), atol=1e-4)


def test_state_of_the_full_network_loads_without_its_head():
    import torchvision

    full = torchvision.models.resnet18(weights=None).eval()
    network = build_pixel_network(BACKBONES["resnet18"], full.state_dict())
    x = torch.rand(1, 3, 224, 224)
    assert torch.allclose(full.fc(network.trunk(x)), full(x), atol=1e-5)


def test_state_of_another_network_is_refused_by_name(shufflenet):
    with pytest.raises(WeightsError, match="resnet18"):
        build_pixel_network(BACKBONES["resnet18"], shufflenet.trunk.state_dict())


def test_texts_that_differ_have_vectors_that_differ(random_text):
    network, tokenizer = random_text
    encoded = tokenizer(["A thief in Paris", "Love at sea"], padding=True, return_tensors="pt")
    one, other = network(encoded["input_ids"], encoded["attention_mask"])
    assert one @ other < 0.9


def test_square_of_the_right_size_is_the_same_tensor():
    frames = coloured(1)
    assert to_input_size(frames, BACKBONES["resnet18"]) is frames


def test_posters_of_their_own_shape_are_made_square_for_those_who_take_squares():
    posters = torch.zeros(1, 336, 224, 3, dtype=torch.uint8)
    assert to_input_size(posters, BACKBONES["efficientnet_lite0_poster"]) is posters
    assert to_input_size(posters, BACKBONES["resnet18"]).shape == (1, 224, 224, 3)
