"""Brush masks in Label Studio's run-length form: a bit stream over the RGBA samples of the image."""

SIZES = (3, 4, 8, 16)
LONGEST = 1 << SIZES[-1]


def _run(length: int, sample: int) -> str:
    bits = ""
    while length > 0:
        part = min(length, LONGEST)
        index = next(i for i, size in enumerate(SIZES) if part <= 1 << size)
        bits += f"1{index:02b}{part - 1:0{SIZES[index]}b}{sample:08b}"
        length -= part
    return bits


def encode_runs(runs: list[tuple[int, bool]]) -> list[int]:
    """The bytes of a mask given as (number of pixels, set or not) in reading order."""
    total = sum(length for length, _ in runs) * 4
    bits = f"{total:032b}{7:05b}" + "".join(f"{size - 1:04b}" for size in SIZES)
    bits += "".join(_run(length * 4, 255 if filled else 0) for length, filled in runs)
    bits += "0" * (-len(bits) % 8)
    return [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]


def ellipse_mask(width: int, height: int, centre: tuple[float, float], radii: tuple[float, float]) -> list[int]:
    """The mask of an ellipse on an image of `width` x `height` pixels; centre and radii are in pixels."""
    runs: list[tuple[int, bool]] = []
    gap = 0
    for y in range(height):
        inside = 1 - ((y - centre[1]) / radii[1]) ** 2
        half = radii[0] * max(inside, 0) ** 0.5
        left, right = max(0, round(centre[0] - half)), min(width, round(centre[0] + half))
        if half < 0.5 or right <= left:
            gap += width
            continue
        runs += [(gap + left, False), (right - left, True)]
        gap = width - right
    runs.append((gap, False))
    return encode_runs([(length, filled) for length, filled in runs if length])
