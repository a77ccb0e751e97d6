use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::metadata;

use crate::seen::{Seen, every_cut_is_said, no_flip_is_a_fault};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../samples/image/", $name))
    };
}

fn size(seen: &Seen) -> (u32, u32) {
    let (_, image) = seen.images.first().expect("an image");
    (image.width, image.height)
}

#[test]
fn images_without_more_say_their_size_alone() {
    for (bytes, sides, count) in [
        (&sample!("plain.jpg")[..], (160, 140), 1),
        (sample!("tiny.png"), (16, 16), 1),
        (sample!("anim.gif"), (40, 30), 1),
        (sample!("lossless.webp"), (160, 140), 1),
        (sample!("a.bmp"), (20, 10), 1),
        (sample!("a.ico"), (16, 16), 2),
        (sample!("a.avif"), (160, 140), 1),
        (sample!("a.jp2"), (160, 140), 1),
    ] {
        let seen = Seen::of(bytes);
        assert_eq!(seen.uninspected, [], "{sides:?}");
        assert_eq!(size(&seen), sides);
        assert_eq!(seen.images.len(), count);
        assert_eq!(seen.images[0].1.metadata, 0, "{sides:?}");
        assert!(seen.parts.is_empty(), "{:?}", seen.parts);
    }
}

#[test]
fn what_is_beside_the_pixels_is_read() {
    let all = metadata::EXIF | metadata::LOCATION | metadata::DEVICE | metadata::TEXT;
    let seen = Seen::of(sample!("exif.jpg"));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.images[0].1.metadata, all | metadata::XMP);
    for value in [
        "Artist: Agnes Ashbury",
        "Description: NHS number: 999 000 0018",
        "Comment: Seen in clinic",
        "Comment: A comment",
        "Owner: Bert Birch",
        "Location: 53.800000, -1.550000",
        "creator: Cora Copse",
    ] {
        assert!(seen.shows(value), "{value}: {:?}", seen.parts);
    }
    let seen = Seen::of(sample!("text.png"));
    assert_eq!(seen.images[0].1.metadata, all | metadata::XMP);
    for value in [
        "Description: Agnes Ashbury 9990000018",
        "Comment: squeezed words",
        "Author: Bert Birch",
        "creator: Cora Copse",
        "53.800000",
    ] {
        assert!(seen.shows(value), "{value}: {:?}", seen.parts);
    }
    let seen = Seen::of(sample!("a.webp"));
    assert!(seen.shows("Cora Copse") && seen.shows("Agnes Ashbury"));
    assert_eq!(seen.uninspected, []);
    assert!(Seen::of(sample!("a.gif")).shows("By Agnes Ashbury"));
}

#[test]
fn each_page_is_an_image() {
    let seen = Seen::of(sample!("pages.tif"));
    let sides: Vec<_> = seen
        .images
        .iter()
        .map(|(_, i)| (i.width, i.height))
        .collect();
    assert_eq!(sides, [(160, 140), (50, 60)]);
    assert!(seen.shows("For Agnes Ashbury"));
    assert_eq!(seen.uninspected, []);
}

#[test]
fn each_frame_is_an_image_and_the_largest_counts() {
    let mut gif = sample!("anim.gif").to_vec();
    assert_eq!(gif.pop(), Some(b';'));
    gif.extend_from_slice(b",\0\0\0\0\xC8\0\x1E\0\0\x02\0;");
    let seen = Seen::of(&gif);
    assert_eq!((seen.images.len(), seen.uninspected.len()), (2, 0));
    // Larger than the screen.
    assert_eq!(size(&seen), (200, 30));
    // Two frames in a PNG of 16 by 16.
    let png = sample!("tiny.png");
    let mut animated = png[..33].to_vec();
    for side in [16_u32, 700] {
        let sides = [side.to_be_bytes(), side.to_be_bytes()].concat();
        animated.extend_from_slice(&[0, 0, 0, 26]);
        animated.extend_from_slice(b"fcTL\0\0\0\0");
        animated.extend_from_slice(&sides);
        animated.extend_from_slice(&[0; 14 + 4]);
    }
    animated.extend_from_slice(&png[33..]);
    let seen = Seen::of(&animated);
    assert_eq!(seen.images.len(), 2);
    assert_eq!(size(&seen), (700, 700));
    // Likewise in WebP: a canvas, a frame as large and a larger one.
    let mut chunks = b"WEBPVP8X\x0A\0\0\0\x02\0\0\0\x0F\0\0\x0F\0\0".to_vec();
    for side in [0x0F_u8, 0xFF] {
        chunks.extend_from_slice(b"ANMF\x10\0\0\0\0\0\0\0\0\0");
        chunks.extend_from_slice(&[side, 0, 0, side, 0, 0, 0, 0, 0, 0]);
    }
    let length = u32::try_from(chunks.len()).expect("small").to_le_bytes();
    let seen = Seen::of(&[b"RIFF", &length[..], &chunks].concat());
    assert_eq!((seen.images.len(), size(&seen)), (2, (256, 256)));
    assert_eq!(seen.uninspected, []);
}

#[test]
fn a_small_copy_is_no_larger_than_its_image() {
    // Two directories: 16 by 16, and one of 700 that says it is a small copy.
    let entry = |tag: u16, value: u32| {
        let mut entry = tag.to_le_bytes().to_vec();
        entry.extend_from_slice(&[4, 0, 1, 0, 0, 0]);
        entry.extend_from_slice(&value.to_le_bytes());
        entry
    };
    let directory = |copy: u32, side: u32, next: u32| {
        let mut bytes = vec![3, 0];
        for (tag, value) in [(254, copy), (256, side), (257, side)] {
            bytes.extend(entry(tag, value));
        }
        bytes.extend_from_slice(&next.to_le_bytes());
        bytes
    };
    let first = directory(0, 16, 8 + 42);
    for (side, count) in [(700, 2), (8, 1)] {
        let bytes = [b"II*\0\x08\0\0\0", &first[..], &directory(1, side, 0)].concat();
        assert_eq!(Seen::of(&bytes).images.len(), count, "{side}");
    }
}

#[test]
fn what_follows_an_image_is_said() {
    assert_eq!(
        Seen::of(sample!("glued.jpg")).reason(),
        Some(Reason::Unaccounted)
    );
    for bytes in [
        &sample!("tiny.png")[..],
        sample!("a.gif"),
        sample!("a.webp"),
        sample!("a.bmp"),
        sample!("a.ico"),
        sample!("pages.tif"),
        sample!("a.avif"),
    ] {
        let mut glued = bytes.to_vec();
        glued.extend_from_slice(b"PK\x03\x04 and some more that is no part of it");
        assert!(
            !Seen::of(&glued).uninspected.is_empty(),
            "{:?}",
            &bytes[..8]
        );
        // Padding is nothing.
        let mut padded = bytes.to_vec();
        padded.extend_from_slice(&[0; 40]);
        assert_eq!(Seen::of(&padded).uninspected, [], "{:?}", &bytes[..8]);
    }
}

#[test]
fn an_image_that_is_cut_short_is_never_clean() {
    for bytes in [
        &sample!("exif.jpg")[..],
        sample!("text.png"),
        sample!("a.gif"),
        sample!("a.webp"),
        sample!("a.bmp"),
        sample!("pages.tif"),
    ] {
        // Zeros at the end are padding.
        let end = bytes.iter().rposition(|&byte| byte != 0).unwrap_or(0);
        every_cut_is_said(bytes, (40..end).step_by(3));
    }
}

#[test]
fn no_byte_breaks_the_reader() {
    for bytes in [
        &sample!("exif.jpg")[..],
        sample!("text.png"),
        sample!("a.gif"),
        sample!("a.webp"),
        sample!("a.bmp"),
        sample!("a.ico"),
        sample!("pages.tif"),
        sample!("a.avif"),
        sample!("a.jp2"),
    ] {
        no_flip_is_a_fault(bytes, 0..bytes.len(), &[0x01, 0x80, 0xFF]);
    }
}
