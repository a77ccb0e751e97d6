//! Which arrays of a JSON document are its tables, seen from its beginning.

use memchr::memchr2;

/// Elements that are alike, from which on an array is a table wherever it is.
const ALIKE: usize = 10;

/// An array whose first element is an object.
struct Array<'a> {
    /// Where the first object begins.
    start: usize,
    /// Arrays and objects around it.
    depth: usize,
    key: Option<&'a [u8]>,
    /// The array of objects around it.
    within: Option<usize>,
    elements: usize,
    /// Elements whose first key is that of the first one.
    alike: usize,
    first_key: Option<&'a [u8]>,
    closed: bool,
}

/// A bracket that is open.
struct Open {
    array: Option<usize>,
    is_array: bool,
    first_key_due: bool,
}

/// Where the first objects begin of the arrays that are tables, outermost
/// ones only. `complete`: the document ends with these bytes.
pub(super) fn tables(head: &[u8], complete: bool) -> Vec<usize> {
    let (arrays, resource) = arrays(head);
    let outer = arrays
        .iter()
        .filter(|array| array.within.is_none() && array.depth == 1)
        .count();
    let mut chosen: Vec<bool> = Vec::with_capacity(arrays.len());
    let mut starts = Vec::new();
    for array in &arrays {
        let inside = array
            .within
            .is_some_and(|within| chosen.get(within) == Some(&true));
        let top = array.depth == 0;
        let entries = resource && array.key == Some(b"entry");
        let many = array.alike >= ALIKE;
        let unfinished = !array.closed && !complete && array.elements >= 2;
        let only = array.depth == 1 && outer == 1 && !resource && array.alike >= 2;
        let table = !inside && (top || entries || many || unfinished || only);
        if table {
            starts.push(array.start);
        }
        // What stands in a table's records is no table either.
        chosen.push(table || inside);
    }
    starts
}

/// The arrays of objects in order, and whether the document is of FHIR.
fn arrays(head: &[u8]) -> (Vec<Array<'_>>, bool) {
    let mut arrays: Vec<Array<'_>> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut resource = false;
    let mut last_string: Option<&[u8]> = None;
    let mut key: Option<&[u8]> = None;
    let mut array_due = false;
    let mut at = 0;
    while let Some(&byte) = head.get(at) {
        at += 1;
        if byte.is_ascii_whitespace() {
            continue;
        }
        match byte {
            b'"' => {
                let end = string_end(head, at);
                last_string = head.get(at..end);
                at = end + 1;
            }
            b':' => {
                key = last_string;
                resource |= open.len() == 1 && key == Some(b"resourceType");
                if let Some(object) = open.last_mut()
                    && std::mem::take(&mut object.first_key_due)
                    && let Some(array) = open.iter().rev().nth(1).and_then(|array| array.array)
                    && let Some(array) = arrays.get_mut(array)
                {
                    array.elements += 1;
                    if array.elements == 1 {
                        array.first_key = key;
                    }
                    array.alike += usize::from(array.first_key == key);
                }
            }
            b'{' => {
                if array_due {
                    let within = open.iter().rev().skip(1).find_map(|open| open.array);
                    let number = arrays.len();
                    arrays.push(Array {
                        start: at - 1,
                        depth: open.len() - 1,
                        key,
                        within,
                        elements: 0,
                        alike: 0,
                        first_key: None,
                        closed: false,
                    });
                    if let Some(array) = open.last_mut() {
                        array.array = Some(number);
                    }
                }
                let first_key_due = open.last().is_some_and(|open| open.is_array);
                open.push(Open {
                    array: None,
                    is_array: false,
                    first_key_due,
                });
            }
            b'[' => open.push(Open {
                array: None,
                is_array: true,
                first_key_due: false,
            }),
            b']' | b'}' => {
                if let Some(array) = open.pop().and_then(|open| open.array)
                    && let Some(array) = arrays.get_mut(array)
                {
                    array.closed = true;
                }
            }
            _ => {}
        }
        array_due = byte == b'[';
        if !matches!(byte, b':' | b'[') {
            key = None;
        }
    }
    (arrays, resource)
}

/// Where the string ends that begins at `at`.
pub(super) fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}
