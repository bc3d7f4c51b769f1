# Opens local sockets: by path, abstract, to the kernel, and pairs that pass descriptors.
# expect: all right
import array
import socket


def attack():
    refused(socket.socket, socket.AF_UNIX, socket.SOCK_STREAM)
    refused(socket.socket, socket.AF_UNIX, socket.SOCK_DGRAM)
    refused(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW)
    refused(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)
    refused(socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)
    one, _ = socket.socketpair()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))]
    refused(one.sendmsg, [b"x"], rights)
    refused(one.bind, "\0<mark>")
    refused(one.bind, "<mark>.socket")
    refused(one.connect, "\0<mark>")
