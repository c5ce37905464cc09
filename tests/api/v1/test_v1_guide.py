"""What an answer of v1 links to is there."""

import re


async def test_the_migration_guide_that_every_answer_names_is_a_page(http) -> None:
    answer = await http.client.get("/api/v1/onboarding/languages")
    links = {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="([^"]+)"', answer.headers["link"])}
    assert answer.json()["_meta"]["deprecation"]["migration_guide"] == links["deprecation"]
    guide = await http.client.get(links["deprecation"])
    assert guide.status_code == 200
    assert "fluentpro.v2" in guide.text
    assert (await http.client.post(links["deprecation"])).status_code == 405
