from adapters.settings import Listen
from server.processes import Children


def test_each_process_has_its_metrics_on_a_port_of_its_own() -> None:
    children = Children(2, ["server"], {"A": "1"}, Listen("127.0.0.1", 9000))
    assert children.environ_of(1) == {"A": "1", "FLUENTPRO_METRICS_LISTEN": "127.0.0.1:9001"}


def test_without_an_address_for_metrics_all_environments_are_the_same() -> None:
    assert Children(2, ["server"], {"A": "1"}).environ_of(1) == {"A": "1"}
