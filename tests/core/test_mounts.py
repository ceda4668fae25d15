"""What lies under a path, out of the lines of proc(5)."""

from __future__ import annotations

import pytest

from dam.core.mounts import Mount, parse, under

#: Lines as Linux writes them: a disk, a bind mount of it, shares, folders of a host, memory.
MOUNTINFO = r"""27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
22 27 0:21 / /proc rw,relatime - proc proc rw
40 27 0:44 / /srv/dam rw,relatime shared:1 master:2 - xfs /dev/sdb1 rw
41 40 0:45 / /srv/dam/inbox rw,relatime shared:9 - cifs //nas/photos rw,vers=3.1.1,username=x
42 27 0:46 / /media/my\040disk rw - fuseblk /dev/sdc1 rw,user_id=0
43 27 0:47 / /net/a rw - nfs4 nas:/a rw,vers=4.2
44 27 0:48 / /net/b rw - fuse.sshfs me@host:/ rw,user_id=1000
45 27 0:49 / /host rw - 9p hgfs rw
46 27 0:50 / /run rw,nosuid shared:4 - tmpfs tmpfs rw,size=1k
47 46 0:51 / /run rw shared:4 - btrfs /dev/sdd rw
this is no line
"""


@pytest.mark.parametrize(
    ("path", "kind", "network", "memory"),
    [
        ("/", "ext4", False, False),
        ("/srv", "ext4", False, False),
        ("/srv/dam", "xfs", False, False),
        ("/srv/dam2/inbox", "ext4", False, False),
        ("/srv/dam/inbox/day 1", "cifs", True, False),
        ("/media/my disk/x", "fuseblk", False, False),
        ("/net/a/b", "nfs4", True, False),
        ("/net/b", "fuse.sshfs", True, False),
        ("/host/x", "9p", True, False),
        # What was mounted last at a place is what is seen there.
        ("/run/x", "btrfs", False, False),
    ],
)
def test_what_lies_under_a_path(path: str, kind: str, network: bool, memory: bool) -> None:
    found = under(path, parse(MOUNTINFO))
    assert found is not None
    assert (found.kind, found.network, found.memory) == (kind, network, memory)


def test_memory_and_unknown_programs_behind_fuse() -> None:
    assert Mount("/", "tmpfs").memory
    assert not Mount("/", "tmpfs").network
    assert Mount("/", "fuse").network
    assert Mount("/", "fuse.rclone").network
    assert under("/x", ()) is None
