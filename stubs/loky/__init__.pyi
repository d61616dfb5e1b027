# As far as flowing's tests and pages use it: loky ships no types.
from concurrent.futures import Executor

def get_reusable_executor(max_workers: int | None = None) -> Executor: ...
