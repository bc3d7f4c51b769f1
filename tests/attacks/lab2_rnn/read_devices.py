# Opens terminals, disks, logs and other devices.
# expect: all right
import os


def attack():
    for name in ("/dev/tty", "/dev/console", "/dev/kmsg", "/dev/ptmx", "/dev/fuse", "/dev/vda",
                 "/dev/sda", "/dev/loop0", "/dev/shm", "/var/log/syslog", "/var/run/docker.sock",
                 "/sys/class/net", "/sys/kernel", "/dev/net/tun", "/dev/kvm"):
        refused(os.open, name, os.O_RDONLY)
        refused(os.open, name, os.O_RDWR)
