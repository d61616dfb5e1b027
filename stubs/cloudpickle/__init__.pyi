# As far as flowing uses it: cloudpickle 3 ships no types.
import pickle
from typing import Any

from typing_extensions import override

class Pickler(pickle.Pickler):
    @override
    def reducer_override(self, obj: object, /) -> Any: ...
