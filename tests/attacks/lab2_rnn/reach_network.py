# Opens connections by TCP and UDP, to this machine and to others.
# expect: all right
import socket
import urllib.request


def attack():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        for family in (socket.AF_INET, socket.AF_INET6):
            refused(socket.socket, family, kind)
    refused(socket.create_connection, ("127.0.0.1", 22), 0.1)
    refused(urllib.request.urlopen, "http://127.0.0.1/", timeout=0.1)
    refused(socket.create_server, ("127.0.0.1", 0))
