import torch

from pipeline.models.training.augmentation import CENTRE_SHARE, Distortion, Distortions


def picture(px: int = 64) -> torch.Tensor:
    """Left half dark, right half bright, and brighter below."""
    planes = torch.zeros(4, 3, px, px)
    planes[..., px // 2 :] = 120
    planes[..., px // 2 :, :] += 60
    return planes


def still(**changes) -> Distortions:
    return Distortions(**{"rotation_deg": 0, "min_area": 1, "colour_jitter": 0, **changes})


def test_chance_comes_from_torchs_generator():
    distortion = Distortion(Distortions())
    answers = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        answers.append(distortion(picture()))
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


def test_pictures_of_a_batch_are_distorted_each_in_its_own_way():
    torch.manual_seed(0)
    one, other, *_ = Distortion(Distortions())(picture())
    assert not torch.equal(one, other)


def test_the_middle_is_cut_out_where_nothing_is_learned():
    distortion = Distortion(Distortions()).eval()
    rising = torch.arange(64.0).expand(1, 3, 64, 64)
    seen = distortion(rising)[0, 0, 32]
    torch.testing.assert_close(seen[1:] - seen[:-1], torch.full((63,), CENTRE_SHARE))
    assert torch.equal(distortion(rising), distortion(rising))


def test_letters_are_not_mirrored_unless_asked():
    torch.manual_seed(0)
    plain = Distortion(still())(picture())
    assert (plain[..., 63].mean(dim=(1, 2)) > plain[..., 0].mean(dim=(1, 2))).all()
    torch.manual_seed(0)
    mirrored = Distortion(still(has_mirrors=True))(picture().repeat(4, 1, 1, 1))
    is_mirrored = mirrored[..., 63].mean(dim=(1, 2)) < mirrored[..., 0].mean(dim=(1, 2))
    assert 0 < is_mirrored.sum() < 16
    # above stays above
    assert (mirrored[..., 63, :].mean(dim=(1, 2)) > mirrored[..., 0, :].mean(dim=(1, 2))).all()


def test_colours_change_within_their_range():
    torch.manual_seed(0)
    plain, coloured = Distortion(still())(picture()), None
    coloured = Distortion(still(colour_jitter=0.5))(picture())
    assert not torch.allclose(plain, coloured, atol=1)
    assert coloured.min() >= 0
    assert coloured.max() <= 255
