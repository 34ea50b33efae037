import pytest
import torch

from resources.device import choose_device, count_threads, cpu_has_bf16


def test_cpu_is_chosen_on_request():
    device = choose_device("cpu")
    assert (device.name, device.threads) == ("cpu", count_threads())


def test_gpu_is_chosen_where_there_is_one():
    assert choose_device().name == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_insisting_on_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no GPU"):
        choose_device("cuda")


def test_unknown_device_is_refused():
    with pytest.raises(ValueError, match="tpu"):
        choose_device("tpu")


@pytest.mark.parametrize(
    ("line", "has_bf16"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_bf16", True),
        ("flags\t\t: fpu avx2 amx_bf16 amx_tile", True),
        ("Features\t: fp asimd bf16", True),
        ("flags\t\t: fpu avx2 avx512f", False),
        ("model name\t: bf16", False),
    ],
)
def test_bfloat16_is_told_by_the_processors_flags(tmp_path, line, has_bf16):
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"processor\t: 0\n{line}\n")
    assert cpu_has_bf16(cpu_info) is has_bf16


def test_without_a_list_of_flags_there_is_no_bfloat16(tmp_path):
    assert cpu_has_bf16(tmp_path / "cpuinfo") is False
