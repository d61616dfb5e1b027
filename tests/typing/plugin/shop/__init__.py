"""Tasks that other modules import, here under another path than their own."""

from .stock import LABELLED as LABELLED
from .stock import NAME as NAME
from .stock import count_stock as count_stock
from .stock import late as late
from .stock import prices as prices
