"""What takes long is told to who listens, and nothing is heard twice."""

from __future__ import annotations

from renderer.audio.progress import telling


def test_what_is_done_is_told_the_first_time(plan_of, song_folder):
    text = "audio: song.wav\ntempo: auto\nsignals: {a: {rms: {}}, b: {beat: pulse}, c: {section: {}}}\n"
    (song_folder / "fresh.wav").write_bytes((song_folder / "song.wav").read_bytes())
    told, again = [], []
    with telling(told.append):
        plan_of(text.replace("song.wav", "fresh.wav"))
    with telling(again.append):
        plan_of(text.replace("song.wav", "fresh.wav"))
    heard = {f"listening to fresh.wav: {what}" for what in ("rms", "the beat", "its sections")}
    assert {"reading fresh.wav", *heard} <= set(told)
    assert again == []
