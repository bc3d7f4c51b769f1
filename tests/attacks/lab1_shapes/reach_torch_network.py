# Opens connections by PyTorch's own means: groups of processes, stores, models from afar.
# expect: all right
import torch
import torch.distributed
import torch.hub


def group():
    torch.distributed.init_process_group(
        "gloo", init_method="tcp://127.0.0.1:29500", rank=0, world_size=1
    )


def attack():
    refused(group, errors=(RuntimeError, OSError, ValueError))
    refused(torch.hub.download_url_to_file, "http://127.0.0.1/x", "x")
    refused(torch.distributed.TCPStore, "127.0.0.1", 0, is_master=True,
            errors=(RuntimeError, OSError))
