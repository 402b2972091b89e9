"""Sums: found in a text, worked out exactly and step by step.

An expression is read with `ast` and only walked, never run; length, depth, digits and exponents are bounded.
"""

import ast
import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

LONGEST = 200  # characters of an expression
ASKED = 400  # characters of a text that is about a sum
BITS = 20_000  # of a result
DIGITS = 12  # after the point; what needs more is rounded

_NUMBER = r"(?<![\d.])\d{1,30}(?:\.\d{1,30})?"
_SIGN = re.compile(
    r"[-*+/^=×✕·÷−√]|\d ?(?:%|percent) of|\dx| x \d|times|plus|minus"
    r"|multipl|divide|power of|square|cubed|sum of|product of|\badd |subtract|average|mean of|sqrt|factorial| mod|\d ?!"
    r"|\d\s?(?:por|fois|mal|más|menos|moins|entre|geteilt|dividido|divisé|足|た[すし]|引|ひ[くい]|掛け|かけ|割"
    r"|わ[るっ]|加|减|乘|除)"
    r"|곱|더하|더해|빼|나누|나눠|나눈|remainder|제곱|%|퍼센트|프로|루트|팩토리얼|합|평균"
)
_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "hundred": "100",
}  # fmt: skip
_LIST = rf"({_NUMBER}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_NUMBER}){{1,30}})"


def _listed(found: re.Match[str]) -> str:
    """A sum of numbers in a list, or their average."""
    numbers = re.findall(_NUMBER, found[0])
    share = f" / {len(numbers)}" if re.search("average|mean|평균", found[0]) else ""
    return f" ({' + '.join(numbers)}){share} "


_REWRITES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),
        (
            rf"({_NUMBER})(?:을|를)\s*({_NUMBER})(?:으로|로)\s*나눈\s*나머지|\bremainder (?:of"
            rf"|when) ({_NUMBER}) (?:is )?divided by ({_NUMBER})",
            r"\1\3 % \2\4 ",
        ),
        (r"[×✕·]|\btimes\b|\bmultiplied by\b|\s*곱하기\s*|(?<=\d)\s?x\s?(?=\d)", " * "),
        (r"÷|\bdivided by\b|\s*나누기\s*", " / "),
        (r"\bplus\b|\s*더하기\s*", " + "),
        (r"[−–]|\bminus\b|\s*빼기\s*", " - "),
        (r"(?<=\d)\s?(?:por|fois|mal|掛ける|かける|乘以|乘)\s?(?=\d)", " * "),
        (r"(?<=\d)\s?(?:más|足す|たす|加上|加)\s?(?=\d)", " + "),
        (r"(?<=\d)\s?(?:menos|moins|引く|ひく|减去|减)\s?(?=\d)", " - "),
        (r"(?<=\d)\s?(?:entre|dividido (?:por|entre)|divisé par|geteilt durch|割る|わる|除以)\s?(?=\d)", " / "),
        (r"\^|\b(?:raised )?to the power of\b", " ** "),
        (rf"\b(?:sum|average|mean) of (?:the numbers )?{_LIST}|{_LIST}의\s*(?:합|평균)", _listed),
        (rf"\bmultiply ({_NUMBER}) (?:by|and|with) ({_NUMBER})", r"\1 * \2 "),
        (rf"\bdivide ({_NUMBER}) by ({_NUMBER})", r"\1 / \2 "),
        (rf"\badd ({_NUMBER}) (?:and|to|with) ({_NUMBER})", r"\1 + \2 "),
        (rf"\bsubtract ({_NUMBER}) from ({_NUMBER})", r"\2 - \1 "),
        (rf"({_NUMBER}) mod(?:ulo)? ({_NUMBER})", r"\1 % \2 "),
        (r"\b(\d{1,4}) (?:factorial\b|팩토리얼)|\bfactorial of (\d{1,4})\b", r"fact(\1\2) "),
        (r"(?:^|\b(?:what is|calculate|compute) )(\d{1,4}) ?!(?=[\s?=]*$)", r"fact(\1) "),
        (rf"({_NUMBER})의\s*({_NUMBER})\s*제곱(?!근)", r"\1 ** \2"),
        (rf"({_NUMBER})의\s*제곱근|(?:√|루트)\s*({_NUMBER})|\bsquare root of ({_NUMBER})", r"sqrt(\1\2\3)"),
        (r"\s*(?:의\s*)?제곱(?!근)|\bsquared\b", " ** 2 "),
        (r"\bcubed\b|의\s*세제곱", " ** 3 "),
        (rf"({_NUMBER})\s*(?:%|percent) of ({_NUMBER})", r"(\1 / 100 * \2)"),
        (rf"({_NUMBER})의\s*({_NUMBER})\s*(?:%|퍼센트|프로)", r"(\2 / 100 * \1)"),
        (rf"({_NUMBER})(?:에다가?|에|과|와|하고)\s*({_NUMBER})(?:을|를)?\s*더[하해]", r"\1 + \2 "),
        (rf"\bsquare of ({_NUMBER})", r"\1 ** 2 "),
        (rf"\bsum of ({_NUMBER}) and ({_NUMBER})", r"\1 + \2 "),
        (rf"\bproduct of ({_NUMBER}) and ({_NUMBER})", r"\1 * \2 "),
        (rf"({_NUMBER})에서\s*({_NUMBER})(?:을|를)?\s*빼", r"\1 - \2 "),
        (rf"({_NUMBER})(?:에|과|와|하고)\s*({_NUMBER})(?:을|를)?\s*곱[하해]", r"\1 * \2 "),
        (rf"({_NUMBER})(?:을|를)\s*({_NUMBER})(?:으로|로)\s*나[누눠]", r"\1 / \2 "),
    )
)
_EARLIER = r"(?:that|it|this|the (?:result|answer|total|sum|product))"
_ONWARD: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (sign, re.compile(rf"(?:(?:now|then|and|ok|okay|so|please|next)[\s,]+){{0,3}}{pattern}[\s?.!]*"))
    for sign, pattern in (
        ("*", rf"(?:multiply {_EARLIER} by|multiplied by|(?:{_EARLIER} )?times)\s+({_NUMBER})"),
        ("/", rf"(?:divide {_EARLIER} by|(?:{_EARLIER} )?divided by)\s+({_NUMBER})"),
        ("+", rf"(?:add|(?:{_EARLIER} )?plus)\s+({_NUMBER})(?:\s+to {_EARLIER})?"),
        ("-", rf"(?:subtract|(?:{_EARLIER} )?minus)\s+({_NUMBER})(?:\s+from {_EARLIER})?"),
    )
)
_KOREAN_ONWARD = re.compile(
    r"(?:(?:그럼|그러면|그리고|이제|다시)[\s,]+)?(?:거기|여기|그 ?값|그 ?결과|결과|그것|그거|그걸|이걸|답)"
    rf"(?:에다가?|에서|에|서|을|를)?\s*({_NUMBER})(?:을|를|으로|로)?\s*(더하|더해|곱하|곱해|빼|나누|나눠)"
    r"[가-힣]{0,4}(?:\s(?:얼마|몇|뭐|줘|봐|주세요)[가-힣]{0,4})?[\s?.!]*"
)
_KOREAN_SIGNS = {"더": "+", "곱": "*", "빼": "-", "나": "/"}
_OUTCOME = re.compile(rf"(?:=|≈|\bis|은|는)\s*(-?{_NUMBER})[^\d=]{{0,8}}$")
"""How an answer ends that is a number."""
_RUN = re.compile(r"(?:(?:sqrt|fact)\s?\(|[\d.()+\-*/% ])+")
_STRONG = re.compile(r"[*+]|sqrt|fact|\d\s+[-/%]\s+\d|\(")
_CUE = re.compile(
    r"\b(?:what|calculate|compute|evaluate|solve|how much|cuánto|combien|was ist|wie ?viel)\b|いくつ"
    r"|は[?？]|多少|等于|계산|얼마|몇|=\s*\??\s*$"
)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_FACTORIAL = re.compile(r"fact\((\d+)\)")
_PERCENT = re.compile(r"\(([\d.]+) / 100 \* ([\d.]+)\)")


class Sum(NamedTuple):
    """An expression as it is shown, its value (None: it has none), how it was worked out, and what is wrong with it."""

    expression: str
    value: str | None
    steps: tuple[str, ...] = ()
    exact: bool = True
    problem: str = ""


class TooLarge(ArithmeticError):
    """The result would have more than `BITS`."""


def find(text: str) -> Sum | None:
    """The sum that a short text asks for."""
    if len(text) > ASKED or not _SIGN.search(low := text.lower()):
        return None
    rewritten = _numerals(low)
    for pattern, into in _REWRITES:
        rewritten = pattern.sub(into, rewritten)
    asked = _CUE.search(low) is not None
    for run in sorted(_RUN.findall(rewritten), key=len, reverse=True):
        expression = " ".join(run.split()).strip(" .+*/%")
        alone = expression == low.strip(" ?=.!")
        if (asked or alone or _STRONG.search(expression)) and (found := work_out(expression)):
            return found
    return None


def onward(text: str, before: str) -> Sum | None:
    """The sum that a text carries on from the number that the answer before it ended with: `multiply that by 2`."""
    outcome = _OUTCOME.search(before[-ASKED:]) if len(text) <= ASKED else None
    if outcome is None:
        return None
    low = text.lower().strip()
    if match := _KOREAN_ONWARD.fullmatch(low):
        return work_out(f"{outcome[1]} {_KOREAN_SIGNS[match[2][0]]} {match[1]}")
    found = ((sign, match) for sign, pattern in _ONWARD if (match := pattern.fullmatch(low)))
    return next((work_out(f"{outcome[1]} {sign} {match[1]}") for sign, match in found), None)


def work_out(expression: str) -> Sum | None:
    """The value of an expression, or None for what is none: no operator, a date, anything that does not parse."""
    if not 3 <= len(expression) <= LONGEST or _DATE.search(expression):
        return None
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    shown = shorten(expression)
    steps: list[str] = []
    try:
        value = _value(tree, steps)
    except ZeroDivisionError:
        return Sum(shown, None, problem="undefined")
    except TooLarge:
        return Sum(shown, None, problem="huge")
    except ValueError:
        return None
    if not steps:
        return None
    return Sum(shown, show(value), tuple(steps), exact=_exact(value))


def shorten(expression: str) -> str:
    """The expression as people write it."""
    return _FACTORIAL.sub(r"\1!", _PERCENT.sub(r"\1% × \2", expression)).replace("**", "^").replace("sqrt", "√")


def show(value: Fraction) -> str:
    """A number in digits: exact where it has at most `DIGITS` of them after the point."""
    if value.denominator == 1:
        return str(value.numerator)
    if _exact(value):
        scaled = str(abs(value.numerator) * 10**DIGITS // value.denominator).rjust(DIGITS + 1, "0")
        return f"{'-' if value < 0 else ''}{scaled[:-DIGITS]}.{scaled[-DIGITS:].rstrip('0')}"
    try:
        return f"{float(value):.10g}"
    except OverflowError:
        return str(value.numerator // value.denominator)


def _exact(value: Fraction) -> bool:
    return bool(10**DIGITS % value.denominator == 0)


def _numerals(text: str) -> str:
    return " ".join(_WORDS.get(word, word) for word in re.split(r"\s+", re.sub(r"(\w)([?!])", r"\1 \2", text)))


def _value(node: ast.expr, steps: list[str]) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Fraction(repr(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, steps)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, steps)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _apply(type(op), _value(left, steps), _value(right, steps), steps)
        case ast.Call(func=ast.Name(id="sqrt"), args=[inner]):
            return _root(_value(inner, steps), steps)
        case ast.Call(func=ast.Name(id="fact"), args=[ast.Constant(value=int() as number)]):
            return _factorial(number, steps)
    raise ValueError("not plain arithmetic")


def _apply(kind: type, left: Fraction, right: Fraction, steps: list[str]) -> Fraction:
    sign, operation = _OPERATIONS[kind]
    value = operation(left, right)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS:
        raise TooLarge
    if kind is ast.Mult and left.denominator == right.denominator == 1:
        steps.extend(_parts(abs(left.numerator), abs(right.numerator)))
    equals = "=" if _exact(value) else "≈"
    steps.append(f"{show(left)} {sign} {show(right)} {equals} {show(value)}")
    return value


def _parts(left: int, right: int) -> list[str]:
    """A long multiplication: the second factor digit by digit."""
    if left < 10 or not 10 <= right < 10**6:
        return []
    digits = str(right)
    places = [int(digit) * 10 ** (len(digits) - 1 - at) for at, digit in enumerate(digits) if digit != "0"]
    if len(places) < 2:
        return []
    products = [left * place for place in places]
    lines = [f"{left} × {place} = {product}" for place, product in zip(places, products, strict=True)]
    return [*lines, f"{' + '.join(map(str, products))} = {sum(products)}"]


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        if base < 0 or base.numerator.bit_length() > 900 or abs(exponent) > 900:
            raise ValueError("not a real number, or too large for an approximation")
        try:
            return Fraction(repr(float(base) ** float(exponent)))
        except OverflowError as error:
            raise TooLarge from error
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits > 1 and bits * abs(exponent) > BITS:
        raise TooLarge
    if abs(exponent) > BITS:  # of 0, 1 or -1: only whether it is even matters
        exponent = (2 + exponent % 2) * (1 if exponent > 0 else -1)
    return Fraction(base ** int(exponent))


def _factorial(number: int, steps: list[str]) -> Fraction:
    value = math.factorial(number) if number < 10_000 else 0
    if not value or value.bit_length() > BITS:
        raise TooLarge
    steps.append(f"{number}! = {value}")
    return Fraction(value)


def _root(value: Fraction, steps: list[str]) -> Fraction:
    if value < 0:
        raise ValueError("not a real number")
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = top * top == value.numerator and bottom * bottom == value.denominator
    if not exact and value.numerator.bit_length() > 900:
        raise TooLarge
    root = Fraction(top, bottom) if exact else Fraction(repr(math.sqrt(value)))
    steps.append(f"√{show(value)} {'=' if exact else '≈'} {show(root)}")
    return root


_OPERATIONS: dict[type, tuple[str, Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: ("+", lambda a, b: a + b),
    ast.Sub: ("−", lambda a, b: a - b),
    ast.Mult: ("×", lambda a, b: a * b),
    ast.Div: ("÷", lambda a, b: a / b),
    ast.FloorDiv: ("//", lambda a, b: Fraction(a // b)),
    ast.Mod: ("mod", lambda a, b: a % b),
    ast.Pow: ("^", _power),
}
