import platform
import subprocess
import sys

import pytest
import torch

from resources.compute.device import choose_device, count_threads, cpu_has_bf16


def test_cpu_is_chosen_on_request():
    device = choose_device("cpu")
    assert (device.name, device.threads) == ("cpu", count_threads())


def test_gpu_is_chosen_where_there_is_one():
    assert choose_device().name == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_insisting_on_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no GPU"):
        choose_device("cuda")


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cpu,cuda", "cuda:0 cuda:1"])
def test_unknown_device_is_refused(name):
    with pytest.raises(ValueError, match=f'expected device "cpu".*{name}'):
        choose_device(name)


def test_gpus_are_chosen_by_number(monkeypatch):
    """What torch says of the machine is all that differs on one with GPUs."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    device = choose_device("cuda:0, cuda:1,cuda:0")
    assert (device.slots, device.has_bf16) == (["cuda:0", "cuda:1"], True)
    assert choose_device().name == choose_device("cuda").name == "cuda"
    with pytest.raises(ValueError, match=r'"cuda:2" is unavailable: torch finds 2 GPU\(s\)'):
        choose_device("cuda:1,cuda:2")


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
def test_bfloat16_is_reported_by_the_processors_flags(tmp_path, line, has_bf16):
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"processor\t: 0\n{line}\n")
    assert cpu_has_bf16(cpu_info) is has_bf16


def test_without_a_list_of_flags_there_is_no_bfloat16(tmp_path):
    assert cpu_has_bf16(tmp_path / "cpuinfo") is False


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc takes the options")
def test_freed_memory_is_used_again_without_new_pages():
    """In a process of its own: the setting lasts as long as the process."""
    code = (
        "import resource, numpy as np\n"
        "from resources.compute.device import keep_freed_memory\n"
        "assert keep_freed_memory()\n"
        "count = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "np.ones(40_000_000, np.uint8)\n"
        "before = count()\n"
        "for _ in range(4): np.ones(40_000_000, np.uint8)\n"
        "assert count() - before < 1000, count() - before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
