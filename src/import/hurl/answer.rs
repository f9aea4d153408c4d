//! What is expected of a response, line by line.

use super::super::model::Line;
use super::query::{self, Query};
use super::scan::{Scan, Wrong};
use super::{Entry, Reader, predicate};

impl Reader<'_> {
    /// `HTTP/2 200`
    pub(super) fn status(&mut self, entry: &mut Entry, mut scan: Scan<'_>) -> Result<(), Wrong> {
        let version = scan.word();
        scan.skip_space();
        let before = scan.clone();
        let status = scan.word();
        let Some(answer) = &mut entry.answer else { return Ok(()) };
        match version {
            "HTTP" | "HTTP/*" => {}
            "HTTP/1.1" => answer.implied.push(Line::Expect("version == \"1.1\"".to_owned())),
            "HTTP/2" => answer.implied.push(Line::Expect("version == \"2\"".to_owned())),
            other => answer.implied.push(Line::Lost(format!("`{other}`, a version that scn does not speak"))),
        }
        if status == "*" || status.is_empty() {
            answer.any_status = true;
        } else if status.len() == 3 && status.bytes().all(|b| b.is_ascii_digit()) {
            answer.implied.insert(0, Line::Expect(format!("status == {status}")));
        } else {
            return Err(before.wrong("a status of three digits or `*` was expected here"));
        }
        if !scan.is_done() {
            return Err(scan.wrong("nothing more can stand here"));
        }
        answer.implied.extend(scan.comment().map(Line::Comment));
        Ok(())
    }

    /// `name: query filters`
    pub(super) fn capture(&mut self, entry: &mut Entry, mut scan: Scan<'_>) -> Result<(), Wrong> {
        let name = scan.bare(Some(':'))?;
        let query = query::read(&mut scan, &mut self.variables, &mut self.story)?;
        scan.skip_space();
        let mut lines = Vec::new();
        if scan.peek_word() == "redact" {
            scan.word();
            lines.push(Line::Lost(format!("`redact` of `{name}`: only secrets are masked")));
        }
        if !scan.is_done() {
            return Err(scan.wrong("this is no filter"));
        }
        match query {
            Query::Known(subject) => {
                // Hurl fails where a capture finds nothing.
                lines.extend(subject.needs.into_iter().map(Line::Expect));
                if subject.may_miss {
                    lines.push(Line::Expect(format!("{} != absent", subject.expr)));
                }
                let is_read = self.read.contains(&*name);
                let own = self.variables.set(&name, is_read, &mut self.story);
                lines.push(Line::Let(own, subject.expr));
            }
            Query::Lost(why) => {
                let what = format!("the capture `{name}`, since {why}");
                lines.push(Line::Lost(if self.read.contains(&*name) {
                    let own = self.variables.of(&name, &mut self.story);
                    format!("{what}: it is the input `{own}`")
                } else {
                    what
                }));
            }
        }
        lines.extend(scan.comment().map(Line::Comment));
        if let Some(answer) = &mut entry.answer {
            answer.captures.append(&mut lines);
        }
        Ok(())
    }

    /// `query filters predicate`
    pub(super) fn assert(
        &mut self,
        entry: &mut Entry,
        mut scan: Scan<'_>,
        written: &str,
    ) -> Result<(), Wrong> {
        let query = query::read(&mut scan, &mut self.variables, &mut self.story)?;
        let subject = match &query {
            Query::Known(subject) => Some(subject),
            Query::Lost(_) => None,
        };
        let claim = predicate::read(&mut scan, subject, &mut self.variables, &mut self.story)?;
        let Some(answer) = &mut entry.answer else { return Ok(()) };
        let lost = match &query {
            Query::Known(subject) => {
                let needs = subject.needs.iter().filter(|_| !claim.claims.is_empty());
                for claim in needs.chain(&claim.claims) {
                    let line = Line::Expect(claim.clone());
                    // Several asserts may need the same.
                    if !answer.asserts.contains(&line) {
                        answer.asserts.push(line);
                    }
                }
                claim.lost
            }
            Query::Lost(why) => Some(*why),
        };
        answer.asserts.extend(lost.map(|why| Line::Lost(format!("`{written}`, since {why}"))));
        answer.asserts.extend(scan.comment().map(Line::Comment));
        Ok(())
    }
}
