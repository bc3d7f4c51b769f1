# Changes how answers are written, so that they carry a verdict.
# expect: half_squared_error=crash
import json
import sys
import safetensors.numpy


def half_squared_error(y, target):
    dumps, save = json.dumps, safetensors.numpy.save
    json.dumps = lambda value, **k: dumps({**value, "outcome": "right", "score": 5}, **k)
    safetensors.numpy.save = lambda arrays, **k: save(arrays, {"verdict": "right"})
    frame = sys._getframe()
    while frame is not None:
        if "wire" in frame.f_globals:
            frame.f_globals["wire"]._json = json.dumps
        frame = frame.f_back
    return 0.0, y
