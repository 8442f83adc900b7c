"""Cross-validation of the prediction of a page's errors."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from model.decoding.page_error import LineDoubt, PagePrediction, fit_page_error


def cross_validate(
    pages: Sequence[Hashable],
    lines: Sequence[LineDoubt],
    edits: Sequence[int],
    lengths: Sequence[int],
    folds: int = 5,
) -> list[PagePrediction]:
    """Predict each page by a model that was fitted on others.

    Args:
        pages: Page of each line.
        lines: The lines.
        edits: Character edits of each.
        lengths: Characters that stand there, of each.
        folds: Parts that the pages are dealt into, in turn.

    Returns:
        A prediction for each page that has text, in the order they first come.

    Raises:
        ValueError: If there are fewer than two pages.
    """
    of_page: dict[Hashable, list[int]] = {}
    for at, page in enumerate(pages):
        of_page.setdefault(page, []).append(at)
    if len(of_page) < 2:
        raise ValueError("predicting errors is measured on two pages or more; give another")
    found = {}
    names = list(of_page)
    for fold in range(min(folds, len(names))):
        left_out = names[fold::folds]
        rest = [at for page in names if page not in set(left_out) for at in of_page[page]]
        model = fit_page_error([lines[at] for at in rest], [edits[at] for at in rest])
        for page in left_out:
            here = of_page[page]
            length = sum(lengths[at] for at in here)
            if length:
                predicted = model.predict([lines[at] for at in here])
                found[page] = PagePrediction(predicted, sum(edits[at] for at in here) / length)
    return [found[page] for page in names if page in found]
