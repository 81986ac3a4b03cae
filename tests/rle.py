"""Masks as Label Studio's brush packs them."""

import json


def packed(
    values: list[int], runs: list[tuple[int, bool]], word: int = 8, sizes: tuple[int, ...] = (3, 4, 8, 16)
) -> str:
    """A run-length code of values, cut into runs: (length, whether it repeats one value)."""
    bits = f"{len(values):032b}{word - 1:05b}" + "".join(f"{size - 1:04b}" for size in sizes)
    place = 0
    for length, repeated in runs:
        kind = next(kind for kind, size in enumerate(sizes) if length <= 2**size)
        bits += f"{int(repeated)}{kind:02b}{length - 1:0{sizes[kind]}b}"
        for value in values[place : place + 1] if repeated else values[place : place + length]:
            bits += f"{value:0{word}b}"
        place += length
    bits += "0" * (-len(bits) % 8)
    return json.dumps([int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)])
