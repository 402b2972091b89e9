"""Answers whose words the request itself holds: to repeat, to count, to greet, to say who is speaking."""

import re

from sijo.backends.simulator.reply import EASY, TRIVIAL, Reply
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import NAMES, phrase

MOST = 2_000  # numbers that are counted
QUOTED = 300  # characters of an earlier message that are quoted
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "`": "`", "«": "»"}
HEAD = 300  # characters in which a request to repeat something stands
_REPEAT = re.compile(
    r"^\s*(?:please\s+)?(?:(?:repeat|echo)\b[^:\n]{0,60}"
    r"|(?:say|reply|respond|answer|output|print|return|write)\b[^:\n]{0,20}"
    r"\b(?:exactly|only|just|verbatim|nothing but|the words?|the following)\b[^:\n]{0,40}):\s*"
    r"|(?:따라\s?(?:해|말해)|그대로\s?(?:반복|말해|출력|답|써))[^:：\n]{0,20}[:：]\s*",
    re.IGNORECASE,
)
_SAY = re.compile(
    r"^\s*(?:please\s+)?(?:say|reply|respond|answer|output|print|return|write|echo|repeat)\s+"
    r"(?:(?:with|back|after me|exactly|only|just|verbatim|nothing but|the (?:single )?words?)[\s:]+)+"
    r"(.{1,200}?)(?:\s+and nothing else|,? nothing else)?\s*$"
    r"|^\s*(?:please\s+)?say\s+(?!.* in )(\S+(?: \S+){0,3}?)(?:\s+(?:and nothing else|to (?:me|us|everyone)))?\s*$",
    re.IGNORECASE,
)
_KOREAN_SAY = re.compile(
    r"^\s*[\"'“‘`](.{1,200}?)[\"'”’`]\s*(?:이라고|라고|만|을|를)?\s*(?:만)?\s*(?:말해|답해|대답|출력|써|반복|따라)"
    r"|^\s*(\S{1,40}?)(?:이라고|라고)(?:만)?\s*(?:말해|답해|대답해|해\s?봐)"
)
_COUNT = re.compile(
    r"\bcount\b(?: down)?(?: from (\d{1,6}))?(?: up)?(?: down)? to (\d{1,6})\b"
    r"|(\d{1,6})부터 (\d{1,6})까지\s*(?:숫자|세|말|써|출력|$)",
    re.IGNORECASE,
)
_HELLO = re.compile(
    r"^\s*(?:👋|ㅎㅇ|하이|hi|hello|hey|howdy|greetings|good (?:morning|afternoon|evening)|how are you|what['’]s up"
    r"|잘 지내\S*|안녕\S*|반가워\S*|반갑습니다|여보세요"
    r"|hola|buenos días|bonjour|salut|hallo|guten (?:tag|morgen)|こんにちは|こんばんは|おはよう\S*|你好|您好"
    r"|嗨)(?:\b|(?<=👋))"
    r"(?:[\s,!.~¿¡\U0001f300-\U0001faff]{0,3}[\w'’]{1,20}){0,4}[\s!.~?？！。^\U0001f300-\U0001faff]*$",
    re.IGNORECASE,
)
_GREET = re.compile(
    rf"^\s*(?:please\s+)?(?:say (?:hello|hi)|greet me)\s+in\s+({'|'.join(NAMES)})[\s.!]*$"
    rf"|^\s*({'|'.join(NAMES)})로\s*인사\S*(?:\s\S{{1,4}})?$",
    re.IGNORECASE,
)
_ACK = re.compile(
    r"^[\s\W]*(?:ok(?:ay)?|yes|no|yeah|yep|sure|test(?:ing)?(?: \d+)*|cool|great|nice|hmm+|please"
    r"|can you help(?: me)?|help(?: me)?"
    r"|네|예|응|아니|아니요|좋아요?|그래|테스트|알겠어요?|도와\s?줘|ㅋ+|ㅎ+|ㅇㅇ|ㅇㅋ|はい|テスト|好的?|测试|sí"
    r"|vale|oui|d['’]accord"
    r"|gut)?[\s\W]*$",
    re.IGNORECASE,
)
"""Words that ask nothing, emoji, and nothing at all."""
_WHEN = re.compile(
    r"\bwhat(?:['’]s| is)? (?:the )?(?:(?:current )?time(?: is it)?|day(?: is it)?(?: today)?|date"
    r"|today['’]s date)\b(?: (?:is it|now|today|tomorrow|right now|like)){0,3}\s*\??$"
    r"|\bwhat day is (?:it|today)\b|\bwhat(?:['’]s| is) the weather\b|\bhow(?:['’]s| is) the weather\b"
    r"|(?:지금|현재|오늘)\s?(?:은|이)?\s?(?:몇 시|며칠|무슨 요일|날짜)|날씨\S{0,2}\s?(?:어때|어떤가요|알려|어떻)"
    r"|天気(?:は|を)|天气(?:怎么样|如何)"
    r"|qué tiempo hace|qué hora es|quel temps fait|quelle heure|wie (?:ist das wetter|spät)|何時ですか|几点",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^\s*(?:thanks?|thank you|thx|고마\S*|감사\S*|gracias|merci|danke|ありがとう\S*|谢谢)\b[^?]{0,40}$", re.IGNORECASE
)
_BYE = re.compile(
    r"^\s*(?:bye|goodbye|good night|see you|잘 자|잘 가|잘 있어|안녕히 \S+"
    r"|adiós|au revoir|tschüss|さようなら|再见)\b.{0,20}$",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\b(?:who|what) are you\b|\bwhat(?: is|['’]s) your name\b|\b(?:what|which) (?:ai )?model are you\b"
    r"|\bintroduce yourself\b|\babout yourself\b|\bwhat can you do\b"
    r"|\bwho (?:made|created|built|trained) you\b|누가 (?:널|너를|당신을)\s?만들"
    r"|\bwhat tools do you have\b|\bare you (?:claude|gpt|human|a (?:bot|robot|human|model))\b"
    r"|(?:너|넌|너는|당신은?|네가)\s*(?:누구|뭐|이름)|누구(?:세요|야|니|십니까)|네 이름|자기\s?소개|[뭐뭘] 할 수 있"
    r"|quién eres|qui (?:es-tu|êtes-vous)|wer bist du|wer sind sie|あなたは(?:誰|だれ)|你是谁",
    re.IGNORECASE,
)
_NOT_WHO = re.compile(r"내가 누구|제가 누구|who am i", re.IGNORECASE)
_PERSONA = re.compile(r"\b(?:[Yy]ou are|[Yy]our name is|[Aa]ct as|[Pp]lay)\s+([A-Z][\w'’-]*(?: [A-Z][\w'’-]*)?)\b")
_KOREAN_PERSONA = re.compile(
    r"(?:당신의|너의|네|당신|너)\s*이름은\s*[\"'“‘]?([가-힣A-Za-z]{1,12}?)[\"'”’]?"
    r"(?:이고|이며|입니다|이야|야|이에요|예요|[,.\s])"
)
_FIRST = re.compile(
    r"\b(?:what (?:was|is) my first (?:message|question)|what did i (?:say|ask)(?: you)? first)\b"
    r"|처음에? (?:뭐라고|무엇을|뭘) \S*|첫 (?:번째 )?(?:질문|메시지)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\bwhat did i (?:just )?(?:say|ask|tell you)\b(?! (?:my|about|that)\b)"
    r"|\bwhat was my (?:last|previous) (?:message|question)\b"
    r"|(?:방금|아까|이전에) (?:내가 |제가 )?(?:뭐라고|무엇을|뭘|무슨)",
    re.IGNORECASE,
)


def repeated(scene: Scene) -> Reply | None:
    """What the user wants to hear, word for word."""
    text = scene.words
    head = text[:HEAD]
    if head.strip(" .!?").lower() == "ping":
        return Reply("pong", [], TRIVIAL, "pong")
    if match := _REPEAT.search(head):
        wanted = text[match.end() :]
    elif len(text) <= HEAD and (match := _SAY.search(head) or _KOREAN_SAY.search(head)):
        wanted = next(filter(None, match.groups()))
    else:
        return None
    wanted = unquoted(wanted.strip())
    return Reply(wanted, [], TRIVIAL, wanted) if wanted else None


def unquoted(text: str) -> str:
    """A text without the quotes around the whole of it, and without what is said after them."""
    closing = _QUOTES.get(text[:1])
    end = text.rfind(closing) if closing else -1
    return text[1:end] if end > 0 and len(text) - end <= 2 else text


def counted(scene: Scene) -> Reply | None:
    """Numbers in a row, up or down."""
    match = _COUNT.search(scene.ask)
    if match is None:
        return None
    first, last = int(match[1] or match[3] or 1), int(match[2] or match[4])
    step = 1 if last >= first else -1
    if abs(last - first) >= MOST:
        last = first + step * (MOST - 1)
    return Reply(", ".join(map(str, range(first, last + step, step))), [], TRIVIAL)


def social(scene: Scene) -> Reply | None:
    """Greetings, thanks, goodbyes, and who is speaking."""
    text = scene.ask
    if len(text) < 120 and _WHO.search(text) and not _NOT_WHO.search(text):
        system = glance(scene.system)
        persona = _PERSONA.search(system) or _KOREAN_PERSONA.search(system)
        if persona and "Claude" not in persona[1]:
            return Reply(phrase(scene.language, "persona", name=persona[1]), [], TRIVIAL, persona[1])
        return Reply(phrase(scene.language, "who"), [], TRIVIAL)
    if len(text) < 80 and (match := _GREET.search(text)):
        return Reply(phrase(NAMES[(match[1] or match[2]).lower()], "hello"), [], TRIVIAL)
    for pattern, key in ((_BYE, "bye"), (_HELLO, "hello"), (_THANKS, "thanks")):
        if len(text) < 80 and pattern.search(text):
            return Reply(phrase(scene.language, key, scene.chance), [], TRIVIAL)
    if len(text) < 80 and _WHEN.search(text):
        return Reply(phrase(scene.language, "no_clock"), [], EASY)
    if len(text) < 40 and _ACK.search(text):
        return Reply(phrase(scene.language, "ack", scene.chance), [], TRIVIAL)
    return None


def history(scene: Scene) -> Reply | None:
    """What the user said before."""
    if len(scene.ask) > 200:
        return None
    first, before = _FIRST.search(scene.ask), _BEFORE.search(scene.ask)
    if not (first or before):
        return None
    told = list(scene.told())[:-1]
    if not told:
        return Reply(phrase(scene.language, "nothing_before"), [], EASY)
    text = told[0 if first else -1]
    shown = text if len(text) <= QUOTED else text[:QUOTED] + "…"
    return Reply(phrase(scene.language, "first" if first else "before", text=shown), [], EASY, shown)
