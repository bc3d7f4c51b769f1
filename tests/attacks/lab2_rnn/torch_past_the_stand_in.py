# Takes the stand-in for PyTorch out of the way and imports what is behind it.
# expect: all right
import importlib
import sys

for _name in [one for one in sys.modules if one.split(".")[0] == "torch"]:
    del sys.modules[_name]
_finders, sys.meta_path[:] = sys.meta_path[:], sys.meta_path[1:]
importlib.invalidate_caches()
sys.path_importer_cache.clear()
for _name in ("torch", "torch._C", "torch.nn.functional", "jax", "tensorflow"):
    refused(importlib.import_module, _name, errors=(ImportError, OSError))
sys.meta_path[:] = _finders
