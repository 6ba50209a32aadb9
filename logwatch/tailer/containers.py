"""Which container a log is of, by its path and, for Docker, by what lies beside it.

Docker keeps `config.v2.json` beside `ID-json.log`, with the name and the image; where that cannot
be read (it is root's) the id is all there is. The kubelet has namespace, pod and container in the
path: `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log`, and in links to it:
`/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

_MOST_BYTES = 4 * 1024 * 1024
_SHORT_ID = 12
_DOCKER = re.compile(r".*/([0-9a-f]{64})/[^/]*\.log").fullmatch
_PODS = re.compile(r".*/([^/_]+)_([^/_]+)_[^/_]+/([^/]+)/[^/]+\.log").fullmatch
_LINKS = re.compile(r".*/([^/_]+)_([^/_]+)_([^/]+)-([0-9a-f]{64})\.log").fullmatch


class _Inner(Struct):
    image: str = msgspec.field(name="Image", default="")


class _Config(Struct):
    name: str = msgspec.field(name="Name", default="")
    config: _Inner = msgspec.field(name="Config", default_factory=_Inner)


_decode = msgspec.json.Decoder(_Config).decode


@lru_cache(maxsize=4096)
def container_of(path: str) -> dict[str, str]:
    """What is known of the container whose log is at `path`, as fields; read once a process."""
    if found := _DOCKER(path):
        return {"container_id": found[1][:_SHORT_ID], **_named(Path(path).parent)}
    if found := _LINKS(path):
        pod, namespace, container, identity = found.groups()
        return {
            "namespace": namespace,
            "pod": pod,
            "container": container,
            "container_id": identity[:_SHORT_ID],
        }
    if found := _PODS(path):
        return {"namespace": found[1], "pod": found[2], "container": found[3]}
    return {}


def _named(folder: Path) -> dict[str, str]:
    try:
        with (folder / "config.v2.json").open("rb") as file:
            config = _decode(file.read(_MOST_BYTES))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    found = {"container": config.name.removeprefix("/"), "image": config.config.image}
    return {name: text for name, text in found.items() if text}
