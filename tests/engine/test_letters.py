"""Words in the letters in which they are compared."""

from unicodedata import normalize

import pytest

from engine.letters import plain


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("Epilepsy", "epilepsy"),
        ("Réfractaire", "refractaire"),
        (normalize("NFD", "réfractaire"), "refractaire"),  # as a Mac types it
        ("therapie\u00adrefrakt\u00e4r", "therapierefraktar"),  # a soft hyphen
        ("ÜBEREMPFINDLICHKEIT", "uberempfindlichkeit"),
        ("Straße", "strasse"),
        ("DOŻYLNIE, łuk", "dozylnie, luk"),
        ("overfølsom", "overfolsom"),
        ("Hæmodialyse, đ, œdème, \u0131", "haemodialyse, d, oedeme, i"),
        ("БАКЛОФЕН", "баклофен"),
        ("\uff29\uff36", "iv"),  # full width
        ("", ""),
    ],
)
def test_are_small_and_have_no_accents(text: str, compared: str) -> None:
    assert plain(text) == compared
