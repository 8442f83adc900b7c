"""Cross-validation of the prediction of a page's CER."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from model.decoding.page_error import LineUncertainty, PagePrediction, fit_page_error


def cross_validate(
    pages: Sequence[Hashable],
    lines: Sequence[LineUncertainty],
    edits: Sequence[int],
    lengths: Sequence[int],
    folds: int = 5,
) -> list[PagePrediction]:
    """Return the CER of each page as predicted by a model fitted on other pages.

    Args:
        pages: Page of each line.
        lines: The lines.
        edits: Character edits of each line.
        lengths: Characters of the ground truth of each line.
        folds: Number of folds; pages are assigned to them in turn.

    Returns:
        A prediction for each page with text, in the order of their first lines.

    Raises:
        ValueError: If there are fewer than two pages.
    """
    of_page: dict[Hashable, list[int]] = {}
    for at, page in enumerate(pages):
        of_page.setdefault(page, []).append(at)
    if len(of_page) < 2:
        raise ValueError("cross-validation needs two pages or more; give another")
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
