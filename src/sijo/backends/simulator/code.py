"""A block where code was asked for: in the language that was named, with what it would do. Code takes a model."""

import re

from sijo.backends.simulator.reply import HARD, Reply
from sijo.backends.simulator.scene import Scene
from sijo.backends.simulator.tongue import phrase

ASKED = 300  # characters of a request for code
_LANGUAGES = {
    "python": "# {}", "파이썬": "# {}", "javascript": "// {}", "자바스크립트": "// {}", "typescript": "// {}",
    "타입스크립트": "// {}",
    "java": "// {}", "자바": "// {}", "kotlin": "// {}", "swift": "// {}", "golang": "// {}", "rust": "// {}",
    "c++": "// {}", "c#": "// {}",
    "php": "// {}", "ruby": "# {}", "bash": "# {}", "shell": "# {}", "sql": "-- {}", "html": "<!-- {} -->",
    "css": "/* {} */",
    "yaml": "# {}", "dockerfile": "# {}", "react": "// {}",
}  # fmt: skip
"""How a comment is written in each."""
_NAMES = {"파이썬": "python", "자바스크립트": "javascript", "타입스크립트": "typescript", "자바": "java",
          "golang": "go", "c++": "cpp",
          "c#": "csharp", "shell": "bash", "react": "jsx"}  # fmt: skip
_ASKS = re.compile(
    r"\b(?:write|create|implement|generate|build|make|give me|show me|escrib\w+|schreib\w*|écri\w+)\b|작성"
    r"|짜\s?줘|만들|구현|보여|써\s?줘|書いて|写",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    rf"(?<![\w])({'|'.join(sorted(map(re.escape, _LANGUAGES), key=len, reverse=True))})(?![a-z+#])", re.IGNORECASE
)
_CODE = re.compile(
    r"\b(?:function|func|script|code|program|query|class|component|snippet|app|page|form|loop|file|endpoint"
    r"|función|funktion|fonction)\b"
    r"|함수|코드|스크립트|프로그램|쿼리|클래스|関数|コード|函数|代码|\b(?:html|sql|css|dockerfile)\b",
    re.IGNORECASE,
)


def stubbed(scene: Scene) -> Reply | None:
    """A block of the language that was asked for, with the request as its comment."""
    ask = scene.ask
    if (
        len(ask) > ASKED
        or "```" in ask
        or not _CODE.search(ask)
        or not _ASKS.search(ask)
        or (found := _LANGUAGE.search(ask)) is None
    ):
        return None
    language = found[1].lower()
    line = " ".join(scene.work.task.split()).replace("-->", "").replace("*/", "")
    block = f"```{_NAMES.get(language, language)}\n{_LANGUAGES[language].format(line)}\n```"
    return Reply(f"{phrase(scene.language, 'code')}\n\n{block}", [phrase(scene.inner, "t_hard")], HARD)
