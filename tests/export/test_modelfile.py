from __future__ import annotations

from hatelens.export import modelfile


def test_a_template_stands_between_its_quotes():
    made = modelfile.text("m.gguf", "Say: ", "\nAnswer:", stop="</s>", context=300, words=8)
    assert made.splitlines() == [
        "FROM ./m.gguf",
        'TEMPLATE """Say: {{ .Prompt }}',
        'Answer:"""',
        "PARAMETER temperature 0",
        "PARAMETER num_ctx 300",
        "PARAMETER num_predict 8",
        'PARAMETER stop "</s>"',
    ]


def test_what_the_template_language_would_read_is_written_as_it_is():
    assert modelfile.literal("a {{ b }} c") == 'a {{ "{{" }} b {{ "}}" }} c'
    assert modelfile.literal('say """x') == r'say {{ "\"\"\"" }}x'
    assert modelfile.literal('end "') == r'end {{ "\"" }}'
    assert '"""' not in modelfile.literal('""""""')
