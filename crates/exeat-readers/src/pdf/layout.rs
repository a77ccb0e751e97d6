//! From pieces of text at places of a page to lines.

/// A gap of so much of the font's size stands between words, or between
/// columns.
const WORD: f64 = 0.16;
const COLUMN: f64 = 1.0;
/// A smaller one does between texts that were put down one by one.
const CELL: f64 = 0.4;

/// A piece of text.
#[derive(Debug)]
pub(super) struct Span {
    /// The direction that it is written in, in degrees.
    pub(super) angle: i32,
    /// Along that direction, where it begins and ends.
    pub(super) start: f64,
    pub(super) end: f64,
    /// Across that direction: its base line.
    pub(super) line: f64,
    pub(super) size: f64,
    /// Which text object of the page it is of.
    pub(super) block: u32,
    pub(super) text: String,
}

/// Whether a gap is one between words.
pub(super) fn is_word_gap(gap: f64, size: f64) -> bool {
    gap > WORD * size
}

/// Adds the lines of a page, those of each direction for themselves, from its
/// top to its bottom. What stands in one line of a table stays in one line,
/// with two blanks between columns.
pub(super) fn push_lines(mut spans: Vec<Span>, text: &mut String) {
    let mut angles: Vec<i32> = Vec::new();
    for span in &spans {
        if !angles.contains(&span.angle) && angles.len() < 360 {
            angles.push(span.angle);
        }
    }
    spans.retain(|span| !span.text.is_empty());
    for angle in angles {
        let mut here: Vec<&Span> = spans.iter().filter(|span| span.angle == angle).collect();
        here.sort_by(|a, b| b.line.total_cmp(&a.line));
        let pitch = pitch(&here);
        let mut rest = &mut here[..];
        let mut above: Option<f64> = None;
        while let Some(first) = rest.first() {
            let (base, mut size) = (first.line, first.size);
            let mut count = 0;
            for span in rest.iter() {
                if base - span.line > 0.4 * size.max(span.size) {
                    break;
                }
                size = size.max(span.size);
                count += 1;
            }
            let (line, after) = rest.split_at_mut(count.max(1));
            if above.is_some_and(|above| above - base > (1.9 * size).max(1.5 * pitch)) {
                text.push('\n');
            }
            above = Some(base);
            line.sort_by(|a, b| a.start.total_cmp(&b.start));
            push_line(line, text);
            rest = after;
        }
    }
}

/// How far lines are from each other, most of them.
fn pitch(spans: &[&Span]) -> f64 {
    let pairs = spans.windows(2);
    let gaps = pairs.map(|pair| (pair[0].line - pair[1].line, pair[1].size));
    let mut gaps: Vec<f64> = gaps
        .filter(|(gap, size)| *gap > 0.4 * size)
        .map(|(gap, _)| gap)
        .collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or(0.0)
}

fn push_line(spans: &[&Span], text: &mut String) {
    let begin = text.len();
    let mut before: Option<&Span> = None;
    for span in spans {
        let Some(last) = before else {
            text.push_str(&span.text);
            before = Some(span);
            continue;
        };
        let size = last.size.min(span.size);
        // The same once more, a little aside: that is how some print in bold.
        if span.text == last.text && (span.start - last.start).abs() < 0.2 * size {
            continue;
        }
        let gap = span.start - last.end;
        let is_blank = text.ends_with(' ') || span.text.starts_with(' ');
        let is_cell = span.block != last.block && !is_blank && gap > CELL * size;
        if is_cell || gap > COLUMN * size {
            let kept = text.trim_end_matches(' ').len().max(begin);
            text.truncate(kept);
            text.push_str("  ");
            text.push_str(span.text.trim_start_matches(' '));
        } else {
            if !is_blank && (is_word_gap(gap, size) || gap < -0.5 * size) {
                text.push(' ');
            }
            text.push_str(&span.text);
        }
        before = Some(span);
    }
    let kept = text.trim_end_matches(' ').len().max(begin);
    text.truncate(kept);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: f64, line: f64, text: &str) -> Span {
        let letters = f64::from(u32::try_from(text.len()).expect("short"));
        Span {
            angle: 0,
            start,
            end: start + letters * 5.0,
            line,
            size: 10.0,
            block: 0,
            text: text.to_owned(),
        }
    }

    #[test]
    fn lines_come_out_as_lines() {
        let mut text = String::new();
        let spans = vec![
            span(100.0, 700.0, "999 000 0018"),
            span(10.0, 700.5, "NHS number:"),
            span(10.0, 688.0, "A"),
            span(16.0, 688.0, "my"),
            span(30.0, 688.0, "Ashbury"),
            span(30.3, 688.0, "Ashbury"),
            span(10.0, 676.0, "more"),
            span(10.0, 640.0, "end"),
        ];
        push_lines(spans, &mut text);
        assert_eq!(
            text,
            "NHS number:  999 000 0018\nAmy Ashbury\nmore\n\nend\n"
        );
    }
}
