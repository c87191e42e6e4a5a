"""How PowerShell reads a quoted argument, and how its versions hand it to a program.

A model after PowerShell's tokenizer (`ScanStringLiteral`, `ScanStringExpandable` and
`IsSingleQuote`, `IsDoubleQuote`) and its `NativeCommandParameterBinder`. `read` is the first half:
the text that a string stands for. `arguments` is the second: what the program's own start-up code
makes of the command line that Windows PowerShell 5.1 and PowerShell 7.0 to 7.2 write, and 7.3 and
later with `$PSNativeCommandArgumentPassing = 'Legacy'`. By default 7.3 and later hand over the
text as it is, by a list of arguments on Unix and well quoted on Windows.
"""

SINGLE = "'\u2018\u2019\u201a\u201b"
DOUBLE = '"\u201c\u201d\u201e'


def read(token):
    """The text of a token that is one string; ValueError for anything else, or if it expands."""
    if token[:1] in tuple(SINGLE):
        quotes, expands = SINGLE, False
    elif token[:1] in tuple(DOUBLE):
        quotes, expands = DOUBLE, True
    else:
        raise ValueError("no string")
    found, at = [], 1
    while at < len(token):
        here = token[at]
        if here in quotes:
            if token[at + 1 : at + 2] not in tuple(quotes):
                if at != len(token) - 1:
                    raise ValueError("the string ends early")
                return "".join(found)
            at += 1
        elif expands and here in "$`":
            raise ValueError("something is expanded")
        found.append(here)
        at += 1
    raise ValueError("the string does not end")


def legacy_arguments(text):
    """What a program receives of one argument by the old way: quotes put around spaces, no more."""
    spaced, in_quotes = False, False
    for character in text:
        if character == '"':
            in_quotes = not in_quotes
        elif character.isspace() and not in_quotes:
            spaced = True
    return split(f'"{text}"' if spaced else text)


def split(line):
    """The arguments of a command line by the rules of Microsoft's C runtime."""
    found, word, quoted, at = [], None, False, 0
    while at < len(line):
        count = len(line[at:]) - len(line[at:].lstrip("\\"))
        mark = line[at + count : at + count + 1]
        if count:
            escaped = mark == '"'
            word = (word or "") + "\\" * (count // 2 if escaped else count)
            at += count
            if escaped and count % 2:
                word += '"'
                at += 1
        elif mark == '"':
            word = word or ""
            if quoted and line[at + 1 : at + 2] == '"':
                word += '"'
                at += 1
            else:
                quoted = not quoted
            at += 1
        elif mark in " \t" and not quoted:
            if word is not None:
                found.append(word)
            word = None
            at += 1
        else:
            word = (word or "") + mark
            at += 1
    return found if word is None else [*found, word]
