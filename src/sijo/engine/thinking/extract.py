"""A summary of thinking without a model: the first lines in full, then of each paragraph the sentence that says most.

Deterministic, and made as the thinking comes: a paragraph is summed up when it ends, so the summary streams along.
"""

import re

FULL = 400
"""Characters at the start that are shown as they are, to the end of their sentence."""
LONG = 1200
"""Characters after which a paragraph that does not end is summed up all the same."""
LONGEST = 300
"""Characters that are shown of a sentence."""
CUES = re.compile(
    r"\b(?:so|therefore|thus|hence|because|answer|result|conclu\w*|decid\w*|must|should|plan|next|wait|but|however|check)\b"
    r"|그래서|따라서|결국|결론|왜냐하면|하지만|그러나|답|정답|계획|먼저|다음|확인",
    re.IGNORECASE,
)
END = re.compile(r"[.!?](?:\s|$)|[。\n]")
SENTENCE = re.compile(r"(?:[^.!?。\n]|[.!?](?!\s|$))+(?:[.!?]+|。|$)?")


class Extract:
    """Takes thinking piece by piece and gives what is to be shown of it.

    Most pieces are a token, and most tokens end nothing: those are only put aside.
    """

    def __init__(self) -> None:
        self._given = 0
        self._opening = True
        self._parts: list[str] = []
        self._size = 0
        self._said = False

    def feed(self, text: str) -> str:
        """What to show now, after this piece."""
        out = ""
        if self._opening:
            out, text = self._opened(text)
        self._parts.append(text)
        self._size += len(text)
        if self._size <= LONG and "\n" not in text:
            return out
        return out + self._points()

    def end(self) -> str:
        """What to show of the last paragraph."""
        rest = "".join(self._parts)
        self._parts, self._size = [], 0
        return self._point(rest)

    def _opened(self, text: str) -> tuple[str, str]:
        """The part of a piece that still belongs to the lines shown in full, and the part that does not."""
        self._said = self._said or bool(text)
        left = max(0, FULL - self._given)
        self._given += len(text)
        if len(text) < left:
            return text, ""
        if ends := END.search(text, left):
            cut = ends.end()
        elif len(text) - left < FULL and self._given < 2 * FULL:  # the sentence goes on
            return text, ""
        else:
            cut = left if len(text) - left >= FULL else len(text)
        self._opening = False
        return text[:cut], text[cut:]

    def _points(self) -> str:
        """What to show of the paragraphs that have ended."""
        out, rest = "", "".join(self._parts)
        while (end := rest.find("\n\n")) >= 0 or len(rest) > LONG:
            cut = end + 2 if end >= 0 else LONG
            out += self._point(rest[:cut])
            rest = rest[cut:]
        self._parts, self._size = [rest], len(rest)
        return out

    def _point(self, paragraph: str) -> str:
        """The sentence of a paragraph that says most: the last of those with the most words that draw a conclusion."""
        sentences = [found[0].strip() for found in SENTENCE.finditer(paragraph) if found[0].strip()]
        if not sentences:
            return ""
        best = max(range(len(sentences)), key=lambda at: (len(CUES.findall(sentences[at])), at))
        lead = "\n\n" if self._said else ""
        self._said = True
        point = sentences[best]
        return f"{lead}{point if len(point) <= LONGEST else point[:LONGEST].rstrip() + ' …'}"
