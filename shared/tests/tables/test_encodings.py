"""Which encoding a file is in, and what happens where nobody can say."""

from __future__ import annotations

import codecs

import pytest

from shared.errors import InputError, UserError
from shared.tables import Declared
from shared.testing.files import Read

GERMAN = "id,name\n1,Müller\n2,Straße\n3,Jürgen Größe\n4,10 €\n"
TEXTS = {
    "cp1252": GERMAN,
    "cp1250": "id,mesto\n1,Plzeň\n2,České Budějovice\n3,Ústí nad Labem\n4,Jiří Král\n",
    "iso8859_2": "id,miasto\n1,Łódź\n2,Kraków\n3,Gdańsk\n4,Częstochowa\n",
    "cp437": "id,name\n1,Müller\n2,René\n3,Ångström\n",
    "mac_roman": "id,name\n1,Müller\n2,René\n3,Ångström\n",
    "iso8859_15": "id,name\n1,Müller\n2,10 €\n",
    "koi8_r": "id,город\n1,Москва\n2,Санкт-Петербург\n3,Казань\n",
    "cp866": "id,город\n1,Москва\n2,Казань\n",
    "cp1253": "id,πόλη\n1,Αθήνα\n2,Θεσσαλονίκη\n",
    "cp932": "id,都市\n1,東京都千代田区\n2,さいたま市\n3,カタカナ\n",
    "gb18030": "id,城市\n1,北京\n2,上海\n3,广州\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("text", [GERMAN, "город;a\nМосква;1\nКазань;2\n", "id,name\n1,a\n"])
def test_unicode_is_read_with_and_without_a_mark(read: Read, encoding: str, text: str) -> None:
    """Each form of Unicode reads the same."""
    got = read(text.encode(encoding))
    delimiter = got.form.delimiter
    assert [list(row) for row in got.values] == [line.split(delimiter) for line in text.splitlines()[1:]]
    assert list(got.form.header) == text.splitlines()[0].split(delimiter)


def test_mark_of_utf_16_in_the_other_order_is_read(read: Read) -> None:
    """The mark says in which order the bytes come."""
    got = read(codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be"))
    assert got.values[0] == ("1", "Müller")


@pytest.mark.parametrize("header", ["id,name", '"id","name"', '"i""d","na\nme"'])
@pytest.mark.parametrize("marks", ["\ufeff\ufeff", "\ufeff\ufeff\ufeff"])
def test_mark_that_comes_twice_is_no_part_of_a_name(read: Read, marks: str, header: str) -> None:
    """Programs that put a mark before a text that has one leave the first column its name, and each row its line."""
    got = read(f"{marks}{header}\n1,Müller\n2\n")
    assert got.form.header == (('i"d', "na\nme") if "\n" in header else ("id", "name"))
    assert got.values == [("1", "Müller")]
    assert [bad.position for bad in got.bad] == [header.count("\n") + 3]


@pytest.mark.parametrize("word", ["Müller", "Jäger", "café", "Größe"])
def test_one_word_is_enough_where_it_makes_sense_once(read: Read, word: str) -> None:
    """Letters that only one language of one code page has leave no doubt."""
    assert read(f"id,n\n1,{word}\n".encode("cp1252")).values == [("1", word)]


@pytest.mark.parametrize("encoding", TEXTS)
def test_code_pages_are_told_apart_by_their_letters(read: Read, encoding: str) -> None:
    """A text that makes sense in one code page alone is read in it."""
    got = read(TEXTS[encoding].encode(encoding))
    assert ["".join(row) for row in got.values] == [line.replace(",", "") for line in TEXTS[encoding].splitlines()[1:]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("n\ncrème\n".encode("cp1252"), "`cp1252`: crème; `cp1250`: crčme"),
        ("n\nMuğla\nŞehir\n".encode("cp1254"), "`cp1252`: Muðla"),
        ("n\n10 £\n".encode("cp1252"), "`cp1252`: 10 £"),
        ("n\nStraße\n".encode("cp437"), "`cp437`: Straße"),
        ("n\nZoë\n".encode() + "café\n".encode("cp1252"), "`utf-8`: caf"),
        ("n\nПривет\n".encode("cp1251"), "cp1251"),
    ],
)
def test_encodings_that_read_differently_are_refused(read: Read, content: bytes, said: str) -> None:
    """Where two encodings fit and give different texts, the error shows what each would read, and asks for one."""
    with pytest.raises(InputError, match=r"encoding not certain: `t\.csv` would read") as caught:
        read(content)
    assert said in caught.value.message
    assert "--encoding" in str(caught.value.hint)


def test_long_line_without_foreign_letters_is_gone_through_once(read: Read) -> None:
    """A line of a megabyte beside one with an umlaut takes no time that grows with the square of its length."""
    long = "x" * 1_000_000
    assert read(f"id,name\n1,{long}\n2,ü\n3,{long}\n".encode()).values == [("1", long), ("2", "ü"), ("3", long)]


def test_declared_encoding_is_taken(read: Read) -> None:
    """What is declared is not guessed at."""
    assert read("n\ncrème\n".encode("cp1252"), encoding="cp1252").values == [("crème",)]
    assert read("n\ncrčme\n".encode("cp1250"), encoding="windows-1250").values == [("crčme",)]
    assert read(GERMAN.encode("utf-8-sig"), encoding="utf-8").form.header == ("id", "name")


def test_encoding_of_seven_bits_is_not_taken_for_ascii(read: Read) -> None:
    """Letters behind escape signs are asked about, not read as these signs, and read where it is declared."""
    content = "id,name\n1,東京\n".encode("iso2022_jp")
    with pytest.raises(InputError, match=r"encoding not known: `t\.csv` switches its letters") as caught:
        read(content)
    assert "iso2022_jp" in str(caught.value.hint)
    assert read(content, encoding="iso2022_jp").values == [("1", "東京")]


def test_byte_that_the_encoding_lacks_is_refused(read: Read) -> None:
    """A byte that the declared encoding does not have never becomes a sign of its own."""
    with pytest.raises(InputError, match=r"not cp1252: `t\.csv` has the byte 0x81"):
        read(b"n\n\x81\n", encoding="cp1252")


@pytest.mark.parametrize("broken", [b"6,caf\xe9\n", b"6,Jos\xc3", b"6,\xff\n"])
def test_few_broken_bytes_leave_a_file_utf_8(read: Read, broken: bytes) -> None:
    """A row with broken bytes is bad, and the other rows keep their letters."""
    good = "".join(f"{number},Zoë Müller\n" for number in range(1, 6))
    got = read(b"id,name\n" + good.encode() + broken)
    assert [name for _, name in got.values] == ["Zoë Müller"] * 5
    assert [(bad.position, bad.reason) for bad in got.bad] == [(7, "not utf-8")]
    assert "\\\\x" in got.bad[0].payload
    assert "\ufffd" not in got.bad[0].payload


def test_broken_bytes_in_a_name_are_refused(read: Read) -> None:
    """No row can be told by a column whose name nobody can read."""
    with pytest.raises(InputError, match=r"names that are not utf-8: `t\.csv`: `id, caf.xe9`"):
        read(b"id,caf\xe9\n" + "1,Zoë Müller\n".encode() * 3)


def test_broken_bytes_of_a_rewritten_file_are_bad_rows(read: Read) -> None:
    """Where the file has to be written anew for its line ends, broken bytes are told just so."""
    got = read("id,name\r\n1,Zoë Müller\n2,Zoë Müller\r\n".encode() + b"3,\xff\n4,x\n")
    assert [row[0] for row in got.values] == ["1", "2", "4"]
    assert [(bad.position, bad.payload) for bad in got.bad] == [(4, '{"line": "3,\\\\xff"}')]


@pytest.mark.parametrize("wrong", [{"encoding": "base64"}, {"encoding": "nosuch"}, {"delimiter": ";;"}, {"skip": -1}])
def test_declarations_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    """A mistake in what is declared is the user's."""
    with pytest.raises(UserError):
        Declared(**wrong)  # type: ignore[arg-type]
