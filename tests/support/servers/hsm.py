"""A token that signs: SoftHSM's, behind the interface that hardware modules have (PKCS#11)."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pkcs11
from pkcs11.util.ec import encode_named_curve_parameters

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "5678"
_ED25519 = "1.3.101.112"


@contextmanager
def token(folder: Path, *keys: str) -> Iterator[str]:
    """Have a token with keys of these names; yield the address of a key, but for its name.

    The module reads where its tokens are once a process, so a process has one folder of them.
    """
    (folder / "tokens").mkdir()
    (folder / "softhsm.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    (folder / "pin").write_text(f"{PIN}\n")
    with mock.patch.dict("os.environ", {"SOFTHSM2_CONF": str(folder / "softhsm.conf")}):
        words = ["--init-token", "--free", "--label", "bureau", "--so-pin", "1234", "--pin", PIN]
        subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
        bureau = pkcs11.lib(str(MODULE)).get_token(token_label="bureau")  # noqa: S106 - its name
        with bureau.open(rw=True, user_pin=PIN) as session:
            curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(_ED25519)}
            edwards = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
            for name in keys:
                edwards.generate_keypair(
                    mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=name
                )
        yield f"pkcs11:token=bureau;object={{}}?module-path={MODULE}&pin-source={folder / 'pin'}"
