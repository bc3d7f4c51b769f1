# Calls the kernel by the interface of 32-bit programs, whose numbers mean other calls.
# expect: half_squared_error=crash
import ctypes
import mmap


def half_squared_error(y, target):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("53b802000000cd805bc3"))  # eax = 2, fork; int 0x80
    place = ctypes.addressof(ctypes.c_char.from_buffer(page))
    found = ctypes.CFUNCTYPE(ctypes.c_int)(place)()
    return float(found), y
