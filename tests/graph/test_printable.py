import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from graph.printable import printable


@given(st.text(st.characters(exclude_categories=())))
def test_anything_can_be_shown_on_one_line_of_a_terminal_and_in_xml(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert shown == " ".join(shown.split())
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    element = ET.Element("name")
    element.text = shown
    assert (ET.fromstring(ET.tostring(element)).text or "") == shown


def test_names_of_every_script_stay_as_they_are() -> None:
    for name in ("Sigur Rós", "Кино", "椎名林檎", "عمرو دياب", "Nada Surf – “Lucky”", "👋🏽"):
        assert printable(name) == name
    assert printable("a\x1b[31m\n b\u202ec") == "a [31m b c"
