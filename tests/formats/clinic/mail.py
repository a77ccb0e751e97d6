"""Mail about the people of the clinic.

It goes from one ward to another, so that those who write and are written to
are two, whatever the number of patients.
"""

from email.message import EmailMessage
from email.policy import SMTP

from .files import Files
from .letters import letter
from .people import Clinic
from .tables import people_csv, results_csv

# Addresses that stand in every message: at most so many people more.
CORRESPONDENTS = 2


def message(number: int, subject: str, body: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "letters@example.org"
    mail["To"] = "ward@example.org"
    mail["Subject"] = subject
    mail["Date"] = "Mon, 06 Jan 2025 09:00:00 +0000"
    mail["Message-ID"] = f"<20250106.090000.{number:06}@mail.example>"
    # The dash is no ASCII, so that there is something to decode.
    mail.set_content(f"{body}\n\u2013\n", cte="quoted-printable")
    return mail


def letters_by_mail(clinic: Clinic) -> list[EmailMessage]:
    return [
        message(person.patient_id, "Outpatient letter", "\n".join(letter(clinic, person)))
        for person in clinic.people
    ]


def eml(clinic: Clinic) -> Files:
    return {
        f"message-{number:04}.eml": mail.as_bytes()
        for number, mail in enumerate(letters_by_mail(clinic), 1)
    }


def attachment_mail(clinic: Clinic) -> bytes:
    mail = message(0, "The list", "The list is attached.")
    for name, content in (
        ("patients.csv", people_csv(clinic)),
        ("results.csv", results_csv(clinic)),
    ):
        mail.add_attachment(content, maintype="text", subtype="csv", filename=name)
    mail.set_boundary("=====part=====")
    return mail.as_bytes()


def eml_attachment(clinic: Clinic) -> Files:
    return {"list.eml": attachment_mail(clinic)}


def mbox_bytes(clinic: Clinic) -> bytes:
    box = b""
    for mail in letters_by_mail(clinic):
        lines = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
        box += b"From letters@example.org Mon Jan  6 09:00:00 2025\n" + lines + b"\n"
    return box


def mbox(clinic: Clinic) -> Files:
    return {"inbox.mbox": mbox_bytes(clinic)}
