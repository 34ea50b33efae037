"""Which backbones the settings ask for."""

import pytest

from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import PRESETS, Preset
from pipeline.embeddings.backbones import BACKBONES, Modality
from resources.compute.chosen_backbones import FIELDS, choose_backbones, leave_out_missing


def test_backbones_beside_the_presets_stand_after_it_and_once():
    chosen = choose_backbones(PRESETS["published"], "swin_t,resnet50, r2plus1d_18,,clip_text")
    assert chosen == {
        Modality.TEXT: ("bert-base-uncased", "clip_text"),
        Modality.IMAGE: ("resnet50", "swin_t"),
        Modality.VIDEO: ("swin3d_t", "r2plus1d_18"),
        Modality.AUDIO: ("ast",),
    }


def test_modality_without_a_backbone_has_none():
    assert choose_backbones(Preset("bare"), "") == dict.fromkeys(FIELDS, ())


def test_every_preset_names_backbones_of_the_right_modality():
    for preset in PRESETS.values():
        for modality, field in FIELDS.items():
            name = getattr(preset, field)
            assert not name or BACKBONES[name].modality is modality


def test_unknown_backbone_is_refused_with_the_list():
    with pytest.raises(ConfigurationError, match=r"'resnet51'; there are shufflenet, resnet18"):
        choose_backbones(PRESETS["small"], "resnet51")


def test_backbone_that_only_the_user_can_bring_is_left_out_until_he_does(tmp_path, caplog):
    small = PRESETS["small"]
    assert leave_out_missing(small, None).clip_backbone == ""
    assert "shufflenet3d.pth" in caplog.text
    (tmp_path / "shufflenet3d.pth").write_bytes(b"x")
    assert leave_out_missing(small, tmp_path) == small
    assert leave_out_missing(PRESETS["published"], None) == PRESETS["published"]
