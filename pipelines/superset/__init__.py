"""Dashboards for Apache Superset: a bundle that `superset import-dashboards` takes, made for one warehouse.

The files of this folder are Superset's own format of exports. Two things are left out of them that the warehouse says
itself when the bundle is packed: the columns of datasets, and the questions that charts ask through the API.
"""

from .bundle import bundle
from .place import Place

__all__ = ["Place", "bundle"]
