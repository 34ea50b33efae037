"""Which backbones the settings ask for."""

import pytest

from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import DEFAULT_PRESET, PRESETS, Preset
from pipeline.embeddings.backbones import BACKBONES, Modality
from resources.compute.chosen_backbones import FIELDS, choose_backbones
from resources.compute.weights import load_backbone


def test_backbones_beside_the_presets_stand_after_it_and_once():
    chosen = choose_backbones(PRESETS["published"], "swin_t,resnet50, r2plus1d_18,,clip_text")
    assert chosen == {
        Modality.TEXT: ("bert-base-uncased", "clip_text"),
        Modality.IMAGE: ("resnet50", "swin_t"),
        Modality.POSTER: ("resnet50", "swin_t"),
        Modality.VIDEO: ("swin3d_t", "r2plus1d_18"),
        Modality.AUDIO: ("ast",),
    }


def test_modality_without_a_backbone_has_none():
    assert choose_backbones(Preset("bare"), "") == dict.fromkeys(FIELDS, ())


def test_every_preset_names_backbones_of_the_right_modality():
    for preset in PRESETS.values():
        for modality, field in FIELDS.items():
            name = getattr(preset, field)
            fitting = {modality, Modality.IMAGE} if modality is Modality.POSTER else {modality}
            assert not name or BACKBONES[name].modality in fitting


def test_unknown_backbone_is_refused_with_the_list():
    with pytest.raises(ConfigurationError, match=r"'resnet51'; there are efficientnet_lite0"):
        choose_backbones(PRESETS["small"], "resnet51")


def test_no_network_of_the_default_preset_is_random_or_downloaded():
    """Nothing but `random` lets drawn parameters stand in."""
    small = PRESETS[DEFAULT_PRESET]
    chosen = [name for names in choose_backbones(small, "").values() for name in names]
    assert chosen == ["minilm", "efficientnet_lite0", "efficientnet_lite0_poster"]
    for name in chosen:
        assert "(installed package)" in load_backbone(name, allow_random=False).weights_label
    assert [name for name, preset in PRESETS.items() if preset.allows_random] == ["random"]
