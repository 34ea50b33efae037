"""The table of systems: a new system is a file beside this one and a row here."""

from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.genre import GENRE
from pipeline.models.systems.poster import POSTER
from pipeline.models.systems.revenue import REVENUE
from pipeline.models.systems.score import SCORE
from pipeline.models.systems.system import System

SYSTEMS: tuple[System, ...] = (BOX_OFFICE, REVENUE, GENRE, POSTER, SCORE)
