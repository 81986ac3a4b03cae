"""The image project: street scenes with boxes, polygons, keypoints, brush masks, per-region choices and a rating."""

from dataclasses import dataclass
from random import Random
from typing import Any

from .sample_kinds import Kind, row
from .sample_masks import ellipse_mask
from .sample_people import Json, Skill, region_id

CONFIG = """<View>
  <Image name="image" value="$image" zoom="true"/>
  <RectangleLabels name="box" toName="image" canRotate="true">
    <Label value="Car" background="#e63946"/>
    <Label value="Bus" background="#f1a208"/>
    <Label value="Bicycle" background="#2a9d8f"/>
    <Label value="Pedestrian" background="#457b9d"/>
    <Label value="Tram" background="#8d99ae"/>
  </RectangleLabels>
  <Choices name="visibility" toName="image" perRegion="true">
    <Choice value="clear"/>
    <Choice value="occluded"/>
    <Choice value="blurred"/>
  </Choices>
  <PolygonLabels name="area" toName="image">
    <Label value="Road"/>
    <Label value="Pavement"/>
    <Label value="Water"/>
  </PolygonLabels>
  <KeyPointLabels name="light" toName="image" strokeWidth="4">
    <Label value="Traffic light"/>
    <Label value="Street lamp"/>
  </KeyPointLabels>
  <BrushLabels name="mask" toName="image">
    <Label value="Puddle"/>
    <Label value="Shadow"/>
  </BrushLabels>
  <Rating name="quality" toName="image" maxRating="5" icon="star"/>
</View>"""

OBJECTS = ("Car", "Bus", "Bicycle", "Pedestrian")
VISIBILITY = ("clear", "occluded", "blurred")
SIZES = ((640, 480), (800, 600), (1280, 720))
MASKED_SIZE = (160, 120)


@dataclass(frozen=True)
class Scene:
    """What is true about one image; geometry in percent of the image."""

    width: int
    height: int
    boxes: tuple[tuple[str, str, float, float, float, float], ...]
    polygon: tuple[str, tuple[tuple[float, float], ...]] | None
    lights: tuple[tuple[str, float, float], ...]
    blob: tuple[str, float, float, float, float] | None
    quality: int


def _box(rng: Random) -> tuple[str, str, float, float, float, float]:
    label = rng.choices(OBJECTS, (6, 1, 2, 4))[0]
    x, y, width, height = rng.uniform(2, 75), rng.uniform(25, 70), rng.uniform(6, 22), rng.uniform(6, 24)
    return label, rng.choices(VISIBILITY, (6, 3, 1))[0], x, y, width, height


def _polygon(rng: Random) -> tuple[str, tuple[tuple[float, float], ...]]:
    top, left, right = rng.uniform(50, 65), rng.uniform(0, 25), rng.uniform(70, 100)
    points = (
        (left, top),
        ((left + right) / 2, top - rng.uniform(2, 6)),
        (right, top),
        (98.0, 99.0),
        (2.0, 99.0),
    )
    return rng.choice(("Road", "Pavement")), points


def _draw(rng: Random, number: int) -> tuple[Json, Scene]:
    blob = None
    if rng.random() < 0.22:
        blob = (
            rng.choice(("Puddle", "Shadow")),
            rng.uniform(30, 70),
            rng.uniform(60, 85),
            rng.uniform(6, 16),
            6.0,
        )
    width, height = MASKED_SIZE if blob else rng.choice(SIZES)
    scene = Scene(
        width,
        height,
        tuple(_box(rng) for _ in range(rng.choice((1, 2, 2, 3, 4)))),
        _polygon(rng) if rng.random() < 0.5 else None,
        tuple(
            (rng.choice(("Traffic light", "Street lamp")), rng.uniform(10, 90), rng.uniform(8, 30))
            for _ in range(rng.choice((0, 0, 1, 2)))
        ),
        blob,
        rng.choices((1, 2, 3, 4, 5), (1, 2, 5, 8, 4))[0],
    )
    file = f"street/cam-{number % 4 + 1}/frame_{number:05d}.jpg"
    return {"image": f"s3://example-bucket/{file}", "camera": f"cam-{number % 4 + 1}"}, scene


def _boxes(rng: Random, scene: Scene, skill: Skill, size: Json) -> list[Json]:
    rows = []
    for label, visibility, x, y, width, height in scene.boxes:
        if not skill.sees(rng):
            continue
        value: Json = {
            "x": skill.near(rng, x),
            "y": skill.near(rng, y),
            "width": skill.near(rng, width, low=1),
            "height": skill.near(rng, height, low=1),
            "rotation": 0 if rng.random() < 0.9 else rng.randrange(1, 30),
        }
        region = region_id(rng)
        labels = {"rectanglelabels": [skill.pick(rng, label, OBJECTS)]}
        rows.append(row(rng, "box", "image", "rectanglelabels", {**value, **labels}, id=region, **size))
        if rng.random() < 0.7:
            choices = {"choices": [skill.pick(rng, visibility, VISIBILITY)]}
            rows.append(row(rng, "visibility", "image", "choices", {**value, **choices}, id=region, **size))
    return rows


def _shapes(rng: Random, scene: Scene, skill: Skill, size: Json) -> list[Json]:
    rows = []
    if scene.polygon and skill.sees(rng):
        points = [[skill.near(rng, x), skill.near(rng, y)] for x, y in scene.polygon[1]]
        label = skill.pick(rng, scene.polygon[0], ("Road", "Pavement"))
        value: dict[str, Any] = {"points": points, "closed": True, "polygonlabels": [label]}
        rows.append(row(rng, "area", "image", "polygonlabels", value, **size))
    for label, x, y in scene.lights:
        if skill.sees(rng):
            spot = {"x": skill.near(rng, x, 0.5), "y": skill.near(rng, y, 0.5), "width": 0.4}
            names = [skill.pick(rng, label, ("Traffic light", "Street lamp"))]
            rows.append(row(rng, "light", "image", "keypointlabels", {**spot, "keypointlabels": names}, **size))
    return rows


def _mask(rng: Random, scene: Scene, skill: Skill, size: Json) -> list[Json]:
    if scene.blob is None or not skill.sees(rng):
        return []
    label, x, y, across, down = scene.blob
    centre = skill.near(rng, x) * scene.width / 100, skill.near(rng, y) * scene.height / 100
    radii = (
        skill.near(rng, across, low=2) * scene.width / 100,
        skill.near(rng, down, low=2) * scene.height / 100,
    )
    name = skill.pick(rng, label, ("Puddle", "Shadow"))
    rle = ellipse_mask(scene.width, scene.height, centre, radii)
    value = {"format": "rle", "rle": rle, "brushlabels": [name]}
    return [row(rng, "mask", "image", "brushlabels", value, **size)]


def _mark(rng: Random, scene: Scene, skill: Skill) -> list[Json]:
    size = {"original_width": scene.width, "original_height": scene.height, "image_rotation": 0}
    rows = _boxes(rng, scene, skill, size) + _shapes(rng, scene, skill, size) + _mask(rng, scene, skill, size)
    rating = scene.quality
    if rng.random() > skill.accuracy - 0.15:
        rating = min(5, max(1, scene.quality + rng.choice((-1, 1, 1 - skill.bias))))
    return [*rows, row(rng, "quality", "image", "rating", {"rating": rating})]


IMAGE = Kind(
    title="Street scenes",
    description="Objects, areas and masks in pictures of streets",
    config=CONFIG,
    tasks=75,
    overlap=2,
    cohort=70,
    seconds=95,
    models=(("boxes-v1", 0.66), ("boxes-v2", 0.84)),
    draw=_draw,
    mark=_mark,
    storage="image",
)
