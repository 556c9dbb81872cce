"""Invitations to demos as calendars read them: request, change, cancellation (RFC 5545, RFC 5546)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parseaddr

from agent.domain.bundle import Effect
from agent.domain.delivery import Attachment
from agent.domain.playbook import Playbook

BOOKING = ("booking.id", "booking.state", "booking.sequence", "slot.start", "slot.ends", "slot.host")
SUMMARY = {"ko": "{brand} 제품 시연 ({host})", "en": "{brand}: personal demo with {host}"}


def invitation(
    effect: Effect, playbook: Playbook, now: datetime, locale: str = "en", guest: str = ""
) -> tuple[Attachment, ...]:
    """The calendar file of an effect that speaks of a booking, for the guest's e-mail address; nothing for others."""
    slots = effect.payload.slots
    if not all(name in slots for name in BOOKING):
        return ()
    from icalendar import Calendar, Event, vCalAddress  # lazily: most messages have none

    brand = playbook.brand
    off = slots["booking.state"].value == "cancelled"
    calendar = Calendar()
    calendar.add("prodid", "-//Tactful//Demos//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if off else "REQUEST")
    event = Event()
    event.add("uid", f"{slots['booking.id'].value}@tactful")
    event.add("sequence", int(slots["booking.sequence"].value))
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", datetime.fromisoformat(slots["slot.start"].value).astimezone(UTC))
    event.add("dtend", datetime.fromisoformat(slots["slot.ends"].value).astimezone(UTC))
    event.add("summary", SUMMARY[locale].format(brand=brand.name, host=slots["slot.host"].value))
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("contact", brand.contact)
    name, organiser = parseaddr(playbook.sending.mail_from or "")
    if organiser:
        event.add("organizer", vCalAddress(f"mailto:{organiser}"), {"CN": name or brand.name})
    if guest:
        said = {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"}
        event.add("attendee", vCalAddress(f"mailto:{guest}"), said)
    calendar.add_component(event)
    method = "CANCEL" if off else "REQUEST"
    return (
        Attachment(
            name="demo.ics",
            media_type=f"text/calendar; method={method}",
            content=calendar.to_ical().decode(),
        ),
    )
