"""Where a movie's files lie in the store: one file per movie and kind, named by its TMDB id."""

from dataclasses import dataclass, replace

from resources.storage.store import Store, StorePath


@dataclass(frozen=True)
class MovieFile:
    """One kind of file that a movie has.

    Attributes:
        folders: Folders below the store's root, from the outside in.
        suffix: End of the file's name, after the TMDB id.
    """

    folders: tuple[str, ...]
    suffix: str

    @property
    def pattern(self) -> str:
        """The path below the store's root, with a placeholder for the id.

        Example:
            >>> MovieFile(("posters",), ".jpg").pattern
            'posters/<tmdb_id>.jpg'
        """
        return "/".join([*self.folders, f"<tmdb_id>{self.suffix}"])

    def path(self, store: Store, tmdb_id: int) -> StorePath:
        """Return the path of a movie's file."""
        return store.path(*self.folders, f"{int(tmdb_id)}{self.suffix}")

    def below(self, folder: str) -> "MovieFile":
        """Return the same kind of file, one folder deeper.

        Example:
            >>> MovieFile(("embeddings", "text"), ".npy").below("minilm").pattern
            'embeddings/text/minilm/<tmdb_id>.npy'
        """
        return replace(self, folders=(*self.folders, folder))
