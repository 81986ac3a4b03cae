"""The audio and the video project: speech with a transcription per region, and clips with tracked boxes."""

from dataclasses import dataclass
from random import Random
from typing import Any

from .sample_kinds import Kind, row
from .sample_people import Json, Skill, region_id

AUDIO_CONFIG = """<View>
  <Audio name="audio" value="$audio"/>
  <Labels name="speaker" toName="audio">
    <Label value="Agent" background="#457b9d"/>
    <Label value="Caller" background="#e76f51"/>
    <Label value="Music" background="#8ab17d"/>
    <Label value="Silence" background="#adb5bd"/>
  </Labels>
  <TextArea name="transcription" toName="audio" perRegion="true" editable="true" rows="2"/>
  <Choices name="reason" toName="audio" choice="multiple">
    <Choice value="billing"/>
    <Choice value="delivery"/>
    <Choice value="technical"/>
    <Choice value="complaint"/>
  </Choices>
</View>"""

VIDEO_CONFIG = """<View>
  <Video name="video" value="$video" frameRate="25.0"/>
  <VideoRectangle name="track" toName="video"/>
  <Labels name="animal" toName="video">
    <Label value="Fox"/>
    <Label value="Deer"/>
    <Label value="Badger"/>
    <Label value="Owl"/>
  </Labels>
  <TimelineLabels name="event" toName="video">
    <Label value="Enters"/>
    <Label value="Eats"/>
    <Label value="Leaves"/>
  </TimelineLabels>
</View>"""

SPEAKERS = ("Agent", "Caller", "Music")
REASONS = ("billing", "delivery", "technical", "complaint")
ANIMALS = ("Fox", "Deer", "Badger")
EVENTS = ("Enters", "Eats", "Leaves")
FRAMES_A_SECOND = 25
LINES = {
    "Agent": (
        "good morning how can i help",
        "one moment please",
        "i will send a new one",
        "is there anything else",
    ),
    "Caller": (
        "my parcel has not come",
        "the bill is too high",
        "it does not switch on",
        "thank you goodbye",
    ),
    "Music": ("(waiting tune)",),
}
SLIPS = {
    "parcel": "package",
    "will": "would",
    "bill": "build",
    "moment": "minute",
    "too": "to",
    "new": "knew",
}


@dataclass(frozen=True)
class Call:
    """What is true about one recording: turns of (speaker, channel, start s, end s, words) and the reasons."""

    length: float
    turns: tuple[tuple[str, int, float, float, str], ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Clip:
    """What is true about one clip: the animal, its path as (frame, x, y) and the events as frame ranges."""

    frames: int
    animal: str
    path: tuple[tuple[int, float, float], ...]
    events: tuple[tuple[str, int, int], ...]


def _draw_call(rng: Random, number: int) -> tuple[Json, Call]:
    turns, at = [], round(rng.uniform(0.2, 1.5), 2)
    for _ in range(rng.choice((2, 3, 4, 5))):
        speaker = rng.choices(SPEAKERS, (5, 5, 1))[0]
        end = round(at + rng.uniform(1.2, 5.5), 2)
        turns.append((speaker, SPEAKERS.index(speaker) % 2, at, end, rng.choice(LINES[speaker])))
        at = round(end + rng.uniform(0.1, 0.9), 2)
    reasons = tuple(sorted(rng.sample(REASONS[:3], rng.choice((1, 1, 2)))))
    data = {
        "audio": f"https://example.com/calls/call_{number:04d}.wav",
        "line": rng.choice(("north", "south")),
    }
    return data, Call(round(at + 0.8, 2), tuple(turns), reasons)


def _words(rng: Random, line: str, skill: Skill) -> str:
    heard = [SLIPS.get(word, word) if rng.random() > skill.accuracy else word for word in line.split()]
    return " ".join(word for word in heard if rng.random() < 0.5 + skill.accuracy / 2 + 0.02)


def _mark_call(rng: Random, call: Call, skill: Skill) -> list[Json]:
    rows = []
    for speaker, channel, start, end, line in call.turns:
        if not skill.sees(rng):
            continue
        begin = skill.near(rng, start, 0.12, high=call.length - 0.2)
        cut: dict[str, Any] = {"start": begin, "end": skill.near(rng, end, 0.12, begin + 0.1, call.length)}
        cut["channel"] = channel
        region, size = region_id(rng), {"original_length": call.length}
        label = {"labels": [skill.pick(rng, speaker, SPEAKERS)]}
        rows.append(row(rng, "speaker", "audio", "labels", {**cut, **label}, id=region, **size))
        text = {"text": [_words(rng, line, skill) or line]}
        meta = {"lead_time": round(rng.uniform(1, 9), 3)}
        rows.append(row(rng, "transcription", "audio", "textarea", {**cut, **text}, id=region, meta=meta, **size))
    chosen = sorted({skill.pick(rng, reason, REASONS) for reason in call.reasons})
    return [*rows, row(rng, "reason", "audio", "choices", {"choices": chosen})]


def _draw_clip(rng: Random, number: int) -> tuple[Json, Clip]:
    frames = rng.randrange(6, 15) * FRAMES_A_SECOND
    stops = sorted(rng.sample(range(10, frames - 5), rng.choice((2, 3, 4))))
    x, y, path = rng.uniform(2, 20), rng.uniform(30, 60), []
    for frame in [1, *stops]:
        path.append((frame, x, y))
        x, y = min(80, x + rng.uniform(4, 18)), min(70, max(20, y + rng.uniform(-6, 6)))
    bounds = sorted(rng.sample(range(2, frames), 4))
    events = tuple(zip(EVENTS, bounds, bounds[1:], strict=False))[: rng.choice((1, 2, 3))]
    data = {"video": f"s3://example-bucket/forest/clip_{number:03d}.mp4", "site": f"site-{rng.choice('abc')}"}
    return data, Clip(frames, rng.choices(ANIMALS, (5, 3, 2))[0], tuple(path), events)


def _track(rng: Random, clip: Clip, skill: Skill) -> Json:
    sequence = []
    for number, (frame, x, y) in enumerate(clip.path):
        if number and not skill.sees(rng):
            continue
        place = {"x": skill.near(rng, x), "y": skill.near(rng, y), "width": skill.near(rng, 14, low=2)}
        shape = {**place, "height": skill.near(rng, 18, low=2), "rotation": 0}
        last = number == len(clip.path) - 1
        time = round(frame / FRAMES_A_SECOND, 2)
        sequence.append({"frame": frame, "enabled": not last, **shape, "time": time})
    value = {"framesCount": clip.frames, "duration": clip.frames / FRAMES_A_SECOND, "sequence": sequence}
    labels = [skill.pick(rng, clip.animal, ANIMALS)]
    return row(rng, "track", "video", "videorectangle", {**value, "labels": labels})


def _mark_clip(rng: Random, clip: Clip, skill: Skill) -> list[Json]:
    rows = [_track(rng, clip, skill)]
    for name, start, end in clip.events:
        if skill.sees(rng):
            first = int(skill.near(rng, start, 2, 1, clip.frames - 1))
            last = max(first, int(skill.near(rng, end, 2, 1, clip.frames)))
            label = skill.pick(rng, name, EVENTS)
            value = {"ranges": [{"start": first, "end": last}], "timelinelabels": [label]}
            rows.append(row(rng, "event", "video", "timelinelabels", value))
    return rows


AUDIO = Kind(
    title="Support calls",
    description="Speakers and transcriptions of recorded calls",
    config=AUDIO_CONFIG,
    tasks=50,
    overlap=2,
    cohort=100,
    seconds=150,
    models=(("speech-1.0", 0.7), ("speech-1.1", 0.83)),
    draw=_draw_call,
    mark=_mark_call,
)
VIDEO = Kind(
    title="Forest cameras",
    description="Animals and events in clips of trail cameras",
    config=VIDEO_CONFIG,
    tasks=30,
    overlap=2,
    cohort=60,
    seconds=240,
    models=(("tracker-a", 0.68), ("tracker-b", 0.8)),
    draw=_draw_clip,
    mark=_mark_clip,
    storage="video",
)
