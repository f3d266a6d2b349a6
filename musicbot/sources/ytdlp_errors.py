"""What yt-dlp's errors mean to a listener: a kind for programs, a sentence for people.

yt-dlp's own texts are for whoever runs it, and may quote what a server answered; they
go to the log. What is shown is one of the sentences here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from musicbot.errors import SourceError, SourceErrorKind

Kind = SourceErrorKind


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known about a failed look-up."""

    classes: frozenset[str]
    """The names of all classes of the error and of those that led to it."""
    text: str
    """What yt-dlp said; not for people."""
    status: int | None = None
    """The HTTP status that a server answered with."""

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Read an error and what led to it."""
        chain = list(_chain(error))
        names = {each.__name__ for link in chain for each in type(link).__mro__}
        statuses = [getattr(link, "status", None) for link in chain]
        status = next((each for each in statuses if isinstance(each, int)), None)
        return cls(frozenset(names), " / ".join(str(link) for link in chain), status)


def source_error(failure: Failure, *, refused: bool = False) -> SourceError:
    """Return the error to show.

    Args:
        failure: What is known.
        refused: Whether the bot refused to connect to an address on the way. That alone
            is no reason: a site may have another address, which it was reached by.
    """
    for classes, kind, text in _BY_CLASS:
        if failure.classes & classes:
            return SourceError(kind, text)
    said = _NAMES.sub(" ", failure.text)
    for pattern, kind, text in _BY_TEXT:
        if pattern.search(said):
            return SourceError(kind, text)
    if failure.status is not None:
        return SourceError(*_by_status(failure.status))
    if refused:
        return SourceError(Kind.BLOCKED_ADDRESS, BLOCKED)
    for classes, kind, text in _BY_CAUSE:
        if failure.classes & classes:
            return SourceError(kind, text)
    return SourceError(
        Kind.BROKEN, "That link could not be looked up; try again later, or another upload."
    )


def search_error(error: SourceError) -> SourceError:
    """Return what an error means to somebody who typed words instead of a link."""
    text = _OF_SEARCH.get(error.kind)
    return SourceError(error.kind, text) if text is not None else error


def is_old_radio(failure: Failure) -> bool:
    """Return whether a server answered as SHOUTcast 1 does, which is not quite HTTP."""
    return "ICY 200 OK" in failure.text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it: yt-dlp keeps them in places of its own."""
    rising, seen = [error], set()
    while rising:
        each = rising.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        info: Any = getattr(each, "exc_info", None)
        inner = info[1] if isinstance(info, tuple) and len(info) == 3 else None
        causes = (each.__context__, each.__cause__, getattr(each, "cause", None), inner)
        rising += [cause for cause in causes if isinstance(cause, BaseException)]


def _by_status(status: int) -> tuple[SourceErrorKind, str]:
    if status < 400:
        return Kind.UNSUPPORTED, "That link leads round in circles; try another one."
    if status in (404, 410):
        return Kind.GONE, f"There is nothing at that link (the site answers {status})."
    if status in (401, 403, 407):
        return Kind.PRIVATE, f"The site does not let me see that link (it answers {status})."
    if status == 429:
        return Kind.NETWORK, "The site asks me to slow down; try again in a few minutes."
    if status == 451:
        return Kind.GEO, "The site may not show that link where I am; try another upload."
    return Kind.NETWORK, f"The site has a problem (it answers {status}); try again later."


BLOCKED: Final = (
    "That link leads to a private address, which I may not open;"
    " whoever runs the bot can allow it with --allow-net."
)

_BOT_CHECK: Final = (
    Kind.BOT_CHECK,
    "The site wants proof that I am no robot, so I cannot play that; try another site or upload.",
)
_AGE: Final = (Kind.AGE, "The site shows that to adults who signed in only; try another upload.")
_GEO: Final = (Kind.GEO, "That is not available in the country I am in; try another upload.")
_DRM: Final = (Kind.DRM, "That is copy-protected and cannot be played; try another upload.")
_PRIVATE: Final = (
    Kind.PRIVATE,
    "That is private or for members only; ask its owner to publish it, or try another upload.",
)
_GONE: Final = (Kind.GONE, "That was removed or never was there; check the link.")
_NOT_LIVE: Final = (Kind.GONE, "That stream is not live at the moment; try again when it is.")
_NOTHING: Final = (
    Kind.UNSUPPORTED,
    "I found no music on that page; try a link to the song itself, or type its name.",
)
_TOO_LARGE: Final = (
    Kind.UNSUPPORTED,
    "That page is too large to look through; try a link to the song itself.",
)
_CERTIFICATE: Final = (
    Kind.NETWORK,
    "That site cannot prove that it is the one it claims to be; check the link.",
)
_UNKNOWN_NAME: Final = (
    Kind.NETWORK,
    "There is no site of that name, or I cannot find it; check the link.",
)
_UNREACHABLE: Final = (
    Kind.NETWORK,
    "That site cannot be reached at the moment; check the link or try again later.",
)
_NO_LINK: Final = (Kind.UNSUPPORTED, "That is not a link that can be opened; check its spelling.")

_OF_SEARCH: Final = {
    Kind.NETWORK: "The search cannot be reached at the moment; a link to a song may still work.",
    Kind.BROKEN: "The search does not work at the moment; a link to a song may still do.",
    Kind.NOTHING_FOUND: "Nothing was found for these words; try others, or a link.",
}

_BY_CLASS: Final = tuple(
    (frozenset(classes), *meaning)
    for classes, meaning in (
        (("AddressRefused",), (Kind.BLOCKED_ADDRESS, BLOCKED)),
        (("GeoRestrictedError",), _GEO),
        (("UserNotLive",), _NOT_LIVE),
        (("UnsupportedError",), _NOTHING),
        (("PageTooLarge", "MemoryError"), _TOO_LARGE),
        (("CertificateVerifyError", "SSLCertVerificationError"), _CERTIFICATE),
    )
)
"""What an error's class says, which is sure."""

_NAMES: Final = re.compile(r"https?://\S+|host='[^']*'|\[[^\]]*\] \S+: ")
"""Addresses, hosts and what extractors call the thing: they may be named like anything."""

_BY_TEXT: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), *meaning)
    for pattern, meaning in (
        (r"not a bot|captcha|unusual traffic|verify (that )?you are (a )?human", _BOT_CHECK),
        (r"confirm your age|age.?(restricted|limit|gate)|inappropriate for some", _AGE),
        (r"\bDRM\b", _DRM),
        (r"(available|blocked|unavailable) (in|from) your (country|region|location)", _GEO),
        (r"geo.?(restrict|block)", _GEO),
        (r"\bprivate\b|members.only|join this channel|premium|subscri(be|ption)", _PRIVATE),
        (r"log.?in|sign in|registered users|password|--cookies", _PRIVATE),
        (
            r"not (currently )?live|(live event|premiere) will|premieres in|begin in|offline",
            _NOT_LIVE,
        ),
        (r"removed|deleted|unavailable|no longer|does(n't| not) exist|not available", _GONE),
        (r"no video formats|requested format is not available|no media found", _NOTHING),
    )
)
"""What extractors write, more special ones first."""

_BY_CAUSE: Final = tuple(
    (frozenset(classes), *meaning)
    for classes, meaning in (
        (("gaierror", "NameResolutionError"), _UNKNOWN_NAME),
        (("NoSupportingHandlers", "UnsupportedRequest", "InvalidURL", "ValueError"), _NO_LINK),
        (("TransportError", "RequestError", "OSError"), _UNREACHABLE),
    )
)
"""What the cause says where nothing better does."""
