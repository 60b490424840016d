"""Semantic versions: order by precedence, and how far two of them are apart.

Source: SemVer 2.0.0, https://semver.org. A leading `v` is dropped, build metadata does not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEMVER = re.compile(
    r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Version:
    """The parts of a version that count."""

    core: tuple[int, int, int]
    pre: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join(map(str, self.core)) + (f"-{'.'.join(self.pre)}" if self.pre else "")

    @property
    def precedence(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[int, int, str], ...]]:
        """A key that sorts versions as SemVer section 11 says."""
        parts = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre)
        return self.core, not self.pre, parts

    def bumped(self, bump: str) -> Version:
        """The next release after this one."""
        major, minor, patch = self.core
        return Version(
            {
                "major": (major + 1, 0, 0),
                "minor": (major, minor + 1, 0),
                "patch": (major, minor, patch + 1),
            }.get(bump, self.core)
        )


def parse(text: str) -> Version | None:
    """The version, or None when the text is none.

    >>> str(parse("v1.2.0-rc.1+build7"))
    '1.2.0-rc.1'
    """
    match = _SEMVER.fullmatch(text)
    if match is None or len(text) > 256:
        return None
    pre = tuple(match[4].split(".")) if match[4] else ()
    return Version((int(match[1]), int(match[2]), int(match[3])), pre)


def distance(old: Version, new: Version) -> str:
    """The bump from one version to a later one: ``none``, ``patch``, ``minor`` or ``major``."""
    before, after = old.core, new.core
    if before == after and old.pre:
        # The release that the older version was a candidate of.
        return "major" if after[1:] == (0, 0) else "minor" if after[2] == 0 else "patch"
    if after[0] != before[0]:
        return "major"
    if after[1] != before[1]:
        return "minor"
    return "none" if after == before else "patch"
