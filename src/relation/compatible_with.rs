//! `compatible_with`: whoever uses the old contract can use the new one. The caller has read both
//! contracts; they come as a pair in the operand.

use super::records::invalid;
use super::{Claim, Rule, Says, Stays, Verdict, note, spec};
use crate::contract::compat::{Break, Level, Pair, compare};
use crate::diag::{Look, render};
use crate::event::Detail;
use crate::lang::{Param, Ty};
use crate::source::Sources;
use crate::value::Value;

/// More breaks than this are counted, not listed.
const LISTED: usize = 20;

/// The width of the excerpts; a report may be read anywhere.
const WIDTH: usize = 100;

pub(super) const COMPATIBLE_WITH: Rule = Rule {
    spec: &spec(
        "compatible_with",
        "whoever uses the old contract can use the new one; `scn compat` with the same level says the same",
        &[
            Param::required(
                "operand",
                Ty::Text,
                "the path of the contract that is in use, from the module's directory",
            ),
            Param::new(
                "level",
                Ty::OneOf(Level::WORDS),
                "how strict: `source` and `package` for generated code, `json` for JSON and bytes, `wire` for bytes alone; default `json`",
            ),
        ],
        "expect ledger.contract compatible_with(level: wire) \"./contracts/released/ledger.proto\"",
    ),
    judge,
    says: |_| Says("is compatible with the older contract", "is not compatible with the older contract"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let pair = match claim.operand {
        Some(Value::Live(live)) => live.as_any().downcast_ref::<Pair>(),
        _ => None,
    };
    let Some(Pair { old, new, sources }) = pair else {
        return Err(invalid(
            "`compatible_with` compares contracts: write `SERVICE.contract compatible_with \"./old.proto\"`",
        ));
    };
    let level = match claim.args.get("level") {
        None => Level::Json,
        Some(level) => level
            .as_text()
            .and_then(Level::named)
            .ok_or_else(|| invalid(format!("`level` is one of `{}`", Level::WORDS.join("`, `"))))?,
    };
    let breaks = compare(old, new, level).map_err(invalid)?;
    if breaks.is_empty() {
        return Ok(Verdict::Holds);
    }
    let count = match breaks.len() {
        1 => "1 break".to_owned(),
        count => format!("{count} breaks"),
    };
    let mut details = vec![note(format!("{count} of `{}` in `{}` at level {level}", old.name(), new.name()))];
    details.extend(breaks.iter().take(LISTED).map(|one| shown(one, sources)));
    if breaks.len() > LISTED {
        details.push(note(format!("and {} more, which `scn compat` shows", breaks.len() - LISTED)));
    }
    Ok(Verdict::Fails(details))
}

/// A break as the command shows it.
fn shown(one: &Break, sources: &Sources) -> Detail {
    let drawn = render(&one.diagnostic(), sources, Look::plain(WIDTH));
    let mut lines: Vec<String> =
        drawn.lines().skip(1).skip_while(|line| line.is_empty()).map(str::to_owned).collect();
    lines.push(format!("  breaks: {}", one.rule.breaks));
    Detail::Lines { title: one.rule.name().to_owned(), lines }
}
