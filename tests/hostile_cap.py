"""Broken and hostile alerts, made in code: what each is called, its bytes, the line at fault, a word of the reason."""

from dataclasses import dataclass, field
from pathlib import Path

SAMPLES = Path(__file__).parent / "data" / "cap"
SOUND = (SAMPLES / "three_languages.xml").read_text(encoding="utf-8")
FEED = (SAMPLES / "atom_with_escaped_alerts.xml").read_text(encoding="utf-8")
_HEAD = '<?xml version="1.0"?>\n'
_NS = 'xmlns="urn:oasis:names:tc:emergency:cap:1.2"'
_TOO_MANY = "more than 30,000 elements"
_DOCTYPE = "document type"


@dataclass(frozen=True, slots=True)
class Case:
    """A file that must be refused."""

    name: str
    data: bytes = field(repr=False)
    line: int
    reason: str


def cases() -> list[Case]:
    return [*_declared(), *_heavy(), *_misspelt(), *_of_other_kinds(), *_incomplete()]


def honest() -> bytes:
    """As many alerts as are read from one file: what the work of refusing is measured against."""
    alert = SOUND.partition("\n")[2]
    return f"<alerts>{alert * 200}</alerts>".encode()


def _declared() -> list[Case]:
    """Document types and entities, each with an alert around it that would be sound without."""

    def declared(name: str, doctype: str, use: str = "&e;", line: int = 2) -> Case:
        body = SOUND.partition("\n")[2].replace("A tree fell", use)
        return Case(name, f"{_HEAD}{doctype}\n{body}".encode(), line, _DOCTYPE)

    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return [
        declared("a document type and nothing in it", "<!DOCTYPE alert>"),
        declared("an entity of its own", '<!DOCTYPE alert [<!ENTITY e "x">]>'),
        declared("an entity from a file", '<!DOCTYPE alert [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        declared("an entity from the net", '<!DOCTYPE alert [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>'),
        declared("a public entity", '<!DOCTYPE alert [<!ENTITY e PUBLIC "-//x" "http://127.0.0.1:9/x">]>'),
        declared("a document type from a file", '<!DOCTYPE alert SYSTEM "file:///etc/passwd">'),
        declared("a document type from the net", '<!DOCTYPE alert SYSTEM "http://127.0.0.1:9/x.dtd">'),
        declared("a public document type", '<!DOCTYPE alert PUBLIC "-//OASIS//CAP" "http://127.0.0.1:9/x.dtd">'),
        declared("a billion laughs", f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]>', "&l9;"),
        declared("quadratic blow-up", f'<!DOCTYPE a [<!ENTITY e "{"x" * 40_000}">]>', "&e;" * 20_000),
        declared("an entity that holds itself", '<!DOCTYPE a [<!ENTITY e "&e;">]>'),
        declared("parameter entities", '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>'),
        declared("parameter entities that build entities",
                 '<!DOCTYPE a [<!ENTITY % p "<!ENTITY e \'x\'>"> %p;]>'),
        declared("an entity in an attribute", '<!DOCTYPE a [<!ENTITY e "x">]>', '<b c="&e;"/>'),
        declared("attributes by default", '<!DOCTYPE a [<!ATTLIST alert note CDATA "x">]>', "x"),
        declared("a notation", '<!DOCTYPE a [<!NOTATION n SYSTEM "file:///etc/passwd">]>', "x"),
        declared("a document type behind a comment", "<!-- \n\n --><!DOCTYPE alert>", line=4),
        declared("a document type in two lines", '<!DOCTYPE\nalert [<!ENTITY e "x">]>', line=3),
        Case("a document type in UTF-16", f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]>{SOUND[39:]}'
             .encode("utf-16"), 1, _DOCTYPE),
        Case("an entity nobody declared", SOUND.replace("A tree fell", "&e;").encode(), 19, "undefined entity"),
        Case("an entity of HTML", SOUND.replace("A tree fell", "A&nbsp;tree").encode(), 19, "undefined entity"),
        Case("a document type inside an escaped alert",
             FEED.replace("&lt;alert", "&lt;!DOCTYPE a&gt;&lt;alert", 1).encode(), 6, _DOCTYPE),
    ]  # fmt: skip


def _heavy() -> list[Case]:
    def alert(inside: str) -> bytes:
        return f"{_HEAD}<alert {_NS}>{inside}</alert>".encode()

    many = " ".join(f'a{n}="x"' for n in range(100_000))
    spaces = " ".join(f'xmlns:n{n}="u{n}"' for n in range(60_000))
    wide = SOUND.replace("A tree fell", "x" * 2_000_000)
    return [
        Case("200,000 elements", alert("<a/>" * 200_000), 2, _TOO_MANY),
        Case("200,000 elements with attributes", alert('<a b="c"/>' * 180_000), 2, _TOO_MANY),
        Case("200,000 languages", alert("<info/>" * 200_000), 2, _TOO_MANY),
        Case("nothing but languages", alert("<info/>" * 29_000), 2, "more than 200 times"),
        Case("nothing but areas", alert(f"<info>{'<area/>' * 29_000}</info>"), 2, "`areaDesc` in `area`"),
        Case("200,000 elements in one another", b"<a>" * 200_000, 1, "more than 40 elements inside one another"),
        Case("elements in one another in an alert", alert("<a>" * 41 + "</a>" * 41), 2, "inside one another"),
        Case("five megabytes of text", b"<alert>" + b"x" * 5_000_000 + b"</alert>", 1, "bytes"),
        Case("five megabytes of nothing", b" " * 5_000_000, 1, "bytes"),
        Case("two megabytes in one sentence", wide.encode(), 1, "bytes"),
        Case("100,000 attributes", f"{_HEAD}<alert {_NS} {many}/>".encode(), 2, "attributes"),
        Case("60,000 namespaces", f"{_HEAD}<alert {spaces}/>".encode(), 2, "must be one of"),
        Case("an attribute of a megabyte", f'{_HEAD}<alert a="{"x" * 1_000_000}"/>'.encode(), 2, "must be one of"),
        Case("a name of a megabyte", f"{_HEAD}<{'a' * 1_000_000}/>".encode(), 2, "holds no alert"),
        Case("the same attribute twice", f'{_HEAD}<alert a="1" a="2"/>'.encode(), 2, "duplicate attribute"),
        Case("a comment between every two letters", alert("x<!---->" * 240_000), 2, "must be one of"),
        Case("an instruction between every two letters", alert("x<?y?>" * 300_000), 2, "must be one of"),
        Case("CDATA around every letter", alert("<![CDATA[x]]>" * 150_000), 2, "must be one of"),
        Case("every letter as a number", alert("&#120;" * 300_000), 2, "must be one of"),
        Case("a million line breaks", alert("\n" * 1_000_000), 2, "must be one of"),
        Case("201 alerts", f"<alerts>{SOUND.partition(chr(10))[2] * 201}</alerts>".encode(), 10_001, "200 alerts"),
        Case("201 links", f"<rss>{'<item><title>x</title></item>' * 201}</rss>".encode(), 1, "more than 200 alerts"),
        Case("elements without end in escaped alerts", FEED.replace("&lt;alert", "&lt;a/&gt;" * 31_000 + "&lt;alert", 1)
             .encode(), 6, "not well-formed"),
        Case("many elements in escaped alerts", FEED.replace("&lt;info", "&lt;a/&gt;" * 31_000 + "&lt;info", 1)
             .encode(), 6, _TOO_MANY),
    ]  # fmt: skip


def _misspelt() -> list[Case]:
    """Bytes that are not the XML they say they are."""
    utf16 = SOUND.replace("UTF-8", "UTF-16").encode("utf-16")
    broken = "not well-formed"
    return [
        Case("an alert cut off in a text", SOUND[:900].encode(), 25, broken),
        Case("an alert cut off in a name", SOUND[:70].encode(), 2, broken),
        Case("an alert without its end", SOUND.replace("</alert>", "").encode(), 52, broken),
        Case("two alerts side by side", (SOUND + SOUND.partition("\n")[2]).encode(), 52, broken),
        Case("NUL in a text", SOUND.replace("A tree", "A\0tree").encode(), 19, broken),
        Case("NUL as a number", SOUND.replace("A tree", "&#0;").encode(), 19, "character number"),
        Case("half of a split character as a number", SOUND.replace("A tree", "&#xD800;").encode(), 19, "number"),
        Case("a bell in a text", SOUND.replace("A tree", "A\7tree").encode(), 19, broken),
        Case("bytes that are not UTF-8", SOUND.encode().replace(b"A tree", b"A \xff\xfe tree"), 19, broken),
        Case("UTF-8 longer than it need be", SOUND.encode().replace(b"A tree", b"\xc0\xbc tree"), 19, broken),
        Case("UTF-8 cut in a letter", SOUND.encode().replace(b"tree", b"\xc3"), 18, broken),
        Case("Latin-1 that calls itself UTF-8", SOUND.encode("latin-1"), 31, broken),
        Case("UTF-8 that calls itself UTF-16", SOUND.replace("UTF-8", "UTF-16").encode(), 1, "encoding"),
        Case("UTF-16 with half a letter at the end", utf16[:-1], 51, broken),
        Case("UTF-32", SOUND.replace("UTF-8", "UTF-32").encode("utf-32"), 1, broken),
        *(Case(f"an encoding called {name}", SOUND.replace("UTF-8", name).encode(), 1, "encoding")
          for name in ("UTF-7", "idna", "zlib_codec", "hex", "unicode_escape", "EBCDIC-CP-US", "shift_jis",
                       "antigravity", "x" * 10_000)),
        Case("a declaration that is not first", b"\n" + SOUND.encode(), 2, "XML or text declaration"),
        Case("a second declaration", SOUND.replace("<alert", '<?xml version="1.0"?><alert').encode(), 2, "declaration"),
        Case("a prefix without its namespace", SOUND.replace("<status", "<z:status").encode(), 6, "prefix"),
        Case("a comment in a comment", SOUND.replace("A tree", "<!-- <!-- --> -->").encode(), 19, broken),
        Case("CDATA without its end", SOUND.replace("A tree", "<![CDATA[").encode(), 52, "CDATA"),
        Case("an instruction without its end", SOUND.replace("A tree", "<?go").encode(), 19, broken),
        Case("tags that cross", SOUND.replace("<event>", "<event><b>", 1).encode(), 12, "mismatched tag"),
    ]  # fmt: skip


def _of_other_kinds() -> list[Case]:
    broken = "not well-formed"
    return [
        Case("an empty file", b"", 1, "no element found"),
        Case("blanks", b" \n \n", 3, "no element found"),
        Case("a byte order mark alone", b"\xef\xbb\xbf", 1, "no element found"),
        Case("HTML", b"<!doctype html><html><body><p>Road closed<br></body></html>", 1, "not well-formed"),
        Case("HTML with its old document type", b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x"><html/>', 1,
             _DOCTYPE),
        Case("XHTML without a document type", b"<html><body><p>Road closed</p></body></html>", 1, "holds no alert"),
        Case("JSON", b'{"alert": {"identifier": "1"}}', 1, broken),
        Case("YAML", b"alert:\n  identifier: 1\n", 1, broken),
        Case("a ZIP archive", b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(range(256)), 1, broken),
        Case("a gzip file", b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + bytes(range(256)), 1, broken),
        Case("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 1, broken),
        Case("an SVG picture with a script", b'<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>', 1,
             "holds no alert"),
        Case("an alert of another namespace", SOUND.replace("urn:oasis:names:tc:emergency:cap:1.2", "urn:x").encode(),
             2, "holds no alert"),
        Case("XInclude", _HEAD.encode() + b'<alerts xmlns:xi="http://www.w3.org/2001/XInclude">'
             b'<xi:include href="file:///etc/passwd" parse="text"/></alerts>', 2, "holds no alert"),
        Case("a style sheet that loads", b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?><alerts/>', 1, "no alert"),
        Case("an empty feed", b'<feed xmlns="http://www.w3.org/2005/Atom"/>', 1, "holds no alert"),
        Case("a feed of entries that say nothing", b"<feed><entry/><entry><link href='x'/></entry></feed>", 1,
             "holds no alert"),
    ]  # fmt: skip


def _incomplete() -> list[Case]:
    """The sound alert with one thing wrong; lines are the sample's."""

    def changed(name: str, old: str, new: str, line: int, reason: str) -> Case:
        assert old in SOUND, name
        return Case(name, SOUND.replace(old, new, 1).encode(), line, reason)

    one_of, a_time = "must be one of", "must be a time with its offset"
    sent = "<sent>2026-11-24T12:00:00-05:00</sent>"
    expires = "<expires>2026-11-24T18:00:00-05:00</expires>"
    return [
        changed("no identifier", "<identifier>three-languages-1</identifier>", "", 2, "`identifier` in `alert`"),
        changed("an empty identifier", ">three-languages-1<", "> <", 3, "`identifier` in `alert`"),
        changed("an identifier with a comma", "three-languages-1", "a,b", 3, "comma"),
        changed("an identifier with a space", "three-languages-1", "a b", 3, "space"),
        changed("an identifier with a bracket", "three-languages-1", "a&lt;b", 3, "<"),
        changed("no sender", "<sender>alerts@town.example</sender>", "", 2, "`sender`"),
        changed("a sender with an ampersand", "alerts@town", "a&amp;b", 4, "&"),
        changed("no time of sending", sent, "", 2, "`sent` in `alert` is missing"),
        changed("a time without its offset", sent, "<sent>2026-11-24T12:00:00</sent>", 5, a_time),
        changed("a day instead of a time", sent, "<sent>2026-11-24</sent>", 5, a_time),
        changed("a day that is not", sent, "<sent>2026-02-30T12:00:00-05:00</sent>", 5, a_time),
        changed("words instead of a time", sent, "<sent>noon</sent>", 5, a_time),
        changed("a time before the calendar", sent, "<sent>0001-01-01T00:00:00+14:00</sent>", 5, a_time),
        changed("a time after the calendar", sent, "<sent>9999-12-31T23:59:59-14:00</sent>", 5, a_time),
        changed("an expiry without its offset", expires, "<expires>2026-11-24 18:00</expires>", 16, a_time),
        changed("no status", "<status>Actual</status>", "", 2, one_of),
        changed("a status in small letters", ">Actual<", ">actual<", 6, one_of),
        changed("a status of its own", ">Actual<", ">Real<", 6, one_of),
        changed("a type of its own", ">Alert<", ">New<", 7, one_of),
        changed("no type", "<msgType>Alert</msgType>", "", 2, one_of),
        *(changed(f"{kind} without references", ">Alert<", f">{kind}<", 2, "must name what it is about")
          for kind in ("Update", "Cancel", "Ack", "Error")),
        changed("Update with empty references", "<msgType>Alert</msgType>",
                "<msgType>Update</msgType><references> </references>", 7, "must name what it is about"),
        changed("no scope", "<scope>Public</scope>", "", 2, one_of),
        changed("a scope of its own", ">Public<", ">Everyone<", 8, one_of),
        changed("no category", "<category>Transport</category>", "", 9, "must be one or more of"),
        changed("a category of its own", ">Transport<", ">Roads<", 11, "must be one or more of"),
        changed("no event", "<event>Road closed</event>", "", 9, "`event` in `info` is missing"),
        changed("no urgency", "<urgency>Expected</urgency>", "", 9, one_of),
        changed("an urgency of its own", ">Expected<", ">Soon<", 13, one_of),
        changed("no severity", "<severity>Moderate</severity>", "", 9, one_of),
        changed("a severity of its own", ">Moderate<", ">Bad<", 14, one_of),
        changed("no certainty", "<certainty>Likely</certainty>", "", 9, one_of),
        changed("a certainty of its own", ">Likely<", ">Sure<", 15, one_of),
        changed("an area without a name", "<areaDesc>Main Street</areaDesc>", "", 21, "`areaDesc` in `area`"),
    ]  # fmt: skip
