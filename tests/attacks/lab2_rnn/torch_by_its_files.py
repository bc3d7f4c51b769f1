# Loads PyTorch from its files: by path, as source, as zip, as shared library.
# expect: all right
import ctypes
import glob
import importlib.util
import runpy
import sys
import zipimport

_folders = [folder for folder in sys.path if folder.endswith("-packages")]
for _folder in _folders:
    for _path in (f"{_folder}/torch/__init__.py", f"{_folder}/torch/functional.py"):
        refused(open, _path)
        refused(runpy.run_path, _path, errors=(OSError, ImportError))
        _spec = importlib.util.spec_from_file_location("own", _path)
        refused(_spec.loader.exec_module, importlib.util.module_from_spec(_spec))
    refused(zipimport.zipimporter, f"{_folder}/torch", errors=(ImportError, OSError))
    for _path in ("lib/libtorch_cpu.so", "lib/libtorch_python.so", "_C.so", "lib/libc10.so"):
        refused(ctypes.CDLL, f"{_folder}/torch/{_path}")
    if glob.glob(f"{_folder}/torch/*"):
        raise Escaped("the files of torch can be listed")
