//! Failures of the system, as events carry them.

use crate::event::Detail;

/// The last lines under a heading, unless there are none.
pub(crate) fn last_lines(title: &str, (lines, left_out): (Vec<String>, usize)) -> Detail {
    if lines.is_empty() {
        return Detail::Note { text: "it wrote nothing".to_owned() };
    }
    let title = match left_out {
        0 => title.to_owned(),
        1 => format!("{title}, 1 line before these left out"),
        more => format!("{title}, {more} lines before these left out"),
    };
    Detail::Lines { title, lines }
}
