"""Say what breaks YAML in the words of somebody who writes a scene."""

from __future__ import annotations

import re

import yaml

from renderer.errors import Place, Problem

# What PyYAML says, and what it means to the writer of a scene; the first that is found holds.
MEANINGS = (
    (r"expected a scene of at most \d+ \w+", r"\g<0>"),
    (
        r"mapping values are not allowed",
        "a colon stands where none can; check the indentation, look for a colon missing above, or quote the text",
    ),
    (r"expected <block end>, but found '-'", "this - is indented otherwise than the - above it"),
    (r"expected <block end>, but found '([\]}])'", r"this \1 closes nothing"),
    (
        r"expected <block end>",
        "this line is indented otherwise than the lines above it, or a quote or bracket is amiss",
    ),
    (r"sequence entries are not allowed", "a list cannot begin here; put the - on a line of its own"),
    (r"could not find expected ':'", "expected `key: value`, found no colon"),
    (
        r"expected ',' or '(.)'",
        r"expected a comma or \1; close the bracket, or quote a text that holds brackets or commas",
    ),
    (r"expected the node content, but found '<stream end>'", "the text ends in the middle; a bracket is not closed"),
    (r"expected the node content", "expected a value here"),
    (r"unexpected end of stream", "a quote that was opened is not closed"),
    (r"found unexpected document separator", "a quote that was opened is not closed"),
    (r"found undefined alias '(.+)'", r"*\1 is used, but no &\1 stands above it; quote the text if it is none"),
    (r"found duplicate anchor '(.+)'", r"&\1 stands twice"),
    (r"found unknown escape character '(.)'", r"\\\\\1 means nothing between double quotes; use single quotes"),
    (r"found character '(.)' that cannot start", r"a value cannot begin with \1; quote it"),
    (r"expected a single document", "a scene is one document; --- begins a second one here"),
    (r"expected '<document start>'", "the text goes on after its end; check brackets and indentation"),
    (r"expected alphabetic or numeric character", "& and * begin the name of an anchor; quote a text with them"),
    (
        r"expected chomping|expected a comment or a line break",
        "| and > begin a block of text; quote a text with them",
    ),
    (
        r"while (scanning|parsing) a (tag|node)",
        "! begins a tag, which no scene has; quote a text with it",
    ),
    (r"mapping keys are not allowed", "a ? stands where none can; quote a text with it"),
    (r"special characters are not allowed", "a character that cannot be printed is not part of a scene"),
)


def explain_syntax(error: yaml.YAMLError, text: str, name: str) -> Problem:
    """Return the problem that keeps a text from being YAML."""
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        place = Place(name, before.count("\n") + 1, error.position - before.rfind("\n"))
        return Problem(place, "", meaning(str(error)))
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return Problem(Place(name), "", meaning(str(error)))
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    place = Place(name, mark.line + 1, mark.column + 1)
    if "\t" in line[: len(line) - len(line.lstrip())] or line[mark.column : mark.column + 1] == "\t":
        return Problem(place, "", "a tab indents this line; YAML wants spaces")
    said = (getattr(error, "problem", None), getattr(error, "context", None))
    return Problem(place, "", meaning("\n".join(filter(None, said)) or str(error)))


def meaning(said: str) -> str:
    """Return what a message of PyYAML means."""
    for pattern, words in MEANINGS:
        if match := re.search(pattern, said):
            return match.expand(words)
    return f"not YAML: {said.splitlines()[0]}"
