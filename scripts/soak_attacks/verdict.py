"""How an attack ends when it does not pass."""


class Finding(Exception):
    """The program broke one of its promises. The text is one line."""


class NotRun(Exception):
    """This machine does not allow the attack. The text is the reason."""


def expect(holds, text):
    if not holds:
        raise Finding(text)
