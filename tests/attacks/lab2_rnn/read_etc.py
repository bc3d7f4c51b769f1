# Reads the system's lists of users, hosts, mounts and machines.
# expect: all right
def attack():
    for name in ("passwd", "shadow", "group", "hostname", "hosts", "resolv.conf", "fstab",
                 "machine-id", "environment", "mtab", "os-release"):
        refused(open, f"/etc/{name}")
