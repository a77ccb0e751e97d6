#!/usr/bin/env python3
"""Makes the samples of mail and markup beside this file.

Messages are written by Python's own email and mailbox modules, so that their
folding, boundaries and encodings are those of a real program. Pages and XML
are written here as the programs named in each write them. Nobody in them
lives: NHS numbers are of the range 999, addresses of example.org.
"""

import base64
import mailbox
import struct
import zlib
from email import policy
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
PEOPLE = [
    ("9990000018", "Amy", "Smith", "1980-01-02"),
    ("9990000026", "Zoë", "Müller", "1975-11-30"),
    ("9990000034", "Bilal", "O'Neil", "2001-06-15"),
]


def png(width, height):
    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    rows = b"".join(b"\0" + b"\xff\xff\xff" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def table():
    rows = "".join(
        f"<tr><td>{n}</td><td>{g}</td><td>{f}</td><td>{d}</td></tr>\n"
        for n, g, f, d in PEOPLE
    )
    head = "<th>NHS number</th><th>Given name</th><th>Family name</th><th>Date of birth</th>"
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>"


def clinic():
    image = base64.b64encode(png(2, 2)).decode()
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<title>Clinic list</title>
<meta name="author" content="Amy Smith">
<style>td {{ color: red }} .x {{ background: url(data:image/png;base64,{image}) }}</style>
<script type="application/ld+json">[{{"name": "Zoë Müller", "birthDate": "1975-11-30"}}]</script>
<script>var patient = "9990000034";</script>
</head><body class="page">
<!-- Reviewed by Dr Brown, 07700 900123 -->
<h1>Clinic&nbsp;list</h1>
<p>Dear <b>Amy</b> Smith,<br>your results &amp; letters.</p>
{table()}
<dl><dt>Name</dt><dd>Amy Smith</dd><dt>Born:</dt><dd>2 January 1980</dd></dl>
<form><label>NHS number <input name="nhs" value="9990000018"></label>
<input name="postcode" value="LS1 4AP"><textarea>two
lines</textarea></form>
<p data-nhs="9990000026" title="Zoë Müller"><a href="mailto:amy%40example.org?subject=Hi">mail</a>
<img alt="Portrait of Amy" src="data:image/png;base64,{image}"></p>
</body></html>
"""


def outlook():
    """As Outlook and Word save a message: Windows-1252, tables for layout."""
    return f"""<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv=Content-Type content="text/html; charset=windows-1252"><meta name=Generator content="Microsoft Word 15 (filtered medium)">
<!--[if !mso]><style>v\\:* {{behavior:url(#default#VML);}}</style><![endif]--><style><!--
/* Font Definitions */
p.MsoNormal {{margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}}
--></style></head>
<body lang=EN-GB link="#0563C1" style='word-wrap:break-word'><div class=WordSection1>
<table border=0 cellspacing=0 cellpadding=0 width="100%"><tr><td style='padding:0cm'>
<p class=MsoNormal><b><span style='font-size:10.0pt'>From:</span></b> Zoë Müller &lt;zoe@example.org&gt;<o:p></o:p></p>
<p class=MsoNormal>Dear Bilal, please find below the list that we spoke of; it has the three people who were seen on Monday, and their numbers, so that you can look them up. It must not leave the ward. Many thanks, and see you at the meeting “tomorrow” – Zoë<o:p></o:p></p>
<table class=MsoNormalTable border=1><tr><td><p class=MsoNormal>NHS number</p></td><td><p class=MsoNormal>Name</p></td></tr>
<tr><td><p class=MsoNormal>9990000018</p></td><td><p class=MsoNormal>Amy Smith</p></td></tr>
<tr><td><p class=MsoNormal>9990000034</p></td><td><p class=MsoNormal>Bilal O’Neil</p></td></tr></table>
<p class=MsoNormal><o:p>&nbsp;</o:p></p></td></tr></table></div></body></html>
""".replace("\n", "\r\n").encode("windows-1252")


def bundle():
    entries = "".join(
        f"""  <entry>
    <fullUrl value="urn:uuid:p{n}"/>
    <resource>
      <Patient>
        <id value="p{n}"/>
        <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>{g} <b>{f}</b></p></div></text>
        <identifier><use value="official"/><system value="https://fhir.nhs.uk/Id/nhs-number"/><value value="{n}"/></identifier>
        <name><use value="official"/><family value="{f}"/><given value="{g}"/></name>
        <birthDate value="{d}"/>
      </Patient>
    </resource>
  </entry>
"""
        for n, g, f, d in PEOPLE
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Bundle xmlns="http://hl7.org/fhir">
  <id value="list"/>
  <type value="collection"/>
{entries}</Bundle>
"""


def patients():
    root = ElementTree.Element("export", {"source": "clinic", "made": "2024-01-02"})
    ElementTree.SubElement(root, "author").text = "Dr Brown"
    rows = ElementTree.SubElement(root, "patients")
    for n, g, f, d in PEOPLE:
        row = ElementTree.SubElement(rows, "patient", {"nhsNumber": n})
        name = ElementTree.SubElement(row, "name")
        ElementTree.SubElement(name, "given").text = g
        ElementTree.SubElement(name, "family").text = f
        ElementTree.SubElement(row, "dateOfBirth").text = d
        ElementTree.SubElement(row, "phone").text = "07700 900123"
        ElementTree.SubElement(row, "phone").text = "07700 900456"
    return root


def cda():
    return """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="cda.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <title>Discharge summary</title>
 <recordTarget><patientRole>
  <id root="2.16.840.1.113883.2.1.4.1" extension="9990000018"/>
  <addr><streetAddressLine>1 Low Lane</streetAddressLine><postalCode>LS1 4AP</postalCode></addr>
  <patient><name><given>Amy</given><family>Smith</family></name><birthTime value="19800102"/></patient>
 </patientRole></recordTarget>
 <component><structuredBody>
  <component><section><title>Diagnoses</title><text>Asthma, since <content>2001</content></text></section></component>
  <component><section><title>Medication</title><text>Salbutamol</text></section></component>
 </structuredBody></component>
</ClinicalDocument>
"""


def svg():
    return """<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50" viewBox="0 0 200 50">
<path d="M10.12345678 20 L30 40" fill="none" stroke="#000"/>
<text x="10" y="20">Amy <tspan font-weight="bold">Smith</tspan>, 9990000018</text></svg>
"""


def message(number, subject, text):
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = "Zoë Müller <zoe@example.org>"
    mail["To"] = "Bilal <bilal@example.org>"
    mail["Subject"] = subject
    mail["Date"] = f"Mon, 0{number} Jan 2024 10:00:00 +0000"
    mail["Message-ID"] = f"<20240101100000.{number}.abcdef@mail.example.org>"
    mail.set_content(text)
    return mail


def letter():
    mail = message(1, "Results of Zoë Müller", "Dear Bilal,\n\nNHS number 999 000 0026, born 30 November 1975.\n")
    mail.add_alternative(clinic(), subtype="html")
    rows = "nhs_number,name\r\n" + "".join(f"{n},{g} {f}\r\n" for n, g, f, _ in PEOPLE)
    mail.add_attachment(rows.encode("latin-1"), maintype="text", subtype="csv", filename="Übersicht.csv")
    mail.add_attachment(png(2, 2), maintype="image", subtype="png", filename="logo.png")
    inner = message(2, "Forwarded", "Bilal O'Neil, 9990000034\n")
    mail.add_attachment(inner)
    return mail.as_bytes()


def box(path):
    path.unlink(missing_ok=True)
    messages = mailbox.mbox(path)
    for number, (n, g, f, d) in enumerate(PEOPLE, 1):
        text = f"{g} {f}, NHS number {n}, born {d}.\n\nFrom here on it is quoted.\n"
        made = mailbox.mboxMessage(message(number, f"Patient {number}", text))
        made.set_from("zoe@example.org", (2024, 1, number, 10, 0, 0, 0, 1, 0))
        messages.add(made)
    messages.close()


def main():
    (HERE / "clinic.html").write_text(clinic(), encoding="utf-8")
    (HERE / "outlook.html").write_bytes(outlook())
    (HERE / "bundle.xml").write_text(bundle(), encoding="utf-8")
    tree = ElementTree.ElementTree(patients())
    tree.write(HERE / "patients.xml", encoding="iso-8859-1", xml_declaration=True)
    tree.write(HERE / "patients-utf16.xml", encoding="utf-16", xml_declaration=True)
    (HERE / "cda.xml").write_text(cda(), encoding="utf-8")
    (HERE / "drawing.svg").write_text(svg(), encoding="utf-8")
    (HERE / "letter.eml").write_bytes(letter())
    box(HERE / "box.mbox")


main()
