"""What the user told about themselves and asked to remember, and the questions that ask for it again.

A fact is a key and a value. What is common has a key of its own (`name`, `age`, `home`, `job`, `likes`); anything else
is kept under the words that the user used. Nothing is stored: every question reads the conversation anew.
"""

import re
from collections.abc import Iterable

from sijo.backends.simulator.lexicon import stems
from sijo.backends.simulator.reply import EASY, MIDDLING, Reply
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.told import COMMON, REMEMBER, Fact, common, stated
from sijo.backends.simulator.tongue import phrase

TURNS = 100
"""How many turns back a fact is looked for."""
TOLD = 500
"""Characters of a turn in which facts are looked for: what is longer is no talk."""
KOREAN = {"name": "이름", "age": "나이", "home": "사는 곳", "job": "직업", "likes": "좋아하는 것",
"dislikes": "싫어하는 것",
          "from": "고향", "allergy": "알레르기"}  # fmt: skip
ASKED = 400
"""Characters of a question."""
_INSTEAD = {"from": "home", "home": "from"}
"""What answers a question nearly, where the fact itself was not told."""
_FAVOURITE = re.compile(r"(?:내가 |제가 )?(?:가장 |제일 )?좋아하는")
_WANTS = re.compile(
    r"\b(?:write|explain|tell|give|make|create|list|fix|help|show|translate|summari[sz]e|suggest|find|describe"
    r"|classify|analy[sz]e|extract|rewrite|rephrase|correct|detect|identify|sentiment)\b"
    r"|써\s?줘|알려|설명|만들|작성|추천|번역|요약|고쳐|찾아|분류|분석|추출|감정",
    re.IGNORECASE,
)
_QUESTIONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(pattern, re.IGNORECASE))
    for key, pattern in (
        (
            "name",
            r"\bwho (?:am i|i am)\b|내가 누구|제가 누구|내가 누군|私の名前は(?:何|なん)|我叫什么|我的名字(?:是"
            r"|叫)什么|cómo me llamo"
            r"|cuál es mi nombre|wie hei(?:ß|ss)e ich|wie ist mein name|comment (?:est-ce que )?je m['’]appelle"
            r"|quel est mon nom"
            r"|comment m['’]appelé",
        ),
        (
            "age",
            r"\bhow old am i\b|(?:내가|제가|나는|나) 몇 살|(?:내|제) 나이|何歳|我(?:今年)?(?:多大|几岁)"
            r"|cuántos años tengo"
            r"|wie alt bin ich|quel âge ai",
        ),
        (
            "home",
            r"\bwhere do i live\b|(?:내가|제가|나는|나) 어디(?:에|서|에서)?\s*(?:살|산)|どこに住んで"
            r"|我(?:现在)?住在?哪|dónde vivo"
            r"|wo wohne ich|où (?:est-ce que )?j['’]habite",
        ),
        ("from", r"\bwhere am i from\b|\bwhere do i come from\b"),
        ("allergy", r"\bwhat am i allergic to\b"),
        (
            "dislikes",
            r"\bwhat (?:don['’]t i|do i not|do i) (?:like|hate|dislike)\b(?<!do i like)|(?:내가|제가"
            r"|나는) (?:뭘|뭐를|무엇을) (?:싫어|안 좋아)",
        ),
        ("job", r"\bwhat do i do\b|\bwhat is my (?:job|occupation)\b|(?:내|제) 직업"),
        ("likes", r"\bwhat do i (?:like|love|enjoy)\b|(?:내가|제가|나는) (?:뭘|뭐를|무엇을) 좋아"),
    )
)
_WHAT_IS_MY = re.compile(
    r"\b(?:wh(?:at|en)(?:['’]s| is| was| are| were)|tell me|(?:remember|recall|know)(?: what)?|say|said) my "
    r"([a-z][a-z '’-]{1,40}?)(?:\s+(?:is|was|are|were))?\s*(?:[?.!]|$)",
    re.IGNORECASE,
)
_NAME_OF = re.compile(r"\bname of my ([a-z]{2,20})\b", re.IGNORECASE)
_DO_I = re.compile(
    r"\bdo i (?:like|love|enjoy)\s+([^?.!\n]{1,40})\?|(?:내가|제가|나는)\s+([^?\n]{1,20}?)(?:을|를)\s*(?:좋아"
    r"|싫어)[^?\n]{1,8}\?",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\bwhat (?:do )?you (?:know|remember) about me\b|\bwhat (?:have i told|did i tell) you about (?:me|myself)\b"
    r"|나에 대해 (?:아는|알고|기억)"
    r"|저에 대해 (?:아는|알고|기억)",
    re.IGNORECASE,
)
_AMENDS = re.compile(
    r"^\s*(?:(?:no|actually|sorry|oops|wait|i mean)[,.!\s]+){1,3}(?:(?:it['’]s|it is|that['’]s|i meant?|make (?:it"
    r"|that))\s+){1,2}(?!not\b)([^.!?,\n]{1,40})"
    r"|^\s*(?:아니[야요]?|아뇨|사실은?|미안)[,.!\s]+(?:사실은?\s)?([^\s.!?,]{1,20}?)(?:이야|야|이에요|예요"
    r"|입니다)[\s.!]*$",
    re.IGNORECASE,
)
"""Puts right what was told just before: `No wait, it's red`."""
_WHAT_TOLD = re.compile(
    r"\bwh(?:at|ich) (\w{1,20}) (?:did i|was i) (?:tell|ask|want|give|say)\w*\b[^?.!]{0,30}(?:[?.!]|$)", re.IGNORECASE
)
_WHAT_IS = re.compile(r"\bwhat(?:['’]s| is| was) (?:the |our )?([\w '’-]{1,40}?)\s*(?:\?|$)", re.IGNORECASE)
_KOREAN_MINE_ASKED = re.compile(r"(?:내|제|나의|저의)\s([가-힣A-Za-z ]{1,25}?)(?:은|는|이|가)\s*\?")
_KOREAN_WHAT = re.compile(
    r"(?:(내가|제가|내|제|나의|저의|우리)\s)?([가-힣A-Za-z][가-힣A-Za-z ]{0,25}?)(?:이|가|은|는|을|를)?\s*"
    r"(?:뭐|뭔|무엇|누구|몇|어디|어느|언제|기억나|기억해\?|기억하|알아\?|알고)"
)


def recall(scene: Scene) -> Reply | None:
    """The answer to a question about what was told, or None if the text asks no such thing."""
    text = scene.ask
    if len(text) <= ASKED and _ALL.search(text):
        return _all(scene)
    if len(text) <= ASKED and (match := _DO_I.search(text)):
        return _liking(scene, (match[1] or match[2]).strip())
    asked = _asked(text)
    if asked is None:
        return None
    facts = known(scene)
    found = next((fact for fact in facts if _same(fact.key, asked.key)), None)
    if found is None and (other := _INSTEAD.get(asked.key) or ("likes" if _FAVOURITE.match(asked.key) else "")):
        found = next((fact for fact in facts if fact.key == other), None)
    language = scene.language
    if found:
        name = KOREAN.get(found.key, found.key) if language == "ko" else found.key
        note = phrase(scene.inner, "t_recall", key=name, value=found.value)
        text = phrase(language, _phrase(found), scene.chance, key=name, value=found.value)
        return Reply(text, [note], EASY, found.value)
    if not asked.mine:
        return None  # a question about the world, not about what was told
    return Reply(phrase(language, "unknown", scene.chance), [phrase(scene.inner, "t_unknown")], EASY)


def _all(scene: Scene) -> Reply:
    """Everything that was told, of each key what was told last."""
    facts = {fact.key: fact.value for fact in reversed(known(scene)) if fact.mine}
    if not facts:
        return Reply(phrase(scene.language, "no_facts"), [phrase(scene.inner, "t_unknown")], EASY)
    names = KOREAN if scene.language == "ko" else {}
    listed = ", ".join(f"{names.get(key, key)}: {value}" for key, value in facts.items())
    return Reply(phrase(scene.language, "all_facts", facts=listed), [], MIDDLING)


def _liking(scene: Scene, what: str) -> Reply:
    """Whether the user likes something, as told last."""
    wanted = stems(what)
    for fact in known(scene):
        if fact.key in ("likes", "dislikes") and wanted and wanted <= stems(fact.value):
            return Reply(phrase(scene.language, f"{fact.key}_it", value=fact.value), [], EASY)
    return Reply(phrase(scene.language, "unknown", scene.chance), [phrase(scene.inner, "t_unknown")], EASY)


def greeted(scene: Scene) -> Reply | None:
    """The answer to a text that only tells something."""
    text = scene.ask
    if "?" in text or len(text) > 400 or (_WANTS.search(text) and not REMEMBER.search(text)):
        return None
    facts = list(stated(text))
    amends = not facts and scene.turn > 1 and _AMENDS.search(text) is not None
    if not facts and not (amends and known(scene)):
        return None
    name = next((fact.value for fact in facts if fact.key == "name"), "")
    said = phrase(scene.language, "met" if name else "noted", scene.chance, value=name)
    return Reply(said, [], MIDDLING if len(facts) > 3 else EASY)


def _asked(text: str) -> Fact | None:
    """What a question asks for: the key, and whether it is about the user."""
    if len(text) > ASKED:
        return None
    for key, pattern in _QUESTIONS:
        if pattern.search(text):
            return Fact(key, "")
    if match := _NAME_OF.search(text):
        return Fact(common(f"{match[1].strip()}'s name"), "")
    if match := _WHAT_IS_MY.search(text):
        return Fact(common(match[1].strip()), "")
    if match := _KOREAN_WHAT.search(text):
        return Fact(common(match[2].strip()), "", bool(match[1]))
    if match := _KOREAN_MINE_ASKED.search(text):
        return Fact(common(match[1].strip()), "")
    if match := _WHAT_TOLD.search(text) or _WHAT_IS.search(text):
        return Fact(common(match[1].strip()), "", mine=False)
    return None


def known(scene: Scene) -> list[Fact]:
    """The facts of a conversation, the newest first; those of the system prompt last."""
    known = list(stated(re.sub(r"\b[Tt]he user['’]s\b", "my", glance(scene.system)))) if scene.system else []
    told, before = 0, ""
    for text in list(scene.told())[-TURNS:]:
        new = list(stated(text[:TOLD]))
        if not new and told and (match := _AMENDS.search(text[:TOLD])):
            new = [_spoken_of(before, known)._replace(value=(match[1] or match[2]).strip())]
        known += new
        told += len(new)
        before = text
    return known[::-1]


def _spoken_of(before: str, known: list[Fact]) -> Fact:
    """The fact that is put right: the one that was asked for just before, else the one that was told last."""
    asked = _asked(before)
    return next((fact for fact in reversed(known) if asked and _same(fact.key, asked.key)), known[-1])


def _same(known: str, asked: str) -> bool:
    if known == asked:
        return True
    if known in COMMON.values() or asked in COMMON.values():
        return False
    a, b = _bare(known), _bare(asked)
    return bool(a and b) and (a == b or set(a) <= set(b) or set(b) <= set(a))


def _bare(key: str) -> Iterable[str]:
    """The words of a key that tell it from others, in one spelling."""
    plain = re.sub(r"our\b", "or", key.replace("favourite", "favorite"))
    plain = re.sub(r"가장|제일|내가|제가", " ", plain)
    return stems(plain)


def _phrase(fact: Fact) -> str:
    own = f"recall_{fact.key}"
    if fact.key in ("name", "age", "home", "likes", "dislikes", "from", "job"):
        return own
    return "recall" if fact.mine else "recall_thing"
