"""Text as comparable terms, in any language.

Words are folded (NFKC, case, accents), lightly stemmed and freed of function words. Chinese and
Japanese are written without spaces: there a term is a pair of neighbouring characters.
"""

import re
import unicodedata

_FUNCTION_WORDS = frozenset(
    """
    a about after all an and are as at be by for from has have i in into is it its me my of on or our so that the
    their them they this to up us we what when where which who with you your also do does can day every work job
    al con de del el en es la las los mi mis para por que se su sus un una y yo soy
    au aux avec ce ces dans des du elle est et il je le les leur mes mon ne nous ou par pour qui sa ses sur une suis
    """.split()  # noqa: SIM905 - sixty quoted words would hide the list
)

_RANK_WORDS = (
    "assistant associate boss chief coordinator director employee executive head junior lead leader manager officer "
    "person representative senior specialist staff supervisor team worker "
    "asistente auxiliar coordinador coordinadora director directora encargado encargada especialista gerente jefe jefa "
    "responsable supervisor supervisora adjoint agent charge chargee directeur directrice employe "
    "assistante coordinateur coordinatrice superviseur"
)

_RANK_CHARACTERS = (
    "經理 经理 主管 主任 專員 专员 助理 助手 負責人 负责人 人員 人员 員工 员工 高級 高级 資深 资深 統籌 统筹 "
    "協調 协调 管理 マネージャー マネジャー スーパーバイザー スタッフ コーディネーター アシスタント "
    "責任者 担当者 担当 主任 部長 課長 係"
)

_SPACELESS = r"\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_SPACELESS}]+|[^\W_{_SPACELESS}]+")
_ABBREVIATION = re.compile(r"\b(\w{1,2})&(\w{1,2})\b")
"""F&B, M&A, FP&A: one word each."""
_ENDINGS = ("ings", "ing", "ers", "ors", "ants", "ies", "er", "or", "ant", "ed", "es", "s", "e", "y", "a", "o")
_MIN_STEM = 4


def normalise(text: str) -> str:
    """Fold compatibility forms, case and Latin accents, and put one space between words."""
    folded = _ABBREVIATION.sub(r"\1\2", unicodedata.normalize("NFKC", text).casefold())
    decomposed = unicodedata.normalize("NFKD", folded)
    plain = "".join(_unaccented(decomposed))
    return " ".join(_RUN.findall(unicodedata.normalize("NFC", plain)))


def _unaccented(decomposed: str) -> list[str]:
    kept: list[str] = []
    for character in decomposed:
        # Only marks on Latin letters are dropped: in Japanese a mark makes another letter (か, が).
        accent = unicodedata.combining(character) and kept and kept[-1].isascii()
        if not accent:
            kept.append(character)
    return kept


def stem(word: str) -> str:
    """Cut one ending, so that "cleaner", "cleaning" and "cleans" are one term; never below four letters."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            return word.removesuffix(ending)
    return word


RANK_TERMS = frozenset(
    {stem(normalise(word)) for word in _RANK_WORDS.split()} | {normalise(word) for word in _RANK_CHARACTERS.split()}
)
"""Terms that tell rank rather than trade ("manager", "senior"); they say little about which job it is."""

_RANK_RUN = re.compile("|".join(sorted(map(normalise, _RANK_CHARACTERS.split()), key=len, reverse=True)))


def terms(text: str) -> frozenset[str]:
    """Give the terms of a text; empty when it says nothing ("the", "!!")."""
    found: set[str] = set()
    for run in normalise(text).split():
        found |= _pairs(run) if spaceless(run) else _word(run)
    return frozenset(found)


def spaceless(text: str) -> bool:
    """Whether a text has characters of a script that is written without spaces."""
    return re.search(f"[{_SPACELESS}]", text) is not None


def _word(run: str) -> set[str]:
    return set() if run in _FUNCTION_WORDS or (len(run) == 1 and run.isascii()) else {stem(run)}


def _pairs(run: str) -> set[str]:
    found = set(_RANK_RUN.findall(run))
    for part in _RANK_RUN.split(run):
        found |= {part[at : at + 2] for at in range(len(part) - 1)} or {part} - {""}
    return found
