"""Makes the samples of this folder: reportlab, fpdf2, pypdf, pikepdf; and, where
they are installed, LibreOffice (soffice) and Ghostscript (gs). Made-up people only."""
import io, os, subprocess, sys, shutil, tempfile
from reportlab.pdfgen import canvas
from reportlab.lib.pagesizes import A4
from reportlab.platypus import SimpleDocTemplate, Table, Paragraph
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab import rl_config
import pypdf, pikepdf
from pypdf.generic import NameObject, TextStringObject, DecodedStreamObject
from fpdf import FPDF

rl_config.invariant = 1
HERE = os.path.dirname(os.path.abspath(__file__))
PEOPLE = [("9990000018", "Agnes Ashbury", "01/02/1970"), ("9990000026", "Bert Birch", "03/04/1981"),
          ("9990000034", "Cora Copse", "05/06/1992")]

def at(name): return os.path.join(HERE, name)

def letter(path, **kw):
    c = canvas.Canvas(path, pagesize=A4, invariant=1, **kw)
    c.setTitle("Clinic letter"); c.setAuthor("Dora Dell"); c.bookmarkPage("a"); c.addOutlineEntry("Letter about Bert Birch", "a")
    c.setFont("Helvetica", 11)
    c.drawString(72, 760, "NHS number:"); c.drawString(160, 760, "999 000 0018")
    c.drawString(72, 744, "Patient: Agnes Ashbury")
    c.drawString(72, 728, "She has asthma.")
    c.rect(160, 755, 90, 14, fill=1)
    c.showPage()
    c.setFont("Times-Roman", 12); c.drawString(72, 700, "Second page, caf\u00e9"); c.showPage()
    c.save()

letter(at("letter.pdf"))

# A table
doc = SimpleDocTemplate(at("table.pdf"), pagesize=A4, invariant=1)
style = getSampleStyleSheet()
doc.build([Paragraph("Patients", style["Title"]),
           Table([["NHS number", "Name", "Date of birth"]] + [list(p) for p in PEOPLE])])

# A form: fields with values
c = canvas.Canvas(at("form.pdf"), pagesize=A4, invariant=1)
c.drawString(72, 760, "Please fill in")
c.acroForm.textfield(name="surname", value="Ashbury", x=72, y=700, width=200, height=20)
c.acroForm.textfield(name="nhs_number", value="9990000018", x=72, y=660, width=200, height=20)
c.save()

# Subset fonts with codes of their own and maps to letters
font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
if os.path.exists(font):
    p = FPDF(); p.set_creation_date(__import__("datetime").datetime(2024, 1, 1, tzinfo=__import__("datetime").timezone.utc)); p.add_page(); p.add_font("D", "", font); p.set_font("D", size=12)
    p.cell(text="NHS number: 999 000 0018"); p.ln(); p.cell(text="Agnes Ashbury \u0141\u00f3d\u017a"); p.output(at("subset.pdf"))

def encrypted(name, user, alg):
    r = pypdf.PdfReader(at("letter.pdf")); w = pypdf.PdfWriter(clone_from=r)
    w.encrypt(user_password=user, owner_password="owner", algorithm=alg); w.write(at(name))
for alg in ("RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"):
    short = alg.lower().replace("-", "")
    encrypted(f"open-{short}.pdf", "", alg)
encrypted("closed-rc4128.pdf", "secret", "RC4-128")
encrypted("closed-aes256.pdf", "secret", "AES-256")

# Object streams, a cross-reference stream
with pikepdf.open(at("letter.pdf")) as p:
    p.save(at("objstm.pdf"), object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    p.save(at("linear.pdf"), linearize=True, deterministic_id=True)

# A second revision that takes a name back
src = open(at("letter.pdf"), "rb").read()
w = pypdf.PdfWriter(io.BytesIO(src), incremental=True)
page = w.pages[0]
s = DecodedStreamObject(); s.set_data(b"BT /F1 12 Tf 72 760 Td (Nothing to see) Tj ET")
page[NameObject("/Contents")] = w._add_object(s)
w.write(at("revised.pdf"))

# Files, a comment, metadata
w = pypdf.PdfWriter(clone_from=pypdf.PdfReader(at("letter.pdf")))
w.add_attachment("people.csv", b"nhs_number,name\n9990000026,Bert Birch\n")
from pypdf.annotations import FreeText, Text
w.add_annotation(0, Text(rect=(50, 550, 200, 650), text="Call Cora Copse on 07700 900123"))
w.add_annotation(0, FreeText(text="Free words about Bert", rect=(50, 450, 200, 500)))
w.write(at("attached.pdf"))

# An image alone: a scan; and one within text
from PIL import Image
c = canvas.Canvas(at("scan.pdf"), pagesize=A4, invariant=1)
im = Image.effect_noise((200, 300), 20).convert("RGB"); b = io.BytesIO(); im.save(b, "JPEG", quality=20); b.seek(0)
from reportlab.lib.utils import ImageReader
c.drawImage(ImageReader(b), 0, 0, 400, 600); c.showPage(); c.save()

# Letters as outlines
c = canvas.Canvas(at("outlines.pdf"), pagesize=A4, invariant=1)
pth = c.beginPath(); pth.moveTo(50, 50)
for i in range(60): pth.curveTo(50 + i, 60, 60 + i, 70, 70 + i, 50)
c.drawPath(pth, fill=1); c.showPage(); c.save()
c = canvas.Canvas(at("empty.pdf"), pagesize=A4, invariant=1); c.showPage(); c.save()

if shutil.which("soffice"):
    with tempfile.TemporaryDirectory() as d:
        html = os.path.join(d, "lo.html")
        open(html, "w").write("<h1>Letter</h1><p>Dear <b>Agnes Ashbury</b>, your office file is different: NHS number: 999 000 0018.</p>"
                              "<table border=1><tr><td>NHS number</td><td>Name</td></tr>" +
                              "".join(f"<tr><td>{n}</td><td>{m}</td></tr>" for n, m, _ in PEOPLE) + "</table>")
        subprocess.run(["soffice", "--headless", "--convert-to", "pdf:writer_web_pdf_Export", "--outdir", d, html], check=True, stdout=subprocess.DEVNULL)
        shutil.copy(os.path.join(d, "lo.pdf"), at("libreoffice.pdf"))
if shutil.which("gs"):
    subprocess.run(["gs", "-q", "-sDEVICE=pdfwrite", "-o", at("ghostscript.pdf"), at("letter.pdf")], check=True)
