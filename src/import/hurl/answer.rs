//! What is expected of a response, line by line.

use regex::Regex;

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
                let is_read = self.is_read(&name);
                let own = self.variables.set(&name, is_read, &mut self.story);
                lines.push(Line::Let(own, subject.expr));
            }
            Query::Lost(why) => {
                let what = format!("the capture `{name}`, since {why}");
                lines.push(Line::Lost(if self.is_read(&name) {
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
        let line = match (query, claim) {
            (Query::Known(_), Ok(claim)) => Line::Expect(claim),
            (Query::Lost(why), _) | (_, Err(why)) => Line::Lost(format!("`{written}`, since {why}")),
        };
        if let Some(answer) = &mut entry.answer {
            answer.asserts.push(line);
            answer.asserts.extend(scan.comment().map(Line::Comment));
        }
        Ok(())
    }

    /// Whether a variable is read anywhere in the file.
    pub(super) fn is_read(&self, name: &str) -> bool {
        let name = regex::escape(name);
        let read = Regex::new(&format!("\\{{\\{{\\s*{name}\\b|variable\\s+\"{name}\""));
        read.is_ok_and(|read| read.is_match(self.text))
    }
}
