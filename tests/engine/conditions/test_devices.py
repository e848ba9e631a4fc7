"""Conditions on devices: whether one is in use, and whether it is to be replaced."""

import pytest

from engine.finding import Truth
from tests.engine.builders import device, look, on, patient, reasons

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN


class TestDevices:
    @pytest.mark.parametrize(
        ("status", "active", "truth"),
        [
            ("active", True, MET), ("active", False, NOT_MET), ("inactive", False, MET), ("inactive", True, NOT_MET),
            ("any", True, MET), ("any", False, MET),
        ],
    )  # fmt: skip
    def test_status(self, status: str, active: bool, truth: Truth) -> None:
        assert (
            look({"device": "pump", "status": status}, patient(devices=[device(active=active)])).truth
            is truth
        )

    @pytest.mark.parametrize(("status", "truth"), [("active", UNKNOWN), ("inactive", UNKNOWN), ("any", MET)])
    def test_one_that_may_be_in_use_or_not_is_neither(self, status: str, truth: Truth) -> None:
        finding = look({"device": "pump", "status": status}, patient(devices=[device(active=None)]))
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == ["1 entry of the list of devices does not say whether it is in use"]
        other = patient(devices=[device("pump-implant", active=None)])
        assert look({"device": "pump", "status": status}, other).truth is NOT_MET

    def test_one_that_is_in_use_settles_what_others_leave_open(self) -> None:
        devices = [device(active=None), device(reference="Device/2", active=None)]
        assert reasons(look({"device": "pump"}, patient(devices=devices))) == [
            "2 entries of the list of devices do not say whether they are in use"
        ]
        assert (
            look({"device": "pump"}, patient(devices=[*devices, device(reference="Device/3")])).truth is MET
        )

    @pytest.mark.parametrize(
        ("due", "truth"),
        [("2026-03-14", MET), ("2026-03-16", NOT_MET), ("2026-03", UNKNOWN), (None, NOT_MET)],
    )
    def test_replacement_is_overdue_once_its_date_is_past(self, due: str | None, truth: Truth) -> None:
        found = device(replace_by=on(due) if due else None)
        finding = look({"device": "pump", "replacement": "overdue"}, patient(devices=[found]))
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == ["1 entry of the list of devices has no date, or one too coarse"]
