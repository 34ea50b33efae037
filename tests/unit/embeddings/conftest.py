import pytest

from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.pixel_networks import build_pixel_network
from pipeline.embeddings.text import build_random_text


@pytest.fixture(scope="session")
def shufflenet():
    return build_pixel_network(BACKBONES["shufflenet"], None)


@pytest.fixture(scope="session")
def random_text():
    return build_random_text(BACKBONES["minilm"])
