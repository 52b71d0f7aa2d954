"""ICC profiles written by hand, and what colours of theirs are in sRGB."""

import struct

import numpy as np

# columns: red, green and blue of the space as XYZ under D50
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # sRGB's, which Display P3 shares


def _fixed(number: float) -> bytes:
    return struct.pack(">i", round(number * 65536))


def profile(primaries: np.ndarray, *, space: bytes = b"RGB ", kind: bytes = b"mntr", note: bytes = b"none") -> bytes:
    """A matrix profile of version 4.3; `note` makes its bytes another's, not its colours."""
    curve = b"para\0\0\0\0\0\3\0\0" + b"".join(map(_fixed, _CURVE))
    blocks = {b"wtpt": b"XYZ \0\0\0\0" + b"".join(map(_fixed, (0.9642, 1.0, 0.8249)))}
    for name, column in zip((b"r", b"g", b"b"), primaries.T, strict=True):
        blocks[name + b"XYZ"] = b"XYZ \0\0\0\0" + b"".join(map(_fixed, column))
        blocks[name + b"TRC"] = curve
    for name in (b"cprt", b"desc"):
        text = note.decode().encode("utf-16-be")
        blocks[name] = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    place, table, body = 128 + 4 + 12 * len(blocks), b"", b""
    for name, content in blocks.items():
        content += bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, place + len(body), len(content))
        body += content
    size = place + len(body)
    header = struct.pack(">I4sI4s4s4s12s4s4sI4sIQI", size, b"none", 0x04300000, kind, space, b"XYZ ", bytes(12),
                         b"acsp", b"none", 0, b"none", 0, 0, 0)
    header += b"".join(map(_fixed, (0.9642, 1.0, 0.8249))) + b"none" + bytes(44)
    return header + struct.pack(">I", len(blocks)) + table + body


def in_srgb(pixels: np.ndarray, primaries: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3): what these pixels of the space are in sRGB, cut off at its bounds."""
    coded = pixels / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    light = np.clip(linear @ (np.linalg.inv(SRGB) @ primaries).T, 0, 1)
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * coded).astype(np.uint8)
