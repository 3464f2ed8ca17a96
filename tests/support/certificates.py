"""Certificates for one test run: an authority, and what it signs."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import require_program

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@dataclass(frozen=True)
class Authority:
    """A certificate authority whose files are in a folder; ``certificate`` is what others must trust."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        """Make one."""
        folder.mkdir(parents=True)
        made = cls(folder)
        _openssl("-subj", "/CN=authority", "-noenc", "-keyout", str(folder / "ca.key"), "-out", str(made.certificate))
        return made

    @property
    def certificate(self) -> Path:
        """Its own certificate."""
        return self.folder / "ca.pem"

    def sign(self, name: str, password: str = "") -> tuple[Path, Path]:
        """Make a certificate for a name, also valid for 127.0.0.1; return it and its key, encrypted if asked."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        secret = ["-passout", f"pass:{password}"] if password else ["-noenc"]
        by = ["-CA", str(self.certificate), "-CAkey", str(self.folder / "ca.key")]
        subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        _openssl(*subject, *by, *secret, "-keyout", str(key), "-out", str(certificate))
        return certificate, key


def _openssl(*arguments: str) -> None:
    command = [require_program("openssl"), "req", "-x509", "-days", "2", *_KEY, *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
