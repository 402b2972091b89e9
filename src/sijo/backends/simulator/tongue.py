"""Languages: which one a text is in, which one it asks for, and phrases in each. The phrases are in `phrases.toml`."""

import re
import tomllib
from functools import cache
from importlib import resources

import msgspec

from sijo.engine.remembered import remembered

NAMES = {
    "english": "en", "영어": "en", "korean": "ko", "한국어": "ko", "한국말": "ko", "한글": "ko",
    "japanese": "ja", "일본어": "ja", "chinese": "zh", "mandarin": "zh", "중국어": "zh", "spanish": "es",
    "español": "es", "스페인어": "es", "french": "fr", "français": "fr", "프랑스어": "fr",
    "불어": "fr", "german": "de", "deutsch": "de", "독일어": "de",
}  # fmt: skip
_ANY = "|".join(NAMES)
_DEMANDS = (
    re.compile(rf"\b(?:answer|reply|respond|speak|write|talk|communicate)\b[^.\n]{{0,40}}?\b({_ANY})\b", re.IGNORECASE),
    re.compile(rf"\bin ({_ANY})\b,?\s*(?:please|only)\b", re.IGNORECASE),
    re.compile(rf"({_ANY})로(?:만)?\s*(?:답|대답|응답|말해|말하|얘기|이야기|써|작성|설명|알려)"),
)
_HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")
_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_LATIN = re.compile(r"[^\W\d_]+")
_MARKS = {
    "es": {"hola", "qué", "cómo", "cuál", "gracias", "por", "el", "los", "las", "una", "es", "está", "dónde", "puedes",
           "tiempo", "hace", "mi", "buenos", "días", "quién", "soy", "me", "y", "de", "la", "en", "que", "un",
           "con", "para",
           "al", "del", "tengo", "cuánto", "cuántas", "cuántos", "cuándo", "dame", "traduce", "resume", "escribe"},
    "fr": {"bonjour", "salut", "merci", "quel", "quelle", "est", "les", "vous", "je", "une", "où", "comment",
           "pourquoi", "que", "des", "et", "il", "fait", "suis", "mon", "êtes", "peux", "temps", "qui", "tu", "le",
           "la",
           "de", "du", "en", "un", "dans", "avec", "pour", "ne", "pas", "combien", "font", "moi", "écris", "traduis"},
    "de": {"hallo", "danke", "guten", "tag", "ist", "der", "das", "und", "wie", "was", "ich", "nicht", "ein", "eine",
           "warum", "wer", "bist", "mein", "wo", "kannst", "heute", "wetter", "die", "den", "dem", "mit", "von", "zu",
           "auf", "für", "einem", "einen", "sind", "mir", "es", "er", "sie", "wir", "im", "nenne", "schreibe",
           "erkläre", "heiße", "ins", "oder", "auch"},
    "en": {"the", "is", "what", "how", "hello", "hi", "you", "my", "a", "of", "to", "in", "and", "please", "who", "why",
           "tell", "me", "was", "i", "for", "it", "with"},
}  # fmt: skip
_LETTERS = {"es": re.compile("[¿¡ñáíóú]"), "fr": re.compile("[çœèêëàâîïôûù]"), "de": re.compile("[äöüß]")}
"""Letters that tell a language where its words are as common in others."""
_PARTICLES = re.compile(r"(.)(은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(이\)라|\(이\)|\(으\)로)")
_PARTICLE = {
    "은(는)": ("은", "는"), "이(가)": ("이", "가"), "을(를)": ("을", "를"), "과(와)": ("과", "와"),
    "(이)라": ("이라", "라"), "(이)": ("이", ""), "(으)로": ("으로", "로"),
}  # fmt: skip
_SPOKEN_FINALS = "013678lmnLMNR"
"""Characters, not Hangul, whose Korean reading ends in a consonant; a small r ends a word, as in 웨더."""
_SPOKEN_L = "178lLR"
"""Those of them that end in ㄹ."""


def detect(text: str) -> str | None:
    """The language of a text by its script, or by its commonest words; None if nothing tells."""
    head = text[:400]
    hangul, latin = len(_HANGUL.findall(head)), _LATIN.findall(head.lower())
    if hangul:
        letters = sum(map(len, latin)) - hangul
        return "ko" if hangul * 4 >= letters else "en"
    if _KANA.search(head):
        return "ja"
    if _HAN.search(head):
        return "zh"
    if not latin:
        return None
    score = {language: sum(word in marks for word in latin) for language, marks in _MARKS.items()}
    if not head.isascii():
        for language, special in _LETTERS.items():
            score[language] += min(2, len(special.findall(head.lower())))
    best = max(score, key=lambda language: (score[language], language == "en"))
    return best if score[best] else "en"


@remembered(64, 10_000)
def demanded(text: str) -> str | None:
    """The language that a text asks to be answered in; the last one, if it asks for several."""
    found = [(match.start(), match[1].lower()) for demand in _DEMANDS for match in demand.finditer(text)]
    return NAMES[max(found)[1]] if found else None


@cache
def phrases() -> dict[str, dict[str, list[str]]]:
    """Language -> key -> phrases to choose from."""
    text = (resources.files(__package__) / "phrases.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, dict[str, list[str]]])


def phrase(language: str, key: str, chance: int = 0, /, **values: object) -> str:
    """One of the phrases for `key`, its values filled in. What a language lacks is said in English."""
    known = phrases()[language].get(key) or phrases()["en"][key]
    text = known[chance % len(known)].format_map(values)
    return particles(text) if language == "ko" else text


def particles(text: str) -> str:
    """Korean particles that were left open, as in 이름은(는), in the form that the word before them takes."""
    return _PARTICLES.sub(lambda match: match[1] + _PARTICLE[match[2]][not _closed(match[1], match[2])], text)


def _closed(char: str, particle: str) -> bool:
    """Whether a word that ends in `char` is read with a consonant at its end."""
    if "가" <= char <= "힣":
        final = (ord(char) - ord("가")) % 28
        return final != 0 and not (final == 8 and particle == "(으)로")
    return char in _SPOKEN_FINALS and not (char in _SPOKEN_L and particle == "(으)로")
