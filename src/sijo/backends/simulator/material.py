"""What a request says to do, and the text that it brings to do it to: `Summarize this: …`, a quotation, a tagged text.

Who works on the text is for others. Sentences are found here too, as both ask for them.
"""

import re
from typing import NamedTuple

INSTRUCTION = 160
"""Characters that may stand before the colon behind which the text begins."""
LEAST = 40
"""Characters that a paragraph of its own has, if it is one to work on."""
MOST = 2_000
_TASK = re.compile(
    r"summar|tl;?dr|sum up|shorten|condense|translat|classif|categori|label|sentiment|extract"
    r"|(?:find|list) (?:the|all|any|every)|pull out"
    r"|analy[sz]e|rate|grade|rewrite|rephrase|paraphrase|correct|fix|improve|proofread"
    r"|uppercase|upper case|lowercase|lower case"
    r"|capital letters"
    r"|revers|backwards|sort|alphabet|order|count|how many|is this|is the following|complete|continue|text|article"
    r"|passage|review|sentence|email|message|question|following|context|json|positive or negative"
    r"|요약|줄여|번역|분류|추출|뽑아|감정|분석|평가|고쳐|교정|바꿔|다듬|거꾸로|뒤집|대문자|소문자|정렬|세어|세 줘|찾아"
    r"|다음|글|문장"
    r"|要約|まとめ|翻訳|分類|抽出|总结|概括|摘要|翻译|分类|提取|文章|次の"
    r"|resum|traduc|clasific|extrae|texto|résum|tradui|class|extrai|texte|zusammen|übersetz|klassifiz|text",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"<([a-zA-Z_][\w-]{0,30})>([^<]{1,2000})</\1>")
_COLON = re.compile(r"[:：](?!//|\d)\s*")
_QUOTED = re.compile(
    r"\"([^\"\n]{1,500})\"|“([^”\n]{1,500})”|「([^」\n]{1,500})」|«([^»\n]{1,500})»"
    r"|(?<!\w)['‘]([^'’\n]{1,500})['’](?![A-Za-z\d_])"
)
_SENTENCE = re.compile(r"(?:[^.!?。！？\n]|[.!?](?=[^\s\"'”’)]))+(?:[.!?。！？]+[\"'”’)]?|\n|$)")


class Work(NamedTuple):
    """`task` is what to do, `text` what to do it to; without a text all is the task."""

    task: str
    text: str = ""


def parted(ask: str) -> Work:
    """The task and its text: what stands in tags, behind a colon, in a paragraph of its own, or in quotes."""
    ask = ask[: MOST + 1].strip()
    tagged = max(_TAGGED.finditer(ask), key=lambda found: len(found[2].strip()), default=None)
    if tagged and tagged[2].strip():
        return Work(f"{ask[: tagged.start()]} {ask[tagged.end() :]}".strip(), tagged[2].strip())
    for colon in _COLON.finditer(ask[:INSTRUCTION]):
        head, text = ask[: colon.start()], ask[colon.end() :].strip()
        if text and _TASK.search(head):
            return Work(head, text)
    parts = [part.strip() for part in ask.split("\n\n") if part.strip()]
    if len(parts) > 1:
        longest = max(parts, key=len)
        rest = " ".join(part for part in parts if part is not longest)
        if len(longest) >= LEAST and _TASK.search(rest[:INSTRUCTION]):
            return Work(rest, longest)
    if (quoted := _QUOTED.search(ask)) and _TASK.search(ask[: quoted.start()] + ask[quoted.end() :]):
        text = next(filter(None, quoted.groups()))
        return Work(f"{ask[: quoted.start()]} {ask[quoted.end() :]}".strip(), text.strip())
    return Work(ask)


def sentences(text: str) -> list[str]:
    """The sentences of a text, whole; a point inside a number or a name of a file ends none."""
    return [found for match in _SENTENCE.finditer(text[: MOST * 5]) if (found := " ".join(match[0].split()))]
