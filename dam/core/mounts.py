"""What kind of file system lies under a path, as Linux tells it in `/proc/self/mountinfo`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: Shares of other machines, and folders that the host of a virtual machine lends to it: no events
#: for what others write there, and locks and shared memory that cannot be relied on.
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "9p", "virtiofs", "vboxsf"}
    | {"ceph", "lustre", "gpfs", "beegfs", "orangefs", "pvfs2", "glusterfs", "ocfs2", "gfs2"}
    | {"davfs", "prl_fs", "drvfs"}
)
#: FUSE file systems on a local disk; any other program behind FUSE may be anywhere.
_LOCAL_FUSE: Final = frozenset(
    {"fuseblk", "fuse.ntfs-3g", "fuse.ntfs", "fuse.exfat", "fuse.mergerfs", "fuse.bindfs"}
    | {"fuse.fuse-overlayfs", "fuse.gocryptfs", "fuse.encfs", "fuse.lxcfs"}
)
_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: where, and of which type."""

    at: str
    kind: str

    @property
    def network(self) -> bool:
        """Whether other machines may write to it."""
        fuse = self.kind == "fuse" or self.kind.startswith("fuse.")
        return self.kind in _NETWORK or (fuse and self.kind not in _LOCAL_FUSE)

    @property
    def memory(self) -> bool:
        """Whether all in it goes when the machine stops."""
        return self.kind in _MEMORY


def parse(mountinfo: str) -> tuple[Mount, ...]:
    """Every mount that the text names, in its order (proc(5)); other lines are skipped."""
    found = []
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if dash and len(fields) >= 6 and kinds[0]:
            found.append(Mount(_plain(fields[4]), kinds[0]))
    return tuple(found)


def under(path: str, mounts: tuple[Mount, ...]) -> Mount | None:
    """The mount that an absolute path without links lies on; of several at one place the last."""
    best: Mount | None = None
    for mount in mounts:
        inside = mount.at == "/" or path == mount.at or path.startswith(mount.at + "/")
        if inside and (best is None or len(mount.at) >= len(best.at)):
            best = mount
    return best


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), text)
