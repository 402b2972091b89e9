"""What the simulator has to say, before it is cut into deltas, and how hard it was to find."""

from dataclasses import dataclass, field

from sijo.wire.sources import Citation

TRIVIAL, EASY, MIDDLING, HARD = range(4)


@dataclass(slots=True)
class Reply:
    """`kernel` is the bare answer, without a sentence around it; `notes` tell how it was found, for a thought."""

    text: str
    notes: list[str] = field(default_factory=list)
    weight: int = EASY
    kernel: str = ""
    citations: list[Citation] = field(default_factory=list)
