//! What elements do to the text, and which attributes speak: by local name.

/// What an element does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) enum Role {
    Table,
    Row,
    Cell,
    /// How many columns the cell around it spans.
    Span,
    /// A paragraph or a heading.
    Paragraph,
    /// Something within a paragraph whose text is part of it.
    Inline,
    /// Holds the text of a paragraph.
    Text,
    /// A note, a comment, a text box: text that stands elsewhere.
    Aside,
    /// One of several entries without paragraphs.
    Item,
    /// What a field is told to do.
    Instruction,
    Tab,
    Break,
    Space,
    Hyphen,
    Other,
}

pub(super) fn role(name: &str) -> Role {
    match name {
        "tbl" | "table" => Role::Table,
        "tr" | "table-row" => Role::Row,
        "tc" | "table-cell" | "covered-table-cell" => Role::Cell,
        "gridSpan" => Role::Span,
        "p" | "h" => Role::Paragraph,
        "t" | "delText" => Role::Text,
        "instrText" | "delInstrText" => Role::Instruction,
        "txbxContent" | "text-box" | "annotation" | "note" | "ruby-text" | "custom-shape"
        | "desc" | "title" | "del" | "moveFrom" => Role::Aside,
        "comment" | "si" | "is" | "cm" | "rPh" => Role::Item,
        "tab" | "ptab" => Role::Tab,
        "br" | "cr" | "line-break" => Role::Break,
        "s" => Role::Space,
        "noBreakHyphen" => Role::Hyphen,
        // Of ODF: what is marked within a paragraph, and fields that stand in it.
        "span"
        | "a"
        | "meta"
        | "ruby-base"
        | "bookmark-ref"
        | "reference-ref"
        | "sequence-ref"
        | "date"
        | "time"
        | "page-number"
        | "page-count"
        | "author-name"
        | "author-initials"
        | "sender-firstname"
        | "sender-lastname"
        | "sender-initials"
        | "sender-title"
        | "sender-position"
        | "sender-email"
        | "sender-phone-private"
        | "sender-phone-work"
        | "sender-fax"
        | "sender-company"
        | "sender-street"
        | "sender-city"
        | "sender-postal-code"
        | "sender-country"
        | "sender-state-or-province"
        | "initial-creator"
        | "creator"
        | "description"
        | "user-defined"
        | "print-time"
        | "print-date"
        | "printed-by"
        | "subject"
        | "keywords"
        | "editing-duration"
        | "modification-time"
        | "modification-date"
        | "creation-time"
        | "creation-date"
        | "file-name"
        | "chapter"
        | "placeholder"
        | "text-input"
        | "variable-set"
        | "variable-get"
        | "user-field-get"
        | "user-field-input"
        | "expression"
        | "sequence"
        | "database-display"
        | "database-name"
        | "conditional-text"
        | "hidden-text"
        | "hidden-paragraph"
        | "drop-down"
        | "note-citation"
        | "sheet-name" => Role::Inline,
        _ => Role::Other,
    }
}

/// Whether this is what a person called a style or a font: hardly ever more
/// than that, and passed on where it is.
pub(super) fn is_style_name(element: &str, attribute: &str) -> bool {
    match attribute {
        "name" => matches!(
            element,
            "style" | "font" | "font-face" | "list-style" | "master-page" | "cellStyle"
        ),
        "display-name" | "font-family" => true,
        // Of a style, and of whatever else has a name in WordprocessingML.
        "val" => element == "name",
        _ => false,
    }
}

/// Whether a name may be more than that of a thing: it has an address in it, or
/// as many digits as a telephone number.
pub(super) fn tells(name: &str) -> bool {
    const DIGITS: usize = 6;
    name.contains('@') || name.bytes().filter(u8::is_ascii_digit).count() >= DIGITS
}

/// Whether this attribute of a known part says what a person may have written
/// or is called, and is not a measure, a number of a thing or a choice.
pub(in crate::office) fn speaks(element: &str, attribute: &str) -> bool {
    match attribute {
        "descr"
        | "title"
        | "alt"
        | "tooltip"
        | "display"
        | "displayText"
        | "author"
        | "initials"
        | "instr"
        | "string"
        | "href"
        | "prompt"
        | "promptTitle"
        | "error"
        | "errorTitle"
        | "user"
        | "userName"
        | "displayName"
        | "userId"
        | "lastEditedBy"
        | "providerId"
        | "command"
        | "connection"
        | "sourceFile"
        | "url"
        | "description"
        | "helpText"
        | "statusText"
        | "help-message"
        | "shortcutText"
        | "caption"
        | "string-value"
        | "current-value"
        | "current-label"
        | "label"
        | "formula"
        | "script"
        | "macro"
        | "mappedName"
        | "text-style-name-hint"
        | "uniqueName"
        | "codeName"
        | "lastUser"
        | "reviewer"
        | "creator"
        | "target-frame-name"
        | "uri" => {
            // Numbers of extensions and namespaces.
            !(attribute == "uri" && matches!(element, "ext" | "graphicData"))
        }
        "name" => matches!(
            element,
            "bookmarkStart"
                | "bookmark"
                | "bookmark-start"
                | "docPr"
                | "cNvPr"
                | "cmAuthor"
                | "author"
                | "definedName"
                | "scenario"
                | "protectedRange"
                | "docVar"
                | "connection"
                | "frame"
                | "image"
                | "custSheetView"
                | "customWorkbookView"
                | "cacheField"
                | "tableColumn"
                | "sheet"
                | "property"
                | "custShow"
                | "section"
                | "sheetName"
                | "user-field-decl"
                | "user-field-get"
                | "variable-decl"
                | "variable-set"
                | "user-defined"
                | "named-range"
                | "scenario-name"
                | "userInfo"
                | "smartTagType"
                | "attr"
        ),
        "val" | "value" => matches!(
            element,
            "docVar"
                | "query"
                | "connectString"
                | "dataSource"
                | "udl"
                | "src"
                | "addressFieldName"
                | "mailSubject"
                | "alias"
                | "tag"
                | "listItem"
                | "filter"
                | "customFilter"
                | "inputCells"
                | "attr"
                | "filter-condition"
                | "filter-set-item"
                | "sheetName"
                | "user-field-decl"
                | "variable-set"
                | "item"
                | "option"
                | "text"
                | "result"
                | "default"
                | "change-track-table-cell"
        ),
        "v" => matches!(element, "s" | "n" | "d" | "e"),
        "location" | "Target" => true,
        "date-value" => matches!(element, "user-field-decl" | "variable-set"),
        _ => false,
    }
}
