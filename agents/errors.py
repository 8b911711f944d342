"""Errors of the agent: each has a Chinese and an English message and an exit code.

    AgentError
    ├── SettingsError     3   an environment variable or the holders file is wrong
    ├── NoDriver          4   this machine has no working NVIDIA driver
    ├── IdentityError     5   the node is not enrolled, or its key cannot be used
    ├── Unreachable       6   the server could not be reached in the time allowed
    ├── SpoolError        7   the spool cannot be used
    │   └── SpoolDamaged      ... because its file is damaged
    ├── Refused           8   the server refuses what we send, and repeating it would not help
    ├── CourierError      9   a courier's file or receipt cannot be written or read
    └── SourceError      11   what we report from (sacct) does not answer, or nothing that counts

0 is success and 2 a wrong command line.
"""


class AgentError(Exception):
    """An error that a person must fix; `zh` and `en` say what is wrong and what to do."""

    exit_code = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


class SettingsError(AgentError):
    """An environment variable or the holders file is wrong."""

    exit_code = 3


class NoDriver(AgentError):
    """There is no NVIDIA driver, or it does not answer."""

    exit_code = 4


class IdentityError(AgentError):
    """The node is not enrolled, or its key cannot be used; `code` is the server's, if any."""

    exit_code = 5

    def __init__(self, zh: str, en: str, code: str = "") -> None:
        super().__init__(zh, en)
        self.code = code


class Unreachable(AgentError):
    """The server could not be reached in the time allowed."""

    exit_code = 6


class SpoolError(AgentError):
    """The spool cannot be used: another agent has it, or it is of another version."""

    exit_code = 7


class SpoolDamaged(SpoolError):
    """The spool's file is damaged."""


class Refused(AgentError):
    """The server refuses the data, and sending it again would not help; `code` is its reason."""

    exit_code = 8

    def __init__(self, zh: str, en: str, code: str) -> None:
        super().__init__(zh, en)
        self.code = code


class CourierError(AgentError):
    """A courier's file or receipt cannot be written or read; nothing of it was used."""

    exit_code = 9


class SourceError(AgentError):
    """What we report from does not answer, or nothing that counts."""

    exit_code = 11
