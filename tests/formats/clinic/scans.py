"""The people of the clinic as DICOM objects, of a few pixels each."""

import io

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from .files import Files
from .people import Clinic, Person

# Secondary Capture Image Storage (PS3.4, B.5).
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SIDE = 8
# A root made of a UUID, which needs no registry (PS3.5, B.2).
ROOT = "2.25.999"


def dicom_bytes(person: Person) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SECONDARY_CAPTURE
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.{person.patient_id}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = f"{ROOT}.0"
    scan = FileDataset(None, Dataset(), file_meta=meta, preamble=bytes(128))
    scan.SOPClassUID = meta.MediaStorageSOPClassUID
    scan.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    scan.StudyDate = "20250106"
    scan.Modality = "OT"
    scan.PatientName = f"{person.surname}^{person.forename}"
    scan.PatientID = person.nhs_number
    scan.IssuerOfPatientID = "NHS"
    scan.PatientBirthDate = person.date_of_birth.replace("-", "")
    scan.AdmittingDiagnosesDescription = person.diagnosis
    scan.StudyInstanceUID = f"{ROOT}.1.{person.patient_id}"
    scan.SeriesInstanceUID = f"{ROOT}.2.{person.patient_id}"
    scan.Rows = scan.Columns = SIDE
    scan.SamplesPerPixel, scan.PhotometricInterpretation = 1, "MONOCHROME2"
    scan.BitsAllocated = scan.BitsStored = 8
    scan.HighBit, scan.PixelRepresentation = 7, 0
    scan.PixelData = bytes(range(SIDE * SIDE))
    out = io.BytesIO()
    scan.save_as(out, enforce_file_format=True)
    return out.getvalue()


def dicom(clinic: Clinic) -> Files:
    return {f"{person.patient_id:04}.dcm": dicom_bytes(person) for person in clinic.people}
