"""The backend that starts the embedded server when the first connection is asked for."""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from sync_portal.database import start


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        if not self.settings_dict["HOST"]:
            self.settings_dict["HOST"] = start(Path(self.settings_dict["PGDATA"]))
        return super().get_connection_params()
