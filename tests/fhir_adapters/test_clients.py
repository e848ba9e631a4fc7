"""The file of clients: what it says, and one sentence for each mistake in it."""

import json
from ipaddress import ip_network
from pathlib import Path

import pytest

from fhir_adapters.cds_hooks.auth import Authenticator
from fhir_adapters.cds_hooks.used_tokens import TokensOfThisProcess
from fhir_adapters.clients import ALGORITHMS, Client, Clients, ClientsError, Switches, read_clients

MINIMAL = """
[[clients]]
name = "EHR"
iss = "https://ehr.example.org"
jku = ["https://ehr.example.org/jwks.json"]
"""
EVERYTHING = """
[[clients]]
name = "Example EHR"
iss = "https://ehr.example.org"
jwks_file = "keys.json"
jku = ["https://ehr.example.org/jwks.json"]
algorithms = ["RS384"]
audiences = ["cds"]
tenants = ["north"]
services = ["primum-order-sign"]
fhir_servers = ["https://ehr.example.org/fhir"]
networks = ["10.20.0.0/16"]
origins = ["https://ehr.example.org"]
max_token_life = 900

[clients.switches]
configuration_items = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "clients.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_that_gives_no_more_than_it_must_allows_little(tmp_path: Path) -> None:
    (client,) = read_clients(written(tmp_path, MINIMAL))
    assert client.algorithms == ALGORITHMS == ("ES384", "RS384")
    assert (client.audiences, client.fhir_servers, client.networks, client.origins) == ((), (), (), ())
    assert client.max_token_life == 3600
    assert set(client.switches.model_dump().values()) == {False, "off"}
    assert client.may_call("any-service")
    assert not client.fhir_targets.cover("https://ehr.example.org/fhir")


def test_an_entry_can_say_everything(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": []}), encoding="utf-8")
    clients = read_clients(written(tmp_path, EVERYTHING))
    client = clients.by_issuer["https://ehr.example.org"]
    assert client.jwks == {"keys": []}
    assert client.may_call("primum-order-sign")
    assert not client.may_call("primum-patient-view")
    assert client.fhir_targets.cover("https://ehr.example.org/fhir/Patient/1")
    assert client.key_targets.networks == (ip_network("10.20.0.0/16"),)
    assert client.switches.configuration_items


def line(text: str) -> str:
    """The smallest entry with a line more."""
    return f"{MINIMAL}{text}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "clients: Field required"),
        ("clients = []", "at least 1 item"),
        ("clients = [", "cannot be read"),
        ("[[clients]]\nname = 'EHR'\niss = 'x'", "give its keys: jwks, jwks_file or jku"),
        (line("jwks = {keys = []}\njwks_file = 'keys.json'"), "not both"),
        (line("jwks_file = 'missing.json'"), "jwks_file of EHR cannot be read: No such file"),
        (line("jwks_file = 'clients.toml'"), "jwks_file of EHR cannot be read: Expecting value"),
        (line("algorithms = []"), "clients.0.algorithms"),
        (line("algorithms = ['none']"), "clients.0.algorithms.0: Input should be 'ES256'"),
        (line("algorithms = ['HS384']"), "clients.0.algorithms.0"),
        (line("max_token_life = 86401"), "clients.0.max_token_life"),
        (line("networks = ['10.20.0.1/16']"), "host bits set"),
        (line("origins = ['*']"), r"clients.0.origins.0: name each origin .* \* is not an origin"),
        (line("fhir_servers = ['http://ehr.example.org/fhir']"), "for this machine only: use https://"),
        (line("fhir_servers = ['https://ehr.example.org/fhir?a=b']"), "holds a query"),
        (line("fhir_servers = ['https://user:secret@ehr.example.org/']"), "holds a user name, a password"),
        (line("servics = ['a']"), "clients.0.servics: Extra inputs are not permitted"),
        (line("[clients.switches]\nlenient = true"), "clients.0.switches.lenient: Extra inputs"),
        (MINIMAL * 2, "two clients have the same iss or the same name"),
        (MINIMAL + MINIMAL.replace('"EHR"', '"Other"'), "two clients have the same iss"),
        (MINIMAL.replace('"EHR"', '"E\\nHR"'), "clients.0.name"),
        (MINIMAL.replace("https://ehr.example.org/jwks", "file:///jwks"), "does not begin with https://"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ClientsError, match=words) as raised:
        read_clients(written(tmp_path, text))
    assert str(raised.value).startswith("clients.toml: ") or "cannot be read" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ClientsError, match=r"clients\.toml cannot be read: No such file or directory"):
        read_clients(tmp_path / "clients.toml")


def test_plain_http_is_for_this_machine(tmp_path: Path) -> None:
    for host in ("127.0.0.1:8080", "localhost:8080", "[::1]:8080"):
        (client,) = read_clients(written(tmp_path, line(f"fhir_servers = ['http://{host}/fhir']")))
        assert client.fhir_targets.cover(f"http://{host}/fhir/Patient/1")


def test_a_service_that_does_not_exist_keeps_the_service_from_starting(tmp_path: Path) -> None:
    clients = read_clients(written(tmp_path, line("services = ['primum-order-sign', 'order-sing']")))
    with pytest.raises(ClientsError, match="EHR may call order-sing, which is none of primum-order-sign"):
        clients.check_services({"primum-order-sign": None})
    clients.check_services({"primum-order-sign": None, "order-sing": None})


def test_the_documented_file_can_be_used_and_every_member_is_explained(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "authentication.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    clients = list(read_clients(written(tmp_path, example)))
    assert [client.name for client in clients] == ["Example EHR", "Hospital EHR"]
    Authenticator(Clients(tuple(clients)), TokensOfThisProcess())
    assert [name for name in (*Client.model_fields, *Switches.model_fields) if name not in page] == []
