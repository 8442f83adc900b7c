"""Adding a recurrent language model to a recogniser, beside its n-gram model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from model.decoding.rescoring import RECURRENT_SHARE, Rescorer
from model.language.ngram_model import LanguageModel
from model.language.perplexity import perplexity
from model.language.recurrent_model import RecurrentLanguageModel
from model.recogniser.bundle import Bundle, replace_file
from model.training.language.config import LanguageConfig
from model.training.optimisation.backend import check_backend
from model.training.optimisation.compute import Compute
from model.training.optimisation.device import AUTO, keras_policy
from model.training.optimisation.trial import TrialTimer, settle, untimed

# A recurrent model has not learnt enough if, together with the n-gram model, it does not reduce the
# perplexity to this share.
_LEAST_GAIN = 0.97
_TRIAL = "model.training.language.trial"
# Lines times epochs of a training that is worth timing.
_LEAST_DRAWS = 10_000


def add_recurrent_model(
    whole: Bundle,
    language_model: LanguageModel,
    texts: Iterable[str],
    held_out: Sequence[str],
    config: LanguageConfig,
    report: Callable[[str], None],
) -> tuple[Rescorer | None, dict]:
    """Train a recurrent language model and write its file.

    Args:
        whole: Bundle to add it to.
        language_model: N-gram model, built from the same texts.
        texts: Lines of text to train on.
        held_out: Lines to evaluate it on; if there are none, it is used in any case.
        config: Configuration of the training.
        report: Is given each line of output.

    Returns:
        What rescores hypotheses with both models, None if both together do not have a clearly
        lower perplexity on held-out lines than the n-gram model alone; and the entry of the
        model card.

    Raises:
        ValueError: If Keras or its backend is not installed.
    """
    recurrent = _train(whole, texts, config, report)
    facts: dict = {"epochs": config.recurrent_epochs}
    return _rescorer(language_model, recurrent, held_out, facts, report)


def keep_recurrent_model(
    whole: Bundle,
    language_model: LanguageModel,
    base: Bundle,
    held_out: Sequence[str],
    report: Callable[[str], None],
) -> tuple[Rescorer | None, dict]:
    """Copy the recurrent language model of a base, with the characters that are new.

    Args:
        whole: Bundle to add it to; its charset begins with that of the base.
        language_model: N-gram model of the bundle.
        base: Bundle that the model is taken from.
        held_out: Lines to evaluate it on.
        report: Is given each line of output.

    Returns:
        As of `add_recurrent_model`.
    """
    # It needs onnx.
    from model.training.networks.recurrent_widening import widen_language_network

    data = widen_language_network(base.recurrent_path.read_bytes(), whole.charset.class_count)
    replace_file(whole.recurrent_path, data)
    recurrent = RecurrentLanguageModel(whole.recurrent_path, whole.charset)
    return _rescorer(language_model, recurrent, held_out, {"of_base": True}, report)


def _rescorer(
    language_model: LanguageModel,
    recurrent: RecurrentLanguageModel,
    held_out: Sequence[str],
    facts: dict,
    report: Callable[[str], None],
) -> tuple[Rescorer | None, dict]:
    """Return what rescores with a recurrent model if that helps, and the entry of the card."""
    rescorer = Rescorer(language_model, recurrent, RECURRENT_SHARE)
    if not held_out:
        return rescorer, facts
    without, alone, both = (
        perplexity(held_out, *models)
        for models in ((language_model,), (recurrent,), (language_model, recurrent))
    )
    facts = {**facts, "perplexity": alone, "perplexity_of_both": both}
    is_useful = both < _LEAST_GAIN * without and ("of_base" not in facts or alone <= without)
    left_out = "" if is_useful else ": too high, the model is left out"
    report(
        f"recurrent language model: perplexity {alone:.2f}, with the n-gram {both:.2f}{left_out}"
    )
    return rescorer if is_useful else None, facts


def _train(
    whole: Bundle, texts: Iterable[str], config: LanguageConfig, report: Callable[[str], None]
) -> RecurrentLanguageModel:
    try:
        check_backend()
    except ValueError as error:
        raise ValueError(f"{error}, or give --recurrent_epochs 0") from None
    from model.training.language.recurrent_loop import RecurrentConfig, train_language_network
    from model.training.networks.recurrent_language import quantised_language_network

    lines = list(texts)
    policy = keras_policy(_precision(config, len(lines), whole.charset.class_count, report))
    settings = RecurrentConfig(epochs=config.recurrent_epochs, policy=policy)
    network = train_language_network(lines, whole.charset, settings, report)
    replace_file(whole.recurrent_path, quantised_language_network(network))
    return RecurrentLanguageModel(whole.recurrent_path, whole.charset)


def _precision(
    config: LanguageConfig, lines: int, classes: int, report: Callable[[str], None]
) -> str:
    """Return the precision to train in, and use the threads that are asked for."""
    if config.precision != AUTO:
        return config.precision
    asked = Compute(config.precision, config.threads)
    if lines * config.recurrent_epochs < _LEAST_DRAWS:
        return untimed(asked).compute.precision
    return settle(
        asked, TrialTimer(_TRIAL, {"classes": classes}), report, "steps"
    ).compute.precision
