"""The logits that go into the record, and come back."""

import numpy as np
import pytest

from audit.record.class_logits import MOST_CLASSES, logit_classes, packed, unpacked


def test_classes_with_samples_enough_are_kept() -> None:
    assert logit_classes([5] * 10 + [2] * 9 + [3] * 11) == [3, 5]
    assert logit_classes([]) == []
    assert len(logit_classes(list(range(MOST_CLASSES + 9)) * 10)) == MOST_CLASSES


def test_logits_come_back_to_three_digits_and_what_is_no_number_is_none() -> None:
    centred = np.array([[1.2345, -300.0], [np.nan, 1.0], [np.inf, 1.0], [1e30, 0.0]], dtype=np.float32)
    rows = packed(centred)
    assert [row is None for row in rows] == [False, True, True, False]
    np.testing.assert_allclose(unpacked(rows, 2)[0], centred[0], rtol=1e-3)
    assert np.isnan(unpacked(rows, 2)[1:3]).all()
    assert unpacked(rows, 2)[3, 0] == np.finfo(np.float16).max
    assert unpacked(packed(centred[:, :0]), 0).shape == (4, 0)


def test_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^4 bytes of logits; need 6$"):
        unpacked([b"1234"], 3)
