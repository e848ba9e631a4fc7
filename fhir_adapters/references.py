"""References between resources, in all the forms in which records write them."""

from __future__ import annotations

from collections.abc import Iterable

from fhir_adapters.wire import Entry


def normal_reference(written: str) -> str:
    """``Type/id`` for a relative, absolute or versioned reference; any other as it is written, a UUID in small letters."""
    if written.startswith("#") or written[:4].lower() == "urn:":
        return same_uuid(written)
    parts = written.partition("/_history/")[0].rstrip("/").rsplit("/", 2)
    return f"{parts[-2]}/{parts[-1]}" if len(parts) > 1 else parts[0]


def same_uuid(written: str) -> str:
    """The reference as it is written, but for a UUID's letters, of which one case means the other (RFC 4122, 3)."""
    return written.lower() if written[:9].lower() == "urn:uuid:" else written


def address(written: str) -> str:
    """Where a resource is kept, of an absolute URL; empty for any other reference.

    Its scheme is left out, because what ends TLS in front of a server makes two of one address.
    """
    scheme, found, rest = written.partition("://")
    if not found or scheme.lower() not in ("http", "https"):
        return ""
    host, slash, path = rest.partition("/_history/")[0].rstrip("/").partition("/")
    return f"{host.lower()}{slash}{path}"


class ReferenceIndex:
    """Finds the resource that a reference means: by the full URL of its entry, or by type and id.

    An absolute reference never means a resource that is said to be kept elsewhere: two servers give two resources the
    same id. Where several have the name that a reference gives, it leads nowhere.
    """

    __slots__ = ("_by_name", "_by_url", "_entries")

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Index these entries, when first asked for one."""
        self._entries = entries
        self._by_name: dict[str, list[Entry]] | None = None
        self._by_url: dict[str, Entry] = {}

    def resolve(self, written: str) -> Entry | None:
        """The entry that the reference means, or None when nothing that was sent is it."""
        if self._by_name is None:
            self._by_name = {}
            for entry in self._entries:
                self._by_name.setdefault(entry.reference, []).append(entry)
                if entry.full_url:
                    self._by_url[address(entry.full_url) or same_uuid(entry.full_url)] = entry
        place = address(written)
        found = self._by_url.get(place or same_uuid(written))
        if found is not None:
            return found
        named = self._by_name.get(normal_reference(written), [])
        if place:
            named = [entry for entry in named if not address(entry.full_url)]
        return named[0] if named and all(entry.resource == named[0].resource for entry in named) else None


def bare_id(written: str | None) -> str:
    """The id alone of ``context.patientId`` or ``encounterId``, which many clients write with its type."""
    return normal_reference((written or "").strip()).rpartition("/")[2]
