"""What an engine cannot take becomes what it can, and nothing is dropped in silence."""

import base64
import io
import time
import zlib
from typing import Any

import pytest
from msgspec.structs import replace
from pypdf import PdfWriter

from sijo.engine import documents, pages
from sijo.engine.abilities import Abilities
from sijo.engine.lower import lower, merged, system_blocks
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.request import Adaptive, CountRequest, MessageParam, OutputConfig, TaskBudget
from sijo.wire.results import ToolReference
from sijo.wire.sources import ImageBase64, PdfBase64, PlainText, Url

PLAIN = Abilities()
BLIND = Abilities(images=False)
NEAR = Abilities(image_urls=False)
PNG = b.Image(ImageBase64("image/png", "iVBORw0KGgo="))


def prompt(*messages: MessageParam, tools: tuple[t.AnyTool, ...] = (), **fields: object) -> Prompt:
    model = models().get("claude-opus-4-8")
    assert model is not None
    request = replace(CountRequest(model=model.id, messages=list(messages)), **fields)
    return Prompt(model=model, request=request, system=(), items=merged(messages), tools=tools)


def user(*content: b.Block) -> MessageParam:
    return MessageParam("user", list(content))


def said(item: Item) -> str:
    return "\n".join(block.text for block in item.content if isinstance(block, b.Text))


def test_neighbours_of_one_role_are_one_turn() -> None:
    items = merged([MessageParam("user", "a"), user(b.Text("b")), MessageParam("assistant", "c")])
    assert items == [Item("user", [b.Text("a"), b.Text("b")]), Item("assistant", [b.Text("c")])]


@pytest.mark.parametrize("role", ["user", "system"])
@pytest.mark.parametrize("empty", ["", []])
def test_an_empty_message_is_not_there_wherever_it_stands(empty: str | list[b.Block], role: str) -> None:
    nothing = MessageParam(role, empty)
    hi = Item("user", [b.Text("hi")])
    assert merged([nothing, user(b.Text("hi"))]) == merged([user(b.Text("hi")), nothing]) == [hi]


def test_neighbours_are_joined_without_a_change_to_what_was_sent() -> None:
    sent = [
        user(b.Text("1"), b.Text("2")),
        user(b.Text("3")),
        MessageParam("user", "4"),
        MessageParam("assistant", "5"),
    ]
    items = merged([*sent, user(b.Text("6")), MessageParam("user", "7"), MessageParam("user", "8")])
    assert [(item.role, said(item)) for item in items] == [
        ("user", "1\n2\n3\n4"),
        ("assistant", "5"),
        ("user", "6\n7\n8"),
    ]
    assert [len(message.content) for message in sent[:2]] == [2, 1]


def test_the_attribution_block_never_reaches_an_engine() -> None:
    first = b.Text("x-anthropic-billing-header: cc_version=2.1; cch=1;")
    assert system_blocks([first, b.Text("You are kind.")]) == [b.Text("You are kind.")]
    assert system_blocks([b.Text("You are kind."), first]) == [b.Text("You are kind."), first]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_only_the_line_of_the_attribution_is_left_out(gap: str) -> None:
    whole = f"x-anthropic-billing-header: cc_version=2.1; cch=1;{gap}You are kind.\nAnd brief."
    assert system_blocks(whole) == system_blocks([b.Text(whole)]) == [b.Text("You are kind.\nAnd brief.")]


def test_a_document_of_text_is_read_as_text() -> None:
    document = b.Document(PlainText("text/plain", "Otters swim."), title='On "otters"', context="a zoo")
    text = said(lower(prompt(user(document, b.Text("What do they do?"))), PLAIN).items[0])
    assert '<document title="On &quot;otters&quot;" context="a zoo">\nOtters swim.\n</document>' in text
    assert text.endswith("What do they do?")


def test_a_document_of_blocks_keeps_its_images() -> None:
    document = b.Document(b.ContentSource([b.Text("before"), PNG]))
    assert PNG in lower(prompt(user(document)), PLAIN).items[0].content


def test_a_pdf_is_read_page_by_page() -> None:
    text = said(lower(prompt(user(b.Document(PdfBase64("application/pdf", pdf("Otters"))))), PLAIN).items[0])
    assert '<page number="1">\nOtters\n</page>' in text


LATE = "the PDF takes too long to read"
LATER = f"{LATE}, with those before it"


def test_a_pdf_that_takes_too_long_is_refused() -> None:
    for told, seconds in ((pdf("Otters, slow"), -1.0), (pdf(" " * pages.PAGE_BYTES), documents.SECONDS)):
        assert documents.read([told], seconds=seconds) == {told: documents.Unread(LATE)}


def endless() -> str:
    """A PDF whose font says of its letters what is put together byte by byte, where nobody looks at the clock."""
    packed = zlib.compress(b"\2" * (64 << 20), 9)
    stream = b"<</Length %d/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 1>>>>stream\n%b\nendstream"
    return of_objects(stream % (len(packed), packed))


def test_a_pdf_that_holds_work_for_hours_is_refused_in_time() -> None:
    told, began = endless(), time.process_time()
    assert documents.read([told], seconds=0.5) == {told: documents.Unread(LATE)}
    assert time.process_time() - began < 0.5  # none of it was done here


def test_all_pdfs_of_a_request_share_one_time() -> None:
    first, second, third = pdf("First of three"), endless(), pdf("Third of three")
    read = documents.read([first, second, third], seconds=4.0)
    assert read == {first: read[first], second: documents.Unread(LATER), third: documents.Unread(LATER)}
    assert "First of three" in str(read[first])
    assert documents.read([first], seconds=-1.0) == {first: read[first]}  # which is known by now


def test_pdfs_that_hold_more_than_a_model_reads_are_refused() -> None:
    told = [pdf(f"{at}" * (pages.PAGE_BYTES // 2)) for at in range(5)]
    read = documents.read(told)
    assert isinstance(read[told[2]], str) and read[told[4]] == documents.Unread(LATER)


def test_the_first_pdf_that_is_none_is_named() -> None:
    content = [b.ToolResult("toolu_1", [b.Document(PdfBase64("application/pdf", pdf("Good one")))])]
    bad = b.Document(PdfBase64("application/pdf", "AAAA"))
    with pytest.raises(InvalidRequest, match=r"^messages\.0\.content\.2\.pdf\.source\.base64\.data: The PDF spec"):
        lower(prompt(user(*content, b.Text("and"), bad, bad)), PLAIN)


def test_many_pdfs_and_one_of_them_twice() -> None:
    parts = [b.Document(PdfBase64("application/pdf", pdf(f"Of many, {at % 3}"))) for at in range(4)]
    result = b.ToolResult("toolu_1", [b.Document(PdfBase64("application/pdf", pdf("Of a result")))])
    content = lower(prompt(user(*parts, result)), PLAIN).items[0].content
    for at, block in enumerate(content[:4]):
        assert isinstance(block, b.Text) and f"\nOf many, {at % 3}\n" in block.text
    inner = content[4]
    assert isinstance(inner, b.ToolResult) and isinstance(inner.content, list)
    assert any(isinstance(part, b.Text) and "\nOf a result\n" in part.text for part in inner.content)


def of_objects(letters: bytes) -> str:
    """A PDF of a page in a font that says so of its letters, in base64."""
    drawn = b"BT /F 9 Tf (Otters) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        letters,
    ]
    out, places = b"%PDF-1.4\n", []
    for at, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (at, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Root 1 0 R/Size 7>>\nstartxref\n%d\n%%%%EOF" % len(out)
    return base64.b64encode(out + b"xref\n0 7\n0000000000 65535 f \n" + table + end).decode()


def test_a_pdf_goes_as_it_is_where_the_engine_reads_pdfs() -> None:
    document = b.Document(PdfBase64("application/pdf", pdf("Otters")))
    assert lower(prompt(user(document)), Abilities(documents=True)).items[0].content == [document]


@pytest.mark.parametrize(
    ("block", "able", "words"),
    [
        (PNG, BLIND, "messages.0.content.0.image.source: Could not process image"),
        (b.Image(Url("https://x.org/a.png")), NEAR, "takes base64 only"),
        (b.ToolResult("t", [PNG]), BLIND, "messages.0.content.0.tool_result.content.0.image.source"),
        (b.Document(Url("https://x.org/a.pdf")), PLAIN, "documents by URL are not served"),
        (b.Document(PdfBase64("application/pdf", "AAAA")), PLAIN, "The PDF specified was not valid."),
    ],
)
def test_what_cannot_be_said_in_words_is_refused_aloud(block: b.Block, able: Abilities, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        lower(prompt(user(block)), able)
    assert words in refused.value.message


def test_what_is_refused_is_named_by_where_it_was_sent() -> None:
    last = user(b.Text("c"), b.ToolResult("t", [b.Text("d"), PNG]))
    messages = [user(b.Text("a")), MessageParam("system", "b"), last]
    with pytest.raises(InvalidRequest, match=r"messages\.2\.content\.1\.tool_result\.content\.1\.image"):
        lower(prompt(*messages), BLIND)


def test_search_results_are_read_with_their_source() -> None:
    found = b.SearchResult("https://x.org", "Otters", [b.Text("They swim.")])
    text = said(lower(prompt(user(found)), PLAIN).items[0])
    assert text == '<search_result source="https://x.org" title="Otters">\nThey swim.\n</search_result>'


def test_a_system_message_inside_is_a_reminder_where_the_engine_takes_it_only_at_the_start() -> None:
    messages = [MessageParam("user", "a"), MessageParam("system", "Be brief."), MessageParam("assistant", "b")]
    items = lower(prompt(*messages), PLAIN).items
    assert [item.role for item in items] == ["user", "assistant"]
    assert "<system-reminder>\nBe brief.\n</system-reminder>" in said(items[0])
    assert [item.role for item in lower(prompt(*messages), Abilities(system_anywhere=True)).items] == [
        "user", "system", "assistant",
    ]  # fmt: skip


def tool(name: str, *, deferred: bool = False) -> t.Custom:
    return t.Custom(name=name, input_schema={"type": "object"}, defer_loading=deferred)


def test_a_deferred_tool_is_shown_once_it_was_found() -> None:
    tools = (tool("a"), tool("b", deferred=True), tool("c", deferred=True))
    found = user(b.ToolResult("t", [ToolReference("b")]))
    assert [x.name for x in lower(prompt(user(b.Text("x")), tools=tools), PLAIN).tools if isinstance(x, t.Custom)] == [
        "a"
    ]
    shown = lower(prompt(found, tools=tools), PLAIN).tools
    assert [x.name for x in shown if isinstance(x, t.Custom)] == ["a", "b"]


def test_the_apis_own_client_tools_are_ordinary_tools_to_an_engine() -> None:
    own = (t.Bash(name="bash"), t.ComputerJanuary(name="computer", display_width_px=800, display_height_px=600))
    bash, computer = lower(prompt(user(b.Text("x")), tools=own), PLAIN).tools
    assert isinstance(bash, t.Custom)
    assert isinstance(computer, t.Custom)
    assert "command" in bash.input_schema["properties"]
    assert "800 by 600" in computer.description


def test_what_takes_everything_is_given_everything() -> None:
    whole = prompt(user(PNG, b.ToolResult("t", [ToolReference("b")])), tools=(tool("a", deferred=True),))
    assert lower(whole, Abilities(everything=True)) is whole


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"output_config": OutputConfig(task_budget=TaskBudget(50_000))}, "50000 of 50000"),
        ({"output_config": OutputConfig(task_budget=TaskBudget(50_000, 1_234))}, "1234 of 50000"),
        ({"thinking": Adaptive(task_budget=60_000)}, "60000 of 60000"),
    ],
)
def test_a_task_budget_is_told_at_the_end(fields: dict[str, Any], words: str) -> None:
    last = lower(prompt(user(b.Text("x")), **fields), PLAIN).items[-1].content[-1]
    assert last == b.Text(f"<task_budget>{words} tokens remain for this task.</task_budget>")


def test_a_task_budget_counts_down_within_the_task() -> None:
    call, result = b.ToolUse("t", "f", {"a": "word " * 100}), b.ToolResult("t", "word " * 1000)
    messages = [user(b.Text("x " * 5000)), MessageParam("assistant", [call]), user(result)]
    asked = prompt(*messages, output_config=OutputConfig(task_budget=TaskBudget(50_000)))
    last = lower(asked, PLAIN).items[-1].content[-1]
    assert isinstance(last, b.Text)
    left = int(last.text.removeprefix("<task_budget>").split()[0])
    assert 48_000 < left < 49_500


def test_a_pdf_of_too_many_pages_is_refused_and_not_cut() -> None:
    made = PdfWriter()
    for _ in range(pages.MAX_PAGES + 1):
        made.add_blank_page(9, 9)
    with io.BytesIO() as out:
        made.write(out)
        whole = base64.b64encode(out.getvalue()).decode()
    with pytest.raises(InvalidRequest, match=r"messages\.0\..*: A maximum of 600 PDF pages may be provided\."):
        lower(prompt(user(b.Document(PdfBase64("application/pdf", whole)))), PLAIN)


def test_half_a_character_in_a_pdf_is_said_to_be_one() -> None:
    """A font may say that its A is the first half of a pair that has no second."""
    table = (
        "begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
        "2 beginbfchar <41> <D83D> <42> <D83DDE00> endbfchar endcmap"
    )
    broken = pdf("ABC", "/ToUnicode 5 0 R", f"<< /Length {len(table)} >>\nstream\n{table}\nendstream")
    assert "\N{REPLACEMENT CHARACTER}\N{GRINNING FACE}C" in str(documents.read([broken])[broken])


def pdf(text: str, font: str = "", *more: str) -> str:
    """A PDF of one page that says `text`, as base64; `font` is what else is said of its font, `more` are other objects,
    from 5 on."""
    content = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources "
        "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        f"{font} >> >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        *more,
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for n, part in enumerate(parts, 1):
        places.append(out.tell())
        out.write(f"{n} 0 obj\n{part}\nendobj\n".encode())
    start = out.tell()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(parts) + 1
    out.write(f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n".encode())
    out.write(f"startxref\n{start}\n%%EOF".encode())
    return base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize(
    "odd",
    [
        pdf("Otters) Tj 4 0 R (swim"),
        base64.b64encode(base64.b64decode(pdf("Otters")).replace(b"<< /Length", b"<< /Filter /Odd /Length")).decode(),
    ],
    ids=["a reference where none may be", "packed in an unknown way"],
)
def test_a_pdf_over_which_the_reader_stumbles_is_not_called_slow(odd: str) -> None:
    found = documents.read([pdf("Badgers dig"), odd, pdf("Herons wait")])
    assert "Badgers dig" in str(found[pdf("Badgers dig")])
    assert found[odd] == documents.Unread("The PDF specified was not valid.")
