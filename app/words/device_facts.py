"""What there is to know about the computer that trains, as the page Train and the check of a GPU tell it."""

from pipeline.networks.device import Device
from pipeline.number_words import UNDEFINED


def device_facts(device: Device) -> list[tuple[str, str]]:
    """What there is to know about this computer, a name and a value each."""
    rows = [
        ("Processor cores", str(device.cores)),
        ("Memory", f"{device.memory_gb:.1f} GB, {device.free_gb:.1f} GB of it free"),
        ("bfloat16 on the processor", "in hardware" if device.bf16 else "not in hardware: float32 is used"),
        ("PyTorch", device.torch.words if device.torch else "not installed"),
    ]
    card = device.card
    if card is None:
        return [*rows, ("NVIDIA GPU", "none found: no driver answers (NVML)")]
    capability = ".".join(map(str, card.capability)) if card.capability else "not reported by this driver"
    return [
        *rows, ("NVIDIA GPU", card.name),
        ("GPU memory", f"{card.memory_gb:.1f} GB" if card.memory_gb else UNDEFINED), ("Driver", card.driver),
        ("Newest CUDA of the driver", card.cuda), ("Compute capability", capability),
        ("Further cards", str(device.others)), ("This PyTorch can use it", device.problem or "yes"),
    ]
