"""Makes the samples of this folder: pydicom. Made-up people only."""
import os
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit
from pydicom.encaps import encapsulate
HERE = os.path.dirname(os.path.abspath(__file__))
def make(name, syntax, pixels=True, more=None):
    meta = FileMetaDataset(); meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"; meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax; meta.ImplementationClassUID = "1.2.3"
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=syntax.is_implicit_VR, is_little_endian=syntax.is_little_endian)
    d.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"; d.SOPInstanceUID = "1.2.3.4"
    d.PatientName = "Ashbury^Agnes^^Ms"; d.PatientID = "9990000018"; d.PatientBirthDate = "19700201"; d.PatientSex = "F"
    d.PatientAddress = "1 Test Street, Leeds"; d.PatientTelephoneNumbers = "07700 900123"; d.ReferringPhysicianName = "Birch^Bert^^Dr"
    d.StudyDescription = "CT chest"; d.PatientComments = "Known asthma"; d.StudyDate = "20240102"
    o = Dataset(); o.PatientID = "9990000026"; o.TypeOfPatientID = "TEXT"; d.OtherPatientIDsSequence = Sequence([o])
    b = d.private_block(0x0029, "EXEAT TEST", create=True); b.add_new(1, "LO", "Private words about Cora Copse")
    if pixels:
        d.Rows, d.Columns, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation, d.SamplesPerPixel = 30, 40, 8, 8, 7, 0, 1
        d.PhotometricInterpretation = "MONOCHROME2"
        data = b"\0" * (30 * 40)
        if syntax == JPEGBaseline8Bit:
            d.PixelData = encapsulate([b"\xff\xd8\xff\xd9"]); d["PixelData"].VR = "OB"; d["PixelData"].is_undefined_length = True
        else:
            d.PixelData = data; d["PixelData"].VR = "OB"
    if more: more(d)
    d.save_as(os.path.join(HERE, name), enforce_file_format=True)
make("explicit.dcm", ExplicitVRLittleEndian); make("implicit.dcm", ImplicitVRLittleEndian)
make("big.dcm", ExplicitVRBigEndian); make("deflated.dcm", DeflatedExplicitVRLittleEndian); make("jpeg.dcm", JPEGBaseline8Bit)
def report(d):
    def concept(meaning):
        c = Dataset(); c.CodeValue = "1"; c.CodingSchemeDesignator = "99T"; c.CodeMeaning = meaning; return Sequence([c])
    a = Dataset(); a.ValueType = "TEXT"; a.ConceptNameCodeSequence = concept("Finding"); a.TextValue = "No sign of harm"
    n = Dataset(); n.ValueType = "PNAME"; n.ConceptNameCodeSequence = concept("Observer"); n.PersonName = "Copse^Cora"
    a.ContentSequence = Sequence([n]); d.ContentSequence = Sequence([a])
make("report.dcm", ExplicitVRLittleEndian, pixels=False, more=report)
def document(d):
    d.DocumentTitle = "Letter"; d.MIMETypeOfEncapsulatedDocument = "application/pdf"
    d.EncapsulatedDocument = open(os.path.join(HERE, "../pdf/letter.pdf"), "rb").read() + b"\0"
make("document.dcm", ExplicitVRLittleEndian, pixels=False, more=document)
def directory(d):
    rs = []
    for n, i in (("Ashbury^Agnes", "9990000018"), ("Birch^Bert", "9990000026")):
        r = Dataset(); r.DirectoryRecordType = "PATIENT"; r.PatientName = n; r.PatientID = i; rs.append(r)
        s = Dataset(); s.DirectoryRecordType = "STUDY"; s.StudyDescription = "CT of " + n; rs.append(s)
    d.DirectoryRecordSequence = Sequence(rs)
make("DICOMDIR", ExplicitVRLittleEndian, pixels=False, more=directory)
