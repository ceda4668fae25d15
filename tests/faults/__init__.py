"""Faults caused for real: kills, full and failing disks, odd mounts, odd clocks."""
