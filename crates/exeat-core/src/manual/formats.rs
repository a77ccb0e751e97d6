//! Formats: what is read of each, and what is not.
//!
//! Content is recognised by its bytes, never by its name. Text is read by the
//! process that inspects; everything else is taken apart by a *reader*, a
//! process of its own that has the file and nothing else: 88 MiB of memory, a
//! minute of processor time and a second more for each MiB, no right to open a
//! file, to make a connection or to start a program. If it breaks, takes too
//! long or says nonsense, the file is uninspected.
//!
//! Every part that a reader finds goes the way of a file of its own: it is
//! recognised, its columns are judged, its people are counted. Places are
//! written `FILE!/MEMBER!/SHEET`. What is not read is said, with a reason from
//! a fixed list that can hold no value of the file.
//!
//! # Read in the process itself
//!
//! | format | read | not read |
//! |---|---|---|
//! | delimited text | any usual delimiter and encoding, with titles above and without header | rows of different lengths, unclosed quotes: read as far as they go, and said |
//! | JSON, JSON Lines, FHIR | records, maps and lists of people, data frames | JSON within a string of JSON |
//! | SQL dumps | `INSERT`, `COPY`, the tables' names | PostgreSQL's own binary format |
//! | text | letters, forms, lists, logs, YAML, Markdown, vCard | |
//! | base64 and hexadecimal runs | once: from 200 digits if they are text or begin like a format below, from 4,096 whatever they are, by a reader where that is needed | runs within runs |
//!
//! # Taken apart by a reader
//!
//! | format | read | said as uninspected |
//! |---|---|---|
//! | Parquet | all columns and rows, lists and structures as records, values of dictionaries that no row has, metadata of the file | encryption, LZO, summary files without rows, bytes that belong to no column |
//! | SQLite | every table, without and with its write-ahead log, older frames of the log, the schema, deleted rows as far as they can be told | tampered pages, rows over 24 MiB, more than 10,000 binary values a table, a log without its database |
//! | XLSX, XLSM, XLSB, ODS, XLS | every sheet, hidden ones too, with dates as dates; comments, names, properties, headers, words in formats of numbers, text boxes, caches of pivot tables, charts and links, embedded files and pictures | macros, what XLSB keeps beside its sheets, encryption |
//! | DOCX, ODT, PPTX, ODP | text with headers, notes, comments, deletions, hidden text and alternative texts; each table as a table; embedded files and pictures | macros, encryption |
//! | RTF | text, tables, fields, notes, hidden and deleted text, information, pictures and objects | embedded fonts, objects of unknown kind, text after the end |
//! | DOC, PPT, MSG | words that can be told, which are looked at | the file: these are old formats |
//! | HTML | text, each table as a table, values of forms, attributes, comments, scripts, JSON in scripts, `data:` addresses | what is cut within a tag |
//! | XML | lists as records (FHIR and HL7 with their own names), documents as text; attributes, comments, base64 | entities that it declares, more than 256 levels |
//! | EML, MHT, mbox | every header, part and attachment; messages within messages | S/MIME and PGP encryption, TNEF, uuencode |
//! | PDF | text by lines, forms, annotations, attached files, information, earlier revisions | a user password, fonts that do not say what their letters are, damage, bytes that belong to nothing |
//! | DICOM | every textual element, sequences, private ones, structured reports, enclosed documents, DICOMDIR | encrypted attributes, unknown binary data over 4 MiB |
//! | images | kind, size, and metadata of PNG, JPEG, GIF, WebP, BMP, TIFF, ICO, HEIC, AVIF, JPEG XL, JPEG 2000, PSD | data after their end, layers |
//! | tar, ZIP, 7z | members, also of members, eight deep; comments; names | encryption, what no directory lists, PPMd, split archives, names that lead out (their content is read) |
//! | gzip, zstd, bzip2, xz | the content, and names in them | windows over 32 MiB (zstd) and 66 MiB (xz), data after the end |
//!
//! An image with more than 128 pixels on either side, each smaller one of a
//! document (or frame of an animation) after the first 64, a page that is drawn
//! and has no text, sound and film count as media that nobody has reviewed.
//! Nothing in their pixels is seen.
//!
//! The picture of its first page that a program puts into an ODF document
//! (`Thumbnails/thumbnail.png`) is no image to be reviewed, if it is of 512
//! pixels a side at most, as LibreOffice makes it, and has nothing beside its
//! pixels: what it is to show stands in the document, which is read.
//!
//! In a tar archive a member of more than 256 MiB that is mostly holes is read
//! with its holes cut to 64 KiB each.
//!
//! A password is no encryption where it is ZipCrypto, RC4 in PDF and Office
//! files, or XOR and RC4 in old spreadsheets: `weak-encryption`. A PDF or a
//! workbook that only asks not to be printed or changed is read.
//!
//! All that comes out of one file is at most a hundred times its size and
//! 1 GiB, over all its members. What expands further was made to; it is
//! uninspected from there on. Each file within base64 is one by itself; of the
//! text around it 10,000 are taken apart, and no more once 4 GiB came out.
//!
//! Read by nobody, and so uninspected: what age, PGP or a disk's encryption
//! holds, programs, fonts, sound, film, Arrow and Avro files, files of SPSS and
//! Stata, databases of other programs.
//!
//! SQLite databases are read by a reader of exeat's own, not by SQLite's
//! library: the library would need unsafe code to read a file that is already
//! open, refuses a whole database for one word of its schema that it does not
//! know, and shows no deleted rows. ZIP, 7z, workbooks and PDF are read by
//! readers of exeat's own as well, since the libraries there are pass over what
//! has to be said: bytes between members, a second member of one name, hidden
//! caches, earlier revisions.
