import pytest
import torch

from assent.core.errors import ConfigError
from assent.models import device


def test_bf16_is_used_on_a_cpu_only_where_the_hardware_has_it(monkeypatch):
    for capable, precision in [(True, torch.bfloat16), (False, torch.float32)]:
        monkeypatch.setattr(device, "cpu_has_bf16", lambda capable=capable: capable)
        compute = device.choose_compute("cpu")
        assert compute.precision == precision
        with compute.autocast():
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == precision


def test_mixed_precision_can_be_declined(monkeypatch):
    monkeypatch.setattr(device, "cpu_has_bf16", lambda: True)
    assert device.choose_compute("cpu", mixed=False).precision == torch.float32


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"avx512_bf16": False, "amx_bf16": False, "avx512_f": True}, False),
        ({"architecture": "aarch64"}, False),
    ],
)
def test_hardware_bf16_is_read_from_the_capabilities(monkeypatch, capabilities, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert device.cpu_has_bf16() is expected


def test_auto_takes_the_first_gpu_and_else_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device._device_of("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device._device_of("auto") == torch.device("cuda", 0)
    assert device._device_of("cuda") == torch.device("cuda", 0)
    assert device._device_of("cuda:1") == torch.device("cuda", 1)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ConfigError, match=r"cuda:1 is not there.*1 GPU"):
        device.choose_compute("cuda:1")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cpu:0", ""])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(ConfigError, match="no device"):
        device.choose_compute(name)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine shows no GPU")
def test_a_gpu_multiplies_under_autocast():
    compute = device.choose_compute("cuda")
    with compute.autocast():
        product = torch.ones(2, 2, device=compute.device) @ torch.ones(2, 2, device=compute.device)
    assert product.dtype == compute.precision
