import pytest

from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.image import build_image_network
from pipeline.embeddings.text import build_random_text


@pytest.fixture(scope="session")
def shufflenet():
    return build_image_network(BACKBONES["shufflenet"], None)


@pytest.fixture(scope="session")
def random_text():
    return build_random_text(BACKBONES["minilm"])
