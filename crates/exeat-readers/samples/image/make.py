"""Makes the samples of this folder: Pillow, piexif. Made-up people only."""
import io, os, zipfile
import piexif
from PIL import Image, PngImagePlugin
HERE = os.path.dirname(os.path.abspath(__file__))
def at(name): return os.path.join(HERE, name)
im = Image.new("RGB", (160, 140), (10, 120, 200))
exif = piexif.dump({"0th": {piexif.ImageIFD.Artist: b"Agnes Ashbury", piexif.ImageIFD.ImageDescription: b"NHS number: 999 000 0018",
                            piexif.ImageIFD.Make: b"Maker"},
                    "Exif": {piexif.ExifIFD.UserComment: b"ASCII\0\0\0Seen in clinic", piexif.ExifIFD.BodySerialNumber: b"S12345",
                             piexif.ExifIFD.CameraOwnerName: b"Bert Birch"},
                    "GPS": {piexif.GPSIFD.GPSLatitudeRef: b"N", piexif.GPSIFD.GPSLatitude: ((53, 1), (48, 1), (0, 1)),
                            piexif.GPSIFD.GPSLongitudeRef: b"W", piexif.GPSIFD.GPSLongitude: ((1, 1), (33, 1), (0, 1))}})
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description dc:creator="Cora Copse"/></rdf:RDF></x:xmpmeta>'
im.save(at("plain.jpg"), quality=50)
im.save(at("exif.jpg"), exif=exif, quality=50, comment=b"A comment", xmp=XMP)
open(at("glued.jpg"), "wb").write(open(at("plain.jpg"), "rb").read() + b"PK\x03\x04 something behind")
Image.new("RGB", (16, 16)).save(at("tiny.png"))
info = PngImagePlugin.PngInfo()
info.add_text("Description", "Agnes Ashbury 9990000018"); info.add_text("Comment", "squeezed words", zip=True)
info.add_itxt("Author", "Bert Birch"); info.add_itxt("XML:com.adobe.xmp", XMP.decode())
im.save(at("text.png"), pnginfo=info, exif=exif)
im.save(at("a.gif"), comment=b"By Agnes Ashbury")
Image.new("P", (40, 30)).save(at("anim.gif"), save_all=True, append_images=[Image.new("P", (40, 30), 3)] * 2)
im.save(at("a.webp"), exif=exif, xmp=XMP); im.save(at("lossless.webp"), lossless=True)
im.save(at("a.bmp")) if False else Image.new("RGB", (20, 10)).save(at("a.bmp"))
im.save(at("pages.tif"), save_all=True, append_images=[Image.new("RGB", (50, 60))], compression="tiff_deflate", description="For Agnes Ashbury")
im.resize((64, 64)).save(at("a.ico"), sizes=[(16, 16), (32, 32)])
im.save(at("a.avif")) if "AVIF" in Image.registered_extensions().values() or ".avif" in Image.registered_extensions() else None
im.save(at("a.jp2")) if ".jp2" in Image.registered_extensions() else None
